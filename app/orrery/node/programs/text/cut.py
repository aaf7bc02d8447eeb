"""cut and paste."""

from typing import Final

from orrery.node.processes.program import Stream
from orrery.node.programs.call import Applet, Call, encode
from orrery.node.programs.faults import Fault, Misuse
from orrery.node.programs.lines import LineReader
from orrery.node.programs.patterns.compile import Pattern, compile_pattern
from orrery.node.programs.text.escapes import unescape
from orrery.node.programs.text.numbers import is_digits

_LONG: Final = {"bytes": "b", "characters": "c", "fields": "f", "delimiter": "d", "only-delimited": "s",
                "output-delimiter": "output:", "complement": "complement", "zero-terminated": "z"}  # fmt: skip
_END: Final = 1 << 60


def _parse_list(call: Call, text: str, kind: str) -> list[tuple[int, int]]:
    """Ranges, zero-based and half-open, sorted and joined."""
    ranges: list[tuple[int, int]] = []
    for item in text.replace(" ", ",").split(","):
        low, dash, high = item.partition("-")
        if (low and not is_digits(low)) or (high and not is_digits(high)) or not (low or high):
            raise (Fault if call.is_busybox else Misuse)(_bad_list(call, item))
        first = int(low) if low else 1
        if first == 0 and not call.is_busybox:
            raise Misuse("fields are numbered from 1" if kind == "f" else "byte/character positions are numbered from 1")
        first = max(first, 1)  # busybox takes 0 for 1.
        last = int(high) if high else (_END if dash else first)
        if last < first and not call.is_busybox:
            raise Misuse("invalid decreasing range")
        if last < first - 1:
            raise Fault(f"{last}<{first - 1}")
        ranges.append((first - 1, last))
    ranges.sort()
    joined = ranges[:1]
    for start, end in ranges[1:]:
        if start < joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined


def _bad_list(call: Call, item: str) -> str:
    return f"invalid number '{item}'" if call.is_busybox else f"invalid field value '{item}'"


def _complement(ranges: list[tuple[int, int]]) -> list[tuple[int, int]]:
    out: list[tuple[int, int]] = []
    position = 0
    for start, end in ranges:
        if start > position:
            out.append((position, start))
        position = end
    if position < _END:
        out.append((position, _END))
    return out


def _split(line: bytes, separator: Pattern) -> list[bytes]:
    fields: list[bytes] = []
    position = 0
    while position < len(line) and (spans := separator.search(line, position)) and spans[0][1] > spans[0][0]:
        fields.append(line[position : spans[0][0]])
        position = spans[0][1]
    return [*fields, line[position:]]


async def cut(call: Call) -> int:
    options = call.options("b:c:f:F:d:O:snD" if call.is_busybox else "b:c:f:d:szn", _LONG)
    kind = options.last("bcfF")
    if options.count("b") + options.count("c") + options.count("f") + options.count("F") > 1:
        raise Misuse("" if call.is_busybox else "only one list may be specified")
    if options.has("s") and kind in ("b", "c"):
        words = "suppressing non-delimited lines makes sense{}only when operating on fields"
        raise Fault(words.format(" ")) if call.is_busybox else Misuse(words.format("\n\t"))
    if not kind:
        if call.is_busybox:
            raise Fault("expected a list of bytes, characters, or fields")
        raise Misuse("you must specify a list of bytes, characters, or fields")
    delimiter_text = options.value("d")
    delimiter = encode(delimiter_text if delimiter_text is not None else "\t") or b"\0"
    if len(delimiter) > 1 and kind != "F":
        if not call.is_busybox:
            raise Misuse("the delimiter must be a single character")
        delimiter = delimiter[:1]
    ranges = _parse_list(call, options.value(kind) or "", kind)
    if options.has("complement"):
        ranges = _complement(ranges)
    joiner_text = options.value("O") or options.value("output")
    splits = compile_pattern(delimiter if delimiter_text else b"[[:blank:]]+", extended=True) if kind == "F" else None
    end = b"\0" if options.has("z") else b"\n"
    only = options.has("s")

    def by_field(line: bytes) -> bytes | None:
        fields = line.split(delimiter) if splits is None else _split(line, splits)
        if len(fields) == 1:
            return None if only and (line or not call.is_busybox) else line
        picked: list[bytes] = []
        for start, stop in ranges:
            picked += fields[start:stop]
        return joiner.join(picked)

    def by_byte(line: bytes) -> bytes | None:
        return joiner.join([line[start:stop] for start, stop in ranges])

    joiner = encode(joiner_text) if joiner_text is not None else delimiter if kind == "f" else b" " if kind == "F" else b""
    pick = by_field if kind in ("f", "F") else by_byte

    async def use(_: str, stream: Stream) -> None:
        reader = LineReader(call.process, stream, end)
        while batch := await reader.batch():
            await call.write(b"".join([piece + end for line in batch if (piece := pick(line)) is not None]))

    await call.each_input(options.operands, use)
    return call.failed


async def paste(call: Call) -> int:
    options = call.options("d:sz", {"delimiters": "d", "serial": "s", "zero-terminated": "z"})
    given = options.value("d")
    delimiters = [bytes([byte]) for byte in unescape(encode("\t" if given is None else given))[0]] or [b""]
    streams: list[Stream] = []
    for path in options.operands or ["-"]:
        try:
            streams.append(call.open(path))
        except OSError as error:
            await call.complain_of(error, path)
            return call.failed
    shared = LineReader(call.process, call.process.stdin)
    readers = [
        _Column(shared if path == "-" else LineReader(call.process, stream))
        for path, stream in zip(options.operands or ["-"], streams, strict=True)
    ]
    shared_column = next((column for path, column in zip(options.operands or ["-"], readers, strict=True) if path == "-"), None)
    columns = [
        shared_column if path == "-" and shared_column else column for path, column in zip(options.operands or ["-"], readers, strict=True)
    ]
    if options.has("s"):
        await _paste_serial(call, columns, delimiters)
    else:
        await _paste_rows(call, columns, delimiters)
    for stream in streams:
        stream.close()
    return call.failed


class _Column:
    """Single lines out of a reader's batches."""

    def __init__(self, reader: LineReader) -> None:
        self._reader = reader
        self._lines: list[bytes] = []

    async def next(self) -> bytes | None:
        if not self._lines:
            self._lines = (await self._reader.batch())[::-1]
        return self._lines.pop() if self._lines else None


async def _paste_serial(call: Call, columns: list[_Column], delimiters: list[bytes]) -> None:
    for column in columns:
        index = 0
        line = await column.next()
        while line is not None:
            following = await column.next()
            await call.write(line + (b"\n" if following is None else delimiters[index % len(delimiters)]))
            line, index = following, index + 1


async def _paste_rows(call: Call, columns: list[_Column], delimiters: list[bytes]) -> None:
    out: list[bytes] = []
    while True:
        row = [await column.next() for column in columns]
        if all(cell is None for cell in row):
            break
        if call.is_busybox and None in row:  # An exhausted file leaves no delimiter behind.
            columns = [column for column, cell in zip(columns, row, strict=True) if cell is not None]
            row = [cell for cell in row if cell is not None]
        for index, cell in enumerate(row):
            out.append(cell or b"")
            out.append(b"\n" if index == len(row) - 1 else delimiters[index % len(delimiters)])
        if len(out) > 1000:
            await call.write(b"".join(out))
            await call.process.tick(len(out))
            out.clear()
    await call.write(b"".join(out))


PROGRAMS: dict[str, Applet] = {"cut": cut, "paste": paste}
