"""What a fresh cluster has, what Services point to, what namespaces take along."""

import pytest

from orrery.machinery.objects import name_of
from orrery.testing import Simulation
from orrery.testing.simulation import deployment, pod


async def test_a_fresh_cluster_is_ready(cluster: Simulation) -> None:
    assert all(check() for check in cluster.cluster.readiness().values())
    assert {name_of(one) for one in cluster.client.list("namespaces")} == {"default", "kube-system", "kube-public", "kube-node-lease"}
    assert cluster.get("services", "kubernetes")["spec"]["clusterIP"] == "10.96.0.1"
    assert cluster.get("endpoints", "kubernetes")["subsets"][0]["ports"][0]["name"] == "https"
    assert len(cluster.client.list("nodes")) == 3


async def test_the_default_account_comes_back(cluster: Simulation) -> None:
    before = cluster.get("serviceaccounts", "default")

    await cluster.delete("serviceaccounts", "default")
    await cluster.settle()

    assert cluster.get("serviceaccounts", "default")["metadata"]["uid"] != before["metadata"]["uid"]


async def test_a_service_points_to_the_ready_pods_it_selects(cluster: Simulation) -> None:
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "web"},
        "spec": {"selector": {"app": "web"}, "ports": [{"port": 80, "targetPort": 8080}]},
    }
    await cluster.apply(service)
    await cluster.apply(deployment("web", replicas=3))
    await cluster.settle()

    addresses = {pod["status"]["podIP"] for pod in cluster.pods(app="web")}
    subset = cluster.get("endpoints", "web")["subsets"][0]
    slices = cluster.list("endpointslices.discovery.k8s.io", **{"kubernetes.io/service-name": "web"})
    assert {address["ip"] for address in subset["addresses"]} == addresses
    assert subset["ports"] == [{"port": 8080, "protocol": "TCP"}]
    assert {address for one in slices for endpoint in one["endpoints"] for address in endpoint["addresses"]} == addresses
    assert len(addresses) == 3

    await cluster.scale("web", 0)
    await cluster.settle()

    assert "subsets" not in cluster.get("endpoints", "web")

    await cluster.delete("services", "web")
    await cluster.settle()

    assert not cluster.list("endpointslices.discovery.k8s.io", **{"kubernetes.io/service-name": "web"})
    assert cluster.client.get("endpoints", "default", "web") is None


async def test_a_namespace_takes_its_content_along(cluster: Simulation) -> None:
    await cluster.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "team"}})
    await cluster.settle()
    made = deployment("web", replicas=2)
    made["metadata"]["namespace"] = "team"
    await cluster.apply(made)
    await cluster.settle()
    assert len(cluster.list("pods", "team")) == 2

    await cluster.delete("namespaces", "team", namespace="")
    await cluster.settle()

    assert cluster.client.get("namespaces", "", "team") is None
    for bucket in ("pods", "deployments.apps", "replicasets.apps", "serviceaccounts", "configmaps", "events"):
        assert not cluster.list(bucket, "team")


async def test_a_finalizer_holds_its_namespace_and_says_so(cluster: Simulation) -> None:
    await cluster.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "team"}})
    await cluster.settle()
    held = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "held", "namespace": "team", "finalizers": ["example.test/hold"]}}
    await cluster.apply(held)

    await cluster.delete("namespaces", "team", namespace="")
    await cluster.settle()

    namespace = cluster.get("namespaces", "team", "")
    messages = {condition["type"]: condition["message"] for condition in namespace["status"]["conditions"]}
    assert namespace["status"]["phase"] == "Terminating"
    assert messages["NamespaceContentRemaining"] == "Some resources are remaining: configmaps. has 1 resource instances"
    assert messages["NamespaceFinalizersRemaining"].endswith("example.test/hold in 1 resource instances")

    await cluster.client.change("configmaps", "team", "held", lambda draft: draft["metadata"].pop("finalizers") is not None)
    await cluster.settle()

    assert cluster.client.get("namespaces", "", "team") is None


async def test_ubuntu_completes_and_comes_back_ever_later(cluster: Simulation) -> None:
    """Story 3: a shell without a terminal ends at once, so the Pod goes Completed and then CrashLoopBackOff."""
    await cluster.apply(pod("ubuntu", image="ubuntu"))
    await cluster.advance(60)

    container = cluster.get("pods", "ubuntu")["status"]["containerStatuses"][0]
    assert container["lastState"]["terminated"]["reason"] == "Completed"
    assert container["lastState"]["terminated"]["exitCode"] == 0
    assert container["state"]["waiting"]["reason"] == "CrashLoopBackOff"
    assert container["restartCount"] >= 2


@pytest.mark.parametrize(("command", "phase"), [("true", "Succeeded"), ("false", "Failed")])
async def test_a_pod_that_never_restarts_succeeds_or_fails(cluster: Simulation, command: str, phase: str) -> None:
    containers = [{"name": "a", "image": "busybox", "command": [command]}]

    await cluster.apply(pod("once", restartPolicy="Never", containers=containers))
    await cluster.advance(30)

    assert cluster.get("pods", "once")["status"]["phase"] == phase
