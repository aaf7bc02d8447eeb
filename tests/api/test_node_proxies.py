"""nodes/proxy: the kubelet's health, its Pods and containers' logs."""

import pytest

from orrery.verbs.call import User
from tests.api.reach import Reach

NODE = "/api/v1/nodes/node-1"


@pytest.fixture(autouse=True)
async def node(reached: Reach) -> None:
    client = reached.served.verbs.client(User("system:tests", ("system:masters",)), "tests")
    await client.create("nodes", {"kind": "Node", "apiVersion": "v1", "metadata": {"name": "node-1"}})


async def test_the_kubelet_is_healthy(reached: Reach) -> None:
    answer = await reached.served.http.get(f"{NODE}/proxy/healthz")

    assert (answer.status_code, answer.text) == (200, "ok")
    assert (await reached.served.http.get("/api/v1/nodes/https:node-1:10250/proxy/healthz")).text == "ok"


async def test_a_silent_node_is_not_reached(reached: Reach) -> None:
    client = reached.served.verbs.client(User("system:tests", ("system:masters",)), "tests")
    status = {
        "conditions": [{"type": "Ready", "status": "Unknown"}],
        "addresses": [{"type": "InternalIP", "address": "172.18.0.3"}],
    }
    await client.change("nodes", "", "node-1", lambda node: node.update(status=status) is None, subresource="status")

    answer = await reached.served.http.get(f"{NODE}/proxy/healthz")

    assert answer.status_code == 503
    assert answer.json()["message"] == "error trying to reach service: dial tcp 172.18.0.3:10250: connect: connection refused"


async def test_its_pods_are_a_list(reached: Reach) -> None:
    answer = (await reached.served.http.get(f"{NODE}/proxy/pods")).json()

    assert (answer["kind"], [pod["metadata"]["name"] for pod in answer["items"]]) == ("PodList", ["p"])


@pytest.mark.parametrize(
    ("path", "code", "text"),
    [
        ("default/p/web?tailLines=1", 200, "one\ntwo\n"),
        ("default/none/web", 404, 'pod "none" does not exist'),
        ("default/unbound/web", 404, 'pod "unbound" does not exist'),
        ("default/p/nope", 404, 'container "nope" not found in pod "p"'),
        ("default/p/web?tailLines=-1", 422, '{"message": "Invalid request."}'),
        ("default/p/web?tailLines=x", 400, '{"message": "Unable to decode query."}'),
    ],
)
async def test_logs_come_from_the_kubelet_in_its_words(reached: Reach, path: str, code: int, text: str) -> None:
    answer = await reached.served.http.get(f"{NODE}/proxy/containerLogs/{path}")

    assert (answer.status_code, answer.text.rstrip("\n")) == (code, text.rstrip("\n"))


async def test_the_rest_of_a_kubelet_is_not_there_and_says_so(reached: Reach) -> None:
    assert (await reached.served.http.get(f"{NODE}/proxy/configz")).status_code == 501
    assert (await reached.served.http.get(f"{NODE}/proxy/nonsense")).text == "404 page not found\n"
