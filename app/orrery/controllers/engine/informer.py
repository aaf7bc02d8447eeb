"""Events of buckets turned into keys of one controller's queue, upstream's shared informers without a copy of their own.

Objects themselves are read from the watch cache; nothing is stored here. `start` subscribes first and lists second, without a
pause in between, so no event falls through. There is no resync: no event is ever lost.
"""

from collections.abc import Callable, Iterable
from typing import Final, TypeAlias

from orrery.controllers.engine.workqueue import WorkQueue
from orrery.machinery.objects import FrozenObject, GroupResource
from orrery.store.log import Event, Operation, Record, Subscription
from orrery.verbs.client import Client


class Change:
    """One object before and after. `old` is None for a creation, `new` for a deletion (`old` is then its last state).

    At the start every existing object comes once as if it were new. Objects are parsed only when asked for: `key`, `uid`, `owners`,
    `is_deleting`, `is_controlled` and `may_be_of` come from the record as it is. All who hear of one event look at the same Change, which
    looks at the bytes once for all of them.
    """

    __slots__ = ("_answers", "_event", "_record", "is_present")

    def __init__(self, event: Event | None, record: Record | None = None) -> None:
        self._event = event
        found = record if event is None else event.record
        assert found is not None
        self._record = found
        self._answers: dict[bytes, bool] = {}
        self.is_present = event is None or event.operation is not Operation.DELETED
        """Whether the object is there after the change."""

    @property
    def new(self) -> FrozenObject | None:
        return self._record.object if self.is_present else None

    @property
    def old(self) -> FrozenObject | None:
        event = self._event
        if event is None:
            return None
        if event.operation is Operation.DELETED:
            return event.record.object
        return event.previous.object if event.previous is not None else None

    @property
    def any(self) -> FrozenObject:
        """The newest state there is: whose object it is."""
        return self._record.object

    @property
    def record(self) -> Record:
        """The newest state, unparsed."""
        return self._record

    @property
    def former(self) -> Record | None:
        """What the key held before, unparsed; None for a creation and at the start."""
        return self._event.previous if self._event is not None else None

    @property
    def is_news(self) -> bool:
        """False for what exists at the start."""
        return self._event is not None

    @property
    def key(self) -> str:
        """The object's key in the log: `pods/default/web-1`."""
        return self._record.key

    @property
    def namespace(self) -> str:
        return self._record.key.split("/", 2)[1]

    @property
    def name(self) -> str:
        return self._record.key.split("/", 2)[2]

    @property
    def uid(self) -> str:
        return self._record.index.uid

    @property
    def owners(self) -> tuple[str, ...]:
        """UIDs of its owners."""
        return self._record.index.owners

    @property
    def is_controlled(self) -> bool:
        """Whether one of its owners is its controller. Bytes of a string cannot look like this: its quotes are escaped."""
        return bool(self._record.index.owners) and self.has(b'"controller":true')

    def may_be_of(self, kind: str) -> bool:
        """Whether the bytes, now or before, can name an owner of that kind: who asks this first need not parse others' objects."""
        marker = b'"kind":"%b"' % kind.encode()
        if self.has(marker):
            return True
        former = self.former
        return former is not None and former.index.owners != self._record.index.owners and marker in former.body

    def has(self, words: bytes) -> bool:
        """Whether the bytes hold `words` now."""
        answer = self._answers.get(words)
        if answer is None:
            answer = self._answers[words] = words in self._record.body
        return answer

    @property
    def is_deleting(self) -> bool:
        """Whether the bytes speak of a deletion; true for a few objects that only quote the word."""
        return self.has(b'"deletionTimestamp"')


class _Newest:
    """The change that is being told of, for those who hear of the same event next."""

    __slots__ = ("_change", "_event")

    def __init__(self) -> None:
        self._event: Event | None = None
        self._change: Change | None = None

    def of(self, event: Event) -> Change:
        if event is self._event and self._change is not None:
            return self._change
        self._event, self._change = event, Change(event)
        return self._change


_newest: Final = _Newest()


Handler: TypeAlias = Callable[[Change], Iterable[str]]
"""Which keys of the controller an event concerns; it must be quick and must not wait."""

Observer: TypeAlias = Callable[[Change], None]


class Informer:
    """One controller's ears: the buckets it listens to and the queue its keys go to."""

    def __init__(self, client: Client, queue: WorkQueue) -> None:
        self.client = client
        self.queue = queue
        self._handlers: list[tuple[GroupResource, Handler]] = []
        self._hearers: list[tuple[GroupResource, Handler]] = []
        self._starters: list[Callable[[], Iterable[str]]] = []
        self._subscriptions: list[Subscription] = []

    def on(self, bucket: GroupResource, handler: Handler) -> None:
        """Put the keys that `handler` names into the queue, for every event of `bucket` and for what exists at the start.

        Buckets are listed in the order of the calls, so one that builds an index comes before those that use it.
        """
        self._handlers.append((bucket, handler))

    def hear(self, bucket: GroupResource, handler: Handler) -> None:
        """Like `on`, but only for events to come: what exists at the start is not listed."""
        self._hearers.append((bucket, handler))

    def observe(self, bucket: GroupResource, observer: Observer) -> None:
        """Only look at the events of `bucket`, to keep an index; no key is queued."""

        def look(change: Change) -> Iterable[str]:
            observer(change)
            return ()

        self.on(bucket, look)

    def at_start(self, keys: Callable[[], Iterable[str]]) -> None:
        """Put these keys into the queue at the start, for who can choose among what exists better than object by object."""
        self._starters.append(keys)

    def start(self) -> None:
        for bucket, handler in self._handlers:
            self._subscriptions.append(self.client.subscribe(bucket, self._callback(handler)))
            self._list(bucket, handler)
        for bucket, handler in self._hearers:
            self._subscriptions.append(self.client.subscribe(bucket, self._callback(handler)))
        self._begin()

    def relist(self) -> None:
        """Ask for every key again, after a queue that ran over has room."""
        for bucket, handler in self._handlers:
            self._list(bucket, handler)
        self._begin()

    def stop(self) -> None:
        for subscription in self._subscriptions:
            subscription.cancel()
        self._subscriptions.clear()

    def _begin(self) -> None:
        for keys in self._starters:
            for key in keys():
                self.queue.add(key)

    def _list(self, bucket: GroupResource, handler: Handler) -> None:
        add = self.queue.add
        for record in self.client.records(bucket):
            for key in handler(Change(None, record)):
                add(key)

    def _callback(self, handler: Handler) -> Callable[[Event], None]:
        add, change_of = self.queue.add, _newest.of

        def callback(event: Event) -> None:
            for key in handler(change_of(event)):
                add(key)

        return callback
