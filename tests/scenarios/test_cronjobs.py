"""CronJobs over hours and days of virtual time: one Job per start, whatever is in the way."""

from typing import Any

import pytest

from orrery.cluster import new_cluster
from orrery.machinery.clock import VirtualClock, parse_timestamp
from orrery.machinery.objects import FrozenObject, Object, annotations_of, labels_of, name_of
from orrery.settings import Settings
from orrery.store.memory_log import MemoryLog
from orrery.testing import Simulation
from tests.scenarios.test_jobs import JOBS, job

CRONJOBS = "cronjobs.batch"


def cronjob(schedule: str = "*/5 * * * *", script: str = "true", **spec: Any) -> Object:
    template = {"metadata": {"labels": {"app": "hello"}}, "spec": job(script=script)["spec"]}
    meta = {"name": "hello", "namespace": "default"}
    return {"apiVersion": "batch/v1", "kind": "CronJob", "metadata": meta, "spec": {"schedule": schedule, "jobTemplate": template, **spec}}


def status(cluster: Simulation) -> FrozenObject:
    return dict(cluster.get(CRONJOBS, "hello").get("status") or {})


def starts(cluster: Simulation) -> list[str]:
    """The times, as in `04:05`, of the Jobs that are there."""
    return [annotations_of(one)["batch.kubernetes.io/cronjob-scheduled-timestamp"][11:16] for one in cluster.list(JOBS)]


def reasons(cluster: Simulation) -> list[str]:
    return [event.split(":")[0] for event in cluster.events("hello")]


async def test_a_job_is_made_at_every_start_and_the_oldest_go(cluster: Simulation) -> None:
    """It is 03:04:05 when the cluster starts."""
    await cluster.apply(cronjob())
    await cluster.advance(25 * 60)

    assert starts(cluster) == ["03:15", "03:20", "03:25"]
    last = cluster.list(JOBS)[-1]
    due_s = parse_timestamp("2026-01-02T03:25:00Z")
    assert name_of(last) == f"hello-{int(due_s) // 60}"
    assert annotations_of(last)["batch.kubernetes.io/cronjob-scheduled-timestamp"] == "2026-01-02T03:25:00Z"
    assert labels_of(last)["app"] == "hello"
    owner = last["metadata"]["ownerReferences"][0]
    assert (owner["kind"], owner["name"], owner["controller"]) == ("CronJob", "hello", True)
    assert status(cluster)["lastScheduleTime"] == "2026-01-02T03:25:00Z"
    assert status(cluster)["lastSuccessfulTime"] >= "2026-01-02T03:25:00Z"
    assert "active" not in status(cluster)
    assert reasons(cluster)[:4] == ["SuccessfulCreate", "SawCompletedJob", "SuccessfulCreate", "SawCompletedJob"]
    assert f"SawCompletedJob: Saw completed job: {name_of(last)}, condition: Complete" in cluster.events("hello")
    assert reasons(cluster).count("SuccessfulDelete") == 2


async def test_a_running_job_is_listed_as_active(cluster: Simulation) -> None:
    await cluster.apply(cronjob(script="sleep 60"))
    await cluster.until(lambda: "active" in status(cluster))

    (active,) = status(cluster)["active"]
    (made,) = cluster.list(JOBS)
    assert active["name"] == name_of(made)
    assert (active["kind"], active["apiVersion"], active["namespace"]) == ("Job", "batch/v1", "default")
    assert active["uid"] == made["metadata"]["uid"]


@pytest.mark.parametrize(
    ("policy", "expected"),
    [("Allow", ["03:05", "03:10", "03:15"]), ("Forbid", ["03:05"]), ("Replace", ["03:15"])],
    ids=lambda value: str(value),
)
async def test_a_start_that_finds_another_running_goes_by_the_policy(cluster: Simulation, policy: str, expected: list[str]) -> None:
    await cluster.apply(cronjob(script="sleep 3600", concurrencyPolicy=policy))
    await cluster.advance(12 * 60)

    assert starts(cluster) == expected
    assert len(status(cluster)["active"]) == len(expected)
    if policy == "Forbid":
        text = "JobAlreadyActive: Not starting job because prior execution is running and concurrency policy is Forbid"
        assert text in cluster.events("hello")
    if policy == "Replace":
        assert reasons(cluster).count("SuccessfulDelete") == 2


