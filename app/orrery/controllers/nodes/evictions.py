"""Pods that do not tolerate their node's NoExecute taints are deleted, those that tolerate them for some seconds after that time.

Follows upstream's tainteviction controller, its events and its condition. An event of a Pod on a node without such taints costs a look-up.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from orrery.controllers.conditions import set_condition
from orrery.controllers.engine.controller import DONE, Outcome, key_for, split_key
from orrery.controllers.engine.informer import Change, Informer
from orrery.controllers.engine.workqueue import WorkQueue
from orrery.controllers.nodes.tolerations import toleration_s
from orrery.machinery.clock import Timer, timestamp
from orrery.machinery.errors import NotFound
from orrery.machinery.objects import FrozenObject, Object, name_of, namespace_of
from orrery.verbs.client import Client
from orrery.verbs.recorder import EventRecorder

_NODE: Final = "node/"
_POD: Final = "pod/"
_EVICT: Final = "evict/"
_REASON: Final = "TaintManagerEviction"
_CONDITION: Final = {
    "type": "DisruptionTarget",
    "status": "True",
    "reason": "DeletionByTaintManager",
    "message": "Taint manager: deleting due to NoExecute taint",
}


@dataclass(slots=True)
class _Pending:
    """A Pod that will be evicted."""

    since_s: float
    timer: Timer


class TaintEvictionController:
    """A key is `node/NAME` for all Pods of a node, `pod/NS/NAME` for one, `evict/NS/NAME` for one whose time has come."""

    name = "taint-eviction-controller"

    def __init__(self, client: Client, recorder: EventRecorder) -> None:
        self._client = client
        self._clock = client.clock
        self._recorder = recorder
        self._taints: dict[str, Sequence[FrozenObject]] = {}  # NoExecute taints, by node.
        self._pending: dict[str, _Pending] = {}
        self._queue: WorkQueue | None = None

    def watch(self, informer: Informer) -> None:
        self._queue = informer.queue
        informer.on("nodes", self._on_node)
        informer.on("pods", self._on_pod)

    async def reconcile(self, key: str) -> Outcome:
        if key.startswith(_NODE):
            for pod in self._client.by_field("pods", "spec.nodeName", key.removeprefix(_NODE)):
                self._judge(pod)
        elif key.startswith(_EVICT):
            await self._evict(key.removeprefix(_EVICT))
        elif (found := self._client.get("pods", *split_key(key.removeprefix(_POD)))) is not None:
            self._judge(found)
        else:
            self._cancel(key.removeprefix(_POD))
        return DONE

    def _on_node(self, change: Change) -> Iterable[str]:
        name = change.name
        if not change.is_present:
            self._taints.pop(name, None)  # Its Pods are the Pod garbage collector's now.
            return ()
        taints = no_execute(change.any)
        if taints == self._taints.get(name, []):
            return ()
        if taints:
            self._taints[name] = taints
        else:
            self._taints.pop(name, None)
        return (f"{_NODE}{name}",)

    def _on_pod(self, change: Change) -> Iterable[str]:
        key = key_for(change.namespace, change.name)
        if not change.is_present:
            return (f"{_POD}{key}",) if key in self._pending else ()
        if change.record.index.fields.get("spec.nodeName", "") not in self._taints:
            return ()
        return (f"{_POD}{key}",) if change.former is None or _has_moved(change) else ()

    def _judge(self, pod: FrozenObject) -> None:
        """Let the Pod stay, evict it, or set the time when it will be."""
        key = key_for(namespace_of(pod), name_of(pod))
        taints = self._taints.get(pod["spec"].get("nodeName", ""), ())
        wait_s = toleration_s(taints, pod["spec"].get("tolerations") or ()) if taints else None
        if wait_s is None:
            self._cancel(key)
            return
        now_s = self._clock.now_s()
        pending = self._pending.get(key)
        since_s = now_s
        if pending is not None and wait_s > 0:
            if pending.since_s < now_s:
                return  # It was to go before that already.
            since_s = pending.since_s
        self._cancel(key)
        if wait_s <= 0:
            self._fire(key)
        else:
            timer = self._clock.call_later(since_s + wait_s - now_s, lambda: self._fire(key), background=True)
            self._pending[key] = _Pending(since_s, timer)

    def _fire(self, key: str) -> None:
        self._pending.pop(key, None)
        assert self._queue is not None
        self._queue.add(f"{_EVICT}{key}")

    def _cancel(self, key: str) -> None:
        pending = self._pending.pop(key, None)
        if pending is not None:
            pending.timer.cancel()
            self._tell(key, f"Cancelling deletion of Pod {key}")

    async def _evict(self, key: str) -> None:
        namespace, name = split_key(key)
        self._tell(key, f"Marking for deletion Pod {key}")
        try:
            if await self._client.change("pods", namespace, name, self._condemn, subresource="status") is not None:
                await self._client.delete("pods", namespace, name)
        except NotFound:
            return

    def _condemn(self, draft: Object) -> bool:
        generation = draft["metadata"].get("generation", 0)
        said: Object = {**_CONDITION, "lastProbeTime": None, **({"observedGeneration": generation} if generation else {})}
        return set_condition(draft, said, timestamp(self._clock.now_s()))

    def _tell(self, key: str, message: str) -> None:
        namespace, name = split_key(key)
        about = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": namespace}}
        self._recorder.event(about, "Normal", _REASON, message)


def no_execute(node: FrozenObject) -> list[FrozenObject]:
    return [taint for taint in (node.get("spec") or {}).get("taints") or () if taint.get("effect") == "NoExecute"]


def _has_moved(change: Change) -> bool:
    """Whether the Pod has come to the node, or tolerates something else than before."""
    before, after = change.former, change.record
    if before is None or before.index.fields.get("spec.nodeName") != after.index.fields.get("spec.nodeName"):
        return True
    return (before.object["spec"].get("tolerations") or ()) != (after.object["spec"].get("tolerations") or ())
