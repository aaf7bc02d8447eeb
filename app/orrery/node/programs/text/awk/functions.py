"""awk's built-in functions that need no waiting."""

import math
import re
from collections.abc import Callable, Generator
from typing import Final

from orrery.node.programs.faults import Fault
from orrery.node.programs.patterns.compile import Pattern
from orrery.node.programs.system.moments import format_moment
from orrery.node.programs.text.awk.machine import Machine
from orrery.node.programs.text.awk.records import to_bytes
from orrery.node.programs.text.awk.values import Value, to_number, to_text

MATCHES_PER_STEP: Final = 5000
_LONG: Final = 1 << 20
"""Longer texts take a while merely to be copied."""


def _substr(machine: Machine, values: list[Value]) -> Value:
    text = to_text(values[0])
    start = _whole(to_number(values[1]))
    if machine.call.is_busybox:
        start = max(start, 1)
    end = start + _whole(to_number(values[2])) if len(values) > 2 else len(text) + 1
    return text[max(start, 1) - 1 : max(min(end, len(text) + 1) - 1, 0)] if end > start else ""


def _whole(number: float) -> int:
    if not math.isfinite(number):
        return 1 << 40 if number > 0 else -(1 << 40)
    return int(max(min(number, 1e12), -1e12))


def _length(machine: Machine, values: list[Value]) -> Value:
    return float(len(to_text(values[0]) if values else machine.record()))


def _index(machine: Machine, values: list[Value]) -> Value:
    wanted = to_text(values[1])
    return float(to_text(values[0]).find(wanted) + 1) if wanted or not machine.call.is_busybox else 0.0


def _sprintf(machine: Machine, values: list[Value]) -> Value:
    return machine.format(to_text(values[0]), values[1:]) if values else ""


_LOWER: Final = {code: code + 32 for code in range(65, 91)}
_UPPER: Final = {code: code - 32 for code in range(97, 123)}


def _math(function: Callable[[float], float]) -> Callable[[Machine, list[Value]], Value]:
    def apply(_: Machine, values: list[Value]) -> Value:
        try:
            return float(function(to_number(values[0]) if values else 0.0))
        except OverflowError:
            return math.inf
        except ValueError:
            return math.nan

    return apply


def _log(number: float) -> float:
    return -math.inf if number == 0 else math.log(number)


def _int(_: Machine, values: list[Value]) -> Value:
    number = to_number(values[0])
    return float(math.trunc(number)) if math.isfinite(number) else number


def _atan2(_: Machine, values: list[Value]) -> Value:
    return math.atan2(to_number(values[0]), to_number(values[1]))


def _rand(machine: Machine, _: list[Value]) -> Value:
    return machine.random.random()


def _srand(machine: Machine, values: list[Value]) -> Value:
    before = machine.seed
    machine.seed = to_number(values[0]) if values else float(int(machine.call.process.clock.now_s()))
    machine.random = type(machine.random)(machine.seed)
    return before


def _systime(machine: Machine, _: list[Value]) -> Value:
    return float(int(machine.call.process.clock.now_s()))


def _strftime(machine: Machine, values: list[Value]) -> Value:
    template = to_text(values[0]) if values else "%a %b %e %H:%M:%S %Z %Y"
    return format_moment(template, to_number(values[1]) if len(values) > 1 else machine.call.process.clock.now_s())


def _bits(operation: Callable[[int, int], int]) -> Callable[[Machine, list[Value]], Value]:
    return lambda _, values: float(operation(int(to_number(values[0])), int(to_number(values[1]))) & (2**53 - 1))


