"""What grep looks for in a line, and how it prints the lines it finds: names, numbers, context, colours."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from orrery.node.programs.patterns.compile import Pattern
from orrery.node.programs.patterns.syntax import WORD

_NAME, _NUMBER, _MARK, _MATCH = b"35", b"32", b"36", b"01;31"
_END: Final = b"\x1b[m\x1b[K"


@dataclass(slots=True)
class Search:
    """What was asked for."""

    patterns: list[Pattern]
    inverts: bool
    words: bool
    only: bool
    counts: bool
    lists: bool
    lists_without: bool
    quiet: bool
    numbers: bool
    offsets: bool
    with_name: bool
    silent: bool
    before: int
    after: int
    limit: int
    end: bytes
    as_text: bool
    skips_binary: bool
    ends_names_by_nul: bool
    colors: bool
    separator: bytes | None
    """What stands between groups of context lines; None when no context was asked for."""
    has_matched: bool = False
    """Whether a file before this one had a match: a line -- comes between their contexts."""

    def spans(self, line: bytes) -> Iterator[tuple[int, int]]:
        """All matches in a line, leftmost first, none overlapping."""
        position = 0
        while position <= len(line) and (span := self._first(line, position)) is not None:
            if span[1] > span[0]:
                yield span
            position = max(span[1], span[0] + 1)

    def selects(self, line: bytes) -> bool:
        if self.words:
            return (self._first(line, 0) is not None) != self.inverts
        for pattern in self.patterns:
            if pattern.matches(line):
                return not self.inverts
        return self.inverts

    def _first(self, line: bytes, start: int) -> tuple[int, int] | None:
        best: tuple[int, int] | None = None
        for pattern in self.patterns:
            span = self._word(pattern, line, start) if self.words else self._plain(pattern, line, start)
            if span is not None and (best is None or (span[0], -span[1]) < (best[0], -best[1])):
                best = span
        return best

    def _plain(self, pattern: Pattern, line: bytes, start: int) -> tuple[int, int] | None:
        spans = pattern.search(line, start)
        return spans[0] if spans else None

    def _word(self, pattern: Pattern, line: bytes, start: int) -> tuple[int, int] | None:
        while start <= len(line) and (spans := pattern.search(line, start)):
            begin, end = spans[0]
            if (begin == 0 or line[begin - 1] not in WORD) and (end == len(line) or line[end] not in WORD):
                return begin, end
            start = begin + 1
        return None


class Printer:
    """Matching lines with their context, and the -- between groups."""

    def __init__(self, search: Search, name: bytes, *, follows: bool = False) -> None:
        self._search = search
        self._follows = follows
        self.name = self._colored(_NAME, name)
        self.mark = self._colored(_MARK, b":")
        self._before: deque[tuple[bytes, int, int]] = deque(maxlen=search.before) if search.before else deque(maxlen=0)
        self._after = 0
        self._last = 0

    def _line(self, line: bytes, number: int, offset: int, mark: bytes) -> bytes:
        search = self._search
        mark = self.mark if mark == b":" else self._colored(_MARK, mark)
        prefix = self.name + mark if search.with_name else b""
        if search.numbers:
            prefix += self._colored(_NUMBER, b"%d" % number) + mark
        if search.offsets:
            prefix += self._colored(_NUMBER, b"%d" % offset) + mark
        return prefix + line + search.end

    def _colored(self, color: bytes, text: bytes) -> bytes:
        return b"\x1b[" + color + b"m\x1b[K" + text + _END if self._search.colors else text

    def _marked(self, line: bytes) -> bytes:
        """The matches of a line in colour."""
        if not self._search.colors or self._search.inverts:
            return line
        out, position = b"", 0
        for start, end in self._search.spans(line):
            out += line[position:start] + self._colored(_MATCH, line[start:end])
            position = end
        return out + line[position:]

    def match(self, line: bytes, number: int, offset: int) -> Iterator[bytes]:
        search = self._search
        if search.only:
            for start, end in () if search.inverts else search.spans(line):
                yield self._line(self._colored(_MATCH, line[start:end]), number, offset + start, b":")
            return
        if search.separator is not None:
            first = self._before[0][1] if self._before else number
            if search.separator and ((self._last and first > self._last + 1) or (self._follows and not self._last)):
                yield self._colored(_MARK, search.separator) + b"\n"
            for one in self._before:
                yield self._line(*one, b"-")
            self._before.clear()
        yield self._line(self._marked(line), number, offset, b":")
        self._last, self._after = number, search.after

    def other(self, line: bytes, number: int, offset: int) -> list[bytes]:
        if self._after:
            self._after -= 1
            self._last = number
            return [self._line(line, number, offset, b"-")]
        if self._search.before:
            self._before.append((line, number, offset))
        return []
