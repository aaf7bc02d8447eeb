"""sed's input: lines of all files, with a look ahead only when somebody asks."""

from orrery.node.processes.program import Stream
from orrery.node.programs.call import Call
from orrery.node.programs.faults import Fault
from orrery.node.programs.lines import LineReader
from orrery.node.programs.reasons import reason


class Source:
    """Lines of all inputs, one after the other, with a look ahead only when somebody asks."""

    def __init__(self, call: Call, paths: list[str], end: bytes) -> None:
        self._call = call
        self._paths = list(reversed(paths))
        self._end = end
        self._stream: Stream | None = None
        self._reader: LineReader | None = None
        self._lines: list[bytes] = []
        self.path = "-"
        self.has_newline = True
        self.failures: list[tuple[str, str]] = []
        """Paths that could not be opened, and why, until somebody tells them."""

    @property
    def is_waiting(self) -> bool:
        """Whether the next line needs a read."""
        return not self._lines

    async def next(self) -> bytes | None:
        """None at the end of all inputs."""
        if not self._lines and not await self._fill():
            return None
        line = self._lines.pop()
        self.has_newline = bool(self._lines) or self._reader is None or self._reader.is_terminated
        return line

    async def is_last(self) -> bool:
        return not self._lines and not await self._fill()

    async def _fill(self) -> bool:
        while True:
            if self._reader is None:
                if not self._paths:
                    return False
                self._open(self._paths.pop())
                if self._reader is None:
                    continue
            try:
                batch = await self._reader.batch()
            except IsADirectoryError:
                if not self._call.is_busybox:
                    raise Fault(f"read error on {self.path}: Is a directory", 4) from None
                batch = []
            if batch:
                self._lines = batch[::-1]
                return True
            self.close()

    def _open(self, path: str) -> None:
        try:
            self._stream = self._call.open(path)
        except OSError as error:
            self.failures.append((path, reason(error)))
            return
        self.path = path
        self._reader = LineReader(self._call.process, self._stream, self._end)

    def close(self) -> None:
        if self._stream is not None:
            self._stream.close()
        self._stream = self._reader = None
