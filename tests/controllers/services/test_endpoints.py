"""Endpoints as upstream's controller writes them."""

from typing import Any

import pytest

from orrery.controllers.services.endpoints import plan_subsets, truncate
from orrery.machinery.objects import Object, annotations_of, labels_of
from tests.controllers.services.cluster import Networked
from tests.controllers.world import NAMESPACE

TRIGGER = "endpoints.kubernetes.io/last-change-trigger-time"
HTTP = {"name": "http", "containerPort": 8080, "protocol": "TCP"}


async def test_ready_and_unready_pods_stand_apart(world: Networked) -> None:
    await world.service()
    ready = await world.pod("a")
    waiting = await world.pod("b", ready=False)
    await world.settle()

    subset = world.endpoints()["subsets"][0]
    assert [address["ip"] for address in subset["addresses"]] == [ready]
    assert [address["ip"] for address in subset["notReadyAddresses"]] == [waiting]
    assert subset["ports"] == [{"port": 80, "protocol": "TCP"}]
    assert subset["addresses"][0]["targetRef"]["name"] == "a"
    assert subset["addresses"][0]["nodeName"] == "node-0"
    assert labels_of(world.endpoints()) == {"endpoints.kubernetes.io/managed-by": "endpoint-controller"}


async def test_publish_not_ready_addresses_makes_all_of_them_addresses(world: Networked) -> None:
    await world.service(publishNotReadyAddresses=True)
    both = {await world.pod("a"), await world.pod("b", ready=False)}
    await world.settle()

    assert world.addresses() == both
    assert world.addresses(field="notReadyAddresses") == set()


async def test_what_has_no_place_is_left_out(world: Networked) -> None:
    await world.service()
    await world.pod("ended")
    await world.status("ended", phase="Succeeded")
    await world.pod("addressless")
    await world.status("addressless", podIP=None, podIPs=None)
    await world.pod("going")
    await world.client.delete("pods", NAMESPACE, "going")
    await world.settle()

    assert "subsets" not in world.endpoints()


async def test_ports_come_in_upstreams_order(world: Networked) -> None:
    """Recorded from a real cluster: upstream sorts ports by a hash."""
    ports = [
        {"name": "http", "port": 80, "targetPort": "http"},
        {"name": "https", "port": 443, "targetPort": "https", "appProtocol": "https"},
        {"name": "metrics", "port": 9090},
        {"name": "admin", "port": 8080},
        {"name": "dns", "port": 53, "protocol": "UDP"},
    ]
    await world.service(ports=ports)
    await world.pod("a", ports=[{"name": "http", "containerPort": 80}, {"name": "https", "containerPort": 443}])
    await world.settle()

    assert world.endpoints()["subsets"][0]["ports"] == [
        {"appProtocol": "https", "name": "https", "port": 443, "protocol": "TCP"},
        {"name": "admin", "port": 8080, "protocol": "TCP"},
        {"name": "http", "port": 80, "protocol": "TCP"},
        {"name": "metrics", "port": 9090, "protocol": "TCP"},
        {"name": "dns", "port": 53, "protocol": "UDP"},
    ]
    assert [port["name"] for port in world.slices()[0]["ports"]] == ["dns", "https", "http", "admin", "metrics"]


async def test_pods_that_call_their_port_differently_are_subsets_of_their_own(world: Networked) -> None:
    await world.service(ports=[{"name": "web", "port": 80, "targetPort": "http"}, {"name": "admin", "port": 9000}])
    await world.pod("a", ports=[HTTP])
    await world.pod("b", ports=[{**HTTP, "containerPort": 8081}])
    await world.pod("c")
    await world.settle()

    served = {
        frozenset(port["port"] for port in subset["ports"]): {address["targetRef"]["name"] for address in subset["addresses"]}
        for subset in world.endpoints()["subsets"]
    }
    assert served == {frozenset({8080}): {"a"}, frozenset({8081}): {"b"}, frozenset({9000}): {"a", "b", "c"}}


async def test_a_headless_service_without_ports_still_has_addresses(world: Networked) -> None:
    await world.service(ports=[], clusterIP="None")
    ip = await world.pod("a", hostname="a", subdomain="web")
    await world.settle()

    address = {key: value for key, value in world.endpoints()["subsets"][0]["addresses"][0].items() if key in ("ip", "hostname")}
    assert address == {"ip": ip, "hostname": "a"}
    assert "ports" not in world.endpoints()["subsets"][0]
    assert labels_of(world.endpoints())["service.kubernetes.io/headless"] == ""


async def test_two_services_may_select_one_pod(world: Networked) -> None:
    await world.service("one")
    await world.service("two", clusterIP="10.96.0.11", selector={"tier": "front"})
    ip = await world.pod("a", labels={"app": "web", "tier": "front"})
    await world.settle()

    assert world.addresses("one") == world.addresses("two") == {ip}

    await world.client.patch("pods", NAMESPACE, "a", {"metadata": {"labels": {"tier": None}}})
    await world.settle()

    assert world.addresses("one") == {ip}
    assert world.addresses("two") == set()


async def test_a_changed_selector_changes_who_is_behind_it(world: Networked) -> None:
    await world.service()
    await world.pod("a")
    other = await world.pod("b", labels={"app": "other"})
    await world.settle()

    await world.set_spec("services", "web", selector={"app": "other"})
    await world.settle()

    assert world.addresses() == {other}
    assert set(world.held()) == {"b"}


