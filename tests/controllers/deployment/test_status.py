"""Conditions and counts of a Deployment, and when a rollout is complete, moving or stuck."""

from typing import Any

import pytest

from orrery.controllers.deployment.status import (
    is_complete,
    is_progressing,
    is_timed_out,
    new_condition,
    plan_counts,
    plan_deadline_check_s,
    plan_pause_condition,
    plan_rollout_status,
    with_condition,
)
from orrery.machinery.clock import parse_timestamp, timestamp
from orrery.machinery.objects import Object

NOW_S = parse_timestamp("2026-01-02T12:10:00Z")


def progressing(reason: str, *, status: str = "True", updated_s: float = NOW_S) -> Object:
    return new_condition("Progressing", status, reason=reason, message="", now_s=updated_s)


def deployment(wanted: int = 3, *, conditions: list[Object] | None = None, deadline_s: int | None = 600, **status: int) -> Object:
    spec: Object = {"replicas": wanted, "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}}
    if deadline_s is not None:
        spec["progressDeadlineSeconds"] = deadline_s
    return {"metadata": {"name": "web", "generation": 2}, "spec": spec, "status": {**status, "conditions": conditions or []}}


def replicaset(name: str, wanted: int, **status: Any) -> Object:
    return {"metadata": {"name": name}, "spec": {"replicas": wanted}, "status": status}


def reasons(status: Object) -> dict[str, tuple[str, str]]:
    return {one["type"]: (one["status"], one["reason"]) for one in status["conditions"]}


def test_counts_are_sums_over_the_replicasets() -> None:
    old = replicaset("old", 2, replicas=2, readyReplicas=2, availableReplicas=1, observedGeneration=1, terminatingReplicas=1)
    new = replicaset("new", 2, replicas=1, observedGeneration=1, terminatingReplicas=0)

    status = plan_counts(deployment(collisionCount=1), [old, new], new, now_s=NOW_S)

    assert status.pop("conditions")
    assert status == {
        "observedGeneration": 2,
        "replicas": 3,
        "updatedReplicas": 1,
        "readyReplicas": 2,
        "availableReplicas": 1,
        "unavailableReplicas": 3,
        "terminatingReplicas": 1,
        "collisionCount": 1,
    }


def test_terminating_pods_are_unknown_while_a_replicaset_does_not_say() -> None:
    seen = replicaset("seen", 1, replicas=1, observedGeneration=1)
    never_seen = replicaset("never", 1)

    assert "terminatingReplicas" not in plan_counts(deployment(), [seen], None, now_s=NOW_S)
    assert plan_counts(deployment(), [never_seen], None, now_s=NOW_S)["terminatingReplicas"] == 0


@pytest.mark.parametrize(
    ("available", "expected"), [(3, ("True", "MinimumReplicasAvailable")), (2, ("False", "MinimumReplicasUnavailable"))]
)
def test_a_deployment_is_available_at_replicas_less_unavailable(available: int, expected: tuple[str, str]) -> None:
    only = replicaset("only", 3, replicas=3, availableReplicas=available)

    assert reasons(plan_counts(deployment(), [only], only, now_s=NOW_S))["Available"] == expected


def test_a_condition_keeps_its_times_while_status_and_reason_stand() -> None:
    old = [progressing("ReplicaSetUpdated", updated_s=NOW_S - 60)]

    assert with_condition(old, progressing("ReplicaSetUpdated")) == old
    changed = with_condition(old, progressing("NewReplicaSetAvailable"))[0]
    assert (changed["lastUpdateTime"], changed["lastTransitionTime"]) == (timestamp(NOW_S), timestamp(NOW_S - 60))
    failed = with_condition(old, progressing("ProgressDeadlineExceeded", status="False"))[0]
    assert failed["lastTransitionTime"] == timestamp(NOW_S)


def test_complete_means_updated_available_seen_and_nothing_old_left() -> None:
    done = {"updatedReplicas": 3, "replicas": 3, "availableReplicas": 3, "observedGeneration": 2}

    assert is_complete(deployment(), done)
    for field in done:
        assert not is_complete(deployment(), {**done, field: 1})


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ({"replicas": 10, "updatedReplicas": 4}, {"replicas": 10, "updatedReplicas": 6}, True),
        ({"replicas": 10, "updatedReplicas": 4}, {"replicas": 9, "updatedReplicas": 4}, True),
        ({"replicas": 10, "updatedReplicas": 4}, {"replicas": 10, "updatedReplicas": 4}, False),
        ({"replicas": 10, "updatedReplicas": 4}, {"replicas": 8, "updatedReplicas": 2}, False),
        ({"readyReplicas": 1}, {"readyReplicas": 2}, True),
        ({"availableReplicas": 1}, {"availableReplicas": 2}, True),
        ({"availableReplicas": 2}, {"availableReplicas": 1}, False),
    ],
)
def test_progress_is_more_new_or_fewer_old_pods(before: Object, after: Object, *, expected: bool) -> None:
    assert is_progressing(before, after) is expected


