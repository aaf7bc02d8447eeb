"""The row of a StatefulSet's Pods: who is made, who waits, who goes, what is told."""

from collections.abc import Sequence
from typing import Any

import pytest

from orrery.controllers.statefulset.plan import Round, next_available_s, plan_condemned, plan_replicas, plan_status, plan_update
from orrery.machinery.objects import FrozenObject, name_of
from tests.controllers.statefulset.rows import NOW_S, OLD, pod, row, statefulset

PARALLEL: dict[str, Any] = {"podManagementPolicy": "Parallel"}


def told(round_: Round) -> list[str]:
    return [f"{step.act.value} {name_of(step.pod)}" for step in round_.steps]


@pytest.mark.parametrize(
    ("pods", "spec", "steps", "is_last"),
    [
        ([], {}, ["create web-0"], True),
        ([], PARALLEL, ["create web-0", "create web-1", "create web-2"], False),
        ([pod(0)], {}, ["keep web-0", "create web-1"], True),
        ([pod(0), pod(1, ready_s=None)], {}, ["keep web-0"], True),
        ([pod(0), pod(1, phase="Pending", ready_s=None)], {}, ["keep web-0", "claim web-1"], True),
        ([pod(0), pod(1, phase="Pending", ready_s=None)], PARALLEL, ["keep web-0", "claim web-1", "keep web-1", "create web-2"], False),
        ([pod(0, deleting=True)], {}, [], True),
        ([pod(0, deleting=True)], PARALLEL, ["keep web-0", "create web-1", "create web-2"], False),
        ([pod(0, phase="Failed", ready_s=None)], {}, ["delete web-0"], True),
        ([pod(0, phase="Succeeded", ready_s=None)], {}, ["delete web-0"], True),
        ([pod(0, phase="Failed", ready_s=None, deleting=True)], {}, [], True),
        ([pod(0, phase="Failed", ready_s=None)], PARALLEL, ["delete web-0", "create web-1", "create web-2"], False),
        ([pod(0, ready_s=5)], {"minReadySeconds": 10}, [], True),
        ([pod(0, ready_s=10)], {"minReadySeconds": 10}, ["keep web-0", "create web-1"], True),
        ([pod(0), pod(1), pod(2)], {}, ["keep web-0", "keep web-1", "keep web-2"], False),
        ([], {"ordinals": {"start": 5}}, ["create web-5"], True),
        ([], {"replicas": 0}, [], False),
    ],
)
def test_the_row_is_filled_in_order(pods: Sequence[FrozenObject], spec: dict[str, Any], steps: list[str], *, is_last: bool) -> None:
    planned = plan_replicas(row(pods, of=statefulset(**spec)))

    assert (told(planned), planned.is_last) == (steps, is_last)


@pytest.mark.parametrize(
    ("pods", "spec", "steps", "is_last"),
    [
        ([pod(0), pod(1), pod(2)], {"replicas": 1}, ["delete web-2"], True),
        ([pod(0), pod(1), pod(2)], {"replicas": 1, **PARALLEL}, ["delete web-2", "delete web-1"], False),
        ([pod(0), pod(1), pod(2, deleting=True)], {"replicas": 1}, [], True),
        ([pod(0), pod(1), pod(2, deleting=True)], {"replicas": 1, **PARALLEL}, ["delete web-1"], False),
        ([pod(0), pod(1), pod(2, ready_s=None)], {"replicas": 1}, ["delete web-2"], True),
        ([pod(0), pod(1, ready_s=None), pod(2, ready_s=None)], {"replicas": 1}, [], True),
        ([pod(0), pod(5), pod(6)], {"replicas": 1, "ordinals": {"start": 5}}, ["delete web-6"], True),
        ([pod(0), pod(5)], {"replicas": 1, "ordinals": {"start": 5}}, ["delete web-0"], True),
        ([pod(0), pod(9, name="web-99999999999")], {"replicas": 1}, [], False),
    ],
)
def test_pods_beyond_the_range_go_from_the_top(
    pods: Sequence[FrozenObject], spec: dict[str, Any], steps: list[str], *, is_last: bool
) -> None:
    planned = plan_condemned(row(pods, of=statefulset(**spec)))

    assert (told(planned), planned.is_last) == (steps, is_last)


