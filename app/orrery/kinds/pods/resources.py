"""Requests and limits: whether they are well formed, what they add up to, and the quality of service they give a Pod.

Follows `validateResourceRequirements` of core, `component-helpers/resource` and `core/helper/qos`.
"""

from collections.abc import Callable, Collection, Mapping
from typing import Any, Final

from orrery.kinds.kind import Errors
from orrery.kinds.rules.resource_names import (
    CONTAINER_RESOURCES,
    HUGE_PAGES,
    is_extended,
    is_huge_page,
    is_native,
    is_overcommit_allowed,
    is_standard_for_containers,
)
from orrery.kinds.rules.resource_rules import amount_errors, resource_name_errors
from orrery.machinery.field_errors import FieldError, duplicate, forbidden, invalid, not_supported, required
from orrery.machinery.names import is_dns1123_label
from orrery.machinery.objects import FrozenObject
from orrery.machinery.quantities import Quantity, QuantityError, parse, spell

_POD_LEVEL: Final = ("cpu", HUGE_PAGES, "memory")


def is_pod_level_resource(name: str) -> bool:
    """Whether a Pod as a whole may ask for it."""
    return name in ("cpu", "memory") or is_huge_page(name)


def validate_resources(resources: FrozenObject, path: str, claims: Collection[str] = ()) -> Errors:
    """ValidateContainerResourceRequirements."""
    return _validate(resources, path, name_errors=validate_container_resource_name, claims=claims)


def validate_pod_level_resources(spec: FrozenObject, path: str, claims: Collection[str]) -> Errors:
    """validatePodResources: what the Pod as a whole asks for, against what its containers do."""
    resources = spec["resources"]
    if (spec.get("os") or {}).get("name") == "windows":
        return [forbidden(path, "may not be set for a windows pod")]
    errors: Errors = []
    if resources.get("claims"):
        errors.append(forbidden(f"{path}.claims", "claims may not be set for Resources at pod-level"))
    errors += _validate(resources, path, name_errors=_pod_name_errors, claims=claims)
    return errors + _pod_consistency_errors(spec, path)


def _validate(resources: FrozenObject, path: str, *, name_errors: Callable[[str, str], Errors], claims: Collection[str]) -> Errors:
    errors: Errors = []
    limits = resources.get("limits") or {}
    requests = resources.get("requests") or {}
    for name, text in limits.items():
        if name in CONTAINER_RESOURCES and parse(text).nano >= 0:
            continue
        errors += _amount_errors(name, text, f"{path}.limits[{name}]", name_errors=name_errors)
    for name, text in requests.items():
        amount = parse(text)
        if name not in CONTAINER_RESOURCES or amount.nano < 0:
            errors += _amount_errors(name, text, f"{path}.requests[{name}]", name_errors=name_errors, huge_pages=False)
        errors += _request_errors(name, amount, limits, path)
        if is_huge_page(name):
            errors += _huge_page_errors(name, amount, f"{path}.requests[{name}]")
    asked = limits.keys() | requests.keys()
    if asked and "cpu" not in asked and "memory" not in asked and any(is_huge_page(name) for name in asked):
        errors.append(forbidden(path, "HugePages require cpu or memory"))
    if claimed := resources.get("claims"):
        errors += _claim_errors(claimed, f"{path}.claims", claims)
    return errors


def _amount_errors(name: str, text: str, path: str, *, name_errors: Callable[[str, str], Errors], huge_pages: bool = True) -> Errors:
    errors = name_errors(name, path)
    errors += amount_errors(name, text, path)
    if huge_pages and is_huge_page(name):
        errors += _huge_page_errors(name, parse(text), path)
    return errors


def _request_errors(name: str, amount: Quantity, limits: Mapping[str, str], path: str) -> Errors:
    limit = limits.get(name)
    if limit is None:
        if not is_overcommit_allowed(name):
            return [required(f"{path}.limits", "Limit must be set for non overcommitable resources")]
        return []
    most = parse(limit)
    if amount.nano != most.nano and not is_overcommit_allowed(name):
        return [invalid(f"{path}.requests", amount.text, f"must be equal to {name} limit of {most.text}")]
    if amount.nano > most.nano:
        return [invalid(f"{path}.requests", amount.text, f"must be less than or equal to {name} limit of {most.text}")]
    return []


def _huge_page_errors(name: str, amount: Quantity, path: str) -> Errors:
    try:
        size = parse(name[len(HUGE_PAGES) :])
    except QuantityError:
        size = None
    if size is None or size.nano <= 0 or size.milli % 1000 or amount.value % size.value:
        return [invalid(path, amount.text, f"{amount.text} is not positive integer multiple of {name}")]
    return []


def validate_container_resource_name(name: str, path: str) -> Errors:
    errors = resource_name_errors(name, path)
    if "/" not in name:
        if not is_standard_for_containers(name):
            errors.append(invalid(path, name, "must be a standard resource for containers"))
    elif not is_native(name) and not is_extended(name):
        errors.append(invalid(path, name, "doesn't follow extended resource name standard"))
    return errors


def _pod_name_errors(name: str, path: str) -> Errors:
    errors = resource_name_errors(name, path)
    if not errors and not is_pod_level_resource(name):
        errors.append(not_supported(path, name, _POD_LEVEL))
    return errors


