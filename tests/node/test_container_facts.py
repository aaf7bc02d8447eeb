"""Small facts that a Pod's status and events tell about its containers."""

import re
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


@pytest.mark.parametrize(
    ("security", "held", "bound", "gains_none"),
    [
        ({}, "00000000a80425fb", "00000000a80425fb", 0),
        ({"capabilities": {"add": ["NET_ADMIN", "SYS_TIME"]}}, "00000000aa0435fb", "00000000aa0435fb", 0),
        ({"capabilities": {"drop": ["ALL"], "add": ["NET_BIND_SERVICE"]}}, "0000000000000400", "0000000000000400", 0),
        ({"capabilities": {"drop": ["ALL"]}, "allowPrivilegeEscalation": False}, "0000000000000000", "0000000000000000", 1),
        ({"privileged": True}, "000001ffffffffff", "000001ffffffffff", 0),
        ({"runAsUser": 1000}, "0000000000000000", "00000000a80425fb", 0),
    ],
)
async def test_proc_tells_the_capabilities_of_a_process(
    cluster: NodeCluster, security: dict[str, Any], held: str, bound: str, gains_none: int
) -> None:
    command = ["sh", "-c", "grep -E 'CapPrm|CapBnd|NoNewPrivs' /proc/1/status"]
    container = {"name": "web", "image": "busybox:1.36", "imagePullPolicy": "IfNotPresent", "command": command, "securityContext": security}
    await cluster.run(containers=[container], restartPolicy="Never")
    await cluster.clock.settle()

    assert await cluster.said() == f"CapPrm:\t{held}\nCapBnd:\t{bound}\nNoNewPrivs:\t{gains_none}\n"


@pytest.mark.parametrize(
    ("image", "line"),
    [
        ("busybox:1.36", "uid=1000 gid=3000 groups=2000,3000,4000"),
        ("debian:13", "uid=1000 gid=3000 groups=3000,2000,4000"),
        (
            "registry.k8s.io/e2e-test-images/agnhost:2.45",
            "uid=1000(user-defined-in-image) gid=3000 groups=2000,3000,4000,50000(group-defined-in-image)",
        ),
    ],
)
async def test_id_shows_the_groups_as_the_kernel_sorts_them(cluster: NodeCluster, image: str, line: str) -> None:
    context = {"runAsUser": 1000, "runAsGroup": 3000, "fsGroup": 2000, "supplementalGroups": [4000]}
    await cluster.run(image=image, command=["id"], restartPolicy="Never", securityContext=context)
    await cluster.clock.settle()

    assert await cluster.said() == line + "\n"


@pytest.mark.parametrize(
    ("spec", "line"), [({}, r"         0          0 4294967295"), ({"hostUsers": False}, r"         0 +[1-9]\d{4,9}      65536")]
)
async def test_a_pod_with_users_of_its_own_has_a_range_of_the_nodes(cluster: NodeCluster, spec: dict[str, Any], line: str) -> None:
    command = ["sh", "-c", "cat /proc/self/uid_map; readlink /proc/self/ns/user"]
    await cluster.run(image="debian:13", command=command, restartPolicy="Never", **spec)
    await cluster.clock.settle()

    assert re.fullmatch(line + r"\nuser:\[40\d{8}\]\n", await cluster.said())
