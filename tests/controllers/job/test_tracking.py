"""Each ended Pod gets into the status exactly once, and none is let go before it is written down."""

from orrery.controllers.job.plan import look, new_condition
from orrery.controllers.job.tracking import UNCOUNTED_MAX, count_ended, settle_uncounted
from orrery.machinery.objects import Object, name_of
from tests.controllers.job.objects import NOW_S, job, pod

MET = new_condition("SuccessCriteriaMet", "CompletionsReached", "", now_s=NOW_S)
TARGET = new_condition("FailureTarget", "DeadlineExceeded", "", now_s=NOW_S)


def counted(made: Object, *pods: Object, end: Object | None = None) -> tuple[list[str], Object]:
    status: Object = dict(made["status"])
    freed = count_ended(look(made, pods), status, end)
    return sorted(name_of(one) for one in freed.pods), status


def test_ended_pods_are_written_down_and_let_go_others_stay() -> None:
    freed, status = counted(job(), pod("a", "Succeeded"), pod("b", "Failed"), pod("c"), pod("d", "Succeeded", tracked=False))

    assert freed == ["a", "b"]
    assert status["uncountedTerminatedPods"] == {"succeeded": ["uid-a"], "failed": ["uid-b"]}
    assert "succeeded" not in status


def test_a_pod_that_is_written_down_already_is_let_go_without_counting_again() -> None:
    made = job(status={"uncountedTerminatedPods": {"failed": ["uid-b"]}})

    freed, status = counted(made, pod("b", "Failed"))

    assert freed == ["b"]
    assert status["uncountedTerminatedPods"] == {"failed": ["uid-b"]}


def test_an_indexed_job_writes_indexes_down() -> None:
    made = job(indexed=4, status={"completedIndexes": "0", "succeeded": 1})

    freed, status = counted(made, pod("b", "Succeeded", index=1), pod("c", index=2), pod("x", "Succeeded", index=9))

    assert freed == ["b", "x"]
    assert (status["completedIndexes"], status["succeeded"], status["uncountedTerminatedPods"]) == ("0,1", 2, {})


def test_the_end_lets_every_pod_go_and_counts_those_that_ran_as_failed() -> None:
    freed, status = counted(job(), pod("a"), pod("b", "Succeeded"), end=TARGET)
    assert (freed, status["uncountedTerminatedPods"]) == (["a", "b"], {"succeeded": ["uid-b"], "failed": ["uid-a"]})

    freed, status = counted(job(), pod("a"), end=MET)
    assert (freed, status["uncountedTerminatedPods"]) == (["a"], {})


def test_a_failed_pod_of_an_index_stays_until_it_is_replaced() -> None:
    made = job(indexed=2, backoffLimitPerIndex=2)
    failed = pod("a", "Failed", index=0)

    assert counted(made, failed, pod("b", index=1))[0] == []
    freed, status = counted(made, failed, pod("b", index=1), pod("new", index=0, failures=1))

    assert freed == ["a"]
    assert status["failedIndexes"] == ""


def test_a_deleted_job_lets_all_pods_go_and_counts_only_what_ended() -> None:
    made = job()
    made["metadata"]["deletionTimestamp"] = "2026-01-02T03:04:05Z"

    freed, status = counted(made, pod("a"), pod("b", "Failed"))

    assert freed == ["a", "b"]
    assert status["uncountedTerminatedPods"] == {"failed": ["uid-b"]}


def test_one_look_counts_only_so_many() -> None:
    pods = [pod(f"p{number}", "Succeeded") for number in range(UNCOUNTED_MAX + 100)]

    assert len(counted(job(), *pods)[0]) == UNCOUNTED_MAX


def test_pods_count_for_good_once_they_are_free() -> None:
    status: Object = {"succeeded": 3, "uncountedTerminatedPods": {"succeeded": ["a", "b"], "failed": ["c"]}}

    settle_uncounted(status, {"b"})

    assert status == {"succeeded": 4, "failed": 1, "uncountedTerminatedPods": {"succeeded": ["b"]}}
