"""The cluster's name server and the resolver of a Pod: Services, headless endpoints, ExternalName, SRV, PTR, names of Pod addresses.

Follows the DNS-Based Service Discovery specification and CoreDNS' kubernetes plugin with kubeadm's configuration (`pods insecure`).
Answers are text: an address, `0 100 80 web.default.svc.cluster.local.`, or a name with its final dot.

DIFFERS: upstream forwards names outside the cluster to the node's resolver; we have no outside and say NXDOMAIN.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import AddressValueError, IPv4Address
from typing import Final, NamedTuple

from orrery.machinery.clock import Clock
from orrery.machinery.objects import FrozenObject
from orrery.node.network.service_table import SERVICE_LABEL, SLICES, Backend, ServiceName, ServiceTable, backends_of
from orrery.verbs.client import Client

NXDOMAIN: Final = "NXDOMAIN"
TIMEOUT: Final = "TIMEOUT"
_REVERSE: Final = ".in-addr.arpa"
_SILENCE_S: Final = 10.0
"""Two tries of five seconds, when nobody answers at the name server's address."""
_NAMES_DEEP_MAX: Final = 8
_OWN_NAME: Final[ServiceName] = ("kube-system", "kube-dns")


class Answer(NamedTuple):
    """One record of a name."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Resolver:
    """What /etc/resolv.conf says."""

    servers: tuple[str, ...] = ()
    searches: tuple[str, ...] = ()
    ndots: int = 1


@lru_cache(maxsize=1024)
def resolver_of(text: str) -> Resolver:
    """Read a resolv.conf."""
    servers: list[str] = []
    searches: tuple[str, ...] = ()
    ndots = 1
    for line in text.splitlines():
        word, *rest = line.split() or [""]
        if word == "nameserver" and rest:
            servers.append(rest[0])
        elif word in ("search", "domain"):
            searches = tuple(rest)
        elif word == "options":
            ndots = next((int(one[6:]) for one in rest if one.startswith("ndots:") and one[6:].isdigit()), ndots)
    return Resolver(tuple(servers), searches, ndots)


def candidates(name: str, resolver: Resolver) -> Sequence[str]:
    """The names to ask for, in order: with few dots the search list comes first.

    >>> candidates("db", Resolver(searches=("default.svc.cluster.local",), ndots=5))
    ['db.default.svc.cluster.local', 'db']
    """
    if name.endswith("."):
        return [name]
    searched = [f"{name}.{domain}" for domain in resolver.searches]
    return [name, *searched] if name.count(".") >= resolver.ndots else [*searched, name]


class ClusterDns:
    """Answers from what the API holds at that moment."""

    def __init__(self, client: Client, services: ServiceTable, *, domain: str, address: str) -> None:
        self.address = address
        self._client = client
        self._services = services
        self._suffix = "." + domain.lower()
        self._namespaces: dict[str, str] = {}
        """Namespaces of Pods by address, for PTR."""

    def note_pod(self, address: str, namespace: str) -> None:
        self._namespaces[address] = namespace

    def query(self, name: str, kind: str = "A") -> Sequence[str]:
        """Records of that kind, none when the name has only others; LookupError(NXDOMAIN) when there is no such name."""
        kind = kind.upper()
        return [answer.text for answer in self._followed(name, kind, 0) if kind in (answer.kind, "ANY")]

    def _followed(self, name: str, kind: str, depth: int) -> Sequence[Answer]:
        """Records of a name, with those its alias leads to."""
        found = self._answers(name.lower().removesuffix("."), kind)
        if found is None:
            raise LookupError(NXDOMAIN)
        alias = next((answer.text for answer in found if answer.kind == "CNAME"), "")
        if not alias or kind in ("CNAME", "ANY") or depth >= _NAMES_DEEP_MAX:
            return found
        try:
            return [*found, *self._followed(alias, kind, depth + 1)]
        except LookupError:
            return found

    def _answers(self, name: str, kind: str) -> Sequence[Answer] | None:
        if name.endswith(_REVERSE) or (kind == "PTR" and _as_address(name)):
            return self._pointer(_as_address(name) or ".".join(reversed(name.removesuffix(_REVERSE).split("."))))
        if name == self._suffix[1:]:
            return ()
        if not name.endswith(self._suffix):
            return None
        *rest, zone = name.removesuffix(self._suffix).split(".")
        if zone == "svc":
            return self._service_name(rest)
        if zone == "pod":
            return self._pod_name(rest)
        return None

    def _service_name(self, labels: list[str]) -> Sequence[Answer] | None:
        if not labels:
            return ()
        if self._client.get("namespaces", "", labels[-1]) is None:
            return None
        if len(labels) == 1:
            return ()
        *rest, service, namespace = labels
        if not rest:
            return self._service((namespace, service))
        if len(rest) == 1:
            return self._service((namespace, service), endpoint=rest[0])
        if len(rest) == 2 and rest[0].startswith("_") and rest[1].startswith("_"):
            return self._service((namespace, service), port=rest[0][1:], protocol=rest[1][1:])
        return None

    def _service(self, name: ServiceName, *, endpoint: str = "", port: str = "", protocol: str = "") -> Sequence[Answer] | None:
        obj = self._client.get("services", *name)
        if obj is None:
            return [Answer("A", self.address)] if name == _OWN_NAME and not (endpoint or port) else None
        spec, full = obj["spec"], f"{name[1]}.{name[0]}.svc{self._suffix}."
        if spec.get("type") == "ExternalName":
            return None if endpoint or port else [Answer("CNAME", spec.get("externalName", "").rstrip(".") + ".")]
        if endpoint or spec.get("clusterIP") in (None, "", "None"):
            return self._endpoints(name, full, endpoint=endpoint, port=port, protocol=protocol)
        ports = [one for one in spec.get("ports") or () if _fits(one, port, protocol)]
        if not ports:
            return None
        weight = 100 // len(ports)
        return [Answer("A", spec["clusterIP"]), *(Answer("SRV", f"0 {weight} {one['port']} {full}") for one in ports)]

    def _endpoints(self, name: ServiceName, full: str, *, endpoint: str, port: str, protocol: str) -> Sequence[Answer] | None:
        """A headless Service, or one of its endpoints: each with its own name."""
        ready = [one for one in backends_of(self._client, name) if one.is_ready and endpoint in ("", _host(one))]
        pairs = [(one, entry) for one in ready for entry in (one.ports or ({},)) if _fits(entry, port, protocol)]
        if not pairs:
            return None
        addresses = dict.fromkeys(one.address for one, _ in pairs)
        weight = 100 // len(pairs)
        targets = [f"0 {weight} {entry['port']} {_host(one)}.{full}" for one, entry in pairs if entry.get("port")]
        return [*(Answer("A", address) for address in addresses), *(Answer("SRV", target) for target in targets)]

    def _pod_name(self, labels: list[str]) -> Sequence[Answer] | None:
        if not labels:
            return ()
        if len(labels) > 2 or self._client.get("namespaces", "", labels[-1]) is None:
            return None
        if len(labels) == 1:
            return ()
        address = _as_address(labels[0].replace("-", "."))
        return [Answer("A", address)] if address else None

    def _pointer(self, address: str) -> Sequence[Answer] | None:
        service = self._services.at(address)
        if service is not None:
            return [Answer("PTR", f"{service[1]}.{service[0]}.svc{self._suffix}.")]
        if address == self.address:
            return [Answer("PTR", f"{_OWN_NAME[1]}.{_OWN_NAME[0]}.svc{self._suffix}.")]
        namespace = self._namespaces.get(address)
        if namespace is None:
            return None
        names = [
            f"{_host_of(endpoint, address)}.{_service_of(slice_)}.{namespace}.svc{self._suffix}."
            for slice_ in self._client.list(SLICES, namespace)
            for endpoint in slice_.get("endpoints") or ()
            if address in (endpoint.get("addresses") or ()) and _service_of(slice_)
        ]
        return [Answer("PTR", name) for name in dict.fromkeys(names)] or None


class PodNames:
    """Implements `Names` for one Pod: its search list, then the cluster's name server."""

    def __init__(self, dns: ClusterDns, resolver: Resolver, clock: Clock) -> None:
        self.resolver = resolver
        self._dns = dns
        self._clock = clock

    async def resolve(self, name: str) -> Sequence[str]:
        if not self._has_server:
            await self._wait_in_vain()
            return ()
        for candidate in candidates(name, self.resolver):
            try:
                addresses = self._dns.query(candidate)
            except LookupError:
                continue
            if addresses:
                return addresses
        return ()

    async def query(self, name: str, kind: str) -> Sequence[str]:
        if not self._has_server:
            await self._wait_in_vain()
            raise LookupError(TIMEOUT)
        return self._dns.query(name, kind)

    @property
    def _has_server(self) -> bool:
        return self._dns.address in self.resolver.servers

    async def _wait_in_vain(self) -> None:
        if self.resolver.servers:
            await self._clock.sleep(_SILENCE_S, background=True)


def _fits(port: FrozenObject, name: str, protocol: str) -> bool:
    same_name = not name or (port.get("name") or "").lower() == name
    return same_name and (not protocol or (port.get("protocol") or "TCP").lower() == protocol)


def _host(backend: Backend) -> str:
    return backend.hostname or backend.address.replace(".", "-")


def _host_of(endpoint: FrozenObject, address: str) -> str:
    return endpoint.get("hostname") or address.replace(".", "-")


def _service_of(slice_: FrozenObject) -> str:
    labels: FrozenObject = slice_["metadata"].get("labels") or {}
    return str(labels.get(SERVICE_LABEL, ""))


def _as_address(text: str) -> str:
    """The text, if it is an IPv4 address."""
    try:
        return str(IPv4Address(text))
    except (AddressValueError, ValueError):
        return ""
