"""Jobs from their first Pod to their end, on whole clusters: containers really run, exit codes really count."""

from collections.abc import Sequence
from typing import Any

import pytest

from orrery.machinery.objects import FrozenObject, Object, annotations_of, labels_of, name_of
from orrery.settings import Settings
from orrery.testing import Simulation
from orrery.testing.simulation import pod as bare_pod

JOBS = "jobs.batch"


def job(name: str = "pi", script: str = "true", *, policy: str = "Never", **spec: Any) -> Object:
    container = {"name": "main", "image": "busybox:1.36", "command": ["sh", "-c", script]}
    template = {"spec": {"restartPolicy": policy, "terminationGracePeriodSeconds": 1, "containers": [container]}}
    meta = {"name": name, "namespace": "default"}
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": meta, "spec": {"template": template, **spec}}


def status(cluster: Simulation, name: str = "pi") -> FrozenObject:
    return dict(cluster.get(JOBS, name).get("status") or {})


def conditions(cluster: Simulation, name: str = "pi") -> list[tuple[str, str, str]]:
    found = status(cluster, name).get("conditions") or ()
    return [(one["type"], one["reason"], one["message"]) for one in found if one["status"] == "True"]


def is_over(cluster: Simulation, name: str = "pi") -> bool:
    return any(kind in ("Complete", "Failed") for kind, _, _ in conditions(cluster, name))


def reasons(cluster: Simulation, name: str = "pi") -> list[str]:
    return [event.split(":")[0] for event in cluster.events(name)]


def pods(cluster: Simulation, name: str = "pi") -> Sequence[FrozenObject]:
    return cluster.pods(**{"batch.kubernetes.io/job-name": name})


def phases(cluster: Simulation, name: str = "pi") -> list[str]:
    return sorted(pod["status"]["phase"] for pod in pods(cluster, name))


def failure(reason: str, message: str) -> list[tuple[str, str, str]]:
    return [("FailureTarget", reason, message), ("Failed", reason, message)]


SUCCESS = [
    ("SuccessCriteriaMet", "CompletionsReached", "Reached expected number of succeeded pods"),
    ("Complete", "CompletionsReached", "Reached expected number of succeeded pods"),
]


async def test_a_job_runs_its_pods_two_at_a_time_and_completes(cluster: Simulation) -> None:
    await cluster.apply(job(script="sleep 3", completions=3, parallelism=2))
    most_active = 0

    def watch() -> bool:
        nonlocal most_active
        most_active = max(most_active, status(cluster).get("active", 0))
        return is_over(cluster)

    await cluster.until(watch)

    after = status(cluster)
    assert most_active == 2
    assert conditions(cluster) == SUCCESS
    assert (after["succeeded"], after["ready"], after["terminating"], after["uncountedTerminatedPods"]) == (3, 0, 0, {})
    assert "active" not in after
    assert after["completionTime"] == after["conditions"][-1]["lastTransitionTime"] > after["startTime"]
    assert phases(cluster) == ["Succeeded"] * 3
    assert all("finalizers" not in pod["metadata"] for pod in pods(cluster))
    assert reasons(cluster) == ["SuccessfulCreate"] * 3 + ["Completed"]
    assert cluster.events("pi")[-1] == "Completed: Job completed"


async def test_pods_carry_the_labels_and_the_owner_of_their_job(cluster: Simulation) -> None:
    await cluster.apply(job(script="sleep 60"))
    await cluster.until(lambda: phases(cluster) == ["Running"])

    (pod,) = pods(cluster)
    uid = cluster.get(JOBS, "pi")["metadata"]["uid"]
    names = {"batch.kubernetes.io/job-name": "pi", "job-name": "pi"}
    assert labels_of(pod) == {"batch.kubernetes.io/controller-uid": uid, "controller-uid": uid, **names}
    assert pod["metadata"]["generateName"] == "pi-"
    assert pod["metadata"]["finalizers"] == ["batch.kubernetes.io/job-tracking"]
    owner = {"apiVersion": "batch/v1", "kind": "Job", "name": "pi", "uid": uid, "controller": True, "blockOwnerDeletion": True}
    assert pod["metadata"]["ownerReferences"] == [owner]