@pytest.mark.parametrize(
    ("reason", "age_s", "expected"),
    [
        ("ReplicaSetUpdated", 600, False),
        ("ReplicaSetUpdated", 601, True),
        ("NewReplicaSetCreated", 601, True),
        ("NewReplicaSetAvailable", 6000, False),
        ("ProgressDeadlineExceeded", 0, True),
    ],
)
def test_a_rollout_times_out_after_its_deadline_without_progress(reason: str, age_s: float, *, expected: bool) -> None:
    assert is_timed_out(deployment(conditions=[progressing(reason, updated_s=NOW_S - age_s)]), now_s=NOW_S) is expected


def test_without_a_deadline_nothing_times_out_and_progress_is_not_told() -> None:
    stuck = deployment(conditions=[progressing("ReplicaSetUpdated", updated_s=NOW_S - 6000)], deadline_s=2**31 - 1)
    new = replicaset("new", 3, replicas=3)

    assert not is_timed_out(stuck, now_s=NOW_S)
    assert "Progressing" not in reasons(plan_rollout_status(stuck, [new], new, now_s=NOW_S))


def test_progress_renews_the_time_from_which_the_deadline_counts() -> None:
    before = deployment(conditions=[progressing("ReplicaSetUpdated", updated_s=NOW_S - 60)])
    new = replicaset("new", 3, replicas=3, readyReplicas=1, availableReplicas=1)

    status = plan_rollout_status(before, [new], new, now_s=NOW_S)

    condition = status["conditions"][-1]
    assert condition["message"] == 'ReplicaSet "new" is progressing.'
    assert (condition["lastUpdateTime"], condition["lastTransitionTime"]) == (timestamp(NOW_S), timestamp(NOW_S - 60))


def test_the_messages_of_an_end_are_upstreams() -> None:
    new = replicaset("new", 3, replicas=3, readyReplicas=3, availableReplicas=3)
    done = plan_rollout_status(deployment(conditions=[progressing("ReplicaSetUpdated")]), [new], new, now_s=NOW_S)
    assert (done["conditions"][-1]["reason"], done["conditions"][-1]["message"]) == (
        "NewReplicaSetAvailable",
        'ReplicaSet "new" has successfully progressed.',
    )

    stuck_new = replicaset("new", 3, replicas=3)
    stuck = deployment(
        conditions=[progressing("ReplicaSetUpdated", updated_s=NOW_S - 700)], replicas=3, updatedReplicas=3, observedGeneration=2
    )
    failed = plan_rollout_status(stuck, [stuck_new], stuck_new, now_s=NOW_S)
    assert reasons(failed)["Progressing"] == ("False", "ProgressDeadlineExceeded")
    assert 'ReplicaSet "new" has timed out progressing.' in [one["message"] for one in failed["conditions"]]


def test_a_replicaset_that_cannot_make_pods_shows_on_its_deployment() -> None:
    failure: Object = {"type": "ReplicaFailure", "status": "True", "lastTransitionTime": "t", "reason": "FailedCreate", "message": "m"}
    new = replicaset("new", 3, conditions=[failure])

    status = plan_rollout_status(deployment(), [new], new, now_s=NOW_S)
    assert status["conditions"][-1] == {**failure, "lastUpdateTime": "t"}

    after = plan_rollout_status({**deployment(), "status": status}, [replicaset("new", 3)], None, now_s=NOW_S)
    assert "ReplicaFailure" not in reasons(after)


@pytest.mark.parametrize(
    ("reason", "age_s", "expected"),
    [
        ("ReplicaSetUpdated", 180, 421.0),
        ("ReplicaSetUpdated", 599.5, 0.55),
        ("ReplicaSetUpdated", 700, 0.05),
        ("ProgressDeadlineExceeded", 0, None),
    ],
)
def test_the_deadline_is_looked_at_just_after_it(reason: str, age_s: float, expected: float | None) -> None:
    condition = progressing(reason, updated_s=NOW_S - int(age_s))
    check_s = plan_deadline_check_s(deployment(conditions=[condition]), {}, now_s=NOW_S + age_s % 1)

    assert check_s == pytest.approx(expected)


def test_pause_and_resume_are_told_once_and_never_over_a_timeout() -> None:
    def reason(current: str | None, *, paused: bool) -> str | None:
        paused_deployment = deployment(conditions=[progressing(current)] if current else [])
        paused_deployment["spec"]["paused"] = paused
        condition = plan_pause_condition(paused_deployment, now_s=NOW_S)
        return None if condition is None else condition["reason"]

    assert reason("ReplicaSetUpdated", paused=True) == "DeploymentPaused"
    assert reason(None, paused=True) == "DeploymentPaused"
    assert reason("DeploymentPaused", paused=True) is None
    assert reason("DeploymentPaused", paused=False) == "DeploymentResumed"
    assert reason("DeploymentResumed", paused=False) is None
    assert reason("ProgressDeadlineExceeded", paused=True) is None
