"""PodDisruptionBudget. Follows ValidatePodDisruptionBudget and the registry's strategy."""

from typing import Final

from orrery.kinds.kind import Behaviour, Errors
from orrery.kinds.pods.template import non_negative, printed_selector, validate_at_most_all, validate_int_or_percent
from orrery.kinds.rules.conditions import validate_conditions
from orrery.kinds.rules.label_selectors import validate_label_selector
from orrery.kinds.rules.printed import go_struct
from orrery.machinery.field_errors import invalid, not_supported
from orrery.machinery.objects import FrozenObject, Object

_COUNTS: Final = ("disruptionsAllowed", "currentHealthy", "desiredHealthy", "expectedPods")
DISRUPTION_ALLOWED: Final = "DisruptionAllowed"
_EVICTION_POLICIES: Final = ("AlwaysAllow", "IfHealthyBudget")


def _validate(obj: Object) -> Errors:
    return _validate_spec(obj.get("spec") or {})


def _validate_spec(spec: FrozenObject, *, any_value: bool = False) -> Errors:
    errors: Errors = []
    if spec.get("minAvailable") is not None and spec.get("maxUnavailable") is not None:
        told = go_struct(
            (
                ("MinAvailable", spec["minAvailable"]),
                ("Selector", printed_selector(spec.get("selector"))),
                ("MaxUnavailable", spec["maxUnavailable"]),
                ("UnhealthyPodEvictionPolicy", spec.get("unhealthyPodEvictionPolicy")),
            )
        )
        errors.append(invalid("spec", told, "minAvailable and maxUnavailable cannot be both set"))
    for field in ("minAvailable", "maxUnavailable"):
        if (value := spec.get(field)) is not None:
            errors += validate_int_or_percent(value, f"spec.{field}")
            errors += validate_at_most_all(value, f"spec.{field}")
    errors += validate_label_selector(spec.get("selector"), "spec.selector", any_value=any_value)
    policy = spec.get("unhealthyPodEvictionPolicy")
    if policy is not None and policy not in _EVICTION_POLICIES:
        errors.append(not_supported("spec.unhealthyPodEvictionPolicy", policy, _EVICTION_POLICIES))
    return errors


def _validate_update(obj: Object, old: FrozenObject) -> Errors:
    before = (old.get("spec") or {}).get("selector")
    return _validate_spec(obj.get("spec") or {}, any_value=bool(validate_label_selector(before, "")))


def _validate_status(obj: Object, old: FrozenObject) -> Errors:
    status = obj.get("status") or {}
    return validate_conditions(status.get("conditions") or (), "status.conditions") + non_negative(status, "status", *_COUNTS)


def set_disruption_allowed(status: Object, now: str, *, reason: str = "", message: str = "") -> None:
    """Set the condition DisruptionAllowed as `disruptionsAllowed` has it, or False for a reason of its own."""
    is_allowed = status.get("disruptionsAllowed", 0) > 0 and not reason
    wanted: Object = {"type": DISRUPTION_ALLOWED, "status": "True" if is_allowed else "False"}
    if generation := status.get("observedGeneration"):
        wanted["observedGeneration"] = generation
    why = reason or ("SufficientPods" if is_allowed else "InsufficientPods")
    wanted.update(lastTransitionTime=now, reason=why, message=message)
    conditions = status.setdefault("conditions", [])
    for index, condition in enumerate(conditions):
        if condition["type"] == DISRUPTION_ALLOWED:
            if condition["status"] == wanted["status"]:
                wanted["lastTransitionTime"] = condition["lastTransitionTime"]
            conditions[index] = wanted
            return
    conditions.append(wanted)


BEHAVIOUR: Final = Behaviour(
    validate=_validate,
    validate_update=_validate_update,
    validate_status=_validate_status,
    name_rule=lambda name, prefix: (),
    has_generation=True,
    allow_unconditional_update=False,
)
