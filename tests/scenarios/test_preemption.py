"""More important Pods take the place of less important ones, as on a real cluster; events and conditions in kube-scheduler's words."""

from typing import Any, Literal

import pytest

from orrery.machinery.objects import FrozenObject, Object, is_deleting, name_of, uid_of
from orrery.settings import Settings
from orrery.testing.simulation import NAMESPACE, Simulation, pod

NODES = 3
FULL = f"0/{NODES} nodes are available: {NODES} Insufficient cpu."
WHY_NOT = f"{FULL} no new claims to deallocate, preemption:"


def _class(name: str, value: int, **more: Any) -> Object:
    meta = {"name": name}
    return {"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass", "metadata": meta, "value": value, **more}


def _pod(name: str, priority: str, *, cpu: str = "3", labels: dict[str, str] | None = None, **spec: Any) -> Object:
    made = pod(name, image="busybox", priorityClassName=priority, **spec)
    # It does not heed SIGTERM, so it takes its whole grace to end.
    made["spec"]["containers"][0] |= {"command": ["sleep", "100000"], "resources": {"requests": {"cpu": cpu}}}
    made["metadata"]["labels"] = labels or {}
    return made


async def _prepare(cluster: Simulation) -> None:
    for one in (_class("low", 10), _class("mid", 20), _class("high", 1000), _class("polite", 1000, preemptionPolicy="Never")):
        await cluster.apply(one)


async def _fill(cluster: Simulation, *priorities: str) -> None:
    for number, priority in enumerate(priorities):
        await cluster.apply(_pod(f"{priority}-{number}", priority))
    await cluster.settle()


def _condition(one: FrozenObject, type_: str) -> FrozenObject:
    return next(condition for condition in one["status"]["conditions"] if condition["type"] == type_)


def _node(cluster: Simulation, name: str) -> str:
    return str(cluster.get("pods", name)["spec"].get("nodeName", ""))


async def _events(cluster: Simulation, name: str, reason: str) -> list[FrozenObject]:
    await cluster.advance(0.1)
    events = cluster.client.list("events", NAMESPACE)
    return [event for event in events if event["involvedObject"]["name"] == name and event["reason"] == reason]


async def test_the_least_important_pod_goes_with_grace_and_the_winner_waits_for_its_place() -> None:
    async with Simulation(Settings(nodes=NODES)) as cluster:
        await _prepare(cluster)
        await _fill(cluster, "mid", "low", "mid")
        where = _node(cluster, "low-1")

        await cluster.apply(_pod("winner", "high"))
        await cluster.until(lambda: is_deleting(cluster.get("pods", "low-1")))

        winner, victim = cluster.get("pods", "winner"), cluster.get("pods", "low-1")
        assert (winner["status"]["nominatedNodeName"], _condition(winner, "PodScheduled")["message"]) == (where, FULL)
        disrupted = _condition(victim, "DisruptionTarget")
        assert (disrupted["reason"], disrupted["message"]) == (
            "PreemptionByScheduler",
            "default-scheduler: preempting to accommodate a higher priority pod",
        )
        (event,) = await _events(cluster, "low-1", "Preempted")
        assert event["message"] == f"Preempted by pod {uid_of(winner)} on node {where}"
        assert (event["type"], event["action"], event["related"]["name"]) == ("Normal", "Preempting", "winner")
        assert event["reportingInstance"] == "default-scheduler-control-plane"

        await cluster.settle()
        assert _node(cluster, "winner") == where
        assert "nominatedNodeName" not in cluster.get("pods", "winner")["status"]
        assert {name_of(one) for one in cluster.client.list("pods", NAMESPACE)} == {"mid-0", "mid-2", "winner"}


