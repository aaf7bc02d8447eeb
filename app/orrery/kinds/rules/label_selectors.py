"""Labels and label selectors inside objects: whether they are well formed, whether they are empty, whether they select.

Follows apimachinery's `apis/meta/v1/validation` and `LabelSelectorAsSelector`.
"""

from collections.abc import Mapping
from typing import Any

from orrery.kinds.kind import Errors
from orrery.machinery.field_errors import forbidden, invalid, required
from orrery.machinery.names import is_label_key, is_label_value


def validate_label_name(name: str, path: str) -> Errors:
    return [invalid(path, name, message) for message in is_label_key(name)]


def validate_labels(labels: Mapping[str, str] | None, path: str) -> Errors:
    """Keys and values of a label map; upstream names the map, not the key, as the field."""
    errors: Errors = []
    # DIFFERS: upstream walks the map in random order; we walk it in the order written.
    for key, value in (labels or {}).items():
        for message in is_label_key(key):
            errors.append(invalid(path, key, message))
        for message in is_label_value(value):
            errors.append(invalid(path, value, message))
    return errors


def validate_label_selector(selector: Mapping[str, Any] | None, path: str, *, any_value: bool = False) -> Errors:
    """What is wrong with a LabelSelector; `any_value` lets values through that are no label values (updates of old objects)."""
    if not selector:
        return []
    errors: Errors = []
    if labels := selector.get("matchLabels"):
        errors += validate_labels(labels, f"{path}.matchLabels")
    for index, requirement in enumerate(selector.get("matchExpressions") or ()):
        errors += validate_requirement(requirement, f"{path}.matchExpressions[{index}]", any_value=any_value)
    return errors


def validate_requirement(requirement: Mapping[str, Any], path: str, *, any_value: bool, compares: bool = False) -> Errors:
    """What is wrong with one requirement; `compares` lets it ask for greater and less, as those about nodes may."""
    errors: Errors = []
    operator = requirement.get("operator", "")
    values = requirement.get("values") or ()
    if operator in ("In", "NotIn"):
        if not values:
            errors.append(required(f"{path}.values", "must be specified when `operator` is 'In' or 'NotIn'"))
    elif operator in ("Exists", "DoesNotExist"):
        if values:
            errors.append(forbidden(f"{path}.values", "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"))
    elif compares and operator in ("Gt", "Lt"):
        if len(values) != 1:
            errors.append(required(f"{path}.values", "must be specified single value when `operator` is 'Lt' or 'Gt'"))
    else:
        errors.append(invalid(f"{path}.operator", operator, "not a valid selector operator"))
    errors += validate_label_name(requirement.get("key", ""), f"{path}.key")
    if not any_value:
        for index, value in enumerate(values):
            errors += [invalid(f"{path}.values[{index}]", value, message) for message in is_label_value(value)]
    return errors


def has_invalid_value(selector: Mapping[str, Any] | None) -> bool:
    """Whether a match expression already holds a value that is no label value."""
    for requirement in (selector or {}).get("matchExpressions") or ():
        if any(is_label_value(value) for value in requirement.get("values") or ()):
            return True
    return False
