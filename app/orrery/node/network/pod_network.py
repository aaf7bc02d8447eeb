"""The network as one Pod sees it, and the wire between Pods: listening, connecting, refusing. No socket of the host is ever involved.

Names beyond the Pod's own, and addresses beyond Pods (Services, nodes), come in through `Names` and `Route`.
"""

import errno
import os
import socket
from collections.abc import Callable, Sequence
from typing import Final, Protocol

from orrery.machinery.clock import Clock
from orrery.node.files.opened import Description
from orrery.node.processes.pipes import PipeEnd, Waiters, new_pipe
from orrery.node.processes.program import CHUNK_BYTES, Connection, Listener
from orrery.node.processes.turns import pause

_EPHEMERAL_FIRST: Final = 32_768
_EPHEMERAL_LAST: Final = 60_999
_ANY: Final = ("0.0.0.0", "::", "", "*")
_UNREACHABLE_S: Final = 3.1
_TICKS_PER_CALL: Final = 8
BACKLOG: Final = 512

Route = Callable[[str, int], tuple[str, int] | None]
"""Where a connection to an address and port goes in the end; None: nowhere."""


class Names(Protocol):
    """Cluster DNS, as one Pod asks it."""

    async def resolve(self, name: str) -> Sequence[str]:
        """Addresses; empty when there is none."""

    async def query(self, name: str, kind: str) -> Sequence[str]:
        """LookupError with NXDOMAIN or SERVFAIL."""


class NoNames:
    """A Pod without DNS."""

    async def resolve(self, name: str) -> Sequence[str]:
        return ()

    async def query(self, name: str, kind: str) -> Sequence[str]:
        raise LookupError("SERVFAIL")


