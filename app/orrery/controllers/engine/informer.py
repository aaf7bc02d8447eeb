"""Events of buckets turned into keys of one controller's queue, upstream's shared informers without a copy of their own.

Objects themselves are read from the watch cache; nothing is stored here. `start` subscribes first and lists second, without a
pause in between, so no event falls through. There is no resync: no event is ever lost.
"""

from collections.abc import Callable, Iterable
from typing import TypeAlias

from orrery.controllers.engine.workqueue import WorkQueue
from orrery.machinery.objects import FrozenObject, GroupResource
from orrery.store.log import Event, Operation, Subscription
from orrery.verbs.client import Client


class Change:
    """One object before and after. `old` is None for a creation, `new` for a deletion (`old` is then its last state).

    At the start every existing object comes once as if it were new. Objects are parsed only when asked for.
    """

    __slots__ = ("_event", "_found")

    def __init__(self, event: Event | None, found: FrozenObject | None = None) -> None:
        self._event = event
        self._found = found

    @property
    def new(self) -> FrozenObject | None:
        if self._event is None:
            return self._found
        return None if self._event.operation is Operation.DELETED else self._event.record.object

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
        found = self._found if self._event is None else self._event.record.object
        assert found is not None
        return found


Handler: TypeAlias = Callable[[Change], Iterable[str]]
"""Which keys of the controller an event concerns; it must be quick and must not wait."""

Observer: TypeAlias = Callable[[Change], None]


class Informer:
    """One controller's ears: the buckets it listens to and the queue its keys go to."""

    def __init__(self, client: Client, queue: WorkQueue) -> None:
        self.client = client
        self.queue = queue
        self._handlers: list[tuple[GroupResource, Handler]] = []
        self._subscriptions: list[Subscription] = []

    def on(self, bucket: GroupResource, handler: Handler) -> None:
        """Put the keys that `handler` names into the queue, for every event of `bucket` and for what exists at the start.

        Buckets are listed in the order of the calls, so one that builds an index comes before those that use it.
        """
        self._handlers.append((bucket, handler))

    def observe(self, bucket: GroupResource, observer: Observer) -> None:
        """Only look at the events of `bucket`, to keep an index; no key is queued."""

        def look(change: Change) -> Iterable[str]:
            observer(change)
            return ()

        self.on(bucket, look)

    def start(self) -> None:
        for bucket, handler in self._handlers:
            self._subscriptions.append(self.client.subscribe(bucket, self._callback(handler)))
            self._list(bucket, handler)

    def relist(self) -> None:
        """Ask for every key again, after a queue that ran over has room."""
        for bucket, handler in self._handlers:
            self._list(bucket, handler)

    def stop(self) -> None:
        for subscription in self._subscriptions:
            subscription.cancel()
        self._subscriptions.clear()

    def _list(self, bucket: GroupResource, handler: Handler) -> None:
        add = self.queue.add
        for obj in self.client.list(bucket):
            for key in handler(Change(None, obj)):
                add(key)

    def _callback(self, handler: Handler) -> Callable[[Event], None]:
        add = self.queue.add

        def callback(event: Event) -> None:
            for key in handler(Change(event)):
                add(key)

        return callback
