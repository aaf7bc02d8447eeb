"""A node that is lost: when the control plane notices, what it says, what becomes of the Pods, and what happens when it comes back."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from orrery.machinery.objects import FrozenObject, Object, name_of
from orrery.node.failure import Failure
from orrery.node.node_groups import NodeGroup
from orrery.settings import FAST
from orrery.testing import Simulation
from orrery.testing.simulation import deployment, pod

LOST = "orrery-worker2"
UNREACHABLE = "node.kubernetes.io/unreachable"


@pytest.fixture
async def cluster() -> AsyncIterator[Simulation]:
    async with Simulation(FAST) as running:
        yield running


async def lose(cluster: Simulation, name: str = LOST, how: Failure = Failure.CRASH) -> None:
    await cluster.cluster.kubelet.machines.fail(name, how)


def node(cluster: Simulation, name: str = LOST) -> FrozenObject:
    return cluster.get("nodes", name, "")


def taints(cluster: Simulation, name: str = LOST) -> list[tuple[str, str]]:
    return [(one["key"], one["effect"]) for one in node(cluster, name)["spec"].get("taints", ())]


def condition(obj: FrozenObject, type_: str = "Ready") -> FrozenObject:
    found: FrozenObject = next(one for one in obj["status"]["conditions"] if one["type"] == type_)
    return found


def on(cluster: Simulation, name: str) -> list[FrozenObject]:
    return [one for one in cluster.pods() if one["spec"].get("nodeName") == name]


async def taint(cluster: Simulation, added: Object) -> None:
    def edit(draft: Object) -> bool:
        draft["spec"]["taints"] = [*draft["spec"].get("taints", ()), added]
        return True

    await cluster.client.change("nodes", "", LOST, edit)


async def run(cluster: Simulation, name: str = "alone", *, node: str = LOST, **spec: Any) -> None:
    await cluster.apply(pod(name, nodeName=node, **spec))
    await cluster.settle()


async def test_a_silent_node_turns_unknown_after_fifty_seconds(cluster: Simulation) -> None:
    await run(cluster)
    await lose(cluster)
    await cluster.advance(39)
    assert condition(node(cluster))["status"] == "True"

    await cluster.advance(17)

    said = {one["type"]: (one["status"], one["reason"], one["message"]) for one in node(cluster)["status"]["conditions"]}
    assert set(said) == {"MemoryPressure", "DiskPressure", "PIDPressure", "Ready"}
    assert set(said.values()) == {("Unknown", "NodeStatusUnknown", "Kubelet stopped posting node status.")}
    assert taints(cluster) == [(UNREACHABLE, "NoSchedule"), (UNREACHABLE, "NoExecute")]
    assert all(one["timeAdded"] for one in node(cluster)["spec"]["taints"])
    assert f"NodeNotReady: Node {LOST} status is now: NodeNotReady" in cluster.events(LOST)
    assert f"RegisteredNode: Node {LOST} event: Registered Node {LOST} in Controller" in cluster.events(LOST)


async def test_its_pods_are_not_ready_and_go_on_seeming_to_run(cluster: Simulation) -> None:
    await run(cluster)
    await lose(cluster)
    await cluster.advance(60)

    lost = cluster.get("pods", "alone")
    assert (lost["status"]["phase"], condition(lost)["status"]) == ("Running", "False")
    assert condition(lost, "ContainersReady")["status"] == "True"
    assert "NodeNotReady: Node is not ready" in cluster.events("alone")


async def test_its_pods_are_deleted_after_five_minutes_and_stay_until_it_is_back(cluster: Simulation) -> None:
    await cluster.apply(deployment("web", replicas=6))
    await cluster.settle()
    before = [name_of(one) for one in on(cluster, LOST)]
    await lose(cluster)
    await cluster.advance(350)
    assert not any(one["metadata"].get("deletionTimestamp") for one in cluster.pods())
    await cluster.advance(15)
    await cluster.settle()

    gone = on(cluster, LOST)
    assert [name_of(one) for one in gone] == before
    assert all(one["metadata"]["deletionTimestamp"] for one in gone)
    assert {condition(one, "DisruptionTarget")["reason"] for one in gone} == {"DeletionByTaintManager"}
    assert f"TaintManagerEviction: Marking for deletion Pod default/{before[0]}" in cluster.events(before[0])
    assert cluster.get("deployments.apps", "web")["status"]["readyReplicas"] == 6

    await cluster.cluster.kubelet.machines.recover(LOST)
    await cluster.settle()
    assert on(cluster, LOST) == []


async def test_a_pod_says_for_how_long_it_tolerates_that(cluster: Simulation) -> None:
    await run(cluster, "short", tolerations=[{"key": UNREACHABLE, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 20}])
    await run(cluster, "ever", tolerations=[{"operator": "Exists"}])
    await lose(cluster)
    await cluster.advance(85)
    assert "deletionTimestamp" in cluster.get("pods", "short")["metadata"]

    await cluster.advance(3600)

    assert "deletionTimestamp" not in cluster.get("pods", "ever")["metadata"]


async def test_a_node_that_comes_back_in_time_keeps_its_pods(cluster: Simulation) -> None:
    await run(cluster)
    await lose(cluster)
    await cluster.advance(100)
    await cluster.cluster.kubelet.machines.recover(LOST)
    await cluster.advance(10)
    await cluster.settle()

    back = cluster.get("pods", "alone")
    assert taints(cluster) == []
    assert condition(back)["status"] == "True"
    assert back["status"]["containerStatuses"][0]["restartCount"] == 1
    assert "TaintManagerEviction: Cancelling deletion of Pod default/alone" in cluster.events("alone")


async def test_a_stopped_kubelet_leaves_containers_running(cluster: Simulation) -> None:
    await run(cluster)
    await lose(cluster, how=Failure.KUBELET)
    await cluster.advance(100)
    assert condition(cluster.get("pods", "alone"))["status"] == "False"
    await cluster.cluster.kubelet.machines.recover(LOST)
    await cluster.advance(10)

    back = cluster.get("pods", "alone")
    assert condition(back)["status"] == "True"
    assert back["status"]["containerStatuses"][0]["restartCount"] == 0


async def test_when_no_node_answers_nobody_is_evicted(cluster: Simulation) -> None:
    await cluster.apply(deployment("web", replicas=6))
    await cluster.settle()
    for number in ("", "2", "3"):
        await lose(cluster, f"orrery-worker{number}")
    await cluster.advance(1000)

    assert {condition(one)["status"] for one in cluster.list("nodes", "")} == {"Unknown"}
    assert [taints(cluster, name_of(one)) for one in cluster.list("nodes", "")] == [[(UNREACHABLE, "NoSchedule")]] * 3
    assert len(cluster.pods()) == 6
    assert not any(one["metadata"].get("deletionTimestamp") for one in cluster.pods())

    await cluster.cluster.kubelet.machines.recover("orrery-worker")
    await cluster.advance(60)
    lost = [name for name in ("orrery-worker2", "orrery-worker3") if (UNREACHABLE, "NoExecute") in taints(cluster, name)]
    assert lost == ["orrery-worker2", "orrery-worker3"]


async def test_lost_nodes_are_evicted_one_in_ten_seconds() -> None:
    async with Simulation(FAST, nodes=(NodeGroup(count=10),)) as cluster:
        for number in ("2", "3", "4"):
            await lose(cluster, f"orrery-worker{number}")
        await cluster.advance(56)
        counts = []
        for _ in range(3):
            counts.append(sum((UNREACHABLE, "NoExecute") in taints(cluster, name_of(one)) for one in cluster.list("nodes", "")))
            await cluster.advance(10)

    assert counts == [1, 2, 3]


async def test_a_node_that_never_says_anything(cluster: Simulation) -> None:
    await cluster.apply({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "silent"}})
    await cluster.advance(70)

    ready = condition(node(cluster, "silent"))
    assert (ready["status"], ready["reason"], ready["message"]) == (
        "Unknown",
        "NodeStatusNeverUpdated",
        "Kubelet never posted node status.",
    )
    assert (UNREACHABLE, "NoExecute") in taints(cluster, "silent")

    await cluster.delete("nodes", "silent", "")
    await cluster.advance(10)
    assert "RemovingNode: Node silent event: Removing Node silent from Controller" in cluster.events("silent")


async def test_pods_of_a_removed_node_are_collected(cluster: Simulation) -> None:
    await run(cluster)
    await cluster.cluster.kubelet.machines.remove(LOST)
    await cluster.advance(45)

    assert cluster.client.get("pods", "default", "alone") is None
    assert cluster.client.get("leases.coordination.k8s.io", "kube-node-lease", LOST) is None


async def test_out_of_service_lets_pods_on_their_way_out_go(cluster: Simulation) -> None:
    await run(cluster)
    await lose(cluster)
    await cluster.advance(60)
    await cluster.delete("pods", "alone")
    await cluster.advance(100)
    assert cluster.client.get("pods", "default", "alone") is not None

    await taint(cluster, {"key": "node.kubernetes.io/out-of-service", "value": "nodeshutdown", "effect": "NoExecute"})
    await cluster.advance(25)

    assert cluster.client.get("pods", "default", "alone") is None


async def test_a_taint_of_the_user_s_evicts_at_once(cluster: Simulation) -> None:
    await run(cluster)

    await taint(cluster, {"key": "maintenance", "effect": "NoExecute"})
    await cluster.settle()

    assert cluster.client.get("pods", "default", "alone") is None
    assert "TaintManagerEviction: Marking for deletion Pod default/alone" in cluster.events("alone")


async def test_services_forget_the_pods_of_a_lost_node(cluster: Simulation) -> None:
    await cluster.apply(deployment("web", replicas=3))
    spec = {"selector": {"app": "web"}, "ports": [{"port": 80}]}
    await cluster.apply({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}, "spec": spec})
    await cluster.settle()
    address = on(cluster, LOST)[0]["status"]["podIP"]
    await lose(cluster)
    await cluster.advance(60)
    await cluster.settle()

    slices = cluster.list("endpointslices.discovery.k8s.io")
    ready = {tuple(one["addresses"]): one["conditions"]["ready"] for made in slices for one in made["endpoints"] if "web" in name_of(made)}
    assert ready[(address,)] is False
    assert sum(ready.values()) == 2


async def test_heartbeats_of_many_nodes_wake_nobody() -> None:
    async with Simulation(FAST, nodes=(NodeGroup(count=100),)) as cluster:
        await cluster.advance(60)
        counts = cluster.cluster.runner.counts("node-lifecycle-controller")
        before = counts.reconciles
        await cluster.advance(200)

    assert counts.reconciles - before <= 5
