"""What containers use: metered, idle, set by users, capped by limits."""

from typing import Any

import pytest

from orrery.machinery.objects import Object
from orrery.node.usage import SimulatedUsage
from orrery.verbs.usage import Usage
from tests.node.cluster import NodeCluster

MIB = 1 << 20


def usage_of(cluster: NodeCluster, name: str = "web") -> dict[str, Usage] | None:
    found = SimulatedUsage(cluster.client, cluster.containers, cluster.clock).pod(cluster.pod(name))
    return dict(found.containers) if found is not None else None


async def used(cluster: NodeCluster, **spec: Any) -> Usage:
    """What the only container of a new Pod uses, once that is known."""
    await cluster.run(**spec)
    await cluster.clock.advance(45)
    found = usage_of(cluster)
    assert found is not None
    return found["web"]


def annotated(**annotations: str) -> Any:
    def edit(pod: Object) -> None:
        pod["metadata"]["annotations"] = {f"usage.orrery.dev/{key.replace('_', '-')}": text for key, text in annotations.items()}

    return edit


async def test_nothing_is_known_before_a_window_is_over(fast: NodeCluster) -> None:
    await fast.run()
    await fast.clock.advance(10)
    assert usage_of(fast) is None

    await fast.clock.advance(25)
    assert usage_of(fast) is not None


async def test_an_idle_server_uses_little(fast: NodeCluster) -> None:
    idle = await used(fast, image="nginx:1.25")

    assert idle.cpu_nano < 5_000_000
    assert 2 * MIB < idle.memory_bytes < 10 * MIB


async def test_a_loop_uses_a_core_while_it_runs(fast: NodeCluster) -> None:
    """It runs in the last five seconds of a window of fifteen."""
    await fast.run(image="busybox:1.36", command=["sh", "-c", "sleep 20; while true; do :; done"])
    await fast.clock.advance(26)

    found = usage_of(fast)
    assert found is not None
    assert found["web"].cpu_nano / 10**9 == pytest.approx(5 / 15, abs=0.05)


@pytest.mark.parametrize(("limit", "cores"), [("3", 2), ("1500m", 1.5)])
async def test_stress_uses_what_it_is_told_to_or_its_limit(fast: NodeCluster, limit: str, cores: float) -> None:
    command = ["stress", "--cpu", "2", "--vm", "1", "--vm-bytes", "100M", "--vm-hang", "1"]
    busy = await used(fast, image="polinux/stress", command=command, resources={"limits": {"cpu": limit}})

    assert busy.cpu_nano == pytest.approx(cores * 10**9, rel=0.01)
    assert busy.memory_bytes == pytest.approx(100 * MIB, rel=0.05)


async def test_what_users_set_replaces_what_is_measured(fast: NodeCluster) -> None:
    await used(fast)
    await fast.change(annotated(cpu="250m", memory="64Mi"))
    assert usage_of(fast) == {"web": Usage(250_000_000, 64 * MIB)}

    await fast.change(annotated(cpu="nonsense"))
    assert usage_of(fast) != {"web": Usage(250_000_000, 64 * MIB)}


async def test_what_users_set_is_capped_by_limits(fast: NodeCluster) -> None:
    await used(fast, resources={"limits": {"cpu": "100m", "memory": "32Mi"}})
    await fast.change(annotated(cpu="2", memory="1Gi"))

    assert usage_of(fast) == {"web": Usage(100_000_000, 32 * MIB)}


async def test_containers_share_what_is_set_for_the_pod(fast: NodeCluster) -> None:
    containers: list[Object] = [{"name": name, "image": "nginx:1.25", "imagePullPolicy": "IfNotPresent", "resources": {}} for name in "abc"]
    for number, one in enumerate(containers):
        one["env"] = [{"name": "NGINX_PORT", "value": str(8080 + number)}]
        one["command"] = ["sleep", "1000"]
    await fast.run(containers=containers)
    await fast.clock.advance(45)
    await fast.change(annotated(**{"cpu": "900m", "cpu.b": "500m"}))

    found = usage_of(fast)
    assert found is not None
    assert {name: one.cpu_nano for name, one in found.items()} == {"a": 200_000_000, "b": 500_000_000, "c": 200_000_000}


async def test_ready_pods_share_the_total_of_their_workload(fast: NodeCluster) -> None:
    template = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "web", "image": "nginx:1.25"}]}}
    spec = {"replicas": 2, "selector": {"matchLabels": {"app": "web"}}, "template": template}
    made = await fast.client.create(
        "replicasets.apps",
        {
            "apiVersion": "apps/v1",
            "kind": "ReplicaSet",
            "metadata": {"name": "web", "namespace": "default", "annotations": {"usage.orrery.dev/total-cpu": "1"}},
            "spec": spec,
        },
    )
    owner = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "web", "uid": made["metadata"]["uid"], "controller": True}
    await used(fast)
    await fast.change(lambda pod: pod["metadata"].update(ownerReferences=[owner]))

    def ready(count: int) -> Any:
        def edit(draft: Object) -> bool:
            draft["status"] = {"replicas": 4, "readyReplicas": count}
            return True

        return edit

    shares = []
    for count in (1, 2, 4):
        await fast.client.change("replicasets.apps", "default", "web", ready(count), subresource="status")
        found = usage_of(fast)
        assert found is not None
        shares.append(found["web"].cpu_nano)

    assert shares == [10**9, 500_000_000, 250_000_000]


async def test_a_node_uses_what_its_pods_use_and_a_little_more(fast: NodeCluster) -> None:
    usage = SimulatedUsage(fast.client, fast.containers, fast.clock)
    node = fast.client.get("nodes", "", "orrery-worker")
    assert node is not None
    before = usage.node(node)
    await used(fast)
    await fast.change(annotated(cpu="500m", memory="100Mi"))
    after = usage.node(node)

    assert before is not None
    assert after is not None
    assert after.usage.cpu_nano - before.usage.cpu_nano == 500_000_000
    assert after.usage.memory_bytes - before.usage.memory_bytes == 100 * MIB


async def test_a_node_that_is_not_ready_tells_nothing_of_itself_and_its_pods(fast: NodeCluster) -> None:
    await used(fast)

    def lose(draft: Object) -> bool:
        next(one for one in draft["status"]["conditions"] if one["type"] == "Ready")["status"] = "Unknown"
        return True

    node = await fast.client.change("nodes", "", "orrery-worker", lose, subresource="status")
    assert node is not None
    assert SimulatedUsage(fast.client, fast.containers, fast.clock).node(node) is None
    assert usage_of(fast) is None
