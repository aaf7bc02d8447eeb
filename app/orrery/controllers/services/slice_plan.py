"""How the endpoints of a Service are spread over slices: at most a hundred in each, and moved as little as possible. Pure.

Follows upstream's endpointslice reconciler, for IPv4.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from orrery.controllers.services.backends import TRIGGER
from orrery.controllers.services.port_order import in_slice_order
from orrery.machinery.objects import FrozenObject, Object, labels_of, owner_references_of, thaw

ENDPOINTS_MAX: Final = 100

Ports: TypeAlias = tuple[tuple[tuple[str, Any], ...], ...]
"""The ports of a slice as a value: a tuple of pairs for each, in no order that matters."""


@dataclass(slots=True)
class SlicePlan:
    """What to write: slices as they should be. Those to create have no name yet."""

    create: list[Object] = field(default_factory=list)
    update: list[Object] = field(default_factory=list)
    delete: list[FrozenObject] = field(default_factory=list)


@dataclass(slots=True)
class _Draft:
    """A slice and the endpoints it is to hold."""

    old: FrozenObject | None
    endpoints: list[Object]
    changed: bool

    @property
    def room(self) -> int:
        return ENDPOINTS_MAX - len(self.endpoints)


def ports_key(ports: Sequence[FrozenObject] | None) -> Ports:
    """Ports as a value that can be compared; the name of an unnamed port is empty, as Go writes it."""
    return tuple(sorted(tuple(sorted({"name": "", **port}.items())) for port in ports or ()))


def plan_slices(wanted: Mapping[Ports, Sequence[Object]], existing: Sequence[FrozenObject], frame: FrozenObject) -> SlicePlan:
    """Fit `wanted` (endpoints by their ports) into the existing slices; `frame` is the metadata every slice must carry.

    250 Pods need three slices. A Pod that comes later goes into a slice that is written anyway, then where it leaves the least
    room, then into a new slice. A Service without endpoints keeps one empty slice.
    """
    plan = SlicePlan()
    by_ports: dict[Ports, list[FrozenObject]] = {}
    for one in existing:
        if _is_owned(one, frame):
            by_ports.setdefault(ports_key(one.get("ports")), []).append(one)
        else:
            plan.delete.append(one)  # Of a Service that is gone and had the same name.
    for ports, endpoints in wanted.items():
        _plan_ports(plan, by_ports.pop(ports, []), _Wanted(ports, endpoints), frame)
    plan.delete.extend(one for slices in by_ports.values() for one in slices)
    if len(plan.delete) == len(existing) and not plan.create:
        if len(plan.delete) == 1 and _is_placeholder(plan.delete[0], frame):
            plan.delete.clear()
        else:
            plan.create.append(_new_slice((), [], frame))
    _reuse_names(plan, frame)
    return plan


class _Wanted:
    """The endpoints of one set of ports that no slice holds yet."""

    def __init__(self, ports: Ports, endpoints: Sequence[Object]) -> None:
        self.ports = ports
        self._missing = {_identity(endpoint): endpoint for endpoint in endpoints}

    def __len__(self) -> int:
        return len(self._missing)

    def take(self, old: FrozenObject) -> Object | None:
        """The endpoint as it is now that `old` stands for."""
        return self._missing.pop(_identity(old), None)

    def some(self, most: int) -> Iterator[Object]:
        for identity in list(self._missing)[:most]:
            yield self._missing.pop(identity)


def _plan_ports(plan: SlicePlan, slices: Sequence[FrozenObject], wanted: _Wanted, frame: FrozenObject) -> None:
    drafts = []
    for old in slices:
        before = old.get("endpoints") or []
        stay = [endpoint for each in before if (endpoint := wanted.take(each)) is not None]
        if stay or not before:
            drafts.append(_Draft(old, stay, stay != before or labels_of(old) != frame["labels"]))
        else:
            plan.delete.append(old)
    for draft in sorted((draft for draft in drafts if draft.changed), key=lambda draft: -len(draft.endpoints)):
        draft.endpoints.extend(wanted.some(draft.room))
    while wanted:
        fitting = [draft for draft in drafts if not draft.changed and draft.room >= len(wanted)]
        target = min(fitting, key=lambda draft: draft.room, default=None) if len(wanted) < ENDPOINTS_MAX else None
        if target is None:
            plan.create.append(_new_slice(wanted.ports, list(wanted.some(ENDPOINTS_MAX)), frame))
        else:
            target.endpoints.extend(wanted.some(target.room))
            target.changed = True
    plan.update.extend(_changed_slice(draft.old, draft.endpoints, frame) for draft in drafts if draft.changed and draft.old is not None)


def _reuse_names(plan: SlicePlan, frame: FrozenObject) -> None:
    """Change a slice that would go into one that would come, rather than delete and create."""
    for old in list(plan.delete):
        if not plan.create:
            return
        if _is_owned(old, frame) and old["addressType"] == "IPv4":
            new = plan.create.pop()
            plan.update.append(_changed_slice(old, new["endpoints"], frame) | {"ports": new["ports"]})
            plan.delete.remove(old)


def _identity(endpoint: FrozenObject) -> Any:
    return (endpoint.get("targetRef") or {}).get("uid"), tuple(endpoint.get("addresses") or ()), endpoint.get("hostname")


def _is_owned(one: FrozenObject, frame: FrozenObject) -> bool:
    uid = frame["ownerReferences"][0]["uid"]
    return any(reference["uid"] == uid and reference["kind"] == "Service" for reference in owner_references_of(one))


def _is_placeholder(one: FrozenObject, frame: FrozenObject) -> bool:
    return not one.get("endpoints") and not one.get("ports") and bool(labels_of(one) == frame["labels"])


def _new_slice(ports: Ports, endpoints: list[Object], frame: FrozenObject) -> Object:
    made: Object = {"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "metadata": thaw(frame), "addressType": "IPv4"}
    # An empty list is null, as Go writes one that came through the real storage.
    made["endpoints"] = endpoints or None
    made["ports"] = in_slice_order(dict(port) for port in ports) or None
    return made


def _changed_slice(old: FrozenObject, endpoints: list[Object] | None, frame: FrozenObject) -> Object:
    made = thaw(old)
    made["endpoints"] = endpoints or None
    meta = made["metadata"]
    meta["labels"] = dict(frame["labels"])
    annotations = {key: value for key, value in (meta.get("annotations") or {}).items() if key != TRIGGER}
    meta["annotations"] = annotations | frame["annotations"]
    return made
