"""kubectl's ways to look: output formats, selectors, discovery, explanations, access, watches."""

import json
import re

import pytest

from tests.clients.conftest import KubectlRunner

pytestmark = pytest.mark.client


@pytest.fixture
def pods(kubectl: KubectlRunner) -> KubectlRunner:
    """A kubectl in whose namespace three Pods run: a (front), b (back), c (back)."""
    for name, tier in (("a", "front"), ("b", "back"), ("c", "back")):
        kubectl("run", name, f"--image=nginx:1.{25 + len(name)}", f"--labels=app=web,tier={tier}")
    kubectl("wait", "--for=condition=Ready", "pod", "--all")
    return kubectl


def test_pods_in_every_format(pods: KubectlRunner) -> None:
    assert pods("get", "pods", "-o", "name") == "pod/a\npod/b\npod/c\n"
    assert pods("get", "pods", "-o", "jsonpath={.items[*].metadata.name}") == "a b c"
    assert pods("get", "pods", "-o", "custom-columns=NAME:.metadata.name,PHASE:.status.phase") == (
        "NAME   PHASE\na      Running\nb      Running\nc      Running\n"
    )
    assert pods("get", "pod", "a", "-o", "go-template={{.metadata.labels.tier}}") == "front"
    assert json.loads(pods("get", "pods", "-o", "json"))["kind"] == "List"
    assert pods("get", "pod", "a", "-o", "yaml").startswith("apiVersion: v1\nkind: Pod\nmetadata:\n")
    assert [line.split()[-1] for line in pods("get", "pods", "-L", "tier").splitlines()] == ["TIER", "front", "back", "back"]
    assert "app=web,tier=front" in pods("get", "pod", "a", "--show-labels")
    assert [line.split()[0] for line in pods("get", "pods", "--sort-by=.metadata.name", "--no-headers").splitlines()] == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("selector", "names"),
    [
        ("-l tier=back", "b c"),
        ("-l tier!=back", "a"),
        ("-l app=web,tier=front", "a"),
        ("-l tier@in@(front,back)", "a b c"),
        ("-l tier@notin@(front)", "b c"),
        ("-l !tier", ""),
        ("-l app", "a b c"),
        ("--field-selector=metadata.name=b", "b"),
        ("--field-selector=status.phase=Running,metadata.name!=b", "a c"),
        ("--field-selector=status.phase!=Running", ""),
    ],
)
def test_selectors_choose(pods: KubectlRunner, selector: str, names: str) -> None:
    words = [word.replace("@", " ") for word in selector.split()]

    assert pods("get", "pods", *words, "-o", "jsonpath={.items[*].metadata.name}") == names


def test_a_list_in_chunks_is_the_same_list(kubectl: KubectlRunner) -> None:
    for number in range(5):
        kubectl("create", "configmap", f"map-{number}", "--from-literal=a=b")

    names = [line.split()[0] for line in kubectl("get", "configmaps", "--chunk-size=2", "--no-headers").splitlines()]

    assert names == ["kube-root-ca.crt", *(f"map-{number}" for number in range(5))]


def test_a_watch_shows_a_pod_come_and_go(kubectl: KubectlRunner) -> None:
    # A Pod that no node takes is the first row: it tells that the watch has begun.
    kubectl("run", "first", "--image=nginx", "--overrides", '{"spec":{"nodeSelector":{"disk":"ssd"}}}')
    with kubectl.watching("get", "pods", "--watch", "--output-watch-events") as next_row:
        rows = [next_row(), next_row()]
        kubectl("run", "web", "--image=nginx:1.25")
        while "Running" not in rows[-1]:
            rows.append(next_row())
        kubectl("delete", "pod", "web", "--wait=false")
        while "DELETED" not in rows[-1]:
            rows.append(next_row())

    assert rows[0] == ["EVENT", "NAME", "READY", "STATUS", "RESTARTS", "AGE"]
    words = [row[3] for row in rows[1:] if row[1] == "web"]
    stages = [word for at, word in enumerate(words) if word not in words[:at]]
    assert stages[:4] == ["Pending", "ContainerCreating", "Running", "Terminating"]


