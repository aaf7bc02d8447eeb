"""Binds Pods without a node to the best node that fits, and tells why when none does.

Pods come by priority. Choosing does not wait, so two Pods never race for the same room; bindings do, so many are written in one
batch. A Pod that fits nowhere may have less important ones removed; otherwise it waits for an event that may change things for it.
As upstream does since 1.33, a Pod whose back-off (1 s doubling to 10 s) is not over yet is still tried when nobody else waits.
"""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from orrery.controllers.engine.controller import DONE, Outcome, key_for, requeue_after, split_key
from orrery.controllers.engine.informer import Change, Informer
from orrery.controllers.engine.workqueue import WorkQueue
from orrery.controllers.scheduler.affinity import named_nodes
from orrery.controllers.scheduler.cluster import Cluster, PodNews
from orrery.controllers.scheduler.defaults import DefaultSelectors
from orrery.controllers.scheduler.filters import CONFLICT, Attempt, Found
from orrery.controllers.scheduler.hints import News, OtherNews, may_help_itself
from orrery.controllers.scheduler.messages import NO_NODES, about_all, plugins_of, refusal_message
from orrery.controllers.scheduler.nodes import NodeView
from orrery.controllers.scheduler.preemptor import Preemptor
from orrery.controllers.scheduler.refusals import NO_NODE, NODE_AFFINITY, VOLUME_BINDING, VOLUME_RESTRICTIONS
from orrery.controllers.scheduler.reports import ERROR, UNSCHEDULABLE, Reports
from orrery.controllers.scheduler.scores import choose, score
from orrery.controllers.scheduler.volumes import BIND_TIMEOUT_S, PodVolumes, VolumePlan, VolumeProblem, VolumeTopology
from orrery.controllers.scheduler.waiting import WaitingPods
from orrery.controllers.scheduler.wishes import Wish, wish_of
from orrery.machinery.errors import Conflict, Forbidden, InternalError, Invalid, NotFound
from orrery.machinery.objects import FrozenObject, is_deleting, labels_of, resource_version_of, uid_of
from orrery.verbs.client import Client
from orrery.verbs.recorder import EventRecorder

SCHEDULER: Final = "default-scheduler"
WORKERS: Final = 256
"""How many bindings may be under way at once, so that one batch of the store takes them all."""

_FLUSH_S: Final = 300.0
_SLICE: Final = 200
"""So many Pods that were there at the start are read at a time."""
_NO_PLUGINS: Final[frozenset[str]] = frozenset()


@dataclass(slots=True)
class _Binding:
    """A Pod that has a node and waits for its claims to be bound."""

    wish: Wish
    plan: VolumePlan
    until_s: float


