"""HorizontalPodAutoscaler (autoscaling/v2, which is how both versions are stored). Follows its defaults, validation and strategy."""

from typing import Any, Final

from orrery.kinds.kind import Behaviour, Errors
from orrery.kinds.pods.resources import validate_container_resource_name
from orrery.kinds.pods.template import non_negative
from orrery.kinds.rules.field_rules import path_segment_messages
from orrery.machinery.field_errors import forbidden, invalid, not_supported, required
from orrery.machinery.names import is_dns1123_label
from orrery.machinery.objects import FrozenObject, Object
from orrery.machinery.quantities import parse

_SOURCES: Final = {
    "Object": "object",
    "External": "external",
    "Pods": "pods",
    "Resource": "resource",
    "ContainerResource": "containerResource",
}
"""Metric types and their fields, in the order upstream looks at them."""
_PERIOD_S_MAX: Final = 1800
_STABILIZATION_S_MAX: Final = 3600
_MUST_POPULATE: Final = "must populate information for the given metric source"
_RAW_OR_UTILIZATION: Final = "must set either a target raw value or a target utilization"


def _policy(kind: str, value: int) -> Object:
    return {"type": kind, "value": value, "periodSeconds": 15}


def _default(obj: Object) -> None:
    spec = obj.setdefault("spec", {})
    spec.setdefault("minReplicas", 1)
    if not spec.get("metrics"):
        target = {"type": "Utilization", "averageUtilization": 80}
        spec["metrics"] = [{"type": "Resource", "resource": {"name": "cpu", "target": target}}]
    behaviour = spec.get("behavior")
    if behaviour is None:
        return
    up = {"stabilizationWindowSeconds": 0, "selectPolicy": "Max", "policies": [_policy("Pods", 4), _policy("Percent", 100)]}
    down = {"selectPolicy": "Max", "policies": [_policy("Percent", 100)]}
    behaviour["scaleUp"] = {**up, **_given(behaviour.get("scaleUp"))}
    behaviour["scaleDown"] = {**down, **_given(behaviour.get("scaleDown"))}


def _given(rules: FrozenObject | None) -> Object:
    return {field: value for field, value in (rules or {}).items() if value is not None}


def _validate(obj: Object) -> Errors:
    return _validate_spec(obj["spec"], None)


def _validate_update(obj: Object, old: FrozenObject) -> Errors:
    return _validate_spec(obj["spec"], old["spec"])


def _validate_spec(spec: FrozenObject, before: FrozenObject | None) -> Errors:
    errors: Errors = []
    low, high = spec.get("minReplicas"), spec.get("maxReplicas", 0)
    least = 0 if before is not None and before.get("minReplicas") == 0 else 1
    if low is not None and low < least:
        errors.append(invalid("spec.minReplicas", low, f"must be greater than or equal to {least}"))
    if high < 1:
        errors.append(invalid("spec.maxReplicas", high, "must be greater than 0"))
    if low is not None and high < low:
        errors.append(invalid("spec.maxReplicas", high, "must be greater than or equal to `minReplicas`"))
    target = spec.get("scaleTargetRef") or {}
    had = (before or {}).get("scaleTargetRef") or {}
    same = before is not None and all(had.get(field) == target.get(field) for field in ("apiVersion", "kind"))
    core = target.get("kind") == "ReplicationController"
    errors += _reference(target, "spec.scaleTargetRef", any_version=same, allow_core=core)
    any_version = any(_version_problem(_described(metric), allow_core=True) for metric in (before or {}).get("metrics") or ())
    errors += _metrics(spec, "spec.metrics", any_version=any_version)
    for field in ("scaleUp", "scaleDown"):
        rules = (spec.get("behavior") or {}).get(field)
        if rules is not None:
            errors += _scaling_rules(rules, f"spec.behavior.{field}")
    return errors


def _described(metric: FrozenObject) -> FrozenObject:
    return ((metric.get("object") or {}).get("describedObject") or {}) if metric.get("type") == "Object" else {"apiVersion": "a/b"}