def test_kinds_and_versions_are_listed(kubectl: KubectlRunner) -> None:
    versions = kubectl("api-versions").split()
    assert {"v1", "apps/v1", "batch/v1", "autoscaling/v2", "networking.k8s.io/v1", "events.k8s.io/v1"} <= set(versions)
    assert versions == sorted(versions)

    rows = {" ".join(line.split()) for line in kubectl("api-resources", "--no-headers").splitlines()}
    assert {
        "deployments deploy apps/v1 true Deployment",
        "configmaps cm v1 true ConfigMap",
        "nodes no v1 false Node",
        "nodes metrics.k8s.io/v1beta1 false NodeMetrics",
    } <= rows
    assert kubectl("api-resources", "--api-group=apps", "-o", "name").split() == [
        "controllerrevisions.apps",
        "daemonsets.apps",
        "deployments.apps",
        "replicasets.apps",
        "statefulsets.apps",
    ]


def test_fields_are_explained(kubectl: KubectlRunner) -> None:
    shown = kubectl("explain", "deployment.spec.strategy.rollingUpdate.maxSurge")
    assert re.match(r"GROUP: +apps\nKIND: +Deployment\nVERSION: +v1\n\nFIELD: maxSurge <IntOrString>\n", shown)
    assert "DESCRIPTION:\n" in shown

    tree = kubectl("explain", "pod", "--recursive")
    assert "\n  spec\t<PodSpec>\n" in tree
    assert "\n          configMapKeyRef\t<ConfigMapKeySelector>\n" in tree
    assert kubectl.error("explain", "pod.spec.nope") == 'error: field "nope" does not exist\n'
    assert kubectl.error("explain", "nope") == 'the server doesn\'t have a resource type "nope"\n'


def test_version_and_cluster_are_told(kubectl: KubectlRunner) -> None:
    assert re.search(r"^Server Version: v1\.35\.\d+", kubectl("version"), re.MULTILINE)
    assert "Kubernetes control plane" in kubectl("cluster-info")
    assert kubectl("get", "--raw", "/healthz") == "ok"
    assert json.loads(kubectl("get", "--raw", "/version"))["minor"] == "35"
    assert json.loads(kubectl("get", "--raw", "/api/v1/namespaces/default"))["kind"] == "Namespace"
    assert kubectl.error("get", "--raw", "/nope") == "Error from server (NotFound): the server could not find the requested resource\n"


def test_who_am_i_and_may_i(kubectl: KubectlRunner) -> None:
    assert kubectl("auth", "can-i", "create", "deployments") == "yes\n"
    assert kubectl("auth", "can-i", "*", "*", "--all-namespaces") == "yes\n"
    assert "system:masters" in kubectl("auth", "whoami")


def test_events_are_listed_in_both_ways(pods: KubectlRunner) -> None:
    assert "Successfully assigned" in pods("get", "events", "--field-selector=involvedObject.name=a,reason=Scheduled")
    assert "Pod/a" in pods("events", "--for", "pod/a")
    nothing = pods.run("events", "--for", "pod/nope")
    assert (nothing.stdout, nothing.stderr) == ("", f"No events found in {pods.namespace} namespace.\n")


def test_nodes_are_shown(kubectl: KubectlRunner) -> None:
    table = kubectl("get", "nodes").splitlines()
    assert table[0].split() == ["NAME", "STATUS", "ROLES", "AGE", "VERSION"]
    assert [line.split()[0] for line in table[1:]] == ["orrery-worker", "orrery-worker2", "orrery-worker3"]
    assert "containerd://" in kubectl("get", "nodes", "-o", "wide")
    shown = kubectl("describe", "node", "orrery-worker3")
    assert "\n  Ready            True " in shown
    assert "  cpu:                4\n" in shown


def test_what_a_namespace_has_from_the_start(kubectl: KubectlRunner) -> None:
    assert kubectl("get", "serviceaccounts", "-o", "name") == "serviceaccount/default\n"
    assert kubectl("get", "configmaps", "-o", "name") == "configmap/kube-root-ca.crt\n"
    assert re.search(r"Status: +Active\n", kubectl("describe", "namespace", kubectl.namespace))
    assert kubectl.run("get", "all").stderr == f"No resources found in {kubectl.namespace} namespace.\n"
