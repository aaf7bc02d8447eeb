"""Watches over the nodes' heartbeats: a node that stays silent turns Unknown, its Pods are no longer ready, and taints have them evicted.

Follows upstream's node lifecycle controller, with its delays, words and rates. What its taints do to Pods is `TaintEvictionController`'s.

A heartbeat costs a look-up and a comparison; nodes are looked at when the first of them may be overdue, on a beat of five seconds.
"""
# DIFFERS: upstream looks at all nodes every 5 s; we look, on the same beat, when a node is overdue or has said something new.

import math
from collections.abc import Iterable
from typing import Final

from orrery.controllers.engine.controller import DONE, Outcome, requeue_after, split_key
from orrery.controllers.engine.informer import Change, Informer
from orrery.controllers.engine.workqueue import WorkQueue
from orrery.controllers.nodes.health import Health, health_of, is_news, plan_evicting, plan_unknown
from orrery.controllers.nodes.taints import plan_labels, plan_taints
from orrery.controllers.nodes.zones import Verdict, Zone, ZoneState, eviction_rate, plan_disruption, zone_state
from orrery.controllers.pods import condition_of
from orrery.machinery.clock import timestamp
from orrery.machinery.objects import FrozenObject, Object, name_of, namespace_of, uid_of
from orrery.verbs.client import Client
from orrery.verbs.recorder import EventRecorder

PERIOD_S: Final = 5.0
_TAINT_S: Final = 0.1
_LEASES: Final = "leases.coordination.k8s.io"
_MONITOR: Final = "monitor"
_TAINT: Final = "taint"
_POD: Final = "pod/"