class Wire:
    """What connects Pods: who has which address."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self._pods: dict[str, PodNetwork] = {}

    def join(self, pod: "PodNetwork") -> None:
        for address in pod.addresses:
            self._pods[address] = pod

    def leave(self, pod: "PodNetwork") -> None:
        for address in pod.addresses:
            if self._pods.get(address) is pod:
                del self._pods[address]

    def find(self, address: str) -> "PodNetwork | None":
        return self._pods.get(address)


class Socket(Description):
    """One side of a connection."""

    __slots__ = ("_from", "_to", "local", "remote")

    def __init__(self, from_: PipeEnd, to: PipeEnd, local: tuple[str, int], remote: tuple[str, int]) -> None:
        super().__init__(os.O_RDWR)
        self._from = from_
        self._to = to
        self.local = local
        self.remote = remote

    async def read(self, count: int = CHUNK_BYTES) -> bytes:
        self._check(writes=False)
        return await self._from.read(count)

    async def write(self, data: bytes) -> None:
        self._check(writes=True)
        await self._to.write(data)

    def share(self) -> "Socket":
        self.holders += 1
        return self

    def close(self) -> None:
        self.holders -= 1
        if self.holders == 0:
            self._from.close()
            self.close_writing()

    def close_writing(self) -> None:
        """Nothing more will be sent; what the other side sends still arrives."""
        if self._to.holders:
            self._to.close()


def socket_pair(client: tuple[str, int], server: tuple[str, int]) -> tuple[Socket, Socket]:
    """Both sides of a connection: the client's, the server's."""
    read_there, write_here = new_pipe()
    read_here, write_there = new_pipe()
    return Socket(read_here, write_here, client, server), Socket(read_there, write_there, server, client)


class ListeningPort:
    """Implements `Listener`."""

    def __init__(self, network: "PodNetwork", address: tuple[str, int]) -> None:
        self.address = address
        self._network = network
        self._waiting: list[Socket] = []
        self._arrived = Waiters()
        self._is_closed = False

    async def accept(self) -> Connection:
        await pause(_TICKS_PER_CALL)
        while not self._waiting:
            if self._is_closed:
                raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
            await self._arrived.wait()
        return self._waiting.pop(0)

    def offer(self, side: Socket) -> bool:
        """A connection has come; False when too many wait already."""
        if len(self._waiting) >= BACKLOG:
            return False
        self._waiting.append(side)
        self._arrived.wake()
        return True

    def close(self) -> None:
        if self._is_closed:
            return
        self._is_closed = True
        self._network.forget(self)
        for side in self._waiting:
            side.close()
        self._waiting.clear()
        self._arrived.wake()


class PodNetwork:
    """Implements `Network` for all containers of one Pod: they share it."""

    def __init__(
        self,
        wire: Wire,
        *,
        addresses: Sequence[str] = (),
        hostname: str = "localhost",
        names: Names | None = None,
        route: Route | None = None,
        hosts: Callable[[str], Sequence[str]] = lambda name: (),
    ) -> None:
        self.addresses: Sequence[str] = addresses
        self.hostname = hostname
        self._wire = wire
        self._names = names or NoNames()
        self._route = route
        self._hosts = hosts
        self._listeners: dict[tuple[str, int], ListeningPort] = {}
        self._next_port = _EPHEMERAL_FIRST
        wire.join(self)

    def leave(self) -> None:
        """The Pod is gone."""
        self._wire.leave(self)
        for listener in list(self._listeners.values()):
            listener.close()

    # Network.

    async def connect(self, host: str, port: int, *, timeout_s: float | None = None) -> Connection:
        await pause(_TICKS_PER_CALL)
        address = await self._address_of(host)
        listener = await self._find(address, port, timeout_s)
        local = (address if address.startswith("127.") or not self.addresses else self.addresses[0], self._ephemeral())
        here, there = socket_pair(local, (address, port))
        if listener is None or not listener.offer(there):
            raise ConnectionRefusedError(errno.ECONNREFUSED, os.strerror(errno.ECONNREFUSED))
        return here

    def listen(self, address: str, port: int) -> Listener:
        address = "0.0.0.0" if address in _ANY else "127.0.0.1" if address == "localhost" else address
        if not self._is_own(address) and address != "0.0.0.0":
            raise OSError(errno.EADDRNOTAVAIL, os.strerror(errno.EADDRNOTAVAIL))
        port = port or self._ephemeral()
        if any(taken == port and (here == address or "0.0.0.0" in (here, address)) for here, taken in self._listeners):
            raise OSError(errno.EADDRINUSE, os.strerror(errno.EADDRINUSE))
        listener = self._listeners[(address, port)] = ListeningPort(self, (address, port))
        return listener

    async def resolve(self, name: str, *, timeout_s: float | None = None) -> Sequence[str]:
        if _is_address(name):
            return (name,)
        if name == "localhost":
            return ("127.0.0.1",)
        if name == self.hostname and self.addresses:
            return tuple(self.addresses)
        return tuple(self._hosts(name)) or await self._names.resolve(name)

    async def query(self, name: str, kind: str = "A") -> Sequence[str]:
        return await self._names.query(name, kind)

    async def reachable(self, address: str) -> float | None:
        if self._is_own(address):
            return 0.000_05
        return 0.000_2 if self._wire.find(address) is not None else None

    # For the wire.

    def listener(self, address: str, port: int) -> ListeningPort | None:
        return self._listeners.get((address, port)) or self._listeners.get(("0.0.0.0", port))

    def listening(self) -> Sequence[tuple[str, int]]:
        """Addresses and ports, for netstat."""
        return sorted(self._listeners)

    def forget(self, listener: ListeningPort) -> None:
        self._listeners.pop(listener.address, None)

    # Parts.

    async def _address_of(self, host: str) -> str:
        found = await self.resolve(host)
        if not found:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return found[0]

    async def _find(self, address: str, port: int, timeout_s: float | None) -> ListeningPort | None:
        if self._is_own(address):
            return self.listener(address, port)
        if self._route is not None:
            goal = self._route(address, port)
            if goal is None:
                return None
            address, port = goal
        pod = self._wire.find(address)
        if pod is not None:
            return pod.listener(address, port)
        if timeout_s is not None and timeout_s < _UNREACHABLE_S:
            await self._wire.clock.sleep(timeout_s, background=True)
            raise TimeoutError(errno.ETIMEDOUT, os.strerror(errno.ETIMEDOUT))
        await self._wire.clock.sleep(_UNREACHABLE_S, background=True)
        raise OSError(errno.EHOSTUNREACH, os.strerror(errno.EHOSTUNREACH))

    def _is_own(self, address: str) -> bool:
        return address.startswith("127.") or address in ("::1", "0.0.0.0") or address in self.addresses

    def _ephemeral(self) -> int:
        port = self._next_port
        self._next_port = port + 1 if port < _EPHEMERAL_LAST else _EPHEMERAL_FIRST
        return port


def _is_address(name: str) -> bool:
    return ":" in name or (name.count(".") == 3 and all(part.isdigit() for part in name.split(".")))
