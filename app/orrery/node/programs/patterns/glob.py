"""Shell patterns (`*`, `?`, `[…]`) against names, in time proportional to the product of the lengths at worst."""

from functools import lru_cache
from typing import Final, TypeAlias

from orrery.node.programs.patterns.syntax import CLASSES

_STAR: Final = None
_ANY: Final = frozenset[str]()

Token: TypeAlias = "tuple[bool, frozenset[str]] | None"
"""`*` is None; else whether the set is negated, and the set: any character is a negated empty set."""


@lru_cache(maxsize=512)
def parse_glob(pattern: str) -> tuple[Token, ...]:
    tokens: list[Token] = []
    position = 0
    while position < len(pattern):
        char = pattern[position]
        position += 1
        if char == "*":
            if not tokens or tokens[-1] is not None:
                tokens.append(_STAR)
        elif char == "?":
            tokens.append((True, _ANY))
        elif char == "\\" and position < len(pattern):
            tokens.append((False, frozenset(pattern[position])))
            position += 1
        elif char == "[" and (parsed := _bracket(pattern, position)) is not None:
            token, position = parsed
            tokens.append(token)
        else:
            tokens.append((False, frozenset(char)))
    return tuple(tokens)


def _bracket(pattern: str, position: int) -> tuple[Token, int] | None:
    negated = pattern[position : position + 1] in ("!", "^") and bool(pattern[position : position + 1])
    position += negated
    members: set[str] = set()
    first = position
    while position < len(pattern):
        char = pattern[position]
        if char == "]" and position > first:
            return (negated, frozenset(members)), position + 1
        if char == "[" and pattern.startswith("[:", position) and (end := pattern.find(":]", position + 2)) > 0:
            members.update(map(chr, CLASSES.get(pattern[position + 2 : end], ())))
            position = end + 2
            continue
        if char == "\\" and position + 1 < len(pattern):
            position += 1
            char = pattern[position]
        if pattern[position + 1 : position + 2] == "-" and pattern[position + 2 : position + 3] not in ("", "]"):
            members.update(map(chr, range(ord(char), min(ord(pattern[position + 2]), ord(char) + 70_000) + 1)))
            position += 3
        else:
            members.add(char)
            position += 1
    return None


def matches_glob(pattern: str, name: str, *, ignore_case: bool = False) -> bool:
    """Whether the whole of `name` matches."""
    if ignore_case:
        pattern, name = pattern.lower(), name.lower()
    tokens = parse_glob(pattern)
    at = position = 0
    star, resume = -1, 0
    while position < len(name):
        token = tokens[at] if at < len(tokens) else (False, _ANY)
        if token is None:
            star, resume = at, position
            at += 1
        elif (name[position] in token[1]) != token[0]:
            at += 1
            position += 1
        elif star >= 0:
            resume += 1
            at, position = star + 1, resume
        else:
            return False
    return all(token is None for token in tokens[at:])