PLAIN: Final[dict[str, tuple[int, Callable[[Machine, list[Value]], Value]]]] = {
    "substr": (2, _substr),
    "length": (0, _length),
    "index": (2, _index),
    "sprintf": (1, _sprintf),
    "tolower": (1, lambda _, values: to_text(values[0]).translate(_LOWER)),
    "toupper": (1, lambda _, values: to_text(values[0]).translate(_UPPER)),
    "sin": (1, _math(math.sin)),
    "cos": (1, _math(math.cos)),
    "exp": (1, _math(math.exp)),
    "log": (1, _math(_log)),
    "sqrt": (1, _math(math.sqrt)),
    "int": (1, _int),
    "atan2": (2, _atan2),
    "rand": (0, _rand),
    "srand": (0, _srand),
    "systime": (0, _systime),
    "strftime": (0, _strftime),
    "and": (2, _bits(lambda left, right: left & right)),
    "or": (2, _bits(lambda left, right: left | right)),
    "xor": (2, _bits(lambda left, right: left ^ right)),
    "lshift": (2, _bits(lambda left, right: left << min(max(right, 0), 64))),
    "rshift": (2, _bits(lambda left, right: left >> min(max(right, 0), 64))),
    "compl": (1, lambda _, values: float(~int(to_number(values[0])) & (2**53 - 1))),
}
"""Least arguments and the function."""


def general_substitute(pattern: Pattern, replacement: str, how: str, text: str) -> Generator[None, None, str]:
    """gensub: `\\1` is a group, `\\0` and `&` the match; `how` is g or the number of the match to replace. Pauses after many matches."""
    data = to_bytes(text)
    if len(data) > _LONG:
        yield
    done: list[str] = []
    out: list[str] = []
    wanted = 0 if how[:1] in ("g", "G") else max(_whole(to_number(how)), 1)
    start = position = count = 0
    while start <= len(data) and (spans := pattern.search(data, start)):
        begin, end = spans[0]
        count += 1
        if not count % MATCHES_PER_STEP:
            done.append("".join(out))
            out.clear()
            yield
        if wanted in (0, count):
            out += [text[position:begin], _with_groups(replacement, text, list(spans))]
            position = end
        if wanted == count:
            break
        start = end if end > begin else end + 1
    out.append(text[position:])
    return "".join((*done, *out))


def _with_groups(replacement: str, text: str, spans: list[tuple[int, int]]) -> str:
    def filled(match: re.Match[str]) -> str:
        sign = match[0]
        if sign == "&" or sign[1:].isdigit():
            number = 0 if sign == "&" else int(sign[1:])
            return text[max(spans[number][0], 0) : max(spans[number][1], 0)] if number < len(spans) else ""
        return sign[1:]

    return re.sub(r"\\.|&", filled, replacement)


def check_count(name: str, count: int) -> None:
    if name in PLAIN and count < PLAIN[name][0]:
        raise Fault("Too few arguments", 1)


def substitute(pattern: Pattern, replacement: str, text: str, *, every: bool) -> Generator[None, None, tuple[str, int]]:
    """sub and gsub: `&` is the match, `\\&` an ampersand. Pauses after many matches."""
    data = to_bytes(text)
    if len(data) > _LONG:
        yield
    parts = _replacement(replacement)
    done: list[str] = []
    out: list[str] = []
    position = copied = count = 0
    last_end = -1
    while position <= len(data) and (spans := pattern.search(data, position)):
        begin, end = spans[0]
        if begin == end == last_end:
            position = end + 1
            continue
        count += 1
        if not count % MATCHES_PER_STEP:
            done.append("".join(out))
            out.clear()
            yield
        last_end = end
        out.append(text[copied:begin])
        matched = text[begin:end]
        out += [matched if part is None else part for part in parts]
        copied = end
        position = end if end > begin else end + 1
        if not every:
            break
    if not count:
        return text, 0
    out.append(text[copied:])
    if len(data) > _LONG:
        yield
    return "".join((*done, *out)), count


def _replacement(text: str) -> list[str | None]:
    """Literal pieces; None stands for the match."""
    parts: list[str | None] = []
    out: list[str] = []
    position = 0
    while position < len(text):
        char = text[position]
        if char == "\\" and text[position + 1 : position + 2] in ("&", "\\"):
            out.append(text[position + 1])
            position += 2
            continue
        if char == "&":
            parts += ["".join(out), None]
            out = []
        else:
            out.append(char)
        position += 1
    return [*parts, "".join(out)]
