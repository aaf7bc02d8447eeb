"""Containers that end: restart policies, back-off, and what the API shows of it."""

from typing import Any

import pytest

from tests.node.cluster import NodeCluster


def title(cluster: NodeCluster, name: str = "web") -> str:
    return f"{name}_default({cluster.pod(name)['metadata']['uid']})"


async def test_ubuntu_completes_at_once_and_ends_in_crash_loop_back_off(cluster: NodeCluster) -> None:
    await cluster.run(image="ubuntu:22.04")
    await cluster.until(lambda: "0/1 CrashLoopBackOff" in cluster.shows())

    container = cluster.container()
    assert cluster.status()["phase"] == "Running"
    assert container["restartCount"] == 1
    assert container["state"]["waiting"] == {
        "reason": "CrashLoopBackOff",
        "message": f"back-off 10s restarting failed container=web pod={title(cluster)}",
    }
    ended = container["lastState"]["terminated"]
    assert (ended["exitCode"], ended["reason"]) == (0, "Completed")
    assert ("BackOff", f"Back-off restarting failed container web in pod {title(cluster)}") in cluster.events.of("web")
    assert cluster.shows() == ["0/1 Pending", "0/1 ContainerCreating", "0/1 Completed", "0/1 CrashLoopBackOff"]


async def test_the_back_off_doubles_up_to_five_minutes(cluster: NodeCluster) -> None:
    await cluster.run(image="busybox:1.36", command=["sh", "-c", "exit 1"])
    seen = []
    for _ in range(200):
        await cluster.clock.advance(10)
        waiting = cluster.container()["state"].get("waiting") or {}
        if waiting.get("reason") == "CrashLoopBackOff":
            seen.append(waiting["message"].split()[1])

    assert list(dict.fromkeys(seen)) == ["10s", "20s", "40s", "1m20s", "2m40s", "5m0s"]
    assert cluster.container()["lastState"]["terminated"]["reason"] == "Error"


async def test_a_container_that_ran_for_ten_minutes_starts_again_at_once(cluster: NodeCluster) -> None:
    await cluster.run(image="busybox:1.36", command=["sleep", "700"])
    await cluster.clock.settle()
    await cluster.clock.advance(1500)

    assert cluster.container()["restartCount"] == 2
    assert "CrashLoopBackOff" not in " ".join(cluster.shows())


@pytest.mark.parametrize(
    ("policy", "command", "phase", "reason", "code"),
    [
        ("Never", ["sh", "-c", "sleep 5"], "Succeeded", "Completed", 0),
        ("Never", ["sh", "-c", "sleep 5; exit 3"], "Failed", "Error", 3),
        ("OnFailure", ["true"], "Succeeded", "Completed", 0),
    ],
)
async def test_a_pod_that_is_not_restarted_ends(
    cluster: NodeCluster, policy: str, command: list[str], phase: str, reason: str, code: int
) -> None:
    await cluster.run(image="busybox:1.36", command=command, restartPolicy=policy)
    await cluster.until(lambda: cluster.status()["phase"] in ("Succeeded", "Failed"))

    ended = cluster.container()["state"]["terminated"]
    assert cluster.status()["phase"] == phase
    assert (ended["reason"], ended["exitCode"]) == (reason, code)
    assert cluster.container()["restartCount"] == 0
    assert cluster.condition("Ready")["reason"] == ("PodCompleted" if phase == "Succeeded" else "PodFailed")
    assert cluster.condition("PodReadyToStartContainers")["status"] == "False"
    assert cluster.status()["podIP"]
    writes = cluster.writes()
    await cluster.clock.advance(1000)
    assert cluster.writes() == writes


async def test_a_pod_that_ended_is_deleted_without_the_node(cluster: NodeCluster) -> None:
    await cluster.run(image="busybox:1.36", command=["true"], restartPolicy="Never")
    await cluster.until(lambda: cluster.status()["phase"] == "Succeeded")
    await cluster.delete()

    assert cluster.client.get("pods", "default", "web") is None


