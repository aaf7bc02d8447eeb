"""Container logs: what a container wrote, line by line, as containerd keeps it and the kubelet reads it.

A line becomes visible when it ends, when it reaches 16 KiB (then as a part), or when its stream ends. A run keeps the newest lines up to
a limit; who writes faster than the limit waits. Upstream: containerd's `redirectLogs`, the kubelet's `ReadLogs` and `tail`.
"""

from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final, NamedTuple, Protocol

from orrery.machinery.clock import Clock
from orrery.node.log_lines import Batch, Entry, LogLines
from orrery.node.processes.pipes import Waiters
from orrery.node.processes.program import CHUNK_BYTES, Stream
from orrery.node.processes.turns import TICKS_PER_LOOK, pause

LINE_MAX: Final = 16 * 1024
"""containerd splits longer lines."""
_TICKS_PER_CALL: Final = 8
_PIECE_BYTES: Final = 4096
"""What is certain to stay together when several processes write, as PIPE_BUF of a pipe."""
_STREAMS: Final = {"All": None, "Stdout": "stdout", "Stderr": "stderr"}


@dataclass(frozen=True, slots=True)
class LogLimits:
    bytes_max: int = 1024 * 1024
    """What one run of a container keeps."""
    rate_bytes: int = 2 * 1024 * 1024
    """How fast it may write, per second."""


@dataclass(frozen=True, slots=True)
class LogQuery:
    """What to read. None means: not given."""

    follow: bool = False
    timestamps: bool = False
    since_s: float | None = None
    """From this moment on, in seconds since the epoch."""
    tail: int | None = None
    limit_bytes: int | None = None
    stream: str = "All"


def nano_timestamp(seconds: float) -> str:
    """RFC 3339 with nine digits, as the kubelet prints times of log lines."""
    nanoseconds = round(seconds * 1_000_000_000)
    return f"{datetime.fromtimestamp(nanoseconds // 1_000_000_000, UTC):%Y-%m-%dT%H:%M:%S}.{nanoseconds % 1_000_000_000:09d}Z"


class LogRun(NamedTuple):
    """A stretch of a log, to be read once, at any time and in any thread."""

    first: int
    """Number of its first entry."""
    length: int
    text_bytes_max: int
    batches: Iterator[Batch]


class RunLog:
    """The log of one run of a container."""

    __slots__ = (
        "_begun",
        "_changed",
        "_clock",
        "_debt",
        "_debt_at_s",
        "_limits",
        "_lines",
        "id",
        "is_closed",
        "on_change",
    )

    def __init__(self, clock: Clock, limits: LogLimits | None = None, *, id_: str = "") -> None:
        """`id_` is the run's."""
        self.id = id_
        self.on_change: Callable[[], None] | None = None
        """Called when a line has become visible."""
        self._clock = clock
        self._limits = limits or LogLimits()
        self._lines = LogLines()
        self._begun: dict[str, bytes] = {}
        """Text of lines that have not ended, by stream."""
        self._changed: Waiters | None = None
        self._debt = 0.0
        self._debt_at_s = 0.0
        self.is_closed = False

    @property
    def size(self) -> int:
        return self._lines.size

    def run_from(self, number: int) -> LogRun:
        """All entries at or after `number` that are still there."""
        first = max(number, self._lines.first)
        return LogRun(first, self._end - first, self._lines.text_bytes_since(first), self._lines.batches_since(first))

    def restore(self, entries: Iterable[Entry]) -> None:
        """Hold what a previous life of the process wrote, and nothing more."""
        self._lines.extend(entries)
        self.is_closed = True

    def add(self, stream: str, data: bytes) -> None:
        """What was written; lines that end become visible."""
        pieces = (self._begun.pop(stream, b"") + data).split(b"\n")
        for line in pieces[:-1]:
            self._add_line(stream, line)
        rest = pieces[-1]
        while len(rest) >= LINE_MAX:
            self._append(stream, rest[:LINE_MAX], is_part=True)
            rest = rest[LINE_MAX:]
        if rest:
            self._begun[stream] = rest
        if self._changed is not None:
            self._changed.wake()

    async def slow_down(self, count: int) -> None:
        """Wait as long as whoever writes so much must."""
        now_s = self._clock.now_s()
        self._debt = max(self._debt - (now_s - self._debt_at_s) * self._limits.rate_bytes, 0.0) + count
        self._debt_at_s = now_s
        excess = self._debt - self._limits.rate_bytes
        if excess > 0:
            await self._clock.sleep(excess / self._limits.rate_bytes, background=True)

    def close(self) -> None:
        """The run has ended: what was begun becomes visible."""
        for stream, text in self._begun.items():
            self._append(stream, text, is_part=True)
        self._begun.clear()
        self.is_closed = True
        if self._changed is not None:
            self._changed.wake()

    def last_text(self, *, lines: int, bytes_max: int) -> str:
        """The end of the log, for FallbackToLogsOnError."""
        text = b"".join(_content(entry) for entry in self._lines.since(self._end - lines))
        return text[-bytes_max:].decode(errors="replace")

    async def read(self, query: LogQuery) -> AsyncIterator[bytes]:
        """The lines asked for, in pieces of some 64 KiB."""
        left = query.limit_bytes
        position = self._start(query)
        is_new_line = True
        while True:
            end = self._end
            for piece, ends_line in self._pieces(query, position, is_new_line=is_new_line):
                is_new_line = ends_line
                if left is not None:
                    piece = piece[:left]
                    left -= len(piece)
                if piece:
                    yield piece
                if left == 0:
                    return
            position = end
            if query.follow and self._end > end:  # They have come while the others were read.
                continue
            if not query.follow or self.is_closed:
                return
            if self._changed is None:
                self._changed = Waiters()
            await self._changed.wait()
            position = max(position, self._lines.first)

    def _start(self, query: LogQuery) -> int:
        """Number of the first entry to show."""
        first = self._lines.first
        return first if query.tail is None else max(first, self._end - query.tail)

    @property
    def _end(self) -> int:
        """The number that the next entry gets."""
        return self._lines.first + len(self._lines)

    def _pieces(self, query: LogQuery, position: int, *, is_new_line: bool) -> Iterator[tuple[bytes, bool]]:
        wanted, gathered, size = _STREAMS[query.stream], [], 0
        for entry in self._lines.since(position):
            if (wanted is not None and entry.stream != wanted) or (query.since_s is not None and entry.time_s < query.since_s):
                continue
            if query.timestamps and is_new_line:
                gathered.append(nano_timestamp(entry.time_s).encode() + b" ")
            gathered.append(_content(entry))
            is_new_line = not entry.is_part
            size += len(entry.text) + 32
            if size >= CHUNK_BYTES:
                yield b"".join(gathered), is_new_line
                gathered, size = [], 0
        yield b"".join(gathered), is_new_line

    def _add_line(self, stream: str, line: bytes) -> None:
        while len(line) > LINE_MAX:
            self._append(stream, line[:LINE_MAX], is_part=True)
            line = line[LINE_MAX:]
        self._append(stream, line, is_part=False)

    def _append(self, stream: str, text: bytes, *, is_part: bool) -> None:
        self._lines.add(Entry(self._clock.now_s(), stream, text, is_part))
        self._lines.shrink(self._limits.bytes_max)
        if self.on_change is not None:
            self.on_change()


