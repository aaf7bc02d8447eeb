"""Lease: durations, transitions and strategy. Follows coordination's `ValidateLeaseSpec`."""

from typing import Final

from orrery.kinds.kind import Behaviour, Errors
from orrery.kinds.rules.field_rules import non_negative, qualified
from orrery.machinery.field_errors import forbidden, invalid, not_supported
from orrery.machinery.objects import Object

_STRATEGIES: Final = ("OldestEmulationVersion",)


def _drop_strategy(obj: Object) -> None:
    """Coordinated leader election is off by default; upstream drops what belongs to it."""
    spec = obj.get("spec") or {}
    spec.pop("strategy", None)
    spec.pop("preferredHolder", None)


def _validate(obj: Object) -> Errors:
    spec = obj.get("spec") or {}
    errors: Errors = []
    duration = spec.get("leaseDurationSeconds")
    if duration is not None and duration <= 0:
        errors.append(invalid("spec.leaseDurationSeconds", duration, "must be greater than 0"))
    errors += non_negative("spec.leaseTransitions", spec.get("leaseTransitions"))
    strategy = spec.get("strategy")
    if strategy is not None:
        path = "spec.strategy.strategy"  # Upstream adds the name twice.
        if "/" in strategy:
            errors += qualified(path, strategy)
        elif strategy not in _STRATEGIES:
            errors.append(not_supported(path, strategy, _STRATEGIES))
    if spec.get("preferredHolder") and not strategy:
        errors.append(forbidden("spec.preferredHolder", "may only be specified if `strategy` is defined"))
    return errors


BEHAVIOUR: Final = Behaviour(
    prepare_create=_drop_strategy,
    prepare_update=lambda obj, old: _drop_strategy(obj),
    validate=_validate,
    validate_update=lambda obj, old: _validate(obj),
    allow_create_on_update=True,
    allow_unconditional_update=False,
)