def _reference(reference: FrozenObject, path: str, *, any_version: bool, allow_core: bool) -> Errors:
    errors: Errors = []
    for field in ("kind", "name"):
        value = reference.get(field)
        if not value:
            errors.append(required(f"{path}.{field}"))
        else:
            errors += [invalid(f"{path}.{field}", value, message) for message in path_segment_messages(value)]
    if not any_version and (problem := _version_problem(reference, allow_core=allow_core)):
        errors.append(invalid(f"{path}.apiVersion", reference.get("apiVersion", ""), problem))
    return errors


def _version_problem(reference: FrozenObject, *, allow_core: bool) -> str:
    version = reference.get("apiVersion", "")
    if version.count("/") > 1:
        return f"unexpected GroupVersion string: {version}"
    group = version.partition("/")[0] if "/" in version else ""
    return "" if group or allow_core else "apiVersion must specify API group"


def _metrics(spec: FrozenObject, path: str, *, any_version: bool) -> Errors:
    errors: Errors = []
    metrics = spec.get("metrics") or ()
    for index, metric in enumerate(metrics):
        errors += _metric(metric, f"{path}[{index}]", any_version=any_version)
    if spec.get("minReplicas") == 0 and not any(metric.get("type") in ("Object", "External") for metric in metrics):
        text = "must specify at least one Object or External metric to support scaling to zero replicas"
        errors.append(forbidden(path, text))
    return errors


def _metric(metric: FrozenObject, path: str, *, any_version: bool) -> Errors:
    errors: Errors = []
    kind = metric.get("type", "")
    if not kind:
        errors.append(required(f"{path}.type", "must specify a metric source type"))
    if kind not in _SOURCES:
        errors.append(not_supported(f"{path}.type", kind, sorted(_SOURCES)))
    present = [field for field in _SOURCES.values() if field in metric]
    if present:
        errors += _source(present[0], metric[present[0]], f"{path}.{present[0]}", any_version=any_version)
    expected = _SOURCES.get(kind)
    if expected is None:
        errors.append(not_supported(f"{path}.type", kind, sorted(_SOURCES)))
    elif expected not in metric:
        errors.append(required(f"{path}.{expected}", _MUST_POPULATE))
    if len(present) != 1:
        errors += [forbidden(f"{path}.{field}", "must populate the given metric source only") for field in present if field != expected]
    return errors


def _source(field: str, source: FrozenObject, path: str, *, any_version: bool) -> Errors:
    errors: Errors = []
    target = source.get("target") or {}
    if field == "object":
        errors += _reference(source.get("describedObject") or {}, f"{path}.describedObject", any_version=any_version, allow_core=True)
    if field in ("object", "external", "pods"):
        errors += _identifier(source.get("metric") or {}, f"{path}.metric")
    else:
        errors += _resource_names(field, source, path)
    errors += _target(target, f"{path}.target")
    return errors + _target_values(field, target, f"{path}.target")


def _identifier(metric: FrozenObject, path: str) -> Errors:
    name = metric.get("name")
    if not name:
        return [required(f"{path}.name", "must specify a metric name")]
    return [invalid(f"{path}.name", name, message) for message in path_segment_messages(name)]


def _resource_names(field: str, source: FrozenObject, path: str) -> Errors:
    errors: Errors = []
    name = source.get("name", "")
    if not name:
        errors.append(required(f"{path}.name", "must specify a resource name"))
    elif field == "containerResource":
        errors += validate_container_resource_name(name, f"{path}.name")
    if field == "containerResource":
        container = source.get("container", "")
        if not container:
            errors.append(required(f"{path}.container", "must specify a container"))
        else:
            errors += [invalid(f"{path}.container", container, message) for message in is_dns1123_label(container)]
    return errors


