"""What StatefulSets and DaemonSets cost, in counts that no machine changes."""

import pytest

from orrery.controllers.daemonset import DaemonSetController
from orrery.controllers.statefulset import StatefulSetController
from orrery.machinery.objects import Object
from tests.controllers.test_costs import bare_pod, counted
from tests.controllers.world import NAMESPACE, World, template

READS = ("find", "list", "owned_by", "by_label", "by_field")
STATEFULSETS, DAEMONSETS = "statefulsets.apps", "daemonsets.apps"


def workload(name: str, **spec: object) -> Object:
    labels = {"app": name}
    wanted = template()
    wanted["metadata"] = {"labels": labels}
    return {"metadata": {"name": name, "namespace": NAMESPACE}, "spec": {"selector": {"matchLabels": labels}, "template": wanted, **spec}}


async def started(world: World) -> None:
    world.runner.add(StatefulSetController(world.client, world.recorder("statefulset-controller")), world.client)
    world.runner.add(DaemonSetController(world.client, world.recorder("daemonset-controller")), world.client)
    await world.start()


def reconciles(world: World) -> int:
    return sum(world.runner.counts(name).reconciles for name in ("statefulset-controller", "daemonset-controller"))


async def make(world: World, *, others: int) -> None:
    for number in range(others):
        await world.create("pods", bare_pod(f"bare-{number}"))
        await world.create(STATEFULSETS, workload(f"row-{number}", serviceName="none", replicas=1))
    await world.create(STATEFULSETS, workload("web", serviceName="none", replicas=2))
    await world.create(DAEMONSETS, workload("agent"))
    await world.settle()


@pytest.mark.parametrize("others", [0, 100])
async def test_a_lost_pod_costs_the_same_however_many_others_there_are(world: World, monkeypatch: pytest.MonkeyPatch, others: int) -> None:
    await started(world)
    await make(world, others=others)
    agent = world.pods(app="agent")[0]["metadata"]["name"]
    reads = counted(monkeypatch, world.log, READS)
    before = reconciles(world)

    for name in ("web-1", agent):
        await world.client.delete("pods", NAMESPACE, name)
    await world.settle()

    assert len(world.pods(app="web")) == 2
    assert len(world.pods(app="agent")) == 3
    assert reconciles(world) - before <= 14
    assert sum(reads.values()) <= 230


async def test_a_bare_pod_wakes_nobody(world: World) -> None:
    await started(world)
    await make(world, others=0)
    before = reconciles(world)

    await world.create("pods", bare_pod("bare"))
    await world.settle()

    assert reconciles(world) == before


async def test_a_settled_world_does_nothing(world: World) -> None:
    await started(world)
    await make(world, others=3)
    before = reconciles(world), dict(world.writes)

    await world.clock.advance(3600)

    assert (reconciles(world), world.writes) == before


async def test_a_row_of_fifty_stays_within_the_budget_of_looks(world: World) -> None:
    await started(world)
    await world.create(STATEFULSETS, workload("web", serviceName="none", replicas=50, podManagementPolicy="Parallel"))
    await world.settle()

    assert len(world.pods(app="web")) == 50
    assert world.writes["pods"] == 150  # Made, bound, ready.
    assert reconciles(world) <= 20
