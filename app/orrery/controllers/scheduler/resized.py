"""What a Pod counts for while it is being resized: the most of what it asks for, was granted and has; without the first when its node can
never grant it.

Follows `UseStatusResources` of upstream's component helpers. A Pod that was never changed costs one comparison.
"""

from collections.abc import Iterable, Mapping

from orrery.machinery.objects import FrozenObject, Object
from orrery.machinery.quantities import parse

_PENDING = "PodResizePending"
_IN_PROGRESS = "PodResizeInProgress"


def version_of(pod: FrozenObject) -> int:
    """Changes with whatever the Pod counts for: its generation, and how far a resize has come."""
    generation = int(pod["metadata"].get("generation") or 0)
    if generation < 2:
        return generation * 4
    types = {one["type"]: one.get("reason", "") for one in (pod.get("status") or {}).get("conditions") or ()}
    return generation * 4 + (2 if types.get(_PENDING) == "Infeasible" else 1 if _PENDING in types or _IN_PROGRESS in types else 0)


def counted_spec(pod: FrozenObject) -> FrozenObject:
    """The spec with the requests that count."""
    spec: FrozenObject = pod["spec"]
    status = pod.get("status") or {}
    if (pod["metadata"].get("generation") or 0) < 2 or not spec.get("nodeName"):
        return spec
    told = {entry["name"]: entry for key in ("containerStatuses", "initContainerStatuses") for entry in status.get(key) or ()}
    is_hopeless = version_of(pod) % 4 == 2
    counted: Object = {**spec, "containers": [_counted(one, told, is_hopeless=is_hopeless) for one in spec["containers"]]}
    if spec.get("initContainers"):
        counted["initContainers"] = [
            _counted(one, told, is_hopeless=is_hopeless) if one.get("restartPolicy") == "Always" else one for one in spec["initContainers"]
        ]
    return counted


def _counted(container: FrozenObject, told: Mapping[str, FrozenObject], *, is_hopeless: bool) -> FrozenObject:
    entry = told.get(container["name"]) or {}
    resources = container.get("resources") or {}
    known = [(entry.get("resources") or {}).get("requests") or {}, entry.get("allocatedResources") or {}]
    if not any(known):
        return container
    asked = () if is_hopeless else (resources.get("requests") or {},)
    return {**container, "resources": {**resources, "requests": _most([*known, *asked])}}


def _most(amounts: Iterable[Mapping[str, str]]) -> dict[str, str]:
    most: dict[str, str] = {}
    for each in amounts:
        for name, text in each.items():
            if name not in most or parse(text).nano > parse(most[name]).nano:
                most[name] = text
    return most
