"""What a Pod wants of a node, read from its spec once per attempt.

Requests follow component-helpers' PodRequests: the sum of the containers, or the largest moment of the init containers where that
is more; sidecars (init containers that stay) count in both; overhead comes on top.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from orrery.controllers.scheduler.resized import counted_spec
from orrery.kinds.pod_totals import add, sum_of_containers
from orrery.machinery.objects import FrozenObject, Object, controller_of, labels_of, name_of, namespace_of, uid_of
from orrery.machinery.quantities import parse

DEFAULT_CPU_MILLI: Final = 100
DEFAULT_MEMORY_BYTES: Final = 200 * 1024 * 1024
"""What a container without requests counts for when nodes are compared, so that such Pods spread, too."""

Amounts = dict[str, int]
"""Resource name to amount: cpu in thousandths, everything else in whole units."""


class HostPort(NamedTuple):
    """One port a Pod takes on its node."""

    ip: str
    protocol: str
    port: int

    def collides(self, other: "HostPort") -> bool:
        """Whether both cannot be on one node; the wildcard address meets every address."""
        if self.port != other.port or self.protocol != other.protocol:
            return False
        return self.ip == other.ip or "0.0.0.0" in (self.ip, other.ip)


@dataclass(frozen=True, slots=True)
class Wish:
    """A Pod as the scheduler sees it."""

    key: str
    uid: str
    namespace: str
    name: str
    labels: Mapping[str, str]
    owner: str
    """UID of its controller; empty when it has none."""
    requests: Mapping[str, int]
    cpu_for_score: int
    memory_for_score: int
    ports: tuple[HostPort, ...]
    tolerations: Sequence[Object]
    node_selector: Mapping[str, str]
    affinity: FrozenObject
    spread: Sequence[Object]
    never_preempts: bool


def wish_of(pod: FrozenObject) -> Wish:
    spec = counted_spec(pod)
    namespace, name = namespace_of(pod), name_of(pod)
    reference = controller_of(pod)
    scored = requests_of(spec, default_cpu=DEFAULT_CPU_MILLI, default_memory=DEFAULT_MEMORY_BYTES)
    return Wish(
        f"{namespace}/{name}",
        uid_of(pod),
        namespace,
        name,
        labels_of(pod),
        reference["uid"] if reference is not None else "",
        requests_of(spec),
        scored.get("cpu", 0),
        scored.get("memory", 0),
        _ports_of(spec),
        spec.get("tolerations") or (),
        spec.get("nodeSelector") or {},
        spec.get("affinity") or {},
        spec.get("topologySpreadConstraints") or (),
        spec.get("preemptionPolicy") == "Never",
    )


def requests_of(spec: FrozenObject, *, default_cpu: int = 0, default_memory: int = 0) -> Amounts:
    """What the Pod asks of its node in all, without zeros."""
    defaults = {key: amount for key, amount in (("cpu", default_cpu), ("memory", default_memory)) if amount}
    running = sum_of_containers(spec, lambda container: _container_requests(container, defaults))
    pod_level = (spec.get("resources") or {}).get("requests")
    if pod_level:
        running.update(_amounts(pod_level))
    add(running, _amounts(spec.get("overhead") or {}))
    return {key: amount for key, amount in running.items() if amount}


def _container_requests(container: FrozenObject, defaults: Amounts) -> Amounts:
    requests = (container.get("resources") or {}).get("requests")
    return {**defaults, **_amounts(requests)} if requests else defaults


def _amounts(quantities: Mapping[str, str | int | float]) -> Amounts:
    return {key: amount_of(key, value) for key, value in quantities.items()}


def amount_of(resource: str, quantity: str | int | float) -> int:
    """A quantity in the unit its resource is counted in."""
    parsed = parse(str(quantity))
    return parsed.milli if resource == "cpu" else parsed.value


def _ports_of(spec: FrozenObject) -> tuple[HostPort, ...]:
    """Host ports of containers and sidecars."""
    sidecars = [container for container in spec.get("initContainers") or () if container.get("restartPolicy") == "Always"]
    return tuple(
        HostPort(port.get("hostIP") or "0.0.0.0", port.get("protocol") or "TCP", port["hostPort"])
        for container in (*spec["containers"], *sidecars)
        for port in container.get("ports") or ()
        if port.get("hostPort")
    )
