"""HorizontalPodAutoscalers of autoscaling/v1, which are stored as v2.

Follows upstream's `apis/autoscaling/v1`: version 1 knows one metric, CPU utilization; all else that v2 says rides in annotations as
JSON, so that a round trip through v1 loses nothing. Those annotations never reach storage.
"""

from typing import Any, Final

import orjson

from orrery.machinery.objects import FrozenObject, Object, thaw

_PREFIX: Final = "autoscaling.alpha.kubernetes.io/"
_METRICS: Final = _PREFIX + "metrics"
_CURRENT_METRICS: Final = _PREFIX + "current-metrics"
_CONDITIONS: Final = _PREFIX + "conditions"
_BEHAVIOR: Final = _PREFIX + "behavior"
_ROUND_TRIP: Final = frozenset({_METRICS, _CURRENT_METRICS, _CONDITIONS, _BEHAVIOR})
_CPU_UTILIZATION: Final = 80
"""What v1 means when it names no metric at all."""

# Version 1's field, and where version 2 has it.
_SOURCES: Final[dict[str, tuple[tuple[str, str], ...]]] = {
    "object": (
        *(("target", "describedObject"), ("metricName", "metric.name"), ("targetValue", "target.value")),
        *(("selector", "metric.selector"), ("averageValue", "target.averageValue")),
    ),
    "pods": (("metricName", "metric.name"), ("targetAverageValue", "target.averageValue"), ("selector", "metric.selector")),
    "resource": (
        ("name", "name"),
        ("targetAverageUtilization", "target.averageUtilization"),
        ("targetAverageValue", "target.averageValue"),
    ),
    "containerResource": (
        *(("name", "name"), ("targetAverageUtilization", "target.averageUtilization")),
        *(("targetAverageValue", "target.averageValue"), ("container", "container")),
    ),
    "external": (
        *(("metricName", "metric.name"), ("metricSelector", "metric.selector")),
        *(("targetValue", "target.value"), ("targetAverageValue", "target.averageValue")),
    ),
}
_STATUSES: Final[dict[str, tuple[tuple[str, str], ...]]] = {
    "object": (
        *(("target", "describedObject"), ("metricName", "metric.name"), ("currentValue", "current.value")),
        *(("selector", "metric.selector"), ("averageValue", "current.averageValue")),
    ),
    "pods": (("metricName", "metric.name"), ("currentAverageValue", "current.averageValue"), ("selector", "metric.selector")),
    "resource": (
        ("name", "name"),
        ("currentAverageUtilization", "current.averageUtilization"),
        ("currentAverageValue", "current.averageValue"),
    ),
    "containerResource": (
        *(("name", "name"), ("currentAverageUtilization", "current.averageUtilization")),
        *(("currentAverageValue", "current.averageValue"), ("container", "container")),
    ),
    "external": (
        *(("metricName", "metric.name"), ("metricSelector", "metric.selector")),
        *(("currentValue", "current.value"), ("currentAverageValue", "current.averageValue")),
    ),
}
_ALWAYS: Final = frozenset({("object", "targetValue"), ("pods", "targetAverageValue")})
_ALWAYS_CURRENT: Final = frozenset(
    {("object", "currentValue"), ("pods", "currentAverageValue"), ("resource", "currentAverageValue")}
    | {("containerResource", "currentAverageValue"), ("external", "currentValue")}
)
"""Quantities that version 1 writes even when they are zero."""


def to_storage(obj: Object) -> Object:
    """A decoded v1 object as v2."""
    annotations: dict[str, str] = obj["metadata"].get("annotations") or {}
    spec, status = obj.get("spec") or {}, obj.get("status") or {}
    stored: Object = {**obj, "apiVersion": "autoscaling/v2", "metadata": _without_round_trip(obj["metadata"])}
    stored["spec"] = _spec_to_v2(spec, annotations)
    stored["status"] = _status_to_v2(status, annotations)
    return stored


def from_storage(stored: FrozenObject) -> Object:
    """A stored v2 object as v1."""
    obj = thaw(stored)
    spec, status = obj.get("spec") or {}, obj.get("status") or {}
    metrics, current = spec.pop("metrics", None) or [], status.pop("currentMetrics", None) or []
    behavior, conditions = spec.pop("behavior", None), status.pop("conditions", None) or []
    added = {
        _METRICS: [_flat(each, _SOURCES, _ALWAYS) for each in metrics if not _is_cpu_utilization(each)],
        _CURRENT_METRICS: [_flat(each, _STATUSES, _ALWAYS_CURRENT) for each in current],
        _BEHAVIOR: _internal_behavior(behavior) if behavior is not None else None,
        _CONDITIONS: conditions,
    }
    obj["metadata"] = _without_round_trip(obj["metadata"])
    told = {key: orjson.dumps(value).decode() for key, value in added.items() if value}
    if told:
        obj["metadata"]["annotations"] = {**(obj["metadata"].get("annotations") or {}), **told}
    target = next((each for each in metrics if _is_cpu_utilization(each)), None)
    if target is not None:
        spec["targetCPUUtilizationPercentage"] = target["resource"]["target"]["averageUtilization"]
    for each in current:
        utilization = _at(each, "resource.current.averageUtilization")
        if each.get("type") == "Resource" and _at(each, "resource.name") == "cpu" and utilization is not None:
            status["currentCPUUtilizationPercentage"] = utilization
    status.setdefault("currentReplicas", 0)
    return {**obj, "apiVersion": "autoscaling/v1", "spec": spec, "status": status}


def _without_round_trip(metadata: Object) -> Object:
    annotations = metadata.get("annotations")
    if not annotations or _ROUND_TRIP.isdisjoint(annotations):
        return metadata
    kept = {key: value for key, value in annotations.items() if key not in _ROUND_TRIP}
    rest = {key: value for key, value in metadata.items() if key != "annotations"}
    return {**rest, "annotations": kept} if kept else rest


