"""A cluster without HTTP for the tests of this room: the real verbs on a log in memory, the virtual clock, and controllers.

`Kubelet` stands in for the node room, which this room may not know: it makes bound Pods ready and lets deleted ones go.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from orrery.controllers.deployment import DeploymentController
from orrery.controllers.engine.runner import Runner
from orrery.controllers.replicaset import new_replicaset_controller, new_replication_controller
from orrery.controllers.scheduler import SchedulerController
from orrery.kinds.builtin import builtin
from orrery.machinery.clock import VirtualClock, timestamp
from orrery.machinery.errors import NotFound
from orrery.machinery.objects import FrozenObject, Object, is_deleting, name_of, namespace_of, uid_of
from orrery.settings import Settings
from orrery.store.log import Event, Operation
from orrery.store.memory_log import MemoryLog
from orrery.verbs.call import SYSTEM_ADMIN
from orrery.verbs.client import Client
from orrery.verbs.recorder import EventRecorder
from orrery.verbs.verbs import Verbs

NAMESPACE = "default"
DEPLOYMENTS, REPLICASETS = "deployments.apps", "replicasets.apps"


class World:
    """One cluster in a test. `start` what it needs; then `settle` and look."""

    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.log = MemoryLog()
        self.verbs = Verbs(log=self.log, catalogue=builtin(), clock=self.clock, settings=Settings(), admission=())
        self.client: Client = self.verbs.client(SYSTEM_ADMIN, "test")
        self.runner = Runner()
        self.kubelet: Kubelet | None = None
        self.recorders: list[EventRecorder] = []
        self.writes: dict[str, int] = {}

    def recorder(self, component: str, *, is_scheduler: bool = False) -> EventRecorder:
        recorder = EventRecorder(self.client, component, style="events" if is_scheduler else "core")
        self.recorders.append(recorder)
        return recorder

    async def start(self, *, kubelet: bool = True, nodes: int = 3, ready_after_s: float = 1.0) -> None:
        """A namespace, nodes, and everything that works on them."""
        await self.create("namespaces", {"metadata": {"name": NAMESPACE}})
        for number in range(nodes):
            await self.create("nodes", node(f"node-{number}"))
        await self.start_controllers(kubelet=kubelet, ready_after_s=ready_after_s)

    async def start_controllers(self, *, kubelet: bool = True, ready_after_s: float = 1.0) -> None:
        client = self.client
        self.runner.add(DeploymentController(client, self.recorder("deployment-controller")), client)
        self.runner.add(new_replicaset_controller(client, self.recorder("replicaset-controller")), client)
        self.runner.add(new_replication_controller(client, self.recorder("replication-controller")), client)
        scheduler = SchedulerController(client, self.recorder("default-scheduler", is_scheduler=True))
        self.runner.add(scheduler, client)
        if kubelet:
            self.kubelet = Kubelet(self, ready_after_s=ready_after_s)
        for bucket in (DEPLOYMENTS, REPLICASETS, "pods", "events"):
            client.subscribe(bucket, self._count)
        self.runner.start()

    def _count(self, event: Event) -> None:
        bucket = event.record.key.split("/", 1)[0]
        self.writes[bucket] = self.writes.get(bucket, 0) + 1

    async def stop(self) -> None:
        if self.kubelet is not None:
            self.kubelet.stop()
        await self.runner.stop()
        for recorder in self.recorders:
            await recorder.flush()

    async def settle(self) -> None:
        await self.clock.settle()

    async def create(self, bucket: str, obj: Object) -> FrozenObject:
        kind = self.verbs_kind(bucket)
        return await self.client.create(bucket, {**kind, **obj})

    @staticmethod
    def verbs_kind(bucket: str) -> Object:
        kind = builtin_kinds.stored(bucket)
        return {"apiVersion": kind.api_version, "kind": kind.kind}

    def get(self, bucket: str, name: str) -> FrozenObject:
        found = self.client.get(bucket, NAMESPACE, name)
        assert found is not None, f"{bucket}/{name} is not there"
        return found

    async def change(self, bucket: str, name: str, change: Callable[[Object], Any]) -> FrozenObject:
        def changed(draft: Object) -> bool:
            change(draft)
            return True

        after = await self.client.change(bucket, NAMESPACE, name, changed)
        assert after is not None
        return after

    async def set_image(self, name: str, image: str) -> None:
        await self.change(DEPLOYMENTS, name, lambda draft: draft["spec"]["template"]["spec"]["containers"][0].update(image=image))

    async def set_spec(self, bucket: str, name: str, **fields: Any) -> None:
        await self.change(bucket, name, lambda draft: draft["spec"].update(fields))

    def pods(self, **labels: str) -> list[FrozenObject]:
        return list(self.client.list("pods", NAMESPACE, labels=labels or None))

    def replicasets(self) -> list[FrozenObject]:
        return list(self.client.list(REPLICASETS, NAMESPACE))

    def replicaset_of(self, image: str) -> FrozenObject:
        return next(one for one in self.replicasets() if image_of(one["spec"]["template"]) == image)

    def sizes(self) -> dict[str, int]:
        """Image to wanted replicas, over all ReplicaSets."""
        return {image_of(one["spec"]["template"]): one["spec"]["replicas"] for one in self.replicasets()}

    def condition(self, bucket: str, name: str, type_: str) -> FrozenObject:
        conditions = self.get(bucket, name)["status"].get("conditions") or ()
        return next(one for one in conditions if one["type"] == type_)

    async def messages(self, reason: str) -> list[str]:
        """Messages of all events with that reason, in the order they were written."""
        for recorder in self.recorders:
            await recorder.flush()
        events = [event for event in self.client.list("events", NAMESPACE) if event["reason"] == reason]
        events.sort(key=lambda event: int(event["metadata"]["name"].rpartition(".")[2], 16))
        return [event["message"] for event in events]


builtin_kinds = builtin()


def image_of(template: FrozenObject) -> str:
    return str(template["spec"]["containers"][0]["image"])


def node(name: str, **spec: Any) -> Object:
    capacity = {"cpu": "4", "memory": "16Gi", "pods": "110", "ephemeral-storage": "100Gi"}
    labels = {"kubernetes.io/hostname": name, "kubernetes.io/os": "linux"}
    ready = {"type": "Ready", "status": "True", "reason": "KubeletReady"}
    status = {"capacity": capacity, "allocatable": capacity, "conditions": [ready]}
    return {"metadata": {"name": name, "labels": labels}, "spec": spec, "status": status}


def template(image: str = "nginx:1.25", **labels: str) -> Object:
    container = {"name": "web", "image": image, "resources": {}, "imagePullPolicy": "IfNotPresent"}
    container |= {"terminationMessagePath": "/dev/termination-log", "terminationMessagePolicy": "File"}
    spec: Object = {"containers": [container], "restartPolicy": "Always", "terminationGracePeriodSeconds": 30, "dnsPolicy": "ClusterFirst"}
    spec |= {"securityContext": {}, "schedulerName": "default-scheduler"}
    return {"metadata": {"labels": {"app": "web", **labels}}, "spec": spec}


def replicaset(name: str = "web", *, replicas: int = 3, **spec: Any) -> Object:
    wanted = {"replicas": replicas, "selector": {"matchLabels": {"app": "web"}}, "template": template(), **spec}
    return {"metadata": {"name": name, "namespace": NAMESPACE}, "spec": wanted}


def deployment(
    name: str = "web", *, replicas: int = 3, image: str = "nginx:1.25", surge: Any = "25%", unavailable: Any = "25%", **spec: Any
) -> Object:
    rolling = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": surge, "maxUnavailable": unavailable}}
    wanted = {"replicas": replicas, "selector": {"matchLabels": {"app": "web"}}, "template": template(image), "strategy": rolling}
    wanted |= {"revisionHistoryLimit": 10, "progressDeadlineSeconds": 600, **spec}
    return {"metadata": {"name": name, "namespace": NAMESPACE}, "spec": wanted}


class Kubelet:
    """Makes every bound Pod Running and ready after a while, unless its image is broken; lets deleted ones go after a while."""

    def __init__(self, world: World, *, ready_after_s: float = 1.0, gone_after_s: float = 1.0) -> None:
        self._world = world
        self._client = world.client
        self._ready_after_s = ready_after_s
        self._gone_after_s = gone_after_s
        self.broken_images: set[str] = set()
        self._seen: set[tuple[str, str]] = set()
        self._subscription = self._client.subscribe("pods", self._on_pod)
        self._tasks: set[Any] = set()

    def stop(self) -> None:
        self._subscription.cancel()
        for task in self._tasks:
            task.cancel()

    def _on_pod(self, event: Event) -> None:
        if event.operation is Operation.DELETED:
            return
        pod = event.record.object
        if is_deleting(pod):
            self._once("gone", pod, self._gone_after_s, self._remove)
        elif pod["spec"].get("nodeName") and image_of(pod) not in self.broken_images:
            self._once("ready", pod, self._ready_after_s, self._make_ready)

    def _once(self, what: str, pod: FrozenObject, delay_s: float, act: Callable[[FrozenObject], Awaitable[Any]]) -> None:
        if (what, uid_of(pod)) in self._seen:
            return
        self._seen.add((what, uid_of(pod)))

        async def later() -> None:
            await self._world.clock.sleep(delay_s)
            await act(pod)

        task = asyncio.create_task(later())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _remove(self, pod: FrozenObject) -> None:
        try:
            await self._client.delete("pods", namespace_of(pod), name_of(pod), grace_period_s=0, uid=uid_of(pod))
        except NotFound:
            logging.getLogger(__name__).debug("gone already")

    async def _make_ready(self, pod: FrozenObject) -> None:
        await self.set_ready(name_of(pod), is_ready=True)

    async def set_ready(self, name: str, *, is_ready: bool) -> None:
        now = timestamp(self._world.clock.now_s())

        def change(draft: Object) -> bool:
            if is_deleting(draft):
                return False
            status = draft.setdefault("status", {})
            others = [one for one in status.get("conditions") or () if one["type"] != "Ready"]
            ready = {"type": "Ready", "status": "True" if is_ready else "False", "lastTransitionTime": now, "lastProbeTime": None}
            status["phase"] = "Running"
            status["conditions"] = [*others, ready]
            return True

        await self._client.change("pods", NAMESPACE, name, change, subresource="status")
