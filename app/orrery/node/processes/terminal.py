"""A pseudo terminal: a line discipline between a person at a client and the processes that have it as standard streams.

Follows termios as far as shells and exec -it need it: canonical and raw input, echo, ^C ^\\ ^Z as signals, ^D as the end, ^U ^W and
backspace within a line, NL to CR NL on output, window size with SIGWINCH, hang-up.
"""

import errno
import os
from collections import deque
from collections.abc import Callable
from typing import Final

from orrery.node.files.opened import Description
from orrery.node.processes.pipes import Pipe, Waiters
from orrery.node.processes.program import CHUNK_BYTES
from orrery.node.processes.signals import SIGHUP, SIGINT, SIGQUIT, SIGTSTP, SIGWINCH
from orrery.node.processes.turns import pause

_SIGNALS: Final = {3: SIGINT, 28: SIGQUIT, 26: SIGTSTP}
_EOF, _KILL_LINE, _WORD = 4, 21, 23
_BACKSPACES: Final = frozenset({8, 127})
_LINE_MAX: Final = 4096
_TICKS_PER_CALL: Final = 8

SendSignal = Callable[[int, int], None]
"""A signal for all processes of a group."""


class Terminal:
    """Both sides. The client writes with `type`, reads with `shown`; processes use what `open` gives."""

    def __init__(self, send: SendSignal, *, columns: int = 80, rows: int = 24, name: str = "pts/0") -> None:
        self.name = name
        self.foreground = 0
        self._send = send
        self._size = (columns, rows)
        self._is_canonical = self._echoes = self._makes_signals = True
        self._line = bytearray()
        self._ready: deque[bytes] = deque()
        """Input that may be read: lines, or pieces in raw mode. An empty one is an end that is read once."""
        self._ready_bytes = 0
        self._arrived = Waiters()
        self._output = Pipe()
        self._output.join(writes=True)
        self._output.join(writes=False)
        self._is_hung_up = False
        self._last_line = b""
        """What stands on the screen's last line."""
        self._readers = 0
        """Who waits for a line."""

    # Settings.

    @property
    def size(self) -> tuple[int, int]:
        return self._size

    @property
    def is_raw(self) -> bool:
        return not self._is_canonical

    def set_mode(self, *, canonical: bool | None = None, echo: bool | None = None, signals: bool | None = None) -> None:
        if canonical is not None and canonical != self._is_canonical:
            self._is_canonical = canonical
            if not canonical and self._line:
                self._push(bytes(self._line))
                self._line.clear()
        self._echoes = self._echoes if echo is None else echo
        self._makes_signals = self._makes_signals if signals is None else signals

    def resize(self, columns: int, rows: int) -> None:
        if (columns, rows) != self._size:
            self._size = (columns, rows)
            self._send(self.foreground, SIGWINCH)
            if self._readers and self._is_canonical and self._last_line:
                # What line editors of shells do: who attaches to one sees the prompt at once, since clients tell a size first.
                self._output.offer(b"\r" + self._last_line)

    # The client's side.

    async def type(self, data: bytes) -> None:
        """Keys that were pressed; waits while too much input lies unread."""
        while self._ready_bytes > CHUNK_BYTES and not self._is_hung_up:
            await self._arrived.wait()
        echo = bytearray()
        if not self._is_canonical:
            self._type_raw(data, echo)
        else:
            for byte in data:
                self._type_byte(byte, echo)
        if echo and self._echoes:
            await self._show(bytes(echo))

    async def shown(self) -> bytes:
        """What the screen gets next; empty when the terminal has been hung up or closed."""
        return await self._output.take(CHUNK_BYTES)

    def hang_up(self) -> None:
        """The client is gone: the foreground gets SIGHUP, reads end, writes fail."""
        if not self._is_hung_up:
            self._is_hung_up = True
            self._arrived.wake()
            self._output.leave(writes=False)
            self._send(self.foreground, SIGHUP)

    def finish(self) -> None:
        """No process will write any more: `shown` ends once all has been read."""
        self._output.leave(writes=True)

    # The processes' side.

    def open(self) -> "TerminalEnd":
        return TerminalEnd(self)

    async def read(self, count: int) -> bytes:
        while not self._ready:
            if self._is_hung_up:
                return b""
            self._readers += 1
            try:
                await self._arrived.wait()
            finally:
                self._readers -= 1
        piece = self._ready.popleft()
        if len(piece) > count:
            self._ready.appendleft(piece[count:])
            piece = piece[:count]
        self._ready_bytes -= len(piece)
        self._arrived.wake()
        return piece

    async def write(self, data: bytes) -> None:
        if self._is_hung_up:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        self._remember(data)
        await self._output.put(data.replace(b"\n", b"\r\n"))

    def _remember(self, data: bytes) -> None:
        start = data.rfind(b"\n") + 1
        self._last_line = (data[start:] if start else self._last_line + data)[-_LINE_MAX:]

    # The line discipline.

    def _type_raw(self, data: bytes, echo: bytearray) -> None:
        if self._makes_signals and any(byte in _SIGNALS for byte in data):
            for byte in data:
                if byte in _SIGNALS:
                    self._send(self.foreground, _SIGNALS[byte])
                else:
                    self._push(bytes([byte]))
            return
        self._push(data)
        echo += data

    def _type_byte(self, byte: int, echo: bytearray) -> None:
        if byte in _SIGNALS and self._makes_signals:
            self._line.clear()
            echo += b"^" + bytes([byte + 64])
            self._send(self.foreground, _SIGNALS[byte])
        elif byte == _EOF:
            self._push(bytes(self._line))
            self._line.clear()
        elif byte in (10, 13):
            self._push(bytes(self._line) + b"\n")
            self._line.clear()
            echo += b"\r\n"
        elif byte in _BACKSPACES:
            self._erase(1, echo)
        elif byte == _KILL_LINE:
            self._erase(len(self._line), echo)
        elif byte == _WORD:
            line = bytes(self._line)
            self._erase(len(line) - line.rstrip().rfind(b" ") - 1, echo)
        elif len(self._line) < _LINE_MAX:
            self._line.append(byte)
            echo += bytes([byte]) if byte >= 32 or byte == 9 else b"^" + bytes([byte + 64])

    def _erase(self, count: int, echo: bytearray) -> None:
        """Take back bytes; of a character of several bytes all."""
        for _ in range(count):
            if not self._line:
                return
            while len(self._line) > 1 and self._line[-1] & 0xC0 == 0x80:
                self._line.pop()
            self._line.pop()
            echo += b"\b \b"

    def _push(self, piece: bytes) -> None:
        self._ready.append(piece)
        self._ready_bytes += len(piece)
        self._arrived.wake()

    async def _show(self, data: bytes) -> None:
        if not self._is_hung_up:
            self._remember(data)
            await self._output.put(data)


class TerminalEnd(Description):
    """An open description of the terminal, for processes."""

    __slots__ = ("terminal",)

    def __init__(self, terminal: Terminal) -> None:
        super().__init__(os.O_RDWR)
        self.terminal = terminal

    @property
    def is_terminal(self) -> bool:
        return True

    async def read(self, count: int = CHUNK_BYTES) -> bytes:
        self._check(writes=False)
        await pause(_TICKS_PER_CALL)
        return await self.terminal.read(count)

    async def write(self, data: bytes) -> None:
        self._check(writes=True)
        await pause(_TICKS_PER_CALL)
        await self.terminal.write(data)

    def share(self) -> "TerminalEnd":
        self.holders += 1
        return self
