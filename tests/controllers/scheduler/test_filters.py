"""Taints, node affinity, and how refusals are counted and told."""

import pytest

from orrery.controllers.scheduler.affinity import fits_node_affinity, named_nodes
from orrery.controllers.scheduler.filters import enough_nodes
from orrery.controllers.scheduler.messages import NO_HELP, NO_VICTIMS, about_all, cut, refusal_message, unavailable
from orrery.controllers.scheduler.nodes import NodeView
from orrery.controllers.scheduler.refusals import Refusal
from orrery.controllers.scheduler.taints import tolerates
from orrery.controllers.scheduler.wishes import Shape, shape_of
from orrery.machinery.objects import Object

REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
NODE = NodeView("node-1", {"disk": "ssd", "cores": "8"}, (), False, {})


def wish(**spec: object) -> Shape:
    return shape_of({"metadata": {"name": "a", "namespace": "n", "uid": "u"}, "spec": {"containers": [{"name": "c"}], **spec}})


def with_terms(*terms: Object) -> Shape:
    return wish(affinity={"nodeAffinity": {REQUIRED: {"nodeSelectorTerms": list(terms)}}})


@pytest.mark.parametrize(
    ("toleration", "expected"),
    [
        ({"key": "k", "operator": "Equal", "value": "v", "effect": "NoSchedule"}, True),
        ({"key": "k", "value": "v"}, True),
        ({"key": "k", "operator": "Exists"}, True),
        ({"operator": "Exists"}, True),
        ({"key": "k", "value": "w"}, False),
        ({"key": "j", "operator": "Exists"}, False),
        ({"key": "k", "operator": "Exists", "effect": "NoExecute"}, False),
    ],
)
def test_a_toleration_covers_a_taint_by_key_value_and_effect(toleration: Object, *, expected: bool) -> None:
    assert tolerates([toleration], {"key": "k", "value": "v", "effect": "NoSchedule"}) is expected


@pytest.mark.parametrize(
    ("operator", "key", "values", "expected"),
    [
        ("In", "disk", ["ssd", "hdd"], True),
        ("In", "disk", ["hdd"], False),
        ("In", "gone", ["ssd"], False),
        ("NotIn", "disk", ["ssd"], False),
        ("NotIn", "gone", ["ssd"], True),
        ("Exists", "disk", [], True),
        ("DoesNotExist", "disk", [], False),
        ("DoesNotExist", "gone", [], True),
        ("Gt", "cores", ["4"], True),
        ("Gt", "cores", ["8"], False),
        ("Lt", "cores", ["16"], True),
        ("Gt", "disk", ["4"], False),
    ],
)
def test_node_affinity_knows_these_operators(operator: str, key: str, values: list[str], *, expected: bool) -> None:
    requirement = {"key": key, "operator": operator, "values": values}

    assert fits_node_affinity(with_terms({"matchExpressions": [requirement]}), NODE) is expected


def test_terms_are_alternatives_and_an_empty_one_matches_nothing() -> None:
    fits = {"matchExpressions": [{"key": "disk", "operator": "Exists"}]}
    fails = {"matchExpressions": [{"key": "gone", "operator": "Exists"}]}

    assert fits_node_affinity(with_terms(fails, fits), NODE)
    assert not fits_node_affinity(with_terms(fails), NODE)
    assert not fits_node_affinity(with_terms({}), NODE)


def test_a_node_selector_must_hold_in_full() -> None:
    assert fits_node_affinity(wish(nodeSelector={"disk": "ssd"}), NODE)
    assert not fits_node_affinity(wish(nodeSelector={"disk": "ssd", "gone": "x"}), NODE)


def test_terms_that_all_name_nodes_narrow_the_search() -> None:
    named = {"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["node-1"]}]}
    other = {"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["node-2"]}]}
    labelled = {"matchExpressions": [{"key": "disk", "operator": "Exists"}]}

    assert named_nodes(with_terms(named, other)) == frozenset({"node-1", "node-2"})
    assert named_nodes(with_terms(named, labelled)) is None
    assert named_nodes(wish()) is None


def test_refusals_are_counted_and_sorted_as_text() -> None:
    """Word for word what kube-scheduler 1.35 writes."""
    full = Refusal(("Insufficient cpu", "Insufficient memory"), resolvable=True)
    tainted = Refusal(("node(s) had untolerated taint(s)",))

    preemption = unavailable([NO_HELP, NO_VICTIMS, NO_VICTIMS])
    assert refusal_message([full, tainted, full], preemption) == (
        "0/3 nodes are available: 1 node(s) had untolerated taint(s), 2 Insufficient cpu, 2 Insufficient memory. "
        "no new claims to deallocate, preemption: 0/3 nodes are available: "
        "1 Preemption is not helpful for scheduling, 2 No preemption victims found for incoming pod."
    )
    assert refusal_message([full], "") == "0/1 nodes are available: 1 Insufficient cpu, 1 Insufficient memory."
    assert about_all(3, "pod affinity terms conflict") == "0/3 nodes are available: pod affinity terms conflict. not found"


def test_a_note_longer_than_events_allow_is_cut() -> None:
    assert cut("x" * 1024) == "x" * 1024
    assert cut("x" * 1025) == "x" * 1020 + " ..."


@pytest.mark.parametrize(("nodes", "enough"), [(3, 3), (99, 99), (100, 100), (250, 120), (1000, 420), (5000, 500), (10000, 500)])
def test_of_many_nodes_some_are_enough(nodes: int, enough: int) -> None:
    assert enough_nodes(nodes) == enough
