"""What a Job decides from its Pods: when it has ended, which Pods come and go."""

from typing import Any

import pytest

from orrery.controllers.job.backoff import NONE, Failures
from orrery.controllers.job.plan import Sizes, has_all_completions, judge, look, new_condition, plan_sizes, with_condition
from orrery.machinery.objects import Object, name_of
from tests.controllers.job.objects import NOW_S, job, pod


def verdict(made: Object, *pods: Object) -> tuple[str, str] | None:
    found = judge(look(made, pods), NOW_S)
    return (found["type"], found["reason"]) if found is not None else None


def sizes(made: Object, *pods: Object, failures: Failures = NONE) -> Sizes:
    return plan_sizes(look(made, pods), failures, NOW_S)


def victims(made: Object, *pods: Object) -> list[str]:
    return [name_of(one) for one in sizes(made, *pods).delete]


STARTED = {"startTime": "2026-01-02T03:04:00Z"}
TARGET = {"conditions": [{"type": "FailureTarget", "status": "True", "reason": "DeadlineExceeded", "message": "m"}]}
MET = {"conditions": [{"type": "SuccessCriteriaMet", "status": "True", "reason": "SuccessPolicy", "message": "m"}]}


@pytest.mark.parametrize(
    ("spec", "status", "pods", "expected"),
    [
        ({}, {}, [pod()], None),
        ({"backoffLimit": 1}, {"failed": 1}, [], None),
        ({"backoffLimit": 1}, {"failed": 1}, [pod("a", "Failed")], ("FailureTarget", "BackoffLimitExceeded")),
        ({"backoffLimit": 1}, {"failed": 1}, [pod("a", "Failed", tracked=False)], None),
        ({"backoffLimit": 0}, {}, [pod("a", is_deleting=True)], ("FailureTarget", "BackoffLimitExceeded")),
        ({"backoffLimit": 0, "podReplacementPolicy": "Failed"}, {}, [pod("a", is_deleting=True)], None),
        ({"backoffLimit": 2, "policy": "OnFailure"}, {}, [pod(restarts=1)], None),
        ({"backoffLimit": 2, "policy": "OnFailure"}, {}, [pod(restarts=2)], ("FailureTarget", "BackoffLimitExceeded")),
        ({"backoffLimit": 0, "policy": "OnFailure"}, {}, [pod(restarts=1)], ("FailureTarget", "BackoffLimitExceeded")),
        ({"backoffLimit": 0, "policy": "Never"}, {}, [pod(restarts=1)], None),
        ({"activeDeadlineSeconds": 5}, STARTED, [pod()], ("FailureTarget", "DeadlineExceeded")),
        ({"activeDeadlineSeconds": 6}, STARTED, [pod()], None),
        ({"activeDeadlineSeconds": 5, "suspend": True}, STARTED, [], None),
        ({}, TARGET, [pod()], ("Failed", "DeadlineExceeded")),
        ({"backoffLimit": 0}, MET, [pod("a", "Failed")], ("SuccessCriteriaMet", "SuccessPolicy")),
        ({"indexed": 3, "backoffLimitPerIndex": 0}, {}, [pod("a", "Failed", index=1)], None),
        (
            {"indexed": 3, "backoffLimitPerIndex": 0},
            {"completedIndexes": "0,2"},
            [pod("a", "Failed", index=1)],
            ("FailureTarget", "FailedIndexes"),
        ),
        ({"indexed": 3, "backoffLimitPerIndex": 1}, {"completedIndexes": "0,2"}, [pod("a", "Failed", index=1)], None),
        (
            {"indexed": 3, "backoffLimitPerIndex": 1},
            {"completedIndexes": "0,2"},
            [pod("a", "Failed", index=1, failures=1)],
            ("FailureTarget", "FailedIndexes"),
        ),
        (
            {"indexed": 3, "backoffLimitPerIndex": 0, "maxFailedIndexes": 0},
            {},
            [pod("a", "Failed", index=1)],
            ("FailureTarget", "MaxFailedIndexesExceeded"),
        ),
        (
            {"indexed": 3, "successPolicy": {"rules": [{"succeededCount": 1}]}},
            {},
            [pod("a", "Succeeded", index=1)],
            ("SuccessCriteriaMet", "SuccessPolicy"),
        ),
    ],
)
def test_a_job_ends_for_a_reason(spec: dict[str, Any], status: Object, pods: list[Object], expected: tuple[str, str] | None) -> None:
    assert verdict(job(status=status, **spec), *pods) == expected


