"""A bounded queue of bytes between two tasks: one has a stream to give away, the other takes it at its own pace."""

import asyncio
from collections import deque
from typing import Final

PIECE_BYTES_MAX: Final = 64 * 1024
_QUEUE_BYTES_MAX: Final = 256 * 1024


class ByteQueue:
    """Who puts waits while the queue is full; who gets waits while it is empty."""

    def __init__(self) -> None:
        self._pieces: deque[bytes] = deque()
        self._size = 0
        self._is_finished = False
        self._is_dropped = False
        self._filled = asyncio.Event()
        self._drained = asyncio.Event()

    async def put(self, data: bytes) -> None:
        if self._is_dropped or self._is_finished or not data:
            return
        self._pieces.append(data)
        self._size += len(data)
        self._filled.set()
        while self._size > _QUEUE_BYTES_MAX and not self._is_dropped:
            self._drained.clear()
            await self._drained.wait()

    def finish(self) -> None:
        """Nothing more will come."""
        self._is_finished = True
        self._filled.set()

    def drop(self) -> None:
        """Nobody will read any more: what is here and what comes is forgotten."""
        self._is_dropped = True
        self._pieces.clear()
        self._drained.set()
        self._filled.set()

    async def get(self) -> bytes:
        """At most 64 KiB; empty at the end."""
        while not self._pieces:
            if self._is_finished or self._is_dropped:
                return b""
            self._filled.clear()
            await self._filled.wait()
        data = self._pieces.popleft()
        if len(data) > PIECE_BYTES_MAX:
            self._pieces.appendleft(data[PIECE_BYTES_MAX:])
            data = data[:PIECE_BYTES_MAX]
        self._size -= len(data)
        self._drained.set()
        return data
