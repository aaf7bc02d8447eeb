"""od, hexdump, xxd, strings."""

from collections.abc import Callable, Mapping
from typing import Final

from orrery.node.processes.program import Stream
from orrery.node.programs.call import Applet, Call
from orrery.node.programs.faults import Fault
from orrery.node.programs.lines import read_all
from orrery.node.programs.text.dump_form import Form
from orrery.node.programs.text.numbers import is_digits, number_of, size_of

_ESCAPES: Final = {0: "\\0", 7: "\\a", 8: "\\b", 9: "\\t", 10: "\\n", 11: "\\v", 12: "\\f", 13: "\\r"}

_COLUMNS_MAX: Final = 256


class _Rows:
    """Sixteen bytes at a time, over all inputs as one."""

    def __init__(self, call: Call, operands: list[str], *, skip: int = 0, limit: int = 1 << 60) -> None:
        self._call = call
        self._paths = list(reversed(operands or ["-"]))
        self._stream: Stream | None = None
        self._buffer = b""
        self._skip = skip
        self._limit = limit

    async def next(self, count: int = 16) -> bytes:
        while len(self._buffer) < count and (piece := await self._piece()):
            self._buffer += piece
        row, self._buffer = self._buffer[:count], self._buffer[count:]
        await self._call.process.tick()
        return row

    async def _piece(self) -> bytes:
        while True:
            if self._stream is None:
                if not self._paths:
                    return b""
                path = self._paths.pop()
                try:
                    self._stream = self._call.open(path)
                except OSError as error:
                    await self._call.complain_of(error, path)
                    continue
            try:
                piece = await self._stream.read()
            except IsADirectoryError:
                piece = b""
            if not piece:
                self._stream.close()
                self._stream = None
                continue
            dropped = min(self._skip, len(piece))
            self._skip -= dropped
            piece = piece[dropped:][: self._limit]
            self._limit -= len(piece)
            if piece or self._limit <= 0:
                return piece


async def _each_row(call: Call, rows: _Rows, shown: Callable[[int, bytes], str], *, start: int, folds: bool, size: int = 16) -> int:
    """Print all rows, a star in place of those that repeat the one before; returns the offset of the end."""
    offset, previous, starred = start, b"", False
    while row := await rows.next(size):
        is_repeat = folds and row == previous and len(row) == size
        if not is_repeat:
            await call.print(shown(offset, row))
        elif not starred:
            await call.print("*\n")
        starred, previous = is_repeat, row
        offset += len(row)
    return offset


async def od(call: Call) -> int:
    options = call.options("A:t:N:j:cbxodvw::", {"address-radix": "A", "format": "t", "read-bytes": "N", "skip-bytes": "j"})
    radix = options.value("A") or "o"
    kind = options.value("t") or next(
        (known for letter, known in (("c", "c"), ("b", "o1"), ("x", "x2"), ("d", "u2")) if options.has(letter)), "o2"
    )
    limit = size_of(options.value("N") or "")
    skipped = size_of(options.value("j") or "0") or 0
    rows = _Rows(call, options.operands, skip=skipped, limit=limit if limit is not None else 1 << 60)
    if kind.endswith("z") and call.is_busybox:
        raise Fault(f"invalid type string '{kind}'; 4294967295-byte integral type is not supported")
    full = len(_cells(bytes(16), kind))

    def shown(offset: int, row: bytes) -> str:
        text = f"  >{_printable(row)}<" if kind.endswith("z") else ""
        return f"{_address(offset, radix)}{_cells(row, kind).ljust(full if text else 0)}{text}\n"

    end = await _each_row(call, rows, shown, start=skipped, folds=not options.has("v"))
    if radix != "n" and not (call.failed and end == skipped):
        await call.print(f"{_address(end, radix)}\n")
    return call.failed


def _printable(row: bytes) -> str:
    return "".join(chr(byte) if 32 <= byte < 127 else "." for byte in row)


def _address(offset: int, radix: str) -> str:
    return {"o": f"{offset:07o}", "x": f"{offset:06x}", "d": f"{offset:07d}", "n": ""}.get(radix, f"{offset:07o}")


