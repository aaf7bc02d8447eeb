"""Who has to go, and where: upstream's choices in small clusters."""

from random import Random
from typing import Any

import pytest

from orrery.controllers.scheduler.cluster import Cluster
from orrery.controllers.scheduler.filters import Attempt
from orrery.controllers.scheduler.messages import unavailable
from orrery.controllers.scheduler.preemption import Budgets, Candidate, find_candidates, pick, victims_on
from orrery.controllers.scheduler.refusals import Refusal
from orrery.controllers.scheduler.wishes import wish_of
from orrery.machinery.objects import Object
from tests.controllers.scheduler.pieces import HOSTNAME, cluster, labels_of_namespace, node, pod

REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
NO_BUDGETS = Budgets(lambda namespace: ())


def budgets(*allowed: tuple[str, int], disrupted: tuple[str, ...] = ()) -> Budgets:
    made: list[Object] = [
        {
            "spec": {"selector": {"matchLabels": {"app": app}}},
            "status": {"disruptionsAllowed": number, "disruptedPods": dict.fromkeys(disrupted, "now")},
        }
        for app, number in allowed
    ]
    return Budgets(lambda namespace: made)


def starts(**when: float) -> Any:
    return lambda key: when.get(key.partition("/")[2], 1000.0)


def attempt(seen: Cluster, **more: Any) -> Attempt:
    wanted: dict[str, Any] = {"priority": 100, "cpu": "3"} | more
    return Attempt(wish_of(pod("new", **wanted)), seen, labels_of_namespace)


def victims(found: Candidate | Refusal) -> list[str]:
    assert isinstance(found, Candidate), found
    return [wish.name for wish in found.victims]


def test_as_many_as_possible_are_let_off_the_most_important_first() -> None:
    seen = cluster(node("n"), pod("a", "n", priority=5), pod("b", "n", priority=7), pod("c", "n", priority=6), pod("d", "n", priority=200))

    assert victims(victims_on(attempt(seen, cpu="2"), "n", NO_BUDGETS, starts())) == ["c", "a"]


def test_among_equals_who_runs_for_longer_is_let_off() -> None:
    seen = cluster(node("n", cpu="3"), pod("young", "n"), pod("old", "n"), pod("middle", "n"))

    assert victims(victims_on(attempt(seen, cpu="1"), "n", NO_BUDGETS, starts(young=30, old=10, middle=20))) == ["young"]


def test_nobody_goes_when_that_would_not_help() -> None:
    seen = cluster(node("n"), pod("low", "n", cpu="2"), pod("high", "n", cpu="2", priority=200))

    found = victims_on(attempt(seen), "n", NO_BUDGETS, starts())

    assert isinstance(found, Refusal)
    assert found.reasons == ("Insufficient cpu",)


def test_a_pod_whose_budget_would_be_broken_is_let_off_first() -> None:
    guarded = {"app": "guarded"}
    seen = cluster(node("n"), pod("free", "n", cpu="2", priority=9), pod("guarded", "n", cpu="2", labels=guarded))

    found = victims_on(attempt(seen, cpu="2"), "n", budgets(("guarded", 0)), starts())
    assert victims(found) == ["free"]
    found = victims_on(attempt(seen, cpu="4"), "n", budgets(("guarded", 0)), starts())
    assert isinstance(found, Candidate)
    assert (victims(found), found.violations) == (["free", "guarded"], 1)
    found = victims_on(attempt(seen, cpu="4"), "n", budgets(("guarded", 0), disrupted=("guarded",)), starts())
    assert isinstance(found, Candidate)
    assert found.violations == 0


def test_a_neighbour_that_keeps_the_pod_away_can_be_made_to_go() -> None:
    web = {"app": "web"}
    rule = {"podAntiAffinity": {REQUIRED: [{"topologyKey": HOSTNAME, "labelSelector": {"matchLabels": web}}]}}
    seen = cluster(node("n"), pod("keeper", "n", affinity=rule, labels=web), pod("other", "n"))

    assert victims(victims_on(attempt(seen, cpu="1", labels=web), "n", NO_BUDGETS, starts())) == ["keeper"]
    assert victims(victims_on(attempt(seen, cpu="1", affinity=rule), "n", NO_BUDGETS, starts())) == ["keeper"]


def test_a_crowded_zone_can_be_thinned_out() -> None:
    web = {"app": "web"}
    rule = {"maxSkew": 1, "topologyKey": HOSTNAME, "whenUnsatisfiable": "DoNotSchedule", "labelSelector": {"matchLabels": web}}
    seen = cluster(node("n"), node("m"), pod("a", "n", labels=web), pod("b", "m", labels=web), pod("c", "n", labels=web))
    tried = attempt(seen, cpu="1", labels=web, topologySpreadConstraints=[rule])

    refusal = tried.refuse(seen.nodes["n"], seen.usage("n"))
    assert refusal is not None
    assert refusal.reasons == ("node(s) didn't match pod topology spread constraints",)
    assert victims(victims_on(tried, "n", NO_BUDGETS, starts(a=1, c=2))) == ["c"]


def test_nodes_that_cannot_be_helped_are_counted_apart() -> None:
    taint = {"key": "k", "effect": "NoSchedule"}
    seen = cluster(node("full"), node("tainted", taints=[taint]), node("small", cpu="1"), pod("high", "full", cpu="4", priority=200))
    tried = attempt(seen)

    search = find_candidates(tried, tried.find().refusals, NO_BUDGETS, starts(), Random(1))

    assert not search.candidates
    assert unavailable(search.refusals) == (
        "0/3 nodes are available: 1 No preemption victims found for incoming pod, 2 Preemption is not helpful for scheduling."
    )


def candidate(name: str, *priorities: int, violations: int = 0) -> Candidate:
    return Candidate(name, tuple(wish_of(pod(f"{name}{index}", priority=value)) for index, value in enumerate(priorities)), violations)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (candidate("a", 9, 9, 9), candidate("b", 1, violations=1)),
        (candidate("a", 5, 5, 5), candidate("b", 6)),
        (candidate("a", 5, 1), candidate("b", 5, 2)),
        (candidate("a", 5), candidate("b", 5, -1)),
        (candidate("a", 5), candidate("b", 5)),
    ],
)
def test_the_node_with_the_least_harm_is_taken(one: Candidate, other: Candidate) -> None:
    """Budgets, the highest priority, the sum of priorities, the number of victims, and who has run for the shortest time."""
    start_of = starts(a0=20.0, b0=10.0)

    assert pick([one, other], start_of).node == "a"
    assert pick([other, one], start_of).node == "a"


def test_room_that_was_promised_is_kept_from_who_is_not_more_important() -> None:
    seen = cluster(node("n"))
    seen.nominate(wish_of(pod("promised", cpu="3", priority=100)), "n")

    assert not attempt(seen, cpu="2", priority=100).find().fitting
    assert attempt(seen, cpu="2", priority=101).find().fitting
    assert attempt(seen, cpu="1", priority=1).find().fitting

    seen.withdraw("default/promised")
    assert attempt(seen, cpu="2").find().fitting
