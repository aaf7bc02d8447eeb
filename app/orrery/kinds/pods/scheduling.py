"""Validation of what decides where a Pod runs: affinity, tolerations, topology spread, scheduling gates.

Follows validateAffinity, ValidateTolerations and validateTopologySpreadConstraints of core.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from orrery.kinds.kind import Errors
from orrery.kinds.rules.label_selectors import validate_label_name, validate_label_selector, validate_requirement
from orrery.machinery.field_errors import duplicate, forbidden, invalid, not_supported, required
from orrery.machinery.names import is_dns1123_label, is_dns1123_subdomain, is_label_value, is_qualified_name
from orrery.machinery.objects import FrozenObject

REQUIRED: Final = "requiredDuringSchedulingIgnoredDuringExecution"
PREFERRED: Final = "preferredDuringSchedulingIgnoredDuringExecution"
_EFFECTS: Final = ("NoSchedule", "PreferNoSchedule", "NoExecute")
_WEIGHT: Final = "must be in the range 1-100"
_NO_SELECTOR: Final = "must not be specified when labelSelector is not set"
_TWICE: Final = "exists in both matchLabelKeys and labelSelector"


def validate_affinity(affinity: FrozenObject, path: str) -> Errors:
    errors: Errors = []
    if "nodeAffinity" in affinity:
        errors += _node_affinity(affinity["nodeAffinity"], f"{path}.nodeAffinity")
    for field in ("podAffinity", "podAntiAffinity"):
        if field in affinity:
            errors += _pod_affinity(affinity[field], f"{path}.{field}")
    return errors


def _node_affinity(affinity: FrozenObject, path: str) -> Errors:
    errors: Errors = []
    if REQUIRED in affinity:
        errors += validate_node_selector(affinity[REQUIRED], f"{path}.{REQUIRED}")
    for index, term in enumerate(affinity.get(PREFERRED) or ()):
        at = f"{path}.{PREFERRED}[{index}]"
        weight = term.get("weight", 0)
        if not 1 <= weight <= 100:
            errors.append(invalid(f"{at}.weight", weight, _WEIGHT))
        errors += _node_selector_term(term.get("preference") or {}, f"{at}.preference", any_value=True)
    return errors


def validate_node_selector(selector: FrozenObject, path: str) -> Errors:
    """ValidateNodeSelector."""
    terms = selector.get("nodeSelectorTerms") or ()
    if not terms:
        return [required(f"{path}.nodeSelectorTerms", "must have at least one node selector term")]
    errors: Errors = []
    for index, term in enumerate(terms):
        errors += _node_selector_term(term, f"{path}.nodeSelectorTerms[{index}]", any_value=False)
    return errors


def _node_selector_term(term: FrozenObject, path: str, *, any_value: bool) -> Errors:
    errors: Errors = []
    for index, requirement in enumerate(term.get("matchExpressions") or ()):
        errors += validate_requirement(requirement, f"{path}.matchExpressions[{index}]", any_value=any_value, compares=True)
    for index, requirement in enumerate(term.get("matchFields") or ()):
        errors += _node_field_requirement(requirement, f"{path}.matchFields[{index}]")
    return errors


def _node_field_requirement(requirement: FrozenObject, path: str) -> Errors:
    errors: Errors = []
    operator = requirement.get("operator", "")
    values = requirement.get("values") or ()
    if operator in ("In", "NotIn"):
        if len(values) != 1:
            text = "must be only one value when `operator` is 'In' or 'NotIn' for node field selector"
            errors.append(required(f"{path}.values", text))
    else:
        errors.append(invalid(f"{path}.operator", operator, "not a valid selector operator"))
    key = requirement.get("key", "")
    if key != "metadata.name":
        errors.append(invalid(f"{path}.key", key, "not a valid field selector key"))
        return errors
    for index, value in enumerate(values):
        errors += [invalid(f"{path}.values[{index}]", value, message) for message in is_dns1123_subdomain(value)]
    return errors


def _pod_affinity(affinity: FrozenObject, path: str) -> Errors:
    errors: Errors = []
    for index, term in enumerate(affinity.get(REQUIRED) or ()):
        errors += _pod_term(term, f"{path}.{REQUIRED}[{index}]")
    for index, weighted in enumerate(affinity.get(PREFERRED) or ()):
        at = f"{path}.{PREFERRED}[{index}]"
        weight = weighted.get("weight", 0)
        if not 1 <= weight <= 100:
            errors.append(invalid(f"{at}.weight", weight, _WEIGHT))
        errors += _pod_term(weighted.get("podAffinityTerm") or {}, f"{at}.podAffinityTerm")
    return errors


def _pod_term(term: FrozenObject, path: str) -> Errors:
    errors = validate_label_selector(term.get("labelSelector"), f"{path}.labelSelector")
    errors += validate_label_selector(term.get("namespaceSelector"), f"{path}.namespaceSelector")
    for name in term.get("namespaces") or ():
        errors += [invalid(f"{path}.namespace", name, message) for message in is_dns1123_label(name)]
    errors += _label_keys(term, path)
    key = term.get("topologyKey", "")
    if not key:
        errors.append(required(f"{path}.topologyKey", "can not be empty"))
    return errors + validate_label_name(key, f"{path}.topologyKey")


def _label_keys(term: FrozenObject, path: str) -> Errors:
    """ValidateMatchLabelKeysAndMismatchLabelKeys."""
    match = term.get("matchLabelKeys") or ()
    mismatch = term.get("mismatchLabelKeys") or ()
    if not match and not mismatch:
        return []
    selector = term.get("labelSelector")
    errors: Errors = []
    for field, keys in (("matchLabelKeys", match), ("mismatchLabelKeys", mismatch)):
        if keys and selector is None:
            errors.append(forbidden(f"{path}.{field}", _NO_SELECTOR))
        elif keys:
            for index, key in enumerate(keys):
                errors += validate_label_name(key, f"{path}.{field}[{index}]")
    if selector is not None:
        errors += _keys_in_selector(selector, match, path)
    errors += [
        invalid(f"{path}.matchLabelKeys[{index}]", key, "exists in both matchLabelKeys and mismatchLabelKeys")
        for index, key in enumerate(match)
        if key in mismatch
    ]
    return errors


def _keys_in_selector(selector: FrozenObject, match: Sequence[str], path: str) -> Errors:
    """A key that was merged into the selector once is fine; what is there besides is a repetition."""
    errors: Errors = []
    positions = {key: index for index, key in enumerate(match)}
    seen = set(selector.get("matchLabels") or ())
    for requirement in selector.get("matchExpressions") or ():
        key = requirement.get("key", "")
        if key in positions and key in seen:
            errors.append(invalid(f"{path}[{positions[key]}]", key, _TWICE))
        seen.add(key)
    return errors


def validate_tolerations(tolerations: list[Any], path: str) -> Errors:
    errors: Errors = []
    for index, toleration in enumerate(tolerations):
        errors += _toleration(toleration, f"{path}[{index}]")
    return errors


def _toleration(toleration: FrozenObject, path: str) -> Errors:
    errors: Errors = []
    key = toleration.get("key", "")
    operator = toleration.get("operator", "")
    effect = toleration.get("effect", "")
    value = toleration.get("value", "")
    if key:
        errors += validate_label_name(key, f"{path}.key")
    elif operator != "Exists":
        text = 'operator must be Exists when `key` is empty, which means "match all values and all keys"'
        errors.append(invalid(f"{path}.operator", operator, text))
    if toleration.get("tolerationSeconds") is not None and effect != "NoExecute":
        errors.append(invalid(f"{path}.effect", effect, "effect must be 'NoExecute' when `tolerationSeconds` is set"))
    if operator in ("Equal", ""):
        if messages := is_label_value(value):
            errors.append(invalid(f"{path}.operator", value, ";".join(messages)))
    elif operator == "Exists":
        if value:
            errors.append(invalid(f"{path}.operator", value, "value must be empty when `operator` is 'Exists'"))
    elif operator in ("Lt", "Gt"):
        errors.append(not_supported(f"{path}.operator", operator, ("Equal", "Exists", "Lt", "Gt")))
    else:
        errors.append(not_supported(f"{path}.operator", operator, ("Equal", "Exists")))
    if effect and effect not in _EFFECTS:
        errors.append(not_supported(f"{path}.effect", effect, _EFFECTS))
    return errors


def validate_scheduling_gates(gates: list[Any], path: str) -> Errors:
    errors: Errors = []
    seen: set[str] = set()
    for index, gate in enumerate(gates):
        name = gate.get("name", "")
        errors += [invalid(f"{path}[{index}]", name, message) for message in is_qualified_name(name)]
        if name in seen:
            errors.append(duplicate(f"{path}[{index}]", name))
        seen.add(name)
    return errors


def validate_topology_spread(constraints: list[Mapping[str, Any]], path: str) -> Errors:
    errors: Errors = []
    for index, constraint in enumerate(constraints):
        errors += _spread(constraint, f"{path}[{index}]", constraints[index + 1 :])
    return errors


def _spread(constraint: FrozenObject, path: str, rest: Sequence[FrozenObject]) -> Errors:
    errors: Errors = []
    skew = constraint.get("maxSkew", 0)
    if skew <= 0:
        errors.append(invalid(f"{path}.maxSkew", skew, "must be greater than zero"))
    key = constraint.get("topologyKey", "")
    action = constraint.get("whenUnsatisfiable", "")
    if not key:
        errors.append(required(f"{path}.topologyKey", "can not be empty"))
    if action not in ("DoNotSchedule", "ScheduleAnyway"):
        errors.append(not_supported(f"{path}.whenUnsatisfiable", action, ("DoNotSchedule", "ScheduleAnyway")))
    if any(other.get("topologyKey", "") == key and other.get("whenUnsatisfiable", "") == action for other in rest):
        errors.append(duplicate(f"{path}.{{topologyKey, whenUnsatisfiable}}", f"{{{key}, {action}}}"))
    domains = constraint.get("minDomains")
    if domains is not None:
        if domains <= 0:
            errors.append(invalid(f"{path}.minDomains", domains, "must be greater than zero"))
        if action != "DoNotSchedule":
            text = f"can only use minDomains if whenUnsatisfiable=DoNotSchedule, not {action}"
            errors.append(invalid(f"{path}.minDomains", domains, text))
    for field in ("nodeAffinityPolicy", "nodeTaintsPolicy"):
        policy = constraint.get(field)
        if policy is not None and policy not in ("Honor", "Ignore"):
            errors.append(not_supported(f"{path}.{field}", policy, ("Honor", "Ignore")))
    errors += _label_keys(constraint, path)
    return errors + validate_label_selector(constraint.get("labelSelector"), f"{path}.labelSelector")
