"""Kinds that are stored as other kinds."""

import orjson

from orrery.kinds.cluster import event_conversion
from orrery.kinds.workloads import horizontalpodautoscaler_conversion
from orrery.machinery.objects import Object

CPU: Object = {"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 50}}}
PODS: Object = {"type": "Pods", "pods": {"metric": {"name": "m"}, "target": {"type": "AverageValue", "averageValue": "5"}}}


def autoscaler(**spec: object) -> Object:
    target = {"kind": "Deployment", "name": "d", "apiVersion": "apps/v1"}
    return {
        "kind": "HorizontalPodAutoscaler",
        "apiVersion": "autoscaling/v2",
        "metadata": {"name": "h"},
        "spec": {"scaleTargetRef": target, "minReplicas": 1, "maxReplicas": 3, **spec},
        "status": {"desiredReplicas": 1, "currentMetrics": None},
    }


def test_v1_names_cpu_utilization_and_carries_all_else_in_annotations() -> None:
    old = horizontalpodautoscaler_conversion.from_storage(autoscaler(metrics=[CPU, PODS], behavior={"scaleDown": {"selectPolicy": "Max"}}))

    assert old["apiVersion"] == "autoscaling/v1"
    assert old["spec"]["targetCPUUtilizationPercentage"] == 50
    assert "metrics" not in old["spec"]
    annotations = old["metadata"]["annotations"]
    assert annotations["autoscaling.alpha.kubernetes.io/metrics"] == '[{"type":"Pods","pods":{"metricName":"m","targetAverageValue":"5"}}]'
    behavior = orjson.loads(annotations["autoscaling.alpha.kubernetes.io/behavior"])
    assert behavior == {
        "ScaleUp": None,
        "ScaleDown": {"StabilizationWindowSeconds": None, "SelectPolicy": "Max", "Policies": None, "Tolerance": None},
    }


def test_a_round_trip_through_v1_loses_nothing() -> None:
    stored = autoscaler(metrics=[PODS, CPU], behavior={"scaleDown": {"selectPolicy": "Max"}})

    back = horizontalpodautoscaler_conversion.to_storage(horizontalpodautoscaler_conversion.from_storage(stored))

    assert back["spec"] == stored["spec"]
    assert back["metadata"] == {"name": "h"}


def test_v1_without_any_metric_means_80_percent_cpu() -> None:
    old = {
        "kind": "HorizontalPodAutoscaler",
        "apiVersion": "autoscaling/v1",
        "metadata": {"name": "h"},
        "spec": {"maxReplicas": 3},
        "status": {},
    }

    metrics = horizontalpodautoscaler_conversion.to_storage(old)["spec"]["metrics"]

    assert metrics[0]["resource"]["target"] == {"type": "Utilization", "averageUtilization": 80}


def test_events_have_two_names_for_the_same_facts() -> None:
    new: Object = {
        "kind": "Event",
        "apiVersion": "events.k8s.io/v1",
        "metadata": {"name": "e"},
        "regarding": {"kind": "Pod"},
        "note": "n",
        "deprecatedCount": 2,
        "reportingController": "x/y",
    }

    stored = event_conversion.to_storage(new)

    assert stored == {
        "kind": "Event",
        "apiVersion": "v1",
        "metadata": {"name": "e"},
        "involvedObject": {"kind": "Pod"},
        "message": "n",
        "count": 2,
        "reportingComponent": "x/y",
        "reportingInstance": "",
    }
    assert event_conversion.from_storage(stored) == new
