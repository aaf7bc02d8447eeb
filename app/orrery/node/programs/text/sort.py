"""sort, uniq, comm and shuf."""

import itertools
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from orrery.node.processes.program import Process, Stream
from orrery.node.programs.call import Applet, Call, encode
from orrery.node.programs.faults import Fault, Misuse
from orrery.node.programs.lines import LineReader
from orrery.node.programs.options import Options
from orrery.node.programs.ordering import in_order
from orrery.node.programs.text.numbers import is_digits, number_of

_SORT_LONG: Final = {"numeric-sort": "n", "reverse": "r", "unique": "u", "key": "k", "field-separator": "t", "ignore-case": "f",
                     "human-numeric-sort": "h", "version-sort": "V", "general-numeric-sort": "g", "stable": "s", "output": "o",
                     "check": "c", "zero-terminated": "z", "ignore-leading-blanks": "b", "dictionary-order": "d",
                     "month-sort": "M", "random-sort": "R", "merge": "m", "buffer-size": "S", "temporary-directory": "T"}  # fmt: skip
_MONTHS: Final = {name: number for number, name in enumerate(b"JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC".split(), 1)}
_VERSION_PART: Final = re.compile(rb"([^0-9]*)([0-9]*)")
_UNITS: Final = {letter: power for power, letter in enumerate(b"KMGTPEZY", 1)}
_ALNUM_BLANK: Final = frozenset(b" \t") | frozenset(range(48, 58)) | frozenset(range(65, 91)) | frozenset(range(97, 123))
_DROPPED: Final = bytes(byte for byte in range(256) if byte not in _ALNUM_BLANK)


def leading_number(text: bytes) -> float:
    """The number at the start, as `sort -n` reads it: no exponent, no plus."""
    text = text.lstrip()
    end = 1 if text[:1] == b"-" else 0
    seen_point = False
    while end < len(text) and (48 <= text[end] <= 57 or (text[end] == 46 and not seen_point)):
        seen_point = seen_point or text[end] == 46
        end += 1
    digits = text[:end]
    return float(digits) if digits.strip(b"-.") else 0.0


def _general(text: bytes) -> tuple[int, float]:
    """What is no number comes first, then NaN, then the numbers."""
    words = text.split(None, 1)
    try:
        number = float(words[0]) if words else 0.0
    except ValueError:
        number = leading_number(text)
        return (2, number) if number else (0, 0.0)
    return (2, number) if number == number else (1, 0.0)


def _c_number(text: bytes) -> float:
    return _general(text)[1]


def _human(text: bytes) -> tuple[int, float]:
    number = leading_number(text)
    rest = text.strip().lstrip(b"-0123456789.")
    power = _UNITS.get(rest[:1].upper()[0], 0) if rest else 0
    return (power if number >= 0 else -power), number


def version_key(text: bytes) -> list[tuple[tuple[int, ...], int]]:
    """Pairs of what is no digit and the number behind it; there, ~ sorts before the end, and letters before other signs."""
    return [
        ((*(-1 if byte == 126 else byte if chr(byte).isalpha() else byte + 256 for byte in match[1]), 0), int(match[2][:18] or 0))
        for match in _VERSION_PART.finditer(text)
    ]


@dataclass(frozen=True, slots=True)
class _Key:
    start_field: int
    start_char: int
    end_field: int
    end_char: int
    flags: str


