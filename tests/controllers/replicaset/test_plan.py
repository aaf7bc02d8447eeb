"""Which Pods a ReplicaSet adds and removes, and what its status says."""

from typing import Any

import pytest

from orrery.controllers.pods import deletion_cost_of
from orrery.controllers.replicaset.plan import Scale, plan_batches, plan_conditions, plan_scale, plan_status, plan_victims, tally
from orrery.machinery.clock import parse_timestamp, timestamp
from orrery.machinery.objects import Object

NOW_S = parse_timestamp("2026-01-02T12:00:00Z")


def pod(
    name: str,
    *,
    node: str = "node-1",
    phase: str = "Running",
    ready_for_s: float | None = 3600,
    age_s: float = 7200,
    restarts: int = 0,
    cost: str | None = None,
    labels: dict[str, str] | None = None,
) -> Object:
    """A Pod that is useful unless told otherwise; `ready_for_s` None is not ready."""
    ready: Object = {"type": "Ready", "status": "False"}
    if ready_for_s is not None:
        ready = {"type": "Ready", "status": "True", "lastTransitionTime": timestamp(NOW_S - ready_for_s)}
    metadata: dict[str, Any] = {"name": name, "uid": name, "creationTimestamp": timestamp(NOW_S - age_s), "labels": labels or {}}
    if cost is not None:
        metadata["annotations"] = {"controller.kubernetes.io/pod-deletion-cost": cost}
    status = {"phase": phase, "conditions": [ready], "containerStatuses": [{"name": "c", "restartCount": restarts}]}
    return {"metadata": metadata, "spec": {"nodeName": node, "containers": [{"name": "c"}]}, "status": status}


def order(pods: list[Object], related: list[Object] | None = None) -> list[str]:
    return [victim["metadata"]["name"] for victim in plan_victims(pods, related or [], now_s=NOW_S)]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"node": ""}, {"phase": "Pending", "ready_for_s": None}),
        ({"phase": "Pending", "ready_for_s": None}, {"phase": "Unknown", "ready_for_s": None}),
        ({"phase": "Unknown", "ready_for_s": None}, {"ready_for_s": None}),
        ({"ready_for_s": None}, {}),
        ({"cost": "-5"}, {}),
        ({"cost": "5"}, {"cost": "50"}),
        ({"ready_for_s": 60}, {"ready_for_s": 3600}),
        ({"restarts": 3}, {"restarts": 1}),
        ({"age_s": 4000}, {"age_s": 90000}),
        ({"ready_for_s": None, "age_s": 10}, {"ready_for_s": None, "age_s": 90000}),
    ],
)
def test_the_less_useful_pod_goes_first(first: dict[str, Any], second: dict[str, Any]) -> None:
    assert order([pod("b", **second), pod("a", **first)]) == ["a", "b"]
    assert order([pod("a", **first), pod("b", **second)]) == ["a", "b"]


def test_a_pod_on_a_crowded_node_goes_before_one_that_is_alone() -> None:
    crowd = [pod("old-1", node="node-1"), pod("old-2", node="node-1")]
    candidates = [pod("alone", node="node-2", ready_for_s=60), pod("crowded", node="node-1", ready_for_s=3600)]

    assert order(candidates, crowd + candidates) == ["crowded", "alone"]


def test_among_pods_of_about_one_age_the_uid_decides() -> None:
    """10 s and 14 s are one step of the logarithmic scale, 10 s and 20 s are not."""
    assert order([pod("b", ready_for_s=10), pod("a", ready_for_s=14)]) == ["a", "b"]
    assert order([pod("b", ready_for_s=10), pod("a", ready_for_s=20)]) == ["b", "a"]


@pytest.mark.parametrize(
    ("text", "cost"),
    [("5", 5), ("-5", -5), ("0", 0), ("05", 0), ("+5", 0), ("five", 0), ("", 0), ("2147483647", 2147483647), ("2147483648", 0)],
)
def test_a_deletion_cost_is_a_plain_32_bit_number(text: str, cost: int) -> None:
    assert deletion_cost_of(pod("a", cost=text)) == cost


@pytest.mark.parametrize(
    ("count", "batches"), [(0, []), (1, [1]), (3, [1, 2]), (10, [1, 2, 4, 3]), (500, [1, 2, 4, 8, 16, 32, 64, 128, 245])]
)
def test_creations_start_slowly(count: int, batches: list[int]) -> None:
    assert list(plan_batches(count)) == batches


def test_one_reconcile_changes_at_most_a_burst() -> None:
    many = [pod(str(number)) for number in range(700)]

    assert plan_scale(2000, many, [], now_s=NOW_S) == Scale(create=500)
    assert len(plan_scale(0, many, [], now_s=NOW_S).delete) == 500
    assert plan_scale(700, many, [], now_s=NOW_S) == Scale()


def test_a_pod_is_available_when_it_has_been_ready_long_enough() -> None:
    template: Object = {"metadata": {"labels": {"app": "web"}}}
    pods = [
        pod("a", ready_for_s=10, labels={"app": "web"}),
        pod("b", ready_for_s=9, labels={"app": "web", "more": "yes"}),
        pod("c", ready_for_s=4),
        pod("d", ready_for_s=None),
    ]

    counted = tally(pods, template, min_ready_s=10, now_s=NOW_S)

    assert (counted.replicas, counted.fully_labeled, counted.ready, counted.available) == (4, 2, 3, 1)
    assert counted.next_available_s == NOW_S + 1
    assert tally(pods, template, min_ready_s=0, now_s=NOW_S).available == 3


def test_zero_counts_are_left_out_of_the_status_but_replicas_and_terminating() -> None:
    counted = tally([], {}, min_ready_s=0, now_s=NOW_S)
    replicaset: Object = {"metadata": {"generation": 2}}

    assert plan_status(replicaset, counted, terminating=0, conditions=[]) == {
        "replicas": 0,
        "observedGeneration": 2,
        "terminatingReplicas": 0,
    }
    assert plan_status(replicaset, counted, terminating=None, conditions=[]) == {"replicas": 0, "observedGeneration": 2}


def test_a_failure_is_told_once_and_taken_back() -> None:
    first: Object = {"type": "ReplicaFailure", "message": "quota"}
    later: Object = {"type": "ReplicaFailure", "message": "another"}
    other: Object = {"type": "Other"}

    assert plan_conditions([other], first) == [other, first]
    assert plan_conditions([other, first], later) == [other, first]
    assert plan_conditions([first, other], None) == [other]
