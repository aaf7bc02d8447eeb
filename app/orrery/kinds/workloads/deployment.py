"""Deployment. Follows pkg/apis/apps/v1/defaults.go, ValidateDeployment and the registry's strategy."""

from collections.abc import Sequence
from typing import Any, Final

from orrery.kinds.kind import Behaviour, Errors
from orrery.kinds.pods.defaults import default_pod_template
from orrery.kinds.pods.pod import hostname_warnings
from orrery.kinds.pods.template import (
    NOT_NEGATIVE,
    POD_NAMES,
    SCALE,
    drop_disabled_template_fields,
    generation_changed,
    immutable,
    int_or_percent,
    non_negative,
    not_above,
    not_decremented,
    template_warnings,
    validate_at_most_all,
    validate_int_or_percent,
    validate_replica_template,
    validate_selector,
)
from orrery.kinds.rules.printed import go_struct
from orrery.machinery.field_errors import forbidden, invalid, not_supported, required
from orrery.machinery.objects import FrozenObject, Object

_STRATEGIES: Final = ("Recreate", "RollingUpdate")


def _default(obj: Object) -> None:
    spec = obj.setdefault("spec", {})
    default_pod_template(spec.setdefault("template", {}))
    spec.setdefault("replicas", 1)
    strategy = spec.setdefault("strategy", {})
    if not strategy.get("type"):
        strategy["type"] = "RollingUpdate"
    if strategy["type"] == "RollingUpdate":
        rolling = strategy.setdefault("rollingUpdate", {})
        rolling.setdefault("maxUnavailable", "25%")
        rolling.setdefault("maxSurge", "25%")
    spec.setdefault("revisionHistoryLimit", 10)
    spec.setdefault("progressDeadlineSeconds", 600)


def _prepare_update(obj: Object, old: FrozenObject) -> None:
    drop_disabled_template_fields(obj, old)
    # A change of annotations counts as a change here, so that controllers see a new change cause.
    if (obj["metadata"].get("annotations") or {}) != (old["metadata"].get("annotations") or {}):
        obj["metadata"]["generation"] = old["metadata"].get("generation", 0) + 1


def _prepare_status(obj: Object, old: FrozenObject) -> None:
    """A status update leaves labels alone."""
    if "labels" in old["metadata"]:
        obj["metadata"]["labels"] = old["metadata"]["labels"]
    else:
        obj["metadata"].pop("labels", None)


def _validate(obj: Object) -> Errors:
    spec = obj["spec"]
    errors = non_negative(spec, "spec", "replicas")
    errors += validate_selector(spec, "spec.selector", "empty selector is invalid for deployment")
    errors += validate_replica_template(spec, "spec.template", "ReplicaSet")
    errors += _strategy(spec.get("strategy") or {}, "spec.strategy")
    errors += non_negative(spec, "spec", "minReadySeconds", "revisionHistoryLimit")
    deadline = spec.get("progressDeadlineSeconds")
    if deadline is not None:
        if deadline < 0:
            errors.append(invalid("spec.progressDeadlineSeconds", deadline, NOT_NEGATIVE))
        if deadline <= spec.get("minReadySeconds", 0):
            errors.append(invalid("spec.progressDeadlineSeconds", deadline, "must be greater than minReadySeconds"))
    return errors


def _strategy(strategy: FrozenObject, path: str) -> Errors:
    kind = strategy.get("type", "")
    rolling = strategy.get("rollingUpdate")
    if kind == "Recreate":
        if rolling is not None:
            return [forbidden(f"{path}.rollingUpdate", "may not be specified when strategy `type` is 'Recreate'")]
        return []
    if kind == "RollingUpdate":
        if rolling is None:
            return [required(f"{path}.rollingUpdate", "this should be defaulted and never be nil")]
        return _rolling_update(rolling, f"{path}.rollingUpdate")
    return [not_supported(path, _as_go(strategy), _STRATEGIES)]


def _as_go(strategy: FrozenObject) -> Any:
    rolling = strategy.get("rollingUpdate")
    if rolling is not None:
        rolling = go_struct((("MaxUnavailable", rolling.get("maxUnavailable", 0)), ("MaxSurge", rolling.get("maxSurge", 0))))
    return go_struct((("Type", strategy.get("type", "")), ("RollingUpdate", rolling)))


def _rolling_update(rolling: FrozenObject, path: str) -> Errors:
    unavailable, surge = rolling.get("maxUnavailable", 0), rolling.get("maxSurge", 0)
    errors = validate_int_or_percent(unavailable, f"{path}.maxUnavailable")
    errors += validate_int_or_percent(surge, f"{path}.maxSurge")
    if int_or_percent(unavailable) == 0 and int_or_percent(surge) == 0:
        errors.append(invalid(f"{path}.maxUnavailable", unavailable, "may not be 0 when `maxSurge` is 0"))
    return errors + validate_at_most_all(unavailable, f"{path}.maxUnavailable")


def _validate_update(obj: Object, old: FrozenObject) -> Errors:
    return _validate(obj) + immutable(obj["spec"], old["spec"], "selector")


def _validate_status(obj: Object, old: FrozenObject) -> Errors:
    status = obj.get("status") or {}
    counts = ("observedGeneration", "replicas", "updatedReplicas", "readyReplicas", "availableReplicas", "unavailableReplicas")
    errors = non_negative(status, "status", *counts, "terminatingReplicas", "collisionCount")
    errors += not_above(status, "status", ("updatedReplicas", "readyReplicas", "availableReplicas"))
    errors += not_above(status, "status", ("availableReplicas",), most="readyReplicas", told="readyReplicas")
    return errors + not_decremented(status, old.get("status") or {})


def _warnings(obj: Object, old: FrozenObject | None) -> Sequence[str]:
    if old is None:
        return hostname_warnings(obj["metadata"].get("name", ""), POD_NAMES) + template_warnings(obj)
    return template_warnings(obj) if generation_changed(obj, old) else ()


BEHAVIOUR: Final = Behaviour(
    default=_default,
    prepare_create=drop_disabled_template_fields,
    prepare_update=_prepare_update,
    prepare_status=_prepare_status,
    validate=_validate,
    validate_update=_validate_update,
    validate_status=_validate_status,
    warnings=_warnings,
    has_generation=True,
    scale=SCALE,
)
