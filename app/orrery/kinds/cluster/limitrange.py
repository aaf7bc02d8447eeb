"""LimitRange: defaults of container limits from each other, and whether the numbers fit together. Follows core's `ValidateLimitRange`."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from orrery.kinds.kind import Behaviour, Errors
from orrery.kinds.pods.resources import validate_container_resource_name
from orrery.kinds.rules.field_rules import bad
from orrery.kinds.rules.resource_names import is_overcommit_allowed
from orrery.kinds.rules.resource_rules import resource_name_errors
from orrery.machinery.field_errors import duplicate, forbidden, invalid, required
from orrery.machinery.names import is_qualified_name
from orrery.machinery.objects import Object
from orrery.machinery.quantities import Quantity, parse

_STANDARD_TYPES: Final = ("Pod", "Container", "PersistentVolumeClaim")

Amounts = Mapping[str, str]
Limit = Mapping[str, Any]


def _default(obj: Object) -> None:
    """A container's missing default comes from max, its missing default request from the default and then from min."""
    for limit in (obj.get("spec") or {}).get("limits") or ():
        if limit.get("type") != "Container":
            continue
        default = {**(limit.get("max") or {}), **(limit.get("default") or {})}
        request = {**(limit.get("min") or {}), **default, **(limit.get("defaultRequest") or {})}
        if default:
            limit["default"] = default
        if request:
            limit["defaultRequest"] = request


def _type_errors(kind: str, path: str) -> Errors:
    errors = bad(path, kind, is_qualified_name(kind))
    if not errors and "/" not in kind and kind not in _STANDARD_TYPES:
        errors.append(invalid(path, kind, "must be a standard limit type or fully qualified"))
    return errors


def _limit_errors(limit: Limit, path: str) -> Errors:
    kind = limit.get("type", "")
    name_errors: Callable[[str, str], Errors] = validate_container_resource_name if kind in ("Pod", "Container") else resource_name_errors
    errors: Errors = []
    fields = ["max", "min"]
    for field in fields:
        for name in limit.get(field) or ():
            errors += name_errors(name, f"{path}.{field}[{name}]")
    if kind == "Pod":
        for field in ("default", "defaultRequest"):
            if limit.get(field):
                errors.append(forbidden(f"{path}.{field}", "may not be specified when `type` is 'Pod'"))
    else:
        for field in ("default", "defaultRequest"):
            fields.append(field)
            for name in limit.get(field) or ():
                errors += name_errors(name, f"{path}.{field}[{name}]")
    if kind == "PersistentVolumeClaim" and not any("storage" in (limit.get(field) or ()) for field in ("min", "max")):
        why = "either minimum or maximum storage value is required, but neither was provided"
        errors.append(required(f"{path}.limits", why))
    fields.append("maxLimitRequestRatio")
    for name in limit.get("maxLimitRequestRatio") or ():
        errors += name_errors(name, f"{path}.maxLimitRequestRatio[{name}]")
    names = dict.fromkeys(name for field in fields for name in limit.get(field) or ())
    for name in names:
        errors += _number_errors(
            name, {field: parse((limit.get(field) or {})[name]) for field in fields if name in (limit.get(field) or ())}, path
        )
    return errors


def _number_errors(name: str, given: Mapping[str, Quantity], path: str) -> Errors:
    low, high, default, request = (given.get(field) for field in ("min", "max", "default", "defaultRequest"))
    errors: Errors = []

    def compare(field: str, shown: Quantity | None, less: tuple[str, Quantity | None], more: tuple[str, Quantity | None]) -> None:
        """`less` must not be above `more`; the texts are upstream's names for them."""
        first, second = less[1], more[1]
        if first is not None and second is not None and shown is not None and first.nano > second.nano:
            why = f"{less[0]} value {first.text} is greater than {more[0]} value {second.text}"
            errors.append(invalid(f"{path}.{field}[{name}]", shown.text, why))

    compare("min", low, ("min", low), ("max", high))
    compare("defaultRequest", request, ("min", low), ("default request", request))
    compare("defaultRequest", request, ("default request", request), ("max", high))
    compare("defaultRequest", request, ("default request", request), ("default limit", default))
    compare("default", low, ("min", low), ("default", default))
    compare("default", high, ("default", default), ("max", high))
    errors += _ratio_errors(name, given, path)
    if not is_overcommit_allowed(name) and default is not None and request is not None and default.nano != request.nano:
        why = f"default value {default.text} must equal to defaultRequest value {request.text} in {name}"
        errors.append(invalid(f"{path}.defaultRequest[{name}]", request.text, why))
    return errors


def _ratio_errors(name: str, given: Mapping[str, Quantity], path: str) -> Errors:
    ratio, low, high = (given.get(field) for field in ("maxLimitRequestRatio", "min", "max"))
    if ratio is None:
        return []
    at = f"{path}.maxLimitRequestRatio[{name}]"
    errors = [invalid(at, ratio.text, f"ratio {ratio.text} is less than 1")] if ratio.nano < 10**9 else []
    if low is not None and high is not None:
        most = high.nano / low.nano if low.nano else float("inf")
        if ratio.nano / 10**9 > most:
            errors.append(invalid(at, ratio.text, f"ratio {ratio.text} is greater than max/min = {most:f}"))
    return errors


def _validate(obj: Object) -> Errors:
    errors: Errors = []
    seen: set[str] = set()
    for index, limit in enumerate((obj.get("spec") or {}).get("limits") or ()):
        path, kind = f"spec.limits[{index}]", limit.get("type", "")
        errors += _type_errors(kind, f"{path}.type")
        if kind in seen:
            errors.append(duplicate(f"{path}.type", kind))
        seen.add(kind)
        errors += _limit_errors(limit, path)
    return errors


BEHAVIOUR: Final = Behaviour(
    default=_default,
    validate=_validate,
    validate_update=lambda obj, old: _validate(obj),
    allow_create_on_update=True,
)
