"""The bytes of a regular file, in chunks. A chunk of zeros is shared by all files, so that a file of a gigabyte of nothing costs little."""

from collections.abc import Callable, Iterable
from typing import Any, Final, TypeAlias

from orrery.node.files.space import Space

Maker = Callable[[], bytes]
"""Makes what a file holds, when somebody looks."""
Part: TypeAlias = bytes | int
"""Bytes, or so many chunks of zeros."""

CHUNK_BYTES: Final = 65_536
_ZEROS: Final = bytes(CHUNK_BYTES)


class Content:
    """A sequence of bytes that can be written anywhere. Chunks are full but for the last; what was shared is copied when written."""

    __slots__ = ("_chunks", "real", "size")

    def __init__(self, data: bytes = b"") -> None:
        self._chunks: list[bytes | bytearray] = [data[at : at + CHUNK_BYTES] for at in range(0, len(data), CHUNK_BYTES)]
        self.size = len(data)
        self.real = len(data)
        """Bytes of memory it holds; chunks of zeros hold none."""

    def copy(self) -> "Content":
        """A copy that shares what neither changes."""
        copied = Content()
        copied._chunks = [bytes(chunk) if isinstance(chunk, bytearray) else chunk for chunk in self._chunks]
        copied.size, copied.real = self.size, self.real
        return copied

    def parts(self) -> list[Part]:
        """All of it, as bytes that do not change any more."""
        parts: list[Part] = []
        for index, chunk in enumerate(self._chunks):
            last = parts[-1] if parts else None
            if chunk is _ZEROS:
                parts[-1:] = [last + 1] if isinstance(last, int) else [*parts[-1:], 1]
                continue
            if isinstance(chunk, bytearray):
                chunk = self._chunks[index] = bytes(chunk)
            parts.append(chunk)
        return parts

    @classmethod
    def of(cls, parts: Iterable[Part]) -> "Content":
        """What `parts` told."""
        made = Content()
        for part in parts:
            made._chunks += [_ZEROS] * part if isinstance(part, int) else [part]
            made.size += part * CHUNK_BYTES if isinstance(part, int) else len(part)
            made.real += 0 if isinstance(part, int) else len(part)
        return made

    def read(self, offset: int, count: int) -> bytes:
        end = min(offset + count, self.size)
        if offset >= end:
            return b""
        first, last = offset // CHUNK_BYTES, (end - 1) // CHUNK_BYTES
        start = offset - first * CHUNK_BYTES
        if first == last:
            return bytes(self._chunks[first][start : start + end - offset])
        joined = b"".join(self._chunks[first : last + 1])
        return joined[start : start + end - offset]

    def write(self, offset: int, data: bytes, space: Space) -> None:
        """Replace or add bytes; a gap before `offset` becomes zeros. OSError(ENOSPC) leaves everything as it was."""
        if not data:
            return
        end = offset + len(data)
        growth = max(end - self.size, 0)
        space.charge(growth, len(data))  # At most this much memory; what is not needed goes back below.
        before = self.real
        if offset > self.size:
            self._extend(offset)
        position = offset
        while position < end:
            position += self._write_chunk(position, data[position - offset : position - offset + CHUNK_BYTES])
        self.size = max(self.size, end)
        space.charge(0, self.real - before - len(data))

    def truncate(self, size: int, space: Space) -> None:
        if size > self.size:
            space.charge(size - self.size, CHUNK_BYTES)
            before = self.real
            self._extend(size)
            space.charge(0, self.real - before - CHUNK_BYTES)
        elif size < self.size:
            kept, rest = divmod(size, CHUNK_BYTES)
            dropped = sum(len(chunk) for chunk in self._chunks[kept:] if chunk is not _ZEROS)
            tail = self._chunks[kept][:rest] if rest else b""
            del self._chunks[kept:]
            if rest:
                self._chunks.append(tail)
            space.charge(size - self.size, rest - dropped)
            self.real += rest - dropped
            self.size = size

    def _extend(self, size: int) -> None:
        """Add zeros up to `size`."""
        last = len(self._chunks[-1]) if self._chunks else CHUNK_BYTES
        if last < CHUNK_BYTES:
            fill = min(CHUNK_BYTES - last, size - self.size)
            self._chunks[-1] = bytearray(self._chunks[-1]) + bytes(fill)
            self.real += fill
            self.size += fill
        whole, rest = divmod(size - self.size, CHUNK_BYTES)
        self._chunks += [_ZEROS] * whole
        if rest:
            self._chunks.append(bytearray(rest))
            self.real += rest
        self.size = size

    def _write_chunk(self, position: int, data: bytes) -> int:
        """Write what fits in the chunk at `position`; how much that was."""
        index, start = divmod(position, CHUNK_BYTES)
        piece = data[: CHUNK_BYTES - start]
        if index == len(self._chunks):
            self._chunks.append(b"")
        chunk = self._chunks[index]
        if start == 0 and len(piece) >= len(chunk):
            self.real -= 0 if chunk is _ZEROS else len(chunk)
            self._put(index, piece)
            return len(piece)
        if not isinstance(chunk, bytearray):
            self.real += len(chunk) if chunk is _ZEROS else 0
            chunk = self._chunks[index] = bytearray(chunk)
        self.real += max(start + len(piece) - len(chunk), 0)
        chunk[start : start + len(piece)] = piece
        return len(piece)

    def _put(self, index: int, piece: bytes) -> None:
        if len(piece) == CHUNK_BYTES and piece == _ZEROS:
            self._chunks[index] = _ZEROS
            return
        self._chunks[index] = bytes(piece)
        self.real += len(piece)


class MadeContent(Content):
    """Bytes that are made when they are first looked at, be it only for their number."""

    __slots__ = ("maker",)

    def __init__(self, maker: Maker) -> None:
        self.maker = maker

    def __getattr__(self, name: str) -> Any:
        """Asked only for what is not there yet."""
        if name not in Content.__slots__:
            raise AttributeError(name)
        Content.__init__(self, self.maker())
        return object.__getattribute__(self, name)
