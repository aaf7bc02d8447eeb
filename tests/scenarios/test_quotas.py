"""Quotas at their limit: who is refused, what is told, and what goes on when there is room again."""

from orrery.machinery.objects import FrozenObject
from orrery.testing.simulation import NAMESPACE, Simulation, deployment, pod

QUOTA = {
    "apiVersion": "v1",
    "kind": "ResourceQuota",
    "metadata": {"name": "few", "namespace": NAMESPACE},
    "spec": {"hard": {"pods": "2", "count/deployments.apps": "1"}},
}


def _used(cluster: Simulation) -> FrozenObject:
    used: FrozenObject = cluster.get("resourcequotas", "few")["status"]["used"]
    return used


async def test_a_deployment_grows_to_its_quota_and_beyond_when_the_quota_does() -> None:
    async with Simulation() as cluster:
        await cluster.apply({**QUOTA})
        await cluster.apply(deployment("web", replicas=3))
        await cluster.settle()
        assert len(cluster.pods(app="web")) == 2
        assert _used(cluster) == {"count/deployments.apps": "1", "pods": "2"}
        refused = [text for text in cluster.events() if text.startswith("FailedCreate")]
        assert "is forbidden: exceeded quota: few, requested: pods=1, used: pods=2, limited: pods=2" in refused[0]
        assert len(refused) < 30
        conditions = {one["type"]: one for one in cluster.get("deployments.apps", "web")["status"]["conditions"]}
        assert conditions["ReplicaFailure"]["reason"] == "FailedCreate"

        await cluster.edit("few", lambda draft: draft["spec"]["hard"].update(pods="3"), bucket="resourcequotas")
        await cluster.advance(1200)
        assert len(cluster.pods(app="web")) == 3
        assert _used(cluster)["pods"] == "3"


async def test_what_goes_makes_room() -> None:
    async with Simulation() as cluster:
        await cluster.apply({**QUOTA})
        for name in ("a", "b"):
            await cluster.apply(pod(name))
        await cluster.settle()
        assert _used(cluster)["pods"] == "2"
        await cluster.delete("pods", "a", grace_period_s=0)
        await cluster.settle()
        assert _used(cluster)["pods"] == "1"
        await cluster.apply(pod("c"))
        assert _used(cluster)["pods"] == "2"


async def test_a_pod_that_has_ended_makes_room() -> None:
    async with Simulation() as cluster:
        await cluster.apply({**QUOTA})
        container = {"name": "main", "image": "busybox", "command": ["true"]}
        await cluster.apply(pod("once", containers=[container], restartPolicy="Never"))
        await cluster.until(lambda: cluster.get("pods", "once")["status"]["phase"] == "Succeeded")
        await cluster.settle()
        assert _used(cluster)["pods"] == "0"
