"""What a ControllerRevision holds, and which one is the present: pure values.

Its data is a patch that puts the whole Pod template back (`$patch: replace`), which is what `kubectl rollout history` and `undo` read.
A revision belongs to a template by equality of that patch, never by its hash; the hash only names it.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Final

import orjson

from orrery.controllers.deployment.template import is_same_template
from orrery.kinds.pods.defaults import default_pod_template
from orrery.machinery.objects import FrozenObject, Object, name_of, thaw

_NAME_MAX: Final = 223
_ALPHABET: Final = "bcdfghjklmnpqrstvwxz2456789"
_FNV_OFFSET: Final = 2166136261
_FNV_PRIME: Final = 16777619
_DIRECTIVE: Final = "$patch"
_ESCAPES: Final = (("<", "\\u003c"), (">", "\\u003e"), ("&", "\\u0026"), ("\u2028", "\\u2028"), ("\u2029", "\\u2029"))


def snapshot_of(template: FrozenObject) -> Object:
    """The data of a revision of that template."""
    return {"spec": {"template": {_DIRECTIVE: "replace", **template}}}


def template_of(revision: FrozenObject) -> Object:
    """The template a revision puts back; it is shared with the revision."""
    stored = ((revision.get("data") or {}).get("spec") or {}).get("template") or {}
    return {key: value for key, value in stored.items() if key != _DIRECTIVE}


def number_of(revision: FrozenObject) -> int:
    return int(revision.get("revision", 0))


def in_order(revisions: Collection[FrozenObject]) -> list[FrozenObject]:
    """Oldest first: by number, then by age, then by name."""
    return sorted(revisions, key=lambda one: (number_of(one), one["metadata"].get("creationTimestamp", ""), name_of(one)))


def snapshot_hash(template: FrozenObject, collisions: int | None) -> str:
    """Upstream's hash of a StatefulSet's revision: FNV-1 over Go's JSON of the patch, so names equal a real cluster's."""
    text = orjson.dumps(snapshot_of(template), option=orjson.OPT_SORT_KEYS).decode()
    for plain, escaped in _ESCAPES:
        text = text.replace(plain, escaped)
    if collisions is not None:
        text += str(collisions)
    value = _FNV_OFFSET
    for byte in text.encode():
        value = (value * _FNV_PRIME & 0xFFFFFFFF) ^ byte
    return "".join(_ALPHABET[ord(digit) % len(_ALPHABET)] for digit in str(value))


def revision_name(owner_name: str, hashed: str) -> str:
    """`web-5c66548cf9`; a name that would be too long loses its end, not its hash."""
    return f"{owner_name[:_NAME_MAX]}-{hashed}"


@dataclass(frozen=True, slots=True)
class Present:
    """Where the present template stands in its history."""

    number: int
    """What the present revision's number must be."""
    known: tuple[FrozenObject, ...]
    """Revisions that hold this template; the last of them is the present one."""
    old: tuple[FrozenObject, ...]


def plan_present(template: FrozenObject, revisions: Sequence[FrozenObject]) -> Present:
    """Find the template in its history, which must be in order.

    Revisions 1 (blue), 2 (green): blue again is revision 3 and there is no revision 1 any more; red is a new revision 3.
    """
    wanted = snapshot_of(template)
    known = tuple(one for one in revisions if one.get("data") == wanted)
    if not known and revisions and _means_the_same(template, template_of(revisions[-1])):
        known = (revisions[-1],)
    names = {name_of(one) for one in known}
    old = tuple(one for one in revisions if name_of(one) not in names)
    return Present(max(map(number_of, old), default=0) + 1, known, old)


def _means_the_same(template: FrozenObject, stored: FrozenObject) -> bool:
    """Whether the newest revision, written by another version perhaps, would give this template back with today's defaults."""
    if not stored.get("spec"):
        return False
    defaulted = thaw(stored)
    default_pod_template(defaulted)
    return is_same_template(template, defaulted)


def plan_truncation(
    history: Sequence[FrozenObject], is_live: Callable[[FrozenObject], bool], limit: int, *, counts_live: bool
) -> list[FrozenObject]:
    """The revisions beyond the limit, oldest first; those in use stay.

    `counts_live`: whether those in use take places of the limit, as they do for DaemonSets.
    Five old ones of which one is in use, limit 3: two go when it counts, one when it does not.
    """
    if limit < 0:
        return []
    idle = [one for one in history if not is_live(one)]
    surplus = (len(history) if counts_live else len(idle)) - limit
    return idle[: max(surplus, 0)]