async def test_a_failure_is_restarted_until_it_succeeds_no_more_than_that(cluster: NodeCluster) -> None:
    await cluster.run(image="busybox:1.36", command=["false"], restartPolicy="OnFailure")
    await cluster.clock.advance(40)

    assert cluster.status()["phase"] == "Running"
    assert cluster.container()["restartCount"] >= 2


async def test_a_command_that_does_not_exist_is_a_start_error(cluster: NodeCluster) -> None:
    await cluster.run(image="ubuntu-sleeper", command=["sleep2.0"])
    await cluster.until(lambda: "0/1 RunContainerError" in cluster.shows())

    message = (
        "failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: unable to start "
        'container process: error during container init: exec: "sleep2.0": executable file not found in $PATH: unknown'
    )
    assert cluster.container()["state"]["waiting"] == {"reason": "RunContainerError", "message": message}
    ended = cluster.container()["lastState"]["terminated"]
    assert (ended["exitCode"], ended["reason"], ended["message"]) == (128, "StartError", message)
    assert ended["startedAt"] == "1970-01-01T00:00:00Z"
    assert cluster.events.of("web")[2:4] == [("Created", "Container created"), ("Failed", f"Error: {message}")]
    await cluster.until(lambda: "0/1 CrashLoopBackOff" in cluster.shows())


async def test_a_start_error_that_is_not_restarted_fails_the_pod(cluster: NodeCluster) -> None:
    await cluster.run(image="ubuntu", command=["sleep2.0"], restartPolicy="Never")
    await cluster.clock.settle()

    assert cluster.status()["phase"] == "Failed"
    assert cluster.container()["state"]["terminated"]["reason"] == "StartError"


@pytest.mark.parametrize(
    ("image", "spec", "runs_s"),
    [
        ("ubuntu-sleeper", {}, 5),
        ("ubuntu-sleeper", {"args": ["10"]}, 10),
        ("ubuntu-sleeper", {"command": ["sleep", "20"]}, 20),
        ("ubuntu", {"command": ["sleep"], "args": ["7"]}, 7),
        ("ubuntu", {"command": ["sleep", "$(SECONDS_TO_SLEEP)"], "env": [{"name": "SECONDS_TO_SLEEP", "value": "8"}]}, 8),
    ],
)
async def test_command_and_args_replace_entrypoint_and_cmd(cluster: NodeCluster, image: str, spec: dict[str, Any], runs_s: int) -> None:
    await cluster.run(image=image, restartPolicy="Never", **spec)
    await cluster.clock.settle()
    started_s = cluster.clock.now_s()
    await cluster.until(lambda: cluster.status()["phase"] == "Succeeded")

    assert cluster.clock.now_s() - started_s == pytest.approx(runs_s, abs=1.5)


async def test_mysql_without_a_password_ends_in_an_error(cluster: NodeCluster) -> None:
    await cluster.run("bad", image="mysql:8.0")
    await cluster.run("good", image="mysql:8.0", env=[{"name": "MYSQL_ROOT_PASSWORD", "value": "secret"}])
    await cluster.clock.advance(60)

    assert cluster.container("bad")["lastState"]["terminated"]["exitCode"] == 1
    assert cluster.is_ready("good")


async def test_a_deadline_fails_the_pod(cluster: NodeCluster) -> None:
    await cluster.run(activeDeadlineSeconds=30)
    await cluster.clock.settle()
    await cluster.clock.advance(40)

    status = cluster.status()
    assert (status["phase"], status["reason"]) == ("Failed", "DeadlineExceeded")
    assert status["message"] == "Pod was active on the node longer than the specified deadline"
    assert cluster.container()["state"]["terminated"]["reason"] == "Completed"
    assert "DeadlineExceeded" in cluster.events.reasons("web")