def _spec_to_v2(spec: Object, annotations: dict[str, str]) -> Object:
    out = {key: value for key, value in spec.items() if key != "targetCPUUtilizationPercentage"}
    utilization = spec.get("targetCPUUtilizationPercentage")
    metrics = [_cpu_utilization(utilization)] if utilization is not None else []
    others = _carried(annotations, _METRICS, list)
    if others is not None:
        metrics = [*(_nested(each, _SOURCES, is_target=True) for each in others if isinstance(each, dict)), *metrics]
    out["metrics"] = metrics or [_cpu_utilization(_CPU_UTILIZATION)]
    behavior = _carried(annotations, _BEHAVIOR, dict)
    if behavior:
        out["behavior"] = _behavior_from_internal(behavior)
    return out


def _status_to_v2(status: Object, annotations: dict[str, str]) -> Object:
    out = {key: value for key, value in status.items() if key != "currentCPUUtilizationPercentage"}
    utilization = status.get("currentCPUUtilizationPercentage")
    if utilization is not None:
        out["currentMetrics"] = [{"type": "Resource", "resource": {"name": "cpu", "current": {"averageUtilization": utilization}}}]
    current = _carried(annotations, _CURRENT_METRICS, list)
    if current is not None:
        out["currentMetrics"] = [_nested(each, _STATUSES, is_target=False) for each in current if isinstance(each, dict)]
    conditions = _carried(annotations, _CONDITIONS, list)
    if conditions is not None:
        out["conditions"] = conditions
    out.setdefault("currentMetrics", None)
    out.setdefault("desiredReplicas", 0)
    return out


def _carried(annotations: dict[str, str], key: str, wanted: type) -> Any:
    """What an annotation carries; None when it is absent or no such JSON, which upstream ignores too."""
    try:
        value = orjson.loads(annotations[key]) if key in annotations else None
    except orjson.JSONDecodeError:
        return None
    return value if isinstance(value, wanted) else None


def _is_cpu_utilization(metric: Object) -> bool:
    return (
        metric.get("type") == "Resource"
        and _at(metric, "resource.name") == "cpu"
        and _at(metric, "resource.target.averageUtilization") is not None
    )


def _cpu_utilization(percent: int) -> Object:
    target = {"type": "Utilization", "averageUtilization": percent}
    return {"type": "Resource", "resource": {"name": "cpu", "target": target}}


def _at(value: Any, path: str) -> Any:
    for key in path.split("."):
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _flat(metric: Object, shapes: dict[str, tuple[tuple[str, str], ...]], always: frozenset[tuple[str, str]]) -> Object:
    """A metric of v2 in v1's form."""
    out: Object = {"type": metric.get("type", "")}
    for source, fields in shapes.items():
        if isinstance(metric.get(source), dict):
            found = {flat: _at(metric[source], nested) for flat, nested in fields}
            zeroes = {flat: "0" for flat, value in found.items() if value is None and (source, flat) in always}
            out[source] = {key: value for key, value in {**found, **zeroes}.items() if value is not None}
    return out


def _nested(metric: Object, shapes: dict[str, tuple[tuple[str, str], ...]], *, is_target: bool) -> Object:
    """A metric of v1 in v2's form; what kind of target it has follows from which values it sets."""
    out: Object = {"type": metric.get("type", "")}
    for source, fields in shapes.items():
        if not isinstance(metric.get(source), dict):
            continue
        built: Object = {}
        for flat, nested in fields:
            if metric[source].get(flat) is not None:
                _put(built, nested, metric[source][flat])
        if is_target:
            values = built.setdefault("target", {})
            built["target"] = {"type": _target_type(source, values), **values}
        else:
            built.setdefault("current", {})
        out[source] = built
    return out


def _target_type(source: str, values: Object) -> str:
    if source in ("resource", "containerResource"):
        return "Utilization" if "averageUtilization" in values else "AverageValue"
    if source == "object":
        return "AverageValue" if "averageValue" in values else "Value"
    return "Value" if source == "external" and "value" in values else "AverageValue"


def _put(out: Object, path: str, value: Any) -> None:
    outer, dot, inner = path.partition(".")
    if dot:
        out.setdefault(outer, {})[inner] = value
    else:
        out[outer] = value


def _internal_behavior(behavior: Object) -> Object:
    """Upstream writes its internal type here, so names are capitalized and what is absent is null."""
    return {"ScaleUp": _internal_rules(behavior.get("scaleUp")), "ScaleDown": _internal_rules(behavior.get("scaleDown"))}


def _internal_rules(rules: Object | None) -> Object | None:
    if rules is None:
        return None
    policies = rules.get("policies")
    return {
        "StabilizationWindowSeconds": rules.get("stabilizationWindowSeconds"),
        "SelectPolicy": rules.get("selectPolicy"),
        "Policies": [
            {"Type": each.get("type", ""), "Value": each.get("value", 0), "PeriodSeconds": each.get("periodSeconds", 0)}
            for each in policies
        ]
        if policies
        else None,
        "Tolerance": rules.get("tolerance"),
    }


def _behavior_from_internal(behavior: Object) -> Object:
    rules = {"scaleUp": behavior.get("ScaleUp"), "scaleDown": behavior.get("ScaleDown")}
    return {name: _uncapitalized(each) for name, each in rules.items() if isinstance(each, dict)}


def _uncapitalized(value: Any) -> Any:
    if isinstance(value, dict):
        return {key[:1].lower() + key[1:]: _uncapitalized(each) for key, each in value.items() if each is not None}
    return [_uncapitalized(each) for each in value] if isinstance(value, list) else value
