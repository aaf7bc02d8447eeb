"""Which Service has which address or node port, kept up by events, and which endpoint takes a connection to it.

Follows kube-proxy: any ready endpoint by chance, else one that still serves while it ends; `ClientIP` affinity for its time; traffic
policies and the hints of traffic distribution as `pkg/proxy/topology.go` reads them.
"""

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from orrery.machinery.clock import Clock
from orrery.machinery.objects import FrozenObject, name_of, namespace_of
from orrery.store.log import Event, Operation, Subscription
from orrery.verbs.client import Client

SLICES: Final = "endpointslices.discovery.k8s.io"
SERVICE_LABEL: Final = "kubernetes.io/service-name"
_AFFINITY_S: Final = 10_800
_AFFINITIES_MAX: Final = 10_000

ServiceName = tuple[str, str]
"""Namespace and name."""


class Backend(NamedTuple):
    """One endpoint of a Service."""

    address: str
    ports: Sequence[FrozenObject]
    """Those of its slice."""
    is_ready: bool
    still_serves: bool
    hostname: str = ""
    node: str = ""
    hints: FrozenObject | None = None

    def port(self, name: str) -> int | None:
        return next((port.get("port") for port in self.ports if (port.get("name") or "") == name), None)


def backends_of(client: Client, service: ServiceName) -> Iterator[Backend]:
    """All endpoints, ready or not."""
    for slice_ in client.list(SLICES, service[0], labels={SERVICE_LABEL: service[1]}):
        ports = slice_.get("ports") or ()
        for endpoint in slice_.get("endpoints") or ():
            conditions = endpoint.get("conditions") or {}
            is_ready = conditions.get("ready") is not False
            still_serves = bool(conditions.get("serving")) and bool(conditions.get("terminating"))
            for address in endpoint.get("addresses") or ():
                hostname, node = endpoint.get("hostname") or "", endpoint.get("nodeName") or ""
                yield Backend(address, ports, is_ready, still_serves, hostname, node, endpoint.get("hints"))


class Origin(NamedTuple):
    """Where a connection comes from."""

    address: str
    node: str = ""
    """Whose kube-proxy takes it; empty: not a Pod of ours."""
    zone: str = ""
    is_external: bool = False
    """Whether it came by a node port, an external address or a load balancer from outside the cluster."""


def usable(backends: Sequence[Backend], origin: Origin, *, is_local: bool) -> Sequence[Backend]:
    """Those that may take a connection from there; `is_local` says that the traffic policy wants the origin's own node.

    With zone hints on every ready endpoint, those of the origin's zone are taken if there is one; node hints come before.
    """
    here = [one for one in backends if one.node == origin.node] if is_local else backends
    ready = [one for one in here if one.is_ready]
    if not ready:
        return [one for one in here if one.still_serves]
    if not is_local:
        for field, mine in (("forNodes", origin.node), ("forZones", origin.zone)):
            hinted = [{hint["name"] for hint in (one.hints or {}).get(field) or ()} for one in ready]
            if mine and all(hinted) and (near := [one for one, names in zip(ready, hinted, strict=True) if mine in names]):
                return near
    return ready


