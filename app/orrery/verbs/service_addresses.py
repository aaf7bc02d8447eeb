"""Cluster IPs and node ports of Services: who has which, and who gets the next one.

Follows core/service/storage (alloc.go) on a cluster with one family, IPv4: what is refused, and the upper part of each range first, so
that the lower part stays for those who ask by number. The state is read from the log at first use and kept by its events; taking and
giving back cost the same however many there are. Families are `kinds/network/service_families.py`'s business, what updates keep
`kinds/network/service.py`'s.
"""

import ipaddress
from collections.abc import Sequence
from typing import Final

from orrery.kinds.kind import Errors
from orrery.kinds.network.service_rules import needs_health_check
from orrery.machinery.clock import Clock
from orrery.machinery.errors import InternalError, Invalid
from orrery.machinery.field_errors import invalid
from orrery.machinery.objects import FrozenObject, Object, name_of, namespace_of
from orrery.settings import Settings
from orrery.store.log import Event, Log, Operation, Scope, key_of

_DRY_RUN_PORT: Final = 32769
_FULL: Final = "range is full"


class Pool:
    """Numbers of a range and the service that has each. The lowest `reserved` are given out only when the others are gone."""

    def __init__(self, first: int, last: int, reserved: int, clock: Clock) -> None:
        self.first = first
        self.last = last
        self._reserved = min(reserved, last - first)
        self._clock = clock
        self._owners: dict[int, str] = {}

    def __contains__(self, number: int) -> bool:
        return self.first <= number <= self.last

    def owner(self, number: int) -> str | None:
        return self._owners.get(number)

    def take(self, number: int, owner: str) -> None:
        self._owners[number] = owner

    def give_back(self, number: int, owner: str) -> None:
        """Free the number if `owner` still has it."""
        if self._owners.get(number) == owner:
            del self._owners[number]

    def next(self) -> int | None:
        """A free number: a random one of the upper part, or the first free one after it; then the lower part."""
        if len(self._owners) > self.last - self.first:
            return None
        split = self.first + self._reserved
        return self._free_in(split, self.last) or self._free_in(self.first, split - 1)

    def _free_in(self, first: int, last: int) -> int | None:
        size = last - first + 1
        if size <= 0:
            return None
        start = self._clock.random.randrange(size)
        numbers = (first + (start + step) % size for step in range(size))
        return next((number for number in numbers if number not in self._owners), None)


class Allocation:
    """What one write took; `revert` gives it back when the write fails."""

    def __init__(self, addresses: "ServiceAddresses", owner: str, *, dry_run: bool) -> None:
        self._addresses = addresses
        self._owner = owner
        self._dry_run = dry_run
        self._taken: list[tuple[Pool, int]] = []
        self._dry_ports: list[int] = []

    def revert(self) -> None:
        for pool, number in self._taken:
            pool.give_back(number, self._owner)
        self._taken.clear()

    def apply(self, obj: Object, old: FrozenObject | None) -> None:
        """Fill in the families, addresses and ports of a Service; Invalid when one cannot be had."""
        spec = obj["spec"]
        before = old["spec"] if old is not None else None
        if spec.get("type") != "ExternalName":
            self._allocate_ip(obj, before)
        held = set(_ports_of(before)) if before is not None else set()
        if spec.get("type") == "NodePort" or spec.get("type") == "LoadBalancer":
            self._allocate_ports(obj, held)
        if needs_health_check(spec) and not (before is not None and needs_health_check(before)):
            self._allocate_health_check(spec)

    def _take(self, pool: Pool, number: int) -> None:
        if not self._dry_run:
            pool.take(number, self._owner)
            self._taken.append((pool, number))

    def _allocate_ip(self, obj: Object, before: FrozenObject | None) -> None:
        spec = obj["spec"]
        ips = spec.get("clusterIPs") or []
        if ips and ips[0] == "None":
            return
        if before is not None and before.get("type") != "ExternalName":
            return  # An address is for life.
        pool = self._addresses.ips
        if ips:
            why = self._taken_ip(pool, ips[0])
            if why:
                raise _refused(obj, [invalid("spec.clusterIPs", ips, f"failed to allocate IP {ips[0]}: {why}")])
            number = int(ipaddress.IPv4Address(ips[0]))
        else:
            number = pool.first - 1 if self._dry_run else pool.next() or 0
            if not number:
                raise InternalError(f"failed to allocate a serviceIP: {_FULL}")
        self._take(pool, number)
        address = ips[0] if ips else str(ipaddress.IPv4Address(number))
        spec["clusterIP"] = address
        spec["clusterIPs"] = [address]

    def _taken_ip(self, pool: Pool, ip: str) -> str:
        number = int(ipaddress.ip_address(ip))
        if number not in pool:
            if self._dry_run:
                return f"the provided IP ({ip}) is not in the valid range. The range of valid IPs is {self._addresses.service_cidr}"
            return "the provided network does not match the current range"
        owner = pool.owner(number)
        return "provided IP is already allocated" if owner is not None else ""

    def _allocate_ports(self, obj: Object, held: set[int]) -> None:
        """One number for all protocols of a port; numbers asked for are taken before the others are chosen."""
        spec = obj["spec"]
        ports = spec.get("ports") or ()
        wants_ports = spec.get("type") == "NodePort" or spec.get("allocateLoadBalancerNodePorts", True)
        by_port: dict[int, int] = {}
        mine: set[int] = set(held)
        for index, port in enumerate(ports):
            number = port.get("nodePort") or 0
            if number:
                if number not in mine:
                    self._take_port(obj, index, number)
                    mine.add(number)
                by_port.setdefault(port["port"], number)
        for port in ports:
            if port.get("nodePort") or not wants_ports:
                continue
            number = by_port.get(port["port"], 0) if not held else 0
            port["nodePort"] = number or self._next_port()
            by_port[port["port"]] = port["nodePort"]

    def _take_port(self, obj: Object, index: int, number: int) -> None:
        pool = self._addresses.ports
        why = ""
        if self._dry_run:
            # A dry run upstream asks only who has the number, not whether the range does.
            if pool.owner(number) is not None or number in self._dry_ports:
                why = "provided port is already allocated"
            self._dry_ports.append(number)
        elif number not in pool:
            why = f"provided port is not in the valid range. The range of valid ports is {pool.first}-{pool.last}"
        elif pool.owner(number) is not None:
            why = "provided port is already allocated"
        if why:
            raise _refused(obj, [invalid(f"spec.ports[{index}].nodePort", number, why)])
        self._take(pool, number)

    def _next_port(self, what: str = "nodePort") -> int:
        if self._dry_run:
            self._dry_ports.append(max(self._dry_ports, default=_DRY_RUN_PORT - 1) + 1)
            return self._dry_ports[-1]
        pool = self._addresses.ports
        number = pool.next()
        if number is None:
            raise InternalError(f"failed to allocate a {what}: {_FULL}")
        self._take(pool, number)
        return number

    def _allocate_health_check(self, spec: Object) -> None:
        number = spec.get("healthCheckNodePort") or 0
        if not number:
            spec["healthCheckNodePort"] = self._next_port("HealthCheck NodePort 0")
            return
        pool = self._addresses.ports
        failed = f"failed to allocate requested HealthCheck NodePort {number}"
        if number not in pool:
            raise InternalError(f"{failed}: provided port is not in the valid range. The range of valid ports is {pool.first}-{pool.last}")
        if pool.owner(number) is not None:
            raise InternalError(f"{failed}: provided port is already allocated")
        self._take(pool, number)


