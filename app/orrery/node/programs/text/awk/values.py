"""awk's values: numbers, strings, and strings that came from outside and count as numbers when they look like one."""

import math
import re
from typing import Final, TypeAlias

from orrery.node.programs.text.formats import WIDTH_MAX, float_text, number_text

_NUMBER: Final = re.compile(r"[ \t\n\r\f\v]*([+-]?(?:0[xX][0-9a-fA-F]+|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?))")


class FormatError(Exception):
    """A format that cannot be filled; `before` is what came out of it until then."""

    def __init__(self, message: str, before: str) -> None:
        super().__init__(message)
        self.before = before


class Input(str):
    """Text from outside: a field, a line, an argument."""

    __slots__ = ()


class Unset(str):
    """A variable that has no value: both an empty string and 0."""

    __slots__ = ()


UNSET: Final = Unset("")
Value: TypeAlias = float | str
Array: TypeAlias = dict[str, Value]


def to_number(value: Value) -> float:
    if isinstance(value, float):
        return value
    match = _NUMBER.match(value)
    if match is None:
        return 0.0
    text = match.group(1)
    return float(int(text, 16)) if text[1:2] in "xX" or text[2:3] in ("x", "X") else float(text)


def looks_numeric(text: str) -> bool:
    match = _NUMBER.match(text)
    return match is not None and not text[match.end() :].strip(" \t\n\r\f\v")


def to_text(value: Value, convert: str = "%.6g") -> str:
    """A number as text: whole ones in full, others by CONVFMT or OFMT."""
    if isinstance(value, str):
        return value
    if value == int(value) if math.isfinite(value) else False:
        return str(int(value)) if abs(value) < 2**63 else format_text(convert, [value])
    if not math.isfinite(value):
        return ("-" if math.copysign(1, value) < 0 else "") + ("inf" if math.isinf(value) else "nan")
    return f"{value:.6g}" if convert == "%.6g" else format_text(convert, [value])


def to_truth(value: Value) -> bool:
    if isinstance(value, float):
        return value != 0
    if isinstance(value, Input) and looks_numeric(value):
        return to_number(value) != 0
    return value != ""


def compare(left: Value, right: Value) -> int:
    """As numbers when both are or look like numbers, else as text."""
    if _is_numeric(left) and _is_numeric(right):
        first, second = to_number(left), to_number(right)
        return (first > second) - (first < second)
    one, two = to_text(left), to_text(right)
    return (one > two) - (one < two)


def _is_numeric(value: Value) -> bool:
    return isinstance(value, float | Unset) or (isinstance(value, Input) and looks_numeric(value))


def format_text(template: str, arguments: list[Value], *, is_busybox: bool = False) -> str:
    """awk's printf. FormatError where busybox refuses a *, or mawk misses an argument."""
    out: list[str] = []
    rest = list(reversed(arguments))
    position = 0
    while position < len(template):
        start = template.find("%", position)
        if start < 0:
            out.append(template[position:])
            break
        out.append(template[position:start])
        end = start + 1
        while end < len(template) and template[end] in "-+ #0123456789.*hlLq'":
            end += 1
        letter = template[end : end + 1]
        if letter == "%":
            out.append(template[start : end + 1] if is_busybox and end > start + 1 else "%")
        elif is_busybox and "*" in template[start:end]:
            raise FormatError("%*x formats are not supported", "")
        elif letter and letter in _CONVERSIONS and not rest and not is_busybox:
            raise FormatError("not enough arguments", "".join(out))
        elif not letter:
            out.append(template[start:])
        else:
            out.append(_converted(template[start + 1 : end], letter, rest))
        position = end + 1
    return "".join(out)


def _converted(spec: str, letter: str, rest: list[Value]) -> str:
    while "*" in spec:
        spec = spec.replace("*", str(int(to_number(rest.pop() if rest else UNSET))), 1)
    spec = spec.rstrip("hlLq'")
    flags = spec[: len(spec) - len(spec.lstrip("-+ #0"))]
    width_text, point, precision_text = spec[len(flags) :].partition(".")
    width = min(int(width_text or 0) if width_text.isdigit() else 0, WIDTH_MAX)
    precision = min(int(precision_text) if precision_text.isdigit() else 0, WIDTH_MAX) if point else None
    if letter not in _CONVERSIONS:
        return f"%{spec}{letter}"
    value = rest.pop() if rest else UNSET
    if letter in "di":
        return number_text(_whole(value), flags, width, precision, "d") if _finite(value) else to_text(to_number(value)).rjust(width)
    if letter in "ouxX":
        return number_text(_whole(value) & (2**64 - 1), flags, width, precision, letter)
    if letter in "eEfFgGaA":
        return float_text(to_number(value), flags, width, precision, letter)
    if letter == "c":
        text = chr(int(value) & 255) if isinstance(value, float) else value[:1]
    else:
        text = to_text(value)
        text = text[:precision] if precision is not None else text
    return text.ljust(width) if "-" in flags else text.rjust(width)


_CONVERSIONS: Final = "diouxXeEfFgGaAcs"


def _finite(value: Value) -> bool:
    return math.isfinite(to_number(value))


def _whole(value: Value) -> int:
    number = to_number(value)
    return max(-(2**63), min(int(number), 2**63 - 1)) if math.isfinite(number) else 0
