"""Probes, readiness gates and lifecycle hooks."""

from typing import Any

import pytest

from tests.node.cluster import NodeCluster, new_pod

HTTP = {"httpGet": {"path": "/", "port": 80}}


async def ready_after_s(cluster: NodeCluster, **spec: Any) -> float:
    await cluster.run(**spec)
    await cluster.until(lambda: "0/1 Running" in cluster.shows())
    started_s = cluster.clock.now_s()
    await cluster.until(cluster.is_ready)
    return cluster.clock.now_s() - started_s


@pytest.mark.parametrize(
    ("probe", "delay_s"),
    [
        ({}, 0),
        ({"initialDelaySeconds": 5, "periodSeconds": 5}, 5),
        ({"initialDelaySeconds": 7, "periodSeconds": 5}, 10),
        ({"initialDelaySeconds": 20, "periodSeconds": 10}, 20),
        ({"periodSeconds": 5, "successThreshold": 3}, 10),
    ],
)
async def test_a_readiness_probe_holds_back_ready(fast: NodeCluster, probe: dict[str, int], delay_s: float) -> None:
    assert await ready_after_s(fast, readinessProbe={**HTTP, **probe}) == pytest.approx(delay_s, abs=0.01)
    assert fast.condition("Ready")["status"] == "True"


async def test_a_startup_probe_comes_first(fast: NodeCluster) -> None:
    startup = {**HTTP, "initialDelaySeconds": 10, "periodSeconds": 10}
    delay_s = await ready_after_s(fast, startupProbe=startup, readinessProbe={**HTTP, "periodSeconds": 5})

    assert delay_s == pytest.approx(10, abs=0.01)
    started = [pod["status"]["containerStatuses"][0]["started"] for pod in fast.seen["web"] if "containerStatuses" in pod["status"]]
    assert started == sorted(started)


LATER = {**HTTP, "initialDelaySeconds": 5, "periodSeconds": 5}
SLEEPER: dict[str, Any] = {"name": "other", "image": "busybox:1.36", "imagePullPolicy": "IfNotPresent", "command": ["sleep", "3600"]}
UP, STARTED, READY = (False, False), (True, False), (True, True)


def told_while_running(cluster: NodeCluster, name: str = "web") -> list[tuple[bool | None, bool]]:
    """`started` and `ready` as told of a container that runs, without repetitions."""
    statuses = [pod["status"].get(key, ()) for pod in cluster.seen["web"] for key in ("initContainerStatuses", "containerStatuses")]
    every = [one for entries in statuses for one in entries if one["name"] == name and "running" in one["state"]]
    told = [(one.get("started"), one["ready"]) for one in every]
    return [one for at, one in enumerate(told) if at == 0 or told[at - 1] != one]


@pytest.mark.parametrize(
    ("probes", "told"),
    [
        ({}, [READY]),
        ({"livenessProbe": HTTP}, [READY]),
        ({"readinessProbe": LATER}, [STARTED, READY]),
        ({"startupProbe": HTTP}, [UP, READY]),
        ({"startupProbe": HTTP, "livenessProbe": HTTP}, [UP, READY]),
        ({"startupProbe": HTTP, "readinessProbe": LATER, "livenessProbe": HTTP}, [UP, STARTED, READY]),
    ],
    ids=lambda value: " ".join(value) or "none" if isinstance(value, dict) else "",
)
async def test_each_probe_takes_a_write_and_what_nobody_probes_is_told_at_once(
    fast: NodeCluster, probes: dict[str, Any], told: list[tuple[bool, bool]]
) -> None:
    """So for a container, and for a sidecar that holds up the others until it has started."""
    await fast.run(**probes)
    await fast.until(fast.is_ready)
    assert told_while_running(fast) == told

    sidecar = {"name": "side", "image": "nginx:1.25", "restartPolicy": "Always", **probes}
    fast.seen.clear()
    await fast.delete(grace_s=0)
    await fast.run(initContainers=[sidecar], **{**SLEEPER, "name": "web"})
    await fast.until(fast.is_ready)
    assert told_while_running(fast, "side") == told


