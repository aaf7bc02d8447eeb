"""The durable log: a watch cache in front of one table of events.

A write is checked against the newest *pending* revision of its key, gets its revision and is queued, all on the event loop and
without waiting; so writers conflict in memory, before SQL. The writer's thread commits the queue in batches. Only then is a batch
published and its callers answered, in revision order. A batch that cannot be committed fails together with everything staged on
top of it, as if none of it had been asked for; its revisions are not used again.
"""

import asyncio
import gc
import logging
from collections import OrderedDict, deque
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Final

import orjson
from sqlalchemy.exc import SQLAlchemyError

from orrery.machinery.clock import Clock
from orrery.settings import Settings
from orrery.store.cached_log import CachedLog
from orrery.store.database import Database, EventRow, first_line
from orrery.store.group_writer import GroupWriter, StagedWrite
from orrery.store.indexes import INDEXED_FIELDS
from orrery.store.log import ABSENT, EventStream, HistoryGone, Index, LogClosed, Operation, Record, Scope, StaleWrite, Write, WriteFailed
from orrery.store.past_events import IndexOf, PastEvents
from orrery.store.tables import OPERATIONS

logger: Final = logging.getLogger(__name__)

_TELL_S: Final = 60.0
_CHUNK: Final = 500
"""How many revisions compaction takes in one transaction, between two batches of writes."""

_MANY: Final = 10_000


