"""Backslash escapes of $'…', echo and printf, and the text of a shell: bytes as UTF-8 with surrogate escapes, so that any byte survives."""

import re
from typing import Final

_SIMPLE: Final = {"a": 7, "b": 8, "e": 27, "E": 27, "f": 12, "n": 10, "r": 13, "t": 9, "v": 11, "\\": 92, "'": 39, '"': 34, "?": 63}
_ESCAPE: Final = re.compile(
    r"\\(?:x(?P<hex>[0-9a-fA-F]{1,2})|u(?P<short>[0-9a-fA-F]{1,4})|U(?P<long>[0-9a-fA-F]{1,8})"
    r"|(?P<octal>[0-7]{1,3})|c(?P<control>.)|(?P<simple>[abeEfnrtv\\'\"?]))",
    re.DOTALL,
)


def encode(text: str) -> bytes:
    """The bytes that a shell string stands for."""
    return text.encode("utf-8", "surrogateescape")


def decode(data: bytes) -> str:
    """A shell string for any bytes."""
    return data.decode("utf-8", "surrogateescape")


def byte_length(text: str) -> int:
    return len(text) if text.isascii() else len(encode(text))


def _byte(match: "re.Match[str]") -> bytes:
    if (code := match["hex"]) is not None:
        return bytes([int(code, 16)])
    if (code := match["octal"]) is not None:
        return bytes([int(code, 8) & 255])
    if (code := match["short"] or match["long"]) is not None:
        number = int(code, 16)
        return chr(number).encode("utf-8", "surrogatepass") if number < 0x110000 else b""
    if (code := match["control"]) is not None:
        return bytes([ord(code) & 31])
    return bytes([_SIMPLE[match["simple"]]])


def ansi_quoted(text: str) -> str:
    """The value of $'text'."""
    return replace_escapes(text, _ESCAPE)


def replace_escapes(text: str, pattern: "re.Pattern[str]") -> str:
    """`text` with what `pattern` matches replaced by the bytes it stands for."""
    if "\\" not in text:
        return text
    parts: list[bytes] = []
    last = 0
    for match in pattern.finditer(text):
        parts += encode(text[last : match.start()]), _byte(match)
        last = match.end()
    parts.append(encode(text[last:]))
    return decode(b"".join(parts))


_ECHO: Final = re.compile(
    r"\\(?:x(?P<hex>[0-9a-fA-F]{1,2})|u(?P<short>[0-9a-fA-F]{1,4})|U(?P<long>[0-9a-fA-F]{1,8})"
    r"|0(?P<octal>[0-7]{0,3})|c(?P<control>)|(?P<simple>[abeEfnrtv\\]))",
    re.DOTALL,
)
_NEVER: Final = r"(?P<hex>(?!))|(?P<short>(?!))|(?P<long>(?!))"
_ECHO_PLAIN: Final = re.compile(rf"\\(?:{_NEVER}|(?:0(?=[0-7]))?(?P<octal>[0-7]{{1,3}})|c(?P<control>)|(?P<simple>[abfnrtv\\]))", re.DOTALL)


def echo_text(text: str, *, is_plain: bool) -> tuple[str, bool]:
    r"""What echo makes of its argument, and whether \c ended the output. `is_plain` is dash's smaller set (no \x, \e, \u)."""
    pattern = _ECHO_PLAIN if is_plain else _ECHO
    parts: list[bytes] = []
    last = 0
    for match in pattern.finditer(text):
        parts.append(encode(text[last : match.start()]))
        if match["control"] is not None:
            return decode(b"".join(parts)), True
        octal = match["octal"]
        parts.append(bytes([int(octal or "0", 8) & 255]) if octal is not None else _byte(match))
        last = match.end()
    parts.append(encode(text[last:]))
    return decode(b"".join(parts)), False
