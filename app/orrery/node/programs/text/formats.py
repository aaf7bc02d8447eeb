"""The conversions of printf(1), shared with the shell's built-in: flags, width, precision, %b, %q, reuse of the format, bad numbers."""

from collections.abc import AsyncIterator, Sequence
from typing import Final

from orrery.node.programs.text.escapes import unescape, unescape_one

WIDTH_MAX: Final = 1 << 20
"""A wider field is cut: it would only fill memory."""


class Formatter:
    """Formats arguments again and again until they are used up. Complaints are collected, as printf goes on after a bad number."""

    __slots__ = ("_arguments", "_is_busybox", "_next", "_stops", "complaints")

    def __init__(self, arguments: Sequence[str], *, is_busybox: bool) -> None:
        self._arguments = arguments
        self._next = 0
        self._stops = False
        self._is_busybox = is_busybox
        self.complaints: list[str] = []

    async def pieces(self, template: bytes) -> AsyncIterator[bytes]:
        """What each pass over the format writes."""
        while True:
            before = self._next
            yield self._pass(template)
            if self._stops or self._next >= len(self._arguments) or self._next == before:
                return

    def _take(self) -> str:
        self._next += 1
        return self._arguments[self._next - 1] if self._next <= len(self._arguments) else ""

    def _pass(self, template: bytes) -> bytes:
        out: list[bytes] = []
        position, length = 0, len(template)
        while position < length and not self._stops:
            byte = template[position]
            if byte == 92:
                piece, position = unescape_one(template, position)
                if piece is None:
                    self._stops = True
                elif piece == b'\\"':
                    out.append(b'"')
                else:
                    out.append(piece)
            elif byte == 37:
                piece, position = self._conversion(template, position + 1)
                out.append(piece)
            else:
                end = position + 1
                while end < length and template[end] not in b"\\%":
                    end += 1
                out.append(template[position:end])
                position = end
        return b"".join(out)

    def _conversion(self, template: bytes, position: int) -> tuple[bytes, int]:
        start = position
        if template[position : position + 1] == b"%":
            return b"%", position + 1
        while position < len(template) and template[position] in b"-+ #0'":
            position += 1
        flags = template[start:position].decode()
        width, position = self._count(template, position)
        precision: int | None = None
        if template[position : position + 1] == b".":
            precision, position = self._count(template, position + 1)
            precision = precision if precision is not None else 0
        while position < len(template) and template[position] in b"hlLqjzt":
            position += 1
        if width is not None and width < 0:
            flags, width = flags + "-", -width
        letter = template[position : position + 1].decode("latin-1")
        if letter not in "diouxXeEfFgGaAcsbq" or not letter:
            text = template[start - 1 : position + 1].decode("utf-8", "replace")
            self.complaints.append(f"{text}: invalid format" if self._is_busybox else f"{text}: invalid conversion specification")
            self._stops = True
            return b"", len(template)
        return self._convert(letter, flags, width or 0, precision), position + 1

    def _count(self, template: bytes, position: int) -> tuple[int | None, int]:
        if template[position : position + 1] == b"*":
            value = self._take()
            return max(-WIDTH_MAX, min(self._integer(value) if value else 0, WIDTH_MAX)), position + 1
        end = position
        while end < len(template) and 48 <= template[end] <= 57:
            end += 1
        return (min(int(template[position:end][:9]), WIDTH_MAX) if end > position else None), end

    def _convert(self, letter: str, flags: str, width: int, precision: int | None) -> bytes:
        argument = self._take()
        if letter in "sbqc":
            return self._text(letter, argument, flags, width, precision)
        if letter in "di":
            return number_text(self._integer(argument), flags, width, precision, "d").encode()
        if letter in "ouxX":
            return number_text(self._integer(argument) & (2**64 - 1), flags, width, precision, letter).encode()
        return float_text(self._float(argument), flags, width, precision, letter).encode()

    def _text(self, letter: str, argument: str, flags: str, width: int, precision: int | None) -> bytes:
        data = argument.encode("utf-8", "surrogateescape")
        if letter == "b":
            data, stops = unescape(data, zero_octal=True)
            self._stops = self._stops or stops
        elif letter == "c":
            data = data[:1] or b"\0"
        elif letter == "q":
            data = quoted(argument).encode("utf-8", "surrogateescape")
        if precision is not None and letter != "c":
            data = data[:precision]
        return data.ljust(width) if "-" in flags else data.rjust(width)

    def _integer(self, text: str) -> int:
        if text[:1] in ("'", '"'):
            return ord(text[1]) if len(text) > 1 else 0
        stripped = text.strip()
        if not stripped:
            return 0
        try:
            value = _c_integer(stripped)
        except ValueError:
            self._bad_number(text)
            return 0 if self._is_busybox else _leading_integer(stripped)
        if -(2**63) <= value < 2**64:
            return value
        self.complaints.append(f"invalid number '{text}'" if self._is_busybox else f"'{text}': Numerical result out of range")
        return 2**63 - 1 if value > 0 else -(2**63)

    def _float(self, text: str) -> float:
        if text[:1] in ("'", '"'):
            return float(ord(text[1])) if len(text) > 1 else 0.0
        try:
            return float(int(text, 16)) if text[:2].lower() == "0x" else float(text or 0)
        except ValueError:
            self._bad_number(text)
            return 0.0

    def _bad_number(self, text: str) -> None:
        if self._is_busybox:
            self.complaints.append(f"invalid number '{text}'")
        elif text.lstrip("+-")[:1].isdigit():
            self.complaints.append(f"'{text}': value not completely converted")
        else:
            self.complaints.append(f"'{text}': expected a numeric value")


