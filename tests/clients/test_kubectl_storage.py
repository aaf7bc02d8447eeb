"""Claims, volumes and classes with real kubectl: what a user types and reads, and a deletion that waits."""

import re

import pytest

from tests.clients.conftest import KubectlRunner, until

pytestmark = pytest.mark.client

CLAIM = """
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 100Mi}}}
"""
POD = """
apiVersion: v1
kind: Pod
metadata: {name: NAME}
spec:
  terminationGracePeriodSeconds: 0
  containers: [{name: c, image: busybox:1.36, command: [sh, -c, "SCRIPT"], volumeMounts: [{name: v, mountPath: /data}]}]
  volumes: [{name: v, persistentVolumeClaim: {claimName: data}}]
"""


def apply(kubectl: KubectlRunner, text: str) -> str:
    return kubectl("apply", "-f", kubectl.file("storage.yaml", text))


def pod(name: str, script: str = "sleep 100000") -> str:
    return POD.replace("NAME", name).replace("SCRIPT", script)


def rows(text: str) -> list[list[str]]:
    """A table without its last column, an age."""
    return [re.split(r"\s{2,}", line.strip())[:-1] for line in text.splitlines()]


def test_there_is_a_default_class_from_the_start(kubectl: KubectlRunner) -> None:
    assert rows(kubectl("get", "storageclass", "standard")) == [
        ["NAME", "PROVISIONER", "RECLAIMPOLICY", "VOLUMEBINDINGMODE", "ALLOWVOLUMEEXPANSION"],
        ["standard (default)", "rancher.io/local-path", "Delete", "WaitForFirstConsumer", "false"],
    ]
    assert "IsDefaultClass:        Yes\n" in kubectl("describe", "sc", "standard")


def test_a_claim_gets_a_volume_with_its_first_pod(kubectl: KubectlRunner) -> None:
    apply(kubectl, CLAIM)
    assert rows(kubectl("get", "pvc"))[1][:2] == ["data", "Pending"]
    until(lambda: "waiting for first consumer to be created before binding" in kubectl("describe", "pvc", "data"), "the event")

    apply(kubectl, pod("web"))
    kubectl("wait", "--for=condition=Ready", "pod", "web")

    name = f"pvc-{kubectl.value('pvc data', '.metadata.uid')}"
    claimed = ["data", "Bound", name, "100Mi", "RWO", "standard"]
    made = [name, "100Mi", "RWO", "Delete", "Bound", f"{kubectl.namespace}/data", "standard"]
    assert rows(kubectl("get", "pvc"))[1][: len(claimed)] == claimed
    assert rows(kubectl("get", "pv", name))[1][: len(made)] == made
    assert re.search(r"^Used By: +web$", kubectl("describe", "pvc", "data"), re.MULTILINE)
    until(lambda: f"Successfully provisioned volume {name}" in kubectl("describe", "pvc", "data"), "the event")
    assert f"Claim:           {kubectl.namespace}/data\n" in kubectl("describe", "pv", name)


def test_a_claim_in_use_hangs_until_its_pod_is_gone(kubectl: KubectlRunner) -> None:
    apply(kubectl, f"{CLAIM}---{pod('web')}")
    kubectl("wait", "--for=condition=Ready", "pod", "web")
    volume = kubectl.value("pvc data", ".spec.volumeName")

    kubectl("delete", "pvc", "data", "--wait=false")
    assert rows(kubectl("get", "pvc"))[1][:2] == ["data", "Terminating"]
    assert re.search(r"^Status: +Terminating \(lasts ", kubectl("describe", "pvc", "data"), re.MULTILINE)

    kubectl("delete", "pod", "web")
    kubectl("wait", "--for=delete", "pvc/data", f"pv/{volume}")


def test_data_is_still_there_for_the_next_pod(kubectl: KubectlRunner) -> None:
    apply(kubectl, f"{CLAIM}---{pod('one', 'echo kept > /data/file; sleep 100000')}")
    kubectl("wait", "--for=condition=Ready", "pod", "one")
    kubectl("exec", "one", "--", "sh", "-c", "until test -s /data/file; do sleep 0.1; done")
    kubectl("delete", "pod", "one")

    apply(kubectl, pod("two"))
    kubectl("wait", "--for=condition=Ready", "pod", "two")

    assert kubectl("exec", "two", "--", "cat", "/data/file") == "kept\n"


def test_a_claim_of_the_default_class_cannot_grow(kubectl: KubectlRunner) -> None:
    apply(kubectl, f"{CLAIM}---{pod('web')}")
    kubectl("wait", "--for=condition=Ready", "pod", "web")

    said = kubectl.error("patch", "pvc", "data", "-p", '{"spec":{"resources":{"requests":{"storage":"1Gi"}}}}')

    assert said == (
        'Error from server (Forbidden): persistentvolumeclaims "data" is forbidden: only dynamically provisioned pvc can be resized and '
        "the storageclass that provisions the pvc must support resize\n"
    )
