"""Jobs and CronJobs with real kubectl: what a user types, waits for and reads."""

import re

import pytest

from tests.clients.conftest import KubectlRunner, until

pytestmark = pytest.mark.client

PI = """
apiVersion: batch/v1
kind: Job
metadata: {name: pi}
spec:
  backoffLimit: 4
  template:
    spec:
      restartPolicy: Never
      containers: [{name: pi, image: busybox:1.36, command: [sh, -c, "echo 3.14159"]}]
"""
INDEXED = """
apiVersion: batch/v1
kind: Job
metadata: {name: indexed}
spec:
  completions: 3
  parallelism: 3
  completionMode: Indexed
  template:
    spec:
      restartPolicy: Never
      containers: [{name: c, image: busybox:1.36, command: [sh, -c, 'echo "item $JOB_COMPLETION_INDEX"']}]
"""
HELLO = """
apiVersion: batch/v1
kind: CronJob
metadata: {name: hello}
spec:
  schedule: "0 0 1 1 *"
  timeZone: Etc/UTC
  jobTemplate:
    spec:
      template:
        spec:
          restartPolicy: OnFailure
          containers: [{name: hello, image: busybox:1.36, command: [echo, Hello]}]
"""


def apply(kubectl: KubectlRunner, text: str) -> str:
    return kubectl("apply", "-f", kubectl.file("job.yaml", text))


def events(kubectl: KubectlRunner, what: str) -> list[list[str]]:
    """Type, reason, source and message of the events at the end of `describe`, once there are some."""
    text = kubectl("describe", *what.split())
    rows = text[text.index("\nEvents:") :].splitlines()[4:]
    return [re.split(r"\s{2,}", row.strip()) for row in rows]


def test_a_job_runs_to_its_end(kubectl: KubectlRunner) -> None:
    assert apply(kubectl, PI) == "job.batch/pi created\n"
    assert kubectl("wait", "--for=condition=complete", "job/pi") == "job.batch/pi condition met\n"

    head, row = kubectl("get", "jobs").splitlines()
    assert head.split() == ["NAME", "STATUS", "COMPLETIONS", "DURATION", "AGE"]
    assert re.fullmatch(r"pi +Complete +1/1 +[\dms]+ +[\dms]+", row)
    assert kubectl("logs", "job/pi") == "3.14159\n"
    (pod,) = kubectl("get", "pods", "--selector=batch.kubernetes.io/job-name=pi", "--no-headers").splitlines()
    assert re.fullmatch(r"pi-\w{5} +0/1 +Completed +0 +[\dms]+", pod)


def test_a_job_is_described(kubectl: KubectlRunner) -> None:
    apply(kubectl, PI)
    kubectl("wait", "--for=condition=complete", "job/pi")

    shown = kubectl("describe", "job", "pi")
    uid = kubectl.value("job pi", ".metadata.uid")
    for line in (
        "Name:             pi",
        f"Selector:         batch.kubernetes.io/controller-uid={uid}",
        "                  batch.kubernetes.io/job-name=pi",
        "Parallelism:      1",
        "Completions:      1",
        "Completion Mode:  NonIndexed",
        "Suspend:          false",
        "Backoff Limit:    4",
        "Pods Statuses:    0 Active (0 Ready) / 1 Succeeded / 0 Failed",
    ):
        assert f"\n{line}\n" in f"\n{shown}"
    assert re.search(r"\nCompleted At: +\w{3}, \d\d \w{3} \d{4} ", shown)
    until(lambda: len(events(kubectl, "job pi")) == 2, "both events")
    created, completed = events(kubectl, "job pi")
    assert (created[0], created[1], created[3]) == ("Normal", "SuccessfulCreate", "job-controller")
    assert created[4].startswith("Created pod: pi-")
    assert (completed[0], completed[1], completed[4]) == ("Normal", "Completed", "Job completed")


