"""Addresses of Services of type LoadBalancer."""

from typing import Any

from orrery.controllers.services.load_balancers import FINALIZER, AddressPool, addresses_of
from orrery.machinery.objects import FrozenObject
from tests.controllers.services.cluster import POOL, Networked
from tests.controllers.world import NAMESPACE


async def _balanced_service(world: Networked, name: str, **spec: Any) -> FrozenObject:
    await world.service(name, type="LoadBalancer", clusterIP="", **spec)
    await world.settle()
    return world.get("services", name)


async def _events(world: Networked) -> list[str]:
    for recorder in world.recorders:
        await recorder.flush()
    return [f"{event['reason']}: {event['message']}" for event in world.client.list("events", NAMESPACE)]


async def test_a_service_gets_an_address_a_finalizer_and_events(world: Networked) -> None:
    service = await _balanced_service(world, "web")
    assert service["status"]["loadBalancer"] == {"ingress": [{"ip": "192.0.2.1", "ipMode": "VIP"}]}
    assert service["metadata"]["finalizers"] == [FINALIZER]
    assert await _events(world) == [
        "EnsuringLoadBalancer: Ensuring load balancer",
        "EnsuredLoadBalancer: Ensured load balancer",
    ]


async def test_a_service_without_an_address_gets_one_when_another_goes(world: Networked) -> None:
    for name in ("a", "b"):
        await _balanced_service(world, name)
    waiting = await _balanced_service(world, "c")
    assert addresses_of(waiting) == []
    assert "SyncLoadBalancerFailed: Error syncing load balancer: no address is left in the pool" in await _events(world)
    await world.client.delete("services", NAMESPACE, "a")
    await world.settle()
    assert world.client.get("services", NAMESPACE, "a") is None
    assert addresses_of(world.get("services", "c")) == ["192.0.2.1"]


async def test_a_change_of_type_gives_the_address_back(world: Networked) -> None:
    await _balanced_service(world, "web")
    await world.set_spec("services", "web", type="ClusterIP")
    await world.settle()
    service = world.get("services", "web")
    assert service["status"] == {"loadBalancer": {}}
    assert "finalizers" not in service["metadata"]
    assert (await _events(world))[-2:] == ["DeletingLoadBalancer: Deleting load balancer", "DeletedLoadBalancer: Deleted load balancer"]


async def test_a_wish_is_heard(world: Networked) -> None:
    assert addresses_of(await _balanced_service(world, "web", loadBalancerIP="192.0.2.2")) == ["192.0.2.2"]
    assert addresses_of(await _balanced_service(world, "other", loadBalancerIP="192.0.2.2")) == []


async def test_a_load_balancer_class_is_another_controllers_business(world: Networked) -> None:
    service = await _balanced_service(world, "web", loadBalancerClass="example.com/lb")
    assert addresses_of(service) == []
    assert "finalizers" not in service["metadata"]


def test_an_empty_pool_has_no_addresses() -> None:
    pool = AddressPool("")
    assert not pool.has_addresses
    assert pool.take("default/web") == ""


def test_the_pool_gives_each_address_once_and_takes_it_back() -> None:
    pool = AddressPool(POOL)
    assert [pool.take(key) for key in ("a", "b", "a", "c")] == ["192.0.2.1", "192.0.2.2", "192.0.2.1", ""]
    pool.release("b")
    assert pool.take("c") == "192.0.2.2"
