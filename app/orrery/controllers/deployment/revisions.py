"""Revision numbers, and the annotations that carry them from a Deployment to its ReplicaSets.

The new ReplicaSet has the highest revision of all. One that comes back (an undo) gets a new, higher number, and its old ones are
kept in its revision-history annotation. Every other annotation of the Deployment (the change cause among them) is copied along.
"""

from collections.abc import Iterable, Mapping
from typing import Final

from orrery.controllers.deployment.sizes import DESIRED_REPLICAS, MAX_REPLICAS, Limits
from orrery.machinery.objects import FrozenObject, annotations_of

REVISION: Final = "deployment.kubernetes.io/revision"
REVISION_HISTORY: Final = "deployment.kubernetes.io/revision-history"
_HISTORY_LETTERS_MAX: Final = 2000

_NOT_COPIED: Final = frozenset(
    {
        "kubectl.kubernetes.io/last-applied-configuration",
        REVISION,
        REVISION_HISTORY,
        DESIRED_REPLICAS,
        MAX_REPLICAS,
        "deprecated.deployment.rollback.to",
    }
)


def revision_of(replicaset: FrozenObject) -> int | None:
    """Its revision number; 0 when it has none, None when the annotation is no number."""
    return _number(annotations_of(replicaset).get(REVISION))


def _number(text: str | None) -> int | None:
    if text is None:
        return 0
    digits = text[1:] if text[:1] in ("+", "-") else text
    return int(text) if digits.isascii() and digits.isdecimal() else None


def plan_revision(old: Iterable[FrozenObject]) -> int:
    """The number of the next revision: one more than the highest of the old ReplicaSets; unreadable ones are skipped."""
    return max((revision_of(replicaset) or 0 for replicaset in old), default=0) + 1


def plan_annotations(deployment: FrozenObject, current: Mapping[str, str], revision: int) -> dict[str, str]:
    """The annotations the new ReplicaSet should carry, given those it has (none for one yet to be made).

    A set with revision 1 that becomes revision 3 again carries revision 3 and revision-history `1`; at revision 5: `1,3`.
    """
    wanted = dict(current)
    wanted.update((key, value) for key, value in annotations_of(deployment).items() if key not in _NOT_COPIED)
    before_text = current.get(REVISION, "")
    before = _number(before_text) if before_text else 0
    if before is None or before >= revision:
        return wanted
    wanted[REVISION] = str(revision)
    if REVISION in current:
        history = _append(current.get(REVISION_HISTORY, ""), before_text)
        if history:
            wanted[REVISION_HISTORY] = history
    return wanted


def _append(history: str, revision: str) -> str:
    """The history with one more number; the oldest ones fall out where it grows too long."""
    if not history:
        return revision
    numbers = history.split(",")
    length = len(history) + len(revision) + 1
    while length > _HISTORY_LETTERS_MAX and numbers:
        length -= len(numbers.pop(0)) + 1
    return ",".join([*numbers, revision]) if length <= _HISTORY_LETTERS_MAX else history


def size_annotations(limits: Limits) -> dict[str, str]:
    """What a ReplicaSet remembers of the Deployment's size when it was last scaled."""
    return {DESIRED_REPLICAS: str(limits.replicas), MAX_REPLICAS: str(limits.total_max)}
