"""Jobs: status rules, deletion, selection."""

from typing import Any

import pytest

from orrery.kinds.workloads.job import BEHAVIOUR
from orrery.machinery.objects import Object

COMPLETE = {"type": "Complete", "status": "True"}
MET = {"type": "SuccessCriteriaMet", "status": "True"}
TIMES = {"startTime": "2026-01-01T00:00:00Z", "completionTime": "2026-01-01T00:01:00Z"}


def _causes(status: Object, old: Object | None = None, **spec: Any) -> list[str]:
    assert BEHAVIOUR.validate_status is not None
    job = {"spec": spec}
    return [str(error) for error in BEHAVIOUR.validate_status({**job, "status": status}, {**job, "status": old or {}})]


def test_a_job_completes_with_its_criteria_met_and_its_time_told() -> None:
    assert _causes({"conditions": [COMPLETE, MET], "succeeded": 1, **TIMES}) == []
    assert _causes({"conditions": [COMPLETE]}) == [
        "status.completionTime: Required value: completionTime is required for Complete jobs",
        "status.conditions: Invalid value: cannot set Complete=True condition without the SuccessCriteriaMet=true condition",
        "status.startTime: Required value: startTime is required for finished job",
    ]


def test_an_end_is_not_taken_back_and_counters_do_not_shrink() -> None:
    old = {"conditions": [COMPLETE, MET], "succeeded": 2, **TIMES}

    assert _causes({"succeeded": 1, "conditions": [MET], **TIMES}, old) == [
        'status.completionTime: Invalid value: "2026-01-01T00:01:00Z": cannot set completionTime when there is no Complete=True condition',
        "status.conditions: Invalid value: cannot disable the terminal Complete=True condition",
        "status.succeeded: Invalid value: 1: cannot decrease the succeeded counter",
    ]


@pytest.mark.parametrize(
    ("completed", "failed", "problem"),
    [
        ("0,2-4", None, None),
        (
            "2-1",
            None,
            'completedIndexes: Invalid value: "2-1": error parsing completedIndexes: non-increasing order, previous: 2, current: 1',
        ),
        ("0-2", "2", 'failedIndexes: Invalid value: "2": failedIndexes and completedIndexes overlap at index: 2'),
    ],
)
def test_index_intervals_are_in_order_and_apart(completed: str, failed: str | None, problem: str | None) -> None:
    status = {"completedIndexes": completed} | ({} if failed is None else {"failedIndexes": failed})

    causes = _causes(status, completionMode="Indexed", completions=5, backoffLimitPerIndex=1)

    assert causes == ([] if problem is None else [f"status.{problem}"])


def test_jobs_leave_their_pods_behind_and_are_selected_by_success() -> None:
    assert BEHAVIOUR.default_orphans
    assert BEHAVIOUR.selectable is not None
    assert BEHAVIOUR.selectable({"status": {"succeeded": 2}}) == {"status.successful": "2"}
