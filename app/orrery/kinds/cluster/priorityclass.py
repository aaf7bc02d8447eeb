"""PriorityClass: the value and the policy are for good; names that begin with `system-` belong to the system.

Follows scheduling's `ValidatePriorityClass`.
"""

from typing import Final

from orrery.kinds.kind import Behaviour, Errors
from orrery.kinds.rules.field_rules import unchanged
from orrery.machinery.field_errors import forbidden, not_supported, required
from orrery.machinery.objects import FrozenObject, Object, name_of

USER_VALUE_MAX: Final = 1_000_000_000
SYSTEM_CLASSES: Final = {"system-node-critical": 2_000_001_000, "system-cluster-critical": 2_000_000_000}
_POLICIES: Final = ("PreemptLowerPriority", "Never")


def _default(obj: Object) -> None:
    obj.setdefault("preemptionPolicy", "PreemptLowerPriority")


def _prepare_create(obj: Object) -> None:
    obj["metadata"]["generation"] = 1


def _system_problem(name: str, value: int, *, is_default: bool) -> str:
    if name not in SYSTEM_CLASSES:
        return f"{name} is not a known system priority class"
    if SYSTEM_CLASSES[name] != value:
        return f"value of {name} PriorityClass must be {SYSTEM_CLASSES[name]}"
    return f"globalDefault of {name} PriorityClass must be false" if is_default else ""


def _validate(obj: Object) -> Errors:
    name, value = name_of(obj), obj.get("value", 0)
    errors: Errors = []
    if name.startswith("system-"):
        if problem := _system_problem(name, value, is_default=bool(obj.get("globalDefault"))):
            why = f"priority class names with 'system-' prefix are reserved for system use only. error: {problem}"
            errors.append(forbidden("metadata.name", why))
    elif value > USER_VALUE_MAX:
        errors.append(forbidden("value", f"maximum allowed value of a user defined priority is {USER_VALUE_MAX}"))
    policy = obj.get("preemptionPolicy")
    if policy == "":
        errors.append(required("preemptionPolicy"))
    elif policy not in _POLICIES:
        errors.append(not_supported("preemptionPolicy", policy, _POLICIES))
    return errors


def _validate_update(obj: Object, old: FrozenObject) -> Errors:
    errors = [] if obj.get("value", 0) == old.get("value", 0) else [forbidden("value", "may not be changed in an update.")]
    return errors + unchanged("preemptionPolicy", obj.get("preemptionPolicy"), old.get("preemptionPolicy"))


def _delete_problem(name: str) -> str:
    return "this is a system priority class and cannot be deleted" if name in SYSTEM_CLASSES else ""


BEHAVIOUR: Final = Behaviour(
    default=_default,
    prepare_create=_prepare_create,
    validate=_validate,
    validate_update=_validate_update,
    delete_problem=_delete_problem,
)
