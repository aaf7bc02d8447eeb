"""ResourceQuota: names and amounts of resources, scopes that fit them. Follows core's `ValidateResourceQuota` and strategy."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

import orjson

from orrery.kinds.kind import Behaviour, Errors
from orrery.kinds.rules.field_rules import IMMUTABLE
from orrery.kinds.rules.printed import go_struct
from orrery.kinds.rules.resource_rules import amount_errors, quota_resource_name_errors
from orrery.machinery.field_errors import invalid, required
from orrery.machinery.objects import FrozenObject, Object
from orrery.machinery.quantities import parse

_PODS: Final = frozenset({"pods", "cpu", "memory", "limits.cpu", "limits.memory", "requests.cpu", "requests.memory"})
_FITS: Final = {
    "Terminating": _PODS,
    "NotTerminating": _PODS,
    "NotBestEffort": _PODS,
    "PriorityClass": _PODS,
    "CrossNamespacePodAffinity": _PODS,
    "BestEffort": frozenset({"pods"}),
    "VolumeAttributesClass": frozenset({"persistentvolumeclaims", "requests.storage"}),
}
_ONLY_EXISTS: Final = ("BestEffort", "NotBestEffort", "Terminating", "NotTerminating", "CrossNamespacePodAffinity")
_EXISTS_WHY: Final = (
    "must be 'Exists' when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, "
    "ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity"
)
_CONFLICTS: Final = (frozenset({"BestEffort", "NotBestEffort"}), frozenset({"Terminating", "NotTerminating"}))
_WARNED: Final = ("cpu", "memory", "storage", "ephemeral-storage")

Part = Mapping[str, Any]


def _hard_errors(amounts: Mapping[str, str] | None, path: str) -> Errors:
    errors: Errors = []
    for name, amount in (amounts or {}).items():
        at = f"{path}[{name}]"
        errors += quota_resource_name_errors(name, at) + amount_errors(name, amount, at)
    return errors


def _unfit(scope: str, spec: Part) -> int:
    """How many of the limited resources a scope cannot count."""
    fits = _FITS.get(scope)
    return (
        sum(not quota_resource_name_errors(name, "") and "/" not in name and name not in fits for name in spec.get("hard") or ())
        if fits
        else 0
    )


def _conflicts(scopes: Iterable[str], spec: Part, path: str) -> Errors:
    given = set(scopes)
    return [invalid(path, spec.get("scopes"), "conflicting scopes") for pair in _CONFLICTS if pair <= given]


def _scope_errors(spec: Part) -> Errors:
    scopes = spec.get("scopes") or []
    errors: Errors = []
    for scope in scopes:
        if scope not in _FITS:
            errors.append(invalid("spec.scopes", scopes, "unsupported scope"))
        errors += [invalid("spec.scopes", scopes, "unsupported scope applied to resource")] * _unfit(scope, spec)
    return errors + _conflicts(scopes, spec, "spec.scopes")


def _printed(selector: Part) -> orjson.Fragment:
    """A scope selector as upstream prints its own structure."""
    expressions = [
        go_struct(
            [("ScopeName", each.get("scopeName", "")), ("Operator", each.get("operator", "")), ("Values", each.get("values") or None)]
        )
        for each in selector.get("matchExpressions") or ()
    ]
    return go_struct([("MatchExpressions", expressions)])


def _selector_errors(spec: Part) -> Errors:
    selector = spec.get("scopeSelector")
    if selector is None:
        return []
    path = "spec.scopeSelector.matchExpressions"
    errors: Errors = []
    expressions = selector.get("matchExpressions") or []
    for expression in expressions:
        scope, operator, values = expression.get("scopeName", ""), expression.get("operator", ""), expression.get("values") or []
        if scope not in _FITS:
            errors.append(invalid(f"{path}.scopeName", scope, "unsupported scope"))
        errors += [invalid(path, _printed(selector), "unsupported scope applied to resource")] * _unfit(scope, spec)
        if scope in _ONLY_EXISTS and operator != "Exists":
            errors.append(invalid(f"{path}.operator", operator, _EXISTS_WHY))
        if operator in ("In", "NotIn"):
            if not values:
                errors.append(
                    required(f"{path}.values", "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector")
                )
        elif operator in ("Exists", "DoesNotExist"):
            if values:
                why = "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector"
                errors.append(invalid(f"{path}.values", values, why))
        else:
            errors.append(invalid(f"{path}.operator", operator, "not a valid selector operator"))
    return errors + _conflicts((expression.get("scopeName", "") for expression in expressions), spec, path)


def _validate(obj: Object) -> Errors:
    spec = obj.get("spec") or {}
    return _hard_errors(spec.get("hard"), "spec.hard") + _scope_errors(spec) + _selector_errors(spec)


def _validate_update(obj: Object, old: FrozenObject) -> Errors:
    scopes, before = (obj.get("spec") or {}).get("scopes") or [], (old.get("spec") or {}).get("scopes") or []
    errors = _validate(obj)
    if set(scopes) != set(before):
        errors.append(invalid("spec.scopes", scopes or None, IMMUTABLE))
    return errors


def _validate_status(obj: Object, old: FrozenObject) -> Errors:
    status = obj.get("status") or {}
    return _hard_errors(status.get("hard"), "status.hard") + _hard_errors(status.get("used"), "status.used")


def _warnings(obj: Object, old: FrozenObject | None) -> list[str]:
    if old is not None:
        return []
    hard = (obj.get("spec") or {}).get("hard") or {}
    warnings = []
    for name in _WARNED:
        request, limit = f"requests.{name}", f"limits.{name}"
        if request not in hard and name in ("cpu", "memory"):
            request = name
        if request in hard and limit in hard and parse(hard[request]).nano > parse(hard[limit]).nano:
            warnings.append(f"ResourceQuota {request} ({hard[request]}) should be less than {limit} ({hard[limit]})")
    return warnings


BEHAVIOUR: Final = Behaviour(
    validate=_validate,
    validate_update=_validate_update,
    validate_status=_validate_status,
    warnings=_warnings,
)
