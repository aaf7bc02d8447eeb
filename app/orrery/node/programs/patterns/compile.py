"""Compile a POSIX pattern: to a plain search if literal, to RE2 (linear time) as a rule, to the bounded matcher where RE2 cannot."""

from collections.abc import Sequence as Ordered
from functools import lru_cache
from typing import Any, Final

from orrery.node.programs.patterns.backtrack import Backtracker, PatternTooHard
from orrery.node.programs.patterns.syntax import (
    ALL,
    WORD,
    Assertion,
    Bytes,
    Choice,
    Group,
    Node,
    Parser,
    PatternError,
    Reference,
    Repeat,
    Sequence,
)

__all__ = ["Pattern", "PatternError", "PatternTooHard", "compile_fixed", "compile_pattern"]

_RE2_REPEAT_MAX: Final = 1000
_MEMORY_SMALL: Final = 1 << 20
_MEMORY_LARGE: Final = 8 << 20


class Pattern:
    """A compiled pattern over bytes."""

    __slots__ = ("_backtracker", "_kept", "_literal", "_regexp", "groups")

    def __init__(
        self, groups: int, *, literal: bytes | None = None, regexp: Any = None, backtracker: Backtracker | None = None, kept: int = 0
    ) -> None:
        self.groups = groups
        self._kept = kept
        self._literal = literal
        self._regexp = regexp
        self._backtracker = backtracker

    def search(self, text: bytes, start: int = 0) -> Ordered[tuple[int, int]] | None:
        """Spans of the leftmost-longest match at or after `start` and of its groups, (-1, -1) for a group that took no part."""
        if self._literal is not None:
            found = text.find(self._literal, start)
            return None if found < 0 else ((found, found + len(self._literal)),)
        if self._backtracker is not None:
            return self._backtracker.search(text, start)
        match = self._regexp.search(text, start)
        if match is None:
            return None
        return [match.span(self._kept)] if self._kept else [match.span(number) for number in range(self.groups + 1)]

    def matches(self, text: bytes) -> bool:
        """Whether the pattern is found anywhere."""
        if self._literal is not None:
            return self._literal in text
        if self._backtracker is not None:
            return self._backtracker.search(text, 0) is not None
        return self._regexp.search(text) is not None


@lru_cache(maxsize=256)
def compile_pattern(
    pattern: bytes,
    *,
    extended: bool = False,
    ignore_case: bool = False,
    is_multiline: bool = False,
    is_whole_line: bool = False,
    refuses_bare_repeats: bool = False,
) -> Pattern:
    """PatternError with the C library's message when the pattern is wrong. An extended one that begins with * may count as wrong."""
    parser = Parser(pattern, extended=extended, refuses_bare_repeats=refuses_bare_repeats)
    tree = parser.parse()
    if is_whole_line:
        tree = Sequence((Assertion("^"), tree if not isinstance(tree, Choice) else Repeat(tree, 1, 1), Assertion("$")))
    literal = None if ignore_case else _literal(tree)
    if literal is not None:
        return Pattern(parser.groups, literal=literal)
    if parser.has_references or _needs_edges(tree):
        matcher = Backtracker(tree, parser.groups, ignore_case=ignore_case, is_multiline=is_multiline)
        return Pattern(parser.groups, backtracker=matcher)
    return Pattern(parser.groups, regexp=compile_re2(_to_re2(tree), ignore_case=ignore_case, is_multiline=is_multiline))


@lru_cache(maxsize=256)
def compile_fixed(strings: tuple[bytes, ...], *, ignore_case: bool = False, is_whole_line: bool = False) -> Pattern:
    """Any of several fixed strings."""
    if len(strings) == 1 and not ignore_case and not is_whole_line:
        return Pattern(0, literal=strings[0])
    choice = b"|".join(b"".join(b"\\x%02x" % byte for byte in string) for string in strings)
    source = b"^(?:" + choice + b")$" if is_whole_line else b"(?:" + choice + b")"
    return Pattern(0, regexp=compile_re2(source, ignore_case=ignore_case, is_multiline=False))


