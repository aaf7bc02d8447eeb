"""Changing the resources of running Pods, and Pods that a node has no room for."""

import json
from typing import Any

from orrery.machinery.objects import Object
from tests.node.cluster import NodeCluster


def amounts(cpu: str, memory: str, /, **limits: str) -> dict[str, Any]:
    return {"requests": {"cpu": cpu, "memory": memory}, **({"limits": limits} if limits else {})}


async def resize(cluster: NodeCluster, resources: dict[str, Any], *, name: str = "web") -> None:
    def edit(pod: Object) -> None:
        pod["spec"]["containers"][0]["resources"] = resources

    await cluster.change(edit, name=name, subresource="resize")


def resize_conditions(pod: Any) -> list[str]:
    return [
        f"{one['type']} {one.get('reason', '')}".strip()
        for one in pod["status"].get("conditions", ())
        if one["type"].startswith("PodResize")
    ]


def told(cluster: NodeCluster, reason: str, name: str = "web") -> list[str]:
    return [message for known, message in cluster.events.of(name) if known == reason]


async def test_a_running_container_gets_other_resources_without_a_restart(cluster: NodeCluster) -> None:
    await cluster.run(resources=amounts("100m", "64Mi"))
    await cluster.clock.settle()
    await resize(cluster, amounts("200m", "64Mi"))
    await cluster.clock.settle()

    status = cluster.container()
    assert status["resources"] == amounts("200m", "64Mi")
    assert status["allocatedResources"] == {"cpu": "200m", "memory": "64Mi"}
    assert (status["restartCount"], cluster.status()["observedGeneration"]) == (0, 2)
    summary = '{"containers":[{"name":"web","resources":{"requests":{"cpu":"200m","memory":"64Mi"}}}],"generation":2}'
    assert cluster.events.of("web")[-2:] == [
        ("ResizeStarted", f"Pod resize started: {summary}"),
        ("ResizeCompleted", f"Pod resize completed: {summary}"),
    ]


async def test_while_it_goes_on_a_resize_is_a_condition_and_the_old_amounts_are_shown(cluster: NodeCluster) -> None:
    await cluster.run(resources=amounts("100m", "64Mi"))
    await cluster.clock.settle()
    await resize(cluster, amounts("200m", "64Mi"))
    await cluster.clock.settle()

    going = next(pod for pod in cluster.seen["web"] if resize_conditions(pod))
    assert resize_conditions(going) == ["PodResizeInProgress"]
    container = going["status"]["containerStatuses"][0]
    assert container["allocatedResources"]["cpu"] == "200m"
    assert container["resources"]["requests"]["cpu"] == "100m"
    assert resize_conditions(cluster.pod()) == []


async def test_a_resize_policy_may_ask_for_a_restart(cluster: NodeCluster) -> None:
    policy = [{"resourceName": "memory", "restartPolicy": "RestartContainer"}, {"resourceName": "cpu", "restartPolicy": "NotRequired"}]
    await cluster.run(resources=amounts("100m", "64Mi"), resizePolicy=policy)
    await cluster.clock.settle()
    await resize(cluster, amounts("100m", "128Mi"))
    await cluster.clock.settle()

    assert cluster.container()["restartCount"] == 1
    assert cluster.container()["resources"] == amounts("100m", "128Mi")
    assert ("Killing", "Container web resize requires restart") in cluster.events.of("web")
    assert cluster.events.reasons("web")[-1] == "ResizeCompleted"


async def test_more_than_the_node_has_can_never_be_granted(cluster: NodeCluster) -> None:
    await cluster.run(resources=amounts("100m", "64Mi"))
    await cluster.clock.settle()
    await resize(cluster, amounts("1000", "64Mi"))
    await cluster.clock.settle()

    pending = cluster.condition("PodResizePending")
    assert (pending["reason"], pending["observedGeneration"]) == ("Infeasible", 2)
    assert pending["message"] == "Node didn't have enough capacity: cpu, requested: 1000000, capacity: 4000"
    assert cluster.container()["resources"] == amounts("100m", "64Mi")
    assert json.loads(told(cluster, "ResizeInfeasible")[0].partition(": ")[2])["error"] == pending["message"]