def rolling(partition: int) -> dict[str, Any]:
    return {"updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"partition": partition}}}


@pytest.mark.parametrize(
    ("revisions", "unready", "spec", "victim"),
    [
        ("old old old", None, {}, "web-2"),
        ("old old new", None, {}, "web-1"),
        ("old old new", 2, {}, None),
        ("old old old", 2, {}, "web-2"),
        ("new new new", None, {}, None),
        ("old old old", None, rolling(2), "web-2"),
        ("old old new", None, rolling(2), None),
        ("old old old", None, rolling(5), None),
        ("old old old", None, {"updateStrategy": {"type": "OnDelete"}}, None),
        ("old old old", None, PARALLEL, "web-2"),
    ],
)
def test_an_update_takes_one_pod_at_a_time_from_the_top(revisions: str, unready: int | None, spec: dict[str, Any], victim: str) -> None:
    pods = [pod(number, of=of, ready_s=None if number == unready else 60) for number, of in enumerate(revisions.split())]

    found = plan_update(row(pods, of=statefulset(**spec), current=OLD))

    assert (name_of(found) if found is not None else None) == victim


@pytest.mark.parametrize(
    ("spec", "current_replicas", "made_from"),
    [
        ({}, 3, ["new", "new", "new"]),
        (rolling(2), 3, ["old", "old", "new"]),
        ({**rolling(1), "ordinals": {"start": 4}}, 3, ["old", "new", "new"]),
        ({"updateStrategy": {"type": "RollingUpdate"}}, 1, ["old", "new", "new"]),
        ({"updateStrategy": {"type": "OnDelete"}}, 3, ["new", "new", "new"]),
    ],
)
def test_a_missing_pod_is_made_from_the_revision_of_its_side_of_the_partition(
    spec: dict[str, Any], current_replicas: int, made_from: list[str]
) -> None:
    owner = {**statefulset(**spec), "status": {"currentReplicas": current_replicas}}

    made = row([], of=owner, current=OLD).replicas

    assert [one["metadata"]["labels"]["controller-revision-hash"] for one in made] == made_from
    assert [one["spec"]["of"] for one in made] == made_from


def test_the_status_counts_what_exists() -> None:
    pods = [pod(0, of="old"), pod(1, of="old", ready_s=5), pod(2, ready_s=None), pod(3, of="old", deleting=True)]

    status = plan_status(row(pods, of=statefulset(minReadySeconds=10), current=OLD), collisions=1)

    assert status == {
        "observedGeneration": 2,
        "replicas": 4,
        "readyReplicas": 3,
        "availableReplicas": 2,
        "currentReplicas": 2,
        "updatedReplicas": 1,
        "currentRevision": "old",
        "updateRevision": "new",
        "collisionCount": 1,
    }


def test_a_complete_update_makes_its_revision_the_current_one() -> None:
    status = plan_status(row([pod(0), pod(1), pod(2)], current=OLD), collisions=0)

    assert (status["currentRevision"], status["currentReplicas"]) == ("new", 3)


def test_a_pod_taken_away_for_the_update_is_not_counted_any_more() -> None:
    pods = [pod(number, of="old") for number in range(3)]

    assert plan_status(row(pods, current=OLD), collisions=0, replaced=1)["currentReplicas"] == 2
    assert "currentReplicas" not in plan_status(row([], current=OLD), collisions=0, replaced=1)


def test_the_next_look_is_when_the_next_pod_becomes_available() -> None:
    pods = [pod(0, ready_s=20), pod(1, ready_s=7), pod(2, ready_s=4)]

    assert next_available_s(row(pods, of=statefulset(minReadySeconds=10))) == NOW_S + 3
