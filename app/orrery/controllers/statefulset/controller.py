"""Keeps the Pods of a StatefulSet in their row: claims them, carries out the plan round by round, reports, forgets old revisions.

Upstream's sync and UpdateStatefulSet. One reconcile takes the steps that are possible now; the Pods' own events bring the next one.
The Pods and claims of a deleted StatefulSet are the garbage collector's business.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from orrery.controllers.engine.controller import DONE, Outcome, key_for, key_of_object, requeue_after, split_key
from orrery.controllers.engine.informer import Change, Informer
from orrery.controllers.engine.ownership import Claims, Orphans, controller_keys, is_controlled_by, is_up_for_adoption, plan_claim
from orrery.controllers.pods import says_the_same
from orrery.controllers.replicaset.plan import plan_batches
from orrery.controllers.revisions import STATEFULSETS, History
from orrery.controllers.revisions.history import BUCKET as REVISIONS
from orrery.controllers.revisions.snapshot import plan_present, plan_truncation
from orrery.controllers.statefulset.identity import is_member, parent_and_ordinal, reference_to, revision_of
from orrery.controllers.statefulset.members import CLAIMS, Members
from orrery.controllers.statefulset.plan import (
    Act,
    Round,
    Row,
    Step,
    next_available_s,
    plan_condemned,
    plan_replicas,
    plan_status,
    plan_update,
    row_of,
)
from orrery.machinery.errors import ApiError
from orrery.machinery.objects import (
    FrozenObject,
    Object,
    is_deleting,
    labels_of,
    name_of,
    namespace_of,
    owner_references_of,
    uid_of,
)
from orrery.machinery.selectors import LabelSelector
from orrery.verbs.client import Client
from orrery.verbs.recorder import EventRecorder

BUCKET: Final = "statefulsets.apps"
_REPORTED: Final = (
    "replicas",
    "readyReplicas",
    "availableReplicas",
    "currentReplicas",
    "updatedReplicas",
    "currentRevision",
    "updateRevision",
)


@dataclass(frozen=True, slots=True)
class Revisions:
    """The history of a StatefulSet, and where it stands in it."""

    all: Sequence[FrozenObject]
    current: FrozenObject
    update: FrozenObject
    collisions: int


class StatefulSetController:
    """One key is one StatefulSet."""

    def __init__(self, client: Client, recorder: EventRecorder) -> None:
        self._client = client
        self._clock = client.clock
        self._members = Members(client, recorder)
        self._claims = Claims(client, "pods")
        self._orphans = Orphans("pods")
        self._orphan_revisions = Orphans(REVISIONS)
        self._history = History(client, STATEFULSETS, self._orphan_revisions)

    @property
    def name(self) -> str:
        return "statefulset-controller"

    def watch(self, informer: Informer) -> None:
        informer.observe("pods", self._orphans.observe)
        informer.observe(REVISIONS, self._orphan_revisions.observe)
        informer.hear("pods", self._keys_of_pod)
        informer.hear(CLAIMS, self._keys_of_claim)
        informer.on(BUCKET, lambda change: (key_of_object(change.any),))

    async def reconcile(self, key: str) -> Outcome:
        statefulset = self._client.get(BUCKET, *split_key(key))
        if statefulset is None:
            return DONE  # Deleted. What it had belongs to the garbage collector now.
        revisions = await self._revisions(statefulset)
        if revisions is None:
            return DONE  # On its way out, and its history is gone: nothing can be said about its Pods any more.

        pods = await self._claim(statefulset)
        row = row_of(statefulset, pods, current=revisions.current, update=revisions.update, now_s=self._clock.now_s())
        replaced, failure = 0, None
        if not is_deleting(statefulset):
            try:
                replaced = await self._act(row)
            except ApiError as error:
                failure = error
        await self._report(row, plan_status(row, collisions=revisions.collisions, replaced=replaced))
        await self._truncate(row, revisions, pods)
        if failure is not None:
            raise failure
        due_s = next_available_s(row)
        return DONE if due_s is None else requeue_after(max(due_s - self._clock.now_s(), 0.001), background=False)

    # Revisions.

    async def _revisions(self, statefulset: FrozenObject) -> Revisions | None:
        """Its history with the present template in it; None for one that is being deleted and has none."""
        history = await self._history.claim(statefulset)
        status = statefulset.get("status") or {}
        collisions = int(status.get("collisionCount") or 0)
        present = plan_present(statefulset["spec"]["template"], history)
        update = present.known[-1] if present.known else None
        if update is None:
            if is_deleting(statefulset):
                return None
            update, collisions = await self._new_revision(statefulset, present.number, collisions)
        elif update["revision"] < present.number:
            update = await self._history.renumber(update, present.number)
        current = next((one for one in history if name_of(one) == status.get("currentRevision")), update)
        return Revisions(history, current, update, collisions)

    async def _new_revision(self, statefulset: FrozenObject, number: int, collisions: int) -> tuple[FrozenObject, int]:
        """The revision, and how many names have been taken by other templates so far."""
        while True:
            revision = await self._history.create(statefulset, number, collisions)
            if revision is not None:
                return revision, collisions
            collisions += 1

    async def _truncate(self, row: Row, revisions: Revisions, pods: Sequence[FrozenObject]) -> None:
        live = {name_of(revisions.current), name_of(revisions.update), *map(revision_of, pods)}
        limit = int(row.statefulset["spec"].get("revisionHistoryLimit", 10))
        surplus = plan_truncation(revisions.all, lambda one: name_of(one) in live, limit, counts_live=False)
        await self._history.forget(surplus)

    # Pods.

    async def _claim(self, statefulset: FrozenObject) -> Sequence[FrozenObject]:
        selector = LabelSelector.of(statefulset["spec"].get("selector"))
        owned = [pod for pod in self._client.owned_by("pods", uid_of(statefulset)) if is_controlled_by(pod, statefulset)]
        orphans = self._orphans.within(self._client, namespace_of(statefulset), selector)
        claim = plan_claim(statefulset, (*owned, *orphans), lambda pod: is_member(pod, statefulset) and selector.matches(labels_of(pod)))
        return await self._claims.carry_out(claim, statefulset, reference_to(statefulset))

    async def _act(self, row: Row) -> int:
        """Take the steps that are possible now; how many Pods were taken away for the update."""
        if await self._go(row, plan_replicas(row)):
            return 0
        for pod in row.condemned:
            await self._members.own_claims(row.statefulset, pod)
        if await self._go(row, plan_condemned(row)):
            return 0
        outdated = plan_update(row)
        if outdated is None:
            return 0
        await self._members.delete(row.statefulset, outdated)
        return 1

    async def _go(self, row: Row, round_: Round) -> bool:
        """Carry a round out; whether it is the last of this reconcile."""
        steps = [step for step in round_.steps if step.act is not Act.KEEP or not self._members.is_well(row.statefulset, step.pod)]
        if row.is_ordered:
            for step in steps:
                await self._take(row, step)
            return round_.is_last
        done = 0
        for size in plan_batches(len(steps)):
            batch = steps[done : done + size]
            done += size
            results = await asyncio.gather(*(self._take(row, step) for step in batch), return_exceptions=True)
            for result in results:
                if isinstance(result, BaseException):
                    raise result
        return round_.is_last

    def _take(self, row: Row, step: Step) -> Awaitable[None]:
        members = self._members
        acts: dict[Act, Callable[[FrozenObject, FrozenObject], Awaitable[None]]] = {
            Act.CREATE: members.create,
            Act.DELETE: members.delete,
            Act.CLAIM: members.add_claims,
            Act.KEEP: members.keep,
        }
        return acts[step.act](row.statefulset, step.pod)

    async def _report(self, row: Row, status: Object) -> None:
        """Write the status if upstream would: when a count, a revision or the generation has changed."""
        statefulset = row.statefulset
        told = statefulset.get("status") or {}
        if all(told.get(field, 0) == status.get(field, 0) for field in _REPORTED) and (
            status["observedGeneration"] <= told.get("observedGeneration", 0)
        ):
            return
        uid = uid_of(statefulset)

        def change(draft: Object) -> bool:
            if uid_of(draft) != uid:
                return False
            draft["status"] = status
            return True

        await self._client.change(BUCKET, namespace_of(statefulset), name_of(statefulset), change, subresource="status")

    # What wakes whom.

    def _keys_of_pod(self, change: Change) -> Iterable[str]:
        if change.is_controlled and not change.may_be_of("StatefulSet"):
            return ()
        new, old = change.new, change.old
        if new is not None and old is not None and says_the_same(new, old) and new.get("status", {}).get("phase") != "Pending":
            return ()
        keys = set(controller_keys(change, api_version="apps/v1", kind="StatefulSet"))
        if is_up_for_adoption(change):
            keys.update(self._matching(change.any))
        return sorted(keys)

    def _matching(self, pod: FrozenObject) -> Iterable[str]:
        """Only the StatefulSet in the orphan's name may want it."""
        namespace = namespace_of(pod)
        parent, _ = parent_and_ordinal(name_of(pod))
        statefulset = self._client.get(BUCKET, namespace, parent) if parent else None
        if statefulset is not None and LabelSelector.of(statefulset["spec"].get("selector")).matches(labels_of(pod)):
            yield key_for(namespace, parent)

    def _keys_of_claim(self, change: Change) -> Iterable[str]:
        """A Pod may be waiting for a claim of its name to be gone."""
        # DIFFERS: upstream does not watch claims and waits for the next event of a Pod; we go on when the claim is gone.
        if change.is_present or not change.owners:
            return
        for reference in owner_references_of(change.any):
            parent, _ = parent_and_ordinal(reference["name"])
            if reference["kind"] == "Pod" and parent:
                yield key_for(change.namespace, parent)
