"""The ControllerRevisions of one owner: found by index, adopted and released, numbered, made, forgotten.

Upstream adopts revisions by the owner's selector like any dependent. An owner that is being deleted gets no new revision.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from orrery.controllers.deployment.template import template_hash
from orrery.controllers.engine.ownership import Claims, Orphans, is_controlled_by, new_controller_reference, plan_claim
from orrery.controllers.revisions.snapshot import in_order, number_of, revision_name, snapshot_hash, snapshot_of
from orrery.machinery.errors import AlreadyExists, NotFound
from orrery.machinery.objects import FrozenObject, Object, annotations_of, labels_of, name_of, namespace_of, uid_of
from orrery.machinery.selectors import LabelSelector
from orrery.verbs.client import Client

BUCKET: Final = "controllerrevisions.apps"


@dataclass(frozen=True, slots=True)
class Flavour:
    """What differs between the two kinds that keep a history."""

    kind: str
    label: str
    """The label of a revision that holds its hash."""
    hash_of: Callable[[FrozenObject, int | None], str]


STATEFULSETS: Final = Flavour("StatefulSet", "controller.kubernetes.io/hash", snapshot_hash)
DAEMONSETS: Final = Flavour("DaemonSet", "controller-revision-hash", template_hash)


class History:
    """Reads and writes the revisions of one kind of owner."""

    def __init__(self, client: Client, flavour: Flavour, orphans: Orphans) -> None:
        self._client = client
        self._flavour = flavour
        self._orphans = orphans
        self._claims = Claims(client, BUCKET)

    async def claim(self, owner: FrozenObject) -> list[FrozenObject]:
        """The owner's revisions after adoption and release, oldest first."""
        selector = LabelSelector.of(owner["spec"].get("selector"))
        owned = [one for one in self._client.owned_by(BUCKET, uid_of(owner)) if is_controlled_by(one, owner)]
        orphans = self._orphans.within(self._client, namespace_of(owner), selector)
        claim = plan_claim(owner, (*owned, *orphans), lambda one: selector.matches(labels_of(one)))
        return in_order(await self._claims.carry_out(claim, owner, self._reference(owner)))

    async def create(self, owner: FrozenObject, number: int, collisions: int | None) -> FrozenObject | None:
        """Make the revision of the owner's present template; one that was made already is as good. None: another template has its name."""
        revision = self._new(owner, number, collisions)
        try:
            return await self._client.create(BUCKET, revision)
        except AlreadyExists:
            existing = self._client.get(BUCKET, namespace_of(owner), name_of(revision))
            return existing if existing is not None and existing.get("data") == revision["data"] else None

    async def renumber(self, revision: FrozenObject, number: int) -> FrozenObject:
        """Give the revision that number. NotFound when it is gone."""

        def change(draft: Object) -> bool:
            if number_of(draft) == number:
                return False
            draft["revision"] = number
            return True

        changed = await self._client.change(BUCKET, namespace_of(revision), name_of(revision), change)
        if changed is None:
            raise NotFound(BUCKET, name_of(revision))
        return changed

    async def forget(self, revisions: Sequence[FrozenObject]) -> None:
        """Delete them; those that are gone already are well."""
        for revision in revisions:
            try:
                await self._client.delete(BUCKET, namespace_of(revision), name_of(revision), uid=uid_of(revision))
            except NotFound:
                continue

    def _reference(self, owner: FrozenObject) -> Object:
        return new_controller_reference(owner, api_version="apps/v1", kind=self._flavour.kind)

    def _new(self, owner: FrozenObject, number: int, collisions: int | None) -> Object:
        template = owner["spec"]["template"]
        hashed = self._flavour.hash_of(template, collisions)
        metadata: Object = {
            "name": revision_name(name_of(owner), hashed),
            "namespace": namespace_of(owner),
            "labels": {**((template.get("metadata") or {}).get("labels") or {}), self._flavour.label: hashed},
            "ownerReferences": [self._reference(owner)],
        }
        if annotations := annotations_of(owner):
            metadata["annotations"] = dict(annotations)
        data = snapshot_of(template)
        return {"apiVersion": "apps/v1", "kind": "ControllerRevision", "metadata": metadata, "data": data, "revision": number}