@pytest.mark.parametrize("spec", [{"selector": None}, {"type": "ExternalName", "externalName": "example.test", "clusterIP": ""}])
async def test_services_without_pods_of_their_own_are_left_to_users(world: Networked, spec: Object) -> None:
    wanted = {"ports": [{"port": 80}], "clusterIP": "10.96.0.9", **spec}
    await world.create("services", {"metadata": {"name": "web", "namespace": NAMESPACE}, "spec": wanted})
    mine = {"metadata": {"name": "web", "namespace": NAMESPACE}, "subsets": [{"addresses": [{"ip": "192.0.2.1"}], "ports": [{"port": 80}]}]}
    await world.create("endpoints", mine)
    await world.settle()

    assert world.addresses() == {"192.0.2.1"}
    assert [labels_of(one)["endpointslice.kubernetes.io/managed-by"] for one in world.slices()] == [
        "endpointslicemirroring-controller.k8s.io"
    ]


async def test_labels_follow_the_service_and_annotations_of_others_stay(world: Networked) -> None:
    await world.service(meta={"labels": {"team": "blue"}})
    await world.settle()
    await world.client.patch("endpoints", NAMESPACE, "web", {"metadata": {"annotations": {"mine": "x"}}})

    await world.client.patch("services", NAMESPACE, "web", {"metadata": {"labels": {"team": "red"}}})
    await world.settle()

    assert labels_of(world.endpoints())["team"] == "red"
    assert annotations_of(world.endpoints())["mine"] == "x"


async def test_deleted_endpoints_come_back_and_leave_with_their_service(world: Networked) -> None:
    await world.service()
    ip = await world.pod("a")
    await world.settle()
    await world.client.delete("endpoints", NAMESPACE, "web")
    await world.settle()
    assert world.addresses() == {ip}

    await world.client.delete("services", NAMESPACE, "web")
    await world.settle()

    assert world.client.get("endpoints", NAMESPACE, "web") is None
    assert world.slices() == []


async def test_the_trigger_time_is_the_change_that_was_published(world: Networked) -> None:
    await world.service()
    await world.settle()
    made = world.get("services", "web")["metadata"]["creationTimestamp"]
    assert annotations_of(world.endpoints())[TRIGGER] == made

    await world.clock.advance(10)
    await world.pod("a")
    await world.settle()
    became_ready = world.get("pods", "a")["status"]["conditions"][0]["lastTransitionTime"]
    assert annotations_of(world.endpoints())[TRIGGER] == became_ready != made

    await world.clock.advance(10)
    await world.client.delete("pods", NAMESPACE, "a", grace_period_s=0)
    await world.settle()
    assert TRIGGER not in annotations_of(world.endpoints())  # A Pod that left says no time.


async def test_an_event_that_publishes_nothing_new_writes_nothing(world: Networked) -> None:
    await world.service()
    await world.pod("a")
    await world.settle()
    before = world.endpoints()["metadata"]["resourceVersion"], world.reconciles()

    await world.client.patch("pods", NAMESPACE, "a", {"metadata": {"annotations": {"a": "b"}}})
    await world.settle()

    assert (world.endpoints()["metadata"]["resourceVersion"], world.reconciles()) == before


def numbered(count: int) -> list[Object]:
    return [{"ip": f"10.0.{number // 256}.{number % 256}"} for number in range(count)]


@pytest.mark.parametrize(
    ("subsets", "kept"),
    [
        ([(1000, 0)], [(1000, 0)]),
        ([(1200, 100)], [(1000, 0)]),
        ([(900, 300)], [(900, 100)]),
        ([(900, 50), (300, 0)], [(750, 0), (250, 0)]),
        ([(500, 400), (100, 200)], [(500, 267), (100, 133)]),
    ],
)
def test_beyond_a_thousand_each_subset_keeps_its_share_ready_ones_first(subsets: list[Any], kept: list[Any]) -> None:
    made = [{"addresses": numbered(ready), "notReadyAddresses": numbered(waiting)} for ready, waiting in subsets]

    cut = truncate(made)

    assert cut is (subsets != kept)
    assert [(len(one.get("addresses") or ()), len(one.get("notReadyAddresses") or ())) for one in made] == kept


async def test_over_capacity_is_told_and_taken_back(world: Networked) -> None:
    annotation = "endpoints.kubernetes.io/over-capacity"
    for number in range(1001):
        await world.pod(f"pod-{number:04}")
    await world.service()
    await world.settle()
    assert annotations_of(world.endpoints())[annotation] == "truncated"
    assert len(world.addresses()) == 1000
    assert sum(world.filled()) == 1001

    await world.client.delete("pods", NAMESPACE, "pod-0000", grace_period_s=0)
    await world.settle()

    assert annotation not in annotations_of(world.endpoints())


def test_pods_that_share_an_address_are_told_apart() -> None:
    service = {
        "metadata": {"name": "web"},
        "spec": {"clusterIP": "10.96.0.1", "ports": [{"port": 80, "protocol": "TCP", "targetPort": 80}]},
    }
    status = {"phase": "Running", "podIPs": [{"ip": "10.0.0.1"}], "conditions": [{"type": "Ready", "status": "True"}]}
    pods = [{"metadata": {"name": uid, "namespace": "default", "uid": uid}, "spec": {"containers": []}, "status": status} for uid in "ab"]

    subsets = plan_subsets(service, pods)

    assert [address["targetRef"]["uid"] for address in subsets[0]["addresses"]] == ["a", "b"]