async def test_failures_back_off_and_end_at_the_limit(cluster: Simulation) -> None:
    """Three Pods, the second 10 s after the first failed, the third 20 s after the second."""
    await cluster.apply(job(script="exit 3", backoffLimit=2))
    await cluster.until(lambda: is_over(cluster))

    assert conditions(cluster) == failure("BackoffLimitExceeded", "Job has reached the specified backoff limit")
    assert status(cluster)["failed"] == 3
    ends = sorted(pod["status"]["containerStatuses"][0]["state"]["terminated"]["finishedAt"] for pod in pods(cluster))
    starts = sorted(pod["metadata"]["creationTimestamp"] for pod in pods(cluster))
    assert [seconds(start) - seconds(end) for end, start in zip(ends, starts[1:], strict=False)] == [10, 20]
    assert cluster.events("pi")[-1] == "BackoffLimitExceeded: Job has reached the specified backoff limit"
    assert "completionTime" not in status(cluster)


def seconds(time: str) -> int:
    hours, minutes, rest = time[11:19].split(":")
    return int(hours) * 3600 + int(minutes) * 60 + int(rest)


async def test_restarts_on_failure_count_against_the_limit_and_the_pod_is_taken_away(cluster: Simulation) -> None:
    await cluster.apply(job(script="exit 1", policy="OnFailure", backoffLimit=1))
    await cluster.until(lambda: is_over(cluster))
    await cluster.settle()

    assert conditions(cluster) == failure("BackoffLimitExceeded", "Job has reached the specified backoff limit")
    assert pods(cluster) == []
    assert reasons(cluster) == ["SuccessfulCreate", "SuccessfulDelete", "BackoffLimitExceeded"]


async def test_a_deadline_ends_the_job_once_its_pods_are_gone(cluster: Simulation) -> None:
    await cluster.apply(job(script="sleep 600", activeDeadlineSeconds=5, parallelism=2, completions=2))
    await cluster.until(lambda: bool(conditions(cluster)))

    assert conditions(cluster) == failure("DeadlineExceeded", "Job was active longer than specified deadline")[:1]
    assert status(cluster)["terminating"] == 2
    await cluster.until(lambda: is_over(cluster))
    assert conditions(cluster) == failure("DeadlineExceeded", "Job was active longer than specified deadline")
    assert status(cluster)["failed"] == 2
    assert pods(cluster) == []


async def test_an_indexed_job_tells_each_pod_its_index(cluster: Simulation) -> None:
    script = 'echo "$JOB_COMPLETION_INDEX on $(hostname)"'
    await cluster.apply(job(script=script, completions=3, parallelism=3, completionMode="Indexed"))
    await cluster.until(lambda: is_over(cluster))

    assert status(cluster)["completedIndexes"] == "0-2"
    for index, pod in enumerate(sorted(pods(cluster), key=name_of)):
        assert name_of(pod).startswith(f"pi-{index}-")
        assert pod["spec"]["hostname"] == f"pi-{index}"
        assert annotations_of(pod)["batch.kubernetes.io/job-completion-index"] == str(index)
        assert labels_of(pod)["batch.kubernetes.io/job-completion-index"] == str(index)
        assert pod["status"]["containerStatuses"][0]["state"]["terminated"]["exitCode"] == 0
        variable = pod["spec"]["containers"][0]["env"][0]
        source = {"apiVersion": "v1", "fieldPath": "metadata.labels['batch.kubernetes.io/job-completion-index']"}
        assert variable == {"name": "JOB_COMPLETION_INDEX", "valueFrom": {"fieldRef": source}}