def _target(target: FrozenObject, path: str) -> Errors:
    errors: Errors = []
    kind = target.get("type", "")
    if not kind:
        errors.append(required(f"{path}.type", "must specify a metric target type"))
    if kind not in ("Utilization", "Value", "AverageValue"):
        errors.append(invalid(f"{path}.type", kind, "must be either Utilization, Value, or AverageValue"))
    for field in ("value", "averageValue"):
        amount = target.get(field)
        if amount is not None and parse(amount).nano <= 0:
            errors.append(invalid(f"{path}.{field}", parse(amount).text, "must be positive"))
    utilization = target.get("averageUtilization")
    if utilization is not None and utilization < 1:
        errors.append(invalid(f"{path}.averageUtilization", utilization, "must be greater than 0"))
    return errors


def _target_values(field: str, target: FrozenObject, path: str) -> Errors:
    value, average, utilization = (target.get(name) for name in ("value", "averageValue", "averageUtilization"))
    if field == "pods":
        return [required(f"{path}.averageValue", "must specify a positive target averageValue")] if average is None else []
    if field in ("resource", "containerResource"):
        if utilization is None and average is None:
            return [required(f"{path}.averageUtilization", _RAW_OR_UTILIZATION)]
        both = utilization is not None and average is not None
        return [forbidden(f"{path}.averageValue", "may not set both a target raw value and a target utilization")] if both else []
    if value is None and average is None:
        what = "a target value or averageValue" if field == "object" else "a target value for metric or a per-pod target"
        return [required(f"{path}.averageValue", f"must set either {what}")]
    if field == "external" and value is not None and average is not None:
        return [forbidden(f"{path}.value", "may not set both a target value for metric and a per-pod target")]
    return []


def _scaling_rules(rules: FrozenObject, path: str) -> Errors:
    errors: Errors = []
    window = rules.get("stabilizationWindowSeconds")
    if window is not None and window < 0:
        errors.append(invalid(f"{path}.stabilizationWindowSeconds", window, "must be greater than or equal to zero"))
    if window is not None and window > _STABILIZATION_S_MAX:
        text = f"must be less than or equal to {_STABILIZATION_S_MAX}"
        errors.append(invalid(f"{path}.stabilizationWindowSeconds", window, text))
    select = rules.get("selectPolicy")
    if select is not None and select not in ("Disabled", "Max", "Min"):
        errors.append(not_supported(f"{path}.selectPolicy", select, ("Disabled", "Max", "Min")))
    policies: list[Any] = rules.get("policies") or []
    if not policies:
        errors.append(required(f"{path}.policies", "must specify at least one Policy"))
    for index, policy in enumerate(policies):
        errors += _scaling_policy(policy, f"{path}.policies[{index}]")
    tolerance = rules.get("tolerance")
    if tolerance is not None and parse(tolerance).nano < 0:
        errors.append(invalid(f"{path}.tolerance", parse(tolerance).text, "must be greater than or equal to 0"))
    return errors


def _scaling_policy(policy: FrozenObject, path: str) -> Errors:
    errors: Errors = []
    kind, value, period = policy.get("type", ""), policy.get("value", 0), policy.get("periodSeconds", 0)
    if kind not in ("Pods", "Percent"):
        errors.append(not_supported(f"{path}.type", kind, ("Percent", "Pods")))
    if value <= 0:
        errors.append(invalid(f"{path}.value", value, "must be greater than zero"))
    if period <= 0:
        errors.append(invalid(f"{path}.periodSeconds", period, "must be greater than zero"))
    if period > _PERIOD_S_MAX:
        errors.append(invalid(f"{path}.periodSeconds", period, f"must be less than or equal to {_PERIOD_S_MAX}"))
    return errors


def _validate_status(obj: Object, old: FrozenObject) -> Errors:
    return non_negative(obj.get("status") or {}, "status", "currentReplicas", "desiredReplicas")


BEHAVIOUR: Final = Behaviour(
    default=_default,
    validate=_validate,
    validate_update=_validate_update,
    validate_status=_validate_status,
)