async def test_a_forbidden_start_is_made_up_for_when_the_other_ends(cluster: Simulation) -> None:
    await cluster.apply(cronjob(script="sleep 400", concurrencyPolicy="Forbid"))
    await cluster.advance(9 * 60)

    assert starts(cluster) == ["03:05", "03:10"]
    made = cluster.list(JOBS)[1]["metadata"]["creationTimestamp"]
    assert "2026-01-02T03:11:40Z" <= made < "2026-01-02T03:12:00Z"


async def test_a_suspended_cronjob_makes_nothing_and_makes_the_last_start_up_afterwards(cluster: Simulation) -> None:
    await cluster.apply(cronjob(suspend=True))
    await cluster.advance(3600)
    assert starts(cluster) == []

    await cluster.edit("hello", lambda draft: draft["spec"].update(suspend=False), CRONJOBS)
    await cluster.clock.idle()
    assert starts(cluster) == ["04:00"]


async def test_a_start_beyond_its_deadline_is_given_up(cluster: Simulation) -> None:
    """Suspended over the start, resumed a minute later, with 30 s of deadline: the next one is made."""
    await cluster.apply(cronjob(suspend=True, startingDeadlineSeconds=30))
    await cluster.advance(2 * 60)
    await cluster.edit("hello", lambda draft: draft["spec"].update(suspend=False), CRONJOBS)
    await cluster.advance(60)
    assert starts(cluster) == []

    await cluster.advance(4 * 60)
    assert starts(cluster) == ["03:10"]


async def test_more_than_a_hundred_missed_starts_are_told(cluster: Simulation) -> None:
    await cluster.apply(cronjob("* * * * *", suspend=True))
    await cluster.advance(2 * 3600)
    await cluster.edit("hello", lambda draft: draft["spec"].update(suspend=False), CRONJOBS)
    await cluster.clock.idle()

    text = "too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew"
    assert f"TooManyMissedTimes: {text}" in cluster.events("hello")
    assert starts(cluster) == ["05:04"]


async def test_a_new_schedule_does_not_make_up_for_starts_it_would_have_had(cluster: Simulation) -> None:
    await cluster.apply(cronjob("0 0 * * *"))
    await cluster.advance(3600)

    await cluster.edit("hello", lambda draft: draft["spec"].update(schedule="30 3 * * *"), CRONJOBS)
    await cluster.clock.idle()

    assert starts(cluster) == []


async def test_a_time_zone_moves_the_starts(cluster: Simulation) -> None:
    await cluster.apply(cronjob("0 9 * * *", timeZone="Asia/Kolkata"))
    await cluster.advance(2 * 3600)

    (made,) = cluster.list(JOBS)
    assert annotations_of(made)["batch.kubernetes.io/cronjob-scheduled-timestamp"] == "2026-01-02T09:00:00+05:30"
    assert made["metadata"]["creationTimestamp"] == "2026-01-02T03:30:00Z"


async def test_failed_and_successful_jobs_have_their_own_limits(cluster: Simulation) -> None:
    script = "exit 1"
    made = cronjob(script=script, failedJobsHistoryLimit=2, successfulJobsHistoryLimit=0)
    made["spec"]["jobTemplate"]["spec"]["backoffLimit"] = 0
    await cluster.apply(made)
    await cluster.advance(31 * 60)

    assert starts(cluster) == ["03:30", "03:35"]
    assert "lastSuccessfulTime" not in status(cluster)


async def test_a_job_made_by_hand_from_its_template_is_remarked(cluster: Simulation) -> None:
    """What `kubectl create job --from=cronjob/hello` makes: it is controlled by the CronJob."""
    made = await cluster.apply(cronjob("0 0 1 1 *"))
    by_hand = job("by-hand", "sleep 60")
    reference = {"apiVersion": "batch/v1", "kind": "CronJob", "name": "hello", "uid": made["metadata"]["uid"], "controller": True}
    by_hand["metadata"]["ownerReferences"] = [reference]
    await cluster.apply(by_hand)
    await cluster.settle()

    assert "UnexpectedJob: Saw a job that the controller did not create or forgot: by-hand" in cluster.events("hello")


