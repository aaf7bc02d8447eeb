"""Small facts that a Pod's status and events tell about its containers."""

from typing import Any

import pytest

from tests.node.cluster import NodeCluster


async def test_missing_pull_secrets_are_told_and_the_image_is_pulled_all_the_same(cluster: NodeCluster) -> None:
    await cluster.run(imagePullSecrets=[{"name": "one"}, {"name": "two"}])
    await cluster.clock.settle()

    assert cluster.events.of("web")[0] == (
        "FailedToRetrieveImagePullSecret",
        "Unable to retrieve some image pull secrets (one, two); attempting to pull the image may not succeed.",
    )
    assert cluster.is_ready()


@pytest.mark.parametrize(("policy", "groups"), [({}, [3000, 4000]), ({"supplementalGroupsPolicy": "Strict"}, [3000, 4000])])
async def test_a_containers_user_is_what_its_process_runs_as(cluster: NodeCluster, policy: dict[str, str], groups: list[int]) -> None:
    context = {"runAsUser": 1000, "runAsGroup": 3000, "supplementalGroups": [4000], **policy}
    await cluster.run(image="busybox:1.36", command=["sleep", "3600"], securityContext=context)
    await cluster.clock.settle()

    assert cluster.container()["user"] == {"linux": {"gid": 3000, "supplementalGroups": groups, "uid": 1000}}


async def test_a_container_that_has_ended_still_shows_its_user(cluster: NodeCluster) -> None:
    await cluster.run(image="busybox:1.36", command=["true"], restartPolicy="Never")
    await cluster.clock.settle()

    assert cluster.container()["user"]["linux"]["uid"] == 0


@pytest.mark.parametrize(
    ("mount", "shown"),
    [
        ({}, {}),
        ({"readOnly": True}, {"readOnly": True, "recursiveReadOnly": "Disabled"}),
        ({"readOnly": True, "recursiveReadOnly": "IfPossible"}, {"readOnly": True, "recursiveReadOnly": "Enabled"}),
    ],
)
async def test_mounts_show_how_they_are_mounted(cluster: NodeCluster, mount: dict[str, Any], shown: dict[str, Any]) -> None:
    volume = {"name": "data", "emptyDir": {}}
    await cluster.run(volumes=[volume], volumeMounts=[{"name": "data", "mountPath": "/data", **mount}])
    await cluster.clock.settle()

    assert cluster.container()["volumeMounts"] == [{"name": "data", "mountPath": "/data", **shown}]


async def test_a_node_says_what_its_runtime_can_do(cluster: NodeCluster) -> None:
    node = cluster.client.get("nodes", "", "orrery-worker")

    assert node is not None
    assert node["status"]["features"] == {"supplementalGroupsPolicy": True}
    assert [one["name"] for one in node["status"]["runtimeHandlers"]] == ["runc", ""]
