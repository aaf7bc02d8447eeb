"""od, hexdump, xxd, strings."""

from typing import Final

from orrery.node.processes.program import Stream
from orrery.node.programs.call import Applet, Call
from orrery.node.programs.faults import Fault
from orrery.node.programs.lines import read_all
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


async def od(call: Call) -> int:
    options = call.options("A:t:N:j:cbxodvw::", {"address-radix": "A", "format": "t", "read-bytes": "N", "skip-bytes": "j"})
    radix = options.value("A") or "o"
    kind = options.value("t") or next(
        (known for letter, known in (("c", "c"), ("b", "o1"), ("x", "x2"), ("d", "u2")) if options.has(letter)), "o2"
    )
    limit = size_of(options.value("N") or "")
    skipped = size_of(options.value("j") or "0") or 0
    rows = _Rows(call, options.operands, skip=skipped, limit=limit if limit is not None else 1 << 60)
    offset, previous, starred = skipped, b"", False
    while row := await rows.next():
        if row == previous and len(row) == 16 and not options.has("v"):
            if not starred:
                await call.print("*\n")
            starred = True
        else:
            starred = False
            await call.print(f"{_address(offset, radix)}{_cells(row, kind)}\n")
        previous = row
        offset += len(row)
    if radix != "n":
        await call.print(f"{_address(offset, radix)}\n")
    return call.failed


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


async def hexdump(call: Call) -> int:
    options = call.options("Cbcdoxn:s:ve:", {})
    limit = size_of(options.value("n") or "")
    rows = _Rows(call, options.operands, skip=size_of(options.value("s") or "0") or 0, limit=limit if limit is not None else 1 << 60)
    canonical = options.has("C") or call.name == "hd"
    offset, previous, starred = 0, b"", False
    while row := await rows.next():
        if row == previous and len(row) == 16 and not options.has("v"):
            if not starred:
                await call.print("*\n")
            starred = True
        else:
            starred = False
            if canonical:
                left = " ".join(f"{byte:02x}" for byte in row[:8])
                right = " ".join(f"{byte:02x}" for byte in row[8:])
                shown = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in row)
                await call.print(f"{offset:08x}  {left:<23}  {right:<23}  |{shown}|\n")
            else:
                words = "".join(f" {int.from_bytes(row[i : i + 2], 'little'):04x}" for i in range(0, len(row), 2))
                await call.print(f"{offset:07x}{words:<40}\n")
        previous = row
        offset += len(row)
    if offset:
        await call.print(f"{offset:08x}\n" if canonical else f"{offset:07x}\n")
    return call.failed


async def xxd(call: Call) -> int:
    options = call.options("pl:s:c:g:rubi", {})
    if options.has("r"):
        return await _unhex(call, options.operands, plain=options.has("p"))
    columns = number_of(options.value("c") or ("30" if options.has("p") else "16"))
    if columns > _COLUMNS_MAX:
        raise Fault("invalid number of columns (max. 256)")
    group = number_of(options.value("g") or "2")
    limit = size_of(options.value("l") or "")
    rows = _Rows(call, options.operands, skip=size_of(options.value("s") or "0") or 0, limit=limit if limit is not None else 1 << 60)
    offset = 0
    while row := await rows.next(max(columns, 1)):
        if options.has("p"):
            await call.print(row.hex() + "\n")
        else:
            pairs = [
                row[i : i + group].hex() if not options.has("u") else row[i : i + group].hex().upper()
                for i in range(0, len(row), group or len(row))
            ]
            width = columns * 2 + -(-columns // (group or columns)) - 1
            shown = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in row)
            await call.print(f"{offset:08x}: {' '.join(pairs):<{width}}  {shown}\n")
        offset += len(row)
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

    await call.each_input(options.operands, show)
    return call.failed


PROGRAMS: dict[str, Applet] = {"od": od, "hexdump": hexdump, "hd": hexdump, "xxd": xxd, "strings": strings}
