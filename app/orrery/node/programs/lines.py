"""Lines of a stream in batches: one batch per read, so that long inputs cost little per line and short ones come at once.

A line may be longer than a piece; what is held of it counts as memory of the process.
"""

from orrery.node.processes.program import CHUNK_BYTES, Process, Stream


class LineReader:
    """Reads lines without their delimiter. `is_terminated` tells of the last line whether it had one."""

    __slots__ = ("_carry", "_delimiter", "_ends_at_nul", "_held", "_process", "_stream", "is_terminated")

    def __init__(self, process: Process, stream: Stream, delimiter: bytes = b"\n", *, ends_at_nul: bool = False) -> None:
        """`ends_at_nul`: a NUL ends a line too."""
        self._process = process
        self._stream = stream
        self._delimiter = delimiter
        self._carry: list[bytes] = []
        self._held = 0
        self._ends_at_nul = ends_at_nul
        self.is_terminated = True

    async def batch(self) -> list[bytes]:
        """The lines that one read completes, at least one; empty at the end."""
        while True:
            chunk = await self._stream.read(CHUNK_BYTES)
            if not chunk:
                return self._last()
            if self._ends_at_nul:
                chunk = chunk.replace(b"\0", self._delimiter)
            lines = chunk.split(self._delimiter)
            if len(lines) == 1:
                self._carry.append(chunk)
                self._process.allocate(len(chunk))
                self._held += len(chunk)
                continue
            if self._carry:
                lines[0] = b"".join([*self._carry, lines[0]])
                self._release()
            if lines[-1]:
                self._carry.append(lines[-1])
            lines.pop()
            await self._process.tick(len(lines))
            return lines

    def _release(self) -> None:
        self._carry.clear()
        self._process.allocate(-self._held)
        self._held = 0

    def _last(self) -> list[bytes]:
        if not self._carry:
            return []
        line = b"".join(self._carry)
        self._release()
        self.is_terminated = False
        return [line]


async def read_all(process: Process, stream: Stream) -> bytes:
    """A whole stream, accounted as memory of the process."""
    pieces: list[bytes] = []
    while piece := await stream.read(CHUNK_BYTES):
        process.allocate(len(piece))
        pieces.append(piece)
        await process.tick()
    return b"".join(pieces)
