"""What a Pod wants of a node, read from its spec.

Requests follow component-helpers' PodRequests: the sum of the containers, or the largest moment of the init containers where that
is more; sidecars (init containers that stay) count in both; overhead comes on top.

Pods of one template want the same: they share one `Shape`, which is read once and compared by identity. Whatever is worked out for
one of them (does it fit here, what would an event mean for it) holds for all.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Final, NamedTuple
from weakref import WeakValueDictionary

import orjson

from orrery.controllers.scheduler.resized import counted_spec
from orrery.controllers.scheduler.terms import Constraint, PodTerms, constraints_of, terms_of
from orrery.kinds.pods.totals import add, sum_of_containers
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


class Owner(NamedTuple):
    """The controller of a Pod; all empty when it has none."""

    api_version: str = ""
    kind: str = ""
    name: str = ""
    uid: str = ""


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Shape:
    """What the scheduler knows of a Pod besides which one it is."""

    namespace: str
    labels: Mapping[str, str]
    owner: Owner
    requests: Mapping[str, int]
    cpu_for_score: int
    memory_for_score: int
    ports: tuple[HostPort, ...]
    tolerations: Sequence[Object]
    node_selector: Mapping[str, str]
    node_affinity: FrozenObject
    terms: PodTerms
    """Inter-pod affinity."""
    constraints: tuple[Constraint, ...]
    priority: int
    never_preempts: bool
    images: tuple[str, ...]
    wants_devices: bool


@dataclass(frozen=True, slots=True)
class Wish:
    """A Pod as the scheduler sees it."""

    key: str
    uid: str
    namespace: str
    name: str
    shape: Shape


_shapes: WeakValueDictionary[bytes, Shape] = WeakValueDictionary()


def wish_of(pod: FrozenObject) -> Wish:
    namespace, name = namespace_of(pod), name_of(pod)
    return Wish(f"{namespace}/{name}", uid_of(pod), namespace, name, shape_of(pod))


def shape_of(pod: FrozenObject) -> Shape:
    """The one Shape of all Pods that want the same."""
    spec = counted_spec(pod)
    owner = _owner_of(pod)
    key = orjson.dumps(
        (
            namespace_of(pod),
            labels_of(pod),
            owner.uid,
            [(one.get("resources"), one.get("ports"), one.get("image")) for one in spec["containers"]],
            [
                (one.get("resources"), one.get("ports"), one.get("image"), one.get("restartPolicy"))
                for one in spec.get("initContainers") or ()
            ],
            [spec.get(field) for field in _FIELDS],
        )
    )
    digest = blake2b(key, digest_size=16).digest()
    found = _shapes.get(digest)
    if found is None:
        found = _shapes[digest] = _new_shape(pod, spec, owner)
    return found


_FIELDS: Final = (
    "tolerations",
    "nodeSelector",
    "affinity",
    "topologySpreadConstraints",
    "priority",
    "preemptionPolicy",
    "overhead",
    "resources",
    "resourceClaims",
)
"""What of a spec matters here besides its containers."""
_PARTS: Final = ("containers", "initContainers", *_FIELDS)


def keeps_shape(new: FrozenObject, old: FrozenObject) -> bool:
    """Whether what makes a Shape was handed on untouched from one version of a Pod to the next, as writes of its status and of its node do.

    It may say no where nothing has changed, never yes where something has.
    """
    if (new["metadata"].get("generation") or 0) > 1:
        return False
    after, before = new["spec"], old["spec"]
    is_kept = after is before or all(after.get(field) is before.get(field) for field in _PARTS)
    return is_kept and labels_of(new) == labels_of(old) and controller_of(new) == controller_of(old)


def _new_shape(pod: FrozenObject, spec: FrozenObject, owner: Owner) -> Shape:
    namespace, labels = namespace_of(pod), labels_of(pod)
    affinity = spec.get("affinity") or {}
    scored = requests_of(spec, default_cpu=DEFAULT_CPU_MILLI, default_memory=DEFAULT_MEMORY_BYTES)
    return Shape(
        namespace=namespace,
        labels=labels,
        owner=owner,
        requests=requests_of(spec),
        cpu_for_score=scored.get("cpu", 0),
        memory_for_score=scored.get("memory", 0),
        ports=_ports_of(spec),
        tolerations=spec.get("tolerations") or (),
        node_selector=spec.get("nodeSelector") or {},
        node_affinity=affinity.get("nodeAffinity") or {},
        terms=terms_of(affinity, namespace),
        constraints=constraints_of(spec.get("topologySpreadConstraints") or (), labels),
        priority=spec.get("priority") or 0,
        never_preempts=spec.get("preemptionPolicy") == "Never",
        images=tuple(_normalized(one.get("image", "")) for one in (*(spec.get("initContainers") or ()), *spec["containers"])),
        wants_devices=bool(spec.get("resourceClaims")),
    )


def _owner_of(pod: FrozenObject) -> Owner:
    reference = controller_of(pod)
    if reference is None:
        return _NOBODY
    return Owner(reference.get("apiVersion", ""), reference.get("kind", ""), reference.get("name", ""), reference["uid"])


_NOBODY: Final = Owner()


def _normalized(image: str) -> str:
    return image if image.rfind(":") > image.rfind("/") else f"{image}:latest"


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
