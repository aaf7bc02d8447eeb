"""Binds Pods without a node to the best node that fits, and tells why when none does.

Choosing does not wait, so two Pods never race for the same room; bindings do, so many are written in one batch. A Pod that fits
nowhere waits for an event that may change that, with upstream's back-off (1 s doubling to 10 s) between attempts.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from orrery.controllers.engine.controller import DONE, Outcome, key_for, key_of_object, requeue_after, split_key
from orrery.controllers.engine.informer import Change, Informer
from orrery.controllers.engine.workqueue import WorkQueue
from orrery.controllers.pods import condition_of
from orrery.controllers.scheduler.filters import filter_nodes, refusal_message
from orrery.controllers.scheduler.nodes import Cluster, Effect, NodeView
from orrery.controllers.scheduler.scores import choose
from orrery.controllers.scheduler.volumes import BIND_TIMEOUT_S, PodVolumes, VolumePlan, VolumeProblem, VolumeTopology
from orrery.controllers.scheduler.wishes import Wish, wish_of
from orrery.machinery.clock import timestamp
from orrery.machinery.errors import Conflict, NotFound
from orrery.machinery.objects import FrozenObject, Object, is_deleting, labels_of, name_of, namespace_of, uid_of
from orrery.verbs.client import Client
from orrery.verbs.recorder import EventRecorder

SCHEDULER: Final = "default-scheduler"
WORKERS: Final = 256
"""How many bindings may be under way at once, so that one batch of the store takes them all."""

_BACKOFF_FIRST_S: Final = 1.0
_BACKOFF_MAX_S: Final = 10.0
_FLUSH_S: Final = 300.0
_WAKE: Final = "*"
"""A key that is no Pod: look at all who wait."""

# DIFFERS: upstream takes waiting Pods by priority; we take them in the order they came.


@dataclass(slots=True)
class _Waiting:
    """A Pod that fitted nowhere."""

    attempts: int
    again_s: float
    """Before this it is not tried again."""
    wants_neighbours: bool
    wants_volumes: bool


@dataclass(slots=True)
class _Binding:
    """A Pod that has a node and waits for its claims to be bound."""

    wish: Wish
    plan: VolumePlan
    until_s: float


class SchedulerController:
    """One key is one Pod without a node."""

    workers: Final = WORKERS

    def __init__(self, client: Client, recorder: EventRecorder) -> None:
        self._client = client
        self._clock = client.clock
        self._recorder = recorder
        self._cluster = Cluster()
        self._volumes = VolumeTopology(client, self._cluster)
        self._waiting: dict[str, _Waiting] = {}
        self._binding: dict[str, _Binding] = {}
        self._queue: WorkQueue | None = None
        self._news: set[Effect] = set()

    @property
    def name(self) -> str:
        return SCHEDULER

    def watch(self, informer: Informer) -> None:
        self._queue = informer.queue
        informer.on("nodes", self._keys_of_node)
        informer.on("pods", self._keys_of_pod)
        informer.on("persistentvolumes", self._keys_of_volume)
        informer.hear("persistentvolumeclaims", self._keys_of_claim)
        informer.hear("storageclasses.storage.k8s.io", lambda change: self._heard(Effect.VOLUME))

    async def reconcile(self, key: str) -> Outcome:
        if key == _WAKE:
            self._wake()
            return DONE
        pod = self._client.get("pods", *split_key(key))
        binding = self._binding.get(key)
        if binding is not None:
            return await self._go_on(pod, key, binding)
        if pod is None or not _is_ours(pod):
            self._waiting.pop(key, None)
            return DONE

        wish = wish_of(pod)
        try:
            volumes = self._volumes.of(pod) if _mounts_claims(pod) else None
        except VolumeProblem as problem:
            return await self._fail(pod, wish, self._about_all(str(problem)))
        fitting, refusals = filter_nodes(wish, self._cluster, self._client, volumes)
        if not fitting:
            return await self._fail(pod, wish, refusal_message(wish, refusals))
        node = choose(wish, fitting, self._cluster, self._clock.random)

        self._cluster.assume(wish, node.name)
        if volumes is not None and volumes.undecided:
            return await self._bind_volumes(wish, volumes, node)
        await self._bind(pod, wish, node.name)
        self._waiting.pop(key, None)
        return DONE

    # Volumes come before the Pod.

    async def _bind_volumes(self, wish: Wish, volumes: PodVolumes, node: NodeView) -> Outcome:
        """Set volumes aside or have them made, and come back when the claims are bound: no worker waits for that."""
        plan = volumes.plan(node)
        self._binding[wish.key] = _Binding(wish, plan, self._clock.now_s() + BIND_TIMEOUT_S)
        try:
            await self._volumes.begin(plan)
        except BaseException:
            self._give_up(wish.key)
            raise
        return requeue_after(BIND_TIMEOUT_S)

    async def _go_on(self, pod: FrozenObject | None, key: str, binding: _Binding) -> Outcome:
        """Bind the Pod if its claims are bound by now."""
        wish, node = binding.wish, self._cluster.nodes.get(binding.plan.node)
        if pod is None or not _is_ours(pod) or uid_of(pod) != wish.uid or node is None:
            self._give_up(key)
            return DONE if pod is None else requeue_after(0)
        try:
            if not self._volumes.is_done(binding.plan, node):
                left_s = binding.until_s - self._clock.now_s()
                if left_s > 0:
                    return requeue_after(left_s)
                raise VolumeProblem("context deadline exceeded")
        except VolumeProblem as problem:
            self._give_up(key)
            message = f'running PreBind plugin "VolumeBinding": binding volumes: {problem}'
            return await self._fail(pod, wish, message, reason="SchedulerError")
        self._volumes.end(binding.plan)
        del self._binding[key]
        await self._bind(pod, wish, node.name)
        self._waiting.pop(key, None)
        return DONE

    def _give_up(self, key: str) -> None:
        binding = self._binding.pop(key)
        self._volumes.end(binding.plan)
        self._cluster.forget(binding.wish)

    async def _bind(self, pod: FrozenObject, wish: Wish, node: str) -> None:
        try:
            await self._client.bind(wish.namespace, wish.name, node, uid=wish.uid)
        except (NotFound, Conflict):
            self._cluster.forget(wish)
            return  # Deleted, replaced or bound by somebody else meanwhile; its events say what to do.
        except BaseException:
            self._cluster.forget(wish)
            raise
        message = f"Successfully assigned {wish.key} to {node}"
        self._recorder.event(pod, "Normal", "Scheduled", message, action="Binding")

    async def _fail(self, pod: FrozenObject, wish: Wish, message: str, *, reason: str = "Unschedulable") -> Outcome:
        """Say so, and wait for better times."""
        before = self._waiting.get(wish.key)
        attempts = before.attempts + 1 if before is not None else 1
        backoff_s = min(_BACKOFF_FIRST_S * 2 ** min(attempts - 1, 10), _BACKOFF_MAX_S)
        near = bool("podAffinity" in wish.affinity or wish.spread)
        self._waiting[wish.key] = _Waiting(attempts, self._clock.now_s() + backoff_s, near, _mounts_claims(pod))
        self._recorder.event(pod, "Warning", "FailedScheduling", message, action="Scheduling")
        await self._report(pod, message, reason)
        return requeue_after(_FLUSH_S)

    async def _report(self, pod: FrozenObject, message: str, reason: str) -> None:
        """PodScheduled=False, unless it says so already."""
        condition: Object = {
            "type": "PodScheduled",
            "observedGeneration": pod["metadata"].get("generation", 0),
            "status": "False",
            "lastProbeTime": None,
            "lastTransitionTime": timestamp(self._clock.now_s()),
            "reason": reason,
            "message": message,
        }
        current = condition_of(pod, "PodScheduled")
        if current is not None and current["status"] == "False":
            condition["lastTransitionTime"] = current.get("lastTransitionTime")
        if current == condition:
            return
        uid = uid_of(pod)

        def change(draft: Object) -> bool:
            if uid_of(draft) != uid or draft["spec"].get("nodeName"):
                return False
            status = draft.setdefault("status", {})
            others = [one for one in status.get("conditions") or () if one["type"] != "PodScheduled"]
            status["conditions"] = [*others, condition]
            return True

        await self._client.change("pods", namespace_of(pod), name_of(pod), change, subresource="status")

    def _about_all(self, problem: str) -> str:
        return f"0/{len(self._cluster.nodes)} nodes are available: {problem}. not found"

    # What wakes whom.

    def _keys_of_node(self, change: Change) -> Iterable[str]:
        return self._heard(self._cluster.see_node(change))

    def _keys_of_volume(self, change: Change) -> Iterable[str]:
        return (*self._volumes.see_volume(change), *self._heard(Effect.VOLUME))

    def _keys_of_claim(self, change: Change) -> Iterable[str]:
        return (*self._volumes.woken_by(key_for(change.namespace, change.name)), *self._heard(Effect.VOLUME))

    def _keys_of_pod(self, change: Change) -> Iterable[str]:
        self._volumes.see_pod(change)
        woken = self._heard(self._cluster.see_pod(change))
        new = change.new
        key = key_for(change.namespace, change.name)
        if key in self._binding:
            return (key, *woken)
        if new is None:
            self._waiting.pop(key, None)
        elif _is_ours(new) and _is_news(new, change.old):
            return (key_of_object(new), *woken)
        return woken

    def _heard(self, effect: Effect) -> Iterable[str]:
        """Remember what the event may mean to those who wait; they are looked at once for many events."""
        if effect is Effect.NONE or not self._waiting:
            return ()
        self._news.add(effect)
        return (_WAKE,)

    def _wake(self) -> None:
        assert self._queue is not None
        news = set(self._news)
        self._news.clear()
        now_s = self._clock.now_s()
        for key, waiting in self._waiting.items():
            wants_volumes = waiting.wants_volumes and Effect.VOLUME in news
            if Effect.ROOM in news or wants_volumes or (waiting.wants_neighbours and Effect.NEIGHBOUR in news):
                # Somebody can see this wait end, so it is no background timer.
                self._queue.add_after(key, waiting.again_s - now_s, background=False)


def _is_ours(pod: FrozenObject) -> bool:
    """Whether it waits for this scheduler: no node yet, not going away, nothing holding it back."""
    spec = pod["spec"]
    if spec.get("nodeName") or is_deleting(pod) or spec.get("schedulingGates"):
        return False
    return bool(spec.get("schedulerName", SCHEDULER) == SCHEDULER)


def _mounts_claims(pod: FrozenObject) -> bool:
    return any("persistentVolumeClaim" in volume or "ephemeral" in volume for volume in pod["spec"].get("volumes") or ())


def _is_news(new: FrozenObject, old: FrozenObject | None) -> bool:
    """Whether an attempt may end differently now: status changes, our own among them, say nothing new."""
    if old is None or new["spec"].get("schedulingGates") != old["spec"].get("schedulingGates"):
        return True
    return bool(new["metadata"].get("generation") != old["metadata"].get("generation") or labels_of(new) != labels_of(old))
