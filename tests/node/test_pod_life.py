"""A plain Pod, from the moment it is bound until it is gone."""

import asyncio
from typing import Any

import pytest

from orrery.machinery.errors import ApiError
from tests.node.cluster import NodeCluster

each_way_to_ready = pytest.mark.parametrize(
    ("spec", "running"),
    [
        ({}, ["1/1 Running"]),
        ({"readinessProbe": {"tcpSocket": {"port": 80}}}, ["0/1 Running", "1/1 Running"]),
    ],
    ids=["plain", "probed"],
)


@each_way_to_ready
async def test_a_pod_is_seen_in_every_state_in_order(cluster: NodeCluster, spec: dict[str, Any], running: list[str]) -> None:
    await cluster.run(**spec)
    await cluster.clock.settle()

    assert cluster.shows() == ["0/1 Pending", "0/1 ContainerCreating", *running]


@each_way_to_ready
async def test_without_delays_the_states_are_the_same(fast: NodeCluster, spec: dict[str, Any], running: list[str]) -> None:
    await fast.run(**spec)
    await fast.clock.settle()

    assert fast.shows() == ["0/1 Pending", "0/1 ContainerCreating", *running]
    assert fast.clock.now_s() == fast.clock.START_S


async def test_a_plain_pod_costs_few_writes(fast: NodeCluster) -> None:
    await fast.run()
    await fast.clock.settle()
    until_ready = fast.writes()
    await fast.delete()
    await fast.clock.settle()

    assert until_ready == 2  # Being created, running and ready.
    assert fast.writes() <= until_ready + 4


async def test_what_a_running_pod_shows(cluster: NodeCluster) -> None:
    created = await cluster.run()
    await cluster.clock.settle()

    status, container = cluster.status(), cluster.container()
    assert status["phase"] == "Running"
    assert status["podIP"] == "10.244.0.2"
    assert status["podIPs"] == [{"ip": "10.244.0.2"}]
    assert status["hostIP"] == "172.18.0.2"
    assert status["hostIPs"] == [{"ip": "172.18.0.2"}]
    assert status["qosClass"] == created["status"]["qosClass"] == "BestEffort"
    assert status["observedGeneration"] == 1
    assert [one["type"] for one in status["conditions"]] == [
        "PodReadyToStartContainers",
        "Initialized",
        "Ready",
        "ContainersReady",
        "PodScheduled",
    ]
    assert all(one["status"] == "True" for one in status["conditions"])
    assert container["image"] == "docker.io/library/nginx:1.25"
    assert container["imageID"].startswith("docker.io/library/nginx@sha256:")
    assert container["containerID"].startswith("containerd://")
    assert container["user"] == {"linux": {"gid": 0, "supplementalGroups": [0], "uid": 0}}
    assert (container["ready"], container["started"], container["restartCount"]) == (True, True, 0)
    assert container["lastState"] == {}


async def test_the_events_of_a_start_are_the_kubelets(cluster: NodeCluster) -> None:
    await cluster.run()
    await cluster.clock.settle()

    pulling, pulled, *rest = cluster.events.of("web")
    assert pulling == ("Pulling", 'Pulling image "nginx:1.25"')
    assert pulled[0] == "Pulled"
    assert pulled[1].startswith('Successfully pulled image "nginx:1.25" in 1.')
    assert "s including waiting). Image size: " in pulled[1]
    assert rest == [("Created", "Container created"), ("Started", "Container started")]
    assert set(cluster.events.places[-4:]) == {"spec.containers{web}"}


async def test_an_image_that_is_there_is_not_pulled_again(fast: NodeCluster) -> None:
    await fast.run()
    await fast.run("second")
    await fast.clock.settle()
    await fast.run("third")
    await fast.clock.settle()

    assert fast.events.of("third")[0] == (
        "Pulled",
        'Container image "nginx:1.25" already present on machine and can be accessed by the pod',
    )


async def test_pods_have_addresses_of_their_own_and_give_them_back(fast: NodeCluster) -> None:
    for name in ("a", "b"):
        await fast.run(name)
    await fast.clock.settle()
    await fast.delete("a")
    await fast.clock.settle()
    await fast.run("c")
    await fast.run("d", hostNetwork=True)
    await fast.clock.settle()

    assert [fast.status(name)["podIP"] for name in ("b", "c", "d")] == ["10.244.0.3", "10.244.0.4", "172.18.0.2"]


async def test_deleting_a_pod_stops_its_containers_tells_their_end_and_lets_it_go(cluster: NodeCluster) -> None:
    await cluster.run()
    await cluster.clock.settle()
    before_s = cluster.clock.now_s()
    await cluster.delete()
    await cluster.clock.settle()

    assert cluster.client.get("pods", "default", "web") is None
    assert ("Killing", "Stopping container web") in cluster.events.of("web")
    assert cluster.clock.now_s() - before_s < 1
    last = cluster.seen["web"][-1]["status"]
    assert last["phase"] == "Succeeded"
    assert last["containerStatuses"][0]["state"]["terminated"]["reason"] == "Completed"
    assert [one["reason"] for one in last["conditions"] if one["type"] in ("Ready", "ContainersReady")] == ["PodCompleted"] * 2