async def test_an_index_that_fails_too_often_fails_alone(cluster: Simulation) -> None:
    script = "[ $JOB_COMPLETION_INDEX != 1 ]"
    await cluster.apply(job(script=script, completions=3, parallelism=3, completionMode="Indexed", backoffLimitPerIndex=1))
    await cluster.until(lambda: is_over(cluster))

    after = status(cluster)
    assert conditions(cluster) == failure("FailedIndexes", "Job has failed indexes")
    assert (after["completedIndexes"], after["failedIndexes"], after["failed"], after["succeeded"]) == ("0,2", "1", 2, 2)
    counts = [
        annotations_of(pod)["batch.kubernetes.io/job-index-failure-count"] for pod in pods(cluster) if name_of(pod).startswith("pi-1-")
    ]
    assert sorted(counts) == ["0", "1"]


async def test_more_failed_indexes_than_allowed_stop_the_others(cluster: Simulation) -> None:
    script = "[ $JOB_COMPLETION_INDEX -gt 1 ] && sleep 600; exit 1"
    spec: Object = {"completions": 4, "parallelism": 4, "completionMode": "Indexed", "backoffLimitPerIndex": 0, "maxFailedIndexes": 1}
    await cluster.apply(job(script=script, **spec))
    await cluster.until(lambda: is_over(cluster))

    text = "Job has exceeded the specified maximal number of failed indexes"
    assert conditions(cluster) == failure("MaxFailedIndexesExceeded", text)
    assert status(cluster)["failedIndexes"] == "0,1"


async def test_a_success_policy_ends_the_job_and_the_other_pods(cluster: Simulation) -> None:
    script = "[ $JOB_COMPLETION_INDEX = 0 ] || sleep 600"
    policy = {"rules": [{"succeededIndexes": "0"}]}
    await cluster.apply(job(script=script, completions=3, parallelism=3, completionMode="Indexed", successPolicy=policy))
    await cluster.until(lambda: is_over(cluster))

    told = ("SuccessPolicy", "Matched rules at index 0")
    assert conditions(cluster) == [("SuccessCriteriaMet", *told), ("Complete", *told)]
    assert (status(cluster)["completedIndexes"], status(cluster).get("failed", 0)) == ("0", 0)
    assert phases(cluster) == ["Succeeded"]


RULES = {
    "FailJob": {"action": "FailJob", "onExitCodes": {"containerName": "main", "operator": "In", "values": [42]}},
    "Ignore": {"action": "Ignore", "onExitCodes": {"operator": "In", "values": [42]}},
    "Count": {"action": "Count", "onExitCodes": {"operator": "NotIn", "values": [7]}},
}


async def test_an_exit_code_can_fail_the_job_at_once(cluster: Simulation) -> None:
    await cluster.apply(job(script="exit 42", backoffLimit=6, podFailurePolicy={"rules": [RULES["FailJob"]]}))
    await cluster.until(lambda: is_over(cluster))

    (pod,) = pods(cluster)
    text = f"Container main for pod default/{name_of(pod)} failed with exit code 42 matching FailJob rule at index 0"
    assert conditions(cluster) == failure("PodFailurePolicy", text)
    assert status(cluster)["failed"] == 1


async def test_an_ignored_failure_does_not_count(cluster: Simulation) -> None:
    await cluster.apply(job(script="exit 42", backoffLimit=0, podFailurePolicy={"rules": [RULES["Ignore"]]}))
    await cluster.advance(200)

    assert not is_over(cluster)
    assert "failed" not in status(cluster)
    assert len(pods(cluster)) > 2


async def test_a_job_that_replaces_only_failed_pods_waits_for_their_end(cluster: Simulation) -> None:
    await cluster.apply(job(script="trap '' TERM; sleep 600", podReplacementPolicy="Failed"))
    await cluster.until(lambda: phases(cluster) == ["Running"])
    first = name_of(pods(cluster)[0])

    await cluster.delete("pods", first, grace_period_s=20)
    await cluster.advance(10)
    assert [name_of(pod) for pod in pods(cluster)] == [first]
    assert (status(cluster)["terminating"], status(cluster).get("active", 0)) == (1, 0)
    await cluster.until(lambda: status(cluster).get("active", 0) == 1)

    assert first not in [name_of(pod) for pod in pods(cluster)]
    assert status(cluster)["failed"] == 1