async def test_a_job_that_vanishes_is_missed(cluster: Simulation) -> None:
    await cluster.apply(cronjob(script="sleep 3600"))
    await cluster.until(lambda: "active" in status(cluster))
    name = name_of(cluster.list(JOBS)[0])

    await cluster.delete(JOBS, name, propagation="Background")
    await cluster.clock.idle()

    assert f"MissingJob: Active job went missing: {name}" in cluster.events("hello")
    assert "active" not in status(cluster)
    await cluster.advance(60)
    assert starts(cluster) == []  # The start was made already.


async def test_its_jobs_go_with_it(cluster: Simulation) -> None:
    await cluster.apply(cronjob(script="sleep 3600"))
    await cluster.until(lambda: "active" in status(cluster))

    await cluster.delete(CRONJOBS, "hello", propagation="Background")
    await cluster.advance(60)

    assert cluster.list(JOBS) == []
    assert cluster.pods() == []


async def test_a_day_that_does_not_exist_is_told_and_left_alone(cluster: Simulation) -> None:
    await cluster.apply(cronjob("59 23 31 2 *"))
    await cluster.advance(600)

    text = "InvalidSchedule: invalid schedule: 59 23 31 2 * : time difference between two schedules is less than 1 second"
    assert cluster.events("hello") == [text]


async def test_a_job_that_is_always_refused_is_told_and_tried_ever_later() -> None:
    async with Simulation(Settings(pace="fast")) as cluster:
        name = "a" * 52
        made = cronjob("0 * * * *")
        made["metadata"]["name"] = name
        made["spec"]["jobTemplate"]["spec"] |= {"completions": 100, "completionMode": "Indexed"}
        await cluster.apply(made)
        before = cluster.cluster.runner.counts("cronjob-controller").reconciles
        await cluster.advance(2 * 3600)

        assert cluster.cluster.runner.counts("cronjob-controller").reconciles - before < 40
        assert all("will not able to create pod with invalid DNS label" in event for event in cluster.events(name))
        assert {event.split(":")[0] for event in cluster.events(name)} == {"FailedCreate"}
        assert cluster.list(JOBS) == []


async def test_cronjobs_at_rest_are_one_timer_each() -> None:
    async with Simulation(Settings(pace="fast")) as cluster:
        for number in range(50):
            made = cronjob("0 0 1 1 *")
            made["metadata"]["name"] = f"cron-{number}"
            await cluster.apply(made)
        await cluster.settle()
        before = cluster.cluster.runner.counts("cronjob-controller").reconciles

        await cluster.advance(86_400)

        assert cluster.cluster.runner.counts("cronjob-controller").reconciles == before


class KeptLog(MemoryLog):
    """A log that outlives its first cluster."""

    async def close(self) -> None:
        return


async def test_a_restart_counts_every_pod_once_and_makes_the_last_missed_start_up() -> None:
    clock, log, settings = VirtualClock(), KeptLog(Settings()), Settings(pace="fast")
    first = new_cluster(clock, settings, log=log)
    await first.start()
    await first.client.create(CRONJOBS, cronjob("*/10 * * * *"))
    await first.client.create(JOBS, job("pi", "sleep 50", completions=4, parallelism=2))
    await clock.advance(70)
    assert [one["status"]["succeeded"] for one in first.client.list(JOBS, "default")] == [2]
    await first.stop()

    await clock.advance(25 * 60)
    second = new_cluster(clock, settings, log=log)
    await second.start()
    await clock.advance(120)

    pi = second.client.get(JOBS, "default", "pi")
    assert pi is not None
    assert pi["status"]["succeeded"] == 4
    made = [name_of(one) for one in second.client.list(JOBS, "default") if name_of(one) != "pi"]
    assert made == [f"hello-{int(parse_timestamp('2026-01-02T03:30:00Z')) // 60}"]
    await second.stop()
