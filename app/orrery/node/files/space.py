"""How much a file system may hold: what its files seem to take (sizeLimit, `df`) and what they really take in this process's memory."""

import errno
import os
import sys
from collections.abc import Callable


class Space:
    """A budget of bytes, part of a larger one. Seeming bytes are limited by `size`, real ones by `real_max` all the way up."""

    __slots__ = ("_on_over", "_over", "parent", "real", "real_max", "size", "used")

    def __init__(self, size: int, *, real_max: int, parent: "Space | None" = None) -> None:
        self.size = size
        self.used = 0
        self.real = 0
        self.real_max = real_max
        self.parent = parent
        self._over = sys.maxsize
        self._on_over: Callable[[], None] | None = None

    def watch(self, limit: int, told: Callable[[], None]) -> None:
        """Tell, once, when more than this is taken; it may be taken all the same."""
        self._over, self._on_over = limit, told

    def charge(self, seeming: int, real: int) -> None:
        """Take bytes (negative: give back); OSError(ENOSPC) when there are none left, and then nothing is taken."""
        if seeming > 0 and self.used + seeming > self.size:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        if real > 0 and not self._has_room(real):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self.used += seeming
        if self.used > self._over and self._on_over is not None:
            told, self._on_over = self._on_over, None
            told()
        space: Space | None = self
        while space is not None:
            space.real += real
            space = space.parent

    def release(self) -> None:
        """The file system is gone, with all it held."""
        self.charge(-self.used, -self.real)

    def _has_room(self, real: int) -> bool:
        space: Space | None = self
        while space is not None:
            if space.real + real > space.real_max:
                return False
            space = space.parent
        return True
