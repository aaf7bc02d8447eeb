"""What the verbs answer with: records that never reached the log, pages, watch events and deletions."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Protocol

import orjson

from orrery.machinery.objects import FrozenObject, Object
from orrery.store.log import Index, Record

NO_INDEX: Final = Index()


class PatchType(StrEnum):
    """The content type of a patch."""

    JSON = "application/json-patch+json"
    MERGE = "application/merge-patch+json"
    STRATEGIC = "application/strategic-merge-patch+json"
    APPLY = "application/apply-patch+yaml"


@dataclass(frozen=True, slots=True)
class Unstored:
    """A record the log does not hold: a dry run, a virtual kind, a stored object as another version, a bookmark."""

    key: str
    revision: int
    body: bytes
    object: FrozenObject
    index: Index = NO_INDEX


def unstored(obj: FrozenObject, *, key: str = "", revision: int = 0, index: Index = NO_INDEX) -> Unstored:
    """`obj` as a record of its own."""
    return Unstored(key, revision, orjson.dumps(obj), obj, index)


@dataclass(frozen=True, slots=True)
class Listing:
    """A page of a list. `remaining` is None when the page is the last or selectors make it unknown."""

    records: Sequence[Record]
    revision: int
    continue_token: str = ""
    remaining: int | None = None


@dataclass(frozen=True, slots=True)
class Deleted:
    """What a delete answers: the object's last state (`record`) or a `Status` (`status`); never both."""

    record: Record | None = None
    status: Object | None = None
    code: int = 200


class EventType(StrEnum):
    ADDED = "ADDED"
    MODIFIED = "MODIFIED"
    DELETED = "DELETED"
    BOOKMARK = "BOOKMARK"
    ERROR = "ERROR"


@dataclass(frozen=True, slots=True)
class WatchEvent:
    """One event of a watch. The body of `record` is the event's `object`: for ERROR a `Status`, for BOOKMARK a shell of the kind."""

    type: EventType
    record: Record


class Watch(Protocol):
    """`async for batch in watch`: batches of at least one event, in order, until the time is over or `close` is called.

    After an ERROR event the watch is over.
    """

    def __aiter__(self) -> AsyncIterator[Sequence[WatchEvent]]: ...

    def close(self) -> None: ...
