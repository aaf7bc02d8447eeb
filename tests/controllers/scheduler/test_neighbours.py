"""Inter-pod affinity and topology spread, in small clusters."""

from typing import Any

import pytest

from orrery.controllers.scheduler.cluster import Cluster
from orrery.controllers.scheduler.neighbours import Neighbours, sympathy
from orrery.controllers.scheduler.topology import Spread, spread_points
from orrery.controllers.scheduler.wishes import shape_of
from orrery.machinery.objects import Object
from orrery.machinery.selectors import EVERYTHING, LabelSelector
from tests.controllers.scheduler.pieces import HOSTNAME, cluster, labels_of_namespace, node, pod

REQUIRED, PREFERRED = "requiredDuringSchedulingIgnoredDuringExecution", "preferredDuringSchedulingIgnoredDuringExecution"
WEB, DB = {"app": "web"}, {"app": "db"}


def term(key: str = HOSTNAME, *, labels: dict[str, str] | None = None, **more: Any) -> Object:
    return {"topologyKey": key, "labelSelector": {"matchLabels": labels or WEB}, **more}


def affinity(*terms: Object, side: str = "podAffinity") -> Object:
    return {"affinity": {side: {REQUIRED: list(terms)}}}


def allowed(seen: Cluster, **more: Any) -> list[str]:
    neighbours = Neighbours(shape_of(pod("new", **more)), seen, labels_of_namespace)
    return [name for name, view in seen.nodes.items() if neighbours.refuse(view) is None]


def test_one_pod_must_satisfy_all_terms_at_once() -> None:
    """Upstream counts Pods that every term selects; one Pod for each term is not enough."""
    both = affinity(term(labels={"app": "web"}), term(labels={"tier": "front"}))
    apart = cluster(node("n"), pod("a", "n", labels={"app": "web"}), pod("b", "n", labels={"tier": "front"}))
    together = cluster(node("n"), pod("a", "n", labels={"app": "web", "tier": "front"}))

    assert allowed(apart, **both) == []
    assert allowed(together, **both) == ["n"]


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ({}, ["a"]),
        ({"namespaces": ["other"]}, ["b"]),
        ({"namespaceSelector": {}}, ["a", "b"]),
        ({"namespaceSelector": {"matchLabels": {"team": "b"}}}, ["b"]),
        ({"namespaceSelector": {"matchLabels": {"team": "b"}}, "namespaces": ["default"]}, ["a", "b"]),
    ],
)
def test_terms_look_into_the_namespaces_they_name_or_select(where: Object, expected: list[str]) -> None:
    seen = cluster(node("a"), node("b"), pod("p", "a", labels=WEB), pod("q", "b", labels=WEB, namespace="other"))

    assert allowed(seen, **affinity(term(**where))) == expected


def test_affinity_is_said_before_anti_affinity_and_that_before_what_others_say() -> None:
    rule: Any = affinity(term(), side="podAntiAffinity")
    seen = cluster(node("n"), pod("p", "n", labels=WEB, **rule))

    def reason(**more: Any) -> str:
        refusal = Neighbours(shape_of(pod("new", **more)), seen, labels_of_namespace).refuse(seen.nodes["n"])
        assert refusal is not None
        return refusal.reasons[0]

    assert reason(labels=WEB) == "node(s) didn't satisfy existing pods anti-affinity rules"
    assert reason(labels=WEB, **rule) == "node(s) didn't match pod anti-affinity rules"
    near = {"podAffinity": {REQUIRED: [term(labels=DB)]}}
    assert reason(labels=WEB, affinity={**rule["affinity"], **near}) == "node(s) didn't match pod affinity rules"


def test_sympathy_adds_up_from_both_sides() -> None:
    """Own preference for web, 10 each; db requires web, which counts 1; a Pod that would rather not see web, 5."""
    rather_not: Any = {"affinity": {"podAntiAffinity": {PREFERRED: [{"weight": 5, "podAffinityTerm": term()}]}}}
    seen = cluster(
        node("a"),
        node("b"),
        pod("w1", "a", labels=WEB),
        pod("w2", "a", labels=WEB),
        pod("d", "b", labels=DB, **affinity(term())),
        pod("x", "b", **rather_not),
    )
    liking: Any = {"affinity": {"podAffinity": {PREFERRED: [{"weight": 10, "podAffinityTerm": term()}]}}}

    points = sympathy(shape_of(pod("new", labels=WEB, **liking)), seen, labels_of_namespace)

    assert points == {(HOSTNAME, "a"): 20, (HOSTNAME, "b"): -4}
    assert sympathy(shape_of(pod("new")), cluster(node("a")), labels_of_namespace) is None


