"""The channels inside a WebSocket: the first byte of every message says which one it belongs to.

Follows apimachinery's `wsstream`: binary protocols prefix the channel's number, base64 ones its digit, and v5 adds a message that
closes one direction of a channel.
"""

import base64
import binascii
from dataclasses import dataclass
from typing import Final

from orrery.api.connect.websocket import WebSocket

V5: Final = "v5.channel.k8s.io"
V4: Final = "v4.channel.k8s.io"
V4_BASE64: Final = "v4.base64.channel.k8s.io"
PLAIN: Final = "channel.k8s.io"
PLAIN_BASE64: Final = "base64.channel.k8s.io"
CLOSE: Final = 255


@dataclass(frozen=True, slots=True)
class ChannelData:
    """Bytes for a channel; `is_close` when the client will send no more there."""

    channel: int
    data: bytes
    is_close: bool = False


class Channels:
    """Reads and writes channels in one WebSocket, in the sub-protocol that was agreed on."""

    def __init__(self, websocket: WebSocket, protocol: str) -> None:
        self.websocket = websocket
        self._is_base64 = "base64" in protocol
        self._has_close = protocol == V5
        self._channel = -1
        """Of the message that is being read."""
        self._carried = b""
        """Base64 digits that wait for the rest of their group."""

    async def send(self, channel: int, data: bytes) -> None:
        if self._is_base64:
            await self.websocket.send_text(f"{channel}{base64.b64encode(data).decode()}")
        else:
            await self.websocket.send(bytes((channel,)) + data)

    async def receive(self) -> ChannelData | None:
        """What comes next; None when the client is gone or breaks the protocol."""
        while (piece := await self.websocket.receive()) is not None:
            data = piece.data
            if piece.is_first:
                self._channel, self._carried = -1, b""
            if self._channel < 0:
                if not data:
                    continue
                self._channel, data = self._number(data[0]), data[1:]
            if self._has_close and self._channel == CLOSE:
                if not data:
                    if not piece.is_last:
                        continue
                    return None
                return ChannelData(data[0], b"", is_close=True)
            if self._is_base64:
                decoded = self._decode(data, is_last=piece.is_last)
                if decoded is None:
                    continue
                data = decoded
            return ChannelData(self._channel, data)
        return None

    def _number(self, first: int) -> int:
        return (first - ord("0")) % 256 if self._is_base64 else first

    def _decode(self, digits: bytes, *, is_last: bool) -> bytes | None:
        """Whole groups of four; None when they are no base64, which upstream drops."""
        digits = self._carried + digits
        whole = len(digits) if is_last else len(digits) - len(digits) % 4
        self._carried = digits[whole:]
        try:
            return base64.b64decode(digits[:whole], validate=True)
        except binascii.Error:
            return None
