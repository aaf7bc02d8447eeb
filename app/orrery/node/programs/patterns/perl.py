"""Perl patterns (grep -P) by RE2, which speaks Perl's language, in linear time, but cannot look around.

What people look around for is kept: a (?<=…) at the beginning, \\K, and a (?=…) at the end only narrow what counts as the match.
"""

from functools import lru_cache

from orrery.node.programs.patterns.compile import Pattern, compile_re2
from orrery.node.programs.patterns.syntax import PatternError


@lru_cache(maxsize=256)
def compile_perl(source: bytes, *, ignore_case: bool = False, is_whole_line: bool = False) -> Pattern:
    """PatternError where it is no pattern, or one that needs more than RE2."""
    before, kept, after = _parts(source)
    whole = b"(?:" + before + b")(" + kept + b")(?:" + after + b")"
    if is_whole_line:
        whole = b"^(?:" + whole + b")$"
    number = _groups(before) + 1
    try:
        regexp = compile_re2(whole, ignore_case=ignore_case, is_multiline=False, is_longest=False)
    except PatternError:
        shown = source.decode("utf-8", "replace")
        raise PatternError(f"this pattern needs more than Orrery's grep -P has: {shown}") from None
    return Pattern(0, regexp=regexp, kept=number)


def _parts(source: bytes) -> tuple[bytes, bytes, bytes]:
    before, found, kept = source.rpartition(b"\\K")
    if not found and source.startswith(b"(?<="):
        end = _closing(source, 0)
        before, kept = source[4:end], source[end + 1 :]
    start = kept.rfind(b"(?=")
    if start >= 0 and _closing(kept, start) == len(kept) - 1:
        return before, kept[:start], kept[start + 3 : -1]
    return before, kept, b""


def _closing(source: bytes, start: int) -> int:
    """Where the group that opens at `start` closes; the end when it does not."""
    depth, position, in_brackets = 0, start, False
    while position < len(source):
        char = source[position : position + 1]
        if char == b"\\":
            position += 1
        elif in_brackets:
            in_brackets = char != b"]"
        elif char == b"[":
            in_brackets = True
        elif char in b"()":
            depth += 1 if char == b"(" else -1
            if depth == 0:
                return position
        position += 1
    return len(source)


def _groups(source: bytes) -> int:
    """How many groups that count."""
    plain = source.replace(b"\\\\", b"").replace(b"\\(", b"")
    return plain.count(b"(") - plain.count(b"(?") + plain.count(b"(?P<")
