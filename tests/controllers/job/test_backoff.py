"""How long a failed Pod waits for its replacement."""

import pytest

from orrery.controllers.job.backoff import NONE, Failures, plan_failures, remaining_of_index_s, remaining_s
from tests.controllers.job.objects import NOW_S, pod


@pytest.mark.parametrize(
    ("count", "ago_s", "expected"), [(0, 0, 0), (1, 0, 10), (1, 4, 6), (1, 11, 0), (2, 0, 20), (3, 15, 25), (7, 0, 600), (99, 0, 600)]
)
def test_the_wait_doubles_up_to_ten_minutes(count: int, ago_s: float, expected: float) -> None:
    assert remaining_s(Failures(count, NOW_S - ago_s), NOW_S) == expected


def test_failures_add_up_and_the_last_one_counts() -> None:
    failed = [pod("a", "Failed", ended="2026-01-02T03:04:03Z"), pod("b", "Failed", ended="2026-01-02T03:04:01Z")]

    assert plan_failures(Failures(2, 0.0), [], failed) == Failures(4, NOW_S - 2)
    assert plan_failures(Failures(2, 7.0), [], []) == Failures(2, 7.0)


def test_a_success_begins_anew_and_only_later_failures_count() -> None:
    succeeded = [pod("s", "Succeeded", ended="2026-01-02T03:04:02Z")]
    failed = [pod("a", "Failed", ended="2026-01-02T03:04:03Z"), pod("b", "Failed", ended="2026-01-02T03:04:01Z")]

    assert plan_failures(Failures(5, 7.0), succeeded, failed) == Failures(1, NOW_S - 2)
    assert plan_failures(Failures(5, 7.0), succeeded, failed[1:]) == NONE


def test_an_index_waits_by_the_count_of_its_last_pod() -> None:
    assert remaining_of_index_s(None, NOW_S) == 0
    assert remaining_of_index_s(pod("a", "Failed", index=0, failures=1, ended="2026-01-02T03:04:05Z"), NOW_S) == 20


def test_a_pod_without_ended_containers_ended_when_its_deletion_was_asked_for() -> None:
    # Deleted 35 s ago: the time of the deletion is that of its request and the grace of 30 s.
    assert plan_failures(NONE, [], [pod("a", is_deleting=True)]) == Failures(1, NOW_S - 35)
