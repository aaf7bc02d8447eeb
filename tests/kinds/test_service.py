"""How a Service becomes another: what stays, what goes, which families it gets."""

import copy
from typing import Any

import pytest

from orrery.kinds.network.service import BEHAVIOUR
from orrery.machinery.errors import Invalid
from orrery.machinery.objects import Object


def _service(**spec: Any) -> Object:
    obj: Object = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}, "spec": {"ports": [{"port": 80}], **spec}}
    assert BEHAVIOUR.default is not None
    BEHAVIOUR.default(obj)
    return obj


def _stored(**spec: Any) -> Object:
    """A Service as it is after the verbs have given it an address."""
    obj = _service(**spec)
    assert BEHAVIOUR.prepare_create is not None
    BEHAVIOUR.prepare_create(obj)
    if obj["spec"]["type"] != "ExternalName" and not obj["spec"].get("clusterIP"):
        obj["spec"].update(clusterIP="10.96.0.9", clusterIPs=["10.96.0.9"])
    if obj["spec"]["type"] in ("NodePort", "LoadBalancer"):
        obj["spec"]["ports"][0]["nodePort"] = 30080
    return obj


def _update(obj: Object, old: Object) -> tuple[Object, list[str]]:
    obj, assert_same = copy.deepcopy(obj), copy.deepcopy(old)
    assert BEHAVIOUR.prepare_update is not None and BEHAVIOUR.validate_update is not None
    obj["status"] = copy.deepcopy(old["status"])
    BEHAVIOUR.prepare_update(obj, old)
    errors = BEHAVIOUR.validate_update(obj, old)
    assert old == assert_same
    return obj["spec"], [str(error) for error in errors]


def test_the_same_file_can_be_sent_again_without_the_allocated_values() -> None:
    spec, errors = _update(_service(type="NodePort"), _stored(type="NodePort"))

    assert errors == []
    assert spec["clusterIPs"] == ["10.96.0.9"]
    assert spec["ports"][0]["nodePort"] == 30080


def test_a_cluster_ip_may_not_change() -> None:
    old = _stored()

    _, errors = _update(_service(clusterIP="10.96.0.10"), old)

    assert errors == ['spec.clusterIPs[0]: Invalid value: ["10.96.0.10"]: may not change once set']


def test_going_back_to_a_cluster_ip_drops_the_node_ports() -> None:
    old = _stored(type="NodePort")
    new = copy.deepcopy(old)
    new["spec"]["type"] = "ClusterIP"

    spec, errors = _update(new, old)

    assert errors == []
    assert "nodePort" not in spec["ports"][0]
    assert "externalTrafficPolicy" not in spec


def test_becoming_an_external_name_drops_addresses_and_families() -> None:
    old = _stored()
    new = copy.deepcopy(old)
    new["spec"].update(type="ExternalName", externalName="db.example.com")

    spec, errors = _update(new, old)

    assert errors == []
    assert not {"clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy", "internalTrafficPolicy"} & spec.keys()


@pytest.mark.parametrize(
    ("spec", "families", "policy"),
    [
        ({}, ["IPv4"], "SingleStack"),
        ({"clusterIP": "None", "selector": {"a": "b"}}, ["IPv4"], "SingleStack"),
        ({"clusterIP": "None"}, ["IPv4", "IPv6"], "RequireDualStack"),
        ({"ipFamilyPolicy": "PreferDualStack"}, ["IPv4"], "PreferDualStack"),
    ],
)
def test_families_are_settled_for_a_cluster_with_one(spec: dict[str, Any], families: list[str], policy: str) -> None:
    settled = _stored(**spec)["spec"]

    assert (settled["ipFamilies"], settled["ipFamilyPolicy"]) == (families, policy)


def test_two_families_cannot_be_had_on_a_cluster_with_one() -> None:
    with pytest.raises(Invalid, match="this cluster is not configured for dual-stack services"):
        _stored(ipFamilyPolicy="RequireDualStack")
