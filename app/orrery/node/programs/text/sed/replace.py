"""What sed's s and l make of a line."""

from collections.abc import Generator, Sequence
from typing import Final

from orrery.node.programs.patterns.compile import Pattern
from orrery.node.programs.text.sed.script import Substitution

MATCHES_PER_STEP: Final = 5000


def replace(pattern: Pattern, what: Substitution, space: bytes) -> Generator[None, None, bytes | None]:
    """The space after a substitution, None when nothing matched; pauses after many matches."""
    out: list[bytes] = []
    position = copied = count = 0
    last_end = -1
    while position <= len(space):
        spans = pattern.search(space, position)
        if spans is None:
            break
        start, end = spans[0]
        if start == end == last_end:
            position = end + 1  # An empty match right behind a match counts no more.
            continue
        count += 1
        if not count % MATCHES_PER_STEP:
            yield
        last_end = end
        if count >= what.nth:
            out.append(space[copied:start])
            out.append(_filled(what, space, spans))
            copied = end
            if not what.is_global:
                break
        position = end if end > start else end + 1
    if count < what.nth or count == 0:
        return None
    out.append(space[copied:])
    return b"".join(out)


def _filled(what: Substitution, space: bytes, groups: Sequence[tuple[int, int]]) -> bytes:
    out: list[bytes] = []
    lasting = once = ""
    for part in what.parts:
        if isinstance(part, str):
            if part in "ULE":
                lasting = "" if part == "E" else part
                once = ""
            else:
                once = part
            continue
        piece = part if isinstance(part, bytes) else space[max(groups[part][0], 0) : max(groups[part][1], 0)] if part < len(groups) else b""
        piece = piece.upper() if lasting == "U" else piece.lower() if lasting == "L" else piece
        if once and piece:
            piece = (piece[:1].upper() if once == "u" else piece[:1].lower()) + piece[1:]
            once = ""
        out.append(piece)
    return b"".join(out)


_ESCAPES: Final = {7: b"\\a", 8: b"\\b", 9: b"\\t", 10: b"\\n", 11: b"\\v", 12: b"\\f", 13: b"\\r", 92: b"\\\\"}


def unambiguous(space: bytes, width: int) -> bytes:
    """What l prints, in lines of at most `width`; 0 and 1 mean one line."""
    pieces = [_ESCAPES.get(byte) or (bytes((byte,)) if 32 <= byte < 127 else b"\\%03o" % byte) for byte in space]
    lines: list[bytes] = []
    current = b""
    for piece in pieces:
        if width > 1 and len(current) + len(piece) > width - 1:
            lines.append(current + b"\\")
            current = b""
        current += piece
    return b"\n".join([*lines, current + b"$"])