def _cells(row: bytes, kind: str) -> str:
    if kind == "c":
        return "".join(" " + (_ESCAPES.get(byte) or (chr(byte) if 32 <= byte < 127 else f"{byte:03o}")).rjust(3) for byte in row)
    letter, size_text = kind[0], kind[1:].rstrip("z")
    size = int(size_text) if size_text.isdigit() else 4 if letter in "dux" else 2
    out: list[str] = []
    for start in range(0, len(row), size):
        number = int.from_bytes(row[start : start + size].ljust(size, b"\0"), "little", signed=letter == "d")
        digits = {"x": 2 * size, "o": {1: 3, 2: 6, 4: 11, 8: 22}.get(size, 6)}.get(letter)
        if digits is not None:
            out.append(f" {number:0{digits}{letter}}")
        else:
            width = {1: 4, 2: 6, 4: 11, 8: 20}.get(size, 11) if letter == "d" else {1: 3, 2: 5, 4: 10, 8: 20}.get(size, 10)
            out.append(f" {number:>{width}}")
    return "".join(out)


def _canonical(offset: int, row: bytes) -> str:
    left, right = (" ".join(f"{byte:02x}" for byte in half) for half in (row[:8], row[8:]))
    return f"{offset:08x}  {left:<23}  {right:<23}  |{_printable(row)}|\n"


