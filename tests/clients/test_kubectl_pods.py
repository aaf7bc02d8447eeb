"""Story 8 with real kubectl: the phases of Pods, what `get` calls them, and what `describe` tells of them."""

import json
import re

import pytest

from tests.clients.conftest import KubectlRunner, until

pytestmark = pytest.mark.client


def reaches(kubectl: KubectlRunner, name: str, *wanted: str) -> str:
    """Wait for one of these words in the table; returns the row it was in."""

    def row() -> str:
        words = kubectl("get", "pod", name, "--no-headers").split()
        return " ".join(words) if words[2] in wanted else ""

    return until(row, f"{name} {' or '.join(wanted)}")


def section(text: str, title: str) -> list[list[str]]:
    """The rows of one part of `describe`, in words."""
    lines = text[text.index(f"\n{title}:") :].splitlines()[2:]
    end = next((at for at, line in enumerate(lines) if not line.startswith(" ")), len(lines))
    return [line.split() for line in lines[:end]]


CONDITIONS = ["PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled"]


def test_a_server_runs_and_is_ready(kubectl: KubectlRunner) -> None:
    assert kubectl("run", "web", "--image=nginx:1.25", "--port=80") == "pod/web created\n"
    assert kubectl("wait", "--for=condition=Ready", "pod/web") == "pod/web condition met\n"
    assert re.fullmatch(r"web 1/1 Running 0 [\dms]+", reaches(kubectl, "web", "Running"))

    shown = kubectl("describe", "pod", "web")
    assert section(shown, "Conditions") == [["Type", "Status"], *([name, "True"] for name in CONDITIONS)]
    for line in (
        "Name:             web",
        "Service Account:  default",
        "Labels:           run=web",
        "Status:           Running",
        "    Image:          nginx:1.25",
        "    Port:           80/TCP",
        "    State:          Running",
        "    Ready:          True",
        "    Restart Count:  0",
        "QoS Class:                   BestEffort",
        "Tolerations:                 node.kubernetes.io/not-ready:NoExecute op=Exists for 300s",
    ):
        assert f"\n{line}\n" in f"\n{shown}"


def test_its_events_tell_its_start(kubectl: KubectlRunner) -> None:
    kubectl("run", "web", "--image=nginx:1.25")
    kubectl("wait", "--for=condition=Ready", "pod/web")

    events = until(lambda: events_of(kubectl, "web", "Started"), "the events")

    node = kubectl.value("pod web", ".spec.nodeName")
    reasons = [reason for reason, _ in events]
    assert reasons in (["Scheduled", "Pulling", "Pulled", "Created", "Started"], ["Scheduled", "Pulled", "Created", "Started"])
    assert dict(events)["Scheduled"] == f"Successfully assigned {kubectl.namespace}/web to {node}"
    assert dict(events)["Started"] == "Container started"


def events_of(kubectl: KubectlRunner, pod: str, awaited: str) -> list[tuple[str, str]]:
    """Reason and message of the Pod's events, in their order, once one has that reason."""
    events = json.loads(kubectl("get", "events", f"--field-selector=involvedObject.name={pod}", "-o", "json"))["items"]
    events.sort(key=lambda event: event["metadata"]["creationTimestamp"])
    found = [(event["reason"], event["message"]) for event in sorted(events, key=lambda event: int(event["metadata"]["resourceVersion"]))]
    return found if awaited in dict(found) else []


@pytest.mark.parametrize(
    ("command", "word", "phase", "reason", "code"),
    [("true", "Completed", "Succeeded", "Completed", "0"), ("false", "Error", "Failed", "Error", "1")],
)
def test_what_ends_without_restart_succeeds_or_fails(
    kubectl: KubectlRunner, command: str, word: str, phase: str, reason: str, code: str
) -> None:
    kubectl("run", "once", "--image=busybox", "--restart=Never", "--", command)

    assert re.fullmatch(rf"once 0/1 {word} 0 [\dms]+", reaches(kubectl, "once", word))
    assert kubectl.value("pod once", ".status.phase") == phase
    shown = kubectl("describe", "pod", "once")
    assert f"\n    State:          Terminated\n      Reason:       {reason}\n      Exit Code:    {code}\n" in shown
    assert section(shown, "Conditions")[1:] == [
        ["PodReadyToStartContainers", "False"],
        ["Initialized", "True"],
        ["Ready", "False"],
        ["ContainersReady", "False"],
        ["PodScheduled", "True"],
    ]


