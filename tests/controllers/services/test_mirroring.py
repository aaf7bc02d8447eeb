"""Slices that mirror what users write as Endpoints."""

from typing import Any

import pytest

from orrery.controllers.services.mirroring import ADDRESSES_MAX, CONTROLLER, MANAGED_BY, plan_mirror
from orrery.machinery.objects import FrozenObject, Object, labels_of, name_of
from tests.controllers.services.cluster import SLICES, Networked
from tests.controllers.world import NAMESPACE

PORT = {"name": "sql", "port": 5432, "protocol": "TCP"}


async def _outside(world: Networked, *addresses: str, meta: Object | None = None, ports: Any = (PORT,)) -> None:
    """A Service without a selector, and the Endpoints its user writes."""
    await world.create("services", {"metadata": {"name": "db", "namespace": NAMESPACE}, "spec": {"ports": [{"port": 5432}]}})
    subsets = [{"addresses": [{"ip": address} for address in addresses], "ports": list(ports)}]
    await world.create("endpoints", {"metadata": {"name": "db", "namespace": NAMESPACE, **(meta or {})}, "subsets": subsets})
    await world.settle()


def _mirrors(world: Networked) -> list[FrozenObject]:
    return [one for one in world.slices("db") if labels_of(one).get(MANAGED_BY) == CONTROLLER]


async def test_endpoints_of_a_service_without_selector_are_mirrored(world: Networked) -> None:
    meta = {"labels": {"team": "data"}, "annotations": {"note": "kept", "kubectl.kubernetes.io/last-applied-configuration": "{}"}}
    await _outside(world, "192.0.2.42", "192.0.2.43", meta=meta)
    [one] = _mirrors(world)
    assert one["metadata"]["generateName"] == "db-"
    assert labels_of(one) == {"team": "data", "kubernetes.io/service-name": "db", MANAGED_BY: CONTROLLER}
    assert one["metadata"]["annotations"] == {"note": "kept"}
    assert [(owner["kind"], owner["name"]) for owner in one["metadata"]["ownerReferences"]] == [("Endpoints", "db")]
    assert one["ports"] == [PORT]
    assert [endpoint["addresses"] for endpoint in one["endpoints"]] == [["192.0.2.42"], ["192.0.2.43"]]
    assert one["endpoints"][0]["conditions"] == {"ready": True}


async def test_a_change_of_the_endpoints_is_written_into_the_same_slice(world: Networked) -> None:
    await _outside(world, "192.0.2.42")
    before = name_of(_mirrors(world)[0])
    await world.change("endpoints", "db", lambda draft: draft["subsets"][0].update(addresses=[{"ip": "192.0.2.50"}]))
    await world.settle()
    [one] = _mirrors(world)
    assert (name_of(one), one["endpoints"][0]["addresses"]) == (before, ["192.0.2.50"])


async def test_a_slice_that_somebody_deletes_comes_back(world: Networked) -> None:
    await _outside(world, "192.0.2.42")
    await world.client.delete(SLICES, NAMESPACE, name_of(_mirrors(world)[0]))
    await world.settle()
    assert len(_mirrors(world)) == 1


@pytest.mark.parametrize(
    "meta",
    [
        {"labels": {"endpointslice.kubernetes.io/skip-mirror": "true"}},
        {"annotations": {"control-plane.alpha.kubernetes.io/leader": "{}"}},
    ],
)
async def test_what_asks_not_to_be_mirrored_is_not(world: Networked, meta: Object) -> None:
    await _outside(world, "192.0.2.42", meta=meta)
    assert _mirrors(world) == []


async def test_a_service_that_gets_a_selector_loses_its_mirror(world: Networked) -> None:
    await _outside(world, "192.0.2.42")
    await world.change("services", "db", lambda draft: draft["spec"].update(selector={"app": "db"}))
    await world.settle()
    assert _mirrors(world) == []


async def test_without_a_service_nothing_is_mirrored(world: Networked) -> None:
    await _outside(world, "192.0.2.42")
    await world.client.delete("services", NAMESPACE, "db")
    await world.settle()
    assert _mirrors(world) == []


def test_too_many_and_invalid_addresses_are_left_out_and_counted() -> None:
    addresses = [{"ip": "not-an-address"}, *({"ip": f"192.0.{number // 250}.{number % 250 + 1}"} for number in range(ADDRESSES_MAX + 2))]
    plan = plan_mirror({"subsets": [{"addresses": addresses, "ports": [PORT]}]})
    assert (plan.invalid, plan.skipped) == (1, 3)
    assert [len(endpoints) for endpoints in plan.endpoints.values()] == [ADDRESSES_MAX]


def test_each_family_and_each_set_of_ports_is_a_slice() -> None:
    plan = plan_mirror(
        {
            "subsets": [
                {"addresses": [{"ip": "192.0.2.1"}, {"ip": "2001:db8::1"}], "ports": [PORT]},
                {"notReadyAddresses": [{"ip": "192.0.2.2"}], "ports": [{"port": 80, "protocol": "TCP"}]},
            ]
        }
    )
    assert [family for family, _ports in plan.endpoints] == ["IPv4", "IPv6", "IPv4"]
    assert [endpoint["conditions"]["ready"] for each in plan.endpoints.values() for endpoint in each.values()] == [True, True, False]
