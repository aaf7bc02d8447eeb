"""Which nodes take a DaemonSet's Pods, and how its Pods are tied to them."""

from typing import Any

import pytest

from orrery.controllers.daemonset.placement import Verdict, daemon_tolerations, judge, target_of, tied_to
from orrery.controllers.scheduler.nodes import view_of
from orrery.machinery.objects import Object

RUN, STAY, NO = Verdict(True, True), Verdict(False, True), Verdict(False, False)


def required(*terms: Object) -> Object:
    return {"affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": list(terms)}}}}


def taint(effect: str, key: str = "gpu") -> Object:
    return {"spec": {"taints": [{"key": key, "effect": effect}]}}


IN_ZONE = {"matchExpressions": [{"key": "zone", "operator": "In", "values": ["a"]}]}
NAMED = {"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["node-1"]}]}


@pytest.mark.parametrize(
    ("spec", "node", "verdict"),
    [
        ({}, {}, RUN),
        ({"nodeSelector": {"zone": "a"}}, {}, RUN),
        ({"nodeSelector": {"zone": "b"}}, {}, NO),
        ({"nodeName": "node-1"}, {}, RUN),
        ({"nodeName": "node-2"}, {}, NO),
        (required(IN_ZONE), {}, RUN),
        (required(NAMED), {}, RUN),
        (required({"matchExpressions": [{"key": "zone", "operator": "DoesNotExist"}]}), {}, NO),
        ({}, taint("NoSchedule"), STAY),
        ({}, taint("NoExecute"), NO),
        ({}, taint("PreferNoSchedule"), RUN),
        ({"tolerations": [{"key": "gpu", "operator": "Exists"}]}, taint("NoExecute"), RUN),
        ({}, taint("NoExecute", "node.kubernetes.io/not-ready"), RUN),
        ({}, taint("NoExecute", "node.kubernetes.io/unreachable"), RUN),
        ({}, taint("NoSchedule", "node.kubernetes.io/unschedulable"), RUN),
        ({}, taint("NoSchedule", "node.kubernetes.io/network-unavailable"), STAY),
        ({"hostNetwork": True}, taint("NoSchedule", "node.kubernetes.io/network-unavailable"), RUN),
    ],
)
def test_a_node_is_asked_as_the_scheduler_would(spec: Object, node: Object, verdict: Verdict) -> None:
    view = view_of({"metadata": {"name": "node-1", "labels": {"zone": "a"}}, **node})

    assert judge(spec, daemon_tolerations(spec), view) == verdict


def test_default_tolerations_come_after_the_templates_own() -> None:
    mine = {"key": "gpu", "operator": "Exists"}
    same = {"key": "node.kubernetes.io/not-ready", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 5}

    tolerations = daemon_tolerations({"tolerations": [mine, same]})

    assert tolerations[0] == mine
    assert tolerations[1] == {"key": "node.kubernetes.io/not-ready", "operator": "Exists", "effect": "NoExecute"}
    assert [one["key"].rpartition("/")[2] for one in tolerations[2:]] == [
        "unreachable",
        "disk-pressure",
        "memory-pressure",
        "pid-pressure",
        "unschedulable",
    ]


def test_a_pod_is_tied_to_its_node_and_keeps_other_wishes() -> None:
    given: dict[str, Any] = {"podAntiAffinity": {"kept": True}, **required(IN_ZONE)["affinity"]}

    affinity = tied_to(given, "node-1")

    assert affinity["podAntiAffinity"] == {"kept": True}
    assert affinity["nodeAffinity"] == required(NAMED)["affinity"]["nodeAffinity"]
    assert target_of({"spec": {"affinity": affinity}}) == "node-1"


@pytest.mark.parametrize(
    ("spec", "node"),
    [
        ({"nodeName": "node-3"}, "node-3"),
        ({}, None),
        (required(IN_ZONE), None),
        (required(IN_ZONE, NAMED), "node-1"),
        (required({"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["a", "b"]}]}), None),
    ],
)
def test_the_target_of_a_pod_is_read_from_its_spec(spec: Object, node: str | None) -> None:
    assert target_of({"spec": spec}) == node
