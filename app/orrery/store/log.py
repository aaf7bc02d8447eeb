"""The contract of the log: what a write, a record and an event are, and what the rooms above may ask.

A key is `resource/namespace/name`: `pods/default/web-1`, `deployments.apps/default/web`, `nodes//node-1`. The part before the
first slash is the *bucket*; within a bucket, keys sort by their bytes, as in etcd. A revision is a number that only grows; it is
the `resourceVersion` of what was written at it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, NamedTuple, Protocol

from orrery.machinery.objects import FrozenObject

ABSENT: Final = 0
"""The previous revision of a key that does not live."""


class Operation(StrEnum):
    CREATED = "created"
    UPDATED = "updated"
    DELETED = "deleted"


def key_of(bucket: str, namespace: str, name: str) -> str:
    return f"{bucket}/{namespace}/{name}"


class Scope(NamedTuple):
    """Which keys somebody means: a whole bucket, one namespace of it, or one name. Empty strings mean all."""

    bucket: str
    namespace: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class Index:
    """What selectors and controllers ask for, kept beside the bytes so that nobody has to parse them."""

    labels: Mapping[str, str] = field(default_factory=dict)
    fields: Mapping[str, str] = field(default_factory=dict)
    owners: tuple[str, ...] = ()
    uid: str = ""


class Record(Protocol):
    """One object at one revision. Immutable."""

    @property
    def key(self) -> str: ...
    @property
    def revision(self) -> int: ...
    @property
    def body(self) -> bytes:
        """The encoded object, `metadata.resourceVersion` included: what a GET returns."""

    @property
    def index(self) -> Index: ...
    @property
    def object(self) -> FrozenObject:
        """The parsed body; shared with other readers, from a bounded cache."""


@dataclass(frozen=True, slots=True)
class Event:
    """One durable write, as watchers see it."""

    revision: int
    operation: Operation
    record: Record
    """The object as written; for DELETED its last state, at the revision of the deletion."""
    previous: Record | None
    """What the key held before; None for CREATED. A selector that stops matching needs it."""


@dataclass(frozen=True, slots=True)
class Write:
    """One change a verb wants. It holds if and only if the key's newest revision is still `previous`."""

    key: str
    previous: int
    operation: Operation
    encode: Callable[[int], bytes]
    """Makes the body once the revision is known; called exactly once, before `append` returns."""
    index: Index
    object: FrozenObject | None = None
    """The parsed form of the body, when the writer has it at hand and promises never to change it again."""


class StaleWrite(Exception):
    """Somebody wrote the key first (durable or still pending). `settled` says when a new look is worth it."""

    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key


class WriteFailed(Exception):
    """The write could not be made durable (disk full, database gone …) and did not happen; the log goes on."""


class LogClosed(WriteFailed):
    """The log was closed before the write."""


class StoreUnusable(Exception):
    """The store cannot be opened. The message is one line that a user understands."""


class HistoryGone(Exception):
    """The history asked for has been compacted; `oldest` is the first revision that can still be resumed from."""

    def __init__(self, oldest: int) -> None:
        super().__init__(oldest)
        self.oldest = oldest


class Page(NamedTuple):
    """A run of records in key order, as they were at `revision`."""

    records: Sequence[Record]
    revision: int
    more: bool
    """Whether keys follow the last record."""
    remaining: int
    """How many keys of the scope follow the last record."""


class EventStream(Protocol):
    """A watcher's own ordered queue of events. Bounded: one that lags too far behind is closed with `lagged` set."""

    lagged: bool

    async def next(self) -> Sequence[Event]:
        """The events that have come since, at least one; empty when the stream was closed."""

    def close(self) -> None: ...


class Subscription(Protocol):
    def cancel(self) -> None: ...


class Log(Protocol):
    """The store as the rooms above see it. All methods but the `async` ones read memory only and never wait."""

    @property
    def revision(self) -> int:
        """The newest published revision."""

    async def append(self, write: Write) -> Record:
        """Make one write durable and visible, in that order; StaleWrite when it lost a race, WriteFailed when the disk did."""

    async def settled(self, key: str) -> None:
        """Wait until no write of `key` is pending, so that a retry after StaleWrite reads the newest state."""

    def find(self, key: str) -> Record | None: ...

    def list(self, scope: Scope, *, after: str = "", limit: int = 0, at: int = 0) -> Page:
        """Records of `scope` in key order that follow the key `after`; `limit` 0 is all.

        `at` 0 is now, else the state at that revision; HistoryGone when that is no longer known.
        """

    def count(self, bucket: str) -> int: ...

    def buckets(self) -> Sequence[str]:
        """The buckets that hold a live record, sorted."""

    def owned_by(self, uid: str, bucket: str = "") -> Sequence[Record]:
        """Live records with an owner reference to `uid`, in one bucket or in all, in the order they came."""

    def by_field(self, bucket: str, name: str, value: str) -> Sequence[Record]:
        """Live records whose index field equals `value`, in the order they came; KeyError for a field that is not indexed."""

    def by_label(self, scope: Scope, key: str, value: str) -> Sequence[Record]:
        """Live records of one namespace of a bucket (or of all) with that label, in key order."""

    def label_count(self, bucket: str, namespace: str, key: str, value: str) -> int:
        """How many live records of one namespace of a bucket carry that label."""

    def subscribe(self, scope: Scope, callback: Callable[[Event], None]) -> Subscription:
        """Call back, on the event loop, for each event from now on, in revision order. An empty bucket means all buckets."""

    async def watch(self, scope: Scope, since: int) -> EventStream:
        """All events of `scope` after revision `since`, past ones first; HistoryGone when it was compacted.

        An empty bucket means all buckets.
        """

    @property
    def oldest(self) -> int:
        """The first revision a watch can resume from."""

    async def compact(self, revision: int) -> None:
        """Forget the history up to `revision`: what was superseded or deleted by then. Live records stay."""

    async def close(self) -> None:
        """Make everything pending durable, end all streams and let the store go."""
