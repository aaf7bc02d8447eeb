"""Logs of containers as files: `pods/UID/logs/CONTAINER.N`, a file for each of the last two runs, the newer one with the greater number.

A file is a line with the run's id, then an entry after the other; new ones are appended. A file twice as long as the log may be is written
anew. An entry that was cut short by the end of the process is left out.
"""

import logging
import struct
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import Final
from urllib.parse import unquote

from orrery.machinery.clock import Clock
from orrery.node.keeping.keeper import Keeper, Work, write_whole
from orrery.node.log_lines import Batch, Entry, entry_of
from orrery.node.logs import LogBook, LogLimits, RunLog

_MAGIC: Final = b"orrery-log 1 "
_HEAD: Final = struct.Struct("<dBI")
_RUNS_KEPT: Final = 2

log = logging.getLogger(__name__)


class LogFiles:
    """Implements `LogKeeper`."""

    def __init__(self, keeper: Keeper, clock: Clock, limits: LogLimits) -> None:
        self._keeper = keeper
        self._clock = clock
        self._limits = limits
        self._numbers: dict[str, dict[str, list[int]]] = {}
        """Of the runs that are kept, or will be, by Pod and container, oldest first."""
        self._former = keeper.folders("pods")
        """Pods of a previous life of the process: for nobody else is there anything to look for."""

    def load(self, pod_uid: str, container: str) -> LogBook:
        book = LogBook()
        for number in self._numbers_of(pod_uid, container)[-_RUNS_KEPT:]:
            found = self._read(self._keeper.path("pods", pod_uid, "logs", _name(container, number)))
            if found is not None:
                book.begin(found)
        return book

    def follow(self, pod_uid: str, container: str, log: RunLog) -> None:
        numbers = self._numbers_of(pod_uid, container)
        numbers.append(numbers[-1] + 1 if numbers else 0)
        while len(numbers) > _RUNS_KEPT:
            self._keeper.drop("pods", pod_uid, "logs", _name(container, numbers.pop(0)))
        name = _name(container, numbers[-1])
        kept = KeptLog(self._keeper.path("pods", pod_uid, "logs", name), log, bytes_max=self._limits.bytes_max)
        log.on_change = lambda: self._note(kept)
        self._note(kept)

    def _note(self, kept: "KeptLog") -> None:
        if not kept.is_noted:
            kept.is_noted = True
            self._keeper.changed(kept)

    def forget(self, pod_uid: str) -> None:
        self._numbers.pop(pod_uid, None)
        self._keeper.drop("pods", pod_uid)

    def _numbers_of(self, pod_uid: str, container: str) -> list[int]:
        held = self._numbers.setdefault(pod_uid, {})
        if container not in held:  # Those of a previous life are in the names of their files.
            kept = self._keeper.names("pods", pod_uid, "logs") if pod_uid in self._former else ()
            names = (unquote(name).rpartition(".") for name in kept)
            held[container] = sorted(int(number) for found, _, number in names if found == container and number.isdigit())
        return held[container]

    def _read(self, path: Path) -> RunLog | None:
        try:
            data = path.read_bytes()
        except OSError as error:
            log.warning("Cannot read the log kept in %s: %s", path, error)
            return None
        head, _, rest = data.partition(b"\n")
        if not head.startswith(_MAGIC):
            return None
        found = RunLog(self._clock, self._limits, id_=head.removeprefix(_MAGIC).decode())
        found.restore(_entries(rest))
        return found


class KeptLog:
    """The log of one run, as far as it is written."""

    __slots__ = ("_bytes_max", "_log", "_next", "_size", "is_noted", "path")

    def __init__(self, path: Path, log: RunLog, *, bytes_max: int) -> None:
        self.path = path
        self._log = log
        self._bytes_max = bytes_max
        self._size = 0
        self._next = 0
        """Number of the first entry that is not written."""
        self.is_noted = False
        """Whether the keeper knows that there is something new."""

    def snapshot(self) -> tuple[int, Work]:
        self.is_noted = False
        is_new = not self._size or self._size > 2 * self._bytes_max
        run = self._log.run_from(0 if is_new else self._next)
        self._next = run.first + run.length
        head = _MAGIC + self._log.id.encode() + b"\n" if is_new else b""
        self._size = (0 if is_new else self._size) + len(head) + run.length * _HEAD.size + run.text_bytes_max
        pieces = chain((head,), map(_packed, run.batches))  # A long log takes its time: it is packed where it is written.
        return self._size, (lambda: write_whole(self.path, pieces)) if is_new else (lambda: _append(self.path, pieces))


def _name(container: str, number: int) -> str:
    return f"{container}.{number}"


def _packed(batch: Batch) -> bytes:
    pack = _HEAD.pack
    return b"".join([pack(time_s, mark, len(text)) + text for time_s, mark, text in zip(*batch, strict=True)])


def _append(path: Path, pieces: Iterable[bytes]) -> int:
    with path.open("ab") as file:
        file.write(b"".join(pieces))
        return file.tell()


def _entries(data: bytes) -> Iterator[Entry]:
    position = 0
    while position + _HEAD.size <= len(data):
        time_s, marks, size = _HEAD.unpack_from(data, position)
        position += _HEAD.size
        if position + size > len(data):
            return
        yield entry_of(time_s, marks, data[position : position + size])
        position += size