def test_ubuntu_has_nothing_to_do_and_crashes_in_a_loop(kubectl: KubectlRunner) -> None:
    kubectl("run", "ubuntu", "--image=ubuntu")

    assert re.fullmatch(r"ubuntu 0/1 CrashLoopBackOff \d( \([\dms]+ ago\))? [\dms]+", reaches(kubectl, "ubuntu", "CrashLoopBackOff"))
    assert kubectl.value("pod ubuntu", ".status.phase") == "Running"
    last = "\n    Last State:     Terminated\n      Reason:       Completed\n      Exit Code:    0\n"
    assert last in kubectl("describe", "pod", "ubuntu")
    uid = kubectl.value("pod ubuntu", ".metadata.uid")
    back_off = f"Back-off restarting failed container ubuntu in pod ubuntu_{kubectl.namespace}({uid})"
    assert ("BackOff", back_off) in until(lambda: events_of(kubectl, "ubuntu", "BackOff"), "the back-off")


def test_a_command_that_is_not_there_cannot_start(kubectl: KubectlRunner) -> None:
    kubectl("run", "sleeper", "--image=ubuntu", "--restart=Never", "--command", "--", "sleep2.0")

    reaches(kubectl, "sleeper", "StartError")
    terminated = json.loads(kubectl.value("pod sleeper", ".status.containerStatuses[0].state.terminated"))
    assert (terminated["exitCode"], terminated["reason"]) == (128, "StartError")
    assert terminated["message"].endswith('exec: "sleep2.0": executable file not found in $PATH: unknown')


def test_an_image_that_is_not_there_stays_pending(kubectl: KubectlRunner) -> None:
    kubectl("run", "web", "--image=nginx:1.161")

    assert re.fullmatch(r"web 0/1 (ErrImagePull|ImagePullBackOff) 0 [\dms]+", reaches(kubectl, "web", "ErrImagePull", "ImagePullBackOff"))
    assert kubectl.value("pod web", ".status.phase") == "Pending"


def test_a_pod_without_its_configmap_waits_for_it(kubectl: KubectlRunner) -> None:
    text = "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec:\n  containers:\n  - name: web\n    image: nginx:1.25\n"
    kubectl.file("pod.yaml", text + "    envFrom:\n    - configMapRef: {name: app-config}\n")
    kubectl("create", "-f", "pod.yaml")

    reaches(kubectl, "web", "CreateContainerConfigError")
    assert ("Failed", 'Error: configmap "app-config" not found') in until(lambda: events_of(kubectl, "web", "Failed"), "the event")
    kubectl("create", "configmap", "app-config", "--from-literal=APP_COLOR=blue")
    reaches(kubectl, "web", "Running")


PENDING = {
    "cpu": ('{"containers":[{"name":"web","image":"nginx","resources":{"requests":{"cpu":"100"}}}]}', "3 Insufficient cpu."),
    "node selector": ('{"nodeSelector":{"disk":"ssd"}}', "3 node(s) didn't match Pod's node affinity/selector."),
}


@pytest.mark.parametrize("why", PENDING)
def test_what_fits_no_node_is_pending_and_says_why(kubectl: KubectlRunner, why: str) -> None:
    spec, reason = PENDING[why]
    kubectl("run", "web", "--image=nginx", "--overrides", f'{{"spec":{spec}}}')

    (event,) = until(lambda: events_of(kubectl, "web", "FailedScheduling"), "the scheduler's event")
    assert event[0] == "FailedScheduling"
    assert event[1].startswith(f"0/3 nodes are available: {reason}")
    assert re.fullmatch(r"web 0/1 Pending 0 [\dms]+", reaches(kubectl, "web", "Pending"))
    assert section(kubectl("describe", "pod", "web"), "Conditions") == [["Type", "Status"], ["PodScheduled", "False"]]


def test_a_deleted_pod_says_goodbye(kubectl: KubectlRunner) -> None:
    kubectl("run", "web", "--image=nginx:1.25")
    kubectl("wait", "--for=condition=Ready", "pod/web")

    assert kubectl("delete", "pod", "web") == kubectl.deleted('pod "web"')
    assert kubectl.error("get", "pod", "web") == 'Error from server (NotFound): pods "web" not found\n'
    assert kubectl("get", "pods") == ""
    assert ("Killing", "Stopping container web") in until(lambda: events_of(kubectl, "web", "Killing"), "the event")


def test_a_pod_is_deleted_at_once_by_force(kubectl: KubectlRunner) -> None:
    kubectl("run", "sleeper", "--image=busybox", "--", "sleep", "3600")
    kubectl("wait", "--for=condition=Ready", "pod/sleeper")

    assert kubectl("delete", "pod", "sleeper", "--grace-period=0", "--force") == kubectl.deleted('pod "sleeper"', "force deleted")
    assert kubectl.run("get", "pods").stderr == f"No resources found in {kubectl.namespace} namespace.\n"