async def test_a_deleted_pod_counts_as_failed_and_is_replaced_after_the_back_off(cluster: Simulation) -> None:
    await cluster.apply(job(script="sleep 600"))
    await cluster.until(lambda: phases(cluster) == ["Running"])

    await cluster.delete("pods", name_of(pods(cluster)[0]))
    await cluster.advance(5)
    assert (status(cluster)["failed"], status(cluster).get("active", 0)) == (1, 0)
    await cluster.advance(10)

    assert (status(cluster)["failed"], status(cluster)["active"]) == (1, 1)


async def test_suspending_takes_the_pods_away_and_resuming_brings_them_back(cluster: Simulation) -> None:
    await cluster.apply(job(script="sleep 30"))
    await cluster.until(lambda: phases(cluster) == ["Running"])
    begun = status(cluster)["startTime"]

    await cluster.edit("pi", lambda draft: draft["spec"].update(suspend=True), JOBS)
    await cluster.settle()
    assert pods(cluster) == []
    assert conditions(cluster) == [("Suspended", "JobSuspended", "Job suspended")]
    assert "failed" not in status(cluster)

    await cluster.edit("pi", lambda draft: draft["spec"].update(suspend=False), JOBS)
    await cluster.until(lambda: is_over(cluster))
    assert status(cluster)["conditions"][0]["reason"] == "JobResumed"
    assert status(cluster)["startTime"] > begun
    assert reasons(cluster) == [
        "SuccessfulCreate",
        "SuccessfulDelete",
        "Suspended",
        "SuccessfulCreate",
        "Resumed",
        "Completed",
    ]


async def test_a_job_that_is_made_suspended_has_not_started(cluster: Simulation) -> None:
    await cluster.apply(job(suspend=True))
    await cluster.settle()

    assert "startTime" not in status(cluster)
    assert pods(cluster) == []
    assert cluster.events("pi") == ["Suspended: Job suspended"]


async def test_parallelism_may_change_while_it_runs(cluster: Simulation) -> None:
    await cluster.apply(job(script="sleep 600", completions=5, parallelism=1))
    await cluster.until(lambda: status(cluster).get("ready") == 1)

    await cluster.edit("pi", lambda draft: draft["spec"].update(parallelism=4), JOBS)
    await cluster.until(lambda: status(cluster).get("ready") == 4)
    await cluster.edit("pi", lambda draft: draft["spec"].update(parallelism=2), JOBS)
    await cluster.settle()

    assert (status(cluster)["active"], status(cluster)["ready"], status(cluster)["terminating"]) == (2, 2, 0)
    assert "failed" not in status(cluster)


async def test_an_elastic_indexed_job_loses_its_highest_indexes(cluster: Simulation) -> None:
    await cluster.apply(job(script="sleep 600", completions=4, parallelism=4, completionMode="Indexed"))
    await cluster.until(lambda: status(cluster).get("ready") == 4)

    await cluster.edit("pi", lambda draft: draft["spec"].update(parallelism=2, completions=2), JOBS)
    await cluster.settle()

    indexes = sorted(annotations_of(pod)["batch.kubernetes.io/job-completion-index"] for pod in pods(cluster))
    assert indexes == ["0", "1"]


async def test_without_a_number_of_completions_one_success_is_enough(cluster: Simulation) -> None:
    await cluster.apply(job(script="sleep $((RANDOM % 3 + 2))", parallelism=3))
    await cluster.until(lambda: is_over(cluster))

    assert status(cluster)["succeeded"] == 3
    assert "completions" not in cluster.get(JOBS, "pi")["spec"]


async def test_nothing_is_done_for_a_job_that_another_controller_manages(cluster: Simulation) -> None:
    await cluster.apply(job(managedBy="example.com/other"))
    await cluster.settle()

    assert pods(cluster) == []
    assert status(cluster) == {}


async def test_a_finished_job_goes_with_its_pods_when_its_time_is_over(cluster: Simulation) -> None:
    await cluster.apply(job(ttlSecondsAfterFinished=30))
    await cluster.until(lambda: is_over(cluster))

    await cluster.advance(25)
    assert len(pods(cluster)) == 1
    await cluster.advance(40)

    assert cluster.list(JOBS) == []
    assert pods(cluster) == []


