"""Images that cannot be had: reasons, messages, back-off, and events."""

import re
from typing import Any

from tests.node.cluster import NodeCluster

REFUSAL = (
    'rpc error: code = NotFound desc = failed to pull and unpack image "docker.io/library/nginx:1.161": '
    'failed to resolve reference "docker.io/library/nginx:1.161": docker.io/library/nginx:1.161: not found'
)


def waiting(cluster: NodeCluster) -> tuple[str, str]:
    state = cluster.container()["state"]["waiting"]
    return state["reason"], state.get("message", "")


async def test_a_tag_that_does_not_exist_goes_from_err_image_pull_to_image_pull_back_off(cluster: NodeCluster) -> None:
    await cluster.run(image="nginx:1.161")
    await cluster.until(lambda: "0/1 ErrImagePull" in cluster.shows())

    assert waiting(cluster) == ("ErrImagePull", REFUSAL)
    assert cluster.events.of("web") == [
        ("Pulling", 'Pulling image "nginx:1.161"'),
        ("Failed", f'Failed to pull image "nginx:1.161": {REFUSAL}'),
        ("Failed", "Error: ErrImagePull"),
        ("BackOff", 'Back-off pulling image "nginx:1.161"'),
        ("Failed", "Error: ImagePullBackOff"),
    ]
    await cluster.until(lambda: "0/1 ImagePullBackOff" in cluster.shows())
    assert waiting(cluster) == ("ImagePullBackOff", f'Back-off pulling image "nginx:1.161": ErrImagePull: {REFUSAL}')
    assert cluster.status()["phase"] == "Pending"
    assert cluster.status()["podIP"]
    assert cluster.container()["image"] == "nginx:1.161"


async def test_pulls_are_tried_again_ever_more_rarely(cluster: NodeCluster) -> None:
    await cluster.run(image="nginx:1.161")
    await cluster.clock.advance(300)

    assert 4 <= cluster.events.reasons("web").count("Pulling") <= 6


async def test_a_bad_image_that_is_set_right_lets_the_pod_run(cluster: NodeCluster) -> None:
    await cluster.run(image="nginx:1.161")
    await cluster.clock.advance(60)

    def mend(pod: dict[str, Any]) -> bool:
        pod["spec"]["containers"][0]["image"] = "nginx:1.16.1"
        return True

    await cluster.client.change("pods", "default", "web", mend)
    await cluster.clock.settle()

    assert cluster.is_ready()
    assert cluster.container()["image"] == "docker.io/library/nginx:1.16.1"
    assert cluster.container()["restartCount"] == 0


async def test_what_is_no_reference_is_an_invalid_image_name(cluster: NodeCluster) -> None:
    await cluster.run(image="Nginx")
    await cluster.clock.advance(20)

    message = (
        'Failed to apply default image tag "Nginx": couldn\'t parse image name "Nginx": '
        "invalid reference format: repository name (library/Nginx) must be lowercase"
    )
    assert waiting(cluster) == ("InvalidImageName", message)
    assert cluster.events.of("web")[:2] == [("InspectFailed", message), ("Failed", "Error: InvalidImageName")]


async def test_an_image_that_may_not_be_pulled_must_be_there(cluster: NodeCluster) -> None:
    pod: dict[str, Any] = {"containers": [{"name": "web", "image": "nginx:1.25", "imagePullPolicy": "Never"}]}
    await cluster.run(**pod)
    await cluster.clock.advance(20)

    message = 'Container image "nginx:1.25" is not present with pull policy of Never'
    assert waiting(cluster) == ("ErrImageNeverPull", message)
    assert cluster.events.of("web")[:2] == [("ErrImageNeverPull", message), ("Failed", "Error: ErrImageNeverPull")]


async def test_an_image_that_is_always_pulled_is_asked_for_each_time(fast: NodeCluster) -> None:
    pod: dict[str, Any] = {"containers": [{"name": "web", "image": "nginx", "imagePullPolicy": "Always"}]}
    await fast.run("a", **pod)
    await fast.run("b", **pod)
    await fast.clock.settle()

    assert fast.events.reasons("b")[:2] == ["Pulling", "Pulled"]


async def test_a_node_pulls_one_image_after_the_other(cluster: NodeCluster) -> None:
    await cluster.run("a", image="mysql:8.0", env=[{"name": "MYSQL_ROOT_PASSWORD", "value": "x"}])
    await cluster.run("b", image="redis:7.2")
    await cluster.clock.settle()

    pulled = [next(message for reason, message in cluster.events.of(name) if reason == "Pulled") for name in ("a", "b")]
    times = [re.search(r" in (\S+) \((\S+) including waiting\)", message) for message in pulled]
    # Whichever came first has waited for nobody.
    assert sorted(found is not None and found[1] != found[2] for found in times) == [False, True]
    assert 'image "mysql:8.0"' in pulled[0]


async def test_another_image_restarts_the_container(cluster: NodeCluster) -> None:
    await cluster.run()
    await cluster.clock.settle()

    def upgrade(pod: dict[str, Any]) -> bool:
        pod["spec"]["containers"][0]["image"] = "nginx:1.26"
        return True

    await cluster.client.change("pods", "default", "web", upgrade)
    await cluster.clock.settle()

    assert cluster.is_ready()
    assert cluster.container()["image"] == "docker.io/library/nginx:1.26"
    assert cluster.container()["restartCount"] == 1
    assert ("Killing", "Container web definition changed, will be restarted") in cluster.events.of("web")
    assert cluster.status()["observedGeneration"] == 2
