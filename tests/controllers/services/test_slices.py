"""EndpointSlices as upstream's reconciler writes them."""

import pytest

from orrery.machinery.objects import Object, annotations_of, labels_of, name_of, uid_of
from orrery.store.log import Event, Operation
from tests.controllers.services.cluster import SERVICE_NAME, SLICES, Networked
from tests.controllers.world import NAMESPACE

MANAGED_BY = "endpointslice.kubernetes.io/managed-by"


def watch(world: Networked) -> list[tuple[Operation, str]]:
    """What happens to slices from now on."""
    seen: list[tuple[Operation, str]] = []

    def note(event: Event) -> None:
        seen.append((event.operation, event.record.key.rpartition("/")[2]))

    world.client.subscribe(SLICES, note)
    return seen


async def test_a_service_without_pods_keeps_one_empty_slice(world: Networked) -> None:
    await world.service()
    await world.settle()

    (only,) = world.slices()
    assert only.get("endpoints") is None
    assert only.get("ports") is None
    assert name_of(only).startswith("web-")
    assert labels_of(only) == {SERVICE_NAME: "web", MANAGED_BY: "endpointslice-controller.k8s.io"}
    assert only["metadata"]["ownerReferences"][0]["uid"] == uid_of(world.get("services", "web"))
    assert world.reconciles() < 8


async def test_the_empty_slice_is_filled_and_emptied_in_place(world: Networked) -> None:
    await world.service()
    await world.settle()
    before = name_of(world.slices()[0])
    seen = watch(world)

    await world.pod("a")
    await world.settle()
    assert world.held() == {"a": before}
    assert world.slices()[0]["ports"] == [{"name": "", "port": 80, "protocol": "TCP"}]

    await world.client.delete("pods", NAMESPACE, "a", grace_period_s=0)
    await world.settle()
    assert world.filled() == [0]
    assert world.slices()[0].get("ports") is None
    assert {operation for operation, _ in seen} == {Operation.UPDATED}


async def test_conditions_tell_ready_serving_and_terminating(world: Networked) -> None:
    await world.service()
    await world.pod("ready")
    await world.pod("waiting", ready=False)
    await world.pod("going")
    await world.client.delete("pods", NAMESPACE, "going")
    await world.settle()

    told = {one["targetRef"]["name"]: tuple(one["conditions"].values()) for one in world.slices()[0]["endpoints"]}
    assert told == {"ready": (True, True, False), "waiting": (False, False, False), "going": (False, True, True)}


async def test_publish_not_ready_addresses_calls_all_of_them_ready(world: Networked) -> None:
    await world.service(publishNotReadyAddresses=True)
    await world.pod("waiting", ready=False)
    await world.settle()

    assert world.slices()[0]["endpoints"][0]["conditions"] == {"ready": True, "serving": False, "terminating": False}


async def test_250_pods_are_three_slices(world: Networked) -> None:
    for number in range(250):
        await world.pod(f"pod-{number:03}")
    await world.service()
    await world.settle()

    assert world.filled() == [50, 100, 100]


async def test_endpoints_stay_where_they_are(world: Networked) -> None:
    for number in range(250):
        await world.pod(f"pod-{number:03}")
    await world.service()
    await world.settle()
    before = world.held()
    seen = watch(world)

    await world.pod("late")
    await world.settle()
    assert len(seen) == 1
    assert {pod: name for pod, name in world.held().items() if pod != "late"} == before

    seen.clear()
    for pod in [pod for pod, name in before.items() if name == before["pod-000"]][:30]:
        await world.client.delete("pods", NAMESPACE, pod, grace_period_s=0)
    await world.settle()
    after = world.held()
    assert {name for _, name in seen} == {before["pod-000"]}
    assert all(before[pod] == name for pod, name in after.items() if pod in before)
    assert world.filled() == [51, 70, 100]  # Nothing is moved to fill the gap.


async def test_newcomers_go_where_they_leave_the_least_room(world: Networked) -> None:
    for number in range(250):
        await world.pod(f"pod-{number:03}")
    await world.service()
    await world.settle()
    fullest = next(name for name, count in counts(world).items() if count == 100)
    for pod in [pod for pod, name in world.held().items() if name == fullest][:10]:
        await world.client.delete("pods", NAMESPACE, pod, grace_period_s=0)
    await world.settle()
    assert world.filled() == [50, 90, 100]

    await world.pod("late")
    await world.settle()

    assert world.held()["late"] == fullest


def counts(world: Networked) -> dict[str, int]:
    return {name_of(one): len(one.get("endpoints") or ()) for one in world.slices()}


async def test_pods_with_other_ports_stand_in_slices_of_their_own(world: Networked) -> None:
    await world.service(ports=[{"name": "web", "port": 80, "targetPort": "http"}, {"name": "admin", "port": 9000, "protocol": "TCP"}])
    await world.pod("a", ports=[{"name": "http", "containerPort": 8080}])
    await world.pod("b")
    await world.settle()

    ports = {one["endpoints"][0]["targetRef"]["name"]: {port["name"]: port["port"] for port in one["ports"]} for one in world.slices()}
    assert ports == {"a": {"web": 8080, "admin": 9000}, "b": {"admin": 9000}}