def compile_re2(source: bytes, *, ignore_case: bool, is_multiline: bool, is_longest: bool = True) -> Any:
    """PatternError when RE2 cannot."""
    import re2  # Loaded when a container first uses a pattern: starting up must not pay for it.

    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    options.longest_match = is_longest
    options.case_sensitive = not ignore_case
    options.log_errors = False
    options.dot_nl = True
    options.max_mem = _MEMORY_SMALL if len(source) < 4096 else _MEMORY_LARGE
    try:
        return re2.compile((b"(?m)" if is_multiline else b"") + source, options)
    except re2.error:
        raise PatternError("Regular expression too big") from None


def _literal(tree: Node) -> bytes | None:
    parts = tree.parts if isinstance(tree, Sequence) else (tree,)
    out = bytearray()
    for part in parts:
        if not isinstance(part, Bytes) or len(part.members) != 1:
            return None
        out += bytes(part.members)
    return bytes(out)


def _needs_edges(node: Node) -> bool:
    """Whether `\\<` or `\\>` stands where RE2's \\b would say more than it."""
    if isinstance(node, Sequence):
        for index, part in enumerate(node.parts):
            if isinstance(part, Assertion) and part.kind in "<>":
                neighbour = index + 1 if part.kind == "<" else index - 1
                if not 0 <= neighbour < len(node.parts) or not _is_word(node.parts[neighbour]):
                    return True
        return any(_needs_edges(part) for part in node.parts if not isinstance(part, Assertion))
    if isinstance(node, Choice):
        return any(_needs_edges(branch) for branch in node.branches)
    if isinstance(node, Repeat | Group):
        return _needs_edges(node.part)
    return isinstance(node, Assertion) and node.kind in "<>"


def _is_word(node: Node) -> bool:
    if isinstance(node, Repeat):
        return node.low > 0 and _is_word(node.part)
    if isinstance(node, Group):
        return _is_word(node.part)
    return isinstance(node, Bytes) and node.members <= WORD


_ASSERTIONS: Final = {"^": b"^", "$": b"$", "b": b"\\b", "B": b"\\B", "<": b"\\b", ">": b"\\b", "`": b"\\A", "'": b"\\z"}


def _to_re2(node: Node) -> bytes:
    if isinstance(node, Bytes):
        return _bytes_to_re2(node.members)
    if isinstance(node, Sequence):
        return b"".join([_to_re2(part) if not isinstance(part, Choice) else b"(?:" + _to_re2(part) + b")" for part in node.parts])
    if isinstance(node, Choice):
        return b"|".join([_to_re2(branch) for branch in node.branches])
    if isinstance(node, Group):
        return b"(" + _to_re2(node.part) + b")"
    if isinstance(node, Repeat):
        return _repeat_to_re2(node)
    assert not isinstance(node, Reference)
    return _ASSERTIONS[node.kind]


def _repeat_to_re2(node: Repeat) -> bytes:
    part = b"(?:" + _to_re2(node.part) + b")"
    if node.low > _RE2_REPEAT_MAX or (node.high or 0) > _RE2_REPEAT_MAX:
        raise PatternError("Regular expression too big")
    if node.high is None:
        return part + (b"*" if node.low == 0 else b"+" if node.low == 1 else b"{%d,}" % node.low)
    return part + (b"?" if (node.low, node.high) == (0, 1) else b"{%d,%d}" % (node.low, node.high))


def _bytes_to_re2(members: frozenset[int]) -> bytes:
    if members is ALL or len(members) == 256:
        return b"(?s:.)"
    if len(members) == 1:
        return b"\\x%02x" % next(iter(members))
    if not members:
        return b"[^\\x00-\\xff]"
    ordered = sorted(members)
    ranges: list[bytes] = []
    start = previous = ordered[0]
    for member in [*ordered[1:], 999]:
        if member != previous + 1:
            ranges.append(b"\\x%02x-\\x%02x" % (start, previous))
            start = member
        previous = member
    return b"[" + b"".join(ranges) + b"]"
