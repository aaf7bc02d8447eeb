"""Orrery's own API over HTTP: a Deployment's history and the way back, and what it says to what cannot be."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from orrery.auth.tokens import Token
from orrery.machinery.objects import Object
from orrery.settings import Settings
from orrery.testing import Simulation
from orrery.testing.simulation import deployment
from orrery.verbs.call import User

REVISIONS = "/orrery/v1/namespaces/default/deployments/web/revisions"
ROLLBACK = "/orrery/v1/namespaces/default/deployments/web/rollback"
CAUSE = "kubernetes.io/change-cause"


@pytest.fixture
async def cluster() -> AsyncIterator[Simulation]:
    async with Simulation(Settings(pace="fast")) as running:
        yield running


@pytest.fixture
async def http(cluster: Simulation) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(cluster.cluster.app()), base_url="http://localhost") as client:
        yield client


async def roll(cluster: Simulation, *images: str, replicas: int = 2) -> None:
    """One revision for each image, with a change cause."""
    for image in images:
        made = deployment("web", image=image, replicas=replicas)
        made["metadata"]["annotations"] = {CAUSE: f"use {image}"}
        await cluster.apply(made)
        await cluster.settle()


def status_of(answer: httpx.Response) -> tuple[int, str, str]:
    body = answer.json()
    assert body["kind"] == "Status"
    assert body["code"] == answer.status_code
    return answer.status_code, body["reason"], body["message"]


async def test_the_history_lists_revisions_with_cause_template_and_counts(cluster: Simulation, http: httpx.AsyncClient) -> None:
    await roll(cluster, "nginx:1.25", "nginx:1.26")

    body = (await http.get(REVISIONS)).json()

    first, second = body["items"]
    assert (body["deployment"], body["namespace"]) == ("web", "default")
    assert (first["revision"], first["changeCause"], first["replicas"], first["isCurrent"]) == (1, "use nginx:1.25", 0, False)
    assert (second["revision"], second["replicas"], second["readyReplicas"], second["isCurrent"]) == (2, 2, 2, True)
    assert first["template"]["spec"]["containers"][0]["image"] == "nginx:1.25"
    assert first["template"]["metadata"]["labels"] == {"app": "web"}
    assert first["replicaSet"].startswith("web-")
    assert first["created"].endswith("Z")


@pytest.mark.parametrize("body", [None, {}, {"revision": 0}, {"revision": 1}])
async def test_the_one_before_is_what_no_number_means(cluster: Simulation, http: httpx.AsyncClient, body: Any) -> None:
    await roll(cluster, "nginx:1.25", "nginx:1.26")

    answer = await (http.post(ROLLBACK, json=body) if body is not None else http.post(ROLLBACK))
    await cluster.settle()

    assert answer.status_code == 200
    assert answer.json() == {"message": "deployment.apps/web rolled back", "rolledBackTo": 1, "changed": True}
    assert cluster.images(app="web") == ["nginx:1.25"] * 2
    assert [item["revision"] for item in (await http.get(REVISIONS)).json()["items"]] == [2, 3]
    assert cluster.get("deployments.apps", "web")["metadata"]["annotations"][CAUSE] == "use nginx:1.25"


async def test_an_earlier_revision_by_its_number(cluster: Simulation, http: httpx.AsyncClient) -> None:
    await roll(cluster, "nginx:1.25", "nginx:1.26", "nginx:1.27")

    answer = await http.post(ROLLBACK, json={"revision": 1})
    await cluster.settle()

    assert answer.json()["rolledBackTo"] == 1
    assert cluster.images(app="web") == ["nginx:1.25"] * 2
    assert cluster.revision("web") == 4


async def test_going_back_to_where_one_is_changes_nothing(cluster: Simulation, http: httpx.AsyncClient) -> None:
    await roll(cluster, "nginx:1.25", "nginx:1.26")
    before = cluster.get("deployments.apps", "web")["metadata"]["resourceVersion"]

    answer = await http.post(ROLLBACK, json={"revision": 2})

    assert answer.json()["changed"] is False
    assert answer.json()["message"] == "skipped rollback (current template already matches revision 2)"
    assert cluster.get("deployments.apps", "web")["metadata"]["resourceVersion"] == before


@pytest.mark.parametrize(
    ("images", "body", "expected"),
    [
        (["nginx:1.25"], {}, (400, "BadRequest", 'no rollout history found for deployment "web"')),
        (["nginx:1.25"], {"revision": 9}, (400, "BadRequest", "unable to find specified revision 9 in history")),
        (
            ["nginx:1.25"],
            {"revision": -1},
            (422, "Invalid", 'Rollback "" is invalid: revision: Invalid value: -1: must be greater than or equal to 0'),
        ),
        (["nginx:1.25"], {"revison": 1}, (400, "BadRequest", 'strict decoding error: unknown field "revison"')),
    ],
)
async def test_revisions_that_cannot_be(
    cluster: Simulation, http: httpx.AsyncClient, images: list[str], body: Object, expected: tuple[int, str, str]
) -> None:
    await roll(cluster, *images)

    assert status_of(await http.post(ROLLBACK, json=body)) == expected


@pytest.mark.parametrize("value", ["1", 1.5, True, None, [1], {}])
async def test_a_revision_is_a_number(cluster: Simulation, http: httpx.AsyncClient, value: Any) -> None:
    await roll(cluster, "nginx:1.25", "nginx:1.26")

    code, reason, message = status_of(await http.post(ROLLBACK, json={"revision": value}))

    assert (code, reason) == (422, "Invalid")
    assert message.startswith('Rollback "" is invalid: revision: Invalid value: ')
    assert cluster.revision("web") == 2


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"{", "the body of the request is not JSON: Expecting property name enclosed in double quotes at 1"),
        (b"revision: 1", "the body of the request is not JSON: Expecting value at 0"),
        (b"[1]", "the body of the request is not a JSON object"),
        (b'"1"', "the body of the request is not a JSON object"),
        (b'{"a":"\xff"}', "the body of the request could not be read: There was an error parsing the body"),
    ],
)
async def test_a_body_that_cannot_be_read(cluster: Simulation, http: httpx.AsyncClient, body: bytes, message: str) -> None:
    await roll(cluster, "nginx:1.25", "nginx:1.26")

    answer = await http.post(ROLLBACK, content=body, headers={"content-type": "application/json"})

    assert status_of(answer) == (400, "BadRequest", message)


async def test_a_body_that_is_far_too_long(cluster: Simulation, http: httpx.AsyncClient) -> None:
    await roll(cluster, "nginx:1.25")

    code, reason, _ = status_of(await http.post(ROLLBACK, content=b" " * 70_000, headers={"content-type": "application/json"}))

    assert (code, reason) == (413, "RequestEntityTooLarge")


async def test_a_paused_deployment_stays_where_it_is(cluster: Simulation, http: httpx.AsyncClient) -> None:
    await roll(cluster, "nginx:1.25", "nginx:1.26")
    await cluster.edit("web", lambda draft: draft["spec"].update(paused=True))

    told = status_of(await http.post(ROLLBACK))

    why = "you cannot rollback a paused deployment; resume it first with 'kubectl rollout resume' and try again"
    assert told == (400, "BadRequest", why)


@pytest.mark.parametrize("path", [REVISIONS, ROLLBACK])
@pytest.mark.parametrize("namespace", ["default", "nowhere"])
async def test_what_is_not_there_is_not_found(http: httpx.AsyncClient, path: str, namespace: str) -> None:
    path = path.replace("default", namespace)

    answer = await (http.get(path) if path.endswith("revisions") else http.post(path))

    assert status_of(answer) == (404, "NotFound", 'deployments.apps "web" not found')
    assert answer.json()["details"] == {"name": "web", "group": "apps", "kind": "deployments"}


async def test_other_methods_are_refused(cluster: Simulation, http: httpx.AsyncClient) -> None:
    await roll(cluster, "nginx:1.25")

    assert (await http.get(ROLLBACK)).status_code == 405
    assert (await http.delete(REVISIONS)).status_code == 405


async def test_bearer_tokens_are_asked_for_here_too(cluster: Simulation) -> None:
    await roll(cluster, "nginx:1.25", "nginx:1.26")
    tokens = [Token("secret", User("jane", ("system:masters",))), Token("weak", User("joe"))]
    app = cluster.cluster.app(tokens=tokens)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as http:

        async def ask(token: str) -> list[int]:
            headers = {"authorization": f"Bearer {token}"} if token else {}
            return [(await http.get(REVISIONS, headers=headers)).status_code, (await http.post(ROLLBACK, headers=headers)).status_code]

        assert await ask("") == [401, 401]
        assert await ask("wrong") == [401, 401]
        assert await ask("weak") == [403, 403]
        assert await ask("secret") == [200, 200]


async def test_pages_from_elsewhere_cannot_roll_back(cluster: Simulation, http: httpx.AsyncClient) -> None:
    await roll(cluster, "nginx:1.25", "nginx:1.26")

    assert (await http.post(ROLLBACK, headers={"origin": "https://evil.example"})).status_code == 403
    assert cluster.revision("web") == 2