async def test_a_changed_port_changes_slices_in_place(world: Networked) -> None:
    await world.service()
    for number in range(150):
        await world.pod(f"pod-{number:03}")
    await world.settle()
    names = set(counts(world))
    seen = watch(world)

    await world.set_spec("services", "web", ports=[{"port": 80, "protocol": "TCP", "targetPort": 8080}])
    await world.settle()

    assert set(counts(world)) == names
    assert {operation for operation, _ in seen} == {Operation.UPDATED}
    assert all(one["ports"][0]["port"] == 8080 for one in world.slices())


async def test_labels_follow_the_service_and_reserved_ones_do_not(world: Networked) -> None:
    await world.service(meta={"labels": {"team": "blue", "service.kubernetes.io/headless": "", MANAGED_BY: "me"}})
    await world.pod("a")
    await world.settle()
    assert labels_of(world.slices()[0]) == {SERVICE_NAME: "web", MANAGED_BY: "endpointslice-controller.k8s.io", "team": "blue"}
    await world.client.patch(SLICES, NAMESPACE, name_of(world.slices()[0]), {"metadata": {"annotations": {"mine": "x"}}})

    await world.client.patch("services", NAMESPACE, "web", {"metadata": {"labels": {"team": None}, "annotations": {"not": "copied"}}})
    await world.settle()

    (only,) = world.slices()
    assert "team" not in labels_of(only)
    assert set(annotations_of(only)) == {"mine"}


async def test_deleted_and_meddled_slices_are_made_good(world: Networked) -> None:
    await world.service()
    await world.pod("a")
    await world.settle()

    await world.client.delete(SLICES, NAMESPACE, name_of(world.slices()[0]))
    await world.settle()
    assert set(world.held()) == {"a"}

    await world.client.patch(SLICES, NAMESPACE, name_of(world.slices()[0]), {"endpoints": []})
    await world.settle()
    assert set(world.held()) == {"a"}

    taken = name_of(world.slices()[0])
    await world.client.patch(SLICES, NAMESPACE, taken, {"metadata": {"labels": {MANAGED_BY: "me"}}})
    await world.settle()
    ours = [one for one in world.slices() if labels_of(one)[MANAGED_BY] != "me"]
    assert [len(one["endpoints"]) for one in ours] == [1]


async def test_slices_of_users_are_left_alone(world: Networked) -> None:
    await world.service()
    mine = {"name": "mine", "namespace": NAMESPACE, "labels": {SERVICE_NAME: "web"}}
    await world.create(SLICES, {"metadata": mine, "addressType": "IPv4", "endpoints": [{"addresses": ["192.0.2.1"]}]})
    await world.pod("a")
    await world.settle()

    assert world.get(SLICES, "mine")["endpoints"][0]["addresses"] == ["192.0.2.1"]
    assert len(world.slices()) == 2


async def test_a_slice_that_an_earlier_service_of_the_name_left_behind_goes(world: Networked) -> None:
    labels = {SERVICE_NAME: "web", MANAGED_BY: "endpointslice-controller.k8s.io"}
    left = {"name": "left", "namespace": NAMESPACE, "labels": labels}
    await world.create(SLICES, {"metadata": left, "addressType": "IPv4", "endpoints": [{"addresses": ["192.0.2.1"]}]})

    await world.service()
    await world.pod("a")
    await world.settle()

    assert len(world.slices()) == 1
    assert set(world.held()) == {"a"}


async def test_zones_come_from_nodes_and_a_pod_of_a_lost_node_is_left_out(world: Networked) -> None:
    await world.client.patch("nodes", "", "node-0", {"metadata": {"labels": {"topology.kubernetes.io/zone": "west"}}})
    await world.pod("a")
    await world.pod("lost", node="nowhere")
    await world.service()
    await world.settle()

    assert set(world.held()) == {"a"}
    assert world.slices()[0]["endpoints"][0]["zone"] == "west"

    before = world.reconciles()
    await world.clock.advance(300)
    assert world.reconciles() - before <= 11  # It is looked for twice a minute.


@pytest.mark.parametrize(
    ("distribution", "hints"),
    [
        ("", None),
        ("PreferClose", {"forZones": [{"name": "a"}]}),
        ("PreferSameZone", {"forZones": [{"name": "a"}]}),
        ("PreferSameNode", {"forZones": [{"name": "a"}], "forNodes": [{"name": "node-0"}]}),
    ],
)
async def test_traffic_distribution_hints_at_who_is_near(world: Networked, distribution: str, hints: Object | None) -> None:
    await world.client.patch("nodes", "", "node-0", {"metadata": {"labels": {"topology.kubernetes.io/zone": "a"}}})
    spec: Object = {"trafficDistribution": distribution} if distribution else {}
    await world.service(**spec)
    await world.pod("ready")
    await world.pod("waiting", ready=False)
    await world.settle()

    found = {endpoint["targetRef"]["name"]: endpoint.get("hints") for endpoint in world.slices()[0]["endpoints"]}
    assert found == {"ready": hints, "waiting": None}
