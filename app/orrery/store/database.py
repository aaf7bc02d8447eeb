"""The SQL of the log: opening, loading, committing, reading the past, deleting what is compacted. Synchronous; knows no event loop.

One connection writes, and holds the right to write: on SQLite a lock beside the file, on PostgreSQL an advisory lock of that
connection's session. When the connection breaks, the right is taken again before anything is written, and `meta.opened` proves
that nobody else has had it in between. A second process, or a second replica, is refused: its cache would have to be fed by
notifications and its revisions be given out by the database, which this class does not do.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import Any, Final, NamedTuple, TypedDict

from sqlalchemy import Connection, and_, bindparam, delete, exists, func, insert, select, text, update
from sqlalchemy.exc import SQLAlchemyError

from orrery.store.directory_lock import DataDirectoryInUse, DirectoryLock
from orrery.store.engine import new_engine, sqlite_path
from orrery.store.log import Operation, StoreUnusable
from orrery.store.migration import ensure_schema
from orrery.store.tables import OPERATIONS, events, meta

_ADVISORY_LOCK: Final = 0x4F52_5245_5259  # "ORRERY"
_LOAD_ROWS: Final = 1_000

_before = events.alias("before")
_later = events.alias("later")
_in_range = and_(events.c.revision > bindparam("after"), events.c.revision <= bindparam("up_to"))

_INSERT: Final = insert(events)
_NEWEST: Final = (
    select(events.c.key, events.c.revision, events.c.operation, events.c.body)
    .where(~exists().where(_later.c.key == events.c.key, _later.c.previous == events.c.revision))
    .order_by(events.c.revision)
)
"""The newest event of every key: the live objects, and the tombstones that compaction has not taken yet."""
_PAST: Final = (
    select(events.c.revision, events.c.key, events.c.operation, events.c.body, events.c.previous, _before.c.body.label("before"))
    .select_from(events.outerjoin(_before, _before.c.revision == events.c.previous))
    .where(_in_range, events.c.key >= bindparam("first"), events.c.key < bindparam("end"))
    .order_by(events.c.revision)
    .limit(bindparam("rows_max"))
)
_TIME_AFTER: Final = select(events.c.time_s).where(events.c.revision > bindparam("after")).order_by(events.c.revision).limit(1)
_FORGET_SUPERSEDED: Final = delete(events).where(
    events.c.revision.in_(select(_later.c.previous).where(_later.c.revision > bindparam("after"), _later.c.revision <= bindparam("up_to")))
)
_FORGET_TOMBSTONES: Final = delete(events).where(_in_range, events.c.operation == OPERATIONS[Operation.DELETED])


class EventRow(TypedDict):
    """One row of `events`."""

    revision: int
    key: str
    previous: int
    operation: int
    time_s: float
    body: bytes


class StoredKey(NamedTuple):
    """The newest event of a key."""

    key: str
    revision: int
    operation: int
    body: bytes


class PastRow(NamedTuple):
    """One event, with what the key held before it."""

    revision: int
    key: str
    operation: int
    body: bytes
    previous: int
    before: bytes | None


class TakenOver(StoreUnusable):
    """Another process has written to the database since this one lost its connection."""


class Database:
    """An opened database. `newest`, `commit`, `forget` and `close` are the writer's; `past` and `revision_at` anybody's."""

    def __init__(self, url: str) -> None:
        self.engine = new_engine(url)
        self._where = self.engine.url.render_as_string(hide_password=True)
        path = sqlite_path(self.engine)
        self._lock = DirectoryLock(path.with_name(f"{path.name}.lock")) if path is not None else None
        self._writer: Connection | None = None
        try:
            self._open()
        except SQLAlchemyError as error:
            self.close()
            raise StoreUnusable(f"cannot open {self._where}: {first_line(error)}") from error
        except BaseException:
            self.close()
            raise

    def _open(self) -> None:
        self._writer = writer = self._connect()
        ensure_schema(writer)
        with writer.begin():
            writer.execute(update(meta).values(opened=meta.c.opened + 1))
            opened, compacted = writer.execute(select(meta.c.opened, meta.c.compacted)).one()
            newest = writer.execute(select(func.max(events.c.revision))).scalar()
        self._opened: int = opened
        self.compacted: int = compacted
        """Up to which revision history was gone when the database was opened."""
        self.durable: int = max(newest or 0, compacted)
        """The newest revision that is in the table, or was compacted from it."""

    def _connect(self) -> Connection:
        """A connection with the right to write."""
        connection = self.engine.connect()
        if self._lock is None:
            got = connection.execute(text("SELECT pg_try_advisory_lock(:lock)"), {"lock": _ADVISORY_LOCK}).scalar()
            connection.rollback()
            if not got:
                connection.close()
                raise DataDirectoryInUse(f"{self._where} is in use by another process: one database serves one Orrery")
        return connection

    def _reconnect(self) -> Connection:
        """After a failure: the right to write again, and nothing in the table that was reported as failed."""
        writer = self._connect()
        with writer.begin():
            if writer.execute(select(meta.c.opened)).scalar() != self._opened:
                raise TakenOver(f"{self._where} was taken over by another process")
            writer.execute(delete(events).where(events.c.revision > self.durable))
        return writer

    def newest(self) -> Iterator[StoredKey]:
        """The newest event of every key, by revision."""
        assert self._writer is not None
        with self._writer.begin():
            rows = self._writer.execute(_NEWEST, execution_options={"yield_per": _LOAD_ROWS})
            for partition in rows.partitions():
                for row in partition:
                    yield StoredKey(*row)

    def commit(self, rows: Sequence[EventRow]) -> None:
        """Make these events durable, all or none."""
        self._write(lambda writer: writer.execute(_INSERT, rows))
        self.durable = rows[-1]["revision"]

    def forget(self, *, after: int, up_to: int) -> None:
        """Delete what the events of this range superseded, and its tombstones; history then begins at `up_to`."""
        span = {"after": after, "up_to": up_to}

        def delete_range(writer: Connection) -> None:
            writer.execute(_FORGET_SUPERSEDED, span)
            writer.execute(_FORGET_TOMBSTONES, span)
            writer.execute(update(meta).values(compacted=up_to))

        self._write(delete_range)

    def _write(self, work: Callable[[Connection], object]) -> None:
        """Do `work` in one transaction. A connection that failed is not used again."""
        try:
            writer = self._writer
            if writer is None:
                writer = self._writer = self._reconnect()
            with writer.begin():
                work(writer)
        except BaseException:
            self._drop_writer()
            raise

    def past(self, *, first: str, end: str, after: int, up_to: int, rows_max: int) -> list[PastRow]:
        """Events of the keys from `first` to before `end`, of the revisions after `after` up to `up_to`, oldest first."""
        asked: dict[str, Any] = {"first": first, "end": end, "after": after, "up_to": up_to, "rows_max": rows_max}
        with self.engine.connect() as connection:
            return [PastRow(*row) for row in connection.execute(_PAST, asked)]

    def revision_at(self, time_s: float) -> int:
        """The newest revision written up to that time: a binary search, because revisions follow time."""
        low, high = 0, self.durable
        with self.engine.connect() as connection:
            while low < high:
                middle = (low + high) // 2
                written_s = connection.execute(_TIME_AFTER, {"after": middle}).scalar()
                if written_s is not None and written_s <= time_s:
                    low = middle + 1
                else:
                    high = middle
        return low

    def close(self) -> None:
        self._drop_writer()
        self.engine.dispose()
        if self._lock is not None:
            self._lock.release()

    def _drop_writer(self) -> None:
        writer, self._writer = self._writer, None
        if writer is not None:
            with suppress(SQLAlchemyError):  # It may be broken already; what matters is that it lets go of its lock.
                if self._lock is None:  # Here, because the server notices a closed connection some time later only.
                    writer.rollback()
                    writer.execute(text("SELECT pg_advisory_unlock(:lock)"), {"lock": _ADVISORY_LOCK})
            with suppress(SQLAlchemyError):
                writer.invalidate()
            with suppress(SQLAlchemyError):
                writer.close()


def first_line(error: BaseException) -> str:
    """What a driver says, without SQLAlchemy's paragraphs around it."""
    cause = getattr(error, "orig", None) or error
    return str(cause).strip().partition("\n")[0] or type(cause).__name__
