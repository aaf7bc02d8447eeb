"""The cluster's network beyond single Pods: where a connection to an address ends, and the names a Pod may ask for. One per cluster.

`route` and `names` are what `SimulatedRuntime` takes. Refusals are those of a cluster with kube-proxy and its iptables: a Service
without endpoints refuses, an address of nobody answers nothing.
"""

from ipaddress import AddressValueError, IPv4Address, IPv4Network
from typing import Final

from orrery.machinery.clock import Clock
from orrery.machinery.objects import FrozenObject, labels_of
from orrery.node.network.dns import ClusterDns, PodNames, resolver_of
from orrery.node.network.pod_network import Fate, Goal
from orrery.node.network.service_table import Origin, ServiceName, ServiceTable
from orrery.node.runtime import ContainerConfig
from orrery.settings import Settings
from orrery.verbs.client import Client

_API: Final[ServiceName] = ("default", "kubernetes")
_ZONE: Final = "topology.kubernetes.io/zone"


def dns_address(settings: Settings) -> str:
    """Where Pods find the cluster's name server: the tenth address of the service range, as kubeadm does."""
    return str(IPv4Network(settings.service_cidr)[10])


class Fabric:
    """`start` before the first Pod runs."""

    def __init__(self, client: Client, clock: Clock, settings: Settings) -> None:
        self.services = ServiceTable(client, clock)
        self.dns = ClusterDns(client, self.services, domain=settings.cluster_domain, address=dns_address(settings))
        self._clock = clock
        self._pods = IPv4Network(settings.pod_cidr)
        self._nodes: dict[str, str] = {}
        self._silent: set[str] = set()
        self._ranges: dict[tuple[int, int], str] = {}  # Bits of the host part, and the part before them.
        self._range_bits: set[int] = set()
        self._client = client

    def start(self) -> None:
        self.services.start()

    def stop(self) -> None:
        self.services.stop()

    def add_node(self, name: str, address: str, pods: IPv4Network) -> None:
        """A node is there, and its Pods' addresses are of that range."""
        self._nodes[address] = name
        bits = 32 - pods.prefixlen
        self._range_bits.add(bits)
        self._ranges[(bits, int(pods.network_address) >> bits)] = name

    def remove_node(self, name: str) -> None:
        self._nodes = {address: node for address, node in self._nodes.items() if node != name}
        self._ranges = {part: node for part, node in self._ranges.items() if node != name}
        self._silent.discard(name)

    def silence(self, name: str) -> None:
        """The node's machine answers nothing until `hear`."""
        self._silent.add(name)

    def hear(self, name: str) -> None:
        self._silent.discard(name)

    def route(self, source: str, address: str, port: int) -> Goal | Fate:
        """Where a connection from `source` to `address` ends."""
        service = self.services.at(address)
        if service is not None:
            return self._to_service(service, port, self._origin(source))
        if address in self._nodes:
            if self._nodes[address] in self._silent:
                return Fate.UNREACHABLE
            behind = self.services.at_node_port(port)
            # It is the node asked, not the one of who asks, whose endpoints a Local policy means.
            origin = Origin(source, self._nodes[address], self._zone(self._nodes[address]), is_external=True)
            return self._to_service(*behind, origin) if behind else self._to_node(address, port)
        return Goal(address, port, Fate.UNREACHABLE if self._is_pod(address) else Fate.DROPPED)

    def names(self, config: ContainerConfig) -> PodNames:
        """Names as the Pod of that container resolves them."""
        sandbox = config.sandbox
        if sandbox is not None and sandbox.address:
            self.dns.note_pod(sandbox.address, config.pod_namespace)
        return PodNames(self.dns, resolver_of(sandbox.resolv_conf if sandbox is not None else ""), self._clock)

    def _to_node(self, address: str, port: int) -> Goal:
        """A `hostPort` of a Pod there, or what listens on the node's own network."""
        for pod in self._client.by_field("pods", "spec.nodeName", self._nodes[address]) if port else ():
            goal = None if pod["spec"].get("hostNetwork") else _behind_host_port(pod, port)
            if goal is not None:
                return goal
        return Goal(address, port, Fate.REFUSED)

    def _origin(self, source: str) -> Origin:
        node = self._nodes.get(source) or self._node_of_pod(source)
        return Origin(source, node, self._zone(node))

    def _node_of_pod(self, address: str) -> str:
        """The node whose Pod range the address is in; nodes of different sizes of ranges may be there."""
        if not self._is_pod(address):
            return ""
        number = int(IPv4Address(address))
        return next((node for bits in self._range_bits if (node := self._ranges.get((bits, number >> bits)))), "")

    def _zone(self, node: str) -> str:
        found = self._client.get("nodes", "", node) if node else None
        return labels_of(found).get(_ZONE, "") if found is not None else ""

    def _to_service(self, service: ServiceName, port: int, origin: Origin) -> Goal | Fate:
        if not self.services.has_port(service, port):
            return Fate.DROPPED
        chosen = self.services.choose(service, port, origin)
        if chosen is None:
            return Fate.DROPPED if self.services.is_local_only(service, port, origin) else Fate.REFUSED
        return Goal(*chosen, Fate.REFUSED if service == _API else Fate.UNREACHABLE)

    def _is_pod(self, address: str) -> bool:
        try:
            return IPv4Address(address) in self._pods
        except AddressValueError:
            return False


def _behind_host_port(pod: FrozenObject, port: int) -> Goal | None:
    address: str = (pod.get("status") or {}).get("podIP") or ""
    for container in pod["spec"]["containers"] if address else ():
        for one in container.get("ports") or ():
            if one.get("hostPort") == port and one.get("protocol", "TCP") == "TCP":
                return Goal(address, one["containerPort"], Fate.REFUSED)
    return None
