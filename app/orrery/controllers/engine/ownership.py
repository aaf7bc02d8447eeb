"""Who controls what: owner references made, read, taken on and given up, upstream's controller_ref_manager.

Every controller that makes dependents (Pods of a ReplicaSet, ReplicaSets of a Deployment) uses the same three rules: what carries
its controllerRef and matches its selector is its own; what carries it and no longer matches is released; what matches and has no
controller is adopted, unless either side is being deleted.

`Orphans` keeps the names of objects without a controller, so that looking for something to adopt costs nothing when there is none.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from orrery.controllers.engine.controller import key_for
from orrery.controllers.engine.informer import Change
from orrery.machinery.errors import Invalid, NotFound
from orrery.machinery.objects import (
    FrozenObject,
    GroupResource,
    Object,
    controller_of,
    is_deleting,
    labels_of,
    name_of,
    namespace_of,
    owner_references_of,
    uid_of,
)
from orrery.machinery.selectors import LabelSelector
from orrery.verbs.client import Client


def new_controller_reference(owner: FrozenObject, *, api_version: str, kind: str) -> Object:
    """The owner reference a controller puts on what it makes; `owner` may lack apiVersion and kind."""
    return {
        "apiVersion": api_version,
        "kind": kind,
        "name": name_of(owner),
        "uid": uid_of(owner),
        "controller": True,
        "blockOwnerDeletion": True,
    }


def is_controlled_by(obj: FrozenObject, owner: FrozenObject) -> bool:
    reference = controller_of(obj)
    return reference is not None and reference["uid"] == uid_of(owner)


def controller_keys(change: Change, *, api_version: str, kind: str) -> Iterable[str]:
    """Keys of the owners of that kind that control the object now, or did before this change."""
    new, old = change.new, change.old
    now = _controller_key(new, api_version, kind) if new is not None else None
    before = _controller_key(old, api_version, kind) if old is not None else None
    if now is not None:
        yield now
    if before is not None and before != now:
        yield before


def is_up_for_adoption(change: Change) -> bool:
    """Whether an object that nobody controls is new so, or has other labels than before: then somebody may want it."""
    new, old = change.new, change.old
    if new is None or change.is_controlled or is_deleting(new):
        return False
    return old is None or controller_of(old) is not None or labels_of(old) != labels_of(new)


def _controller_key(obj: FrozenObject, api_version: str, kind: str) -> str | None:
    reference = controller_of(obj)
    if reference is None or reference["kind"] != kind:
        return None
    # Any version of the group will do, as upstream compares group and kind.
    if reference["apiVersion"].rpartition("/")[0] != api_version.rpartition("/")[0]:
        return None
    return key_for(namespace_of(obj), reference["name"])


class Orphans:
    """Names of the live objects of one bucket that nobody controls, by namespace and label; fed by `Informer.observe`."""

    def __init__(self, bucket: GroupResource) -> None:
        self.bucket = bucket
        self._labels: dict[str, dict[str, Mapping[str, str]]] = {}
        self._labelled: dict[tuple[str, str, str], set[str]] = {}

    def observe(self, change: Change) -> None:
        _, namespace, name = change.key.split("/", 2)
        known = self._labels.get(namespace)
        if known is not None and name in known:
            self._forget(namespace, name, known.pop(name))
            if not known:
                del self._labels[namespace]
        if change.is_present and not change.is_controlled:
            labels = change.record.index.labels
            self._labels.setdefault(namespace, {})[name] = labels
            for key, value in labels.items():
                self._labelled.setdefault((namespace, key, value), set()).add(name)

    def _forget(self, namespace: str, name: str, labels: Mapping[str, str]) -> None:
        for key, value in labels.items():
            names = self._labelled[namespace, key, value]
            names.discard(name)
            if not names:
                del self._labelled[namespace, key, value]

    def within(self, client: Client, namespace: str, selector: LabelSelector) -> Sequence[FrozenObject]:
        """The orphans of one namespace that the selector may select, by name; looked up by the label that fewest carry."""
        if namespace not in self._labels:
            return ()
        names: Collection[str] = self._labels[namespace]
        for key, value in selector.equalities.items():
            names = min(names, self._labelled.get((namespace, key, value), ()), key=len)
        found = (client.get(self.bucket, namespace, name) for name in sorted(names))
        return [obj for obj in found if obj is not None]


@dataclass(frozen=True, slots=True)
class Claim:
    """What to do about dependents: keep these, adopt those, give up the others."""

    owned: Sequence[FrozenObject]
    adopt: Sequence[FrozenObject]
    release: Sequence[FrozenObject]


def plan_claim(owner: FrozenObject, candidates: Iterable[FrozenObject], matches: Callable[[FrozenObject], bool]) -> Claim:
    """Sort candidates (what `owner` controls, and orphans) into owned, to adopt and to release.

    An owner that is being deleted keeps what it has and changes nothing; nobody adopts what is being deleted.
    """
    owned, adopt, release = [], [], []
    deleting = is_deleting(owner)
    for obj in candidates:
        reference = controller_of(obj)
        if reference is None:
            if not deleting and not is_deleting(obj) and matches(obj):
                adopt.append(obj)
        elif reference["uid"] == uid_of(owner):
            if matches(obj):
                owned.append(obj)
            elif not deleting:
                release.append(obj)
    return Claim(owned, adopt, release)


class Claims:
    """Carries a `Claim` out through the client. A `finalizer` is put on what is adopted and taken off what is released."""

    def __init__(self, client: Client, bucket: GroupResource, *, finalizer: str = "") -> None:
        self._client = client
        self._bucket = bucket
        self._finalizer = finalizer

    async def carry_out(self, claim: Claim, owner: FrozenObject, reference: Object) -> Sequence[FrozenObject]:
        """Adopt and release as planned; the objects that are the owner's now, as they are now."""
        for obj in claim.release:
            await self._release(obj, uid_of(owner))
        adopted = [taken for obj in claim.adopt if (taken := await self._adopt(obj, reference)) is not None]
        return [*claim.owned, *adopted] if adopted else claim.owned

    async def _adopt(self, obj: FrozenObject, reference: Object) -> FrozenObject | None:
        uid = uid_of(obj)

        def adopt(draft: Object) -> bool:
            if uid_of(draft) != uid or controller_of(draft) is not None or is_deleting(draft):
                return False  # Somebody was quicker: not ours then.
            kept = [other for other in owner_references_of(draft) if other["uid"] != reference["uid"]]
            draft["metadata"]["ownerReferences"] = [*kept, dict(reference)]
            if self._finalizer:
                others = [name for name in draft["metadata"].get("finalizers") or () if name != self._finalizer]
                draft["metadata"]["finalizers"] = [*others, self._finalizer]
            return True

        taken = await self._client.change(self._bucket, namespace_of(obj), name_of(obj), adopt)
        if taken is None or uid_of(taken) != uid:
            return None
        now = controller_of(taken)
        return taken if now is not None and now["uid"] == reference["uid"] else None

    async def _release(self, obj: FrozenObject, owner_uid: str) -> None:
        uid = uid_of(obj)

        def release(draft: Object) -> bool:
            if uid_of(draft) != uid:
                return False
            kept = [other for other in owner_references_of(draft) if other["uid"] != owner_uid]
            if len(kept) == len(owner_references_of(draft)):
                return False
            draft["metadata"]["ownerReferences"] = kept
            if self._finalizer:
                draft["metadata"]["finalizers"] = [name for name in draft["metadata"].get("finalizers") or () if name != self._finalizer]
            return True

        try:
            await self._client.change(self._bucket, namespace_of(obj), name_of(obj), release)
        except (NotFound, Invalid):
            return  # Gone, or replaced by a namesake: nothing to give up, as upstream holds it.
