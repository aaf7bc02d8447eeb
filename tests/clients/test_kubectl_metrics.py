"""`kubectl top`, `autoscale`, and what they show of usage that is set by annotations. Metrics take half a minute to come."""

import json
import re
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.clients.conftest import KUBECTL_VERSIONS, KubectlRunner, RunningServer, Spaces, new_kubectl, until

pytestmark = pytest.mark.client

WEB = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  replicas: 0
  selector:
    matchLabels: {app: web}
  template:
    metadata:
      labels: {app: web}
      annotations: {usage.orrery.dev/cpu: 300m, usage.orrery.dev/cpu.proxy: 50m, usage.orrery.dev/memory: 64Mi}
    spec:
      containers:
      - {name: web, image: nginx, resources: {requests: {cpu: 200m}}}
      - {name: proxy, image: busybox, command: [sleep, infinity], resources: {requests: {cpu: 200m}}}
"""
DESCRIBED = """\
Reference:                                             Deployment/web
Metrics:                                               ( current / target )
  resource cpu on pods  (as a percentage of request):  75% (300m) / 50%
Min replicas:                                          1
Max replicas:                                          2
Deployment pods:                                       2 current / 2 desired
Conditions:
  Type            Status  Reason            Message
  ----            ------  ------            -------
  AbleToScale     True    ReadyForNewScale  recommended size matches current size
  ScalingActive   True    ValidMetricFound  the HPA was able to successfully calculate a replica count from cpu resource utilization \
(percentage of request)
  ScalingLimited  True    TooManyReplicas   the desired replica count is more than the maximum replica count
"""
EARLY = """\
  Warning  FailedGetResourceMetric       <age>  horizontal-pod-autoscaler  failed to get cpu utilization: unable to get metrics for \
resource cpu: no metrics returned from resource metrics API
  Warning  FailedComputeMetricsReplicas  <age>  horizontal-pod-autoscaler  invalid metrics (1 invalid out of 1), first error is: failed \
