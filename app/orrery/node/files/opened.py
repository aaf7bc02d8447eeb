"""Open files and devices as streams. A description is shared by all descriptors made from it, with one position."""

import errno
import os
from typing import Final

from orrery.machinery.clock import Clock
from orrery.node.files.filesystem import FileSystem
from orrery.node.files.inodes import File
from orrery.node.processes.program import CHUNK_BYTES
from orrery.node.processes.turns import pause

_TICKS_PER_CALL: Final = 8


def bad_descriptor() -> OSError:
    return OSError(errno.EBADF, os.strerror(errno.EBADF))


class Description:
    """What all open things have: holders, and whether they may read and write."""

    __slots__ = ("flags", "holders")

    def __init__(self, flags: int) -> None:
        self.flags = flags
        self.holders = 1

    @property
    def is_terminal(self) -> bool:
        return False

    def close(self) -> None:
        self.holders -= 1

    def seek(self, offset: int, whence: int = 0) -> int:
        raise OSError(errno.ESPIPE, os.strerror(errno.ESPIPE))

    def tell(self) -> int:
        return 0

    def truncate(self, size: int) -> None:
        raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))

    def _check(self, *, writes: bool) -> None:
        mode = self.flags & os.O_ACCMODE
        if self.holders <= 0 or mode == (os.O_RDONLY if writes else os.O_WRONLY):
            raise bad_descriptor()


class OpenedFile(Description):
    """A regular file that is open."""

    __slots__ = ("_clock", "_filesystem", "_position", "file")

    def __init__(self, file: File, filesystem: FileSystem, flags: int, *, clock: Clock) -> None:
        super().__init__(flags)
        self.file = file
        self._filesystem = filesystem
        self._clock = clock
        self._position = 0
        file.openers += 1

    async def read(self, count: int = CHUNK_BYTES) -> bytes:
        self._check(writes=False)
        await pause(_TICKS_PER_CALL)
        data = self.file.content.read(self._position, min(count, CHUNK_BYTES))
        self._position += len(data)
        return data

    async def write(self, data: bytes) -> None:
        await pause(_TICKS_PER_CALL)
        self.put(data)

    def put(self, data: bytes) -> None:
        """Write at once."""
        self._check(writes=True)
        content = self.file.content
        if self.flags & os.O_APPEND:
            self._position = content.size
        content.write(self._position, data, self._filesystem.space)
        self._filesystem.touch()
        self._position += len(data)
        self.file.modified_s = self._clock.now_s()

    def share(self) -> "OpenedFile":
        self.holders += 1
        return self

    def close(self) -> None:
        """The last holder of a file that has no name any more gives its space back."""
        self.holders -= 1
        if self.holders:
            return
        self.file.openers -= 1
        if self.file.openers == 0 and self.file.links == 0 and self.file.owner is self._filesystem:
            self.file.content.truncate(0, self._filesystem.space)

    def seek(self, offset: int, whence: int = 0) -> int:
        start = (0, self._position, self.file.content.size)[whence]
        if start + offset < 0:
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
        self._position = start + offset
        return self._position

    def tell(self) -> int:
        return self._position

    def truncate(self, size: int) -> None:
        self._check(writes=True)
        self.file.content.truncate(size, self._filesystem.space)
        self._filesystem.touch()
        self.file.modified_s = self._clock.now_s()


class OpenedText(Description):
    """A file of /proc: the text it had when it was opened."""

    __slots__ = ("_position", "whole")

    def __init__(self, text: bytes) -> None:
        super().__init__(os.O_RDONLY)
        self.whole = text
        self._position = 0

    async def read(self, count: int = CHUNK_BYTES) -> bytes:
        await pause(_TICKS_PER_CALL)
        data = self.whole[self._position : self._position + min(count, CHUNK_BYTES)]
        self._position += len(data)
        return data

    async def write(self, data: bytes) -> None:
        raise bad_descriptor()

    def share(self) -> "OpenedText":
        self.holders += 1
        return self

    def seek(self, offset: int, whence: int = 0) -> int:
        self._position = max((0, self._position, len(self.whole))[whence] + offset, 0)
        return self._position

    def tell(self) -> int:
        return self._position


class OpenedDirectory(Description):
    """A directory that is open: it can be closed, and no more."""

    __slots__ = ()

    async def read(self, count: int = CHUNK_BYTES) -> bytes:
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))

    async def write(self, data: bytes) -> None:
        raise bad_descriptor()

    def share(self) -> "OpenedDirectory":
        self.holders += 1
        return self


class OpenedDevice(Description):
    """/dev/null, zero, full, random: no end, no position."""

    __slots__ = ("_clock", "_kind")

    def __init__(self, kind: str, flags: int, *, clock: Clock) -> None:
        super().__init__(flags)
        self._kind = kind
        self._clock = clock

    async def read(self, count: int = CHUNK_BYTES) -> bytes:
        self._check(writes=False)
        await pause(_TICKS_PER_CALL)
        count = min(count, CHUNK_BYTES)
        if self._kind == "null":
            return b""
        return self._clock.random.randbytes(count) if self._kind == "random" else bytes(count)

    async def write(self, data: bytes) -> None:
        self._check(writes=True)
        await pause(_TICKS_PER_CALL)
        if self._kind == "full":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def share(self) -> "OpenedDevice":
        self.holders += 1
        return self

    def seek(self, offset: int, whence: int = 0) -> int:
        return 0

    def truncate(self, size: int) -> None:
        return


def null(clock: Clock) -> OpenedDevice:
    """/dev/null, open for both."""
    return OpenedDevice("null", os.O_RDWR, clock=clock)