@pytest.mark.parametrize(
    ("spec", "status", "pods", "create"),
    [
        ({"parallelism": 3, "completions": 5}, {}, [], 3),
        ({"parallelism": 3, "completions": 5}, {"succeeded": 3}, [pod()], 1),
        ({"parallelism": 3, "completions": 5}, {"succeeded": 5}, [], 0),
        ({"parallelism": 0}, {}, [], 0),
        ({"parallelism": 3, "completions": None}, {}, [pod()], 2),
        ({"parallelism": 3, "completions": None}, {}, [pod("a"), pod("b", "Succeeded")], 0),
        ({"parallelism": 900, "completions": 900}, {}, [], 500),
        ({}, {}, [pod(is_deleting=True)], 1),
        ({"podReplacementPolicy": "Failed"}, {}, [pod(is_deleting=True)], 0),
        ({"suspend": True}, {}, [], 0),
    ],
)
def test_as_many_pods_are_made_as_are_missing(spec: dict[str, Any], status: Object, pods: list[Object], create: int) -> None:
    assert sizes(job(status=status, **spec), *pods).create == create


def test_nothing_is_made_while_a_failure_is_fresh() -> None:
    assert sizes(job(), failures=Failures(1, NOW_S - 4)) == Sizes(wait_s=6)


def test_missing_indexes_are_made_lowest_first() -> None:
    made = job(indexed=5, status={"completedIndexes": "1"}, parallelism=3)

    assert sizes(made, pod("a", index=0)) == Sizes(create=2, indexes=(2, 3))


def test_an_index_with_a_limit_waits_alone() -> None:
    made = job(indexed=2, backoffLimitPerIndex=3)
    fresh = pod("a", "Failed", index=0, ended="2026-01-02T03:04:05Z")

    assert sizes(made, fresh) == Sizes(create=1, indexes=(1,))
    assert sizes(made, fresh, pod("b", index=1)) == Sizes(wait_s=10)


def test_the_pod_that_has_come_least_far_goes_first() -> None:
    ready, running, pending = pod("ready", ready=True), pod("running"), pod("pending", "Pending")
    waiting = pod("waiting", "Pending", node="")

    assert victims(job(parallelism=1, completions=4), ready, running, pending, waiting) == ["waiting", "pending", "running"]


def test_all_pods_of_a_suspended_job_go() -> None:
    assert victims(job(suspend=True), pod("a"), pod("b", "Succeeded")) == ["a"]


def test_pods_with_a_wrong_or_a_second_index_go_first() -> None:
    made = job(indexed=2)
    pods = pod("good", index=0, ready=True), pod("twin", index=0), pod("beyond", index=2), pod("none")

    assert set(victims(made, *pods)) == {"twin", "beyond", "none"}


def test_completions_are_reached_only_when_nothing_runs() -> None:
    seen = look(job(completions=2, parallelism=2, status={"succeeded": 1}), [pod("a", "Succeeded")])

    assert has_all_completions(seen, 0)
    assert not has_all_completions(seen, 1)
    assert not has_all_completions(look(job(completions=2), [pod("a", "Succeeded")]), 0)
    assert has_all_completions(look(job(completions=None), [pod("a", "Succeeded")]), 0)


def test_ignored_failures_are_not_counted() -> None:
    rule = {"action": "Ignore", "onExitCodes": {"operator": "In", "values": [3]}}
    made = job(podFailurePolicy={"rules": [rule]})

    assert look(made, [pod("a", "Failed", code=3), pod("b", "Failed", code=4)]).failed == 1


def test_a_condition_changes_when_it_says_something_else() -> None:
    no = new_condition("Suspended", "JobResumed", "Job resumed", now_s=NOW_S, is_true=False)
    yes = new_condition("Suspended", "JobSuspended", "Job suspended", now_s=NOW_S)

    assert with_condition([], no) == []
    assert with_condition([], yes) == [yes]
    assert with_condition([yes], no) == [no]
    assert with_condition([yes], {**yes, "lastTransitionTime": "later"}) == [yes]
