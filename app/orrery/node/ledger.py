"""What the Pods of one node were admitted with, and whether one more fits: the kubelet's own look, after the scheduler's.

Follows `lifecycle/predicate.go` and `canResizePod` of upstream's allocation manager. Amounts are milli-CPUs and bytes.
"""

from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from orrery.kinds.pods.resources import aggregate_requests
from orrery.machinery.objects import FrozenObject
from orrery.machinery.quantities import parse

Amounts = dict[str, int]
_COUNTED: Final = ("cpu", "memory", "ephemeral-storage")
_NO_PORTS: Final = "node(s) didn't have free ports for the requested pod ports"
_NO_AFFINITY: Final = "node(s) didn't match Pod's node affinity/selector"


class Refusal(NamedTuple):
    """Why the node does not take a Pod, as its status tells it."""

    reason: str
    message: str


def requests_of(spec: FrozenObject) -> Amounts:
    """What the Pod asks of its node in all."""
    wanted = {**aggregate_requests(spec), **((spec.get("resources") or {}).get("requests") or {})}
    total = {name: _amount(name, text) for name, text in wanted.items()}
    for name, text in (spec.get("overhead") or {}).items():
        total[name] = total.get(name, 0) + _amount(name, text)
    return total


def _amount(name: str, text: str) -> int:
    quantity = parse(str(text))
    return quantity.milli if name == "cpu" else quantity.value


class _Entry(NamedTuple):
    requests: Amounts
    ports: frozenset[tuple[str, str, int]]


class Ledger:
    """One node's. Every question costs the same, however many Pods there are."""

    def __init__(self, allocatable: Mapping[str, str]) -> None:
        self.allocatable: Amounts = {name: _amount(name, text) for name, text in allocatable.items()}
        self._entries: dict[str, _Entry] = {}
        self._used: Amounts = {}
        self._ports: dict[tuple[str, str, int], int] = {}
        self._waiting: dict[str, Callable[[], None]] = {}

    def enter(self, uid: str, spec: FrozenObject) -> None:
        """Count a Pod, or count it anew."""
        self._take_out(uid)
        self._entries[uid] = entry = _Entry(requests_of(spec), _host_ports(spec))
        for name, amount in entry.requests.items():
            self._used[name] = self._used.get(name, 0) + amount
        for port in entry.ports:
            self._ports[port] = self._ports.get(port, 0) + 1

    def leave(self, uid: str) -> None:
        """The Pod has ended: who waits for room may look again."""
        self._waiting.pop(uid, None)
        if self._take_out(uid):
            self.tell_room()

    def tell_room(self) -> None:
        """There may be more room than before."""
        waiting, self._waiting = self._waiting, {}
        for callback in waiting.values():
            callback()

    def wait(self, uid: str, callback: Callable[[], None]) -> None:
        """Call back once when there may be more room."""
        self._waiting[uid] = callback

    def refusal(self, uid: str, spec: FrozenObject, labels: Mapping[str, str]) -> Refusal | None:
        """What speaks against the Pod. `labels` are the node's."""
        return self.shortage(uid, spec) or self._mismatch(uid, spec, labels)

    def shortage(self, uid: str, spec: FrozenObject) -> Refusal | None:
        """The first resource there is not enough of beside the other Pods."""
        mine = self._entries.get(uid)
        others = len(self._entries) - (mine is not None)
        if others + 1 > (room := self.allocatable.get("pods", 0)):
            return _short("pods", 1, others, room)
        wanted = requests_of(spec)
        for name in (*_COUNTED, *sorted(wanted.keys() - set(_COUNTED))):
            amount, capacity = wanted.get(name, 0), self.allocatable.get(name)
            if capacity is None or not amount:
                continue  # Upstream leaves aside what the node knows nothing of.
            used = self._used.get(name, 0) - (mine.requests.get(name, 0) if mine is not None else 0)
            if amount > capacity - used:
                return _short(name, amount, used, capacity)
        return None

    def _mismatch(self, uid: str, spec: FrozenObject, labels: Mapping[str, str]) -> Refusal | None:
        if any(labels.get(name) != value for name, value in (spec.get("nodeSelector") or {}).items()):
            return Refusal("NodeAffinity", f"Predicate NodeAffinity failed: {_NO_AFFINITY}")
        mine = self._entries.get(uid)
        if any(self._ports.get(port, 0) > (mine is not None and port in mine.ports) for port in _host_ports(spec)):
            return Refusal("NodePorts", f"Predicate NodePorts failed: {_NO_PORTS}")
        return None

    def _take_out(self, uid: str) -> bool:
        entry = self._entries.pop(uid, None)
        if entry is None:
            return False
        for name, amount in entry.requests.items():
            self._used[name] -= amount
        for port in entry.ports:
            self._ports[port] -= 1
            if not self._ports[port]:
                del self._ports[port]
        return True


def _short(name: str, requested: int, used: int, capacity: int) -> Refusal:
    reason = f"OutOf{name}"
    return Refusal(reason, f"Node didn't have enough resource: {name}, requested: {requested}, used: {used}, capacity: {capacity}")


def _host_ports(spec: FrozenObject) -> frozenset[tuple[str, str, int]]:
    """Address, protocol and number of the node's ports the Pod takes."""
    # DIFFERS: upstream's host ports on all addresses collide with those on one; we compare what is written.
    return frozenset(
        (port.get("hostIP") or "0.0.0.0", port.get("protocol") or "TCP", port["hostPort"])
        for container in (*(spec.get("initContainers") or ()), *spec["containers"])
        for port in container.get("ports") or ()
        if port.get("hostPort")
    )