def rule(**more: Any) -> Object:
    return {"maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": "DoNotSchedule", "labelSelector": {"matchLabels": WEB}, **more}


def zoned(*zones: str) -> list[Object]:
    return [node(f"{zone}{index}", labels={"zone": zone}) for index, zone in enumerate(zones)]


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({}, ["b1"]),
        ({"maxSkew": 2}, ["a0", "b1"]),
        ({"minDomains": 3}, ["b1"]),
        ({"minDomains": 3, "maxSkew": 2}, ["a0", "b1"]),
        ({"labelSelector": {"matchLabels": DB}}, ["a0", "b1"]),
        ({"matchLabelKeys": ["version"]}, ["a0", "b1"]),
    ],
)
def test_a_hard_constraint_allows_what_is_even_enough(more: Object, expected: list[str]) -> None:
    seen = cluster(*zoned("a", "b"), pod("p", "a0", labels=WEB | {"version": "1"}))
    shape = shape_of(pod("new", labels=WEB | {"version": "2"}, topologySpreadConstraints=[rule(**more)]))
    spread = Spread(shape, seen)

    assert [name for name, view in seen.nodes.items() if spread.refuse(view) is None] == expected


@pytest.mark.parametrize(("policy", "expected"), [({}, []), ({"nodeTaintsPolicy": "Honor"}, ["a0"])])
def test_tainted_nodes_count_unless_the_policy_says_otherwise(policy: Object, expected: list[str]) -> None:
    tainted = node("b1", labels={"zone": "b"}, taints=[{"key": "k", "effect": "NoSchedule"}])
    seen = cluster(*zoned("a"), tainted, pod("p", "a0", labels=WEB))
    spread = Spread(shape_of(pod("new", labels=WEB, topologySpreadConstraints=[rule(**policy)])), seen)

    assert [name for name in ("a0",) if spread.refuse(seen.nodes[name]) is None] == expected


@pytest.mark.parametrize(("policy", "expected"), [({}, ["a0"]), ({"nodeAffinityPolicy": "Ignore"}, [])])
def test_nodes_that_are_not_selected_count_only_when_the_policy_says_so(policy: Object, expected: list[str]) -> None:
    seen = cluster(*zoned("a", "b"), pod("p", "a0", labels=WEB))
    shape = shape_of(pod("new", labels=WEB, nodeSelector={"zone": "a"}, topologySpreadConstraints=[rule(**policy)]))

    assert [name for name in ("a0",) if Spread(shape, seen).refuse(seen.nodes[name]) is None] == expected


def test_pods_that_are_going_do_not_count_for_spreading() -> None:
    leaving = pod("p", "a0", labels=WEB)
    leaving["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    seen = cluster(*zoned("a", "b"), leaving)
    spread = Spread(shape_of(pod("new", labels=WEB, topologySpreadConstraints=[rule()])), seen)

    assert spread.refuse(seen.nodes["a0"]) is None


def test_soft_constraints_and_the_default_ones_make_points() -> None:
    """Two Pods on a0, none on b1: b1 gets all 100 points, a0 what is left of them."""
    seen = cluster(*zoned("a", "b"), pod("p", "a0", labels=WEB), pod("q", "a0", labels=WEB))
    nodes = [view for view, _ in seen.in_order()]
    soft = shape_of(pod("new", labels=WEB, topologySpreadConstraints=[rule(whenUnsatisfiable="ScheduleAnyway")]))
    plain = shape_of(pod("new", labels=WEB))

    assert spread_points(soft, nodes, seen, EVERYTHING) == [0, 100]
    # 2 · ln 4 for the Pods on two hosts and 2 for the tolerated skew make 5, against 2; nobody knows of zones here.
    assert spread_points(plain, nodes, seen, LabelSelector.of({"matchLabels": WEB})) == [40, 100]
    assert spread_points(plain, nodes, seen, EVERYTHING) is None