async def test_one_container_that_is_probed_holds_back_the_pod_and_not_its_neighbour(fast: NodeCluster) -> None:
    pod = new_pod(readinessProbe=LATER)
    pod["spec"]["containers"].append(SLEEPER)
    await fast.client.create("pods", pod)
    await fast.until(fast.is_ready)

    assert fast.shows()[-2:] == ["1/2 Running", "2/2 Running"]
    assert told_while_running(fast, "other") == [READY]


async def test_an_init_container_is_ready_when_it_has_succeeded_and_not_before(fast: NodeCluster) -> None:
    await fast.run(initContainers=[{**SLEEPER, "command": ["sleep", "5"]}])
    await fast.until(fast.is_ready)

    assert told_while_running(fast, "other") == [STARTED]
    assert fast.container(container="other")["ready"]


async def test_every_run_is_ready_anew_at_once_when_nobody_probes_it(fast: NodeCluster) -> None:
    await fast.run(**{**SLEEPER, "name": "web", "command": ["sleep", "5"]})
    await fast.clock.advance(8)

    assert fast.container()["restartCount"] == 1
    assert fast.shows()[-3:] == ["1/1 Running", "0/1 Completed", "1/1 Running"]


async def test_a_probe_of_a_port_nobody_listens_on_never_succeeds(fast: NodeCluster) -> None:
    await fast.run(readinessProbe={"httpGet": {"path": "/healthz", "port": 8080}, "periodSeconds": 10})
    await fast.clock.advance(35)

    assert not fast.is_ready()
    assert fast.status()["phase"] == "Running"
    unhealthy = [message for reason, message in fast.events.of("web") if reason == "Unhealthy"]
    refused = "dial tcp 10.244.0.2:8080: connect: connection refused"
    assert unhealthy == [f'Readiness probe failed: Get "http://10.244.0.2:8080/healthz": {refused}'] * 4


async def test_a_named_port_is_looked_up(fast: NodeCluster) -> None:
    await fast.run(ports=[{"name": "http", "containerPort": 80}], readinessProbe={"tcpSocket": {"port": "http"}})
    await fast.clock.settle()

    assert fast.is_ready()


async def test_a_liveness_probe_that_fails_restarts_the_container(fast: NodeCluster) -> None:
    await fast.run(livenessProbe={"tcpSocket": {"port": 81}, "periodSeconds": 5, "failureThreshold": 3})
    await fast.clock.advance(14)

    assert ("Killing", "Container web failed liveness probe, will be restarted") in fast.events.of("web")
    assert fast.events.reasons("web").index("Killing") - fast.events.reasons("web").index("Unhealthy") == 3
    assert fast.container()["restartCount"] == 1
    assert fast.container()["lastState"]["terminated"]["exitCode"] == 0


async def test_readiness_gates_wait_for_somebody_else(fast: NodeCluster) -> None:
    await fast.run(readinessGates=[{"conditionType": "example.com/go"}])
    await fast.clock.settle()
    assert fast.shows()[-1] == "1/1 Running"
    assert fast.condition("ContainersReady")["status"] == "True"
    assert fast.condition("Ready")["reason"] == "ReadinessGatesNotReady"

    def go(pod: dict[str, Any]) -> bool:
        pod["status"]["conditions"].append({"type": "example.com/go", "status": "True"})
        return True

    await fast.client.change("pods", "default", "web", go, subresource="status")
    await fast.clock.settle()

    assert fast.is_ready()
    assert fast.condition("example.com/go")["status"] == "True"


async def test_a_pre_stop_hook_comes_out_of_the_grace_period(cluster: NodeCluster) -> None:
    hook = {"preStop": {"exec": {"command": ["sh", "-c", "sleep 5"]}}}
    await cluster.run(lifecycle=hook)
    await cluster.clock.settle()
    before_s = cluster.clock.now_s()
    await cluster.delete()
    await cluster.clock.settle()

    assert cluster.clock.now_s() - before_s == pytest.approx(5.0, abs=0.2)  # nginx itself ends at once.


async def test_a_post_start_hook_delays_running(cluster: NodeCluster) -> None:
    await cluster.run(lifecycle={"postStart": {"sleep": {"seconds": 4}}})
    await cluster.until(lambda: "Started" in cluster.events.reasons("web"))
    started_s = cluster.clock.now_s()
    await cluster.clock.settle()

    assert cluster.is_ready()
    assert 4 <= cluster.clock.now_s() - started_s < 4.5  # What a kubelet needs for its next look comes on top.
