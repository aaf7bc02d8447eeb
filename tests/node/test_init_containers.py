"""Init containers run one after the other; sidecars stay."""

from typing import Any

from orrery.machinery.objects import FrozenObject
from tests.node.cluster import NodeCluster


def busy(name: str, command: list[str], **fields: Any) -> dict[str, Any]:
    return {"name": name, "image": "busybox:1.36", "imagePullPolicy": "IfNotPresent", "command": command, **fields}


def states(pod: FrozenObject) -> list[str]:
    status = pod["status"]
    every = [*status.get("initContainerStatuses", ()), *status.get("containerStatuses", ())]
    return [next(iter(one["state"])) for one in every]


async def test_init_containers_run_in_order_and_the_pod_waits_for_them(cluster: NodeCluster) -> None:
    await cluster.run(initContainers=[busy("one", ["sleep", "5"]), busy("two", ["sleep", "5"])])
    await cluster.until(lambda: cluster.is_ready())

    seen = list(dict.fromkeys(tuple(states(pod)) for pod in cluster.seen["web"] if "containerStatuses" in pod["status"]))
    assert seen == [
        ("waiting", "waiting", "waiting"),
        ("running", "waiting", "waiting"),
        ("terminated", "waiting", "waiting"),
        ("terminated", "running", "waiting"),
        ("terminated", "terminated", "waiting"),
        ("terminated", "terminated", "running"),
    ]
    assert [line for line in cluster.shows() if "Init" in line] == ["0/1 Init:0/2", "0/1 Init:1/2", "0/1 PodInitializing"]
    reasons = {pod["status"]["containerStatuses"][0]["state"].get("waiting", {}).get("reason") for pod in cluster.seen["web"][1:]}
    assert reasons == {"PodInitializing", None}
    assert cluster.condition("Initialized")["status"] == "True"
    assert cluster.container(container="one")["ready"]


async def test_an_init_container_that_fails_is_retried_and_the_pod_never_starts(cluster: NodeCluster) -> None:
    await cluster.run(initContainers=[busy("one", ["false"])])
    await cluster.clock.advance(60)

    assert cluster.status()["phase"] == "Pending"
    assert cluster.container(container="one")["restartCount"] >= 2
    assert "0/1 Init:CrashLoopBackOff" in cluster.shows()
    assert "0/1 Init:Error" in cluster.shows()
    assert cluster.condition("Initialized")["message"] == "containers with incomplete status: [one]"
    assert "running" not in cluster.container(container="web")["state"]


async def test_an_init_container_that_fails_for_good_fails_the_pod(cluster: NodeCluster) -> None:
    await cluster.run(initContainers=[busy("one", ["sh", "-c", "sleep 1; exit 2"]), busy("two", ["true"])], restartPolicy="Never")
    await cluster.clock.advance(30)

    assert cluster.status()["phase"] == "Failed"
    assert cluster.container(container="one")["state"]["terminated"]["exitCode"] == 2
    assert cluster.container(container="web")["state"] == {"waiting": {"reason": "PodInitializing"}}


async def test_a_sidecar_runs_beside_the_others_and_ends_after_them(cluster: NodeCluster) -> None:
    sidecar = {"name": "log", "image": "nginx:1.25", "restartPolicy": "Always"}
    await cluster.run(
        initContainers=[sidecar, busy("two", ["sleep", "2"])], restartPolicy="Never", image="busybox:1.36", command=["sleep", "9"]
    )
    await cluster.until(lambda: cluster.is_ready())
    assert cluster.container(container="log")["ready"]

    await cluster.until(lambda: cluster.status()["phase"] == "Succeeded")

    assert ("Killing", "Stopping container log") in cluster.events.of("web")
    ended = {name: cluster.container(container=name)["state"]["terminated"]["finishedAt"] for name in ("log", "web")}
    assert ended["log"] >= ended["web"]


async def test_a_sidecar_that_ends_is_started_again_while_the_others_run(cluster: NodeCluster) -> None:
    await cluster.run(initContainers=[busy("side", ["sleep", "20"], restartPolicy="Always")])
    await cluster.until(lambda: cluster.is_ready())
    await cluster.clock.advance(25)

    assert cluster.container(container="side")["restartCount"] == 1
    assert cluster.container(container="web")["restartCount"] == 0
    assert cluster.condition("Initialized")["status"] == "True"


async def test_containers_of_one_pod_are_ready_only_together(cluster: NodeCluster) -> None:
    two = [{"name": "b", "image": "nginx:1.25"}, {"name": "a", "image": "nginx:1.161"}]
    await cluster.run(containers=two)
    await cluster.clock.advance(5)

    assert cluster.condition("Ready")["message"] == "containers with unready status: [a]"
    assert [one["name"] for one in cluster.status()["containerStatuses"]] == ["a", "b"]
    assert cluster.status()["phase"] == "Pending"


async def test_a_sidecar_that_is_not_alive_is_started_again(cluster: NodeCluster) -> None:
    probe = {"exec": {"command": ["false"]}, "periodSeconds": 5, "failureThreshold": 1}
    sidecar = busy("helper", ["sleep", "3600"], restartPolicy="Always", livenessProbe=probe)
    await cluster.run(initContainers=[sidecar], terminationGracePeriodSeconds=3)
    await cluster.clock.advance(30)

    assert ("Killing", "Init container helper failed liveness probe") in cluster.events.of("web")
    assert cluster.container(container="helper")["restartCount"] >= 1
    assert cluster.container(container="web")["restartCount"] == 0


async def test_a_containers_own_rules_restart_it_in_a_pod_that_never_restarts(cluster: NodeCluster) -> None:
    rules = [{"action": "Restart", "exitCodes": {"operator": "In", "values": [42]}}]
    worker = busy("worker", ["sh", "-c", "sleep 1; exit 42"], restartPolicy="Never", restartPolicyRules=rules)
    await cluster.run(containers=[worker], restartPolicy="Never")
    await cluster.clock.advance(30)

    assert cluster.container(container="worker")["restartCount"] >= 1
    assert cluster.status()["phase"] == "Running"
