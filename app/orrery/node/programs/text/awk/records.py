"""awk's input and output: records out of streams by RS, and the files and commands that print and getline keep open."""

import os
from dataclasses import dataclass

from orrery.node.processes.program import CHUNK_BYTES, Child, Stream
from orrery.node.programs.call import Call
from orrery.node.programs.patterns.compile import compile_pattern
from orrery.node.programs.reasons import reason


def decode(data: bytes) -> str:
    """One character per byte, as the C locale has it."""
    return data.decode("latin-1")


def to_bytes(text: str) -> bytes:
    return text.encode("latin-1", "replace")


class RecordReader:
    """Records of one stream. RS may change between two records."""

    def __init__(self, call: Call, stream: Stream) -> None:
        self._call = call
        self._stream = stream
        self._rest = b""
        self._lines: list[bytes] = []
        self._ended = False

    @property
    def is_ready(self) -> bool:
        """Whether the next line is there without a read."""
        return bool(self._lines)

    def close(self) -> None:
        self._stream.close()

    async def next(self, separator: str) -> str | None:
        """None at the end."""
        if separator == "\n":
            return await self._line()
        self._gather()
        return await self._paragraph() if not separator else await self._separated(separator)

    def _gather(self) -> None:
        if self._lines:
            self._rest = b"\n".join([*reversed(self._lines), self._rest])
            self._lines = []

    async def _more(self) -> bool:
        if self._ended:
            return False
        piece = await self._stream.read()
        self._rest += piece
        self._ended = not piece
        await self._call.process.tick()
        return bool(piece)

    async def _line(self) -> str | None:
        if self._lines:
            return decode(self._lines.pop())
        if b"\n" not in self._rest:
            held = await self._until_newline()
            if not self._rest:
                return None
            if b"\n" not in self._rest[-CHUNK_BYTES:]:
                rest, self._rest = self._rest, b""
                self._call.process.allocate(-held)
                return decode(rest)
            self._call.process.allocate(-held)
        lines = self._rest.split(b"\n")
        self._rest = lines.pop()
        lines.reverse()
        self._lines = lines
        return decode(self._lines.pop())

    async def _until_newline(self) -> int:
        """Read on until a line ends or everything does; how much memory that is accounted for. A long line is put together once."""
        pieces, held = [self._rest], 0
        while not self._ended:
            piece = await self._stream.read(CHUNK_BYTES)
            await self._call.process.tick()
            self._ended = not piece
            pieces.append(piece)
            if b"\n" in piece:
                break
            held += len(piece)
            self._call.process.allocate(len(piece))
        self._rest = b"".join(pieces)
        return held

    async def _paragraph(self) -> str | None:
        while True:
            self._rest = self._rest.lstrip(b"\n")
            end = self._rest.find(b"\n\n")
            if end >= 0:
                record, self._rest = self._rest[:end], self._rest[end + 2 :]
                return decode(record)
            if not await self._more():
                record, self._rest = self._rest.rstrip(b"\n"), b""
                return decode(record) if record else None

    async def _separated(self, separator: str) -> str | None:
        pattern = compile_pattern(to_bytes(separator), extended=True) if len(separator) > 1 else None
        literal = to_bytes(separator)
        while True:
            if pattern is not None:
                spans = pattern.search(self._rest)
                cut = spans[0] if spans and spans[0][1] > spans[0][0] and (spans[0][1] < len(self._rest) or self._ended) else None
            else:
                found = self._rest.find(literal)
                cut = (found, found + 1) if found >= 0 else None
            if cut is not None:
                record, self._rest = self._rest[: cut[0]], self._rest[cut[1] :]
                return decode(record)
            if not await self._more():
                if (
                    pattern is not None
                    and self._rest
                    and pattern.search(self._rest)
                    and (spans := pattern.search(self._rest))
                    and spans[0][1] > spans[0][0]
                ):
                    record, self._rest = self._rest[: spans[0][0]], self._rest[spans[0][1] :]
                    return decode(record)
                record, self._rest = self._rest, b""
                return decode(record) if record else None


@dataclass(slots=True)
class _Open:
    stream: Stream
    child: Child | None = None
    reader: RecordReader | None = None


class Channels:
    """What is open by name, until close or the end."""

    def __init__(self, call: Call) -> None:
        self._call = call
        self._outputs: dict[str, _Open] = {}
        self._inputs: dict[str, _Open] = {}

    async def output(self, operator: str, name: str) -> Stream:
        """The stream that `print > name` and the like write to; OSError when it cannot be opened."""
        found = self._outputs.get(name)
        if found is None:
            found = self._outputs[name] = await self._open_output(operator, name)
        return found.stream

    async def _open_output(self, operator: str, name: str) -> _Open:
        process = self._call.process
        path = to_bytes(name).decode("utf-8", "surrogateescape")
        if operator == "|":
            reader, writer = process.pipe()
            child = await process.spawn(["sh", "-c", path], descriptors={**process.descriptors, 0: reader})
            reader.close()
            return _Open(writer, child)
        if path in ("/dev/stdout", "-"):
            return _Open(process.stdout.share())
        if path == "/dev/stderr":
            return _Open(process.stderr.share())
        flags = os.O_WRONLY | os.O_CREAT | (os.O_APPEND if operator == ">>" else os.O_TRUNC)
        return _Open(process.files.open(path, flags))

    async def input(self, name: str, *, is_command: bool) -> RecordReader | None:
        """The reader of a file or of a command's output; None when there is none."""
        found = self._inputs.get(name)
        if found is None:
            path = to_bytes(name).decode("utf-8", "surrogateescape")
            try:
                found = await self._open_command(path) if is_command else _Open(self._call.open("-" if path == "/dev/stdin" else path))
            except OSError:
                return None
            found.reader = RecordReader(self._call, found.stream)
            self._inputs[name] = found
        return found.reader

    async def _open_command(self, command: str) -> _Open:
        process = self._call.process
        reader, writer = process.pipe()
        child = await process.spawn(["sh", "-c", command], descriptors={**process.descriptors, 1: writer})
        writer.close()
        return _Open(reader, child)

    async def close(self, name: str) -> float:
        code = -1.0
        for table in (self._outputs, self._inputs):
            found = table.pop(name, None)
            if found is not None:
                found.stream.close()
                code = float(await found.child.wait()) if found.child is not None else 0.0
        return code

    async def close_all(self) -> None:
        for name in [*self._outputs, *self._inputs]:
            await self.close(name)


async def cannot_open(call: Call, path: str, error: OSError) -> None:
    if call.is_busybox:
        await call.complain(f"{path}: {reason(error)}")
    else:
        await call.complain(f"cannot open {path} ({reason(error)})", 2)