async def test_a_program_that_ignores_sigterm_is_killed_after_the_whole_grace_period(cluster: NodeCluster) -> None:
    await cluster.run(image="busybox:1.36", command=["sleep", "3600"], terminationGracePeriodSeconds=30)
    await cluster.clock.settle()
    before_s = cluster.clock.now_s()
    await cluster.delete()
    await cluster.clock.settle()

    assert cluster.clock.now_s() - before_s == pytest.approx(30, abs=0.1)
    ended = cluster.seen["web"][-1]["status"]["containerStatuses"][0]["state"]["terminated"]
    assert (ended["exitCode"], ended["reason"]) == (137, "Error")
    assert cluster.seen["web"][-1]["status"]["phase"] == "Failed"


async def test_a_second_deletion_may_shorten_the_grace_period(cluster: NodeCluster) -> None:
    await cluster.run(image="busybox:1.36", command=["sleep", "3600"])
    await cluster.clock.settle()
    before_s = cluster.clock.now_s()
    await cluster.delete(grace_s=60)
    await cluster.clock.advance(1)
    await cluster.delete(grace_s=5)
    await cluster.clock.settle()

    assert cluster.clock.now_s() - before_s == pytest.approx(6, abs=0.1)
    assert cluster.client.get("pods", "default", "web") is None


async def test_a_forced_deletion_does_not_wait_for_the_node(cluster: NodeCluster) -> None:
    await cluster.run()
    await cluster.clock.settle()
    await cluster.delete(grace_s=0)

    assert cluster.client.get("pods", "default", "web") is None
    await cluster.clock.settle()
    assert cluster.events.reasons("web")[-1] == "Killing"
    await cluster.run("other")
    await cluster.clock.settle()
    assert cluster.is_ready("other")


async def test_a_pod_deleted_while_its_image_is_pulled_never_runs(cluster: NodeCluster) -> None:
    await cluster.run()
    await cluster.clock.advance(0.7)
    await cluster.delete()
    await cluster.clock.settle()

    assert cluster.client.get("pods", "default", "web") is None


async def test_a_pod_deleted_while_its_image_cannot_be_pulled_goes_at_once(cluster: NodeCluster) -> None:
    await cluster.run(image="nginx:1.161")
    await cluster.clock.advance(8)
    before_s = cluster.clock.now_s()
    await cluster.delete()
    await cluster.clock.settle()

    assert cluster.client.get("pods", "default", "web") is None
    assert cluster.clock.now_s() - before_s < 1
    last = cluster.seen["web"][-1]["status"]
    assert last["phase"] == "Failed"
    assert last["containerStatuses"][0]["state"]["terminated"]["reason"] == "ContainerStatusUnknown"


async def test_a_pod_on_a_node_that_does_not_exist_stays_pending(fast: NodeCluster) -> None:
    await fast.run(node="nowhere")
    await fast.clock.settle()

    assert fast.shows() == ["0/1 Pending"]


async def test_a_pod_with_a_finalizer_stops_and_stays(fast: NodeCluster) -> None:
    await fast.run()
    await fast.client.patch("pods", "default", "web", {"metadata": {"finalizers": ["example.com/keep"]}})
    await fast.clock.settle()
    await fast.delete()
    await fast.clock.settle()

    assert fast.status()["phase"] == "Succeeded"
    writes = fast.writes()
    await fast.client.patch("pods", "default", "web", {"metadata": {"finalizers": []}})
    await fast.clock.settle()
    assert fast.client.get("pods", "default", "web") is None
    assert fast.writes() <= writes + 1


async def test_a_new_pod_of_the_same_name_is_another_pod(fast: NodeCluster) -> None:
    await fast.run()
    await fast.clock.settle()
    await fast.delete(grace_s=0)
    await fast.run()
    await fast.clock.settle()

    assert fast.is_ready()
    assert fast.container()["restartCount"] == 0
    with pytest.raises(ApiError):
        await fast.run()


async def test_an_idle_pod_costs_its_processes_and_no_more(fast: NodeCluster) -> None:
    before = len(asyncio.all_tasks())
    for index in range(20):
        await fast.run(f"pod-{index}")
    await fast.clock.settle()
    writes = fast.log.revision

    assert len(asyncio.all_tasks()) <= before + 20 * 3, "a server, its wait for a signal, its wait for a client"
    await fast.clock.advance(9)
    assert fast.log.revision == writes


@pytest.mark.parametrize("command", ["true", "false"])
async def test_a_pod_that_has_ended_is_deleted_without_a_complaint(
    fast: NodeCluster, command: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Its status may not go back: what was told of it is what is told until the end."""
    containers = [{"name": "once", "image": "busybox", "command": [command]}]
    await fast.run(restartPolicy="Never", containers=containers)
    await fast.until(lambda: fast.status()["phase"] in ("Succeeded", "Failed"))

    await fast.delete()
    await fast.clock.settle()

    assert fast.client.get("pods", "default", "web") is None
    assert not caplog.records
