"""Machines that are added, fail, recover and go, and what becomes of their Pods."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from orrery.machinery.errors import NotFound
from orrery.machinery.objects import FrozenObject, Object
from orrery.node.failure import Failure
from orrery.node.machines import MachineTaken
from orrery.node.node_groups import NodeLook
from orrery.node.node_objects import FAILURE
from orrery.settings import FAST, Settings
from tests.node.cluster import NODE, NodeCluster

HTTP: Object = {"httpGet": {"path": "/", "port": 80}}
SLEEPER: dict[str, Any] = {"image": "busybox:1.36", "command": ["sh", "-c", "trap 'exit 0' TERM; echo up; while true; do sleep 1; done"]}


@pytest.fixture
async def cluster() -> AsyncIterator[NodeCluster]:
    made = NodeCluster(FAST.model_copy(update={"nodes": 2}))
    await made.start()
    yield made
    await made.kubelet.stop()


def node(cluster: NodeCluster, name: str = NODE) -> FrozenObject:
    found = cluster.client.get("nodes", "", name)
    assert found is not None
    return found


def renewed(cluster: NodeCluster, name: str = NODE) -> str:
    lease = cluster.client.get("leases.coordination.k8s.io", "kube-node-lease", name)
    assert lease is not None
    return str(lease["spec"]["renewTime"])


async def fail(cluster: NodeCluster, how: Failure = Failure.CRASH) -> None:
    await cluster.kubelet.machines.fail(NODE, how)
    await cluster.clock.settle()


async def recover(cluster: NodeCluster) -> None:
    await cluster.kubelet.machines.recover(NODE)
    await cluster.clock.settle()


@pytest.mark.parametrize("how", list(Failure))
async def test_a_machine_that_is_down_says_nothing(cluster: NodeCluster, how: Failure) -> None:
    await cluster.run()
    await cluster.clock.settle()
    await fail(cluster, how)
    before, lease, pod = node(cluster), renewed(cluster), cluster.pod()
    await cluster.clock.advance(400)

    assert (node(cluster), renewed(cluster), cluster.pod()) == (before, lease, pod)
    assert before["metadata"]["annotations"][FAILURE] == how.value
    assert renewed(cluster, "orrery-worker2") > lease


async def test_a_crash_ends_containers_and_a_kubelet_that_stops_does_not(cluster: NodeCluster) -> None:
    await cluster.run(**SLEEPER)
    await cluster.clock.settle()
    container = cluster.containers.containers[(cluster.pod()["metadata"]["uid"], "web")]
    await fail(cluster, Failure.KUBELET)
    assert not container.exited.done()

    await fail(cluster)

    assert container.exited.done()
    assert "running" in cluster.container()["state"]


async def test_after_a_crash_containers_start_again(cluster: NodeCluster) -> None:
    await cluster.run(**SLEEPER)
    await cluster.clock.settle()
    boot_id = node(cluster)["status"]["nodeInfo"]["bootID"]
    await fail(cluster)
    await cluster.clock.advance(60)
    await recover(cluster)

    assert cluster.container()["restartCount"] == 1
    assert cluster.container()["lastState"]["terminated"]["exitCode"] == 255
    assert cluster.is_ready()
    assert node(cluster)["status"]["nodeInfo"]["bootID"] != boot_id
    assert FAILURE not in node(cluster)["metadata"]["annotations"]
    assert "Rebooted" in cluster.events.reasons(NODE)


async def test_after_a_stopped_kubelet_containers_have_gone_on(cluster: NodeCluster) -> None:
    await cluster.run(**SLEEPER)
    await cluster.clock.settle()
    await fail(cluster, Failure.KUBELET)
    await cluster.clock.advance(60)
    await recover(cluster)

    assert cluster.container()["restartCount"] == 0
    assert cluster.is_ready()
    assert "Rebooted" not in cluster.events.reasons(NODE)


@pytest.mark.parametrize("probes", [{}, {"livenessProbe": HTTP}, {"startupProbe": HTTP}], ids=lambda probes: " ".join(probes) or "none")
async def test_what_has_no_readiness_probe_is_ready_still_when_the_kubelet_is_back(cluster: NodeCluster, probes: dict[str, Any]) -> None:
    await cluster.run(**probes)
    await cluster.clock.settle()
    await fail(cluster, Failure.KUBELET)
    cluster.seen.clear()

    def mark(pod: Object) -> None:  # As the node life cycle controller does.
        next(one for one in pod["status"]["conditions"] if one["type"] == "Ready")["status"] = "False"

    await cluster.change(mark, subresource="status")
    await recover(cluster)

    assert cluster.is_ready()
    assert cluster.shows() == ["1/1 Running"]
    assert len(cluster.seen["web"]) == 2


@pytest.mark.parametrize("how", list(Failure))
async def test_deletions_and_new_pods_wait_until_the_machine_is_back(cluster: NodeCluster, how: Failure) -> None:
    await cluster.run(**SLEEPER)
    await cluster.clock.settle()
    await fail(cluster, how)
    await cluster.delete()
    await cluster.run("late")
    await cluster.clock.advance(100)
    assert cluster.pod()["metadata"]["deletionTimestamp"]
    assert cluster.status("late")["phase"] == "Pending"

    await recover(cluster)

    assert cluster.client.get("pods", "default", "web") is None
    assert cluster.is_ready("late")


async def test_pods_deleted_by_force_are_stopped_when_the_kubelet_is_back(cluster: NodeCluster) -> None:
    await cluster.run(**SLEEPER)
    await cluster.clock.settle()
    container = cluster.containers.containers[(cluster.pod()["metadata"]["uid"], "web")]
    await fail(cluster, Failure.KUBELET)
    await cluster.delete(grace_s=0)
    await cluster.clock.settle()
    assert not container.exited.done()

    await recover(cluster)

    assert container.exited.done()


async def test_nothing_answers_on_a_machine_that_is_off(cluster: NodeCluster) -> None:
    await cluster.run(ports=[{"containerPort": 80, "hostPort": 8080}])
    await cluster.clock.settle()
    address = cluster.status()["podIP"]
    await fail(cluster)
    script = f"wget -T 9 -qO- http://{address}; wget -T 9 -qO- http://172.18.0.2:8080"
    await cluster.run("client", node="orrery-worker2", image="busybox:1.36", command=["sh", "-c", script], restartPolicy="Never")
    await cluster.clock.advance(30)

    where = (f"{address}:80", "172.18.0.2:8080")
    assert await cluster.said(name="client") == "".join(
        f"wget: can't connect to remote host ({one.split(':')[0]}): No route to host\n" for one in where
    )
    await recover(cluster)
    assert cluster.is_ready()


async def test_a_stopped_kubelet_s_pods_go_on_answering(cluster: NodeCluster) -> None:
    await cluster.run()
    await cluster.clock.settle()
    address = cluster.status()["podIP"]
    await fail(cluster, Failure.KUBELET)
    script = f"wget -T 9 -qO- http://{address} | grep -c Welcome"
    await cluster.run("client", node="orrery-worker2", image="busybox:1.36", command=["sh", "-c", script], restartPolicy="Never")
    await cluster.clock.advance(30)

    assert int(await cluster.said(name="client")) > 0


async def test_files_on_disk_survive_a_crash_and_files_in_memory_do_not(cluster: NodeCluster) -> None:
    volumes = [{"name": "disk", "emptyDir": {}}, {"name": "memory", "emptyDir": {"medium": "Memory"}}]
    mounts = [{"name": "disk", "mountPath": "/disk"}, {"name": "memory", "mountPath": "/memory"}]
    script = "cat /disk/seen /memory/seen; echo x >> /disk/seen; echo x >> /memory/seen; sleep 3600"
    await cluster.run(image="busybox:1.36", command=["sh", "-c", script], volumes=volumes, volumeMounts=mounts)
    await cluster.clock.settle()
    await fail(cluster)
    await recover(cluster)

    assert await cluster.said() == "x\ncat: can't open '/memory/seen': No such file or directory\n"


async def test_a_machine_that_is_added_is_like_the_others(cluster: NodeCluster) -> None:
    look = NodeLook.model_validate(
        {"capacity": {"cpu": "8", "nvidia.com/gpu": 2}, "zone": "b", "labels": {"disk": "ssd"}, "taints": ["gpu=yes:NoSchedule"]}
    )
    await cluster.kubelet.machines.add("gpu-1", look)
    await cluster.run("late", node="gpu-1", tolerations=[{"operator": "Exists"}])
    await cluster.clock.settle()

    added = node(cluster, "gpu-1")
    assert added["spec"] == {
        "podCIDR": "10.244.2.0/24",
        "podCIDRs": ["10.244.2.0/24"],
        "taints": [{"key": "gpu", "value": "yes", "effect": "NoSchedule"}],
    }
    assert added["metadata"]["labels"]["topology.kubernetes.io/zone"] == "b"
    assert (added["status"]["capacity"]["cpu"], added["status"]["allocatable"]["nvidia.com/gpu"]) == ("8", "2")
    assert renewed(cluster, "gpu-1")
    assert cluster.status("late")["podIP"] == "10.244.2.2"
    with pytest.raises(MachineTaken):
        await cluster.kubelet.machines.add("gpu-1", look)


async def test_a_machine_that_is_removed_takes_its_node_along(cluster: NodeCluster) -> None:
    await cluster.run(**SLEEPER)
    await cluster.clock.settle()
    await cluster.kubelet.machines.remove(NODE)
    await cluster.clock.settle()

    assert cluster.client.get("nodes", "", NODE) is None
    with pytest.raises(NotFound):
        await cluster.kubelet.machines.recover(NODE)
    assert cluster.kubelet.machines.free_names("orrery-worker", 2) == [NODE, "orrery-worker3"]


async def test_a_node_somebody_deleted_registers_again_on_recover(cluster: NodeCluster) -> None:
    await cluster.client.delete("nodes", "", NODE)
    await cluster.clock.advance(30)
    await recover(cluster)

    assert node(cluster)["spec"]["podCIDR"] == "10.244.0.0/24"


async def test_a_node_that_is_believed_lost_says_at_the_next_heartbeat_that_it_is_not(cluster: NodeCluster) -> None:
    def doubt(draft: Object) -> bool:
        for one in draft["status"]["conditions"]:
            one.update(status="Unknown", reason="NodeStatusUnknown")
        return True

    await cluster.client.change("nodes", "", NODE, doubt, subresource="status")
    await cluster.clock.advance(11)

    conditions = {one["type"]: one["status"] for one in node(cluster)["status"]["conditions"]}
    assert conditions == {"MemoryPressure": "False", "DiskPressure": "False", "PIDPressure": "False", "Ready": "True"}


async def restarted(before: NodeCluster, settings: Settings | None = None) -> NodeCluster:
    await before.kubelet.stop()
    after = NodeCluster(settings or before.settings, log=before.log, clock=before.clock)
    await after.start()
    await after.clock.settle()
    return after


async def test_a_restart_finds_added_nodes_again_and_failed_ones_down() -> None:
    before = NodeCluster(FAST.model_copy(update={"nodes": 1}))
    await before.start()
    await before.kubelet.machines.add("extra", NodeLook(capacity={"cpu": "2"}))
    await before.run(**SLEEPER)
    await before.clock.settle()
    await before.kubelet.machines.fail(NODE, Failure.CRASH)
    old = node(before, "extra")
    after = await restarted(before)

    assert [(machine.name, machine.failure) for machine in after.kubelet.machines] == [(NODE, Failure.CRASH), ("extra", None)]
    assert node(after, "extra")["status"]["addresses"] == old["status"]["addresses"]
    assert node(after, "extra")["status"]["capacity"]["cpu"] == "2"
    assert "running" in after.container()["state"]
    await after.kubelet.machines.recover(NODE)
    await after.clock.settle()
    assert after.container()["restartCount"] == 1
    await after.kubelet.stop()


async def test_a_restart_with_fewer_nodes_keeps_those_there_are() -> None:
    before = NodeCluster(FAST.model_copy(update={"nodes": 3}))
    await before.start()
    after = await restarted(before, FAST.model_copy(update={"nodes": 1}))

    assert len(list(after.kubelet.machines)) == 3
    await after.kubelet.stop()