def _numbered(size: int, form: str) -> Callable[[int, bytes], str]:
    """Rows of numbers, each `size` bytes, padded to the width of a full row."""
    full = len(form.format(0)) * (16 // size)

    def shown(offset: int, row: bytes) -> str:
        cells = "".join(form.format(int.from_bytes(row[start : start + size], "little")) for start in range(0, len(row), size))
        return f"{offset:07x}{cells:<{full}}\n"

    return shown


def _characters(offset: int, row: bytes) -> str:
    cells = "".join(" " + (_ESCAPES.get(byte) or (chr(byte) if 32 <= byte < 127 else f"{byte:03o}")).rjust(3) for byte in row)
    return f"{offset:07x}{cells:<64}\n"


_HEXDUMPS: Final[Mapping[str, Callable[[int, bytes], str]]] = {
    "C": _canonical,
    "b": _numbered(1, " {:03o}"),
    "c": _characters,
    "d": _numbered(2, "   {:05d}"),
    "o": _numbered(2, "  {:06o}"),
    "x": _numbered(2, "    {:04x}"),
    "": _numbered(2, " {:04x}"),
}


async def hexdump(call: Call) -> int:
    options = call.options("Cbcdoxn:s:ve:", {})
    limit = size_of(options.value("n") or "")
    skipped = size_of(options.value("s") or "0") or 0
    rows = _Rows(call, options.operands, skip=skipped, limit=limit if limit is not None else 1 << 60)
    kind = options.last("Cbcdox") or ("C" if call.name == "hd" else "")
    folds = not options.has("v")
    if options.has("e"):
        form = Form(" ".join(options.values("e")))
        await _each_row(call, rows, lambda _, row: form.shown(row), start=skipped, folds=folds, size=form.size)
        return call.failed
    end = await _each_row(call, rows, _HEXDUMPS[kind], start=skipped, folds=folds)
    if end > skipped:
        await call.print(f"{end:08x}\n" if kind == "C" else f"{end:07x}\n")
    elif call.failed and not call.is_busybox:
        await call.complain("all input file arguments failed")
    return call.failed


async def xxd(call: Call) -> int:
    call.arguments = ["-p" if word in ("-ps", "-postscript", "-plain") and not call.is_busybox else word for word in call.arguments]
    options = call.options("pl:s:c:g:ri" if call.is_busybox else "pl:s:c:g:rubie", {})
    if options.has("r"):
        return await _unhex(call, options.operands, plain=options.has("p"))
    columns = number_of(
        options.value("c") or ("30" if options.has("p") else "12" if options.has("i") else "6" if options.has("b") else "16")
    )
    if columns > _COLUMNS_MAX:
        raise Fault("invalid number of columns (max. 256)")
    limit, skipped = size_of(options.value("l") or ""), size_of(options.value("s") or "0") or 0
    rows = _Rows(call, options.operands, skip=skipped, limit=limit if limit is not None else 1 << 60)
    columns = max(columns, 1)
    if options.has("i"):
        return await _as_c(call, rows, options.operands, columns)
    if options.has("p"):
        await _each_row(call, rows, lambda _, row: row.hex() + "\n", start=0, folds=False, size=columns)
        return call.failed
    group = number_of(options.value("g") or ("1" if options.has("b") else "4" if options.has("e") else "2")) or columns
    cell = 8 if options.has("b") else 2
    width = columns * cell + -(-columns // group) - 1

    def shown(offset: int, row: bytes) -> str:
        pieces = [row[start : start + group] for start in range(0, len(row), group)]
        if options.has("e"):
            cells = " ".join(piece[::-1].hex().rjust(2 * group) for piece in pieces)
        elif options.has("b"):
            cells = " ".join("".join(f"{byte:08b}" for byte in piece) for piece in pieces)
        else:
            cells = " ".join(piece.hex() for piece in pieces)
        cells = cells.upper() if options.has("u") else cells
        return f"{offset:08x}: {cells:<{width}}  {_printable(row)}\n"

    await _each_row(call, rows, shown, start=skipped, folds=False, size=columns)
    return 2 if call.failed and not call.is_busybox else call.failed


async def _as_c(call: Call, rows: _Rows, operands: list[str], columns: int) -> int:
    """A C array; of standard input, its elements only. busybox ends the last line with a comma too."""
    name = "".join(char if char.isalnum() else "_" for char in operands[0]) if operands else ""
    lines: list[str] = []
    count = 0
    while row := await rows.next(columns):
        lines.append("  " + ", ".join(f"0x{byte:02x}" for byte in row))
        count += len(row)
    body = ",\n".join(lines) + ("," if call.is_busybox and lines else "") + ("\n" if lines else "")
    if not name:
        await call.print(body)
        return call.failed
    await call.print(f"unsigned char {name}[] = {{\n{body}}};\nunsigned int {name}_len = {count};\n")
    return call.failed


async def _unhex(call: Call, operands: list[str], *, plain: bool) -> int:
    stream = call.open((operands or ["-"])[0])
    data = await read_all(call.process, stream)
    stream.close()
    for line in [data.replace(b"\n", b"")] if plain else data.split(b"\n"):
        text = line if plain else line.partition(b":")[2].partition(b"  ")[0]
        digits = text.translate(None, b" \t\r")
        try:
            await call.write(bytes.fromhex(digits[: len(digits) // 2 * 2].decode("ascii", "replace")))
        except ValueError:
            raise Fault("not a hex dump") from None
    return 0


async def strings(call: Call) -> int:
    options = call.options("afon:t:", {"all": "a", "bytes": "n"})
    least_text = options.value("n") or "4"
    if not is_digits(least_text):
        raise Fault(f"invalid number '{least_text}'")
    least = int(least_text)

    async def show(path: str, stream: Stream) -> None:
        current = bytearray()
        while piece := await stream.read():
            out: list[bytes] = []
            for byte in piece:
                if 32 <= byte < 127 or byte == 9:
                    current.append(byte)
                    continue
                if len(current) >= least:
                    out.append(bytes(current) + b"\n")
                current.clear()
            await call.write(b"".join(out))
            await call.process.tick(1000)
        if len(current) >= least:
            await call.write(bytes(current) + b"\n")

    for path in options.operands or ["-"]:
        if not call.is_busybox and path != "-" and not call.process.files.exists(path):
            await call.complain(f"'{path}': No such file")
        else:
            await call.each_input([path], show)
    return call.failed


PROGRAMS: dict[str, Applet] = {"od": od, "hexdump": hexdump, "hd": hexdump, "xxd": xxd, "strings": strings}