def _parse_key(call: Call, text: str) -> _Key:
    start, _, end = text.partition(",")
    flags = "".join(char for char in text if char.isalpha())

    def numbers(part: str) -> tuple[int, int]:
        digits = part.rstrip("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
        field, point, char = digits.partition(".")
        if not is_digits(field) or (point and not is_digits(char)):
            words = f"invalid number at field start: invalid count at start of '{text}'"
            raise Fault("bad field specification" if call.is_busybox else words, 2)
        if part[len(digits) :].strip("bdfghiMnrRV"):
            words = f"stray character in field spec: invalid field specification '{text}'"
            raise Fault("unknown key option" if call.is_busybox else words, 2)
        if int(field) == 0:
            words = f"field number is zero: invalid field specification '{text}'"
            raise Fault("bad field specification" if call.is_busybox else words, 2)
        return int(field), int(char or 0)

    start_field, start_char = numbers(start)
    end_field, end_char = numbers(end) if end else (0, 0)
    return _Key(start_field, max(start_char, 1), end_field, end_char, flags)


def _field_edges(line: bytes, separator: bytes | None) -> list[tuple[int, int]]:
    edges: list[tuple[int, int]] = []
    position = 0
    if separator is not None:
        for piece in line.split(separator):
            edges.append((position, position + len(piece)))
            position += len(piece) + 1
        return edges
    while position < len(line):
        end = position
        while end < len(line) and line[end] in b" \t":
            end += 1
        while end < len(line) and line[end] not in b" \t":
            end += 1
        edges.append((position, end))
        position = end
    return edges


def _extract(line: bytes, key: _Key, separator: bytes | None) -> bytes:
    edges = _field_edges(line, separator)
    if key.start_field > len(edges):
        return b""
    start, stop = edges[key.start_field - 1]
    if "b" in key.flags:
        while start < stop and line[start] in b" \t":
            start += 1
    start = min(start + key.start_char - 1, len(line))
    if key.end_field == 0 or key.end_field > len(edges):
        return line[start:]
    end_start, end_stop = edges[key.end_field - 1]
    end = end_stop if key.end_char == 0 else min(end_start + key.end_char, end_stop)
    return line[start : max(end, start)]


def _comparable(flags: str, *, is_busybox: bool = False) -> Callable[[bytes], Any]:
    """What stands for a key's text in comparisons. busybox reads the numbers of -n with their exponents."""
    kinds: tuple[tuple[str, Callable[[bytes], Any]], ...] = (
        ("n", _c_number if is_busybox else leading_number),
        ("g", _general),
        ("h", _human),
        ("V", version_key),
        ("M", lambda text: _MONTHS.get(text.strip()[:3].upper(), 0)),
    )
    for letter, kind in kinds:
        if letter in flags:
            return kind
    steps: list[Callable[[bytes], bytes]] = []
    if "b" in flags:
        steps.append(lambda text: text.lstrip(b" \t"))
    if "d" in flags:
        steps.append(lambda text: text.translate(None, _DROPPED))
    if "f" in flags:
        steps.append(lambda text: text.upper())

    def apply(text: bytes) -> bytes:
        for step in steps:
            text = step(text)
        return text

    return apply


def _itself(line: bytes) -> bytes:
    return line


async def _without_repeats(process: Process, order: "_Order", lines: list[bytes]) -> list[bytes]:
    kept: list[bytes] = []
    for line in lines:
        await process.tick(4)
        if not kept or not order.same(kept[-1], line):
            kept.append(line)
    return kept


class _Order:
    """Sorts lines by keys, the last resort being the whole line."""

    def __init__(self, call: Call, options: Options) -> None:
        self._is_busybox = call.is_busybox
        self._flags = "".join(letter for letter in "nghVMbdfr" if options.has(letter))
        separator = options.value("t")
        if separator is not None and len(separator) != 1 and (separator != "\\0" or call.is_busybox):
            words = f"multi-character tab '{separator}'" if separator else "empty tab"
            raise Fault("bad -t parameter" if call.is_busybox else words, 2)
        self._separator = None if separator is None else b"\0" if separator == "\\0" else encode(separator)
        self._keys = [_parse_key(call, text) for text in options.values("k")]
        self._is_stable = options.has("s") or (options.has("u") and not call.is_busybox)

    def parts(self) -> list[tuple[Callable[[bytes], Any], bool]]:
        """Key functions, most important first, and whether each is reversed."""
        if not self._keys:
            return [(_comparable(self._flags, is_busybox=self._is_busybox), "r" in self._flags)]
        return [self._part(key) for key in self._keys]

    def _part(self, key: _Key) -> tuple[Callable[[bytes], Any], bool]:
        flags = key.flags if key.flags.strip("b") else self._flags + key.flags
        compare = _comparable(flags, is_busybox=self._is_busybox)
        used = _Key(key.start_field, key.start_char, key.end_field, key.end_char, flags)
        return lambda line: compare(_extract(line, used, self._separator)), "r" in flags

    async def arrange(self, process: Process, lines: list[bytes]) -> list[bytes]:
        """`sort` for any number of lines, letting others go on."""
        if not self._is_stable:
            lines = await in_order(process, lines, _itself, is_reversed="r" in self._flags)
        for function, is_reversed in reversed(self.parts()):
            lines = await in_order(process, lines, function, is_reversed=is_reversed)
        return lines

    def sort(self, lines: list[bytes]) -> list[bytes]:
        """A few lines in order."""
        if not self._is_stable:
            lines.sort(reverse="r" in self._flags)
        for function, is_reversed in reversed(self.parts()):
            lines.sort(key=function, reverse=is_reversed)
        return lines

    def same(self, left: bytes, right: bytes) -> bool:
        return all(function(left) == function(right) for function, _ in self.parts())

    def before(self, left: bytes, right: bytes) -> bool:
        """Whether `left` may stand before `right`."""
        return self.sort([right, left])[0] == left or self.same(left, right)


async def sort(call: Call) -> int:
    options = call.options("nrughfVbdisck:t:o:zmMT:S:" + "RC" * (not call.is_busybox), _SORT_LONG)
    order = _Order(call, options)
    end = b"\0" if options.has("z") else b"\n"
    lines: list[bytes] = []
    size = 0

    async def collect(_: str, stream: Stream) -> None:
        nonlocal size
        reader = LineReader(call.process, stream, end)
        while batch := await reader.batch():
            held = sum(map(len, batch)) + 48 * len(batch)
            call.process.allocate(held)
            size += held
            lines.extend(batch)

    await call.each_input(options.operands, collect, debian="cannot read: {}", code=2)
    if call.failed:
        return 2
    if options.has("c", "C"):
        return await _check(call, order, lines, options)
    ordered = await order.arrange(call.process, lines)
    if options.has("R"):
        draw = call.process.clock.random.random
        ordered = await in_order(call.process, ordered, lambda _: draw(), is_reversed=False)
    if options.has("u"):
        ordered = await _without_repeats(call.process, order, ordered)
    target = options.value("o")
    sink = call.process.stdout if target is None else call.process.files.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    for start in range(0, len(ordered), 1000):
        await sink.write(b"".join([line + end for line in ordered[start : start + 1000]]))
        await call.process.tick(1000)
    if target is not None:
        sink.close()
    call.process.allocate(-size)
    return 0


async def _check(call: Call, order: _Order, lines: list[bytes], options: Options) -> int:
    for number, (left, right) in enumerate(itertools.pairwise(lines), 2):
        if not order.before(left, right) or (options.has("u") and order.same(left, right)):
            if not options.has("C"):
                if call.is_busybox:
                    await call.process.complain(f"Check line {number - 1}")
                else:
                    await call.complain(f"{(options.operands or ['-'])[0]}:{number}: disorder: {right.decode('utf-8', 'replace')}")
            return 1
    return 0


def _uniq_count(call: Call, options: Options, letter: str) -> int:
    text = options.value(letter) or "0"
    if not call.is_busybox and not is_digits(text):
        what = {"f": "fields to skip", "s": "bytes to skip", "w": "bytes to compare"}[letter]
        raise Fault(f"{text}: invalid number of {what}")
    return number_of(text)


async def uniq(call: Call) -> int:
    long = {"count": "c", "repeated": "d", "unique": "u", "ignore-case": "i", "skip-fields": "f", "skip-chars": "s", "check-chars": "w"}
    options = call.options("cduif:s:w:zD", long, maximum=None if call.is_busybox else 2)
    fields, chars, width = (_uniq_count(call, options, letter) for letter in "fsw")

    def key(line: bytes) -> bytes:
        for _ in range(fields):
            line = line.lstrip()
            line = line[len(line.split(None, 1)[0]) :] if line else line
        line = line[chars:]
        line = line[:width] if width else line
        return line.lower() if options.has("i") else line

    source: Stream = call.process.stdin
    if options.operands and options.operands[0] != "-":
        try:
            source = call.open(options.operands[0])
        except OSError as error:
            await call.complain_of(error, options.operands[0], busybox="can't open '{}'")
            return 1
    if len(options.operands) > 2:
        raise Misuse
    sink = (
        call.process.files.open(options.operands[1], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        if len(options.operands) > 1
        else call.process.stdout
    )
    counts, only_repeated, only_unique, every = options.has("c"), options.has("d"), options.has("u"), options.has("D")
    end = b"\0" if options.has("z") else b"\n"

    def shown(line: bytes, count: int) -> bytes:
        if (only_repeated and count == 1) or (only_unique and count > 1) or (every and count == 1):
            return b""
        return (b"%7d " % count if counts else b"") + (line + end) * (count if every else 1)

    if len(options.operands) > 0 and call.process.files.is_directory(options.operands[0]):
        raise Fault(f"{options.operands[0]}: I/O error" if call.is_busybox else f"error reading '{options.operands[0]}'")
    reader = LineReader(call.process, source, b"\n" if call.is_busybox else end)
    current: bytes | None = None
    current_key, count = b"", 0
    while batch := await reader.batch():
        out: list[bytes] = []
        for line in batch:
            line_key = key(line)
            if current is not None and line_key == current_key:
                count += 1
                continue
            if current is not None:
                out.append(shown(current, count))
            current, current_key, count = line, line_key, 1
        if out:
            await sink.write(b"".join(out))
    if current is not None:
        await sink.write(shown(current, count))
    return 0


async def comm(call: Call) -> int:
    options = call.options("123z", {"output-delimiter": "output:"}, minimum=2, maximum=2)
    readers = [LineReader(call.process, call.open(path)) for path in options.operands]
    left, right = _Peek(call, readers[0], 1), _Peek(call, readers[1], 2)
    tab = encode(options.value("output") or "\t")
    shown = [not options.has(digit) for digit in "123"]
    prefix = [b"", tab * shown[0], tab * (shown[0] + shown[1])]
    out: list[bytes] = []
    while True:
        first, second = await left.peek(), await right.peek()
        if first is None and second is None:
            break
        if first is not None and first == second:
            column, line = 2, first
            await left.drop()
            await right.drop()
        elif second is None or (first is not None and first < second):
            column, line = 0, first or b""
            left.checks = right.checks = not call.is_busybox
            await left.drop()
        else:
            column, line = 1, second
            left.checks = right.checks = not call.is_busybox
            await right.drop()
        if shown[column]:
            out.append(prefix[column] + line + b"\n")
        if len(out) >= 1000:
            await call.write(b"".join(out))
            out.clear()
    await call.write(b"".join(out))
    if call.failed:
        await call.complain("input is not in sorted order")
    return call.failed


class _Peek:
    """The lines of one of comm's files. `checks`: whether they must be in order, which matters once a line is in one file only."""

    def __init__(self, call: Call, reader: LineReader, number: int) -> None:
        self._call = call
        self._reader = reader
        self._number = number
        self._lines: list[bytes] = []
        self._is_told = False
        self.checks = False

    async def peek(self) -> bytes | None:
        if not self._lines:
            self._lines = (await self._reader.batch())[::-1]
        return self._lines[-1] if self._lines else None

    async def drop(self) -> None:
        last = self._lines.pop()
        following = await self.peek() if self.checks and not self._is_told else None
        if following is not None and following < last:
            self._is_told = True
            await self._call.complain(f"file {self._number} is not in sorted order")


async def shuf(call: Call) -> int:
    options = call.options("n:ei:o:rz", {"head-count": "n", "echo": "e", "input-range": "i", "repeat": "r"})
    span = options.value("i")
    if span is not None:
        low, dash, high = span.partition("-")
        if not dash or not is_digits(low) or not is_digits(high) or int(high) < int(low) - 1:
            raise Fault(f"bad range '{span}'" if call.is_busybox else f"invalid input range: '{span}'")
        return await _shuffled_range(call, int(low), int(high), options)
    if options.has("e"):
        lines = [encode(word) for word in options.operands]
    else:
        if len(options.operands) > 1:
            raise Misuse("" if call.is_busybox else f"extra operand '{options.operands[1]}'")
        reader = LineReader(call.process, call.open((options.operands or ["-"])[0]))
        lines = []
        while batch := await reader.batch():
            call.process.allocate(sum(map(len, batch)) + 48 * len(batch))
            lines += batch
    await _shuffled(call, len(lines), options, lambda number: lines[number])
    return 0


async def _shuffled_range(call: Call, low: int, high: int, options: Options) -> int:
    await _shuffled(call, high - low + 1, options, lambda number: b"%d" % (low + number))
    return 0


async def _shuffled(call: Call, size: int, options: Options, shown: Callable[[int], bytes]) -> None:
    """A shuffle that draws one after the other and remembers only what it has moved."""
    text = options.value("n")
    count = min(number_of(text), size) if text is not None else size
    moved: dict[int, int] = {}
    out: list[bytes] = []
    for place in range(count):
        drawn = call.process.clock.random.randrange(place, size)
        out.append(shown(moved.get(drawn, drawn)) + b"\n")
        moved[drawn] = moved.pop(place, place)
        if len(out) == 1000:
            await call.write(b"".join(out))
            call.process.allocate(64 * len(out))
            await call.process.tick(2 * len(out))
            out.clear()
    await call.write(b"".join(out))


PROGRAMS: dict[str, Applet] = {"sort": sort, "uniq": uniq, "comm": comm, "shuf": shuf}
