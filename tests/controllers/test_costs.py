"""What things cost, in counts that no machine changes: writes per Pod, reconciles, look-ups."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from orrery.machinery.objects import Object
from tests.controllers.world import DEPLOYMENTS, NAMESPACE, REPLICASETS, World, deployment, template


def reconciles(world: World) -> int:
    return sum(world.runner.counts(name).reconciles for name in ("deployment-controller", "replicaset-controller", "default-scheduler"))


async def test_a_hundred_replicas_stay_within_the_budget_of_writes(world: World) -> None:
    """The budget is ten writes per Pod in all; the kubelet here takes one of them, a real one a few more."""
    await world.start()
    await world.create(DEPLOYMENTS, deployment(replicas=100))
    await world.settle()
    await world.messages("any")

    assert world.writes["pods"] == 300  # Made, bound, ready.
    assert world.writes["events"] <= 130  # One `Scheduled` each; the rest is combined and held back.
    assert world.writes[DEPLOYMENTS] + world.writes[REPLICASETS] <= 20
    assert reconciles(world) <= 130


async def test_a_rollout_of_a_hundred_replicas_stays_within_the_budget_of_writes(world: World) -> None:
    await world.start(nodes=3)
    await world.create(DEPLOYMENTS, deployment(replicas=100))
    await world.settle()
    world.writes.clear()

    await world.set_image("web", "nginx:1.26")
    await world.settle()

    assert world.writes["pods"] <= 600  # Old ones: marked, their grace cut to 0, gone. New ones: made, bound, ready.
    assert world.writes[DEPLOYMENTS] + world.writes[REPLICASETS] <= 150


async def test_a_settled_cluster_does_nothing(world: World) -> None:
    await world.start()
    await world.create(DEPLOYMENTS, deployment(replicas=10))
    await world.settle()
    before = reconciles(world), dict(world.writes)

    await world.clock.advance(3600)

    assert reconciles(world) <= before[0] + 1  # One look at the deadline of the rollout that is long over.
    assert world.writes == before[1]


def counted(monkeypatch: pytest.MonkeyPatch, target: Any, names: tuple[str, ...]) -> Counter[str]:
    """Counts the records that reads of the log hand out."""
    reads: Counter[str] = Counter()

    def count(name: str) -> None:
        read: Callable[..., Any] = getattr(target, name)

        def wrapped(*args: Any, **kwargs: Any) -> Any:
            found = read(*args, **kwargs)
            reads[name] += len(found.records if name == "list" else found) if name != "find" else 1
            return found

        monkeypatch.setattr(target, name, wrapped)

    for name in names:
        count(name)
    return reads


@pytest.mark.parametrize("others", [0, 300])
async def test_scheduling_one_pod_costs_the_same_however_many_there_are(world: World, monkeypatch: pytest.MonkeyPatch, others: int) -> None:
    await world.start(kubelet=False, nodes=4)
    for number in range(others):
        await world.create("pods", bare_pod(f"other-{number}"))
    await world.clock.idle()
    reads = counted(monkeypatch, world.log, ("find", "list", "owned_by", "by_label", "by_field"))

    await world.create("pods", bare_pod("new"))
    await world.clock.idle()

    assert world.get("pods", "new")["spec"]["nodeName"]
    assert sum(reads.values()) - reads["find"] == 0
    assert reads["find"] < 15


def bare_pod(name: str) -> Object:
    return {"metadata": {"name": name, "namespace": NAMESPACE}, "spec": template()["spec"]}