@pytest.mark.parametrize("propagation", ["Background", "Foreground", "Orphan"])
async def test_a_deleted_job_leaves_no_pod_that_waits_for_it(cluster: Simulation, propagation: str) -> None:
    await cluster.apply(job(script="sleep 20", parallelism=2, completions=2))
    await cluster.until(lambda: phases(cluster) == ["Running"] * 2)

    await cluster.delete(JOBS, "pi", propagation=propagation)
    await cluster.advance(60)

    assert cluster.list(JOBS) == []
    left = pods(cluster)
    assert len(left) == (2 if propagation == "Orphan" else 0)
    assert all("finalizers" not in pod["metadata"] and "ownerReferences" not in pod["metadata"] for pod in left)


async def test_a_job_with_its_own_selector_adopts_what_matches(cluster: Simulation) -> None:
    first = bare_pod(
        "first", image="busybox:1.36", restartPolicy="Never", containers=[{"name": "c", "image": "busybox", "command": ["true"]}]
    )
    first["metadata"]["labels"] = {"app": "mine"}
    made = job(completions=1, manualSelector=True, selector={"matchLabels": {"app": "mine"}})
    made["spec"]["template"]["metadata"] = {"labels": {"app": "mine"}}
    await cluster.apply(first)
    await cluster.settle()

    await cluster.apply(made)
    await cluster.until(lambda: is_over(cluster))

    assert [name_of(pod) for pod in cluster.pods()] == ["first"]
    assert status(cluster)["succeeded"] == 1


async def test_a_template_that_is_always_refused_is_tried_again_ever_later() -> None:
    async with Simulation(Settings(pace="fast")) as cluster:
        made = job(script="true")
        made["spec"]["template"]["spec"]["serviceAccountName"] = "nobody"
        await cluster.apply(made)
        before = cluster.cluster.runner.counts("job-controller").reconciles
        await cluster.advance(600)

        tries = cluster.cluster.runner.counts("job-controller").reconciles - before
        assert 10 <= tries <= 20  # After 1 s, 2 s, 4 s … then every minute.
        text = 'FailedCreate: Error creating: pods "pi-" is forbidden: error looking up service account default/nobody: '
        assert cluster.events("pi") == [text + 'serviceaccount "nobody" not found']


async def test_a_namespace_goes_with_the_jobs_that_run_in_it(cluster: Simulation) -> None:
    await cluster.client.create("namespaces", {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "work"}})
    await cluster.settle()
    made = job(script="sleep 600", parallelism=2, completions=2)
    made["metadata"]["namespace"] = "work"
    await cluster.apply(made)
    await cluster.settle()

    await cluster.client.delete("namespaces", "", "work")
    await cluster.advance(120)

    assert cluster.client.get("namespaces", "", "work") is None
    assert not cluster.list("pods", "work")


async def test_a_policy_that_speaks_of_a_finished_job_does_not_finish_one(cluster: Simulation) -> None:
    """Its bytes look like the condition of a Job that is over."""
    rule = {"action": "Ignore", "onPodConditions": [{"type": "Complete", "status": "True"}]}
    await cluster.apply(job(podFailurePolicy={"rules": [rule]}))
    await cluster.until(lambda: is_over(cluster))

    assert conditions(cluster) == SUCCESS


async def test_pods_of_a_node_that_is_gone_are_replaced(cluster: Simulation) -> None:
    await cluster.apply(job(script="sleep 100", backoffLimit=1))
    await cluster.until(lambda: phases(cluster) == ["Running"])
    lost = pods(cluster)[0]

    await cluster.delete("nodes", lost["spec"]["nodeName"], "")
    await cluster.until(lambda: is_over(cluster))

    assert conditions(cluster) == SUCCESS
    assert status(cluster)["failed"] == 1
    assert [name_of(pod) for pod in pods(cluster)] != [name_of(lost)]
