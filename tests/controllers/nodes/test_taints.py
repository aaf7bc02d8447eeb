"""Taints follow a node's conditions; the cluster's size says how old a kubelet's cache may be."""

from typing import Any

from orrery.controllers.nodes import NodeLifecycleController, NodeTtlController
from orrery.controllers.nodes.taints import plan_taints
from orrery.machinery.objects import Object
from tests.controllers.world import World, node

NOT_READY = {"key": "node.kubernetes.io/not-ready", "effect": "NoSchedule"}
OWN = {"key": "dedicated", "effect": "NoSchedule"}


def with_taints(taints: list[Any], ready: str = "True", **spec: Any) -> Object:
    return {"metadata": {"name": "n"}, "spec": {"taints": taints, **spec}, "status": {"conditions": [{"type": "Ready", "status": ready}]}}


def test_a_ready_node_loses_its_taint_and_keeps_the_user_s() -> None:
    assert plan_taints(with_taints([NOT_READY, OWN]), "now") == [OWN]
    assert plan_taints(with_taints([OWN]), "now") is None


def test_conditions_and_cordons_become_taints() -> None:
    planned = plan_taints(with_taints([], ready="Unknown", unschedulable=True), "now")

    assert planned is not None
    assert [taint["key"] for taint in planned] == ["node.kubernetes.io/unreachable", "node.kubernetes.io/unschedulable"]
    assert {taint["timeAdded"] for taint in planned} == {"now"}


async def test_a_node_that_turns_ready_takes_pods(world: World) -> None:
    world.runner.add(NodeLifecycleController(world.client, world.recorder("node-controller")), world.client)
    world.runner.add(NodeTtlController(world.client), world.client)
    world.runner.start()
    await world.create("nodes", {**node("a", taints=[NOT_READY]), "status": {}})
    await world.client.patch("nodes", "", "a", {"status": {"conditions": [{"type": "Ready", "status": "True"}]}}, subresource="status")
    await world.settle()

    found = world.client.get("nodes", "", "a")
    assert found is not None
    assert "taints" not in found["spec"]
    assert found["metadata"]["annotations"] == {"node.alpha.kubernetes.io/ttl": "0"}


async def test_a_large_cluster_reads_less_often(world: World) -> None:
    world.runner.add(NodeTtlController(world.client), world.client)
    world.runner.start()
    for number in range(101):
        await world.create("nodes", node(f"n-{number}"))
    await world.settle()

    told = {each["metadata"]["annotations"]["node.alpha.kubernetes.io/ttl"] for each in world.client.list("nodes")}
    assert told == {"15"}
