"""Keeps as many live Pods as `spec.replicas` asks for; serves ReplicaSets, and ReplicationControllers through a `Flavour`.

Pods it owns and orphans it may adopt are found by index. What happens to the Pods of a deleted ReplicaSet is the garbage
collector's business.
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from orrery.controllers.engine.batching import Batching
from orrery.controllers.engine.controller import DONE, Outcome, key_for, key_of_object, requeue_after, split_key
from orrery.controllers.engine.informer import Change, Informer
from orrery.controllers.engine.ownership import (
    Claims,
    Orphans,
    controller_keys,
    is_controlled_by,
    is_up_for_adoption,
    new_controller_reference,
    plan_claim,
)
from orrery.controllers.pods import PodControl, is_active, is_terminating, new_pod, says_the_same
from orrery.controllers.replicaset.plan import Scale, plan_batches, plan_conditions, plan_scale, plan_status, tally
from orrery.machinery.clock import timestamp
from orrery.machinery.errors import ApiError
from orrery.machinery.objects import (
    FrozenObject,
    GroupResource,
    Object,
    controller_of,
    is_deleting,
    labels_of,
    name_of,
    namespace_of,
    uid_of,
)
from orrery.machinery.selectors import LabelSelector
from orrery.verbs.client import Client
from orrery.verbs.recorder import EventRecorder

_PAUSE_PER_POD_S: Final = 0.00005
"""After a look at a thousand Pods, which takes some milliseconds, fifty more pass until the next."""


@dataclass(frozen=True, slots=True)
class Flavour:
    """What differs between the two kinds that share this code."""

    name: str
    component: str
    bucket: GroupResource
    api_version: str
    kind: str
    selector: Callable[[FrozenObject], LabelSelector]
    counts_terminating: bool
    """Whether status.terminatingReplicas exists."""


REPLICASET: Final = Flavour(
    "replicaset-controller",
    "replicaset-controller",
    "replicasets.apps",
    "apps/v1",
    "ReplicaSet",
    lambda obj: LabelSelector.of(obj["spec"].get("selector")),
    counts_terminating=True,
)
REPLICATION_CONTROLLER: Final = Flavour(
    "replicationcontroller-controller",
    "replication-controller",
    "replicationcontrollers",
    "v1",
    "ReplicationController",
    lambda obj: LabelSelector.of({"matchLabels": obj["spec"].get("selector") or {}}),
    counts_terminating=False,
)


class ReplicaSetController:
    """One key is one ReplicaSet: claim its Pods, add or remove some, report what was seen."""

    def __init__(self, client: Client, recorder: EventRecorder, flavour: Flavour = REPLICASET) -> None:
        self._client = client
        self._clock = client.clock
        self._flavour = flavour
        self._pods = PodControl(client, recorder)
        self._claims = Claims(client, "pods")
        self._orphans = Orphans("pods")
        self._batching = Batching(client.clock, pause_per_pod_s=_PAUSE_PER_POD_S)
        self._reported: dict[str, Object] = {}
        """The status written last, by key."""

    @property
    def name(self) -> str:
        return self._flavour.name

    def watch(self, informer: Informer) -> None:
        # Every ReplicaSet is looked at from the start and finds its Pods by index: Pods need not be listed, only heard.
        informer.observe("pods", self._orphans.observe)
        informer.hear("pods", lambda change: self._batching.ready(self._keys_of_pod(change), informer.queue))
        informer.on(self._flavour.bucket, self._keys_of_own)

    async def reconcile(self, key: str) -> Outcome:
        replicaset = self._client.get(self._flavour.bucket, *split_key(key))
        if replicaset is None:
            self._batching.looked(key, 0)
            self._reported.pop(key, None)
            return DONE  # Deleted. Its Pods belong to the garbage collector now.

        active, terminating = await self._claim(replicaset)
        self._batching.looked(key, len(active) + len(terminating))
        failure: ApiError | None = None
        if not is_deleting(replicaset):
            try:
                await self._scale(replicaset, active)
            except ApiError as error:
                failure = error

        # Status tells what was seen before the change; the Pods that were made or removed wake us again.
        due_s = await self._report(replicaset, active, terminating=len(terminating), failure=failure)
        if failure is not None:
            raise failure
        return DONE if due_s is None else requeue_after(max(due_s - self._clock.now_s(), 0.001), background=False)

    async def _claim(self, replicaset: FrozenObject) -> tuple[Sequence[FrozenObject], Sequence[FrozenObject]]:
        """Its active Pods after adoption and release, and those that are still terminating."""
        matches = self._matcher(replicaset)
        pods = [pod for pod in self._client.owned_by("pods", uid_of(replicaset)) if is_controlled_by(pod, replicaset)]
        orphans = self._orphans.within(self._client, namespace_of(replicaset), self._flavour.selector(replicaset))
        claim = plan_claim(replicaset, (pod for pod in (*pods, *orphans) if is_active(pod)), matches)
        terminating = [pod for pod in pods if is_terminating(pod) and matches(pod)]
        return await self._claims.carry_out(claim, replicaset, self._reference(replicaset)), terminating

    def _matcher(self, replicaset: FrozenObject) -> Callable[[FrozenObject], bool]:
        selector = self._flavour.selector(replicaset)
        return lambda pod: selector.matches(labels_of(pod))

    def _reference(self, replicaset: FrozenObject) -> Object:
        return new_controller_reference(replicaset, api_version=self._flavour.api_version, kind=self._flavour.kind)

    async def _scale(self, replicaset: FrozenObject, active: Sequence[FrozenObject]) -> None:
        wanted = replicaset["spec"]["replicas"]
        related = self._related_pods(replicaset) if 0 < wanted < len(active) else ()
        plan = plan_scale(wanted, active, related, now_s=self._clock.now_s())
        if plan.create:
            await self._create(replicaset, plan.create)
        elif plan.delete:
            await self._delete(replicaset, plan)

    async def _create(self, replicaset: FrozenObject, count: int) -> None:
        reference = self._reference(replicaset)
        template = replicaset["spec"]["template"]
        for batch in plan_batches(count):
            pods = [new_pod(template, replicaset, reference) for _ in range(batch)]
            results = await asyncio.gather(*(self._pods.create(pod, replicaset) for pod in pods), return_exceptions=True)
            _raise_first(results)

    async def _delete(self, replicaset: FrozenObject, plan: Scale) -> None:
        _raise_first(await asyncio.gather(*(self._pods.delete(pod, replicaset) for pod in plan.delete), return_exceptions=True))

    def _related_pods(self, replicaset: FrozenObject) -> Sequence[FrozenObject]:
        """Pods of every ReplicaSet of the same controller: old and new ones share their nodes."""
        reference = controller_of(replicaset)
        if reference is None:
            return ()
        siblings = self._client.owned_by(self._flavour.bucket, reference["uid"])
        return [pod for sibling in siblings for pod in self._client.owned_by("pods", uid_of(sibling))]

    async def _report(
        self, replicaset: FrozenObject, active: Sequence[FrozenObject], *, terminating: int, failure: ApiError | None
    ) -> float | None:
        """Write the status if it differs; when the next Pod becomes available, if one is on its way."""
        spec = replicaset["spec"]
        counted = tally(active, spec["template"], min_ready_s=spec.get("minReadySeconds", 0), now_s=self._clock.now_s())
        conditions = plan_conditions(
            replicaset.get("status", {}).get("conditions") or (), self._failure_condition(failure, spec["replicas"] - len(active))
        )
        status = plan_status(
            replicaset, counted, terminating=terminating if self._flavour.counts_terminating else None, conditions=conditions
        )
        if status != replicaset.get("status"):
            await self._write_status(replicaset, status)
        return counted.next_available_s

    async def _write_status(self, replicaset: FrozenObject, status: Object) -> None:
        uid = uid_of(replicaset)
        if not status.get("conditions"):
            self._reported[key_of_object(replicaset)] = status  # A failure is tried again at once, as upstream does.

        def change(draft: Object) -> bool:
            if uid_of(draft) != uid or draft.get("status") == status:
                return False
            draft["status"] = status
            return True

        await self._client.change(self._flavour.bucket, namespace_of(replicaset), name_of(replicaset), change, subresource="status")

    def _failure_condition(self, failure: ApiError | None, missing: int) -> Object | None:
        if failure is None:
            return None
        return {
            "type": "ReplicaFailure",
            "status": "True",
            "lastTransitionTime": timestamp(self._clock.now_s()),
            "reason": "FailedCreate" if missing > 0 else "FailedDelete",
            "message": failure.message if missing > 0 else f"unable to delete pods: {failure.message}",
        }

    def _keys_of_own(self, change: Change) -> Iterable[str]:
        """Our own report is no news: what it tells of has woken us already."""
        key, new, old = key_of_object(change.any), change.new, change.old
        if new is not None and old is not None and new.get("status") == self._reported.get(key) and _is_status_only(new, old):
            return ()
        return (key,)

    def _keys_of_pod(self, change: Change) -> Iterable[str]:
        if change.is_controlled and not change.may_be_of(self._flavour.kind):
            return ()
        new, old = change.new, change.old
        if new is not None and old is not None and says_the_same(new, old):
            return ()
        keys = set(controller_keys(change, api_version=self._flavour.api_version, kind=self._flavour.kind))
        if is_up_for_adoption(change):
            keys.update(self._matching(change.any))
        return sorted(keys)

    def _matching(self, pod: FrozenObject) -> Iterable[str]:
        namespace = namespace_of(pod)
        for replicaset in self._client.list(self._flavour.bucket, namespace):
            if self._matcher(replicaset)(pod):
                yield key_for(namespace, name_of(replicaset))


def _is_status_only(new: FrozenObject, old: FrozenObject) -> bool:
    return {**new["metadata"], "resourceVersion": ""} == {**old["metadata"], "resourceVersion": ""} and new["spec"] == old["spec"]


def _raise_first(results: Sequence[object]) -> None:
    """Of several failures at once the first one is told; upstream reports one, too."""
    for result in results:
        if isinstance(result, BaseException):
            raise result


def new_replicaset_controller(client: Client, recorder: EventRecorder) -> ReplicaSetController:
    """The controller of ReplicaSets; its client and recorder speak as `replicaset-controller`."""
    return ReplicaSetController(client, recorder)


def new_replication_controller(client: Client, recorder: EventRecorder) -> ReplicaSetController:
    """The controller of ReplicationControllers; its recorder speaks as `replication-controller`."""
    return ReplicaSetController(client, recorder, REPLICATION_CONTROLLER)
