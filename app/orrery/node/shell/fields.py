"""Fields: what a word becomes. Text gathers piece by piece, unquoted expansions are split by IFS, quotes are remembered for patterns."""

from collections.abc import Iterator
from typing import Final, Protocol

from orrery.node.shell.patterns import escape, is_pattern

_DEFAULT: Final = " \t\n"


class _IsSeparator(Protocol):
    def __call__(self, index: int, *, blank: bool) -> bool: ...


class Fields:
    """Gathers the fields of a word. A field is a list of (text, is_quoted)."""

    __slots__ = ("_current", "_ifs", "done", "size", "splits")

    def __init__(self, ifs: str | None, *, splits: bool) -> None:
        self.done: list[list[tuple[str, bool]]] = []
        self.splits = splits
        self._ifs = _DEFAULT if ifs is None else ifs
        self._current: list[tuple[str, bool]] | None = None
        self.size = 0
        """Characters gathered so far."""

    def add(self, text: str, *, quoted: bool) -> None:
        """Text that is not split; a quoted empty one makes a field."""
        if self._current is None:
            if not text and not quoted:
                return
            self._current = []
        self.size += len(text)
        self._current.append((text, quoted))

    def end_field(self) -> None:
        """The next text begins a new field."""
        if self._current is not None:
            self.done.append(self._current)
            self._current = None

    def finish(self) -> list[list[tuple[str, bool]]]:
        self.end_field()
        return self.done

    def expand(self, text: str) -> None:
        """The value of an unquoted expansion."""
        if not self.splits or not self._ifs:
            self.add(text, quoted=False)
        elif self._ifs == _DEFAULT:
            self._split_at_blanks(text)
        else:
            self._split(text)

    def slices(self, text: str, size: int) -> Iterator[str]:
        """Pieces of a long text that may be expanded one after the other: no delimiter is cut in two."""
        start = 0
        while start < len(text):
            end = min(start + size, len(text))
            while end < len(text) and (text[end] in self._ifs or text[end - 1] in self._ifs) and self._ifs != _DEFAULT:
                end += 1
            yield text[start:end]
            start = end

    def _split_at_blanks(self, text: str) -> None:
        if not text:
            return
        pieces = text.replace("\t", " ").replace("\n", " ").split(" ")
        last = len(pieces) - 1
        for index, piece in enumerate(pieces):
            if piece:
                self.add(piece, quoted=False)
            if index < last:
                self.end_field()

    def _split(self, text: str) -> None:
        """One delimiter is a character of IFS that is no blank, with the blanks of IFS around it, or blanks alone."""
        ifs = self._ifs
        start = position = 0
        while position < len(text):
            char = text[position]
            if char not in ifs:
                position += 1
                continue
            if position > start:
                self.add(text[start:position], quoted=False)
            position = self._delimiter(text, position)
            start = position
        if position > start:
            self.add(text[start:position], quoted=False)

    def _delimiter(self, text: str, position: int) -> int:
        ifs = self._ifs
        position = _skip_blanks(text, position, ifs)
        if position < len(text) and text[position] in ifs:
            if self._current is None:
                self._current = []
            position = _skip_blanks(text, position + 1, ifs)
        self.end_field()
        return position


def _skip_blanks(text: str, position: int, ifs: str) -> int:
    while position < len(text) and text[position] in _DEFAULT and text[position] in ifs:
        position += 1
    return position


def plain(field: list[tuple[str, bool]]) -> str:
    return field[0][0] if len(field) == 1 else "".join([text for text, _ in field])


def pattern_of(field: list[tuple[str, bool]]) -> str:
    """The field as a pattern: what was quoted matches itself only."""
    return "".join([escape(text) if quoted else text for text, quoted in field])


def _has_brackets(field: list[tuple[str, bool]]) -> bool:
    """Whether a [ has its ] in a later part: what stands between them may be quoted."""
    opened = False
    for text, quoted in field:
        if not quoted:
            if opened and "]" in text:
                return True
            opened = opened or "[" in text
    return False


def has_pattern(field: list[tuple[str, bool]]) -> bool:
    if any(not quoted and is_pattern(text) for text, quoted in field):
        return True
    if len(field) > 1 and _has_brackets(field):
        return True
    return len(field) > 1 and any(text == "(" and not quoted for text, quoted in field) and is_pattern(pattern_of(field))


def split_for_read(text: list[tuple[str, bool]], ifs: str, count: int) -> list[str]:
    """The fields of a line for `read`: at most `count`, the last one with all that is left. `text` is characters and their quoting."""
    fields: list[str] = []
    position, end = 0, len(text)

    def is_separator(index: int, *, blank: bool) -> bool:
        char, quoted = text[index]
        return not quoted and char in ifs and (char in _DEFAULT) == blank

    while position < end and is_separator(position, blank=True):
        position += 1
    while position < end and len(fields) < count - 1:
        start = position
        while position < end and not (is_separator(position, blank=True) or is_separator(position, blank=False)):
            position += 1
        fields.append("".join([char for char, _ in text[start:position]]))
        while position < end and is_separator(position, blank=True):
            position += 1
        if position < end and is_separator(position, blank=False):
            position += 1
            while position < end and is_separator(position, blank=True):
                position += 1
    if position < end:
        fields.append(_rest_for_read(text, position, is_separator))
    return fields


def _rest_for_read(text: list[tuple[str, bool]], position: int, is_separator: _IsSeparator) -> str:
    """The last field: trailing blanks go, and one trailing delimiter when it is the only one in it."""
    end = len(text)
    while end > position and is_separator(end - 1, blank=True):
        end -= 1
    if end > position and is_separator(end - 1, blank=False):
        inner = any(is_separator(index, blank=False) or is_separator(index, blank=True) for index in range(position, end - 1))
        if not inner:
            end -= 1
    return "".join([char for char, _ in text[position:end]])
