"""IP addresses: the node's own, its share of the cluster's Pod range, and the pool its Pods draw from.

Upstream's node-ipam controller cuts `podCIDR`s out of the cluster range and the CNI plugin host-local hands out addresses in
turn; both are done here because no one else has a part in it.
"""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network
from typing import Final

_USUAL_PREFIX: Final = 24
_RESERVED: Final = 3  # Network, gateway and broadcast.


class AddressesExhausted(Exception):
    """The node's Pod range has no address left."""


def pod_cidrs(cluster_cidr: str, nodes: int, pods_per_node: int) -> Sequence[IPv4Network]:
    """One Pod range per node: a /24, or larger when a node may run more Pods; ValueError when they do not fit."""
    cluster = IPv4Network(cluster_cidr)
    bits = max(32 - _USUAL_PREFIX, (pods_per_node + _RESERVED - 1).bit_length())
    prefix = max(32 - bits, cluster.prefixlen)
    ranges = 1 << (prefix - cluster.prefixlen)
    if nodes > ranges:
        raise ValueError(f"{nodes} nodes of {pods_per_node} Pods do not fit in {cluster_cidr}")
    size = 1 << (32 - prefix)
    start = int(cluster.network_address)
    return [IPv4Network((start + index * size, prefix)) for index in range(nodes)]


def node_address(node_cidr: str, index: int) -> str:
    """The address of the node with that index; .1 is the gateway, as on a Docker network."""
    return str(IPv4Network(node_cidr).network_address + 2 + index)


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
