"""Patterns of case, ${x#…} and pathname expansion, as regular expressions that never backtrack beyond one star.

A pattern is text in which a backslash protects the next character. Between two stars stands a piece that matches characters one by
one, so taking each piece at the first place it fits is always right: atomic groups say so, and the match is linear in pieces.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from orrery.node.shell import extglob

_SPECIAL: Final = re.compile(r"[*?\[\\(]")
_CLASSES: Final = {
    "alpha": "a-zA-Z",
    "digit": "0-9",
    "alnum": "a-zA-Z0-9",
    "upper": "A-Z",
    "lower": "a-z",
    "space": r" \t\n\r\f\v",
    "blank": r" \t",
    "punct": r"!-/:-@\[-`{-~",
    "print": r" -~",
    "graph": r"!-~",
    "cntrl": r"\x00-\x1f\x7f",
    "xdigit": "0-9a-fA-F",
}
_PIECE_MAX: Final = 65_536


def is_pattern(text: str) -> bool:
    """Whether `text` has a character that matches more than itself; a [ without its ] is one like any other."""
    return "*" in text or "?" in text or ("[" in text and "]" in text[text.index("[") :]) or ("(" in text and extglob.is_extended(text))


def escape(text: str) -> str:
    """A pattern that matches `text` only."""
    return _SPECIAL.sub(r"\\\g<0>", text)


def unescape(pattern: str) -> str:
    """The text of a pattern without its backslashes."""
    return re.sub(r"\\(.)", r"\1", pattern, flags=re.DOTALL) if "\\" in pattern else pattern


def _bracket(pattern: str, start: int) -> tuple[str, int] | None:
    """The character set that begins at `start`, and where it ends; None when no bracket closes it."""
    position = start + 1
    negated = pattern[position : position + 1] in ("!", "^")
    position += negated
    members: list[str] = []
    first = True
    while position < len(pattern):
        char = pattern[position]
        if char == "]" and not first:
            inner = "".join(members)
            return (f"[^{inner}]" if negated else f"[{inner}]") if inner else ("." if negated else "(?!)"), position + 1
        first = False
        if pattern.startswith("[:", position) and (end := pattern.find(":]", position)) > 0:
            members.append(_CLASSES.get(pattern[position + 2 : end], ""))
            position = end + 2
            continue
        low, position = _member(pattern, position)
        if pattern[position : position + 1] == "-" and pattern[position + 1 : position + 2] not in ("]", ""):
            high, position = _member(pattern, position + 1)
            if low <= high:
                members.append(f"{re.escape(low)}-{re.escape(high)}")
        else:
            members.append(re.escape(low))
    return None


def _member(pattern: str, position: int) -> tuple[str, int]:
    if pattern[position] == "\\" and position + 1 < len(pattern):
        return pattern[position + 1], position + 2
    return pattern[position], position + 1


def _pieces(pattern: str) -> list[list[str]]:
    """What stands between the stars, each as expressions for one character."""
    pieces: list[list[str]] = [[]]
    position = 0
    while position < len(pattern):
        char = pattern[position]
        if char == "*":
            pieces.append([])
            position += 1
        elif char == "?":
            pieces[-1].append(".")
            position += 1
        elif char == "[" and (found := _bracket(pattern, position)):
            pieces[-1].append(found[0])
            position = found[1]
        else:
            literal, position = _member(pattern, position)
            pieces[-1].append(re.escape(literal))
    return pieces


def _expression(pieces: list[list[str]], *, longest: bool) -> str:
    """A prefix that the pieces match: the shortest one, or the longest."""
    joined = ["".join(piece) for piece in pieces]
    middle = [piece for piece in joined[1:-1] if piece]
    text = joined[0] + "".join(f"(?>.*?{piece})" for piece in middle)
    if len(joined) > 1:
        text += f".*{joined[-1]}" if longest else f".*?{joined[-1]}"
    return text


@lru_cache(maxsize=512)
def whole(pattern: str) -> "re.Pattern[str]":
    """Matches a text from its beginning to its end."""
    return re.compile(_expression(_pieces(pattern), longest=True) + r"\Z", re.DOTALL)


@lru_cache(maxsize=512)
def part(pattern: str) -> "re.Pattern[str]":
    """Matches the longest part of a text, for ${x/…}."""
    return re.compile(_expression(_pieces(pattern), longest=True), re.DOTALL)


def each(pattern: str, text: str) -> Iterator[tuple[int, int]]:
    """Where the longest parts of `text` that the pattern matches begin and end, none of them empty.

    A star takes in whatever follows, so where the piece before the first star fits and the rest does not, the rest fits nowhere later.
    """
    if extglob.is_extended(pattern):
        yield from extglob.each(pattern, text)
        return
    expression = part(pattern)
    pieces = _pieces(pattern)
    if len(pieces) == 1:
        yield from (match.span() for match in expression.finditer(text) if match[0])
        return
    head = re.compile("".join(pieces[0]), re.DOTALL)
    position = 0
    while begin := head.search(text, position):
        found = expression.match(text, begin.start())
        if found is None or not found[0]:
            return
        yield found.span()
        position = found.end()


@lru_cache(maxsize=512)
def prefix(pattern: str, *, longest: bool) -> "re.Pattern[str]":
    return re.compile(_expression(_pieces(pattern), longest=longest), re.DOTALL)


@lru_cache(maxsize=512)
def suffix(pattern: str, *, longest: bool) -> "re.Pattern[str]":
    """Matches a prefix of the reversed text: a suffix of the text itself."""
    reversed_pieces = [piece[::-1] for piece in reversed(_pieces(pattern))]
    return re.compile(_expression(reversed_pieces, longest=longest), re.DOTALL)


def matches(pattern: str, text: str) -> bool:
    """Whether the whole of `text` is of the pattern."""
    if not _SPECIAL.search(pattern):
        return pattern == text
    if "(" in pattern and extglob.is_extended(pattern):
        return extglob.matches(pattern, text)
    return whole(pattern).match(text) is not None


def without_prefix(text: str, pattern: str, *, longest: bool) -> str:
    if extglob.is_extended(pattern):
        return text[extglob.prefix_end(pattern, text, longest=longest) or 0 :]
    match = prefix(pattern, longest=longest).match(text)
    return text[match.end() :] if match else text


def without_suffix(text: str, pattern: str, *, longest: bool) -> str:
    if extglob.is_extended(pattern):
        start = extglob.suffix_start(pattern, text, longest=longest)
        return text if start is None else text[:start]
    match = suffix(pattern, longest=longest).match(text[::-1])
    return text[: len(text) - match.end()] if match else text
