"""The lines that a run's log keeps: the newest as they are, older ones packed, so that short lines take little more than their text."""

from array import array
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Final, NamedTuple

ENTRY_BYTES: Final = 120
"""What a line costs besides its text."""
_PACK: Final = 128
"""So many lines are packed together, when as many are newer."""
_PACK_BYTES: Final = 320
_PACKED_LINE_BYTES: Final = 10
_STREAMS: Final = ("stdout", "stderr")
_IS_PART: Final = 2


class Entry(NamedTuple):
    """A line, or a part of one. `text` has no newline."""

    time_s: float
    stream: str
    text: bytes
    is_part: bool


def entry_of(time_s: float, mark: int, text: bytes) -> Entry:
    """`mark`: 1 of standard error, 2 a part of a line."""
    return Entry(time_s, _STREAMS[mark & 1], text, bool(mark & _IS_PART))


class Batch(NamedTuple):
    """Lines in a row, field by field: much faster to go through than one by one."""

    times: Iterable[float]
    marks: Iterable[int]
    texts: Iterable[bytes]


class _Pack(NamedTuple):
    """Lines in a row."""

    times: "array[float]"
    marks: bytes
    """For each line its stream, and whether it is a part."""
    texts: bytes
    """With newlines between."""

    @property
    def size(self) -> int:
        return len(self.texts) + len(self.marks) * _PACKED_LINE_BYTES + _PACK_BYTES


class LogLines:
    """In order; the oldest go first."""

    __slots__ = ("_fresh", "_packs", "first", "size")

    def __init__(self) -> None:
        self.first = 0
        """Number of the oldest line that is still there."""
        self.size = 0
        self._packs: deque[_Pack] = deque()
        self._fresh: deque[Entry] = deque()

    def __len__(self) -> int:
        return len(self._packs) * _PACK + len(self._fresh)

    def add(self, entry: Entry) -> None:
        self._fresh.append(entry)
        self.size += len(entry.text) + ENTRY_BYTES
        if len(self._fresh) == 2 * _PACK:
            self._pack()

    def extend(self, entries: Iterable[Entry]) -> None:
        for entry in entries:
            self.add(entry)

    def shrink(self, size_max: int) -> None:
        """Forget the oldest until the rest fits; the newest one stays."""
        while self.size > size_max and len(self) > 1:
            if self._packs:
                self.size -= self._packs.popleft().size
                self.first += _PACK
            else:
                self.size -= len(self._fresh.popleft().text) + ENTRY_BYTES
                self.first += 1

    def text_bytes_since(self, number: int) -> int:
        """How long the texts from that number on are together, at most: a pack that is begun counts whole."""
        whole = max(number - self.first, 0) // _PACK
        packs = sum(len(pack.texts) for pack in islice(self._packs, whole, None))
        return packs + sum(len(entry.text) for entry in self._fresh)

    def since(self, number: int) -> Iterator[Entry]:
        """Those from that number on that are still there."""
        return (entry_of(*line) for batch in self.batches_since(number) for line in zip(*batch, strict=True))

    def batches_since(self, number: int) -> Iterator[Batch]:
        """The same field by field. They may be read later and in another thread: nothing of them changes."""
        whole, rest = divmod(max(number - self.first, 0), _PACK)
        packs = list(islice(self._packs, whole, None))
        in_fresh = 0 if packs else (whole - len(self._packs)) * _PACK + rest
        return _batches(packs, list(islice(self._fresh, in_fresh, None)), skip=rest)

    def _pack(self) -> None:
        entries = [self._fresh.popleft() for _ in range(_PACK)]
        pack = _Pack(
            array("d", [entry.time_s for entry in entries]),
            bytes(map(_mark, entries)),
            b"\n".join(entry.text for entry in entries),
        )
        self._packs.append(pack)
        self.size += pack.size - sum(len(entry.text) + ENTRY_BYTES for entry in entries)


def _mark(entry: Entry) -> int:
    return _STREAMS.index(entry.stream) + _IS_PART * entry.is_part


def _batches(packs: Sequence[_Pack], fresh: Sequence[Entry], *, skip: int) -> Iterator[Batch]:
    """`skip`: so many lines of the first pack, if there is one, are not wanted."""
    for pack in packs:
        yield Batch(pack.times[skip:], pack.marks[skip:], pack.texts.split(b"\n")[skip:])
        skip = 0
    yield Batch([entry.time_s for entry in fresh], [_mark(entry) for entry in fresh], [entry.text for entry in fresh])
