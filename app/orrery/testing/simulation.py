"""A whole cluster for a test: real verbs, controllers and nodes, a log in memory, a clock that moves only when told.

async with Simulation() as cluster:
    await cluster.apply(deployment("web", image="nginx:1.25", replicas=3))
    await cluster.settle()
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from types import TracebackType
from typing import Any, NamedTuple, Self, TypeAlias

from orrery.cluster import Cluster, new_cluster
from orrery.control.revisions import History, revision_of
from orrery.kinds.columns.pods import pod_summary
from orrery.machinery.clock import VirtualClock
from orrery.machinery.objects import FrozenObject, Object, name_of, namespace_of
from orrery.node.node_groups import NodeGroup
from orrery.node.processes.runtime import SimulatedRuntime
from orrery.node.sessions import ContainerSessions
from orrery.settings import Settings
from orrery.store.log import Event, Operation
from orrery.verbs.containers import ExecOptions, LogOptions, Session

NAMESPACE = "default"
EventList: TypeAlias = list[Event]
Texts: TypeAlias = list[str]
_STATUSES = ("initContainerStatuses", "containerStatuses", "ephemeralContainerStatuses")


class Ended(NamedTuple):
    """How a command in a container ended. `message` says why it could not be run at all."""

    code: int
    stdout: str = ""
    stderr: str = ""
    message: str = ""


class Simulation:
    """A cluster under a test's control; `settle`, `advance` and `until` let time pass."""

    def __init__(self, settings: Settings | None = None, *, seed: int = 1, nodes: Sequence[NodeGroup] = ()) -> None:
        self.clock = VirtualClock(seed)
        self.cluster: Cluster = new_cluster(self.clock, settings or Settings(), nodes=nodes)
        self.client = self.cluster.client

    async def __aenter__(self) -> Self:
        await self.cluster.start()
        await self.clock.settle()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self.cluster.stop()

    # Time

    async def settle(self, limit_s: float = 3600.0) -> None:
        """Let time pass until nothing visible is about to happen."""
        await self.clock.settle(limit_s)

    async def advance(self, seconds: float) -> None:
        await self.clock.advance(seconds)

    async def until(self, condition: Callable[[], bool], within_s: float = 3600.0) -> None:
        await self.clock.until(condition, within_s=within_s)

    # Objects

    def bucket_of(self, obj: FrozenObject) -> str:
        kind = self.cluster.catalogue.of(obj["apiVersion"], obj["kind"])
        assert kind is not None, f"unknown kind {obj['kind']}"
        return kind.bucket

    async def apply(self, obj: Object) -> FrozenObject:
        """Create the object, or give an existing one this spec and these labels and annotations."""
        bucket = self.bucket_of(obj)
        meta = obj["metadata"]
        kind = self.cluster.catalogue.stored(bucket)
        if kind.namespaced:
            meta.setdefault("namespace", NAMESPACE)
        if self.client.get(bucket, meta.get("namespace", ""), meta["name"]) is None:
            return await self.client.create(bucket, obj)

        def change(draft: Object) -> bool:
            draft["metadata"].update({key: meta[key] for key in ("labels", "annotations") if key in meta})
            draft.update({key: value for key, value in obj.items() if key not in ("metadata", "status", "kind", "apiVersion")})
            return True

        changed = await self.client.change(bucket, meta.get("namespace", ""), meta["name"], change)
        assert changed is not None
        return changed

    def get(self, bucket: str, name: str, namespace: str = NAMESPACE) -> FrozenObject:
        found = self.client.get(bucket, namespace, name)
        assert found is not None, f"{bucket} {namespace}/{name} is not there"
        return found

    def list(self, bucket: str, namespace: str = NAMESPACE, **labels: str) -> Sequence[FrozenObject]:
        return self.client.list(bucket, namespace, labels=labels or None)

    def watch(self, bucket: str) -> EventList:
        """A list that grows with every event of the bucket from now on."""
        seen: EventList = []
        self.client.subscribe(bucket, seen.append)
        return seen

    async def delete(self, bucket: str, name: str, namespace: str = NAMESPACE, **options: Any) -> None:
        await self.client.delete(bucket, namespace, name, **options)

    # Containers

    async def logs(self, pod: str, container: str = "", *, previous: bool = False, namespace: str = NAMESPACE) -> str:
        """What a container has written so far, as `kubectl logs` prints it; NodeRefusal while there is none."""
        options = LogOptions(self._container_of(pod, container, namespace), previous=previous)
        pieces = await self._sessions().logs(namespace, pod, options)
        return b"".join([piece async for piece in pieces]).decode()

    async def exec(self, pod: str, argv: Sequence[str], *, container: str = "", namespace: str = NAMESPACE) -> Ended:
        """Run a command in a container, as `kubectl exec` does; time passes until it has ended."""
        options = ExecOptions(self._container_of(pod, container, namespace), tuple(argv), stdout=True, stderr=True)
        session = await self._sessions().execute(namespace, pod, options)
        running = asyncio.ensure_future(_ended(session))
        await self.clock.until(running.done)
        return running.result()

    def container(self, pod: str, container: str = "", namespace: str = NAMESPACE) -> FrozenObject:
        """The status of a container; of the first one when none is named."""
        name, status = self._container_of(pod, container, namespace), self.get("pods", pod, namespace)["status"]
        found: FrozenObject = next(one for key in _STATUSES for one in status.get(key, ()) if one["name"] == name)
        return found

    def shown(self, pod: str, namespace: str = NAMESPACE) -> str:
        """READY and STATUS of `kubectl get pods`: `0/1 CrashLoopBackOff`."""
        return _shown(self.get("pods", pod, namespace))

    def watch_shown(self, pod: str, namespace: str = NAMESPACE) -> Texts:
        """A list that grows with every new READY and STATUS of the Pod, as `kubectl get pods -w` prints them."""
        lines: Texts = []

        def note(event: Event) -> None:
            found = event.record.object
            if event.operation is Operation.DELETED or (namespace_of(found), name_of(found)) != (namespace, pod):
                return
            if lines[-1:] != [line := _shown(found)]:
                lines.append(line)

        self.client.subscribe("pods", note)
        return lines

    def _container_of(self, pod: str, container: str, namespace: str) -> str:
        """The first one by default, as kubectl chooses."""
        return container or str(self.get("pods", pod, namespace)["spec"]["containers"][0]["name"])

    def _sessions(self) -> ContainerSessions:
        kubelet = self.cluster.kubelet
        assert isinstance(kubelet.runtime, SimulatedRuntime)
        return ContainerSessions(self.client, kubelet.runtime, self.clock, failure_of=kubelet.machines.failure_of)

    # Deployments

    async def edit(self, name: str, edit: Callable[[Object], None], bucket: str = "deployments.apps") -> None:
        """Change an object in place."""

        def change(draft: Object) -> bool:
            edit(draft)
            return True

        assert await self.client.change(bucket, NAMESPACE, name, change) is not None

    async def set_image(self, name: str, image: str) -> None:
        def edit(draft: Object) -> None:
            draft["spec"]["template"]["spec"]["containers"][0]["image"] = image

        await self.edit(name, edit)

    async def scale(self, name: str, replicas: int) -> None:
        await self.edit(name, lambda draft: draft["spec"].update(replicas=replicas))

    async def undo(self, name: str, revision: int = 0) -> None:
        await History(self.client).rollback(NAMESPACE, name, revision)

    def revision(self, name: str) -> int:
        return revision_of(self.get("deployments.apps", name))

    def pods(self, **labels: str) -> Sequence[FrozenObject]:
        return self.list("pods", **labels)

    def images(self, **labels: str) -> Texts:
        """The image of each Pod's first container, in the order of names."""
        return [pod["spec"]["containers"][0]["image"] for pod in self.pods(**labels)]

    def events(self, name: str = "") -> Texts:
        """`Reason: message` of the events about an object, oldest first."""
        found = [event for event in self.list("events") if not name or event["involvedObject"].get("name") == name]
        found.sort(key=lambda event: int(event["metadata"]["resourceVersion"]))
        return [f"{event['reason']}: {event['message']}" for event in found]


