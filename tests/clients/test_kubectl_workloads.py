"""`kubectl rollout` for StatefulSets and DaemonSets, whose history it reads from ControllerRevisions itself."""

import re

import pytest

from tests.clients.conftest import KubectlRunner

pytestmark = pytest.mark.client

MANIFEST = """\
apiVersion: apps/v1
kind: {kind}
metadata:
  name: web
spec:{size}
  selector:
    matchLabels:
      app: web
  template:
    metadata:
      labels:
        app: web
    spec:
      containers:
      - name: nginx
        image: nginx:1.25
"""
STATEFULSET = MANIFEST.format(kind="StatefulSet", size="\n  serviceName: web\n  replicas: 2")
DAEMONSET = MANIFEST.format(kind="DaemonSet", size="")
TEMPLATE = """\
Pod Template:
  Labels:	app=web
  Containers:
   nginx:
    Image:	{image}
    Port:	<none>
    Host Port:	<none>
    Environment:	<none>
    Mounts:	<none>
  Volumes:	<none>
  Node-Selectors:	<none>
  Tolerations:	<none>
"""


DESCRIBED_TEMPLATE = """\
Pod Template:
  Labels:  app=web
  Containers:
   nginx:
    Image:         nginx:1.25
    Port:          <none>
    Host Port:     <none>
    Environment:   <none>
    Mounts:        <none>
  Volumes:         <none>
  Node-Selectors:  <none>
  Tolerations:     <none>
"""
DESCRIBED_STATEFULSET = """\
Selector:           app=web
Labels:             <none>
Annotations:        <none>
Replicas:           2 desired | 2 total
Update Strategy:    RollingUpdate
  Partition:        0
Pods Status:        2 Running / 0 Waiting / 0 Succeeded / 0 Failed
"""
DESCRIBED_DAEMONSET = """\
Selector:       app=web
Node-Selector:  <none>
Labels:         <none>
Annotations:    deprecated.daemonset.template.generation: 1
Desired Number of Nodes Scheduled: 3
Current Number of Nodes Scheduled: 3
Number of Nodes Scheduled with Up-to-date Pods: 3
Number of Nodes Scheduled with Available Pods: 3
Number of Nodes Misscheduled: 0
Pods Status:  3 Running / 0 Waiting / 0 Succeeded / 0 Failed
"""


def test_both_are_described_as_on_a_real_cluster(kubectl: KubectlRunner) -> None:
    kubectl.file("web.yaml", f"{STATEFULSET}---\n{DAEMONSET}")
    kubectl("create", "-f", "web.yaml")
    kubectl("rollout", "status", "sts/web")
    kubectl("rollout", "status", "ds/web")

    statefulset, daemonset = kubectl("describe", "sts", "web"), kubectl("describe", "ds", "web")

    assert DESCRIBED_STATEFULSET + DESCRIBED_TEMPLATE + "Volume Claims:     <none>\nEvents:\n" in statefulset
    assert DESCRIBED_DAEMONSET + DESCRIBED_TEMPLATE + "Events:\n" in daemonset
    told = r"  Normal  SuccessfulCreate  [\dms]+ +statefulset-controller  Create Pod web-0 in StatefulSet web successful"
    assert re.search(told, statefulset)
    assert len(re.findall(r"  Normal  SuccessfulCreate  [\dms]+ +daemonset-controller  Created pod: web-\w{5}", daemonset)) == 3


def history(kubectl: KubectlRunner, what: str) -> list[str]:
    """Revision numbers."""
    return [line.split()[0] for line in kubectl("rollout", "history", what).splitlines()[2:] if line]


