"""Nodes with real kubectl: cordon, drain and taint as an administrator types them, and what is told of a node that is down."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.clients.conftest import KUBECTL_VERSIONS, KubectlRunner, RunningServer, new_kubectl, start_server, until

pytestmark = pytest.mark.client

NODE = "orrery-worker"
PODS = """
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: agent}
spec:
  selector: {matchLabels: {app: agent}}
  template:
    metadata: {labels: {app: agent}}
    spec: {containers: [{name: agent, image: nginx}]}
---
apiVersion: v1
kind: Pod
metadata: {name: bare}
spec:
  nodeName: orrery-worker
  containers: [{name: web, image: nginx}]
---
apiVersion: v1
kind: Pod
metadata: {name: scratch}
spec:
  nodeName: orrery-worker
  volumes: [{name: scratch, emptyDir: {}}]
  containers: [{name: web, image: nginx, volumeMounts: [{name: scratch, mountPath: /scratch}]}]
"""


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server whose nodes nobody else needs."""
    running = start_server(tmp_path_factory.mktemp("nodes"), "--pace", "fast", "--nodes", "2", "--control-plane")
    yield running
    assert running.stop() == 0


@pytest.fixture
def kubectl(own: RunningServer, tmp_path: Path) -> KubectlRunner:
    return new_kubectl(KUBECTL_VERSIONS[-1], own, tmp_path, "default")


def orrery(own: RunningServer, *arguments: str) -> str:
    program = str(Path(sys.executable).with_name("orrery"))
    done = subprocess.run([program, "node", *arguments, "--kubeconfig", str(own.kubeconfig)], capture_output=True, text=True, check=True)
    return done.stdout


def test_drain_says_what_stands_in_its_way_and_empties_the_node(kubectl: KubectlRunner) -> None:
    kubectl("apply", "-f", kubectl.file("pods.yaml", PODS))
    kubectl("create", "deployment", "web", "--image=nginx", "--replicas=4")
    kubectl("rollout", "status", "deployment/web")
    kubectl("rollout", "status", "daemonset/agent")

    refused = kubectl.error("drain", NODE)
    assert "cannot delete Pods that declare no controller (use --force to override): default/bare" in refused
    assert "cannot delete DaemonSet-managed Pods (use --ignore-daemonsets to ignore): default/agent-" in refused
    assert "cannot delete Pods with local storage (use --delete-emptydir-data to override): default/scratch" in refused
    drained = kubectl("drain", NODE, "--ignore-daemonsets", "--force", "--delete-emptydir-data")

    assert f"node/{NODE} already cordoned" in drained
    assert "pod/bare evicted" in drained
    assert drained.rstrip().endswith(f"node/{NODE} drained")
    left = kubectl("get", "pods", "--field-selector", f"spec.nodeName={NODE}", "-o", "name").split()
    assert [name.rpartition("-")[0] for name in left] == ["pod/agent"]
    kubectl("rollout", "status", "deployment/web")
    assert "Ready,SchedulingDisabled" in kubectl("get", "node", NODE)
    assert kubectl("uncordon", NODE) == f"node/{NODE} uncordoned\n"
    kubectl("delete", "deployment/web", "daemonset/agent")


def test_a_control_plane_has_its_role_and_its_taint(kubectl: KubectlRunner) -> None:
    assert kubectl("get", "node", "orrery-control-plane", "--no-headers").split()[:3] == ["orrery-control-plane", "Ready", "control-plane"]
    assert "node-role.kubernetes.io/control-plane:NoSchedule" in kubectl("describe", "node", "orrery-control-plane")


def test_a_node_comes_goes_down_and_goes(own: RunningServer, kubectl: KubectlRunner) -> None:
    assert orrery(own, "add", "extra", "--cpu", "2", "--zone", "far") == "node/extra added\n"
    kubectl("run", "web", "--image=nginx", '--overrides={"spec":{"nodeName":"extra"}}')
    kubectl("wait", "--for=condition=Ready", "pod/web")
    assert kubectl("get", "node", "extra", "-L", "topology.kubernetes.io/zone", "--no-headers").split()[-1] == "far"
    orrery(own, "fail", "extra", "--kubelet")

    refused = kubectl.error("exec", "web", "--", "true")
    assert "connect: connection refused" in refused
    assert "/containerLogs/default/web/web" in kubectl.error("logs", "web")

    orrery(own, "recover", "extra")
    assert kubectl("exec", "web", "--", "echo", "back") == "back\n"
    kubectl("taint", "node", "extra", "broken:NoExecute")
    until(lambda: not kubectl("get", "pods", "-o", "name").split(), "the Pod to be evicted")
    orrery(own, "remove", "extra")
    assert "extra" not in kubectl("get", "nodes", "-o", "name")
