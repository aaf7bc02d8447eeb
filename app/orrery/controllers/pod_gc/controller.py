"""Removes Pods that no kubelet will: upstream's podgc, its reasons and its delays.

- ended Pods beyond `ended_max`, evicted ones first, then the oldest;
- Pods of a Node that does not exist, 40 s after that was noticed;
- Pods on their way out on a Node that is not ready and tainted node.kubernetes.io/out-of-service;
- Pods on their way out that never got a Node.

An event costs two comparisons.
"""
# DIFFERS: upstream looks at all Pods every 20 s; we hear of what there is to look at, and do so 20 s later.

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from orrery.controllers.conditions import set_condition
from orrery.controllers.engine.controller import DONE, Outcome
from orrery.controllers.engine.informer import Change, Informer
from orrery.controllers.engine.workqueue import WorkQueue
from orrery.controllers.pods import is_ready, is_terminal
from orrery.machinery.clock import timestamp
from orrery.machinery.errors import Conflict, NotFound
from orrery.machinery.objects import FrozenObject, Object, is_deleting, name_of, namespace_of, uid_of
from orrery.store.log import Record
from orrery.verbs.client import Client

PERIOD_S: Final = 20.0
QUARANTINE_S: Final = 40.0
OUT_OF_SERVICE: Final = "node.kubernetes.io/out-of-service"
_ENDED: Final = "ended"
_NODE: Final = "node/"
_POD: Final = "pod/"
_GONE: Final = {"type": "DisruptionTarget", "status": "True", "reason": "DeletionByPodGC", "message": "PodGC: node no longer exists"}


def plan_surplus(pods: Sequence[FrozenObject], ended_max: int) -> Sequence[FrozenObject]:
    """Of all ended Pods those that are too many: evicted ones first, then the oldest."""
    surplus = len(pods) - ended_max
    return sorted(pods, key=_age)[:surplus] if surplus > 0 else ()


def _age(pod: FrozenObject) -> tuple[bool, str, str]:
    status = pod.get("status") or {}
    is_evicted = status.get("phase") == "Failed" and status.get("reason") == "Evicted"
    return not is_evicted, pod["metadata"]["creationTimestamp"], name_of(pod)


def is_out_of_service(node: FrozenObject) -> bool:
    """Whether somebody said of a Node that is not ready that it will not come back."""
    return not is_ready(node) and any(taint["key"] == OUT_OF_SERVICE for taint in (node.get("spec") or {}).get("taints") or ())


class PodGcController:
    """A key is `ended` for the surplus of ended Pods, `node/NAME`, or `pod/NAMESPACE/NAME` for one that has no Node."""

    name = "pod-garbage-collector-controller"

    def __init__(self, client: Client, *, ended_max: int) -> None:
        """`ended_max` 0 keeps all ended Pods."""
        self._client = client
        self._clock = client.clock
        self._ended_max = ended_max
        self._ended: set[str] = set()  # Keys of the Pods that have ended.
        self._queue: WorkQueue | None = None

    def watch(self, informer: Informer) -> None:
        self._queue = informer.queue
        informer.on("pods", self._on_pod)
        informer.on("nodes", self._on_node)

    async def reconcile(self, key: str) -> Outcome:
        if key == _ENDED:
            ended = (self._client.get("pods", *key.split("/", 2)[1:]) for key in sorted(self._ended))
            await self._remove_all(plan_surplus([pod for pod in ended if pod is not None], self._ended_max))
        elif key.startswith(_NODE):
            await self._look_at_node(key.removeprefix(_NODE))
        else:
            pod = self._client.get("pods", *key.removeprefix(_POD).split("/", 1))
            if pod is not None and is_deleting(pod) and not pod["spec"].get("nodeName"):
                await self._remove(pod)
        return DONE

    async def _look_at_node(self, name: str) -> None:
        node = self._client.get("nodes", "", name)
        if node is None:
            for pod in self._client.by_field("pods", "spec.nodeName", name):
                await self._remove(pod, condition=_GONE)
        elif is_out_of_service(node):
            await self._remove_all([pod for pod in self._client.by_field("pods", "spec.nodeName", name) if is_deleting(pod)])

    async def _remove_all(self, pods: Sequence[FrozenObject]) -> None:
        for pod in sorted(pods, key=_age):
            await self._remove(pod)

    async def _remove(self, pod: FrozenObject, *, condition: FrozenObject | None = None) -> None:
        """Say that the Pod failed, for nobody else will, and delete it without grace."""
        uid = uid_of(pod)

        def fail(draft: Object) -> bool:
            if uid_of(draft) != uid or is_terminal(draft):
                return False
            status = draft.setdefault("status", {})
            status["phase"] = "Failed"
            status["observedGeneration"] = draft["metadata"].get("generation", 0)
            if condition is not None:
                generation = draft["metadata"].get("generation", 0)
                told = {**condition, "observedGeneration": generation, "lastProbeTime": None}
                set_condition(draft, told, timestamp(self._clock.now_s()))
            return True

        try:
            await self._client.change("pods", namespace_of(pod), name_of(pod), fail, subresource="status")
            await self._client.delete("pods", namespace_of(pod), name_of(pod), grace_period_s=0, uid=uid)
        except (NotFound, Conflict):
            return  # Gone, or replaced by a namesake.

    def _on_pod(self, change: Change) -> Iterable[str]:
        if change.is_present and _has_ended(change.record):
            self._ended.add(change.key)
            if 0 < self._ended_max < len(self._ended):
                self._later(_ENDED, PERIOD_S)
        else:
            self._ended.discard(change.key)
        if change.is_present:
            self._check_place(change)
        return ()

    def _check_place(self, change: Change) -> None:
        record, former = change.record, change.former
        node = record.index.fields.get("spec.nodeName", "")
        is_new = former is None or former.index.fields.get("spec.nodeName", "") != node
        if node and is_new and self._client.get("nodes", "", node) is None:
            self._later(f"{_NODE}{node}", QUARANTINE_S)
        if not change.is_deleting:
            return
        if not node:
            self._later(f"{_POD}{change.namespace}/{change.name}", PERIOD_S)
        elif (found := self._client.get("nodes", "", node)) is not None and is_out_of_service(found):
            self._later(f"{_NODE}{node}", PERIOD_S)

    def _on_node(self, change: Change) -> Iterator[str]:
        key = f"{_NODE}{change.name}"
        if not change.is_present:
            self._later(key, QUARANTINE_S)
        elif OUT_OF_SERVICE.encode() in change.record.body and is_out_of_service(change.any):
            self._later(key, PERIOD_S)
        return iter(())

    def _later(self, key: str, delay_s: float) -> None:
        assert self._queue is not None
        self._queue.add_after(key, delay_s)


def _has_ended(record: Record) -> bool:
    return record.index.fields.get("status.phase") in ("Succeeded", "Failed")