class SqlLog(CachedLog):
    """The Log contract on SQLite or PostgreSQL. Belongs to the event loop it was opened on."""

    @classmethod
    async def open(
        cls,
        url: str,
        settings: Settings,
        clock: Clock,
        *,
        index_of: IndexOf,
        indexed_fields: Mapping[str, Collection[str]] = INDEXED_FIELDS,
    ) -> "SqlLog":
        """Take the database, bring its schema up to date and load what lives. StoreUnusable says in one line why it cannot.

        `index_of` makes the index of a stored object of a bucket: the store itself does not know what objects mean.
        """
        return cls(Database(url), settings, clock, index_of=index_of, indexed_fields=indexed_fields)

    def __init__(
        self, database: Database, settings: Settings, clock: Clock, *, index_of: IndexOf, indexed_fields: Mapping[str, Collection[str]]
    ) -> None:
        super().__init__(settings, indexed_fields)
        self._database = database
        self._clock = clock
        self._index_of = index_of
        self._tombstones: OrderedDict[str, int] = OrderedDict()  # Deleted keys whose last event the table still has.
        self._staged: deque[StagedWrite] = deque()  # Not finished yet, in order.
        self._pending: dict[str, StagedWrite] = {}  # The newest of them, by key.
        self._waiters: dict[str, list[asyncio.Future[None]]] = {}
        self._oldest = self._forgotten = database.compacted
        self._compacting = asyncio.Lock()
        self._closed = False
        self._told_s = 0.0
        with _collection_paused():
            loaded = self._cache.load(self._live(), revision=database.durable)
        if loaded >= _MANY:
            gc.freeze()  # They stay: no collection needs to walk over them again.
        self._next = database.durable + 1
        self._writer = GroupWriter(database.commit, self._finished)

    def _live(self) -> Iterator[tuple[str, int, bytes, Index]]:
        deleted = OPERATIONS[Operation.DELETED]
        for key, revision, operation, body in self._database.newest():
            if operation == deleted:
                self._tombstones[key] = revision
            else:
                yield key, revision, body, self._index_of(key.partition("/")[0], orjson.loads(body))

    # Writing

    async def append(self, write: Write) -> Record:
        if self._closed:
            raise LogClosed("the log is closed")
        pending = self._pending.get(write.key)
        if write.previous != (self._cache.head(write.key) if pending is None else _head_after(pending)):
            raise StaleWrite(write.key)
        staged = self._stage(write, pending)
        self._writer.put(staged)
        return await staged.answer

    def _stage(self, write: Write, pending: StagedWrite | None) -> StagedWrite:
        """Give the write its revision and its body, and make it the newest of its key. Nothing changes when `encode` raises."""
        key, revision = write.key, self._next
        body = write.encode(revision)
        follows = pending.record.revision if pending is not None else write.previous or self._tombstones.get(key, ABSENT)
        row = EventRow(
            revision=revision,
            key=key,
            previous=follows,
            operation=OPERATIONS[write.operation],
            time_s=self._clock.now_s(),
            body=body,
        )
        record = self._cache.new_record(key, revision, body, write.index)
        staged = StagedWrite(row, record, write.operation, write.object, asyncio.get_running_loop().create_future())
        self._next = revision + 1
        self._pending[key] = staged
        self._staged.append(staged)
        return staged

    async def settled(self, key: str) -> None:
        while key in self._pending:
            waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiters.setdefault(key, []).append(waiter)
            await waiter

    def _finished(self, batch: Sequence[StagedWrite], error: Exception | None) -> None:
        """On the event loop, when the writer is done with a batch."""
        if error is not None:
            self._fail(error)
            return
        for write in batch:
            self._staged.popleft()
            self._note_deletion(write)
            self._cache.publish(write.record, write.operation, write.object)
            self._unpend(write)
            if not write.answer.done():
                write.answer.set_result(write.record)

    def _fail(self, error: Exception) -> None:
        """Fail the batch and everything staged on top of it: none of it was ever visible."""
        reason = f"the write could not be made durable: {first_line(error)}"
        self._tell(first_line(error))
        failed = list(self._staged)
        self._staged.clear()
        for write in failed:
            self._unpend(write)
            if not write.answer.done():
                write.answer.set_exception(WriteFailed(reason))
        self._writer.resume()

    def _tell(self, why: str) -> None:
        """One line a minute while writes fail, whatever their number."""
        now_s = self._clock.now_s()
        if now_s - self._told_s >= _TELL_S:
            self._told_s = now_s
            logger.error("writes fail until this is mended: %s", why)

    def _unpend(self, write: StagedWrite) -> None:
        key = write.record.key
        if self._pending.get(key) is not write:
            return
        del self._pending[key]
        for waiter in self._waiters.pop(key, ()):
            if not waiter.done():
                waiter.set_result(None)

    def _note_deletion(self, write: StagedWrite) -> None:
        key = write.record.key
        self._tombstones.pop(key, None)
        if write.operation is Operation.DELETED:
            self._tombstones[key] = write.record.revision

    async def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        await self._writer.close()
        self._cache.dispatcher.close()
        self._database.close()

    # The past

    @property
    def oldest(self) -> int:
        return self._oldest

    async def watch(self, scope: Scope, since: int) -> EventStream:
        if since < self._oldest:
            raise HistoryGone(self._oldest)
        floor = self._cache.history.floor(scope.bucket)
        stream = self._stream(scope, max(since, floor))
        if since < floor:
            past = PastEvents(self._database, scope, after=since, up_to=floor, index_of=self._index_of)
            stream.start_with(lambda: past.page(lambda: self._oldest))
        return stream

    async def revision_at(self, time_s: float) -> int:
        """The newest revision written up to that time."""
        return await asyncio.to_thread(self._database.revision_at, time_s)

    async def compact(self, revision: int) -> None:
        """`Log.compact`, in chunks between which writes go on."""
        revision = min(revision, self.revision)
        # First nobody may begin to read what is about to go; a restart in between merely makes it readable again.
        self._oldest = max(self._oldest, revision)
        self._cache.history.raise_floor(revision)
        async with self._compacting:
            while self._forgotten < revision and not self._closed:
                await self._forget(min(self._forgotten + _CHUNK, revision))

    async def _forget(self, up_to: int) -> None:
        after = self._forgotten
        try:
            await self._writer.run(lambda: self._database.forget(after=after, up_to=up_to))
        except SQLAlchemyError as error:
            raise WriteFailed(f"compaction failed: {first_line(error)}") from error
        self._forgotten = up_to
        while self._tombstones and next(iter(self._tombstones.values())) <= up_to:
            self._tombstones.popitem(last=False)


def _head_after(write: StagedWrite) -> int:
    """What a write on top of this one has to name as its previous revision."""
    return ABSENT if write.operation is Operation.DELETED else write.record.revision


@contextmanager
def _collection_paused() -> Iterator[None]:
    """No garbage collection while many objects are made that all stay."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
