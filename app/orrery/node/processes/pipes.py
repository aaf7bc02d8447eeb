"""Pipes: 64 KiB between a writer and a reader, each of whom waits for the other."""

import asyncio
import errno
import os
from collections import deque
from typing import Final

from orrery.node.files.inodes import Fifo
from orrery.node.files.opened import Description
from orrery.node.processes.program import CHUNK_BYTES, OpenFile
from orrery.node.processes.turns import pause, running

SIGPIPE: Final = 13
_TICKS_PER_CALL: Final = 8


class Waiters:
    """Whoever waits for something to change. Every wait has a future of its own, so that ending one disturbs no other."""

    __slots__ = ("_futures",)

    def __init__(self) -> None:
        self._futures: list[asyncio.Future[None]] = []

    async def wait(self) -> None:
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._futures.append(future)
        try:
            await future
        finally:
            if future in self._futures:
                self._futures.remove(future)

    def wake(self) -> None:
        futures, self._futures = self._futures, []
        for future in futures:
            if not future.done():
                future.set_result(None)


class Pipe:
    """The buffer between two ends."""

    __slots__ = ("_changed", "_had_writer", "_pieces", "_size", "capacity", "readers", "writers")

    def __init__(self, capacity: int = CHUNK_BYTES) -> None:
        self.capacity = capacity
        self.readers = 0
        self.writers = 0
        self._had_writer = False
        self._size = 0
        self._pieces: deque[bytes] = deque()
        self._changed = Waiters()

    async def take(self, count: int) -> bytes:
        """Up to `count` bytes; empty when all writers are gone."""
        while not self._pieces:
            if self.writers == 0 and self._had_writer:
                return b""
            await self._changed.wait()
        piece = self._pieces.popleft()
        while len(piece) < count and self._pieces and len(piece) < 4096:
            piece += self._pieces.popleft()
        if len(piece) > count:
            self._pieces.appendleft(piece[count:])
            piece = piece[:count]
        self._size -= len(piece)
        self._changed.wake()
        return piece

    def offer(self, data: bytes) -> None:
        """All of `data` if there is room for it now; else nothing."""
        if self.readers and len(data) <= self.capacity - self._size:
            self._pieces.append(data)
            self._size += len(data)
            self._changed.wake()

    async def put(self, data: bytes) -> None:
        """All of `data`; BrokenPipeError when no reader is left, and SIGPIPE before that."""
        view = memoryview(data)
        while True:
            if self.readers == 0 and self._has_lost_readers:
                broken_pipe()
            room = self.capacity - self._size
            if room > 0 and len(view):
                piece = bytes(view[:room])
                self._pieces.append(piece)
                self._size += len(piece)
                view = view[room:]
                self._changed.wake()
            if not len(view):
                return
            await self._changed.wait()

    @property
    def _has_lost_readers(self) -> bool:
        return True

    async def met(self, *, writes: bool) -> None:
        """Wait for the other side; an unnamed pipe has both from the beginning."""

    def join(self, *, writes: bool) -> None:
        if writes:
            self.writers += 1
            self._had_writer = True
        else:
            self.readers += 1
        self._changed.wake()

    def leave(self, *, writes: bool) -> None:
        if writes:
            self.writers -= 1
        else:
            self.readers -= 1
        self._changed.wake()


class _NamedPipe(Pipe):
    """A pipe whose writers wait for the first reader."""

    __slots__ = ("_had_reader",)

    def __init__(self) -> None:
        super().__init__()
        self._had_reader = False

    @property
    def _has_lost_readers(self) -> bool:
        return self._had_reader

    async def met(self, *, writes: bool) -> None:
        while not (self._had_reader if writes else self._had_writer):
            await self._changed.wait()

    def join(self, *, writes: bool) -> None:
        self._had_reader = self._had_reader or not writes
        super().join(writes=writes)


class PipeEnd(Description):
    """One end, or both of a named pipe opened for reading and writing."""

    __slots__ = ("_pipe",)

    def __init__(self, pipe: Pipe, flags: int) -> None:
        super().__init__(flags)
        self._pipe = pipe
        for writes in self._sides():
            pipe.join(writes=writes)

    async def read(self, count: int = CHUNK_BYTES) -> bytes:
        self._check(writes=False)
        await pause(_TICKS_PER_CALL)
        return await self._pipe.take(min(count, CHUNK_BYTES))

    async def write(self, data: bytes) -> None:
        self._check(writes=True)
        await pause(_TICKS_PER_CALL)
        await self._pipe.put(data)

    async def wait_for_other_side(self) -> None:
        """Until somebody has opened a named pipe for the other direction."""
        await self._pipe.met(writes=self.flags & os.O_ACCMODE != os.O_RDONLY)

    def share(self) -> "PipeEnd":
        self.holders += 1
        return self

    def close(self) -> None:
        self.holders -= 1
        if self.holders == 0:
            for writes in self._sides():
                self._pipe.leave(writes=writes)

    def _sides(self) -> tuple[bool, ...]:
        return {os.O_RDONLY: (False,), os.O_WRONLY: (True,), os.O_RDWR: (False, True)}[self.flags & os.O_ACCMODE]


def new_pipe(capacity: int = CHUNK_BYTES) -> tuple[PipeEnd, PipeEnd]:
    """The reading and the writing end."""
    pipe = Pipe(capacity)
    return PipeEnd(pipe, os.O_RDONLY), PipeEnd(pipe, os.O_WRONLY)


def open_fifo(fifo: Fifo, flags: int) -> OpenFile:
    """DIFFERS: upstream's open of a named pipe waits for the other side; a shell's redirection does, elsewhere the first read or write."""
    if not isinstance(fifo.pipe, _NamedPipe):
        fifo.pipe = _NamedPipe()
    return PipeEnd(fifo.pipe, flags)


def broken_pipe() -> None:
    """Nobody reads any more: the writer gets SIGPIPE, and the error if it survives."""
    writer = running.get()
    if writer is not None:
        writer.receive(SIGPIPE)
    raise BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE))
