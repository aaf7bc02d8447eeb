"""Nodes over /orrery/v1/nodes: listed, added, failed, recovered and removed, and what is told of wishes that cannot be granted."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from orrery.machinery.objects import Object
from orrery.settings import FAST
from orrery.testing import Simulation
from orrery.testing.simulation import pod

NODES = "/orrery/v1/nodes"


@pytest.fixture
async def cluster() -> AsyncIterator[Simulation]:
    async with Simulation(FAST.model_copy(update={"nodes": 2})) as running:
        yield running


@pytest.fixture
async def http(cluster: Simulation) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(cluster.cluster.app()), base_url="http://localhost") as client:
        yield client


def status_of(answer: httpx.Response) -> tuple[int, str, str]:
    body = answer.json()
    assert body["kind"] == "Status"
    return answer.status_code, body["reason"], body["message"]


async def test_nodes_are_listed_with_their_machines(cluster: Simulation, http: httpx.AsyncClient) -> None:
    await cluster.apply(pod("web", nodeName="orrery-worker2"))
    await cluster.settle()

    items = (await http.get(NODES)).json()["items"]

    assert [(item["name"], item["status"], item["failure"], item["pods"]) for item in items] == [
        ("orrery-worker", "Ready", "", 0),
        ("orrery-worker2", "Ready", "", 1),
    ]
    assert (items[0]["address"], items[0]["podCIDR"], items[0]["capacity"]["cpu"]) == ("172.18.0.2", "10.244.0.0/24", "4")


async def test_one_more_node_is_ready_when_the_answer_comes(cluster: Simulation, http: httpx.AsyncClient) -> None:
    wanted = {"name": "gpu", "capacity": {"nvidia.com/gpu": 2}, "zone": "b", "labels": {"disk": "ssd"}, "taints": ["gpu:NoSchedule"]}

    answer = await http.post(NODES, json=wanted)

    assert answer.status_code == 201
    assert [(item["name"], item["status"], item["zone"]) for item in answer.json()["items"]] == [("gpu", "Ready", "b")]
    added = cluster.get("nodes", "gpu", "")
    assert added["status"]["allocatable"]["nvidia.com/gpu"] == "2"
    assert added["spec"]["taints"] == [{"key": "gpu", "effect": "NoSchedule"}]
    resources = {"limits": {"nvidia.com/gpu": "1"}}
    container = {"name": "web", "image": "nginx:1.25", "resources": resources}
    await cluster.apply(pod("train", containers=[container], tolerations=[{"operator": "Exists"}]))
    await cluster.settle()
    assert cluster.get("pods", "train")["spec"]["nodeName"] == "gpu"


@pytest.mark.parametrize(
    ("body", "names"),
    [
        (None, ["orrery-worker3"]),
        ({"count": 2}, ["orrery-worker3", "orrery-worker4"]),
        ({"namePrefix": "big", "count": 2}, ["big", "big2"]),
    ],
)
async def test_names_are_made_up(http: httpx.AsyncClient, body: Any, names: list[str]) -> None:
    answer = await (http.post(NODES) if body is None else http.post(NODES, json=body))

    assert [item["name"] for item in answer.json()["items"]] == names


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"name": "orrery-worker"}, (409, "AlreadyExists", 'nodes "orrery-worker" already exists')),
        ({"nmae": "x"}, (400, "BadRequest", 'strict decoding error: unknown field "nmae"')),
        ({"capacity": {"cpu": "lots"}}, (422, "Invalid", "cpu: 'lots' is not a quantity like 4, 500m or 16Gi")),
        ({"capacity": {"pods": "1000"}}, (422, "Invalid", "pods: must be less than or equal to 253")),
        ({"capacity": 3}, (422, "Invalid", "capacity: Invalid value: 3")),
        ({"taints": [{"key": "a", "effect": "Never"}]}, (422, "Invalid", 'taints.0.effect: Invalid value: "Never"')),
        ({"name": "x", "count": 2}, (422, "Invalid", "must be 1 when there is a name; give a namePrefix")),
        ({"count": 0}, (422, "Invalid", "must be greater than or equal to 1")),
        ({"name": "Large"}, (422, "Invalid", 'Node "Large" is invalid: name: Invalid value: "Large": a lowercase RFC 1123 subdomain')),
    ],
)
async def test_wishes_that_cannot_be_granted(http: httpx.AsyncClient, body: Object, expected: tuple[int, str, str]) -> None:
    code, reason, message = status_of(await http.post(NODES, json=body))

    assert (code, reason) == expected[:2]
    assert expected[2] in message


async def test_a_network_has_room_for_so_many_nodes() -> None:
    async with Simulation(FAST.model_copy(update={"nodes": 2, "pod_cidr": "10.244.0.0/22"})) as cluster:
        transport = httpx.ASGITransport(cluster.cluster.app())
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as http:
            code, reason, message = status_of(await http.post(NODES, json={"count": 3}))

        assert (code, reason) == (409, "Conflict")
        assert message.endswith("the Pod range 10.244.0.0/22 has room for 4 nodes of up to 253 Pods")
        assert len(cluster.list("nodes", "")) == 2


async def test_a_node_fails_and_recovers(cluster: Simulation, http: httpx.AsyncClient) -> None:
    failed = (await http.post(f"{NODES}/orrery-worker2/fail")).json()
    await cluster.advance(60)
    noticed = (await http.get(NODES)).json()["items"][1]
    recovered = (await http.post(f"{NODES}/orrery-worker2/recover")).json()

    assert (failed["status"], failed["failure"]) == ("Ready", "crash")
    assert (noticed["status"], noticed["failure"]) == ("NotReady", "crash")
    assert (recovered["status"], recovered["failure"]) == ("Ready", "")


async def test_only_the_kubelet_fails(http: httpx.AsyncClient) -> None:
    assert (await http.post(f"{NODES}/orrery-worker2/fail", json={"how": "kubelet"})).json()["failure"] == "kubelet"
    code, reason, _ = status_of(await http.post(f"{NODES}/orrery-worker2/fail", json={"how": "fire"}))
    assert (code, reason) == (422, "Invalid")


async def test_a_removed_node_is_gone(cluster: Simulation, http: httpx.AsyncClient) -> None:
    assert (await http.delete(f"{NODES}/orrery-worker2")).json()["status"] == "Missing"

    assert cluster.client.get("nodes", "", "orrery-worker2") is None
    for answer in (await http.delete(f"{NODES}/orrery-worker2"), await http.post(f"{NODES}/orrery-worker2/fail")):
        assert status_of(answer) == (404, "NotFound", 'nodes "orrery-worker2" not found')


async def test_a_node_that_a_user_created_has_no_machine(cluster: Simulation, http: httpx.AsyncClient) -> None:
    await cluster.apply({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "mine"}})

    for answer in (await http.post(f"{NODES}/mine/fail"), await http.post(f"{NODES}/mine/recover"), await http.delete(f"{NODES}/mine")):
        code, reason, message = status_of(answer)
        assert (code, reason) == (409, "Conflict")
        assert message.endswith('nodes "mine": it is not simulated: somebody else created it, and no machine is behind it')
    assert cluster.client.get("nodes", "", "mine") is not None


async def test_logs_of_a_pod_on_a_node_that_is_down(cluster: Simulation, http: httpx.AsyncClient) -> None:
    await cluster.apply(pod("web", nodeName="orrery-worker2"))
    await cluster.settle()
    await http.post(f"{NODES}/orrery-worker2/fail", json={"how": "kubelet"})

    answer = await http.get("/api/v1/namespaces/default/pods/web/log?tailLines=1")

    url = "https://172.18.0.3:10250/containerLogs/default/web/web?tailLines=1"
    assert answer.status_code == 500
    assert answer.json()["message"] == f'Get "{url}": dial tcp 172.18.0.3:10250: connect: connection refused'
    assert "reason" not in answer.json()
