"""Containers added to a running Pod, and containers that see each other's processes."""

from typing import Any

from tests.node.cluster import NodeCluster

SLEEPER: dict[str, Any] = {"image": "busybox:1.36", "command": ["sleep", "3600"]}


async def test_a_container_for_debugging_starts_in_the_running_pod(cluster: NodeCluster) -> None:
    await cluster.run()
    await cluster.clock.settle()
    await cluster.debug(command=["sh", "-c", "hostname; sleep 3600"])
    await cluster.clock.settle()

    status = cluster.container(container="debugger")
    assert "running" in status["state"]
    assert (status["ready"], status["restartCount"], "started" in status) == (False, 0, False)
    assert status["user"]["linux"] == {"gid": 0, "supplementalGroups": [0, 10], "uid": 0}
    assert await cluster.said("debugger") == "web\n"
    assert cluster.is_ready()
    assert cluster.events.places[-1] == "spec.ephemeralContainers{debugger}"


async def test_a_container_for_debugging_is_never_started_again(cluster: NodeCluster) -> None:
    await cluster.run()
    await cluster.clock.settle()
    await cluster.debug(command=["sh", "-c", "exit 3"])
    await cluster.clock.advance(120)

    status = cluster.container(container="debugger")
    assert (status["state"]["terminated"]["exitCode"], status["restartCount"]) == (3, 0)
    assert cluster.is_ready()


async def test_a_container_for_debugging_sees_the_processes_of_its_target(cluster: NodeCluster) -> None:
    await cluster.run(image="busybox:1.36", command=["sh", "-c", "echo found > /tmp/it; sleep 3600"])
    await cluster.clock.settle()
    await cluster.debug(command=["sh", "-c", "ps; cat /proc/1/root/tmp/it; sleep 3600"], targetContainerName="web")
    await cluster.clock.settle()

    lines = (await cluster.said("debugger")).splitlines()
    assert lines[1].split()[0] == "1"
    assert [line.split(None, 3)[3] for line in lines[1:-1]] == ["sleep 3600", "sh -c ps; cat /proc/1/root/tmp/it; sleep 3600", "ps"]
    assert lines[-1] == "found"


async def test_with_its_target_a_container_for_debugging_ends(cluster: NodeCluster) -> None:
    await cluster.run(image="busybox:1.36", command=["sh", "-c", "sleep 60"], restartPolicy="Always")
    await cluster.clock.settle()
    await cluster.debug(command=["sleep", "3600"], targetContainerName="web")
    await cluster.clock.settle()
    await cluster.clock.advance(90)

    assert cluster.container(container="debugger")["state"]["terminated"]["exitCode"] == 137


async def test_a_target_that_never_ran_cannot_be_joined(cluster: NodeCluster) -> None:
    await cluster.run(image="busybox:1.36", command=["true"], restartPolicy="OnFailure", envFrom=[{"configMapRef": {"name": "missing"}}])
    await cluster.clock.advance(5)
    await cluster.debug(targetContainerName="web")
    await cluster.clock.advance(15)

    assert cluster.container(container="debugger")["state"]["waiting"] == {
        "reason": "CreateContainerConfigError",
        "message": "unable to find target container web",
    }
    assert ("Failed", "Error: unable to find target container web") in cluster.events.of("web")


async def test_a_target_that_has_ended_cannot_be_joined(cluster: NodeCluster) -> None:
    await cluster.run(**SLEEPER, initContainers=[{"name": "first", "image": "busybox:1.36", "command": ["true"]}])
    await cluster.clock.settle()
    await cluster.debug(targetContainerName="first")
    await cluster.clock.advance(20)

    waiting = cluster.container(container="debugger")["state"]["waiting"]
    assert waiting["reason"] == "CreateContainerError"
    assert waiting["message"].endswith(" is not running - in state CONTAINER_EXITED")


async def test_deleting_a_pod_stops_its_containers_for_debugging_too(cluster: NodeCluster) -> None:
    await cluster.run()
    await cluster.clock.settle()
    await cluster.debug(command=["sleep", "3600"])
    await cluster.clock.settle()
    await cluster.delete()
    await cluster.clock.settle()

    assert ("Killing", "Stopping container debugger") in cluster.events.of("web")
    assert cluster.gone


async def test_containers_of_a_pod_share_their_processes_when_it_says_so(cluster: NodeCluster) -> None:
    other: dict[str, Any] = {"name": "shell", "image": "busybox:1.36", "command": ["sh", "-c", "sleep 1; ps; sleep 3600"]}
    await cluster.run(**SLEEPER, shareProcessNamespace=True)
    await cluster.clock.settle()
    await cluster.debug(**{key: other[key] for key in ("image", "command")})
    await cluster.clock.advance(10)

    lines = (await cluster.said("debugger")).splitlines()
    assert [line.split(None, 3)[3] for line in lines[1:3]] == ["/pause", "sleep 3600"]
    assert lines[1].split()[0] == "1"


async def test_a_program_that_is_not_process_1_obeys_sigterm_without_a_handler(cluster: NodeCluster) -> None:
    await cluster.run(**SLEEPER, shareProcessNamespace=True)
    await cluster.clock.settle()
    before_s = cluster.clock.now_s()
    await cluster.delete()
    await cluster.clock.settle()

    assert cluster.clock.now_s() - before_s < 2
    ended = cluster.seen["web"][-1]["status"]["containerStatuses"][0]["state"]["terminated"]
    assert ended["exitCode"] == 143