def _claim_errors(claims: list[dict[str, Any]], path: str, known: Collection[str]) -> Errors:
    """validateResourceClaimNames."""
    errors: Errors = []
    seen: set[str] = set()
    for index, claim in enumerate(claims):
        at = f"{path}[{index}]"
        name = claim.get("name", "")
        if not name:
            errors.append(required(at))
            continue
        if name in seen:
            errors.append(duplicate(at, name))
        else:
            key = name
            if request := claim.get("request"):
                errors += [invalid(f"{at}.request", request, message) for message in is_dns1123_label(request)]
                key = f"{name}/{request}"
            if key in seen:
                errors.append(duplicate(at, key))
            elif not request:
                errors += [duplicate(at, name) for other in seen if other.partition("/")[0] == name and "/" in other]
            seen.add(key)
        if name not in known:
            known_names = ": " + ", ".join(sorted(known)) if known else " which is empty"
            detail = f"must be one of the names in pod.spec.resourceClaims{known_names}"
            errors.append(FieldError("FieldValueNotFound", at, name, detail))
    return errors


def _pod_consistency_errors(spec: FrozenObject, path: str) -> Errors:
    """validatePodResourceConsistency."""
    errors: Errors = []
    resources = spec["resources"]
    requests = resources.get("requests") or {}
    limits = resources.get("limits") or {}
    for name, text in aggregate_requests(spec).items():
        if name in requests and parse(text).nano > parse(requests[name]).nano:
            detail = f"must be greater than or equal to aggregate container requests of {text}"
            errors.append(invalid(f"{path}.requests[{name}]", parse(requests[name]).text, detail))
    for name, text in aggregate_limits(spec).items():
        if is_huge_page(name) and name in limits and parse(text).nano > parse(limits[name]).nano:
            detail = f"must be greater than or equal to aggregate container limits of {text}"
            errors.append(invalid(f"{path}.limits[{name}]", parse(limits[name]).text, detail))
    for index, container in enumerate(spec.get("containers") or ()):
        for name, text in ((container.get("resources") or {}).get("limits") or {}).items():
            if name in limits and parse(text).nano > parse(limits[name]).nano:
                detail = f"must be less than or equal to pod limits of {parse(limits[name]).text}"
                errors.append(invalid(f"{path}.containers[{index}][{name}].limits", parse(text).text, detail))
    return errors


def aggregate_requests(spec: FrozenObject) -> dict[str, str]:
    """What the containers of a Pod ask for together: their sum, or what starting needs when that is more."""
    return _aggregate(spec, "requests")


def aggregate_limits(spec: FrozenObject) -> dict[str, str]:
    return _aggregate(spec, "limits")


def _aggregate(spec: FrozenObject, field: str) -> dict[str, str]:
    total: dict[str, Quantity] = {}
    for container in spec.get("containers") or ():
        _add(total, (container.get("resources") or {}).get(field))
    sidecars: dict[str, Quantity] = {}
    starting: dict[str, Quantity] = {}
    for container in spec.get("initContainers") or ():
        amounts = (container.get("resources") or {}).get(field)
        if container.get("restartPolicy") == "Always":
            _add(total, amounts)
            _add(sidecars, amounts)
            _raise(starting, sidecars)
        else:
            while_running = dict(sidecars)
            _add(while_running, amounts)
            _raise(starting, while_running)
    _raise(total, starting)
    return {name: amount.text for name, amount in total.items()}


def _add(total: dict[str, Quantity], amounts: Mapping[str, str] | None) -> None:
    for name, text in (amounts or {}).items():
        amount = parse(text)
        before = total.get(name)
        if before is None:
            total[name] = amount
        else:
            nano = before.nano + amount.nano
            family = amount.family if before.nano == 0 else before.family
            total[name] = Quantity(nano, family, spell(nano, family))


def _raise(total: dict[str, Quantity], amounts: Mapping[str, Quantity]) -> None:
    for name, amount in amounts.items():
        before = total.get(name)
        if before is None or amount.nano > before.nano:
            total[name] = amount


def quality_of_service(spec: FrozenObject) -> str:
    """ComputePodQOS: Guaranteed, Burstable or BestEffort."""
    pod_level = spec.get("resources")
    if pod_level is not None:
        each = [pod_level]
        guaranteed = not pod_level.get("limits") or _has_both(pod_level["limits"])
    else:
        each = [container.get("resources") or {} for container in (*(spec.get("containers") or ()), *(spec.get("initContainers") or ()))]
        if not any(each):
            return "BestEffort"
        guaranteed = all(_has_both(resources.get("limits") or {}) for resources in each)
    requests: dict[str, int] = {}
    limits: dict[str, int] = {}
    for resources in each:
        _add_positive(requests, resources.get("requests"))
        _add_positive(limits, resources.get("limits"))
    if not requests and not limits:
        return "BestEffort"
    if guaranteed and len(requests) == len(limits) and all(limits.get(name) == amount for name, amount in requests.items()):
        return "Guaranteed"
    return "Burstable"


def _has_both(limits: Mapping[str, str]) -> bool:
    return all(name in limits and parse(limits[name]).nano > 0 for name in ("cpu", "memory"))


def _add_positive(total: dict[str, int], amounts: Mapping[str, str] | None) -> None:
    for name, text in (amounts or {}).items():
        if name in ("cpu", "memory") and (nano := parse(text).nano) > 0:
            total[name] = total.get(name, 0) + nano
