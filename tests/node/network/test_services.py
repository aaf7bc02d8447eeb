"""Connections through Services."""

import asyncio
from collections import Counter

import pytest

from orrery.node.network.fabric import Fabric
from orrery.node.network.pod_network import Fate, Goal
from orrery.node.network.service_table import Origin
from tests.node.network.stage import Stage, endpoint


async def test_a_cluster_address_leads_to_a_ready_endpoint(stage: Stage) -> None:
    client, server = stage.pod("10.244.0.5"), stage.pod("10.244.0.6", name="server")
    listener = server.listen("0.0.0.0", 8080)
    await stage.service("web", clusterIP="10.96.0.80")
    await stage.slice("web", [endpoint("10.244.0.7", ready=False), endpoint("10.244.0.6")])

    here = await client.connect("web", 80)

    there = await listener.accept()
    assert here.remote == ("10.96.0.80", 80)
    assert there.remote == here.local
    assert there.local == ("10.244.0.6", 8080)


async def test_a_service_without_ready_endpoints_refuses(stage: Stage) -> None:
    client = stage.pod("10.244.0.5")
    await stage.service("web", clusterIP="10.96.0.80")
    with pytest.raises(ConnectionRefusedError):
        await client.connect("web", 80)

    await stage.slice("web", [endpoint("10.244.0.6", ready=False)])
    with pytest.raises(ConnectionRefusedError):
        await client.connect("web", 80)


async def test_a_port_the_service_does_not_have_answers_nothing(stage: Stage) -> None:
    await stage.service("web", clusterIP="10.96.0.80")
    trying = asyncio.ensure_future(stage.pod("10.244.0.5").connect("10.96.0.80", 81))
    await stage.clock.until(trying.done)

    assert isinstance(trying.exception(), TimeoutError)


async def test_endpoints_that_end_serve_when_no_other_is_left(stage: Stage) -> None:
    ending = endpoint("10.244.0.6", ready=False)
    ending["conditions"].update(serving=True, terminating=True)
    await stage.service("web", clusterIP="10.96.0.80")
    await stage.slice("web", [ending])

    assert stage.fabric.services.choose(("default", "web"), 80, Origin("10.244.0.5")) == ("10.244.0.6", 8080)


async def test_chance_spreads_connections_and_affinity_does_not(stage: Stage) -> None:
    endpoints = [endpoint("10.244.0.6"), endpoint("10.244.0.7")]
    await stage.service("spread", clusterIP="10.96.0.80")
    await stage.service("sticky", clusterIP="10.96.0.81", sessionAffinity="ClientIP")
    await stage.slice("spread", endpoints)
    await stage.slice("sticky", endpoints)

    assert len(chosen(stage.fabric, "spread")) == 2
    assert len(chosen(stage.fabric, "sticky")) == 1


def chosen(fabric: Fabric, service: str) -> Counter[object]:
    return Counter(fabric.services.choose(("default", service), 80, Origin("10.244.0.5")) for _ in range(50))


async def test_a_named_port_differs_from_slice_to_slice(stage: Stage) -> None:
    await stage.service("web", clusterIP="10.96.0.80", ports=[{"name": "http", "port": 80, "targetPort": "web"}])
    await stage.slice("web", [endpoint("10.244.0.6")], ports=[{"name": "http", "port": 3000, "protocol": "TCP"}])

    assert stage.fabric.services.choose(("default", "web"), 80, Origin("")) == ("10.244.0.6", 3000)


async def test_a_node_port_is_open_on_the_nodes(stage: Stage) -> None:
    client, server = stage.pod("10.244.0.5"), stage.pod("10.244.0.6", name="server")
    server.listen("0.0.0.0", 8080)
    await stage.service("web", clusterIP="10.96.0.80", type="NodePort", ports=[{"port": 80, "targetPort": 8080, "nodePort": 30080}])
    await stage.slice("web", [endpoint("10.244.0.6")])

    assert (await client.connect("172.18.0.2", 30080)).remote == ("172.18.0.2", 30080)
    with pytest.raises(ConnectionRefusedError):
        await client.connect("172.18.0.2", 30081)


