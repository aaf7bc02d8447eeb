"""GNU diff's other styles: with context as before unified diffs, and side by side. Ranges of changes are `compare`'s."""

import re
from collections.abc import Sequence
from typing import Final, TypeAlias

Change: TypeAlias = tuple[int, int, int, int]
"""Lines [a, b) of the old become lines [c, d) of the new."""
_TAB: Final = 8
_GUTTER: Final = 3
_UNENDED: Final = b"\n\\ No newline at end of file"


def in_context(old: Sequence[bytes], new: Sequence[bytes], changes: Sequence[Change], width: int) -> list[bytes]:
    """The hunks of -c: the old lines of each, then the new ones; a side without changes shows its range only."""
    out: list[bytes] = []
    hunk: list[Change] = []
    for one in [*changes, None]:
        if hunk and (one is None or one[0] - hunk[-1][1] > 2 * width):
            out += _context_hunk(old, new, hunk, width)
            hunk = []
        if one is not None:
            hunk.append(one)
    return out


def _context_hunk(old: Sequence[bytes], new: Sequence[bytes], hunk: list[Change], width: int) -> list[bytes]:
    before, after = max(hunk[0][0] - width, 0), max(hunk[0][2] - width, 0)
    before_end, after_end = min(hunk[-1][1] + width, len(old)), min(hunk[-1][3] + width, len(new))
    removed = [(a, b, b"! " if c < d else b"- ") for a, b, c, d in hunk]
    added = [(c, d, b"! " if a < b else b"+ ") for a, b, c, d in hunk]
    return [
        b"***************\n",
        b"*** " + _range(before, before_end) + b" ****\n",
        *_marked(old, before, before_end, removed),
        b"--- " + _range(after, after_end) + b" ----\n",
        *_marked(new, after, after_end, added),
    ]


def _range(start: int, end: int) -> bytes:
    return b"%d,%d" % (start + 1, end) if end > start + 1 else b"%d" % end


def _marked(lines: Sequence[bytes], start: int, end: int, changed: list[tuple[int, int, bytes]]) -> list[bytes]:
    if all(first == last for first, last, _ in changed):
        return []
    marks = {index: mark for first, last, mark in changed for index in range(first, last)}
    return [marks.get(index, b"  ") + lines[index] + b"\n" for index in range(start, end)]


class SideBySide:
    """-y: two columns with a mark between them where they differ."""

    def __init__(self, width: int, *, suppresses_common: bool, left_only: bool) -> None:
        offset = (width >> 1) + ((_TAB + _GUTTER) >> 1) + (width & (_TAB + _GUTTER) & 1)
        offset -= offset % _TAB
        self._half = max(0, min(offset - _GUTTER, width - offset))
        self._column = offset if self._half else width
        self._suppresses_common = suppresses_common
        self._left_only = left_only

    def lines(self, old: Sequence[bytes], new: Sequence[bytes], changes: Sequence[Change]) -> list[bytes]:
        out: list[bytes] = []
        position = 0
        for a, b, c, d in [*changes, (len(old), len(old), len(new), len(new))]:
            if not self._suppresses_common:
                out += [self._row(old[index], new[c - a + index], b" ") for index in range(position, a)]
            shared = min(b - a, d - c)
            out += [self._row(old[a + index], new[c + index], b"|") for index in range(shared)]
            out += [self._row(line, None, b"<") for line in old[a + shared : b]]
            out += [self._row(None, line, b">") for line in new[c + shared : d]]
            position = b
        return out

    def _row(self, left: bytes | None, right: bytes | None, mark: bytes) -> bytes:
        if mark == b" " and self._left_only:
            mark, right = b"(", None
        out = bytearray()
        column = 0
        ends = [not line.endswith(_UNENDED) for line in (left, right) if line is not None]
        if left is not None:
            column = self._put(out, left)
        if mark != b" ":
            middle = (self._half + self._column - 1) // 2
            _fill(out, column, middle)
            column = middle + 1
            out += (b"/" if ends[0] else b"\\") if mark == b"|" and len(set(ends)) > 1 else mark
        if right:
            _fill(out, column, self._column)
            self._put(out, right)
        return bytes(out) + (b"\n" if any(ends) else b"")

    def _put(self, out: bytearray, line: bytes) -> int:
        """Half a line; the column behind it, counted from where the half begins."""
        read = written = 0
        for byte in line.removesuffix(_UNENDED):
            if byte == 9:
                spaces = _TAB - read % _TAB
                if read == written and written + spaces < self._half:
                    written += spaces
                    out.append(9)
                read += spaces
            else:
                read += 1
                if read <= self._half:
                    written = read
                    out.append(byte)
        return written


def _fill(out: bytearray, start: int, end: int) -> None:
    """From one column to another by tabs, then spaces."""
    tab = start + _TAB - start % _TAB
    while tab <= end:
        out.append(9)
        start, tab = tab, tab + _TAB
    out += b" " * (end - start)


_COLORS: Final = (
    (re.compile(rb"(?:---|\+\+\+|\*\*\*) \S.*\t.*"), b"1"),
    (re.compile(rb"@@ .*|[0-9,]+[acd][0-9,]+"), b"36"),
    (re.compile(rb"[-<].*"), b"31"),
    (re.compile(rb"[+>].*"), b"32"),
)


def in_colors(text: bytes) -> bytes:
    """Titles bold, ranges cyan, what goes red, what comes green."""
    return b"\n".join([_in_color(line) for line in text.split(b"\n")])


def _in_color(line: bytes) -> bytes:
    for pattern, code in _COLORS:
        if line != b"---" and pattern.fullmatch(line):
            return b"\x1b[" + code + b"m" + line + b"\x1b[0m"
    return line
