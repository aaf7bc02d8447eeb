"""Nodes: one CIDR in two fields, allocatable from capacity, taints that repeat."""

from orrery.kinds.cluster.node import BEHAVIOUR
from orrery.machinery.objects import Object


def _default(obj: Object) -> Object:
    assert BEHAVIOUR.default is not None
    BEHAVIOUR.default(obj)
    return obj


def test_the_singular_cidr_wins() -> None:
    node = _default({"metadata": {"name": "n"}, "spec": {"podCIDR": "10.1.0.0/24", "podCIDRs": ["10.2.0.0/24"]}})

    assert node["spec"]["podCIDRs"] == ["10.1.0.0/24"]


def test_what_can_be_had_is_all_there_is_unless_told_otherwise() -> None:
    node = _default({"metadata": {"name": "n"}, "status": {"capacity": {"cpu": "4"}}})

    assert node["status"]["allocatable"] == {"cpu": "4"}


def test_a_taint_with_the_same_key_and_effect_is_told_as_upstreams_own_structure() -> None:
    assert BEHAVIOUR.validate is not None
    taints = [{"key": "a", "value": value, "effect": "NoSchedule"} for value in ("1", "2")]

    (error,) = BEHAVIOUR.validate({"metadata": {"name": "n"}, "spec": {"taints": taints}})

    assert error.body == (
        'Duplicate value: {"Key":"a","Value":"2","Effect":"NoSchedule","TimeAdded":null}: taints must be unique by key and effect pair'
    )


def test_a_pod_cidr_once_given_stays() -> None:
    assert BEHAVIOUR.validate_update is not None
    old = _default({"metadata": {"name": "n"}, "spec": {"podCIDR": "10.1.0.0/24"}})
    new = _default({"metadata": {"name": "n"}, "spec": {"podCIDR": "10.2.0.0/24"}})

    errors = BEHAVIOUR.validate_update(new, old)

    assert [str(error) for error in errors] == ['spec.podCIDRs: Forbidden: node updates may not change podCIDR except from "" to valid']
