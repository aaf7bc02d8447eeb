"""What becomes of an object with owners, and of an owner that waits for its dependents. Follows upstream's garbagecollector.

Upstream keeps a graph of all objects; here the store's index of owner UIDs is the graph.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final, Literal

from orrery.machinery.objects import FrozenObject, Object, is_deleting

ORPHAN: Final = "orphan"
FOREGROUND: Final = "foregroundDeletion"


class OwnerState(Enum):
    """What an owner reference points to."""

    SOLID = "solid"
    """A live owner that is to stay."""
    DANGLING = "dangling"
    """Nothing with that UID: the owner is gone, or another object has its name."""
    WAITING = "waiting"
    """An owner in foreground deletion: it goes when its dependents are gone."""


@dataclass(frozen=True, slots=True)
class Keep:
    """Leave the object alone, but for references that point to nothing."""

    drop: Sequence[str] = ()
    """UIDs of references to take away."""


@dataclass(frozen=True, slots=True)
class Delete:
    """Delete the object with that propagation."""

    propagation: Literal["Background", "Foreground", "Orphan"]


def finalizers_of(obj: FrozenObject) -> Sequence[str]:
    return obj["metadata"].get("finalizers") or ()


def is_waiting(obj: FrozenObject, finalizer: str) -> bool:
    """Whether a deletion stands still until `finalizer` has done its part."""
    return is_deleting(obj) and finalizer in finalizers_of(obj)


def plan_dependent(obj: FrozenObject, owners: Sequence[tuple[Object, OwnerState]], *, has_dependents: bool) -> Keep | Delete:
    """Decide about an object from the states of its owners.

    One solid owner keeps it. Owners that wait make it go in the foreground when it has dependents of its own, so that the chain
    is taken down from its end; else it goes by the propagation its own finalizers ask for.
    """
    gone = [reference["uid"] for reference, state in owners if state is not OwnerState.SOLID]
    if len(gone) < len(owners):
        return Keep(drop=gone)
    if has_dependents and any(state is OwnerState.WAITING for _, state in owners):
        return Delete("Foreground")
    if ORPHAN in finalizers_of(obj):
        return Delete("Orphan")
    return Delete("Foreground" if FOREGROUND in finalizers_of(obj) else "Background")


def blocking(dependents: Sequence[FrozenObject], owner_uid: str) -> list[FrozenObject]:
    """The dependents that hold up their owner's foreground deletion."""
    return [
        dependent
        for dependent in dependents
        if any(
            reference["uid"] == owner_uid and reference.get("blockOwnerDeletion")
            for reference in dependent["metadata"].get("ownerReferences") or ()
        )
    ]