class NodeLifecycleController:
    """A key is `monitor` for a look at all heartbeats, `taint` for nodes about to evict, `/NAME` for a node, `pod/NS/NAME` for a Pod."""

    name = "node-lifecycle-controller"

    def __init__(self, client: Client, recorder: EventRecorder) -> None:
        self._client = client
        self._clock = client.clock
        self._recorder = recorder
        self._health: dict[str, Health] = {}
        self._registered: dict[str, str] = {}  # Names and uids of the nodes whose coming was told.
        self._zones: dict[str, Zone] = {}
        self._queue: WorkQueue | None = None

    def watch(self, informer: Informer) -> None:
        self._queue = informer.queue
        informer.on("nodes", self._on_node)
        informer.observe(_LEASES, self._on_lease)
        informer.hear("pods", self._on_pod)

    async def reconcile(self, key: str) -> Outcome:
        if key == _MONITOR:
            return await self._look()
        if key == _TAINT:
            return await self._taint_waiting()
        if key.startswith(_POD):
            await self._mark_new_pod(*split_key(key.removeprefix(_POD)))
        else:
            await self._tend(split_key(key)[1])
        return DONE

    # What is heard.

    def _on_node(self, change: Change) -> Iterable[str]:
        name = change.name
        if not change.is_present:
            self._health.pop(name, None)
            self._look_soon()
            return ()
        node, before = change.any, self._health.get(name)
        if before is not None and before.uid != change.uid:
            before = None
        health = self._health[name] = health_of(node, before, self._clock.now_s())
        if before is None or is_news(health, before):
            self._look_soon()
        return (f"/{name}",) if plan_taints(node, "") is not None or plan_labels(node) else ()

    def _on_lease(self, change: Change) -> None:
        health = self._health.get(change.name)
        if health is None or change.namespace != "kube-node-lease" or not change.is_present:
            return
        renewed = (change.any.get("spec") or {}).get("renewTime") or ""
        if renewed > health.lease:
            health.lease, health.probe_s = renewed, self._clock.now_s()

    def _on_pod(self, change: Change) -> Iterable[str]:
        """A Pod that comes to a node that is not ready is not ready either."""
        node = change.record.index.fields.get("spec.nodeName", "")
        former = change.former
        if not node or not change.is_present or (former is not None and former.index.fields.get("spec.nodeName") == node):
            return ()
        health = self._health.get(node)
        return (f"{_POD}{change.namespace}/{change.name}",) if health is not None and health.ready not in ("", "True") else ()

    def _look_soon(self, due_s: float = 0.0) -> None:
        """Look at all nodes at the first beat after `due_s`."""
        now_s = self._clock.now_s()
        beats = math.floor(max(due_s, now_s) / PERIOD_S) + 1
        self._wake(_MONITOR, beats * PERIOD_S - now_s)

    def _wake(self, key: str, delay_s: float) -> None:
        assert self._queue is not None
        self._queue.add_after(key, delay_s)

    # Taints for conditions, and old labels.

    async def _tend(self, name: str) -> None:
        now = timestamp(self._clock.now_s())

        def edit(draft: Object) -> bool:
            taints, labels = plan_taints(draft, now), plan_labels(draft)
            if taints is not None:
                _set_taints(draft, taints)
            draft["metadata"].setdefault("labels", {}).update(labels)
            return taints is not None or bool(labels)

        await self._client.change("nodes", "", name, edit)

    # Heartbeats.

    async def _look(self) -> Outcome:
        """Look at all nodes once."""
        self._tell_comings_and_goings()
        now_s = self._clock.now_s()
        for name in list(self._health):
            health = self._health.get(name)
            if health is not None and health.ready != "Unknown" and now_s > health.due_s:
                await self._lose(name)
        for name in list(self._health):
            await self._judge(name)
        await self._weigh_zones()
        self._rouse_taints()
        due_s = min((one.due_s for one in self._health.values() if one.ready != "Unknown"), default=None)
        if due_s is not None:
            self._look_soon(due_s)
        return DONE

    def _tell_comings_and_goings(self) -> None:
        for name, health in self._health.items():
            self._zones.setdefault(health.zone, Zone())
            if self._registered.get(name) != health.uid:
                self._tell(name, health.uid, "RegisteredNode", f"Node {name} event: Registered Node {name} in Controller")
                self._registered[name] = health.uid
        for name in [name for name in self._registered if name not in self._health]:
            self._tell(name, self._registered.pop(name), "RemovingNode", f"Node {name} event: Removing Node {name} from Controller")
            for zone in self._zones.values():
                zone.waiting.pop(name, None)

    def _tell(self, name: str, uid: str, reason: str, message: str) -> None:
        about = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name, "uid": uid}}
        self._recorder.event(about, "Normal", reason, message)

    async def _lose(self, name: str) -> None:
        """Nobody has heard of the node for too long: say so on it, and of its Pods that they are not ready."""
        now = timestamp(self._clock.now_s())
        was_ready = False

        def edit(draft: Object) -> bool:
            nonlocal was_ready
            ready = condition_of(draft, "Ready")
            was_ready = ready is not None and ready["status"] == "True"
            conditions = plan_unknown(draft, now)
            if conditions is not None:
                draft.setdefault("status", {})["conditions"] = conditions
            return conditions is not None

        node = await self._client.change("nodes", "", name, edit, subresource="status")
        if node is not None and was_ready:
            self._tell(name, uid_of(node), "NodeNotReady", f"Node {name} status is now: NodeNotReady")
            for pod in self._client.by_field("pods", "spec.nodeName", name):
                await self._mark_not_ready(pod)

    async def _mark_new_pod(self, namespace: str, name: str) -> None:
        pod = self._client.get("pods", namespace, name)
        health = self._health.get(pod["spec"].get("nodeName", "")) if pod is not None else None
        if pod is not None and health is not None and health.ready not in ("", "True"):
            await self._mark_not_ready(pod)

    async def _mark_not_ready(self, pod: FrozenObject) -> None:
        now, uid = timestamp(self._clock.now_s()), uid_of(pod)
        is_marked = False

        def edit(draft: Object) -> bool:
            nonlocal is_marked
            ready = condition_of(draft, "Ready") if uid_of(draft) == uid else None
            is_marked = ready is not None and ready["status"] != "False"
            if is_marked:
                fresh = {**(ready or {}), "status": "False", "lastTransitionTime": now}
                conditions = draft["status"]["conditions"]
                draft["status"]["conditions"] = [fresh if one["type"] == "Ready" else one for one in conditions]
            return is_marked

        if is_marked_pod(pod):
            return
        written = await self._client.change("pods", namespace_of(pod), name_of(pod), edit, subresource="status")
        if written is not None and is_marked:
            self._recorder.event(written, "Warning", "NodeNotReady", "Node is not ready")

    # Taints that evict.

    async def _judge(self, name: str) -> None:
        """Let the node's Pods stay, go, or wait for their turn to go."""
        health = self._health.get(name)
        if health is None or not health.ready:
            return
        zone = self._zones.setdefault(health.zone, Zone())
        if not health.taint:
            zone.waiting.pop(name, None)
            await self._set_evicting(name, "")
        elif health.taint in health.evicting:
            zone.waiting.pop(name, None)
        elif health.evicting:
            await self._set_evicting(name, health.taint)  # From one to the other at once.
        else:
            zone.waiting.setdefault(name)

    async def _set_evicting(self, name: str, wanted: str) -> None:
        health = self._health.get(name)
        if health is None or health.evicting == frozenset((wanted,) if wanted else ()):
            return
        now = timestamp(self._clock.now_s())

        def edit(draft: Object) -> bool:
            taints = plan_evicting(draft, wanted, now)
            if taints is not None:
                _set_taints(draft, taints)
            return taints is not None

        await self._client.change("nodes", "", name, edit)

    async def _weigh_zones(self) -> None:
        """Set each zone's rate; stop everything when no node answers at all."""
        counts: dict[str, list[int]] = {}
        for health in self._health.values():
            if not health.is_excluded:
                counts.setdefault(health.zone, [0, 0])[health.ready != "True"] += 1
        after = {zone: zone_state(ready, lost) for zone, (ready, lost) in counts.items()}
        verdict = plan_disruption([zone.state for name, zone in self._zones.items() if name in after], after)
        now_s = self._clock.now_s()
        if verdict is Verdict.NOTHING:
            return
        if verdict is Verdict.LOST:
            for name in list(self._health):
                await self._set_evicting(name, "")
        for name, zone in list(self._zones.items()):
            if name not in after:
                if not zone.waiting:
                    del self._zones[name]
            elif verdict is Verdict.LOST:
                zone.state = ZoneState.FULL
                zone.limiter.swap(0.0, now_s)
                zone.waiting.clear()
            elif verdict is Verdict.FOUND or zone.state is not after[name]:
                zone.state = after[name]
                zone.limiter.swap(eviction_rate(zone.state, sum(counts[name])), now_s)
        if verdict is Verdict.FOUND:
            for health in self._health.values():
                health.probe_s = now_s

    def _rouse_taints(self) -> None:
        due = [due_s for zone in self._zones.values() if zone.waiting and (due_s := zone.limiter.due_s()) is not None]
        if due:
            self._wake(_TAINT, max(min(due) - self._clock.now_s(), _TAINT_S))

    async def _taint_waiting(self) -> Outcome:
        now_s = self._clock.now_s()
        for zone in list(self._zones.values()):
            while zone.waiting and zone.limiter.take(now_s):
                name = next(iter(zone.waiting))
                del zone.waiting[name]
                health = self._health.get(name)
                if health is not None and health.taint:
                    await self._set_evicting(name, health.taint)
        due = [due_s for zone in self._zones.values() if zone.waiting and (due_s := zone.limiter.due_s()) is not None]
        return requeue_after(max(min(due) - now_s, _TAINT_S)) if due else DONE


def is_marked_pod(pod: FrozenObject) -> bool:
    """Whether there is nothing to mark: it says that it is not ready, or nothing about it."""
    ready = condition_of(pod, "Ready")
    return ready is None or ready["status"] == "False"


def _set_taints(node: Object, taints: list[Object]) -> None:
    spec = node.setdefault("spec", {})
    if taints:
        spec["taints"] = taints
    else:
        spec.pop("taints", None)
