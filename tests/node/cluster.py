"""A node room for tests: real verbs over a log in memory, a virtual clock, and a notebook for events."""

from collections.abc import Callable
from typing import Any

from orrery.kinds.builtin import builtin
from orrery.machinery.clock import VirtualClock
from orrery.machinery.objects import FrozenObject, Object, is_deleting, name_of, uid_of
from orrery.node.images.catalogue import ImageCatalogue
from orrery.node.kubelet import Kubelet
from orrery.node.processes.runtime import SimulatedRuntime
from orrery.node.sessions import ContainerSessions
from orrery.settings import Settings
from orrery.store.log import Event, Operation
from orrery.store.memory_log import MemoryLog
from orrery.verbs.call import SYSTEM_ADMIN
from orrery.verbs.containers import LogOptions
from orrery.verbs.verbs import Verbs

NODE = "orrery-worker"
_STATUSES = ("initContainerStatuses", "containerStatuses", "ephemeralContainerStatuses")


class Notebook:
    """Remembers events instead of writing them."""

    def __init__(self) -> None:
        self.entries: list[tuple[str, str, str, str]] = []
        self.places: list[str] = []

    def event(self, obj: FrozenObject, type_: str, reason: str, message: str, *, field_path: str = "") -> None:
        self.entries.append((name_of(obj), type_, reason, message))
        self.places.append(field_path)

    def of(self, name: str) -> list[tuple[str, str]]:
        return [(reason, message) for about, _, reason, message in self.entries if about == name]

    def reasons(self, name: str) -> list[str]:
        return [reason for reason, _ in self.of(name)]