def _c_integer(text: str) -> int:
    sign = -1 if text[0] == "-" else 1
    digits = text[1:] if text[0] in "+-" else text
    if not digits or not digits.isascii() or "_" in digits or digits[0] in "+-":
        raise ValueError(text)
    if len(digits) > 1 and digits[0] == "0":
        return sign * (int(digits[2:], 16) if digits[1] in "xX" else int(digits, 8))
    return sign * int(digits)


def _leading_integer(text: str) -> int:
    end = 1 if text[:1] in ("+", "-") else 0
    while end < len(text) and text[end].isdigit() and end < 40:
        end += 1
    return int(text[:end]) if text[:end].lstrip("+-") else 0


def number_text(value: int, flags: str, width: int, precision: int | None, letter: str) -> str:
    """An integer as C's printf writes it."""
    digits = str(abs(value)) if letter == "d" else format(value, {"o": "o", "x": "x", "X": "X", "u": "d"}[letter])
    if precision is not None:
        digits = digits.rjust(precision, "0") if precision or value else ""
    prefix = ""
    if "#" in flags and value:
        prefix = {"x": "0x", "X": "0X", "o": "" if digits.startswith("0") else "0"}.get(letter, "")
    if letter == "d":
        prefix = "-" if value < 0 else "+" if "+" in flags else " " if " " in flags else ""
    if "-" in flags:
        return (prefix + digits).ljust(width)
    if "0" in flags and precision is None:
        return prefix + digits.rjust(width - len(prefix), "0")
    return (prefix + digits).rjust(width)


def float_text(value: float, flags: str, width: int, precision: int | None, letter: str) -> str:
    """A floating point number as C's printf writes it."""
    if letter in "aA":
        text = value.hex()
    else:
        alternate = "#" if "#" in flags else ""
        text = format(abs(value), f"{alternate}.{min(precision if precision is not None else 6, 1000)}{letter}")
        sign = "-" if str(value).startswith("-") else "+" if "+" in flags else " " if " " in flags else ""
        if "0" in flags and "-" not in flags and text[0].isdigit():
            return sign + text.rjust(width - len(sign), "0")
        text = sign + text
    return text.ljust(width) if "-" in flags else text.rjust(width)


_PLAIN: Final = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:=@%+,^")


def quoted(text: str) -> str:
    """`text` so that a shell reads it back, as printf %q does."""
    if not text:
        return "''"
    if not _PLAIN.issuperset(text) and any(ord(char) < 32 for char in text):
        escapes = {"\n": "\\n", "\t": "\\t", "\r": "\\r", "'": "\\'", "\\": "\\\\"}
        return "$'" + "".join(escapes.get(char) or (char if ord(char) >= 32 else f"\\{ord(char):03o}") for char in text) + "'"
    return "".join(char if char in _PLAIN else "\\" + char for char in text)
