"""kubectl's ways to change things: labels, patches, replacing, scaling, exposing, deleting with and without dependents."""

import json
import re

import pytest

from tests.clients.conftest import KubectlRunner, until

pytestmark = pytest.mark.client


@pytest.fixture
def web(kubectl: KubectlRunner) -> KubectlRunner:
    """A kubectl in whose namespace a Deployment `web` of two replicas runs."""
    assert kubectl("create", "deployment", "web", "--image=nginx:1.25", "--replicas=2") == "deployment.apps/web created\n"
    assert kubectl("wait", "--for=condition=Available", "deployment/web") == "deployment.apps/web condition met\n"
    return kubectl


def test_labels_and_annotations_come_and_go(web: KubectlRunner) -> None:
    assert web("label", "deployment", "web", "tier=front") == "deployment.apps/web labeled\n"
    refused = web.error("label", "deployment", "web", "tier=back")
    assert refused == "error: 'tier' already has a value (front), and --overwrite is false\n"
    assert web("label", "deployment", "web", "tier=back", "--overwrite") == "deployment.apps/web labeled\n"
    assert web("label", "deployment", "web", "tier-") == "deployment.apps/web unlabeled\n"
    assert web("annotate", "deployment", "web", "note=hello world") == "deployment.apps/web annotated\n"
    assert web.value("deployment web", ".metadata.annotations.note") == "hello world"
    assert "must consist of alphanumeric characters" in web.error("label", "deployment", "web", "_x=y")


def test_patches_of_all_three_types(web: KubectlRunner) -> None:
    assert web("patch", "deployment", "web", "-p", '{"spec":{"minReadySeconds":1}}') == "deployment.apps/web patched\n"
    assert web("patch", "deployment", "web", "--type=merge", "-p", '{"spec":{"replicas":3}}') == "deployment.apps/web patched\n"
    change = '[{"op":"replace","path":"/spec/replicas","value":1}]'
    assert web("patch", "deployment", "web", "--type=json", "-p", change) == "deployment.apps/web patched\n"
    assert web("patch", "deployment", "web", "--type=json", "-p", change) == "deployment.apps/web patched (no change)\n"
    assert web("patch", "deployment", "web", "--subresource=scale", "--type=merge", "-p", '{"spec":{"replicas":2}}')

    assert web.error("patch", "deployment", "web", "-p", '{"spec":{"selector":{"matchLabels":{"a":"b"}}}}').startswith(
        'The Deployment "web" is invalid: '
    )
    assert 'unknown field "spec.replicaz"' in web.run("patch", "deployment", "web", "-p", '{"spec":{"replicaz":2}}').stderr
    missing = web.error("patch", "deployment", "web", "--type=json", "-p", '[{"op":"remove","path":"/spec/nope"}]')
    assert missing == "The request is invalid: the server rejected our request due to an error in our request\n"


def test_a_file_replaces_an_object(kubectl: KubectlRunner) -> None:
    kubectl.file("map.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {x: '1'}\n")
    assert kubectl.error("replace", "-f", "map.yaml") == (
        'Error from server (NotFound): error when replacing "map.yaml": configmaps "a" not found\n'
    )
    kubectl("create", "-f", "map.yaml")
    kubectl.file("map.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {z: '2'}\n")

    assert kubectl("replace", "-f", "map.yaml") == "configmap/a replaced\n"
    assert kubectl.value("cm a", ".data") == '{"z":"2"}'
    forced = kubectl("replace", "--force", "-f", "map.yaml")
    assert forced == kubectl.deleted('configmap "a"') + "configmap/a replaced\n"


