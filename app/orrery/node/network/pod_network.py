"""The network as one Pod sees it, and the wire between Pods: listening, connecting, refusing. No socket of the host is ever involved.

Names beyond the Pod's own, and addresses beyond Pods (Services, nodes), come in through `Names` and `Route` (`fabric.py`, `dns.py`).
Pods of a node's own network share its address, and so a `Stack`.
"""

import errno
import os
import socket
from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from types import MappingProxyType
from typing import Final, NamedTuple, Protocol

from orrery.machinery.clock import Clock
from orrery.node.files.opened import Description
from orrery.node.processes.pipes import PipeEnd, Waiters, new_pipe
from orrery.node.processes.program import CHUNK_BYTES, Connection, Listener
from orrery.node.processes.turns import pause

_EPHEMERAL_FIRST: Final = 32_768
_EPHEMERAL_LAST: Final = 60_999
_ANY: Final = ("0.0.0.0", "::", "", "*")
_UNREACHABLE_S: Final = 3.1
"""How long the neighbour is asked for before the network gives up."""
_UNANSWERED_S: Final = 131.0
"""How long the kernel repeats a SYN that nobody answers."""
_TICKS_PER_CALL: Final = 8
BACKLOG: Final = 512


class Fate(Enum):
    """What becomes of a connection to where nobody is."""

    REFUSED = "refused"
    UNREACHABLE = "unreachable"
    DROPPED = "dropped"
    """Nobody ever answers."""


class Goal(NamedTuple):
    """Where a connection goes in the end."""

    address: str
    port: int
    otherwise: Fate = Fate.UNREACHABLE
    """When no Pod has the address."""


Route = Callable[[str, str, int], Goal | Fate]
"""From where, to which address and port: where a connection goes in the end."""


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


class Stack:
    """The listening ports behind one address, and its ephemeral ones."""

    __slots__ = ("_next_port", "listeners", "users")

    def __init__(self) -> None:
        self.listeners: dict[tuple[str, int], ListeningPort] = {}
        self.users = 0
        self._next_port = _EPHEMERAL_FIRST

    def listener(self, address: str, port: int) -> "ListeningPort | None":
        return self.listeners.get((address, port)) or self.listeners.get((_ANY[0], port))

    def ephemeral(self) -> int:
        port = self._next_port
        self._next_port = port + 1 if port < _EPHEMERAL_LAST else _EPHEMERAL_FIRST
        return port