def test_a_statefulset_rolls_out_back_and_anew(kubectl: KubectlRunner) -> None:
    kubectl.file("web.yaml", STATEFULSET)
    assert kubectl("apply", "-f", "web.yaml") == "statefulset.apps/web created\n"
    assert kubectl("rollout", "status", "sts/web").splitlines()[-1] == "partitioned roll out complete: 2 new pods have been updated..."

    kubectl("set", "image", "sts/web", "nginx=nginx:1.26")
    lines = kubectl("rollout", "status", "sts/web").splitlines()
    assert lines[-1] == "partitioned roll out complete: 2 new pods have been updated..."
    waiting = (
        r"Waiting for statefulset spec update to be observed\.\.\."
        r"|Waiting for 1 pods to be ready\.\.\.|Waiting for partitioned roll out to finish: \d out of 2 new pods have been updated\.\.\."
    )
    assert all(re.fullmatch(waiting, line) for line in lines[:-1])

    assert history(kubectl, "sts/web") == ["1", "2"]
    shown = kubectl("rollout", "history", "sts/web", "--revision=1")
    assert shown == "statefulset.apps/web with revision #1\n" + TEMPLATE.format(image="nginx:1.25") + "\n"
    assert kubectl("rollout", "undo", "sts/web") == "statefulset.apps/web rolled back\n"
    kubectl("rollout", "status", "sts/web")
    assert history(kubectl, "sts/web") == ["2", "3"]
    assert kubectl.value("pod web-0", ".spec.containers[0].image") == "nginx:1.25"

    assert kubectl("rollout", "restart", "sts/web") == "statefulset.apps/web restarted\n"
    kubectl("rollout", "status", "sts/web")
    assert kubectl.value("pod web-0", r".metadata.annotations.kubectl\.kubernetes\.io/restartedAt")
    assert kubectl.error("rollout", "pause", "sts/web") == 'error: statefulsets.apps "web" pausing is not supported\n'
    assert kubectl.error("rollout", "undo", "sts/web", "--to-revision=9") == "error: unable to find specified revision 9 in history\n"


def test_a_daemonset_rolls_out_back_and_anew(kubectl: KubectlRunner) -> None:
    kubectl.file("web.yaml", DAEMONSET)
    assert kubectl("apply", "-f", "web.yaml") == "daemonset.apps/web created\n"
    assert kubectl("rollout", "status", "ds/web").splitlines()[-1] == 'daemon set "web" successfully rolled out'
    row = kubectl("get", "ds", "web").splitlines()[1]
    assert re.fullmatch(r"web +3 +3 +3 +3 +3 +<none> +[\dms]+", row)

    kubectl("set", "image", "ds/web", "nginx=nginx:1.26")
    lines = kubectl("rollout", "status", "ds/web").splitlines()
    waiting = (
        r"Waiting for daemon set spec update to be observed\.\.\."
        r'|Waiting for daemon set "web" rollout to finish: '
        r"(\d out of 3 new pods have been updated|\d of 3 updated pods are available)\.\.\."
    )
    assert all(re.fullmatch(waiting, line) for line in lines[:-1])

    assert history(kubectl, "ds/web") == ["1", "2"]
    shown = kubectl("rollout", "history", "ds/web", "--revision=2")
    assert shown == "daemonset.apps/web with revision #2\n" + TEMPLATE.format(image="nginx:1.26") + "\n"
    assert kubectl("rollout", "undo", "ds/web", "--to-revision=1") == "daemonset.apps/web rolled back\n"
    kubectl("rollout", "status", "ds/web")
    assert history(kubectl, "ds/web") == ["2", "3"]
    assert kubectl("rollout", "restart", "ds/web") == "daemonset.apps/web restarted\n"
    assert kubectl("rollout", "status", "ds/web").endswith('daemon set "web" successfully rolled out\n')
    assert kubectl.error("rollout", "pause", "ds/web") == 'error: daemonsets.apps "web" pausing is not supported\n'


def test_revisions_are_named_as_on_a_real_cluster(kubectl: KubectlRunner) -> None:
    """The name was measured on kube-controller-manager 1.35 with this template."""
    kubectl.file("plain.yaml", STATEFULSET.replace("web", "plain"))
    kubectl("apply", "-f", "plain.yaml")
    kubectl("rollout", "status", "sts/plain")

    assert kubectl.value("sts plain", ".status.currentRevision") == "plain-5c66548cf9"
    assert kubectl("get", "controllerrevisions", "--no-headers").split()[:3] == ["plain-5c66548cf9", "statefulset.apps/plain", "1"]
