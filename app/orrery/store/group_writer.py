"""The writer: one thread that commits whatever has come since its last commit as one batch.

Under load a batch grows while the one before is on its way to the disk, so throughput rises with the number of writers while one
writer alone still waits for nothing but its own commit. Jobs (compaction) run between batches, in the order they were given.
"""

import asyncio
import queue
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, TypeAlias

from orrery.machinery.objects import FrozenObject
from orrery.store.database import EventRow
from orrery.store.log import Operation
from orrery.store.records import CachedRecord

_BATCH_MAX: Final = 2_000


@dataclass(frozen=True, slots=True, eq=False)
class StagedWrite:
    """A write with its revision, on its way to the disk."""

    row: EventRow
    record: CachedRecord
    operation: Operation
    object: FrozenObject | None
    answer: "asyncio.Future[CachedRecord]"


@dataclass(frozen=True, slots=True)
class Job:
    """Something else to do in the writer's thread; `ended` is called on the event loop."""

    work: Callable[[], None]
    ended: Callable[[Exception | None], None]


@dataclass(frozen=True, slots=True)
class Resume:
    """Every write queued before this one belonged to a failure."""


@dataclass(frozen=True, slots=True)
class Stop:
    """The end of the thread."""


Entry: TypeAlias = StagedWrite | Job | Resume | Stop


class GroupWriter:
    """Commits staged writes in batches, off the event loop, and tells the loop of each batch.

    After a failed commit no write is taken until `resume`: what was queued on top of a failed batch must not outlive it.
    """

    def __init__(self, commit: Callable[[list[EventRow]], None], finished: Callable[[list[StagedWrite], Exception | None], None]) -> None:
        """`commit` is called in the thread; `finished`, on the loop, with the error when the batch failed."""
        self._commit = commit
        self._finished = finished
        self._loop = asyncio.get_running_loop()
        self._queue: queue.SimpleQueue[Entry] = queue.SimpleQueue()
        self._failed = False
        self._thread = threading.Thread(target=self._run, name="orrery-log-writer", daemon=True)
        self._thread.start()

    def put(self, write: StagedWrite) -> None:
        self._queue.put(write)

    def resume(self) -> None:
        """On the loop, once everything put so far has been told of the failure."""
        self._queue.put(Resume())

    async def run(self, work: Callable[[], None]) -> None:
        """Do `work` in the writer's thread, after what was put before."""
        future: asyncio.Future[None] = self._loop.create_future()

        def ended(error: Exception | None) -> None:
            if future.done():
                return
            if error is None:
                future.set_result(None)
            else:
                future.set_exception(error)

        self._queue.put(Job(work, ended))
        await future

    async def close(self) -> None:
        """Commit what was put, then end."""
        self._queue.put(Stop())
        await self._loop.run_in_executor(None, self._thread.join)

    def _run(self) -> None:
        entry: Entry | None = None
        while not isinstance(entry := entry or self._queue.get(), Stop):
            match entry:
                case StagedWrite():
                    entry = self._commit_from(entry)
                    continue
                case Job():
                    self._do(entry)
                case Resume():
                    self._failed = False
            entry = None

    def _commit_from(self, first: StagedWrite) -> Entry | None:
        """Commit `first` with all writes queued behind it; what ended the batch, if it was not the end of the queue."""
        batch, entry = [first], None
        with suppress(queue.Empty):
            while len(batch) < _BATCH_MAX:
                entry = self._queue.get_nowait()
                if not isinstance(entry, StagedWrite):
                    break
                batch.append(entry)
                entry = None
        if not self._failed:
            self._commit_batch(batch)
        return entry

    def _commit_batch(self, batch: list[StagedWrite]) -> None:
        try:
            self._commit([write.row for write in batch])
        except Exception as error:
            self._failed = True
            self._tell(self._finished, batch, error)
        else:
            self._tell(self._finished, batch, None)

    def _do(self, job: Job) -> None:
        try:
            job.work()
        except Exception as error:
            self._tell(job.ended, error)
        else:
            self._tell(job.ended, None)

    def _tell(self, callback: Callable[..., None], *args: object) -> None:
        with suppress(RuntimeError):  # The loop was closed without closing the log: nobody is left to tell.
            self._loop.call_soon_threadsafe(callback, *args)
