"""bash's extended patterns: ?(…) *(…) +(…) @(…) !(…), whose alternatives may be nested.

Matching goes over sets of positions, so its cost is bounded by the lengths of pattern and text, whatever the nesting.
DIFFERS: upstream matches texts of any length; we take none beyond 4,096 characters to be of an extended pattern.
"""

import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Final, TypeAlias

_OPENING: Final = re.compile(r"[?*+@!]\(")
_TEXT_MAX: Final = 4096

Ends: TypeAlias = Callable[[str, int], frozenset[int]]
"""The places up to which a piece of a pattern matches a text from a place on."""


def is_extended(pattern: str) -> bool:
    return "(" in pattern and _OPENING.search(pattern) is not None


def split(pattern: str) -> list[str]:
    """The top level cut into plain pieces and groups such as `@(a|b)`."""
    pieces: list[str] = []
    start = position = 0
    while position < len(pattern):
        if pattern[position] == "\\":
            position += 2
            continue
        closing = _closing(pattern, position + 1) if _OPENING.match(pattern, position) else 0
        if not closing:
            position += 1
            continue
        if position > start:
            pieces.append(pattern[start:position])
        pieces.append(pattern[position : closing + 1])
        start = position = closing + 1
    return [*pieces, pattern[start:]] if start < len(pattern) else pieces


def _closing(pattern: str, opening: int) -> int:
    """Where the parenthesis at `opening` closes; 0 when it does not."""
    depth, position = 0, opening
    while position < len(pattern):
        char = pattern[position]
        depth += (char == "(") - (char == ")")
        if not depth:
            return position
        position += 2 if char == "\\" else 1
    return 0


def _alternatives(inner: str) -> list[str]:
    depth, found, position = 0, [""], 0
    while position < len(inner):
        char = inner[position]
        depth += (char == "(") - (char == ")")
        taken = inner[position : position + 2] if char == "\\" else char
        if char == "|" and not depth:
            found.append("")
        else:
            found[-1] += taken
        position += len(taken)
    return found


@lru_cache(maxsize=512)
def compiled(pattern: str) -> Ends:
    """The whole pattern as one piece."""
    pieces = [_group(piece) if is_extended(piece) and piece[1] == "(" else _plain(piece) for piece in split(pattern)]

    def ends(text: str, start: int) -> frozenset[int]:
        places = frozenset((start,))
        for piece in pieces:
            places = frozenset(end for place in places for end in piece(text, place))
        return places

    return ends


def _plain(piece: str) -> Ends:
    from orrery.node.shell.patterns import whole

    expression = whole(piece)
    if "*" not in piece:
        single = re.compile(expression.pattern.removesuffix(r"\Z"), re.DOTALL)

        def one(text: str, start: int) -> frozenset[int]:
            match = single.match(text, start)
            return frozenset((match.end(),)) if match else frozenset()

        return one
    return lambda text, start: frozenset(end for end in range(start, len(text) + 1) if expression.match(text[start:end]))


def _group(piece: str) -> Ends:
    kind = piece[0]
    options = [compiled(option) for option in _alternatives(piece[2:-1])]

    def any_of(text: str, start: int) -> frozenset[int]:
        return frozenset(end for option in options for end in option(text, start))

    def repeated(text: str, start: int) -> frozenset[int]:
        found: set[int] = set()
        fresh: Iterable[int] = (start,)
        while fresh:
            reached = {end for place in fresh for end in any_of(text, place)} - found
            found |= reached
            fresh = reached
        return frozenset(found | {start}) if kind == "*" else frozenset(found)

    if kind == "!":
        return lambda text, start: frozenset(range(start, len(text) + 1)) - any_of(text, start)
    if kind == "?":
        return lambda text, start: any_of(text, start) | {start}
    return any_of if kind == "@" else repeated


def matches(pattern: str, text: str) -> bool:
    """Whether the whole text is of the pattern."""
    return len(text) <= _TEXT_MAX and len(text) in compiled(pattern)(text, 0)


def prefix_end(pattern: str, text: str, *, longest: bool) -> int | None:
    """Where the longest or shortest beginning of this pattern ends."""
    ends = compiled(pattern)(text, 0) if len(text) <= _TEXT_MAX else ()
    return (max(ends) if longest else min(ends)) if ends else None


def suffix_start(pattern: str, text: str, *, longest: bool) -> int | None:
    """Where the longest or shortest end of this pattern begins."""
    ends = compiled(pattern)
    places = range(len(text) + 1) if longest else range(len(text), -1, -1)
    return next((place for place in places if len(text) in ends(text, place)), None) if len(text) <= _TEXT_MAX else None


def each(pattern: str, text: str) -> Iterable[tuple[int, int]]:
    """Where the longest parts of this pattern begin and end, none of them empty."""
    position, ends = 0, compiled(pattern)
    while position < len(text) <= _TEXT_MAX:
        end = max(ends(text, position), default=position)
        if end > position:
            yield position, end
        position = max(end, position + 1)
