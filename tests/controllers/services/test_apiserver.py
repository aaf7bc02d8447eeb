"""The Service `default/kubernetes` and what it points to."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from orrery.controllers.services import KubernetesServiceController
from orrery.machinery.objects import Object, uid_of
from tests.controllers.services.cluster import SLICES
from tests.controllers.world import NAMESPACE, World

NAME = "kubernetes"


@pytest.fixture
async def world() -> AsyncIterator[World]:
    made = World()
    controller = KubernetesServiceController(made.client, cluster_ip="10.96.0.1", address="172.18.0.1")
    made.runner.add(controller, made.client)
    made.runner.start()
    await made.create("namespaces", {"metadata": {"name": NAMESPACE}})
    await made.settle()
    yield made
    await made.stop()


def reconciles(world: World) -> int:
    return world.runner.counts("kubernetes-service-controller").reconciles


async def test_it_is_there_and_stands_still(world: World) -> None:
    assert world.get("services", NAME)["spec"]["clusterIP"] == "10.96.0.1"
    assert world.get("endpoints", NAME)["subsets"][0]["addresses"] == [{"ip": "172.18.0.1"}]
    assert world.get(SLICES, NAME)["endpoints"] == [{"addresses": ["172.18.0.1"], "conditions": {"ready": True}}]
    assert reconciles(world) <= 4

    before = reconciles(world)
    await world.clock.advance(600)
    assert reconciles(world) == before


@pytest.mark.parametrize("bucket", ["services", "endpoints", SLICES])
async def test_what_is_deleted_comes_back(world: World, bucket: str) -> None:
    before = uid_of(world.get(bucket, NAME))

    await world.client.delete(bucket, NAMESPACE, NAME)
    await world.settle()

    assert uid_of(world.get(bucket, NAME)) != before
    assert world.get("endpoints", NAME)["subsets"]


@pytest.mark.parametrize(
    ("bucket", "meddle"),
    [
        ("endpoints", lambda draft: draft.pop("subsets")),
        ("endpoints", lambda draft: draft["subsets"][0]["addresses"].append({"ip": "192.0.2.7"})),
        ("endpoints", lambda draft: draft["metadata"].update(labels={})),
        (SLICES, lambda draft: draft.update(endpoints=[])),
        (SLICES, lambda draft: draft["ports"][0].update(port=1)),
        (SLICES, lambda draft: draft["metadata"].update(labels={"a": "b"})),
    ],
)
async def test_what_is_changed_is_made_good(world: World, bucket: str, meddle: Callable[[Object], Any]) -> None:
    before = world.get(bucket, NAME)

    await world.change(bucket, NAME, meddle)
    await world.settle()

    after = world.get(bucket, NAME)
    assert {key: value for key, value in after.items() if key != "metadata"} == {
        key: value for key, value in before.items() if key != "metadata"
    }
    assert after["metadata"]["labels"] == before["metadata"]["labels"]


async def test_what_users_make_of_the_service_stays(world: World) -> None:
    """As upstream, which has not looked after its fields since 1.17."""
    await world.set_spec("services", NAME, sessionAffinity="ClientIP")
    await world.settle()

    assert world.get("services", NAME)["spec"]["sessionAffinity"] == "ClientIP"