def _content(entry: Entry) -> bytes:
    return entry.text if entry.is_part else entry.text + b"\n"


class LogStream:
    """Standard output or error of a container without a terminal. `listeners` hear what is written too: who is attached."""

    __slots__ = ("_log", "_name", "listeners")

    def __init__(self, log: RunLog, name: str) -> None:
        self._log = log
        self._name = name
        self.listeners: tuple[Stream, ...] = ()

    @property
    def is_terminal(self) -> bool:
        return False

    async def read(self, count: int = CHUNK_BYTES) -> bytes:
        return b""

    async def write(self, data: bytes) -> None:
        await pause(_TICKS_PER_CALL)
        for start in range(0, len(data), _PIECE_BYTES):  # 64 KiB of short lines at once would hold others up.
            if start:
                await pause(TICKS_PER_LOOK)
            self._log.add(self._name, data[start : start + _PIECE_BYTES])
        for listener in self.listeners:
            await listener.write(data)
        await self._log.slow_down(len(data))

    def close(self) -> None:
        """The log outlives the processes."""

    def share(self) -> "LogStream":
        return self


@dataclass(slots=True)
class LogBook:
    """The logs of one container: its newest run and the one before."""

    current: RunLog | None = None
    previous: RunLog | None = None

    def begin(self, log: RunLog) -> RunLog:
        if self.current is not None:
            self.previous = self.current
        self.current = log
        return log

    def of_run(self, id_: str) -> RunLog | None:
        """The log of the run with that id."""
        return next((log for log in (self.current, self.previous) if log is not None and log.id == id_), None)


class LogKeeper(Protocol):
    """Keeps logs beyond the process's life; `keeping/log_files.py` does."""

    def load(self, pod_uid: str, container: str) -> LogBook:
        """What is kept of the container's logs."""

    def follow(self, pod_uid: str, container: str, log: RunLog) -> None:
        """Keep the log of a new run from now on, instead of the one before the last."""

    def forget(self, pod_uid: str) -> None: ...


@dataclass(slots=True)
class Logs:
    """All logs of a node's runtime, by Pod and container."""

    books: dict[str, dict[str, LogBook]] = field(default_factory=dict)
    keeper: LogKeeper | None = None

    def book(self, pod_uid: str, container: str) -> LogBook:
        books = self.books.setdefault(pod_uid, {})
        if container not in books:
            books[container] = LogBook() if self.keeper is None else self.keeper.load(pod_uid, container)
        return books[container]

    def begin(self, pod_uid: str, container: str, log: RunLog) -> RunLog:
        """A new run writes to `log`."""
        self.book(pod_uid, container).begin(log)
        if self.keeper is not None:
            self.keeper.follow(pod_uid, container, log)
        return log

    def find(self, pod_uid: str, container: str, *, previous: bool = False, id_: str = "") -> RunLog | None:
        """The log of the run with that id, else of the newest or the one before."""
        book = self.books.get(pod_uid, {}).get(container) if self.keeper is None else self.book(pod_uid, container)
        if book is None:
            return None
        return book.of_run(id_) if id_ else book.previous if previous else book.current

    def forget(self, pod_uid: str) -> None:
        self.books.pop(pod_uid, None)
        if self.keeper is not None:
            self.keeper.forget(pod_uid)
