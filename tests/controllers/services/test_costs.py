"""What the event of one Pod costs, in counts that no machine changes."""

from typing import Any

import pytest

from orrery.controllers.engine.informer import Change
from orrery.controllers.services.backends import ServiceIndex
from orrery.store.log import Event
from orrery.store.records import CachedRecord
from tests.controllers.services.cluster import Networked
from tests.controllers.test_costs import counted

READS = ("find", "list", "owned_by", "by_label", "by_field")


@pytest.mark.parametrize("others", [0, 200])
async def test_one_pod_costs_the_same_however_many_others_there_are(world: Networked, monkeypatch: pytest.MonkeyPatch, others: int) -> None:
    for number in range(others):
        labels = {"app": f"other-{number}", "tier": "front"}
        await world.service(f"other-{number}", selector=labels, clusterIP=f"10.96.1.{number + 1}")
        await world.pod(f"other-{number}", labels=labels)
    await world.service(selector={"app": "web", "tier": "front"})
    await world.settle()
    reads = counted(monkeypatch, world.log, READS)
    before = world.reconciles()

    await world.pod("new", labels={"app": "web", "tier": "front"})
    await world.settle()

    assert set(world.held()) == {"new"}
    assert world.reconciles() - before <= 6
    assert sum(reads.values()) <= 60


async def test_services_that_share_a_label_are_told_apart_by_another(world: Networked) -> None:
    """All Services of a shop carry `a-shop`: the label that finds one is the one that fewest share."""
    index = ServiceIndex()
    world.client.subscribe("services", lambda event: index.observe(Change(event)))
    for number in range(50):
        await world.service(f"part-{number}", selector={"a-shop": "x", "part": str(number)}, clusterIP=f"10.96.1.{number + 1}")

    assert max(len(keys) for keys in vars(index)["_by_label"].values()) <= 2


async def test_a_pod_behind_no_service_is_not_parsed(world: Networked, monkeypatch: pytest.MonkeyPatch) -> None:
    index = ServiceIndex()
    events: list[Event] = []
    world.client.subscribe("pods", events.append)
    await world.pod("alone", labels={"app": "alone"})
    assert events

    def refuse(record: CachedRecord) -> Any:
        raise AssertionError(record)

    monkeypatch.setattr(CachedRecord, "object", property(refuse))
    assert [list(index.keys_of_pod(Change(event))) for event in events] == [[]] * len(events)


async def test_many_pods_of_one_service_bring_few_looks(world: Networked) -> None:
    await world.service()
    for number in range(200):
        await world.pod(f"pod-{number}", ready=False)
    await world.settle()
    before = world.reconciles()

    for number in range(200):
        await world.status(f"pod-{number}", ready=True)
        await world.clock.idle()
    await world.settle()

    assert len(world.addresses()) == 200
    assert world.reconciles() - before <= 10