class Wire:
    """What connects Pods: who has which address."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self._stacks: dict[str, Stack] = {}

    def join(self, addresses: Sequence[str]) -> Stack:
        """The stack of these addresses."""
        stack = next((found for address in addresses if (found := self._stacks.get(address)) is not None), None) or Stack()
        stack.users += 1
        self._stacks.update(dict.fromkeys(addresses, stack))
        return stack

    def leave(self, stack: Stack, addresses: Sequence[str]) -> None:
        stack.users -= 1
        if stack.users == 0:
            for address in addresses:
                del self._stacks[address]

    def find(self, address: str) -> Stack | None:
        return self._stacks.get(address)


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


def socket_pair(client: tuple[str, int], dialled: tuple[str, int], server: tuple[str, int]) -> tuple[Socket, Socket]:
    """Both sides of a connection: the client's, which knows whom it dialled, and the server's, which knows its own address only."""
    read_there, write_here = new_pipe()
    read_here, write_there = new_pipe()
    return Socket(read_here, write_here, client, dialled), Socket(read_there, write_there, server, client)


class ListeningPort:
    """Implements `Listener`."""

    def __init__(self, stack: Stack, address: tuple[str, int]) -> None:
        self.address = address
        self._stack = stack
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
        self._stack.listeners.pop(self.address, None)
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
        parameters: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self.addresses: Sequence[str] = addresses
        self.parameters = dict(parameters)
        self.hostname = hostname
        self._wire = wire
        self._names = names or NoNames()
        self._route = route
        self._hosts = hosts
        self._stack = wire.join(addresses)
        self._own: list[ListeningPort] = []
        """Ports this Pod listens on; others may share its stack."""

    def leave(self) -> None:
        """The Pod is gone."""
        self._wire.leave(self._stack, self.addresses)
        for listener in self._own:
            listener.close()

    # Network.

    async def connect(self, host: str, port: int, *, timeout_s: float | None = None) -> Connection:
        await pause(_TICKS_PER_CALL)
        address = await self._address_of(host)
        goal = await self._reach(address, port, timeout_s)
        listener = self._listener_at(goal) if goal is not None else None
        local = (address if address.startswith("127.") else self._source, self._stack.ephemeral())
        here, there = socket_pair(local, (address, port), (goal or (address, port))[:2])
        if listener is None or not listener.offer(there):
            raise ConnectionRefusedError(errno.ECONNREFUSED, os.strerror(errno.ECONNREFUSED))
        return here

    def listen(self, address: str, port: int) -> Listener:
        address = "0.0.0.0" if address in _ANY else "127.0.0.1" if address == "localhost" else address
        if not self._is_own(address) and address != "0.0.0.0":
            raise OSError(errno.EADDRNOTAVAIL, os.strerror(errno.EADDRNOTAVAIL))
        port, taken = port or self._stack.ephemeral(), self._stack.listeners
        if any(used == port and (here == address or "0.0.0.0" in (here, address)) for here, used in taken):
            raise OSError(errno.EADDRINUSE, os.strerror(errno.EADDRINUSE))
        listener = taken[(address, port)] = ListeningPort(self._stack, (address, port))
        self._own = [one for one in self._own if taken.get(one.address) is one]
        self._own.append(listener)
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
        if self._wire.find(address) is not None:
            return 0.000_2
        goal = self._goal(address, 0)
        return 0.000_2 if isinstance(goal, Goal) and goal.otherwise is Fate.REFUSED else None

    # For the wire.

    def listener(self, address: str, port: int) -> ListeningPort | None:
        return self._stack.listener(address, port)

    def listening(self) -> Sequence[tuple[str, int]]:
        """Addresses and ports, for netstat."""
        return sorted(self._stack.listeners)

    # Parts.

    async def _address_of(self, host: str) -> str:
        found = await self.resolve(host)
        if not found:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return found[0]

    async def _reach(self, address: str, port: int, timeout_s: float | None) -> Goal | None:
        """Which Pod's address and port a connection comes to; None: it is refused on its way."""
        if self._is_own(address):
            return Goal(address, port)
        goal = self._goal(address, port)
        if isinstance(goal, Goal) and self._wire.find(goal.address) is not None:
            return goal
        await self._fail(goal.otherwise if isinstance(goal, Goal) else goal, timeout_s)
        return None

    def _listener_at(self, goal: Goal) -> ListeningPort | None:
        stack = self._stack if self._is_own(goal.address) else self._wire.find(goal.address)
        return stack.listener(goal.address, goal.port) if stack is not None else None

    def _goal(self, address: str, port: int) -> Goal | Fate:
        return Goal(address, port) if self._route is None else self._route(self._source, address, port)

    async def _fail(self, fate: Fate, timeout_s: float | None) -> None:
        """Wait as long as it takes until the network or the kernel gives up. Who is refused waits for nothing."""
        if fate is Fate.REFUSED:
            return
        is_unreachable = fate is Fate.UNREACHABLE
        patience_s = _UNREACHABLE_S if is_unreachable else _UNANSWERED_S
        if timeout_s is not None and timeout_s < patience_s:
            patience_s, is_unreachable = timeout_s, False
        await self._wire.clock.sleep(patience_s, background=True)
        if is_unreachable:
            raise OSError(errno.EHOSTUNREACH, os.strerror(errno.EHOSTUNREACH))
        raise TimeoutError(errno.ETIMEDOUT, os.strerror(errno.ETIMEDOUT))

    @property
    def _source(self) -> str:
        return self.addresses[0] if self.addresses else "127.0.0.1"

    def _is_own(self, address: str) -> bool:
        return address.startswith("127.") or address in ("::1", "0.0.0.0") or address in self.addresses


def _is_address(name: str) -> bool:
    return ":" in name or (name.count(".") == 3 and all(part.isdigit() for part in name.split(".")))
