"""The conversions of printf(1) as a program, the shells have their own: flags, width, precision, %b, %q, reuse of the format, bad numbers."""

import re
from collections.abc import AsyncIterator, Sequence
from typing import Final

from orrery.node.programs.quoting import shell_escaped
from orrery.node.programs.text.escapes import unescape, unescape_one

_INTEGER: Final = re.compile(r"\s*([+-]?)(0[xX][0-9a-fA-F]+|0[0-7]*|[1-9][0-9]*)")
_FLOAT: Final = re.compile(
    r"\s*[+-]?(?:0[xX](?:[0-9a-fA-F]+\.?[0-9a-fA-F]*|\.[0-9a-fA-F]+)(?:[pP][+-]?[0-9]+)?"
    r"|(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|infinity|inf|nan)",
    re.IGNORECASE,
)
_WIDE: Final = re.compile(rb"\\[uU]|\\x(?![0-9a-fA-F])")
_HEX: Final = re.compile(rb"[0-9a-fA-F]+")
WIDTH_MAX: Final = 1 << 20
"""A wider field is cut: it would only fill memory."""


class Formatter:
    """Formats arguments again and again until they are used up. Complaints are collected, as printf goes on after a bad number."""

    __slots__ = ("_arguments", "_is_busybox", "_letters", "_next", "_stops", "complaints", "warnings")

    def __init__(self, arguments: Sequence[str], *, is_busybox: bool) -> None:
        self._arguments = arguments
        self._next = 0
        self._stops = False
        self._is_busybox = is_busybox
        self._letters = "diouxXeEfgGcsb" if is_busybox else "diouxXeEfFgGaAcsbq"
        self.complaints: list[str] = []
        self.warnings: list[str] = []

    async def pieces(self, template: bytes) -> AsyncIterator[bytes]:
        """What each pass over the format writes."""
        while True:
            before = self._next
            yield self._pass(template)
            if self._stops or self._next >= len(self._arguments):
                return
            if self._next == before:
                if not self._is_busybox:
                    left = shell_escaped(self._arguments[self._next], always=True)
                    self.warnings.append(f"warning: ignoring excess arguments, starting with {left}")
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
                is_wide = not self._is_busybox and _WIDE.match(template, position)
                piece, position = self._wide_escape(template, position) if is_wide else unescape_one(template, position)
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
        sizes = position
        while position < len(template) and template[position] in b"hlLjzt":
            position += 1
        if width is not None and width < 0:
            flags, width = flags + "-", -width
        letter = template[position : position + 1].decode("latin-1")
        if not self._accepts(letter, flags, is_plain=start == position):
            shown = template[start - 1 : sizes] + template[position:] if self._is_busybox else template[start - 1 : position + 1]
            self._refuse(shown.decode("utf-8", "replace"))
            return b"", len(template)
        return self._convert(letter, flags, width or 0, precision), position + 1

    def _accepts(self, letter: str, flags: str, *, is_plain: bool) -> bool:
        if self._is_busybox or letter not in ("q", "s", "c"):
            return letter != "" and letter in self._letters
        return is_plain if letter == "q" else "0" not in flags

    def _refuse(self, text: str) -> None:
        self.complaints.append(f"{text}: invalid format" if self._is_busybox else f"{text}: invalid conversion specification")
        self._stops = True

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
            return number_text(self._integer(argument, is_signed=False) & (2**64 - 1), flags, width, precision, letter).encode()
        return float_text(self._float(argument), flags, width, precision, letter).encode()

    def _text(self, letter: str, argument: str, flags: str, width: int, precision: int | None) -> bytes:
        data = argument.encode("utf-8", "surrogateescape")
        if letter == "b":
            data, stops = unescape(data, zero_octal=True)
            self._stops = self._stops or stops
        elif letter == "c":
            data = data[:1] or b"\0"
        elif letter == "q":
            data = shell_escaped(argument).encode("utf-8", "surrogateescape")
        if precision is not None and letter != "c":
            data = data[:precision]
        return data.ljust(width) if "-" in flags else data.rjust(width)

    def _integer(self, text: str, *, is_signed: bool = True) -> int:
        if text[:1] in ("'", '"') and (len(text) > 1 or self._is_busybox):
            return self._character_code(text)
        match = _INTEGER.match(text)
        if match is None or (self._is_busybox and match.end() < len(text)):
            if text or self._is_busybox:
                self._bad_number(text, is_partly=False)
            return 0
        if match.end() < len(text):
            self._bad_number(text, is_partly=True)
        digits = match[2]
        value = int(digits, 16 if digits[1:2] in ("x", "X") else 8 if digits[0] == "0" else 10) * (-1 if match[1] == "-" else 1)
        low, high = -(2**63), 2**63 - 1 if is_signed else 2**64 - 1
        if low <= value <= high:
            return value
        self.complaints.append(f"invalid number '{text}'" if self._is_busybox else f"'{text}': Numerical result out of range")
        return 0 if self._is_busybox else max(low, min(value, high))

    def _character_code(self, text: str) -> int:
        if len(text) > 2 and not self._is_busybox:
            self.warnings.append(f"warning: {text[2:]}: character(s) following character constant have been ignored")
        data = text[1:2].encode("utf-8", "surrogateescape")
        return data[0] if data else 0

    def _float(self, text: str) -> float:
        if text[:1] in ("'", '"'):
            return float(self._character_code(text))
        match = _FLOAT.match(text)
        if match is None or (self._is_busybox and match.end() < len(text)):
            if text:
                self._bad_number(text, is_partly=False)
            return 0.0
        if match.end() < len(text):
            self._bad_number(text, is_partly=True)
        number = match[0].strip().lower()
        return float.fromhex(number) if "0x" in number else float(number)

    def _bad_number(self, text: str, *, is_partly: bool) -> None:
        if self._is_busybox:
            self.complaints.append(f"invalid number '{text}'")
        elif is_partly:
            self.complaints.append(f"'{text}': value not completely converted")
        else:
            self.complaints.append(f"'{text}': expected a numeric value")

    def _wide_escape(self, template: bytes, position: int) -> tuple[bytes | None, int]:
        r"""GNU's \u and \U: the C locale has no letters for them, and \x wants digits."""
        kind = template[position + 1 : position + 2]
        count = 4 if kind == b"u" else 8
        match = _HEX.match(template, position + 2)
        digits = match[0][:count] if match else b""
        if len(digits) < (1 if kind == b"x" else count):
            self.complaints.append("missing hexadecimal number in escape")
        elif int(digits, 16) < 0xA0 and digits.lower() not in (b"0024", b"0040", b"0060"):
            self.complaints.append(f"invalid universal character name \\{kind.decode()}{digits.decode()}")
        else:
            return chr(int(digits, 16)).encode() if int(digits, 16) < 128 else b"\\" + kind + digits.upper(), position + 2 + count
        self._stops = True
        return b"", len(template)


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
