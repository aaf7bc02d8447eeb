"""Pods that nobody else removes go, with the reasons of upstream's Pod garbage collector."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from orrery.controllers.pod_gc import PodGcController
from orrery.controllers.pod_gc.controller import plan_surplus
from orrery.machinery.errors import NotFound
from orrery.machinery.objects import FrozenObject, Object, name_of
from tests.controllers.world import NAMESPACE, World, node, template


@pytest.fixture
async def gc(world: World) -> AsyncIterator[World]:
    """Node-0 and the collector, which keeps two ended Pods."""
    await world.create("namespaces", {"metadata": {"name": NAMESPACE}})
    await world.create("nodes", node("node-0"))
    world.runner.add(PodGcController(world.client, ended_max=2), world.client)
    world.runner.start()
    yield world


async def add_pod(world: World, name: str, *, on: str = "node-0", **status: Any) -> FrozenObject:
    spec = {**template()["spec"], "nodeName": on} if on else {**template()["spec"]}
    finalizers = status.pop("finalizers", None)
    meta: Object = {"name": name, "namespace": NAMESPACE}
    if finalizers:
        meta["finalizers"] = finalizers
    made = await world.create("pods", {"metadata": meta, "spec": spec})
    if status:
        await world.client.change("pods", NAMESPACE, name, lambda draft: draft["status"].update(status) is None, subresource="status")
    return made


def names(world: World) -> list[str]:
    return [name_of(one) for one in world.pods()]


async def test_ended_pods_beyond_the_limit_go_evicted_and_oldest_first(gc: World) -> None:
    await add_pod(gc, "old", phase="Succeeded")
    await add_pod(gc, "evicted", phase="Failed", reason="Evicted")
    await add_pod(gc, "running", phase="Running")
    await gc.clock.advance(60)
    await add_pod(gc, "new", phase="Failed")
    await gc.clock.advance(60)
    assert names(gc) == ["new", "old", "running"]

    await add_pod(gc, "newest", phase="Succeeded")
    await gc.clock.advance(60)
    assert names(gc) == ["new", "newest", "running"]


async def test_pods_of_a_deleted_node_fail_and_go_after_their_quarantine(gc: World) -> None:
    await add_pod(gc, "lost", phase="Running", finalizers=["example.com/wait"])
    await gc.client.delete("nodes", "", "node-0")

    await gc.clock.advance(39)
    assert gc.get("pods", "lost")["status"]["phase"] == "Running"
    await gc.clock.advance(2)

    status = gc.get("pods", "lost")["status"]
    (condition,) = status["conditions"]
    assert status["phase"] == "Failed"
    assert {key: condition[key] for key in ("type", "status", "reason", "message")} == {
        "type": "DisruptionTarget",
        "status": "True",
        "reason": "DeletionByPodGC",
        "message": "PodGC: node no longer exists",
    }
    assert gc.get("pods", "lost")["metadata"]["deletionTimestamp"]


async def test_a_node_that_comes_back_in_time_keeps_its_pods(gc: World) -> None:
    await add_pod(gc, "kept", phase="Running")
    await gc.client.delete("nodes", "", "node-0")
    await gc.clock.advance(20)
    await gc.create("nodes", node("node-0"))

    await gc.clock.advance(60)

    assert names(gc) == ["kept"]


async def test_a_pod_for_a_node_that_never_was_goes_too(gc: World) -> None:
    await add_pod(gc, "stray", on="nowhere")

    await gc.clock.advance(41)

    assert names(gc) == []


async def test_a_deleted_pod_without_a_node_fails(gc: World) -> None:
    await add_pod(gc, "waiting", on="", finalizers=["example.com/wait"])
    await gc.client.delete("pods", NAMESPACE, "waiting")

    await gc.clock.advance(21)

    assert gc.get("pods", "waiting")["status"]["phase"] == "Failed"


async def test_deleted_pods_of_a_node_out_of_service_go_at_once(gc: World) -> None:
    await add_pod(gc, "stuck", phase="Running")
    await add_pod(gc, "running", phase="Running")
    await gc.client.delete("pods", NAMESPACE, "stuck", grace_period_s=3600)
    await gc.clock.advance(60)
    assert names(gc) == ["running", "stuck"]

    def fail(draft: Object) -> bool:
        draft["status"]["conditions"][0]["status"] = "Unknown"
        return True

    await gc.client.change("nodes", "", "node-0", fail, subresource="status")
    taint = {"key": "node.kubernetes.io/out-of-service", "value": "nodeshutdown", "effect": "NoExecute"}
    await gc.client.patch("nodes", "", "node-0", {"spec": {"taints": [taint]}})
    await gc.clock.advance(21)

    assert names(gc) == ["running"]


async def test_a_pod_event_costs_no_reconcile(gc: World) -> None:
    for number in range(20):
        await add_pod(gc, f"pod-{number}", phase="Running")
    await gc.clock.advance(120)

    assert gc.runner.counts("pod-garbage-collector-controller").reconciles == 0


def test_nothing_is_surplus_within_the_limit() -> None:
    ended = {"metadata": {"name": "a", "creationTimestamp": "2026-01-02T03:04:05Z"}, "status": {"phase": "Failed"}}

    assert plan_surplus([ended], 1) == ()
    assert plan_surplus([ended], 0) == [ended]


async def test_a_pod_that_goes_by_itself_is_no_trouble(gc: World) -> None:
    await add_pod(gc, "quick", on="nowhere")
    await gc.client.delete("pods", NAMESPACE, "quick", grace_period_s=0)
    with pytest.raises(NotFound):
        await gc.client.delete("pods", NAMESPACE, "quick")

    await gc.clock.advance(60)

    assert gc.runner.counts("pod-garbage-collector-controller").errors == 0