async def test_while_its_victims_end_it_asks_for_no_more() -> None:
    async with Simulation(Settings(nodes=NODES)) as cluster:
        await _prepare(cluster)
        await _fill(cluster, "low", "low", "low")
        await cluster.apply(_pod("winner", "high"))
        await cluster.until(lambda: any(is_deleting(one) for one in cluster.client.list("pods", NAMESPACE)))

        # Something happens that might help it, and does not.
        await cluster.apply(_pod("small", "low", cpu="100m"))
        await cluster.advance(1)
        await cluster.client.delete("pods", NAMESPACE, "small", grace_period_s=0)
        await cluster.advance(1)

        ending = "not eligible due to a terminating pod on the nominated node."
        assert _condition(cluster.get("pods", "winner"), "PodScheduled")["message"] == f"{WHY_NOT} {ending}"
        assert sum(is_deleting(one) for one in cluster.client.list("pods", NAMESPACE)) == 1
        await cluster.settle()
        assert _node(cluster, "winner")


async def test_who_must_not_preempt_waits() -> None:
    async with Simulation(Settings(nodes=NODES)) as cluster:
        await _prepare(cluster)
        await _fill(cluster, "low", "low", "low")

        await cluster.apply(_pod("polite", "polite"))
        await cluster.apply(_pod("equal", "low"))
        await cluster.settle()

        polite, equal = cluster.get("pods", "polite"), cluster.get("pods", "equal")
        assert _condition(polite, "PodScheduled")["message"] == f"{WHY_NOT} not eligible due to preemptionPolicy=Never."
        nobody = f"0/{NODES} nodes are available: {NODES} No preemption victims found for incoming pod."
        assert _condition(equal, "PodScheduled")["message"] == f"{WHY_NOT} {nobody}"
        assert not any(is_deleting(one) for one in cluster.client.list("pods", NAMESPACE))


async def test_a_budget_that_would_be_broken_is_spared_when_another_node_will_do() -> None:
    async with Simulation(Settings(nodes=NODES)) as cluster:
        await _prepare(cluster)
        budget = {"minAvailable": 2, "selector": {"matchLabels": {"app": "guarded"}}}
        meta = {"name": "guard", "namespace": NAMESPACE}
        await cluster.apply({"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": meta, "spec": budget})
        for number in (0, 1):
            await cluster.apply(_pod(f"guarded-{number}", "low", labels={"app": "guarded"}))
        await cluster.apply(_pod("other", "mid"))
        await cluster.settle()

        await cluster.apply(_pod("winner", "high"))
        await cluster.settle()

        assert {name_of(one) for one in cluster.client.list("pods", NAMESPACE)} == {"guarded-0", "guarded-1", "winner"}


async def test_room_kept_for_one_is_not_given_to_the_less_important() -> None:
    async with Simulation(Settings(nodes=NODES)) as cluster:
        await _prepare(cluster)
        await _fill(cluster, "mid", "mid", "low")
        await cluster.apply(_pod("winner", "high"))
        await cluster.until(lambda: is_deleting(cluster.get("pods", "low-2")))

        await cluster.apply(_pod("late", "mid"))
        await cluster.settle()

        assert _node(cluster, "winner")
        assert not _node(cluster, "late")


async def test_no_more_pods_go_than_have_to() -> None:
    async with Simulation(Settings(nodes=1)) as cluster:
        await _prepare(cluster)
        for name, cpu in (("a", "500m"), ("b", "2"), ("c", "1")):
            await cluster.apply(_pod(name, "low", cpu=cpu))
        await cluster.settle()

        await cluster.apply(_pod("winner", "high", cpu="2"))
        await cluster.settle()

        assert {name_of(one) for one in cluster.client.list("pods", NAMESPACE)} == {"a", "c", "winner"}


@pytest.mark.parametrize("pace", ["real", "fast"])
async def test_waiting_pods_are_taken_by_priority(pace: Literal["real", "fast"]) -> None:
    async with Simulation(Settings(nodes=1, pace=pace)) as cluster:
        await _prepare(cluster)
        await _fill(cluster, "high")
        for name, priority in (("first", "low"), ("second", "mid"), ("third", "low")):
            await cluster.apply(_pod(name, priority))
        await cluster.settle()

        await cluster.client.delete("pods", NAMESPACE, "high-0")
        await cluster.settle()

        assert [_node(cluster, name) != "" for name in ("first", "second", "third")] == [False, True, False]
