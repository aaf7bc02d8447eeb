"""Frames of SPDY/3.1 as bytes and back. Streams and their life are `connection`'s.

Data frames may have 16 MB, so the parser hands out their payload as it arrives; control frames are small and come whole.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from typing import Final, TypeAlias

VERSION: Final = 3
FIN: Final = 0x01
CONTROL_BYTES_MAX: Final = 64 * 1024
_HEAD: Final = 8
_CONTROL: Final = 0x80
_STREAM_MASK: Final = 0x7FFF_FFFF


class Type(IntEnum):
    SYN_STREAM = 1
    SYN_REPLY = 2
    RST_STREAM = 3
    SETTINGS = 4
    PING = 6
    GOAWAY = 7
    HEADERS = 8
    WINDOW_UPDATE = 9


class Reset(IntEnum):
    """Why a stream is reset."""

    PROTOCOL_ERROR = 1
    INVALID_STREAM = 2
    REFUSED_STREAM = 3
    CANCEL = 5


class BadFrame(ValueError):
    """Bytes that are no SPDY/3 frame: the connection ends."""


@dataclass(frozen=True, slots=True)
class Control:
    """A control frame; `payload` is what follows its eight bytes of head."""

    type: int
    flags: int
    payload: bytes

    def number(self, at: int = 0) -> int:
        """The 31 bits at an offset: a stream's id, mostly."""
        if len(self.payload) < at + 4:
            raise BadFrame(f"a control frame of type {self.type} is too short")
        return int.from_bytes(self.payload[at : at + 4], "big") & _STREAM_MASK


@dataclass(frozen=True, slots=True)
class Data:
    """A piece of a data frame's payload; `fin` only with the last piece of a frame that says so."""

    stream: int
    payload: bytes
    fin: bool


Frame: TypeAlias = Control | Data


class Parser:
    """Reads frames from bytes that come in any pieces."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._stream = 0
        self._left = 0
        """How much of the current data frame is still to come."""
        self._fin = False

    def feed(self, data: bytes) -> Iterator[Frame]:
        self._buffer += data
        while (frame := self._next()) is not None:
            yield frame

    def _next(self) -> Frame | None:
        if self._left:
            return self._piece() if self._buffer else None
        if len(self._buffer) < _HEAD:
            return None
        length = int.from_bytes(self._buffer[5:8], "big")
        if not self._buffer[0] & _CONTROL:
            return self._start_data(length)
        if self._buffer[0] & 0x7F or self._buffer[1] != VERSION:
            raise BadFrame("not version 3 of SPDY")
        if length > CONTROL_BYTES_MAX:
            raise BadFrame("a control frame is too large")
        if len(self._buffer) < _HEAD + length:
            return None
        frame = Control(int.from_bytes(self._buffer[2:4], "big"), self._buffer[4], bytes(self._buffer[_HEAD : _HEAD + length]))
        del self._buffer[: _HEAD + length]
        return frame

    def _start_data(self, length: int) -> Data:
        self._stream = int.from_bytes(self._buffer[:4], "big")
        self._fin = bool(self._buffer[4] & FIN)
        self._left = length
        del self._buffer[:_HEAD]
        return self._piece()

    def _piece(self) -> Data:
        payload = bytes(self._buffer[: self._left])
        del self._buffer[: len(payload)]
        self._left -= len(payload)
        return Data(self._stream, payload, self._fin and not self._left)


def control(type_: Type, payload: bytes, flags: int = 0) -> bytes:
    head = bytes((_CONTROL, VERSION)) + type_.to_bytes(2, "big") + bytes((flags,)) + len(payload).to_bytes(3, "big")
    return head + payload


def data(stream: int, payload: bytes, *, fin: bool = False) -> bytes:
    return b"".join((stream.to_bytes(4, "big"), bytes((FIN if fin else 0,)), len(payload).to_bytes(3, "big"), payload))


def syn_reply(stream: int, block: bytes) -> bytes:
    return control(Type.SYN_REPLY, stream.to_bytes(4, "big") + block)


def reset(stream: int, status: Reset) -> bytes:
    return control(Type.RST_STREAM, stream.to_bytes(4, "big") + status.to_bytes(4, "big"))


def goaway(last_stream: int) -> bytes:
    return control(Type.GOAWAY, last_stream.to_bytes(4, "big") + bytes(4))
