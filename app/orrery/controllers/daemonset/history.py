"""The revisions of a DaemonSet: which one is the present, and which ones are old. Upstream: constructHistory and cleanupHistory."""

from collections.abc import Sequence
from dataclasses import dataclass

from orrery.controllers.daemonset.plan import HASH_LABEL
from orrery.controllers.engine.ownership import Orphans
from orrery.controllers.revisions import DAEMONSETS, History
from orrery.controllers.revisions.snapshot import number_of, plan_present, plan_truncation
from orrery.machinery.objects import FrozenObject, Object, labels_of, name_of, namespace_of, uid_of
from orrery.verbs.client import Client


@dataclass(frozen=True, slots=True)
class Revisions:
    """Where a DaemonSet stands in its history."""

    present: FrozenObject
    old: Sequence[FrozenObject]

    @property
    def hashed(self) -> str:
        return labels_of(self.present).get(HASH_LABEL, "")


class DaemonHistory:
    """Keeps the revisions of DaemonSets."""

    def __init__(self, client: Client, orphans: Orphans) -> None:
        self._client = client
        self._history = History(client, DAEMONSETS, orphans)

    async def of(self, daemonset: FrozenObject, pods: Sequence[FrozenObject]) -> Revisions | None:
        """Its history with the present template in it; None after a hash collision, which is counted in its status."""
        history = [await self._labelled(one) for one in await self._history.claim(daemonset)]
        planned = plan_present(daemonset["spec"]["template"], history)
        if not planned.known:
            revision = await self._history.create(daemonset, planned.number, (daemonset.get("status") or {}).get("collisionCount"))
            if revision is None:
                await self._count_collision(daemonset)
                return None
            return Revisions(revision, planned.old)
        present = planned.known[-1]
        if len(planned.known) > 1:
            await self._merge(present, planned.known[:-1], pods)
        if number_of(present) < planned.number:
            present = await self._history.renumber(present, planned.number)
        return Revisions(present, planned.old)

    async def truncate(self, daemonset: FrozenObject, revisions: Revisions, pods: Sequence[FrozenObject]) -> None:
        """Forget the oldest revisions beyond the limit that no Pod is of."""
        live = {labels_of(pod).get(HASH_LABEL, "") for pod in pods}
        limit = int(daemonset["spec"].get("revisionHistoryLimit", 10))
        surplus = plan_truncation(revisions.old, lambda one: labels_of(one).get(HASH_LABEL) in live, limit, counts_live=True)
        await self._history.forget(surplus)

    async def _labelled(self, revision: FrozenObject) -> FrozenObject:
        """With a hash label; one that came from elsewhere gets its name."""
        if HASH_LABEL in labels_of(revision):
            return revision

        def change(draft: Object) -> bool:
            draft["metadata"].setdefault("labels", {})[HASH_LABEL] = name_of(draft)
            return True

        labelled = await self._client.change("controllerrevisions.apps", namespace_of(revision), name_of(revision), change)
        return labelled if labelled is not None else revision

    async def _merge(self, kept: FrozenObject, doubles: Sequence[FrozenObject], pods: Sequence[FrozenObject]) -> None:
        """Of several revisions with one template the newest stays, and Pods say that they are of it."""
        hashed = labels_of(kept)[HASH_LABEL]
        hashes = {labels_of(one)[HASH_LABEL] for one in doubles}
        for pod in pods:
            if labels_of(pod).get(HASH_LABEL) in hashes:
                await self._client.patch("pods", namespace_of(pod), name_of(pod), {"metadata": {"labels": {HASH_LABEL: hashed}}})
        await self._history.forget(doubles)

    async def _count_collision(self, daemonset: FrozenObject) -> None:
        uid = uid_of(daemonset)

        def change(draft: Object) -> bool:
            if uid_of(draft) != uid:
                return False
            status = draft.setdefault("status", {})
            status["collisionCount"] = status.get("collisionCount", 0) + 1
            return True

        await self._client.change("daemonsets.apps", namespace_of(daemonset), name_of(daemonset), change, subresource="status")