async def test_an_address_follows_its_service(stage: Stage) -> None:
    await stage.service("web", clusterIP="10.96.0.80")
    assert stage.fabric.services.at("10.96.0.80") == ("default", "web")

    await stage.client.delete("services", "default", "web")
    assert stage.fabric.services.at("10.96.0.80") is None


async def test_the_address_of_an_api_that_nobody_serves_refuses(stage: Stage) -> None:
    await stage.service("kubernetes", clusterIP="10.96.0.1", ports=[{"name": "https", "port": 443, "targetPort": 6443}])
    await stage.slice("kubernetes", [endpoint("172.18.0.1")], ports=[{"name": "https", "port": 6443, "protocol": "TCP"}])

    with pytest.raises(ConnectionRefusedError):
        await stage.pod("10.244.0.5").connect("kubernetes.default", 443)


def _near(node: str, zone: str) -> dict[str, object]:
    return {"nodeName": node, "hints": {"forZones": [{"name": zone}], "forNodes": [{"name": node}]}}


NEAR, SAME_ZONE, FAR = ("10.244.0.6", _near("n1", "a")), ("10.244.0.7", _near("n2", "a")), ("10.244.1.6", _near("n3", "b"))


@pytest.mark.parametrize(
    ("origin", "among", "expected"),
    [
        (Origin("", "n1", "a"), (NEAR, SAME_ZONE, FAR), {"10.244.0.6"}),
        (Origin("", "n4", "a"), (NEAR, SAME_ZONE, FAR), {"10.244.0.6", "10.244.0.7"}),
        (Origin("", "n4", "c"), (NEAR, SAME_ZONE, FAR), {"10.244.0.6", "10.244.0.7", "10.244.1.6"}),
        (Origin("", "n1", "a"), (SAME_ZONE, FAR), {"10.244.0.7"}),
    ],
)
async def test_hints_keep_connections_near(
    stage: Stage, origin: Origin, among: list[tuple[str, dict[str, object]]], expected: set[str]
) -> None:
    await stage.service("web", clusterIP="10.96.0.80")
    await stage.slice("web", [endpoint(address) | near for address, near in among])

    table = stage.fabric.services
    found = (table.choose(("default", "web"), 80, origin) for _ in range(50))
    assert {one[0] for one in found if one is not None} == expected


async def test_an_internal_local_policy_keeps_to_the_node_or_drops(stage: Stage) -> None:
    await stage.service("web", clusterIP="10.96.0.80", internalTrafficPolicy="Local")
    await stage.slice("web", [endpoint("10.244.0.6") | {"nodeName": "orrery-worker"}])

    assert stage.fabric.route("10.244.0.5", "10.96.0.80", 80) == Goal("10.244.0.6", 8080)
    assert stage.fabric.route("10.244.1.5", "10.96.0.80", 80) is Fate.DROPPED


async def test_an_external_local_policy_answers_on_the_nodes_with_endpoints(stage: Stage) -> None:
    ports = [{"port": 80, "targetPort": 8080, "nodePort": 30080}]
    await stage.service("web", clusterIP="10.96.0.80", type="NodePort", externalTrafficPolicy="Local", ports=ports)
    await stage.slice("web", [endpoint("10.244.0.6") | {"nodeName": "orrery-worker"}])

    assert stage.fabric.route("10.244.1.5", "172.18.0.2", 30080) == Goal("10.244.0.6", 8080)
    assert stage.fabric.route("10.244.0.5", "172.18.0.3", 30080) is Fate.DROPPED
    assert stage.fabric.route("10.244.1.5", "10.96.0.80", 80) == Goal("10.244.0.6", 8080)