def test_apply_removes_what_the_file_no_longer_says(kubectl: KubectlRunner) -> None:
    kubectl.file("map.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {x: '1', w: '2'}\n")
    assert kubectl("apply", "-f", "map.yaml", "--dry-run=server") == "configmap/a created (server dry run)\n"
    assert kubectl("apply", "-f", "map.yaml") == "configmap/a created\n"
    kubectl("patch", "cm", "a", "-p", '{"data":{"z":"3"}}')
    kubectl.file("map.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {x: '1'}\n")

    assert kubectl("apply", "-f", "map.yaml") == "configmap/a configured\n"
    assert kubectl.value("cm a", ".data") == '{"x":"1","z":"3"}'
    assert kubectl("apply", "view-last-applied", "-f", "map.yaml", "-o", "json") != ""
    assert kubectl("delete", "-f", "map.yaml") == kubectl.deleted('configmap "a"')


def test_scaling_keeps_to_its_condition(web: KubectlRunner) -> None:
    assert web("scale", "deployment", "web", "--replicas=3") == "deployment.apps/web scaled\n"
    assert web.error("scale", "deployment", "web", "--replicas=4", "--current-replicas=2") == ("error: Expected replicas to be 2, was 3\n")
    assert web("wait", "--for=jsonpath={.status.readyReplicas}=3", "deployment/web") == "deployment.apps/web condition met\n"
    timed_out = web.error("wait", "--for=condition=Nope", "deployment/web", "--timeout=1s")
    assert timed_out == "error: timed out waiting for the condition on deployments/web\n"


def test_a_deployment_is_exposed(web: KubectlRunner) -> None:
    assert web("expose", "deployment", "web", "--port=80", "--target-port=8080") == "service/web exposed\n"
    assert web("expose", "deployment", "web", "--name=outside", "--type=NodePort", "--port=80") == "service/outside exposed\n"

    rows = [line.split() for line in web("get", "services", "--no-headers").splitlines()]
    assert rows[0][:2] == ["outside", "NodePort"]
    assert re.fullmatch(r"80:3[0-2]\d{3}/TCP", rows[0][4])
    assert rows[1][:2] + rows[1][3:5] == ["web", "ClusterIP", "<none>", "80/TCP"]
    assert re.fullmatch(r"10\.96\.\d+\.\d+", rows[1][2])
    until(lambda: web.value("endpoints web", ".subsets[0].addresses[*].ip").count(" ") == 1, "two addresses")
    slices = ("get", "endpointslices", "-l", "kubernetes.io/service-name=web", "-o", "jsonpath={..conditions.ready}")
    until(lambda: web(*slices) == "true true", "two ready endpoints")
    assert re.search(r"\nEndpoints: +10\.244\.\d\.\d+:8080,10\.244\.\d\.\d+:8080\n", web("describe", "service", "web"))


def test_an_autoscaler_is_written_down(web: KubectlRunner) -> None:
    assert web("autoscale", "deployment", "web", "--min=2", "--max=5", "--cpu-percent=80") == (
        "horizontalpodautoscaler.autoscaling/web autoscaled\n"
    )
    row = web("get", "hpa", "web", "--no-headers").split()
    assert row[:2] == ["web", "Deployment/web"]
    assert row[-4:-2] == ["2", "5"]
    assert row[-2] in ("0", "2")  # Before the controller has looked, and after.


@pytest.mark.parametrize("cascade", ["background", "foreground"])
def test_a_deletion_takes_what_is_owned_along(web: KubectlRunner, cascade: str) -> None:
    assert web("delete", "deployment", "web", f"--cascade={cascade}") == web.deleted('deployment.apps "web"')

    if cascade == "foreground":
        assert web("get", "rs,pods", "-o", "name") == ""
    until(lambda: web("get", "rs,pods", "-o", "name") == "", "the end of what it owned")


def test_an_orphan_stays(web: KubectlRunner) -> None:
    assert web("delete", "deployment", "web", "--cascade=orphan") == web.deleted('deployment.apps "web"')

    left = web("get", "rs,pods", "-o", "name").split()
    assert len(left) == 3
    until(lambda: web("get", "rs", "-o", "jsonpath={.items[*].metadata.ownerReferences}") == "", "the end of the ownership")
    # A new Deployment of that name and template adopts what is there.
    web("create", "deployment", "web", "--image=nginx:1.25", "--replicas=2")
    web("rollout", "status", "deployment/web")
    assert sorted(web("get", "rs,pods", "-o", "name").split()) == sorted(left)


