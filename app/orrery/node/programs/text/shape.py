"""fold, expand, unexpand, split."""

import os
from typing import Final

from orrery.node.processes.program import Stream
from orrery.node.programs.call import Applet, Call
from orrery.node.programs.faults import Fault
from orrery.node.programs.lines import LineReader
from orrery.node.programs.text.formats import WIDTH_MAX
from orrery.node.programs.text.numbers import is_digits, size_of

_LETTERS: Final = "abcdefghijklmnopqrstuvwxyz"


def _width(call: Call, text: str) -> int:
    if not is_digits(text) or int(text) == 0:
        raise Fault(f"invalid number '{text}'" if call.is_busybox else f"invalid number of columns: '{text}'")
    return min(int(text), WIDTH_MAX)


async def fold(call: Call) -> int:
    call.arguments = [f"-w{word[1:]}" if word[:1] == "-" and is_digits(word[1:]) else word for word in call.arguments]
    options = call.options("bsw:", {"width": "w", "spaces": "s", "bytes": "b"})
    width, at_spaces = _width(call, options.value("w") or "80"), options.has("s")

    def folded(line: bytes) -> list[bytes]:
        out: list[bytes] = []
        start = column = position = 0
        while position < len(line):
            step = 8 - column % 8 if line[position] == 9 and not options.has("b") else 1
            if column + step > width and position > start:
                cut = position
                if at_spaces and (space := max(line.rfind(b" ", start, position), line.rfind(b"\t", start, position))) >= start:
                    cut = space + 1
                out.append(line[start:cut])
                start, position, column = cut, cut, 0
                continue
            column += step
            position += 1
        return [*out, line[start:]]

    async def use(_: str, stream: Stream) -> None:
        reader = LineReader(call.process, stream)
        while batch := await reader.batch():
            text = b"\n".join([part for line in batch for part in folded(line)])
            await call.write(text + (b"\n" if reader.is_terminated else b""))

    await call.each_input(options.operands, use)
    return call.failed


def _expanded(call: Call, line: bytes, width: int, *, is_initial: bool) -> bytes:
    call.check_memory(len(line) + line.count(b"\t") * width)
    start = len(line) - len(line.lstrip(b" \t")) if is_initial else len(line)
    return line[:start].expandtabs(width) + line[start:]


async def expand(call: Call) -> int:
    options = call.options("it:f", {"initial": "i", "tabs": "t"})
    width = _width(call, options.value("t") or "8")

    async def use(_: str, stream: Stream) -> None:
        reader = LineReader(call.process, stream)
        while batch := await reader.batch():
            text = b"\n".join([_expanded(call, line, width, is_initial=options.has("i")) for line in batch])
            await call.write(text + (b"\n" if reader.is_terminated else b""))

    await call.each_input(options.operands, use)
    return call.failed


async def unexpand(call: Call) -> int:
    options = call.options("afit:", {"all": "a", "first-only": "f", "tabs": "t"})
    width = _width(call, options.value("t") or "8")
    every = options.has("a", "t") and not options.has("f")

    def tabbed(line: bytes) -> bytes:
        body = line if every else line[: len(line) - len(line.lstrip(b" \t"))]
        spread = body.expandtabs(width)
        out: list[bytes] = []
        for start in range(0, len(spread), width):
            cell = spread[start : start + width]
            stripped = cell.rstrip(b" ")
            out.append(stripped + b"\t" if (len(cell) == width and len(cell) - len(stripped) > 1) or cell == b" " * width else cell)
        return b"".join(out) + line[len(body) :]

    async def use(_: str, stream: Stream) -> None:
        reader = LineReader(call.process, stream)
        while batch := await reader.batch():
            text = b"\n".join([tabbed(line) for line in batch])
            await call.write(text + (b"\n" if reader.is_terminated else b""))

    await call.each_input(options.operands, use)
    return call.failed


async def split(call: Call) -> int:
    long = {"lines": "l", "bytes": "b", "suffix-length": "a", "numeric-suffixes": "d", "verbose": "verbose", "additional-suffix": "suffix:"}
    options = call.options("l:b:a:" if call.is_busybox else "l:b:a:d", long, maximum=2)
    lines, size = size_of(options.value("l") or "1000"), size_of(options.value("b") or "")
    length = int(options.value("a") or 2)
    if lines is None or (options.has("b") and not size):
        text = options.value("b") or options.value("l")
        raise Fault(
            f"invalid number '{text}'" if call.is_busybox else f"invalid number of {'bytes' if options.has('b') else 'lines'}: '{text}'"
        )
    path = (options.operands or ["-"])[0]
    try:
        source = call.open(path)
    except OSError as error:
        await call.complain_of(error, path, busybox="can't open '{}'", debian="cannot open '{}' for reading")
        return 1
    prefix = options.operands[1] if len(options.operands) > 1 else "x"
    writer = _Parts(call, prefix, length, numeric=options.has("d"), ending=options.value("suffix") or "", tells=options.has("verbose"))
    if size:
        while piece := await source.read(min(size - writer.used, 65_536)):
            await writer.write(piece)
            if writer.used >= size:
                writer.finish()
    else:
        reader = LineReader(call.process, source)
        while batch := await reader.batch():
            for index, line in enumerate(batch):
                last = index == len(batch) - 1 and not reader.is_terminated
                await writer.write(line if last else line + b"\n")
                writer.lines += 1
                if writer.lines >= lines:
                    writer.finish()
    writer.finish()
    source.close()
    return 0


class _Parts:
    """Files xaa, xab, …"""

    def __init__(self, call: Call, prefix: str, length: int, *, numeric: bool, ending: str, tells: bool) -> None:
        self._call = call
        self._prefix = prefix
        self._length = length
        self._letters = "0123456789" if numeric else _LETTERS
        self._number = 0
        self._ending = ending
        self._tells = tells
        self._stream: Stream | None = None
        self.used = self.lines = 0

    async def write(self, data: bytes) -> None:
        if self._stream is None:
            name = self._name()
            if self._tells:
                await self._call.print(f"creating file '{name}'\n")
            self._stream = self._call.process.files.open(name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        await self._stream.write(data)
        self.used += len(data)
        await self._call.process.tick()

    def _name(self) -> str:
        number, suffix = self._number, ""
        for _ in range(self._length):
            suffix = self._letters[number % len(self._letters)] + suffix
            number //= len(self._letters)
        if number:
            raise Fault("suffixes exhausted" if self._call.is_busybox else "output file suffixes exhausted")
        self._number += 1
        return self._prefix + suffix + self._ending

    def finish(self) -> None:
        if self._stream is not None:
            self._stream.close()
        self._stream = None
        self.used = self.lines = 0


PROGRAMS: dict[str, Applet] = {"fold": fold, "expand": expand, "unexpand": unexpand, "split": split}
