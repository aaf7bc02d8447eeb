"""Events from before the window in memory, read from the table in pages, for a watch that resumes from far back."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Final, TypeAlias

import orjson

from orrery.machinery.objects import FrozenObject
from orrery.store.database import Database, PastRow
from orrery.store.history import matcher
from orrery.store.log import Event, HistoryGone, Index, Operation, Scope
from orrery.store.records import CachedRecord, ParseCache
from orrery.store.tables import OPERATION_OF

IndexOf: TypeAlias = Callable[[str, FrozenObject], Index]
"""Makes the index of a stored object of a bucket."""

_PAGE: Final = 500
_PARSES_MAX: Final = 64


class PastEvents:
    """The events of a scope from one revision to another, oldest first. Reads in a thread, so that a long past stops nobody."""

    def __init__(self, database: Database, scope: Scope, *, after: int, up_to: int, index_of: IndexOf) -> None:
        self._database = database
        self._scope = scope
        self._after = after
        self._up_to = up_to
        self._index_of = index_of
        self._parses = ParseCache(_PARSES_MAX)
        self._is_wanted = matcher(scope)

    async def page(self, oldest: Callable[[], int]) -> Sequence[Event]:
        """The next events, none at the end; HistoryGone when compaction has passed the place they were read from.

        `oldest` tells how far compaction is. It is asked after the read: compaction raises it before it deletes.
        """
        while self._after < self._up_to:
            events, reached = await asyncio.to_thread(self._read)
            if self._after < oldest():
                raise HistoryGone(oldest())
            self._after = reached
            if events:
                return events
        return ()

    def _read(self) -> tuple[list[Event], int]:
        first, end = self._range()
        rows = self._database.past(first=first, end=end, after=self._after, up_to=self._up_to, rows_max=_PAGE)
        reached = rows[-1].revision if len(rows) == _PAGE else self._up_to
        return [self._event(row) for row in rows if self._is_wanted(row.key)], reached

    def _range(self) -> tuple[str, str]:
        bucket, namespace, _ = self._scope
        if not bucket:
            return "", "\U0010ffff"
        prefix = f"{bucket}/{namespace}" if namespace else bucket
        return f"{prefix}/", f"{prefix}0"  # The character after the slash.

    def _event(self, row: PastRow) -> Event:
        operation = OPERATION_OF[row.operation]
        # What a creation follows, if anything, is a deletion: the key held nothing.
        follows = operation is not Operation.CREATED and row.before is not None
        previous = self._record(row.key, row.previous, row.before or b"") if follows else None
        return Event(row.revision, operation, self._record(row.key, row.revision, row.body), previous)

    def _record(self, key: str, revision: int, body: bytes) -> CachedRecord:
        return CachedRecord(key, revision, body, self._index_of(key.partition("/")[0], orjson.loads(body)), self._parses)
