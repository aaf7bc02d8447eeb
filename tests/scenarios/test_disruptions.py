"""Evictions within and beyond a budget, as `kubectl drain` meets them; answers as a real cluster's."""

from typing import Any

import pytest

from orrery.machinery.errors import ApiError, TooManyRequests
from orrery.machinery.objects import FrozenObject, Object, name_of
from orrery.testing.simulation import NAMESPACE, Simulation, deployment, pod
from orrery.verbs.call import SYSTEM_ADMIN, Call

BUDGETS = "poddisruptionbudgets.policy"


def _budget(name: str = "web", *, app: str = "web", **spec: Any) -> Object:
    meta = {"name": name, "namespace": NAMESPACE}
    return {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": meta,
        "spec": {"selector": {"matchLabels": {"app": app}}, **spec},
    }


async def _evict(cluster: Simulation, name: str, **options: Any) -> None:
    kind = cluster.cluster.catalogue.stored("pods")
    call = Call(kind, NAMESPACE, name, subresource="eviction", user=SYSTEM_ADMIN)
    eviction: Object = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": name}}
    await cluster.cluster.verbs.create(call, eviction | ({"deleteOptions": options} if options else {}))


def _status(cluster: Simulation, name: str = "web") -> FrozenObject:
    status: FrozenObject = cluster.get(BUDGETS, name)["status"]
    return status


async def _web(cluster: Simulation, **spec: Any) -> None:
    await cluster.apply(deployment("web", replicas=3))
    await cluster.settle()
    await cluster.apply(_budget(**spec))
    await cluster.settle()


async def test_a_budget_lets_one_go_at_a_time() -> None:
    async with Simulation() as cluster:
        await _web(cluster, minAvailable=2)
        first, second, _ = map(name_of, cluster.pods(app="web"))
        await _evict(cluster, first)
        condition = next(one for one in cluster.get("pods", first)["status"]["conditions"] if one["type"] == "DisruptionTarget")
        assert (condition["reason"], condition["message"]) == ("EvictionByEvictionAPI", "Eviction API: evicting")
        with pytest.raises(TooManyRequests) as refused:
            await _evict(cluster, second)
        assert refused.value.message == "Cannot evict pod as it would violate the pod's disruption budget."
        await cluster.settle()
        assert len(cluster.pods(app="web")) == 3
        assert (_status(cluster)["disruptionsAllowed"], _status(cluster).get("disruptedPods")) == (1, None)
        await _evict(cluster, second)


async def test_a_budget_at_its_limit_says_why() -> None:
    async with Simulation() as cluster:
        await _web(cluster, minAvailable=3)
        with pytest.raises(TooManyRequests) as refused:
            await _evict(cluster, name_of(cluster.pods(app="web")[0]))
        message = "The disruption budget web needs 3 healthy pods and has 3 currently"
        assert refused.value.details == {"causes": [{"reason": "DisruptionBudget", "message": message}]}


async def test_a_dry_run_takes_nothing() -> None:
    async with Simulation() as cluster:
        await _web(cluster, maxUnavailable=1)
        await _evict(cluster, name_of(cluster.pods(app="web")[0]), dryRun=["All"])
        assert _status(cluster)["disruptionsAllowed"] == 1
        assert len(cluster.pods(app="web")) == 3


async def test_two_budgets_for_one_pod_are_one_too_many() -> None:
    async with Simulation() as cluster:
        await _web(cluster, minAvailable=1)
        await cluster.apply(_budget("other", maxUnavailable=1))
        with pytest.raises(ApiError, match="more than one PodDisruptionBudget") as refused:
            await _evict(cluster, name_of(cluster.pods(app="web")[0]))
        assert (refused.value.code, refused.value.reason) == (500, "")


async def test_pods_without_a_controller_cannot_be_shared_out() -> None:
    async with Simulation() as cluster:
        lone = pod("lone")
        lone["metadata"]["labels"] = {"app": "lone"}
        await cluster.apply(lone)
        await cluster.settle()
        await cluster.apply(_budget("lone", app="lone", maxUnavailable="50%"))
        await cluster.settle()
        status = _status(cluster, "lone")
        assert (status["currentHealthy"], status["expectedPods"], status["disruptionsAllowed"]) == (1, 0, 0)
        selector = "&LabelSelector{MatchLabels:map[string]string{app: lone,},MatchExpressions:[]LabelSelectorRequirement{},}"
        assert f"(selector: {selector}) were found to be unmanaged." in cluster.events("lone")[-1]


async def test_a_controller_without_a_scale_fails_the_budget() -> None:
    async with Simulation() as cluster:
        template = {
            "metadata": {"labels": {"app": "job"}},
            "spec": {"restartPolicy": "Never", "containers": [{"name": "a", "image": "nginx"}]},
        }
        meta = {"name": "job", "namespace": NAMESPACE}
        await cluster.apply({"apiVersion": "batch/v1", "kind": "Job", "metadata": meta, "spec": {"template": template}})
        await cluster.settle()
        await cluster.apply(_budget("job", app="job", maxUnavailable=1))
        await cluster.settle()
        [condition] = _status(cluster, "job")["conditions"]
        assert (condition["reason"], condition["message"]) == ("SyncFailed", "jobs.batch does not implement the scale subresource")
        told = f"Failed to calculate the number of expected pods: {condition['message']}"
        assert f"CalculateExpectedPodCountFailed: {told}" in cluster.events("job")


@pytest.mark.parametrize(("policy", "goes"), [("AlwaysAllow", True), ("IfHealthyBudget", False)])
async def test_a_pod_that_is_not_ready_goes_when_the_policy_allows(policy: str, *, goes: bool) -> None:
    async with Simulation() as cluster:
        container = {"name": "web", "image": "nginx", "readinessProbe": {"exec": {"command": ["false"]}}}
        waiting = pod("web", containers=[container])
        waiting["metadata"]["labels"] = {"app": "web"}
        await cluster.apply(waiting)
        await cluster.apply(_budget(minAvailable=1, unhealthyPodEvictionPolicy=policy))
        await cluster.advance(30)
        if goes:
            await _evict(cluster, "web")
        else:
            with pytest.raises(TooManyRequests):
                await _evict(cluster, "web")


async def test_a_disruption_that_never_came_is_taken_back() -> None:
    async with Simulation() as cluster:
        await cluster.apply(pod("web"))
        await cluster.settle()
        mark = {"type": "DisruptionTarget", "status": "True", "lastProbeTime": None, "reason": "x", "message": "y"}

        def change(draft: Object) -> bool:
            draft["status"]["conditions"].append(mark | {"lastTransitionTime": draft["status"]["startTime"]})
            return True

        await cluster.client.change("pods", NAMESPACE, "web", change, subresource="status")
        await cluster.advance(125)
        condition = next(one for one in cluster.get("pods", "web")["status"]["conditions"] if one["type"] == "DisruptionTarget")
        assert condition["status"] == "False"