class NodeCluster:
    """An API with nodes and nothing else: Pods come bound."""

    def __init__(self, settings: Settings, *, log: MemoryLog | None = None, clock: VirtualClock | None = None) -> None:
        self.clock = clock or VirtualClock()
        self.settings = settings
        self.log = log or MemoryLog(settings)
        verbs = Verbs(log=self.log, catalogue=builtin(), clock=self.clock, settings=settings, admission=())
        self.client = verbs.client(SYSTEM_ADMIN, "test")
        self.events = Notebook()
        self.kubelet = Kubelet(self.client, self.clock, settings, lambda _: self.events, catalogue=ImageCatalogue())
        self.seen: dict[str, list[FrozenObject]] = {}
        self.gone: list[str] = []
        self.client.subscribe("pods", self._note)

    async def start(self) -> None:
        for name in ("default", "kube-node-lease"):
            if self.client.get("namespaces", "", name) is None:
                await self.client.create("namespaces", {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
        await self.kubelet.start()

    async def run(self, name: str = "web", *, node: str = NODE, **spec: Any) -> FrozenObject:
        """Create a Pod that is bound already."""
        return await self.client.create("pods", new_pod(name, node=node, **spec))

    async def delete(self, name: str = "web", *, grace_s: int | None = None) -> None:
        await self.client.delete("pods", "default", name, grace_period_s=grace_s)

    async def create(self, kind: str, bucket: str, name: str, **fields: Any) -> None:
        await self.client.create(bucket, {"apiVersion": "v1", "kind": kind, "metadata": {"name": name, "namespace": "default"}, **fields})

    async def change(self, edit: Callable[[Object], object], *, name: str = "web", subresource: str = "") -> None:
        """Read, change, write; `edit` works on a copy."""

        def apply(pod: Object) -> bool:
            edit(pod)
            return True

        await self.client.change("pods", "default", name, apply, subresource=subresource)

    async def debug(self, container: str = "debugger", *, name: str = "web", **fields: Any) -> None:
        """Add a container for debugging, as `kubectl debug` does."""
        added = {"name": container, "image": "busybox:1.36", "imagePullPolicy": "IfNotPresent", **fields}

        def add(pod: Object) -> None:
            pod["spec"].setdefault("ephemeralContainers", []).append(added)

        await self.change(add, name=name, subresource="ephemeralcontainers")

    async def said(self, container: str = "", *, name: str = "web") -> str:
        """All that a container has written."""
        sessions = ContainerSessions(self.client, self.containers, self.clock)
        pieces = await sessions.logs("default", name, LogOptions(container or name))
        return b"".join([piece async for piece in pieces]).decode()

    @property
    def containers(self) -> SimulatedRuntime:
        assert isinstance(self.kubelet.runtime, SimulatedRuntime)
        return self.kubelet.runtime

    def pod(self, name: str = "web") -> FrozenObject:
        pod = self.client.get("pods", "default", name)
        assert pod is not None, f"no Pod {name}"
        return pod

    def status(self, name: str = "web") -> FrozenObject:
        status: FrozenObject = self.pod(name)["status"]
        return status

    def container(self, name: str = "web", container: str = "") -> FrozenObject:
        """The status of a container; the Pod's only one when not named."""
        status = self.status(name)
        every = [entry for key in _STATUSES for entry in status.get(key, ())]
        return next(one for one in every if not container or one["name"] == container)

    def condition(self, type_: str, name: str = "web") -> FrozenObject:
        return next(one for one in self.status(name)["conditions"] if one["type"] == type_)

    def is_ready(self, name: str = "web") -> bool:
        conditions = (self.client.get("pods", "default", name) or {}).get("status", {}).get("conditions") or ()
        return any(one["type"] == "Ready" and one["status"] == "True" for one in conditions)

    def shows(self, name: str = "web") -> list[str]:
        """What `kubectl get pods -w` would have printed, without repetitions."""
        lines: list[str] = []
        for pod in self.seen.get(name, ()):
            if not lines or lines[-1] != printed(pod):
                lines.append(printed(pod))
        return lines

    def writes(self, name: str = "web") -> int:
        """How often the Pod was written after its creation."""
        return len(self.seen[name]) - 1

    async def until(self, condition: Callable[[], bool], *, within_s: float = 600) -> None:
        await self.clock.until(condition, within_s=within_s)

    def _note(self, event: Event) -> None:
        pod = event.record.object
        if event.operation is Operation.DELETED:
            self.gone.append(uid_of(pod))
        else:
            self.seen.setdefault(name_of(pod), []).append(pod)


def new_pod(name: str = "web", *, node: str = NODE, image: str = "nginx:1.25", **spec: Any) -> Object:
    container: Object = {"name": name, "image": image, "imagePullPolicy": "IfNotPresent", "resources": {}}
    extra = (
        "resources",
        "resizePolicy",
        "command",
        "args",
        "env",
        "envFrom",
        "lifecycle",
        "readinessProbe",
        "livenessProbe",
        "startupProbe",
        "volumeMounts",
        "ports",
    )
    container.update({key: spec.pop(key) for key in extra if key in spec})
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": "default"},
        "spec": {"nodeName": node, "containers": [container], **spec},
    }


def printed(pod: FrozenObject) -> str:
    """READY and STATUS, as kubectl shows them for the Pods of these tests."""
    spec, status = pod["spec"], pod.get("status", {})
    statuses = status.get("containerStatuses", ())
    ready = sum(bool(one.get("ready")) for one in statuses)
    word = _printed_init(spec, status) or next(filter(None, map(_reason, statuses)), "") or status.get("phase", "")
    return f"{ready}/{len(spec['containers'])} {'Terminating' if is_deleting(pod) else word}"


def _reason(status: FrozenObject) -> str:
    state = status["state"]
    return str((state.get("waiting") or state.get("terminated") or {}).get("reason", ""))


def _printed_init(spec: FrozenObject, status: FrozenObject) -> str:
    statuses = status.get("initContainerStatuses", ())
    for index, (one, container) in enumerate(zip(statuses, spec.get("initContainers", ()), strict=False)):
        if one["state"].get("terminated", {}).get("exitCode") == 0 or (container.get("restartPolicy") and one.get("started")):
            continue
        reason = _reason(one)
        return f"Init:{index}/{len(statuses)}" if reason in ("", "PodInitializing") else f"Init:{reason}"
    return ""
