"""Which volume suits which claim: pure rules that binder and scheduler share.

Follows `FindMatchingVolume` of component-helpers, `checkVolumeSatisfyClaim` and the order of access modes in the binder's index.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

from orrery.controllers.volumes.annotations import BIND_COMPLETED, CLASS, CLASSES, DEFAULT_CLASS, SELECTED_NODE
from orrery.machinery.clock import parse_timestamp
from orrery.machinery.objects import FrozenObject, annotations_of, is_deleting, labels_of, name_of, namespace_of, uid_of
from orrery.machinery.quantities import parse
from orrery.machinery.selectors import LabelSelector
from orrery.verbs.client import Client

Fits = Callable[[FrozenObject], bool]
"""Whether a volume can be reached from the node that is looked at."""


def class_of(obj: FrozenObject) -> str:
    """The class of a claim or a volume, from the old annotation or the field; empty for none."""
    named = annotations_of(obj).get(CLASS)
    return str(named if named is not None else obj["spec"].get("storageClassName") or "")


def has_class(claim: FrozenObject) -> bool:
    """Whether the claim says anything about its class, be it that it wants none."""
    return CLASS in annotations_of(claim) or claim["spec"].get("storageClassName") is not None


def delays_binding(claim: FrozenObject, client: Client) -> bool:
    """Whether its class waits for the first Pod that uses the claim."""
    name = class_of(claim)
    found = client.get(CLASSES, "", name) if name else None
    return found is not None and found.get("volumeBindingMode") == "WaitForFirstConsumer"


def default_class(client: Client) -> FrozenObject | None:
    """The newest class that is marked as the default; a cluster has a handful of classes."""
    marked = [one for one in client.list(CLASSES) if any(annotations_of(one).get(mark) == "true" for mark in DEFAULT_CLASS)]
    marked.sort(key=lambda one: (-parse_timestamp(one["metadata"]["creationTimestamp"]), name_of(one)))
    return marked[0] if marked else None


def is_fully_bound(claim: FrozenObject) -> bool:
    return bool(claim["spec"].get("volumeName")) and BIND_COMPLETED in annotations_of(claim)


def is_promised(volume: FrozenObject, claim: FrozenObject) -> bool:
    """Whether the volume is bound to the claim, or set aside for a claim of that name."""
    reference = volume["spec"].get("claimRef")
    if not reference or reference.get("name") != name_of(claim) or reference.get("namespace") != namespace_of(claim):
        return False
    return reference.get("uid", "") in ("", uid_of(claim))


def has_selected_node(claim: FrozenObject) -> bool:
    return SELECTED_NODE in annotations_of(claim)


def request_of(claim: FrozenObject) -> str:
    """The size that is asked for, as written."""
    return str(((claim["spec"].get("resources") or {}).get("requests") or {}).get("storage", "0"))


def capacity_of(volume: FrozenObject) -> str:
    return str((volume["spec"].get("capacity") or {}).get("storage", "0"))


def find_match(
    claim: FrozenObject,
    volumes: Iterable[FrozenObject],
    *,
    fits: Fits | None = None,
    excluded: Collection[str] = (),
    only_promised: bool = False,
) -> FrozenObject | None:
    """The volume set aside for the claim, else the smallest that suits; without a node, of those that can do the least.

    `fits` looks from a node; `only_promised` leaves the choice to whoever knows the node.

    Claims of 1Gi and volumes of 5Gi and 2Gi: the one of 2Gi. Of two equal ones the first.
    """
    best: FrozenObject | None = None
    best_rank: tuple[int, int, int] = (0, 0, 0)
    wanted, selector = _Wanted.of(claim), claim["spec"].get("selector")
    parsed = LabelSelector.of(selector) if selector is not None else None
    for volume in volumes:
        if name_of(volume) in excluded or not wanted.suits(volume):
            continue
        is_kept = is_promised(volume, claim)
        if is_kept and fits is not None:
            return volume if fits(volume) else None
        if not is_kept:
            if only_promised or not _is_free(volume) or class_of(volume) != wanted.storage_class:
                continue
            if (parsed is not None and not parsed.matches(labels_of(volume))) or (fits is not None and not fits(volume)):
                continue
        # The scheduler looks at all modes at once; the binder goes from volumes that can do no more than is asked to those that can.
        modes = len(volume["spec"].get("accessModes") or ()) if fits is None else 0
        rank = (modes, 0 if is_kept else 1, parse(capacity_of(volume)).nano)
        if best is None or rank < best_rank:
            best, best_rank = volume, rank
    return best


def _is_free(volume: FrozenObject) -> bool:
    return not volume["spec"].get("claimRef") and (volume.get("status") or {}).get("phase") == "Available"


class _Wanted:
    """What a claim asks of any volume, one set aside for it included."""

    __slots__ = ("attributes", "mode", "modes", "nano", "storage_class")

    def __init__(self, spec: Mapping[str, Any], storage_class: str) -> None:
        self.nano = parse(str(((spec.get("resources") or {}).get("requests") or {}).get("storage", "0"))).nano
        self.modes = frozenset(spec.get("accessModes") or ())
        self.mode = spec.get("volumeMode") or "Filesystem"
        self.attributes = spec.get("volumeAttributesClassName") or ""
        self.storage_class = storage_class

    @classmethod
    def of(cls, claim: FrozenObject) -> "_Wanted":
        return cls(claim["spec"], class_of(claim))

    def suits(self, volume: FrozenObject) -> bool:
        spec = volume["spec"]
        return (
            parse(capacity_of(volume)).nano >= self.nano
            and (spec.get("volumeMode") or "Filesystem") == self.mode
            and (spec.get("volumeAttributesClassName") or "") == self.attributes
            and not is_deleting(volume)
            and self.modes.issubset(spec.get("accessModes") or ())
        )


def mismatch(volume: FrozenObject, claim: FrozenObject) -> str:
    """Why a volume that the claim asks for by name does not suit it; empty when it does. The words are upstream's."""
    wanted, spec = _Wanted.of(claim), volume["spec"]
    checks = (
        (is_deleting(volume), f'the volume is marked for deletion "{name_of(volume)}"'),
        (parse(capacity_of(volume)).value < parse(request_of(claim)).value, "requested PV is too small"),
        (class_of(volume) != wanted.storage_class, "storageClassName does not match"),
        ((spec.get("volumeAttributesClassName") or "") != wanted.attributes, "volumeAttributesClassName does not match"),
        ((spec.get("volumeMode") or "Filesystem") != wanted.mode, "incompatible volumeMode"),
        (not wanted.modes.issubset(spec.get("accessModes") or ()), "incompatible accessMode"),
    )
    return next((why for is_wrong, why in checks if is_wrong), "")


def has_other_mode(volume: FrozenObject, claim: FrozenObject) -> bool:
    """Whether one is a block device and the other a file system."""
    return (volume["spec"].get("volumeMode") or "Filesystem") != (claim["spec"].get("volumeMode") or "Filesystem")
