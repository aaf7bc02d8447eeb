"""ValidatingAdmissionPolicy and its binding: defaults, and the fields people forget.

Follows `pkg/apis/admissionregistration`. DIFFERS: upstream compiles the CEL expressions; we store them as they are.
"""

from collections.abc import Mapping
from typing import Any, Final

from orrery.kinds.extension.webhookconfiguration import default_match, default_rules, rule_errors
from orrery.kinds.kind import Behaviour, Errors
from orrery.kinds.rules.field_rules import subdomain
from orrery.kinds.rules.label_selectors import validate_label_selector
from orrery.machinery.field_errors import duplicate, invalid, not_supported, required
from orrery.machinery.objects import Object

_FAILURE: Final = ("Fail", "Ignore")
_BOTH: Final = (
    "must not contain both Deny and Warn (repeating the same validation failure information "
    "in the API response and headers serves no purpose)"
)
_ACTIONS: Final = ("Audit", "Deny", "Warn")

Part = Mapping[str, Any]


def _spec(obj: Object) -> dict[str, Any]:
    spec: dict[str, Any] = obj.setdefault("spec", {})
    return spec


def _default_constraints(match: dict[str, Any]) -> None:
    default_match(match)
    for field in ("resourceRules", "excludeResourceRules"):
        default_rules(match.get(field) or ())


def _default_policy(obj: Object) -> None:
    spec = _spec(obj)
    spec.setdefault("failurePolicy", "Fail")
    if (match := spec.get("matchConstraints")) is not None:
        _default_constraints(match)


def _default_binding(obj: Object) -> None:
    if (match := _spec(obj).get("matchResources")) is not None:
        _default_constraints(match)


def _match_errors(match: Part, path: str) -> Errors:
    errors: Errors = []
    for field in ("namespaceSelector", "objectSelector"):
        errors += validate_label_selector(match.get(field), f"{path}.{field}")
    for field in ("resourceRules", "excludeResourceRules"):
        for index, rule in enumerate(match.get(field) or ()):
            errors += rule_errors(rule, f"{path}.{field}[{index}]")
    policy = match.get("matchPolicy")
    if policy not in ("Equivalent", "Exact"):
        errors.append(not_supported(f"{path}.matchPolicy", policy, ("Equivalent", "Exact")))
    return errors


def _validate_policy(obj: Object) -> Errors:
    spec = obj.get("spec") or {}
    errors: Errors = []
    policy = spec.get("failurePolicy")
    if policy not in _FAILURE:
        errors.append(not_supported("spec.failurePolicy", policy, _FAILURE))
    match = spec.get("matchConstraints")
    if match is None:
        errors.append(required("spec.matchConstraints"))
    else:
        errors += _match_errors(match, "spec.matchConstraints")
        if not match.get("resourceRules"):
            errors.append(required("spec.matchConstraints.resourceRules"))
    validations, audits = spec.get("validations") or [], spec.get("auditAnnotations") or []
    if not validations and not audits:
        why = "validations or auditAnnotations must contain at least one item"
        errors += [required("spec.validations", why), required("spec.auditAnnotations", why)]
    for index, validation in enumerate(validations):
        if not (validation.get("expression") or "").strip():
            errors.append(required(f"spec.validations[{index}].expression", "expression is not specified"))
    return errors


def _validate_binding(obj: Object) -> Errors:
    spec = obj.get("spec") or {}
    name = spec.get("policyName", "")
    errors = subdomain("spec.policyName", name) if name else [required("spec.policyName")]
    if (match := spec.get("matchResources")) is not None:
        errors += _match_errors(match, "spec.matchResources")
    actions = spec.get("validationActions") or []
    if not actions:
        errors.append(required("spec.validationActions", "at least one validation action is required"))
    for index, action in enumerate(actions):
        if action not in _ACTIONS:
            errors.append(not_supported(f"spec.validationActions[{index}]", action, _ACTIONS))
        if action in actions[:index]:
            errors.append(duplicate(f"spec.validationActions[{index}]", action))
    if "Deny" in actions and "Warn" in actions:
        errors.append(invalid("spec.validationActions", actions, _BOTH))
    return errors


POLICY: Final = Behaviour(
    default=_default_policy,
    validate=_validate_policy,
    validate_update=lambda obj, old: _validate_policy(obj),
    has_generation=True,
    allow_unconditional_update=False,
)

BINDING: Final = Behaviour(
    default=_default_binding,
    validate=_validate_binding,
    validate_update=lambda obj, old: _validate_binding(obj),
    has_generation=True,
    allow_unconditional_update=False,
)
