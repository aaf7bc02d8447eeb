"""What becomes of an object with owners, and what holds up an owner that waits. Follows upstream's garbagecollector.

Upstream keeps a graph of all objects; here the store's index of owner UIDs is the graph.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final, Literal

from orrery.machinery.objects import FrozenObject, Object, is_deleting, owner_references_of

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


class Dependents(Enum):
    """What an object has below it, as far as that matters for how it goes."""

    NONE = "none"
    SOME = "some"
    WAITING = "waiting"
    """One of them is itself in foreground deletion: owners and dependents may form a circle."""


@dataclass(frozen=True, slots=True)
class Keep:
    """Leave the object alone, but for references that point to nothing."""

    drop: Sequence[str] = ()
    """UIDs of references to take away."""


@dataclass(frozen=True, slots=True)
class Delete:
    """Delete the object with that propagation."""

    propagation: Literal["Background", "Foreground", "Orphan"]
    unblock: bool = False
    """First let its owners no longer wait for it, lest a circle of owners waits for itself."""


def finalizers_of(obj: FrozenObject) -> Sequence[str]:
    return obj["metadata"].get("finalizers") or ()


def is_waiting(obj: FrozenObject, finalizer: str) -> bool:
    """Whether a deletion stands still until `finalizer` has done its part."""
    return is_deleting(obj) and finalizer in finalizers_of(obj)


def plan_dependent(obj: FrozenObject, owners: Sequence[tuple[Object, OwnerState]], dependents: Dependents) -> Keep | Delete:
    """Decide about an object from the states of its owners.

    One solid owner keeps it. Owners that wait make it go in the foreground when it has dependents of its own, so that the chain
    is taken down from its end; else it goes by the propagation its own finalizers ask for.
    """
    gone = [reference["uid"] for reference, state in owners if state is not OwnerState.SOLID]
    if len(gone) < len(owners):
        return Keep(drop=gone)
    if dependents is not Dependents.NONE and any(state is OwnerState.WAITING for _, state in owners):
        return Delete("Foreground", unblock=dependents is Dependents.WAITING)
    if ORPHAN in finalizers_of(obj):
        return Delete("Orphan")
    return Delete("Foreground" if FOREGROUND in finalizers_of(obj) else "Background")


def is_blocking(dependent: FrozenObject, owner_uid: str) -> bool:
    """Whether the dependent holds up its owner's foreground deletion."""
    return any(reference["uid"] == owner_uid and reference.get("blockOwnerDeletion") for reference in owner_references_of(dependent))


def unblock(draft: Object) -> bool:
    """Let no owner of `draft` wait for it; whether one did."""
    blocked = [reference for reference in owner_references_of(draft) if reference.get("blockOwnerDeletion")]
    for reference in blocked:
        reference["blockOwnerDeletion"] = False
    return bool(blocked)