def test_a_namespace_takes_its_content_along(kubectl: KubectlRunner) -> None:
    name = f"{kubectl.namespace}-more"
    assert kubectl("create", "namespace", name) == f"namespace/{name} created\n"
    kubectl("create", "deployment", "web", "--image=nginx:1.25", "-n", name)

    assert kubectl("delete", "namespace", name).startswith(f'namespace "{name}" deleted')
    assert kubectl.error("get", "namespace", name) == f'Error from server (NotFound): namespaces "{name}" not found\n'
    assert kubectl("get", "pods", "-n", name) == ""


def test_a_server_side_dry_run_fills_in_defaults(kubectl: KubectlRunner) -> None:
    made = json.loads(kubectl("create", "deployment", "web", "--image=nginx:1.25", "--dry-run=server", "-o", "json"))

    assert made["spec"]["strategy"] == {"rollingUpdate": {"maxSurge": "25%", "maxUnavailable": "25%"}, "type": "RollingUpdate"}
    assert made["spec"]["template"]["spec"]["containers"][0]["imagePullPolicy"] == "IfNotPresent"
    assert kubectl("get", "deployments") == ""


def test_env_resources_and_accounts_are_set(web: KubectlRunner) -> None:
    assert web("set", "env", "deployment/web", "COLOR=blue") == "deployment.apps/web env updated\n"
    assert web("set", "env", "deployment/web", "--list") == "# Deployment web, container nginx\nCOLOR=blue\n"
    assert web("set", "resources", "deployment", "web", "--limits=cpu=200m,memory=512Mi") == (
        "deployment.apps/web resource requirements updated\n"
    )
    assert web("set", "serviceaccount", "deployment", "web", "default") == "deployment.apps/web serviceaccount updated\n"
    assert "successfully rolled out" in web("rollout", "status", "deployment/web")
    assert web("get", "pods", "-o", "jsonpath={.items[0].status.qosClass}") in ("Guaranteed", "BestEffort")


# The nodes belong to all tests of a worker, which run one after another: what is done to them is undone.
def test_a_node_is_tainted_cordoned_and_drained(kubectl: KubectlRunner) -> None:
    node = "orrery-worker2"
    assert kubectl("taint", "nodes", node, "only=me:PreferNoSchedule") == f"node/{node} tainted\n"
    try:
        assert kubectl.error("taint", "nodes", node, "only=me:PreferNoSchedule") == (
            f"error: node {node} already has only taint(s) with same effect(s) and --overwrite is false\n"
        )
    finally:
        assert kubectl("taint", "nodes", node, "only-") == f"node/{node} untainted\n"

    assert kubectl("cordon", node) == f"node/{node} cordoned\n"
    try:
        assert kubectl("cordon", node) == f"node/{node} already cordoned\n"
        assert kubectl("get", "node", node, "--no-headers").split()[1] == "Ready,SchedulingDisabled"
        kubectl("create", "deployment", "web", "--image=nginx:1.25", "--replicas=4")
        kubectl("rollout", "status", "deployment/web")
        assert node not in kubectl("get", "pods", "-o", "jsonpath={.items[*].spec.nodeName}").split()
    finally:
        assert kubectl("uncordon", node) == f"node/{node} uncordoned\n"


def test_a_drained_node_gives_its_pods_away(web: KubectlRunner) -> None:
    node = web.value("pods", ".items[0].spec.nodeName")
    try:
        drained = web("drain", node, "--pod-selector=app=web", "--ignore-daemonsets")
        assert drained.startswith(f"node/{node} cordoned\nevicting pod {web.namespace}/web-")
        assert drained.endswith(f"node/{node} drained\n")
    finally:
        web("uncordon", node)
    assert "successfully rolled out" in web("rollout", "status", "deployment/web")
