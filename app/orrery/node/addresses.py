"""IP addresses: the node's own, its share of the cluster's Pod range, and the pool its Pods draw from.

Upstream's node-ipam controller cuts `podCIDR`s out of the cluster range and the CNI plugin host-local hands out addresses in
turn; both are done here because no one else has a part in it.
"""

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network
from typing import Final

_USUAL_PREFIX: Final = 24
_RESERVED: Final = 3  # Network, gateway and broadcast.


class AddressesExhausted(Exception):
    """The node's Pod range has no address left."""


class NoRoom(ValueError):
    """There is no address, or no Pod range, for one more node; the message says which."""


class NodePlaces:
    """Which addresses and Pod ranges nodes have: the first free ones are given out, node by node."""

    def __init__(self, *, cluster_cidr: str, node_cidr: str, pods_per_node: int) -> None:
        """A node's range is a /24, or larger when a node may run more Pods."""
        self._cluster = IPv4Network(cluster_cidr)
        self._nodes = IPv4Network(node_cidr)
        bits = max(32 - _USUAL_PREFIX, (pods_per_node + _RESERVED - 1).bit_length())
        self._prefix = max(32 - bits, self._cluster.prefixlen)
        self._size = 1 << (32 - self._prefix)
        self._ranges_max = 1 << (self._prefix - self._cluster.prefixlen)
        self._used: set[int] = set()
        self._used_addresses: set[str] = set()

    @property
    def pods_max(self) -> int:
        """How many addresses a node has for its Pods."""
        return self._size - _RESERVED

    def check_room(self, count: int) -> None:
        """NoRoom when there are not so many Pod ranges left."""
        if self._ranges_max - len(self._used) < count:
            raise NoRoom(f"the Pod range {self._cluster} has room for {self._ranges_max} nodes of up to {self.pods_max} Pods")

    def take(self) -> tuple[str, IPv4Network]:
        """An address and a Pod range for one more node. NoRoom when there is none."""
        self.check_room(1)
        index = next(index for index in range(self._ranges_max) if index not in self._used)
        cidr = IPv4Network((int(self._cluster.network_address) + index * self._size, self._prefix))
        address = next((one for one in self._addresses(index) if one not in self._used_addresses), None)
        if address is None:
            raise NoRoom(f"the nodes' network {self._nodes} has no address left")
        self.note(address, cidr)
        return address, cidr

    def note(self, address: str, cidr: IPv4Network) -> None:
        """A node has these."""
        self._used_addresses.add(address)
        self._used.update(self._indexes(cidr))

    def release(self, address: str, cidr: IPv4Network) -> None:
        """No node has these any more."""
        self._used_addresses.discard(address)
        self._used.difference_update(self._indexes(cidr))

    def _addresses(self, index: int) -> Iterator[str]:
        """The address that goes with that range, then all others; .1 is the gateway, as on a Docker network."""
        first, count = int(self._nodes.network_address) + 2, self._nodes.num_addresses - _RESERVED
        for offset in (index, *range(min(count, self._ranges_max))):
            if offset < count:
                yield str(IPv4Address(first + offset))

    def _indexes(self, cidr: IPv4Network) -> range:
        """The ranges that it overlaps."""
        start = int(self._cluster.network_address)
        first, last = (int(end) - start for end in (cidr.network_address, cidr.broadcast_address))
        return range(first // self._size, last // self._size + 1)


class AddressPool:
    """Addresses of one node's Pods, handed out in turn so that one just released is not reused at once."""

    __slots__ = ("_cursor", "_first", "_size", "_used")

    def __init__(self, network: IPv4Network) -> None:
        self._first = int(network.network_address) + 2
        self._size = network.num_addresses - _RESERVED
        self._cursor = 0
        self._used: set[int] = set()

    def take(self) -> str:
        """A free address; AddressesExhausted when there is none."""
        if len(self._used) >= self._size:
            raise AddressesExhausted
        while self._cursor in self._used:
            self._cursor = (self._cursor + 1) % self._size
        offset = self._cursor
        self._used.add(offset)
        self._cursor = (offset + 1) % self._size
        return str(IPv4Address(self._first + offset))

    def release(self, address: str) -> None:
        self._used.discard(int(IPv4Address(address)) - self._first)

    def skip(self, address: str) -> None:
        """Go on after `address`, which Pods of a previous life still show."""
        offset = int(IPv4Address(address)) - self._first
        if 0 <= offset < self._size:
            self._cursor = max(self._cursor, offset + 1) % self._size
