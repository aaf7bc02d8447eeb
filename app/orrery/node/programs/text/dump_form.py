"""The formats of hexdump -e: units `count/size "text"`, whose conversions take numbers out of the bytes of a row."""

import re
from dataclasses import dataclass
from typing import Final

from orrery.node.programs.faults import Fault

_UNIT: Final = re.compile(r'\s*(?:(\d{1,4})?(?:/(\d{1,2}))?\s*)"((?:[^"\\]|\\.)*)"')
_CONVERSION: Final = re.compile(r"%([-+ #0]*)(\d{0,4})(?:\.\d+)?([dioxXuc])|%_([acpu])(?:\[?([dox])\]?)?")
_ESCAPES: Final = {"n": "\n", "t": "\t", "r": "\r", "0": "\0", "\\": "\\", '"': '"'}


@dataclass(frozen=True, slots=True)
class _Unit:
    count: int
    size: int
    text: str


class Form:
    """`size` bytes make one round of all units."""

    def __init__(self, source: str) -> None:
        self._units: list[_Unit] = []
        position = 0
        while position < len(source.rstrip()):
            match = _UNIT.match(source, position)
            if match is None:
                raise Fault(f"bad format {{{source}}}")
            text = re.sub(r"\\(.)", lambda escape: _ESCAPES.get(escape[1], escape[1]), match[3])
            size = int(match[2] or 0) or (_natural(text) if _CONVERSION.search(text) else 0)
            self._units.append(_Unit(int(match[1] or 1), size, text))
            position = match.end()
        self.size = max(sum(unit.count * unit.size for unit in self._units), 1)

    def shown(self, row: bytes) -> str:
        out: list[str] = []
        position = 0
        for unit in self._units:
            for left in range(unit.count, 0, -1):
                # The space behind the last of several is dropped.
                text = unit.text.rstrip(" ") if left == 1 and unit.count > 1 else unit.text
                out.append(_filled(text, row[position : position + unit.size], is_used_up=unit.size > 0 and position >= len(row)))
                position += unit.size
        return "".join(out)


def _filled(text: str, piece: bytes, *, is_used_up: bool) -> str:
    """A unit's text with its number; what there are no bytes for any more is blank, but keeps its place."""

    def converted(match: "re.Match[str]") -> str:
        return _converted(match, piece)

    filled = _CONVERSION.sub(converted, text)
    return " " * len(filled) if is_used_up else filled


def _natural(text: str) -> int:
    return 1 if "%c" in text or "%_" in text else 4


def _converted(match: "re.Match[str]", piece: bytes) -> str:
    flags, width, letter, special, _ = match.groups()
    number = int.from_bytes(piece, "little", signed=letter in ("d", "i"))
    if special == "p":
        return chr(number) if 32 <= number < 127 else "."
    if special or letter == "c":
        return chr(number) if 32 <= number < 127 else f"{number:03o}"
    text = str(number) if letter in "diu" else format(number, letter)
    size = int(width or 0)
    return text.ljust(size) if "-" in flags else text.rjust(size, "0" if "0" in flags else " ")
