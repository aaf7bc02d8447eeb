"""A log wholly in memory: what `--in-memory` runs on, and what the tests of all other rooms run on.

A write is visible before `append` returns, without a thread, a turn of the event loop or a look at the time. Nothing survives it.
"""

from collections.abc import Collection, Mapping

from orrery.settings import Settings
from orrery.store.cached_log import CachedLog
from orrery.store.indexes import INDEXED_FIELDS
from orrery.store.log import LogClosed, Record, StaleWrite, Write


class MemoryLog(CachedLog):
    """The Log contract without durability."""

    def __init__(self, settings: Settings | None = None, *, indexed_fields: Mapping[str, Collection[str]] = INDEXED_FIELDS) -> None:
        super().__init__(settings or Settings(), indexed_fields)
        self._next = 1
        self._closed = False

    async def append(self, write: Write) -> Record:
        if self._closed:
            raise LogClosed("the log is closed")
        if write.previous != self._cache.head(write.key):
            raise StaleWrite(write.key)
        revision = self._next
        body = write.encode(revision)
        self._next += 1
        record = self._cache.new_record(write.key, revision, body, write.index)
        self._cache.publish(record, write.operation, write.object)
        return record

    async def settled(self, key: str) -> None:
        return

    async def compact(self, revision: int) -> None:
        self._cache.history.raise_floor(min(revision, self.revision))

    async def close(self) -> None:
        self._closed = True
        self._cache.dispatcher.close()
