"""A restart of the process is a reboot of the nodes: Pods are taken up where the API left them, containers start again."""

from collections.abc import AsyncIterator

import pytest

from orrery.settings import Settings
from tests.node.cluster import NODE, NodeCluster


@pytest.fixture
async def before() -> AsyncIterator[NodeCluster]:
    cluster = NodeCluster(Settings(nodes=1))
    await cluster.start()
    yield cluster
    await cluster.kubelet.stop()


async def reboot(before: NodeCluster) -> NodeCluster:
    await before.clock.advance(5)
    await before.kubelet.stop()
    after = NodeCluster(before.settings, log=before.log, clock=before.clock)
    await after.start()
    return after


async def test_a_running_container_starts_again_and_shows_why(before: NodeCluster) -> None:
    await before.run()
    await before.clock.settle()
    old = before.container()
    after = await reboot(before)
    await after.clock.settle()

    container = after.container()
    ended = container["lastState"]["terminated"]
    assert after.is_ready()
    assert container["restartCount"] == 1
    assert (ended["exitCode"], ended["reason"]) == (255, "Unknown")
    assert ended["containerID"] == old["containerID"] != container["containerID"]
    assert ended["startedAt"] == old["state"]["running"]["startedAt"]
    assert after.events.of("web")[0] == ("SandboxChanged", "Pod sandbox changed, it will be killed and re-created.")
    assert after.events.of("web")[1][0] == "Pulled"
    assert after.status()["podIP"] == "10.244.0.3"
    await after.kubelet.stop()


async def test_a_pod_that_must_not_restart_fails(before: NodeCluster) -> None:
    await before.run(restartPolicy="Never")
    await before.clock.settle()
    after = await reboot(before)
    await after.clock.settle()

    assert after.status()["phase"] == "Failed"
    assert after.container()["state"]["terminated"]["exitCode"] == 255
    await after.kubelet.stop()


async def test_pods_that_had_ended_stay_as_they_are(before: NodeCluster) -> None:
    await before.run(image="busybox:1.36", command=["true"], restartPolicy="Never")
    await before.clock.advance(20)
    revision = before.pod()["metadata"]["resourceVersion"]
    after = await reboot(before)
    await after.clock.advance(60)

    assert after.pod()["metadata"]["resourceVersion"] == revision
    await after.kubelet.stop()


async def test_a_pod_being_deleted_goes(before: NodeCluster) -> None:
    await before.run(image="busybox:1.36", command=["sleep", "3600"])
    await before.clock.settle()
    await before.delete()
    after = await reboot(before)
    await after.clock.settle()

    assert after.client.get("pods", "default", "web") is None
    await after.kubelet.stop()


async def test_init_containers_run_again(before: NodeCluster) -> None:
    await before.run(initContainers=[{"name": "one", "image": "busybox:1.36", "command": ["sleep", "3"]}])
    await before.until(before.is_ready)
    after = await reboot(before)
    await after.until(after.is_ready)

    assert after.container(container="one")["restartCount"] == 1
    assert after.container(container="web")["restartCount"] == 1
    await after.kubelet.stop()


async def test_a_pod_that_waited_for_its_image_goes_on_waiting(before: NodeCluster) -> None:
    await before.run(image="nginx:1.161")
    await before.clock.advance(30)
    after = await reboot(before)
    await after.clock.advance(30)

    assert after.container()["restartCount"] == 0
    assert after.status()["phase"] == "Pending"
    await after.kubelet.stop()


async def test_the_node_says_that_it_was_rebooted(before: NodeCluster) -> None:
    old = before.client.get("nodes", "", NODE)
    after = await reboot(before)
    new = after.client.get("nodes", "", NODE)

    assert old is not None and new is not None
    boot_id = new["status"]["nodeInfo"]["bootID"]
    assert boot_id != old["status"]["nodeInfo"]["bootID"]
    assert new["metadata"]["uid"] == old["metadata"]["uid"]
    assert ("Rebooted", f"Node {NODE} has been rebooted, boot id: {boot_id}") in after.events.of(NODE)
    await after.kubelet.stop()
