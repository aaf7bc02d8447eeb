"""Conditions of the shape apimachinery's ValidateConditions checks (metav1.Condition)."""

import re
from collections.abc import Sequence
from typing import Any, Final

from orrery.kinds.kind import Errors
from orrery.kinds.rules.label_selectors import validate_label_name
from orrery.machinery.field_errors import duplicate, invalid, not_supported, required, too_long
from orrery.machinery.names import bytes_len, regex_message

_REASON: Final = "[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?"
_is_reason: Final = re.compile(_REASON).fullmatch
_REASON_MESSAGE: Final = regex_message(
    "a condition reason must start with alphabetic character, optionally followed by a string of alphanumeric characters or '_,:', "
    "and must end with an alphanumeric character or '_'",
    _REASON,
    "my_name",
    "MY_NAME",
    "MyName",
    "ReasonA,ReasonB",
    "ReasonA:ReasonB",
)
_REASON_BYTES_MAX: Final = 1024
_MESSAGE_BYTES_MAX: Final = 32 * 1024


def validate_conditions(conditions: Sequence[dict[str, Any]], path: str) -> Errors:
    errors: Errors = []
    seen: set[str] = set()
    for index, condition in enumerate(conditions):
        kind = condition.get("type", "")
        if kind in seen:
            errors.append(duplicate(f"{path}[{index}].type", kind))
        seen.add(kind)
        errors += _condition(condition, f"{path}[{index}]")
    return errors


def _condition(condition: dict[str, Any], path: str) -> Errors:
    errors = validate_label_name(condition.get("type", ""), f"{path}.type")
    status = condition.get("status", "")
    if status not in ("False", "True", "Unknown"):
        errors.append(not_supported(f"{path}.status", status, ("False", "True", "Unknown")))
    observed = condition.get("observedGeneration", 0)
    if observed < 0:
        errors.append(invalid(f"{path}.observedGeneration", observed, "must be greater than or equal to zero"))
    if not condition.get("lastTransitionTime"):
        errors.append(required(f"{path}.lastTransitionTime"))
    reason = condition.get("reason", "")
    if not reason:
        errors.append(required(f"{path}.reason"))
    else:
        if not _is_reason(reason):
            errors.append(invalid(f"{path}.reason", reason, _REASON_MESSAGE))
        if bytes_len(reason) > _REASON_BYTES_MAX:
            errors.append(too_long(f"{path}.reason", _REASON_BYTES_MAX))
    if bytes_len(condition.get("message", "")) > _MESSAGE_BYTES_MAX:
        errors.append(too_long(f"{path}.message", _MESSAGE_BYTES_MAX))
    return errors
