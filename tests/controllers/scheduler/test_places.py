"""From which nodes a volume can be reached."""

import pytest

from orrery.controllers.scheduler.nodes import NodeView
from orrery.controllers.scheduler.places import is_allowed, is_in_zone, is_reachable
from orrery.machinery.objects import Object

ZONE, OLD_ZONE, REGION = "topology.kubernetes.io/zone", "failure-domain.beta.kubernetes.io/zone", "topology.kubernetes.io/region"


def node(**labels: str) -> NodeView:
    return NodeView("node-1", labels, (), False, {})


def labelled(labels: dict[str, str]) -> NodeView:
    return NodeView("node-1", labels, (), False, {})


def term(key: str, *values: str) -> Object:
    return {"matchExpressions": [{"key": key, "operator": "In", "values": list(values)}]}


def test_one_term_of_the_node_affinity_must_hold() -> None:
    volume = {"metadata": {}, "spec": {"nodeAffinity": {"required": {"nodeSelectorTerms": [term("disk", "ssd"), term("disk", "hdd")]}}}}

    assert is_reachable(volume, node(disk="hdd"))
    assert not is_reachable(volume, node(disk="tape"))
    assert is_reachable({"metadata": {}, "spec": {}}, node())


@pytest.mark.parametrize(
    ("labels", "place", "is_there"),
    [
        ({}, {ZONE: "a"}, True),
        ({ZONE: "a"}, {}, True),
        ({ZONE: "a"}, {ZONE: "a"}, True),
        ({ZONE: "a"}, {ZONE: "b"}, False),
        ({ZONE: "a__b"}, {ZONE: "b"}, True),
        ({OLD_ZONE: "a"}, {ZONE: "a"}, True),
        ({ZONE: "a"}, {REGION: "r"}, False),
    ],
)
def test_a_volume_is_in_the_zone_its_labels_name(labels: dict[str, str], place: dict[str, str], *, is_there: bool) -> None:
    assert is_in_zone({"metadata": {"labels": labels}, "spec": {}}, labelled(place)) is is_there


def test_a_class_may_allow_some_places_only() -> None:
    zones = [{"matchLabelExpressions": [{"key": ZONE, "values": ["a", "b"]}, {"key": REGION, "values": ["r"]}]}]

    assert is_allowed((), node())
    assert is_allowed(zones, labelled({ZONE: "b", REGION: "r"}))
    assert not is_allowed(zones, labelled({ZONE: "b"}))