async def test_what_does_not_fit_now_is_granted_when_another_pod_leaves(cluster: NodeCluster) -> None:
    await cluster.run("other", resources=amounts("3", "64Mi"))
    await cluster.run(resources=amounts("500m", "64Mi"))
    await cluster.clock.settle()
    await resize(cluster, amounts("2", "64Mi"))
    await cluster.clock.settle()
    waiting = cluster.condition("PodResizePending")
    await cluster.delete("other")
    await cluster.clock.settle()

    assert waiting["reason"] == "Deferred"
    assert waiting["message"] == "Node didn't have enough resource: cpu, requested: 2000, used: 3000, capacity: 4000"
    assert len(told(cluster, "ResizeDeferred")) == 1
    assert resize_conditions(cluster.pod()) == []
    assert cluster.container()["resources"] == amounts("2", "64Mi")


async def test_a_resize_that_is_taken_back_is_forgotten(cluster: NodeCluster) -> None:
    await cluster.run(resources=amounts("100m", "64Mi"))
    await cluster.clock.settle()
    await resize(cluster, amounts("1000", "64Mi"))
    await cluster.clock.settle()
    await resize(cluster, amounts("100m", "64Mi"))
    await cluster.clock.settle()

    assert resize_conditions(cluster.pod()) == []
    assert "ResizeStarted" not in cluster.events.reasons("web")


async def test_a_higher_memory_limit_counts_at_once(cluster: NodeCluster) -> None:
    grow = "sleep 30; x=$(head -c 20000000 /dev/zero | tr '\\0' a); echo grown; sleep 3600"
    await cluster.run(
        image="busybox:1.36", command=["sh", "-c", grow], resources=amounts("100m", "8Mi", cpu="100m", memory="8Mi"), restartPolicy="Never"
    )
    await cluster.clock.settle()
    await resize(cluster, amounts("100m", "200Mi", cpu="100m", memory="200Mi"))
    await cluster.clock.advance(120)

    assert await cluster.said() == "grown\n"


async def test_a_pod_that_asks_for_more_than_is_left_is_rejected(cluster: NodeCluster) -> None:
    await cluster.run("other", resources=amounts("3", "64Mi"))
    await cluster.clock.settle()
    await cluster.run(resources=amounts("2", "64Mi"))
    await cluster.clock.settle()

    status = cluster.status()
    why = "Node didn't have enough resource: cpu, requested: 2000, used: 3000, capacity: 4000"
    assert (status["phase"], status["reason"], status["message"]) == ("Failed", "OutOfcpu", f"Pod was rejected: {why}")
    assert cluster.events.of("web") == [("OutOfcpu", why)]
    assert "containerStatuses" not in status


async def test_what_was_removed_by_force_makes_room_at_once(cluster: NodeCluster) -> None:
    await cluster.run("other", image="busybox:1.36", command=["sh", "-c", "trap '' TERM; sleep 3600"], resources=amounts("3", "64Mi"))
    await cluster.clock.settle()
    await cluster.delete("other", grace_s=0)
    await cluster.run(resources=amounts("2", "64Mi"))
    await cluster.clock.settle()

    assert cluster.status()["phase"] == "Running"


async def test_a_pod_with_a_selector_the_node_does_not_fit_is_rejected(cluster: NodeCluster) -> None:
    await cluster.run(nodeSelector={"disk": "ssd"})
    await cluster.clock.settle()

    assert cluster.status()["reason"] == "NodeAffinity"
    assert cluster.status()["message"] == (
        "Pod was rejected: Predicate NodeAffinity failed: node(s) didn't match Pod's node affinity/selector"
    )


async def test_a_pod_that_has_ended_leaves_room(cluster: NodeCluster) -> None:
    await cluster.run("job", image="busybox:1.36", command=["true"], restartPolicy="Never", resources=amounts("3", "64Mi"))
    await cluster.clock.settle()
    await cluster.run(resources=amounts("2", "64Mi"))
    await cluster.clock.settle()

    assert cluster.is_ready()


async def test_a_memory_limit_below_what_is_used_is_an_error(cluster: NodeCluster) -> None:
    grow = "x=$(head -c 20000000 /dev/zero | tr '\\0' a); sleep 3600; true"
    await cluster.run(image="busybox:1.36", command=["sh", "-c", grow], resources=amounts("100m", "200Mi", cpu="100m", memory="200Mi"))
    await cluster.clock.advance(60)
    await resize(cluster, amounts("100m", "8Mi", cpu="100m", memory="8Mi"))
    await cluster.clock.advance(60)

    progress = cluster.condition("PodResizeInProgress")
    assert progress["reason"] == "Error"
    assert progress["message"].startswith(
        "cannot decrease memory limits: [attempting to set pod memory limit (8388608) below current usage ("
    )
    assert len(told(cluster, "ResizeError")) == 1
    assert cluster.container()["resources"]["limits"]["memory"] == "200Mi"