class ServiceTable:
    """Of the whole cluster. `start` before use."""

    def __init__(self, client: Client, clock: Clock) -> None:
        self._client = client
        self._clock = clock
        self._by_address: dict[str, ServiceName] = {}
        self._by_node_port: dict[int, tuple[ServiceName, int]] = {}
        self._held: dict[ServiceName, tuple[Sequence[str], Sequence[int]]] = {}
        self._affinities: dict[tuple[ServiceName, int, str], tuple[str, float]] = {}
        self._subscription: Subscription | None = None

    def start(self) -> None:
        self._subscription = self._client.subscribe("services", self._on_service)
        for service in self._client.list("services"):
            self._hold(service)

    def stop(self) -> None:
        if self._subscription is not None:
            self._subscription.cancel()

    def at(self, address: str) -> ServiceName | None:
        """The Service with that address."""
        return self._by_address.get(address)

    def at_node_port(self, port: int) -> tuple[ServiceName, int] | None:
        """The Service with that node port, and the port of its own behind it."""
        return self._by_node_port.get(port)

    def has_port(self, service: ServiceName, port: int) -> bool:
        return self._port(service, port) is not None

    def choose(self, service: ServiceName, port: int, origin: Origin) -> tuple[str, int] | None:
        """The endpoint that takes a connection to this port of the Service; None when there is none."""
        entry = self._port(service, port)
        if entry is None:
            return None
        backends = [backend for backend in backends_of(self._client, service) if backend.port(entry.get("name") or "") is not None]
        chosen = usable(backends, origin, is_local=self._wants_local(service, origin))
        if not chosen:
            return None
        backend = self._with_affinity(service, port, origin.address, chosen)
        number = backend.port(entry.get("name") or "")
        assert number is not None
        return backend.address, number

    def is_local_only(self, service: ServiceName, port: int, origin: Origin) -> bool:
        """Whether the Service has endpoints, and its traffic policy keeps this connection from all of them: it is dropped then."""
        return self._wants_local(service, origin) and self.choose(service, port, Origin(origin.address)) is not None

    def _wants_local(self, service: ServiceName, origin: Origin) -> bool:
        policy = "externalTrafficPolicy" if origin.is_external else "internalTrafficPolicy"
        return bool(origin.node) and self._spec(service).get(policy) == "Local"

    def _with_affinity(self, service: ServiceName, port: int, source: str, backends: Sequence[Backend]) -> Backend:
        spec = self._spec(service)
        if spec.get("sessionAffinity") != "ClientIP":
            return self._clock.random.choice(backends)
        key, now_s = (service, port, source), self._clock.now_s()
        address, until_s = self._affinities.pop(key, ("", 0.0))
        backend = next((one for one in backends if one.address == address and now_s < until_s), None) or self._clock.random.choice(backends)
        lasts_s = ((spec.get("sessionAffinityConfig") or {}).get("clientIP") or {}).get("timeoutSeconds") or _AFFINITY_S
        self._affinities[key] = (backend.address, now_s + lasts_s)
        if len(self._affinities) > _AFFINITIES_MAX:
            del self._affinities[next(iter(self._affinities))]
        return backend

    def _spec(self, service: ServiceName) -> FrozenObject:
        spec: FrozenObject = (self._client.get("services", *service) or {}).get("spec") or {}
        return spec

    def _port(self, service: ServiceName, port: int) -> FrozenObject | None:
        ports: Sequence[FrozenObject] = self._spec(service).get("ports") or ()
        return next((one for one in ports if one["port"] == port and (one.get("protocol") or "TCP") == "TCP"), None)

    # Keeping up.

    def _on_service(self, event: Event) -> None:
        service = event.record.object
        if event.operation is Operation.DELETED:
            self._drop((namespace_of(service), name_of(service)))
        else:
            self._hold(service)

    def _hold(self, service: FrozenObject) -> None:
        name, spec = (namespace_of(service), name_of(service)), service["spec"]
        self._drop(name)
        ports = [port for port in spec.get("ports") or () if port.get("nodePort") and (port.get("protocol") or "TCP") == "TCP"]
        addresses = _addresses(service)
        self._by_address.update(dict.fromkeys(addresses, name))
        self._by_node_port.update({port["nodePort"]: (name, port["port"]) for port in ports})
        self._held[name] = (addresses, [port["nodePort"] for port in ports])

    def _drop(self, name: ServiceName) -> None:
        addresses, ports = self._held.pop(name, ((), ()))
        for address in addresses:
            if self._by_address.get(address) == name:
                del self._by_address[address]
        for port in ports:
            if self._by_node_port.get(port, (None, 0))[0] == name:
                del self._by_node_port[port]


def _addresses(service: FrozenObject) -> list[str]:
    spec = service["spec"]
    ingress = ((service.get("status") or {}).get("loadBalancer") or {}).get("ingress") or ()
    every = [spec.get("clusterIP"), *(spec.get("clusterIPs") or ()), *(spec.get("externalIPs") or ()), *(one.get("ip") for one in ingress)]
    return [address for address in dict.fromkeys(every) if address and address != "None"]
