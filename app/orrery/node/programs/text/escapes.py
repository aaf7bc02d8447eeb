"""Backslash escapes as echo -e, printf, tr, sed and awk write them."""

from typing import Final

_SINGLE: Final = {97: 7, 98: 8, 101: 27, 102: 12, 110: 10, 114: 13, 116: 9, 118: 11, 92: 92}
_OCTAL: Final = frozenset(b"01234567")
_HEX: Final = frozenset(b"0123456789abcdefABCDEF")


def unescape_one(data: bytes, position: int, *, zero_octal: bool = False) -> tuple[bytes | None, int]:
    """The bytes of the escape whose backslash is at `position` and where the text goes on; None for \\c.

    `zero_octal` wants octal numbers as \\0NNN (echo -e), else as \\NNN.
    """
    if position + 1 >= len(data):
        return b"\\", position + 1
    letter = data[position + 1]
    if letter in _SINGLE:
        return bytes([_SINGLE[letter]]), position + 2
    if letter == 99:
        return None, len(data)
    if letter in _OCTAL:
        start = position + 2 if zero_octal and letter == 48 else position + 1
        end = start
        while end < len(data) and end < start + 3 and data[end] in _OCTAL:
            end += 1
        return bytes([int(data[start:end] or b"0", 8) & 255]), end
    if letter == 120:
        end = position + 2
        while end < len(data) and end < position + 4 and data[end] in _HEX:
            end += 1
        if end > position + 2:
            return bytes([int(data[position + 2 : end], 16)]), end
    return data[position : position + 2], position + 2


def unescape(data: bytes, *, zero_octal: bool = False) -> tuple[bytes, bool]:
    """All escapes replaced; whether \\c said to stop."""
    if b"\\" not in data:
        return data, False
    out: list[bytes] = []
    position = 0
    while (found := data.find(b"\\", position)) >= 0:
        out.append(data[position:found])
        piece, position = unescape_one(data, found, zero_octal=zero_octal)
        if piece is None:
            return b"".join(out), True
        out.append(piece)
    out.append(data[position:])
    return b"".join(out), False