class ServiceAddresses:
    """The two pools of a cluster, kept in step with the log."""

    def __init__(self, log: Log, clock: Clock, settings: Settings) -> None:
        self.service_cidr = settings.service_cidr
        network = ipaddress.IPv4Network(settings.service_cidr)
        first, last = int(network.network_address) + 1, int(network.broadcast_address) - 1
        self.ips = Pool(first, last, _reserved(last - first + 1, divisor=16, most=256), clock)
        size = settings.node_port_last - settings.node_port_first + 1
        reserved = _reserved(size, divisor=32, most=128)
        self.ports = Pool(settings.node_port_first, settings.node_port_last, reserved, clock)
        self._log = log
        self._loaded = False

    def begin(self, obj: FrozenObject, *, dry_run: bool) -> Allocation:
        """A new allocation for one write of that Service."""
        if not self._loaded:
            self._load()
        return Allocation(self, key_of("services", namespace_of(obj), name_of(obj)), dry_run=dry_run)

    def _load(self) -> None:
        self._loaded = True
        for record in self._log.list(Scope("services")).records:
            self._hold(record.object, record.key)
        self._log.subscribe(Scope("services"), self._on_event)

    def _hold(self, obj: FrozenObject, owner: str) -> None:
        for number in _ips_of(obj["spec"]):
            self.ips.take(number, owner)
        for number in _ports_of(obj["spec"]):
            self.ports.take(number, owner)

    def _on_event(self, event: Event) -> None:
        """Give back what a change or the end of a Service no longer holds."""
        if event.previous is None:
            return
        owner = event.record.key
        for number in _ips_of(event.previous.object["spec"]):
            self.ips.give_back(number, owner)
        for number in _ports_of(event.previous.object["spec"]):
            self.ports.give_back(number, owner)
        if event.operation is not Operation.DELETED:
            self._hold(event.record.object, owner)


def _reserved(size: int, *, divisor: int, most: int) -> int:
    """The static part of a range, as upstream computes it: a share of it, at least 16 numbers and no more than `most`."""
    return 0 if size <= 16 else min(max(16, size // divisor), most)


def _ips_of(spec: FrozenObject) -> Sequence[int]:
    if spec.get("type") == "ExternalName":
        return ()
    return [int(ipaddress.ip_address(ip)) for ip in spec.get("clusterIPs") or () if ip and ip != "None" and ":" not in ip]


def _ports_of(spec: FrozenObject) -> Sequence[int]:
    numbers = [port["nodePort"] for port in spec.get("ports") or () if port.get("nodePort")]
    if spec.get("healthCheckNodePort"):
        numbers.append(spec["healthCheckNodePort"])
    return numbers


def _refused(obj: Object, errors: Errors) -> Invalid:
    return Invalid("Service", name_of(obj), errors)