def test_every_index_has_its_own_pod(kubectl: KubectlRunner) -> None:
    apply(kubectl, INDEXED)
    kubectl("wait", "--for=condition=complete", "job/indexed")

    logs = kubectl("logs", "--selector=job-name=indexed", "--tail=-1").splitlines()
    assert sorted(logs) == ["item 0", "item 1", "item 2"]
    assert "\nCompleted Indexes:  0-2\n" in kubectl("describe", "job", "indexed")


def test_a_job_that_fails_is_waited_for_and_told(kubectl: KubectlRunner) -> None:
    apply(kubectl, PI.replace("echo 3.14159", "exit 3").replace("backoffLimit: 4", "backoffLimit: 0"))
    kubectl("wait", "--for=condition=failed", "job/pi")

    assert re.fullmatch(r"pi +Failed +0/1 +[\dms]+ +[\dms]+\n", kubectl("get", "job", "pi", "--no-headers"))
    until(lambda: len(events(kubectl, "job pi")) == 2, "both events")
    assert events(kubectl, "job pi")[1][1::3] == ["BackoffLimitExceeded", "Job has reached the specified backoff limit"]


def test_a_job_is_suspended_and_goes_on(kubectl: KubectlRunner) -> None:
    apply(kubectl, PI.replace("  backoffLimit: 4", "  suspend: true"))
    kubectl("wait", "--for=condition=suspended", "job/pi")
    assert re.fullmatch(r"pi +Suspended +0/1 +[\dms]+\n", kubectl("get", "job", "pi", "--no-headers"))

    kubectl("patch", "job", "pi", "--patch", '{"spec":{"suspend":false}}')
    kubectl("wait", "--for=condition=complete", "job/pi")


def test_a_job_goes_with_its_pods(kubectl: KubectlRunner) -> None:
    apply(kubectl, PI.replace("echo 3.14159", "sleep 600").replace("Never", "Never\n      terminationGracePeriodSeconds: 1"))
    until(lambda: "Running" in kubectl("get", "pods"), "the Pod")

    assert kubectl("delete", "job", "pi") == kubectl.deleted('job.batch "pi"')
    until(lambda: kubectl("get", "pods", "--no-headers", "--selector=job-name=pi") == "", "no Pod")


def test_a_cronjob_is_shown_and_run_by_hand(kubectl: KubectlRunner) -> None:
    apply(kubectl, HELLO)
    head, row = kubectl("get", "cronjobs").splitlines()
    assert head.split() == ["NAME", "SCHEDULE", "TIMEZONE", "SUSPEND", "ACTIVE", "LAST", "SCHEDULE", "AGE"]
    assert re.fullmatch(r"hello +0 0 1 1 \* +Etc/UTC +False +0 +<none> +[\dms]+", row)

    assert kubectl("create", "job", "--from=cronjob/hello", "by-hand") == "job.batch/by-hand created\n"
    kubectl("wait", "--for=condition=complete", "job/by-hand")

    assert kubectl("logs", "job/by-hand") == "Hello\n"
    assert kubectl.value("job by-hand", ".metadata.annotations.cronjob\\.kubernetes\\.io/instantiate") == "manual"
    until(lambda: kubectl.value("cronjob hello", ".status.lastSuccessfulTime"), "the CronJob's knowledge of it")
    until(lambda: any(row[1] == "UnexpectedJob" for row in events(kubectl, "cronjob hello")), "the remark")


def test_a_schedule_that_is_none_is_refused(kubectl: KubectlRunner) -> None:
    name = kubectl.file("job.yaml", HELLO.replace("0 0 1 1 *", "whenever").replace("Etc/UTC", "Mars/Phobos"))

    assert kubectl.error("apply", "-f", name) == (
        'The CronJob "hello" is invalid: \n'
        '* spec.schedule: Invalid value: "whenever": expected exactly 5 fields, found 1: [whenever]\n'
        '* spec.timeZone: Invalid value: "Mars/Phobos": unknown time zone Mars/Phobos\n'
    )
