"""Service networks are Ready, and stay while addresses of theirs are given out."""

from orrery.controllers.protection import ServiceCidrController
from orrery.controllers.protection.service_cidrs import CIDRS, is_needed
from orrery.machinery.objects import Object
from tests.controllers.world import World


def network(name: str, cidr: str) -> Object:
    return {"metadata": {"name": name}, "spec": {"cidrs": [cidr]}}


def service(ip: str) -> Object:
    return {"metadata": {"name": "web"}, "spec": {"clusterIP": ip, "clusterIPs": [ip]}}


def test_a_network_is_needed_for_an_address_that_no_other_has() -> None:
    mine, wider, other = network("mine", "10.1.0.0/24"), network("wider", "10.1.0.0/16"), network("other", "10.2.0.0/16")

    assert is_needed(mine, [mine, other], [service("10.1.0.7")])
    assert not is_needed(mine, [mine, wider], [service("10.1.0.7")])
    assert not is_needed(mine, [mine, other], [service("10.2.0.7"), service("None")])


async def test_a_deleted_network_goes_after_ten_seconds(world: World) -> None:
    world.runner.add(ServiceCidrController(world.client), world.client)
    world.runner.start()
    await world.create(CIDRS, network("mine", "10.1.0.0/24"))
    await world.settle()
    made = world.client.get(CIDRS, "", "mine")
    assert made is not None
    assert made["metadata"]["finalizers"] == ["networking.k8s.io/service-cidr-finalizer"]
    assert [(each["type"], each["status"]) for each in made["status"]["conditions"]] == [("Ready", "True")]

    await world.client.delete(CIDRS, "", "mine")
    await world.clock.advance(9)
    assert world.client.get(CIDRS, "", "mine") is not None

    await world.clock.advance(2)
    assert world.client.get(CIDRS, "", "mine") is None
