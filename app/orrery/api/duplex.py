"""What protocols are spoken over: a connection as plain bytes in both directions."""

from typing import Protocol


class Duplex(Protocol):
    """Bytes in both directions: a connection taken over, or SPDY's bytes inside a WebSocket."""

    async def read(self) -> bytes:
        """What has arrived, empty at the end."""

    async def write(self, data: bytes) -> None:
        """In order with other writers; waits for room. ConnectionError when the other side is gone."""

    def close(self) -> None: ...
