"""How pods/ephemeralcontainers and pods/resize treat a Pod: only the containers' part named by the path changes.

Follows the strategies of `pkg/registry/core/pod`, ValidatePodEphemeralContainersUpdate and ValidatePodResize.
"""

from collections.abc import Mapping
from typing import Any, Final

from orrery.kinds.kind import Errors, Kind
from orrery.kinds.pods.pod import validate_pod_parts
from orrery.kinds.pods.resources import quality_of_service
from orrery.kinds.structs.go_diff import go_diff
from orrery.kinds.structs.internal_structs import as_internal
from orrery.machinery.field_errors import forbidden, go_quote, invalid
from orrery.machinery.objects import FrozenObject, Object, thaw
from orrery.verbs.strategies import Strategy, bump_generation, keep_metadata

_RESIZED: Final = ("resources", "resizePolicy")
_RESIZABLE: Final = frozenset({"cpu", "memory"})
_FIELDS: Final = ("containers", "initContainers")


def _prepare_ephemeral(kind: Kind, obj: Object, old: FrozenObject) -> None:
    containers = obj["spec"].get("ephemeralContainers")
    spec = {**old["spec"]}
    spec.pop("ephemeralContainers", None)
    if containers:
        spec["ephemeralContainers"] = containers
    _replace_spec(obj, old, spec)


def _replace_spec(obj: Object, old: FrozenObject, spec: Object) -> None:
    obj["spec"] = spec
    obj["status"] = old.get("status", {})
    keep_metadata(obj, old)
    bump_generation(obj, old)


def _validate_ephemeral(kind: Kind, obj: Object, old: FrozenObject) -> Errors:
    path = "spec.ephemeralContainers"
    now = {container.get("name"): container for container in obj["spec"].get("ephemeralContainers") or ()}
    errors = validate_pod_parts(obj)
    for container in old["spec"].get("ephemeralContainers") or ():
        name = container["name"]
        if name not in now:
            errors.append(forbidden(path, f"existing ephemeral containers {go_quote(name)} may not be removed\n"))
        elif now[name] != container:
            shown, shown_now = (as_internal("EphemeralContainer", each) for each in (container, now[name]))
            why = f"existing ephemeral containers {go_quote(name)} may not be changed\n{go_diff(shown, shown_now)}"
            errors.append(forbidden(path, why))
    return errors


def _prepare_resize(kind: Kind, obj: Object, old: FrozenObject) -> None:
    spec = thaw(old["spec"])
    for field in _FIELDS:
        wanted, kept = obj["spec"].get(field) or [], spec.get(field) or []
        if _names(wanted) != _names(kept):
            return  # Containers came, went or changed places: validation says so.
        for mine, theirs in zip(kept, wanted, strict=True):
            for part in _RESIZED:
                if part in theirs:
                    mine[part] = theirs[part]
                else:
                    mine.pop(part, None)
    _replace_spec(obj, old, spec)


def _names(containers: list[Any]) -> list[Any]:
    return [container.get("name") for container in containers]


def _validate_resize(kind: Kind, obj: Object, old: FrozenObject) -> Errors:
    spec, before = obj["spec"], old["spec"]
    errors = validate_pod_parts(obj)
    if quality_of_service(spec) != quality_of_service(before):
        quality = (obj.get("status") or {}).get("qosClass", "")
        errors.append(invalid("spec", quality, "Pod QOS Class may not change as a result of resizing"))
    moved = [error for field in _FIELDS for error in _moved(spec.get(field) or [], before.get(field) or [], field)]
    if moved:
        return errors + moved
    for field in reversed(_FIELDS):
        for index, (now, then) in enumerate(zip(spec.get(field) or (), before.get(field) or (), strict=True)):
            if field == "containers" or then.get("restartPolicy") == "Always":
                errors += _removed(now.get("resources") or {}, then.get("resources") or {}, f"spec.{field}[{index}].resources")
    return errors + _other_changes(spec, before)


def _moved(now: list[Any], then: list[Any], field: str) -> Errors:
    if len(now) != len(then):
        return [forbidden(f"spec.{field}", f"{field} may not be added or removed on resize")]
    why = f"{field} may not be renamed or reordered on resize"
    pairs = enumerate(zip(_names(now), _names(then), strict=True))
    return [forbidden(f"spec.{field}[{index}].name", why) for index, (mine, theirs) in pairs if mine != theirs]


def _removed(now: Mapping[str, Any], then: Mapping[str, Any], path: str) -> Errors:
    return [
        forbidden(f"{path}.{part}", f"resource {part} cannot be removed")
        for part in ("requests", "limits")
        if (then.get(part) or {}).keys() - (now.get(part) or {}).keys()
    ]


def _other_changes(spec: FrozenObject, before: FrozenObject) -> Errors:
    """What changed beside the amounts of processor and memory."""
    errors: Errors = []
    for now, then in zip(spec.get("containers") or (), before.get("containers") or (), strict=True):
        if _without_amounts(now) != _without_amounts(then):
            errors.append(forbidden("spec", "only cpu and memory resources are mutable"))
    for now, then in zip(spec.get("initContainers") or (), before.get("initContainers") or (), strict=True):
        if now.get("restartPolicy") == "Always":
            if _without_amounts(now) != _without_amounts(then):
                errors.append(forbidden("spec", "only cpu and memory resources for sidecar containers are mutable"))
        elif now != then:
            errors.append(forbidden("spec", "resources for non-sidecar init containers are immutable"))
    return errors


def _without_amounts(container: FrozenObject) -> Object:
    resources = container.get("resources") or {}
    other = {
        part: {name: amount for name, amount in (resources.get(part) or {}).items() if name not in _RESIZABLE}
        for part in ("requests", "limits")
    }
    kept = {field: value for field, value in container.items() if field not in _RESIZED}
    return {**kept, "resources": {**resources, **other}}


EPHEMERAL: Final = Strategy(_prepare_ephemeral, _validate_ephemeral)
RESIZE: Final = Strategy(_prepare_resize, _validate_resize)
