"""What a Pod's containers ask for together: the arithmetic that scheduler, quotas, limit ranges and metrics share.

Follows `PodRequests` and `PodLimits` of component-helpers. Amounts are integers in a unit of the caller's choice.
"""

from collections.abc import Callable, Mapping
from typing import TypeAlias

from orrery.machinery.objects import FrozenObject
from orrery.machinery.quantities import Quantity, of_nano, parse

Amounts: TypeAlias = dict[str, int]
PerContainer = Callable[[FrozenObject], Mapping[str, int]]


def sum_of_containers(spec: FrozenObject, amounts: PerContainer) -> Amounts:
    """Init containers run one after the other, sidecars stay beside all that follows them.

    Init containers of 2 and 1 CPU, a sidecar of 500m between them, two containers of 300m: the containers and the sidecar need
    1100m, the first init container 2000m, the second 1000m beside the sidecar's 500m. So the Pod asks for 2000m.
    """
    running: Amounts = {}
    for container in spec["containers"]:
        add(running, amounts(container))
    sidecars: Amounts = {}
    peak: Amounts = {}
    for container in spec.get("initContainers") or ():
        wanted = amounts(container)
        if container.get("restartPolicy") == "Always":
            add(sidecars, wanted)
            moment = dict(sidecars)
        else:
            moment = dict(sidecars)
            add(moment, wanted)
        _raise(peak, moment)
    add(running, sidecars)
    _raise(running, peak)
    return running


def pod_totals(spec: FrozenObject, field: str) -> dict[str, Quantity]:
    """The Pod's `requests` or `limits` without its overhead, spelled as the first container that names the resource spells it."""
    families: dict[str, str] = {}

    def amounts(container: FrozenObject) -> Amounts:
        found = quantities_of(container, field)
        for name, quantity in found.items():
            families.setdefault(name, quantity.family)
        return {name: quantity.nano for name, quantity in found.items()}

    totals = sum_of_containers(spec, amounts)
    return {name: of_nano(nano, families[name]) for name, nano in totals.items()} | quantities_of(spec, field)


def quantities_of(holder: FrozenObject, field: str) -> dict[str, Quantity]:
    """The `requests` or `limits` in the `resources` of a container, a Pod's spec or a claim's."""
    found = (holder.get("resources") or {}).get(field) or {}
    return {name: parse(str(value)) for name, value in found.items()}


def add(total: Amounts, more: Mapping[str, int]) -> None:
    """Add to `total` in place."""
    for key, amount in more.items():
        total[key] = total.get(key, 0) + amount


def _raise(total: Amounts, least: Mapping[str, int]) -> None:
    for key, amount in least.items():
        if amount > total.get(key, 0):
            total[key] = amount