def deployment(name: str, *, image: str = "nginx:1.25", replicas: int = 3, **spec: Any) -> Object:
    """A Deployment as a user writes it, in namespace default, its Pods labelled `app: NAME`."""
    labels = {"app": name}
    template = {"metadata": {"labels": dict(labels)}, "spec": {"containers": [{"name": "web", "image": image}]}}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": NAMESPACE},
        "spec": {"replicas": replicas, "selector": {"matchLabels": labels}, "template": template, **spec},
    }


def pod(name: str, *, image: str = "nginx:1.25", **spec: Any) -> Object:
    """A Pod of one container in namespace default."""
    containers = spec.pop("containers", [{"name": "web", "image": image}])
    meta = {"name": name, "namespace": NAMESPACE}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": {"containers": containers, **spec}}


def _shown(pod: FrozenObject) -> str:
    summary = pod_summary(pod)
    return f"{summary.ready}/{summary.total} {summary.reason}"


async def _ended(session: Session) -> Ended:
    async def all_of(read: Callable[[], Awaitable[bytes]]) -> str:
        pieces = []
        while piece := await read():
            pieces.append(piece)
        return b"".join(pieces).decode()

    stdout, stderr = await asyncio.gather(all_of(session.read_stdout), all_of(session.read_stderr))
    status = await session.wait()
    session.close()
    return Ended(status.code, stdout, stderr, status.message)


def key_of(obj: FrozenObject) -> str:
    return f"{namespace_of(obj)}/{name_of(obj)}"