class SchedulerController:
    """One key is one Pod without a node."""

    workers: Final = WORKERS
    backoff_s: Final = (1.0, 10.0)

    def __init__(self, client: Client, recorder: EventRecorder) -> None:
        self._client = client
        self._clock = client.clock
        self._reports = Reports(client, recorder)
        self._cluster = Cluster()
        self._volumes = VolumeTopology(client, self._cluster)
        self._defaults = DefaultSelectors(client)
        self._preemptor = Preemptor(client, self._cluster, self._reports)
        self._waiting = WaitingPods(self._labels_of_namespace)
        self._binding: dict[str, _Binding] = {}
        self._queue: WorkQueue | None = None
        self._pending: dict[str, tuple[str, Wish]] = {}
        """Pods without a node, as they were when last heard of: the resourceVersion, and what they wanted."""

    @property
    def name(self) -> str:
        return SCHEDULER

    def rank(self, key: str) -> tuple[int, int]:
        """Who is not held back comes first, then who is more important."""
        waiting = self._waiting.get(key)
        is_held_back = waiting is not None and self._clock.now_s() < waiting.again_s
        pending = self._pending.get(key)
        return int(is_held_back), -pending[1].shape.priority if pending is not None else 0

    def watch(self, informer: Informer) -> None:
        self._queue = informer.queue
        informer.on("nodes", self._keys_of_node)
        informer.on("pods", self._keys_of_pod)
        informer.observe("services", self._defaults.see_service)
        informer.on("persistentvolumes", self._keys_of_volume)
        informer.hear("persistentvolumeclaims", self._keys_of_claim)
        informer.hear("storageclasses.storage.k8s.io", lambda change: self._helped_by(OtherNews.VOLUME))

    async def reconcile(self, key: str) -> Outcome:
        await self._read_all()
        pod = self._client.get("pods", *split_key(key))
        binding = self._binding.get(key)
        if binding is not None:
            return await self._go_on(pod, key, binding)
        if pod is None or not _is_ours(pod):
            self._wake(self._drop(key))
            return DONE
        version, wish = self._pending.get(key) or ("", None)
        if wish is None or version != resource_version_of(pod):
            wish = wish_of(pod)
        if not self._cluster.nodes:
            return await self._fail(pod, wish, NO_NODES, frozenset({NO_NODE}), nominated="")
        try:
            volumes = self._volumes.of(pod) if _mounts_claims(pod) else None
        except VolumeProblem as problem:
            return await self._fail(pod, wish, about_all(len(self._cluster.nodes), str(problem)), frozenset({VOLUME_BINDING}))
        if named_nodes(wish.shape) == frozenset():
            return await self._fail(pod, wish, about_all(len(self._cluster.nodes), CONFLICT), frozenset({NODE_AFFINITY}))
        return await self._place(pod, wish, volumes)

    async def _read_all(self) -> None:
        """Know all Pods on nodes before the first is placed; others may work in between."""
        for _ in range(self._cluster.unread // _SLICE + 1):
            if self._cluster.read(_SLICE):
                await asyncio.sleep(0)

    async def _place(self, pod: FrozenObject, wish: Wish, volumes: PodVolumes | None) -> Outcome:
        attempt = Attempt(wish, self._cluster, self._labels_of_namespace, volumes)
        promised = self._promised(pod, wish)
        found = attempt.find(promised)
        if not found.fitting:
            return await self._preempt(pod, attempt, found, promised)
        node = self._choose(wish, found)
        self._cluster.assume(wish, node.name)
        self._wake(self._waiting.behind(wish.key))
        if volumes is not None and volumes.undecided:
            return await self._bind_volumes(pod, wish, volumes, node)
        return await self._bind(pod, wish, node.name)

    def _promised(self, pod: FrozenObject, wish: Wish) -> str:
        return self._cluster.nomination(wish.key) or str((pod.get("status") or {}).get("nominatedNodeName", ""))

    def _choose(self, wish: Wish, found: Found) -> NodeView:
        if len(found.fitting) == 1:
            return found.fitting[0][0]
        points = score(wish.shape, found.fitting, self._cluster, self._labels_of_namespace, self._defaults.of(wish.shape))
        return choose(points, found.fitting, self._clock.random)

    async def _preempt(self, pod: FrozenObject, attempt: Attempt, found: Found, promised: str) -> Outcome:
        """No node fits: see whether others can go, and tell."""
        decision = self._preemptor.decide(attempt, found, promised)
        refusals = found.all_refusals
        message = refusal_message(refusals, decision.why, wants_devices=attempt.shape.wants_devices)
        if decision.candidate is not None:
            self._wake(self._waiting.behind(attempt.wish.key))
        outcome = await self._fail(pod, attempt.wish, message, plugins_of(refusals), nominated=decision.nominated)
        if decision.candidate is not None:
            await self._preemptor.carry_out(decision.candidate, pod, attempt.wish)
        return outcome

    # Volumes come before the Pod.

    async def _bind_volumes(self, pod: FrozenObject, wish: Wish, volumes: PodVolumes, node: NodeView) -> Outcome:
        """Set volumes aside or have them made, and come back when the claims are bound: no worker waits for that."""
        plan = volumes.plan(node)
        self._binding[wish.key] = _Binding(wish, plan, self._clock.now_s() + BIND_TIMEOUT_S)
        try:
            await self._reports.promise(pod, node.name)
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
            if pod is not None:
                return requeue_after(0)
            self._wake(self._drop(key))
            return DONE
        try:
            if not self._volumes.is_done(binding.plan, node):
                left_s = binding.until_s - self._clock.now_s()
                if left_s > 0:
                    return requeue_after(left_s)
                raise VolumeProblem("context deadline exceeded")
        except VolumeProblem as problem:
            self._give_up(key)
            message = f'running PreBind plugin "VolumeBinding": binding volumes: {problem}'
            return await self._fail(pod, wish, message, _NO_PLUGINS, nominated="")
        self._volumes.end(binding.plan)
        del self._binding[key]
        return await self._bind(pod, wish, node.name)

    def _give_up(self, key: str) -> None:
        binding = self._binding.pop(key)
        self._volumes.end(binding.plan)
        self._unplace(binding.wish)

    async def _bind(self, pod: FrozenObject, wish: Wish, node: str) -> Outcome:
        try:
            await self._client.bind(wish.namespace, wish.name, node, uid=wish.uid)
        except (NotFound, Conflict):
            self._unplace(wish)
            return DONE  # Deleted, replaced or bound by somebody else meanwhile; its events say what to do.
        except (Forbidden, Invalid, InternalError) as error:
            self._unplace(wish)
            return await self._fail(pod, wish, f'running Bind plugin "DefaultBinder": {error}', _NO_PLUGINS, nominated="")
        except BaseException:
            self._unplace(wish)
            raise
        self._wake(self._drop(wish.key))
        self._reports.scheduled(pod, wish, node)
        return DONE

    def _unplace(self, wish: Wish) -> None:
        """It does not go where it was to go: others may."""
        self._wake(self._helped_by(self._cluster.forget(wish)))

    def _wake(self, keys: Iterable[str]) -> None:
        assert self._queue is not None
        for key in keys:
            self._queue.add(key)

    async def _fail(self, pod: FrozenObject, wish: Wish, message: str, plugins: frozenset[str], *, nominated: str | None = None) -> Outcome:
        """Say so, and wait for better times; what no plugin refused is tried again when its back-off is over."""
        now_s = self._clock.now_s()
        if nominated is not None:
            self._cluster.nominate(wish, nominated)
        is_alone = bool(self._cluster.nomination(wish.key)) or _mounts_claims(pod)
        self._waiting.put(wish, plugins, now_s, is_alone=is_alone)
        await self._reports.failed(pod, message, UNSCHEDULABLE if plugins else ERROR, nominated)
        waiting = self._waiting.get(wish.key)
        if not plugins and waiting is not None:
            return requeue_after(waiting.again_s - now_s, background=False)
        return requeue_after(_FLUSH_S)

    def _drop(self, key: str) -> Iterable[str]:
        """The Pod is not for this scheduler to place any more; whom that wakes."""
        self._pending.pop(key, None)
        return self._waiting.leave(key)

    def _labels_of_namespace(self, name: str) -> Mapping[str, str]:
        namespace = self._client.get("namespaces", "", name)
        return labels_of(namespace) if namespace is not None else {}

    # What wakes whom.

    def _helped_by(self, news: News | None, priority_max: int | None = None) -> Iterable[str]:
        return self._waiting.helped_by(news, priority_max) if news is not None else ()

    def _keys_of_node(self, change: Change) -> Iterable[str]:
        return self._helped_by(self._cluster.see_node(change))

    def _keys_of_volume(self, change: Change) -> Iterable[str]:
        return (*self._volumes.see_volume(change), *self._helped_by(OtherNews.VOLUME))

    def _keys_of_claim(self, change: Change) -> Iterable[str]:
        """Of those who wait for anything, only they who mount the claim."""
        claim = key_for(change.namespace, change.name)
        waiting = ((key, self._waiting.get(key)) for key in self._volumes.mounting(claim))
        helped = [key for key, one in waiting if one is not None and one.plugins & {VOLUME_BINDING, VOLUME_RESTRICTIONS}]
        return (*self._volumes.woken_by(claim), *helped)

    def _keys_of_pod(self, change: Change) -> Iterable[str]:
        self._volumes.see_pod(change)
        fields = change.record.index.fields
        key = key_for(change.namespace, change.name)
        woken = self._helped_by(self._cluster.see_pod(change))
        if key in self._binding:
            return (key, *woken)
        if not change.is_present or fields.get("spec.nodeName"):
            return (*woken, *self._withdraw(key))
        if fields.get("spec.schedulerName") not in (SCHEDULER, "", None):
            return woken
        return (*woken, *self._take_in(key, change))

    def _withdraw(self, key: str) -> Iterable[str]:
        """The Pod is gone or has a node: whom it kept a node from may try."""
        instead = self._drop(key)
        wish = self._cluster.withdraw(key)
        return (*instead, *self._helped_by(PodNews(wish.shape, None), wish.shape.priority)) if wish is not None else instead

    def _take_in(self, key: str, change: Change) -> Iterable[str]:
        """A Pod without a node: new ones are tried, waiting ones when they changed in a way that may help."""
        pod = change.any
        if not _is_ours(pod):
            return ()
        wish = wish_of(pod)
        self._pending[key] = (resource_version_of(pod), wish)
        woken = self._renominated(wish, change)
        waiting = self._waiting.get(key)
        if waiting is None or waiting.wish.uid != wish.uid:
            return (key, *woken)
        if waiting.wish.shape is not wish.shape:
            self._waiting.update(wish)
            if may_help_itself(waiting.wish.shape, wish.shape, waiting.plugins):
                return (key, *woken)
        return woken

    def _renominated(self, wish: Wish, change: Change) -> Iterable[str]:
        """Somebody promised the Pod another node, or none."""
        former = change.former
        before = former.index.fields.get("status.nominatedNodeName", "") if former is not None else ""
        now = change.record.index.fields.get("status.nominatedNodeName", "")
        if before == now or self._cluster.placed(wish.key) is not None:
            return ()
        self._cluster.nominate(wish, now)
        return self._helped_by(PodNews(wish.shape, None), wish.shape.priority) if before else ()


def _is_ours(pod: FrozenObject) -> bool:
    """Whether it waits for this scheduler: no node yet, not going away, nothing holding it back."""
    spec = pod["spec"]
    if spec.get("nodeName") or is_deleting(pod) or spec.get("schedulingGates"):
        return False
    return bool(spec.get("schedulerName", SCHEDULER) == SCHEDULER)


def _mounts_claims(pod: FrozenObject) -> bool:
    return any("persistentVolumeClaim" in volume or "ephemeral" in volume for volume in pod["spec"].get("volumes") or ())