to get cpu resource metric value: failed to get cpu utilization: unable to get metrics for resource cpu: no metrics returned from \
resource metrics API
"""


@dataclass(frozen=True)
class Measured:
    """A kubectl of each version in one namespace, whose Pods have metrics; and what was said before they had.

    The autoscaler looks first after a quarter of a minute, and is there before the Pods: so it never finds metrics at its first look.
    """

    kubectls: dict[str, KubectlRunner]
    early: str
    created: str
    url: str
    spare: KubectlRunner
    """In another namespace, with a Pod `web` to be changed."""


@pytest.fixture(scope="module")
def measured(server: RunningServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Measured]:
    spaces = Spaces(server.url)
    namespace = spaces.new("metrics")
    kubectls = {version: new_kubectl(version, server, tmp_path_factory.mktemp("metrics"), namespace) for version in KUBECTL_VERSIONS}
    newest = kubectls["1.35"]
    newest.file("web.yaml", WEB)
    newest("apply", "-f", "web.yaml")
    created = newest("autoscale", "deployment", "web", "--cpu=50%", "--min=1", "--max=2")
    newest("scale", "deployment", "web", "--replicas=2")
    newest("rollout", "status", "deployment/web")
    early = newest.error("top", "pods")
    spare = new_kubectl("1.35", server, tmp_path_factory.mktemp("spare"), spaces.new("metrics"))
    spare("run", "web", "--image=nginx")
    until(lambda: "75%" in newest("get", "hpa", "web"), "a look at the metrics")
    until(lambda: spare.run("top", "pod", "web").returncode == 0, "metrics of the other Pod")
    yield Measured(kubectls, early, created, server.url, spare)
    spaces.remove()


@pytest.fixture(params=KUBECTL_VERSIONS)
def kubectl(request: pytest.FixtureRequest, measured: Measured) -> KubectlRunner:
    return measured.kubectls[request.param]


def table(text: str) -> list[list[str]]:
    return [line.split() for line in text.splitlines()]


def test_metrics_take_their_time(measured: Measured) -> None:
    assert measured.early == "error: metrics not available yet\n"
    assert measured.created == "horizontalpodautoscaler.autoscaling/web autoscaled\n"


def test_top_shows_pods_and_their_containers(kubectl: KubectlRunner) -> None:
    head, *pods = table(kubectl("top", "pods", "--selector", "app=web"))
    assert head == ["NAME", "CPU(cores)", "MEMORY(bytes)"]
    assert [row[1:] for row in pods] == [["300m", "64Mi"]] * 2

    head, *containers = table(kubectl("top", "pods", "--containers", "--sort-by", "cpu"))
    assert head == ["POD", "NAME", "CPU(cores)", "MEMORY(bytes)"]
    assert sorted(row[1:] for row in containers) == [["proxy", "50m", "32Mi"]] * 2 + [["web", "250m", "32Mi"]] * 2

    assert table(kubectl("top", "pods", "--sum"))[-1] == ["600m", "128Mi"]
    assert any(row[0] == kubectl.namespace and row[2] == "300m" for row in table(kubectl("top", "pods", "--all-namespaces")))


def test_top_shows_nodes(kubectl: KubectlRunner) -> None:
    head, *nodes = table(kubectl("top", "nodes"))

    assert head[0] == "NAME"
    assert [row[0] for row in nodes] == ["orrery-worker", "orrery-worker2", "orrery-worker3"]
    assert all(re.fullmatch(r"\d+m \d+% \d+Mi \d+%", " ".join(row[1:])) for row in nodes)


def test_what_is_not_there_is_told(kubectl: KubectlRunner) -> None:
    assert kubectl.error("top", "pod", "nobody") == 'Error from server (NotFound): pods "nobody" not found\n'
    assert kubectl.error("top", "node", "nowhere") == 'Error from server (NotFound): nodes "nowhere" not found\n'


def test_metrics_are_objects_to_get(kubectl: KubectlRunner) -> None:
    head, first, _ = table(kubectl("get", "pods.metrics.k8s.io"))
    assert head == ["NAME", "CPU", "MEMORY", "WINDOW"]
    assert first[1:] == ["300m", "64Mi", "15s"]

    one = json.loads(kubectl("get", "pods.metrics.k8s.io", first[0], "--output", "json"))
    assert (one["kind"], one["apiVersion"], one["metadata"]["labels"]["app"]) == ("PodMetrics", "metrics.k8s.io/v1beta1", "web")
    assert table(kubectl("get", "apiservice", "v1beta1.metrics.k8s.io"))[1][:3] == ["v1beta1.metrics.k8s.io", "Local", "True"]
    assert "working set" in kubectl("explain", "podmetrics.containers.usage")


def test_an_autoscaler_is_listed_and_described_as_on_a_real_cluster(measured: Measured) -> None:
    kubectl = measured.kubectls["1.35"]
    head, row = table(kubectl("get", "hpa"))
    assert head == ["NAME", "REFERENCE", "TARGETS", "MINPODS", "MAXPODS", "REPLICAS", "AGE"]
    assert row[:-1] == ["web", "Deployment/web", "cpu:", "75%/50%", "1", "2", "2"]

    text = kubectl("describe", "hpa", "web")
    assert DESCRIBED in text
    assert EARLY in re.sub(r"  \d+s( \(x\d over \d+s\))?  +horizontal", "  <age>  horizontal", text)


def test_usage_is_set_over_the_control_api(measured: Measured) -> None:
    kubectl = measured.spare
    url = f"{measured.url}/orrery/v1/namespaces/{kubectl.namespace}/pods/web/usage"
    body = json.dumps({"containers": {"web": {"cpu": "1", "memory": "1Gi"}}}).encode()
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"}, method="PUT")
    with urllib.request.urlopen(request, timeout=120) as answer:
        told = json.load(answer)

    assert told["wanted"] == {"cpu.web": "1", "memory.web": "1Gi"}
    assert told["now"]["web"] == {"cpu": "1", "memory": "1Gi"}
    assert ["web", "1000m", "1024Mi"] in [row[1:] for row in table(kubectl("top", "pod", "web", "--containers"))]
