"""What Pods use, set and read over Orrery's own API."""

from collections.abc import AsyncIterator

import httpx
import pytest

from orrery.machinery.objects import annotations_of
from orrery.settings import Settings
from orrery.testing import Simulation
from orrery.testing.simulation import pod

USAGE = "/orrery/v1/namespaces/default/pods/web/usage"


@pytest.fixture
async def cluster() -> AsyncIterator[Simulation]:
    """One Pod, whose usage is known."""
    async with Simulation(Settings(pace="fast")) as running:
        await running.apply(pod("web"))
        await running.advance(45)
        yield running


@pytest.fixture
async def http(cluster: Simulation) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(cluster.cluster.app()), base_url="http://localhost") as client:
        yield client


async def test_what_is_set_is_an_annotation_and_is_used_at_once(cluster: Simulation, http: httpx.AsyncClient) -> None:
    answer = (await http.put(USAGE, json={"cpu": "250m", "containers": {"web": {"memory": "64Mi"}}})).json()

    assert answer["wanted"] == {"cpu": "250m", "memory.web": "64Mi"}
    assert answer["now"] == {"web": {"cpu": "250m", "memory": "64Mi"}}
    assert annotations_of(cluster.get("pods", "web")) == {"usage.orrery.dev/cpu": "250m", "usage.orrery.dev/memory.web": "64Mi"}
    assert (await http.get(USAGE)).json() == answer


async def test_an_empty_body_lets_usage_be_measured_again(cluster: Simulation, http: httpx.AsyncClient) -> None:
    before = (await http.get(USAGE)).json()
    await http.put(USAGE, json={"cpu": "2"})

    assert (await http.put(USAGE, json={})).json() == before
    assert annotations_of(cluster.get("pods", "web")) == {}


async def test_other_annotations_stay(cluster: Simulation, http: httpx.AsyncClient) -> None:
    await cluster.edit("web", lambda draft: draft["metadata"].update(annotations={"note": "mine"}), "pods")
    await http.put(USAGE, json={"cpu": "1"})

    assert annotations_of(cluster.get("pods", "web"))["note"] == "mine"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"cpu": "much"}, 'cpu: Invalid value: "much": quantities must match the regular expression \'^([+-]?[0-9.]+)'),
        ({"memory": "-1"}, 'memory: Invalid value: "-1": must be greater than or equal to 0'),
        ({"containers": {"web": {"cpu": "1mm"}}}, 'containers[web].cpu: Invalid value: "1mm": unable to parse quantity'),
        ({"containers": {"db": {"cpu": "1"}}}, 'containers: Invalid value: "db": the Pod has no such container'),
        ({"cpu": 1}, "cpu: Invalid value: 1: input should be a valid string"),
    ],
)
async def test_amounts_that_cannot_be_are_refused(http: httpx.AsyncClient, body: object, message: str) -> None:
    answer = await http.put(USAGE, json=body)

    assert answer.status_code == 422
    assert message in answer.json()["message"]


async def test_fields_nobody_knows_are_refused(http: httpx.AsyncClient) -> None:
    answer = await http.put(USAGE, json={"cpus": "1"})

    assert (answer.status_code, answer.json()["message"]) == (400, 'strict decoding error: unknown field "cpus"')


async def test_a_pod_that_is_not_there_is_told(http: httpx.AsyncClient) -> None:
    other = USAGE.replace("/web/", "/nobody/")

    for answer in (await http.get(other), await http.put(other, json={"cpu": "1"})):
        assert (answer.status_code, answer.json()["message"]) == (404, 'pods "nobody" not found')
