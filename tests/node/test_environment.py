"""A container's environment."""

from dataclasses import replace
from typing import Any

import pytest

from orrery.node.environment import ConfigError, Surroundings, environment_of, expand_variables, field_value, resource_value

POD: dict[str, Any] = {
    "metadata": {"name": "web", "namespace": "shop", "uid": "u-1", "labels": {"app": "web", "tier": "front"}, "annotations": {"a/b": "c"}},
    "spec": {"nodeName": "n1", "serviceAccountName": "default", "containers": [{"name": "main"}]},
}
OBJECTS: dict[tuple[str, str], dict[str, Any]] = {
    ("configmaps", "conf"): {"data": {"COLOR": "blue", "SIZE": "1"}},
    ("secrets", "keys"): {"data": {"USER": "cm9vdA=="}},
}


def around() -> Surroundings:
    return Surroundings(
        pod=POD,
        pod_ip="10.0.0.1",
        host_ip="172.18.0.2",
        lookup=lambda bucket, name: OBJECTS.get((bucket, name)),
        services={"DB_SERVICE_HOST": "10.96.0.7"},
        allocatable={"cpu": "4", "memory": "16Gi"},
    )


@pytest.mark.parametrize(
    ("text", "expanded"),
    [
        ("plain", "plain"),
        ("$(A)", "1"),
        ("$(A)-$(B)", "1-$(B)"),
        ("$$(A)", "$(A)"),
        ("$(A", "$(A"),
        ("$A ${A}", "$A ${A}"),
        ("a$", "a$"),
    ],
)
def test_references_to_variables_are_replaced_when_they_are_known(text: str, expanded: str) -> None:
    assert expand_variables(text, {"A": "1"}) == expanded


def test_sources_values_and_references_make_the_environment() -> None:
    container = {
        "envFrom": [{"configMapRef": {"name": "conf"}, "prefix": "P_"}, {"secretRef": {"name": "keys"}}],
        "env": [
            {"name": "PLAIN", "value": "x"},
            {"name": "BOTH", "value": "$(PLAIN)/$(USER)/$(DB_SERVICE_HOST)"},
            {"name": "EMPTY"},
            {"name": "KEY", "valueFrom": {"secretKeyRef": {"name": "keys", "key": "USER"}}},
            {"name": "NODE", "valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}},
            {"name": "IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}},
            {"name": "APP", "valueFrom": {"fieldRef": {"fieldPath": "metadata.labels['app']"}}},
            {"name": "LABELS", "valueFrom": {"fieldRef": {"fieldPath": "metadata.labels"}}},
        ],
    }

    assert environment_of(container, around()) == {
        "DB_SERVICE_HOST": "10.96.0.7",
        "P_COLOR": "blue",
        "P_SIZE": "1",
        "USER": "root",
        "PLAIN": "x",
        "BOTH": "x/root/10.96.0.7",
        "EMPTY": "",
        "KEY": "root",
        "NODE": "n1",
        "IP": "10.0.0.1",
        "APP": "web",
        "LABELS": 'app="web"\ntier="front"',
    }


def test_values_of_labels_and_annotations_are_quoted() -> None:
    pod = {**POD, "metadata": {**POD["metadata"], "annotations": {"note": 'a "b"\nc'}}}

    assert field_value("metadata.annotations", replace(around(), pod=pod)) == 'note="a \\"b\\"\\nc"'


def test_resources_of_a_container_that_is_not_there_are_none() -> None:
    reference = {"containerName": "other", "resource": "limits.cpu"}

    with pytest.raises(ConfigError, match="container other not found"):
        resource_value(reference, {}, around())


@pytest.mark.parametrize(
    ("resource", "divisor", "value"),
    [
        ("requests.cpu", None, "1"),
        ("requests.cpu", "1m", "250"),
        ("limits.cpu", None, "4"),
        ("limits.memory", "1Mi", "64"),
        ("requests.memory", "0", "67108864"),
    ],
)
def test_resources_are_counted_in_units_of_the_divisor(resource: str, divisor: str | None, value: str) -> None:
    reference = {"resource": resource, **({"divisor": divisor} if divisor else {})}
    container = {
        "resources": {"requests": {"cpu": "250m", "memory": "64Mi"}, "limits": {"memory": "64Mi"}},
        "env": [{"name": "X", "valueFrom": {"resourceFieldRef": reference}}],
    }

    assert environment_of(container, around()) == {"DB_SERVICE_HOST": "10.96.0.7", "X": value}


def test_what_is_missing_is_an_error_with_a_key_to_wait_for() -> None:
    container = {"env": [{"name": "X", "valueFrom": {"configMapKeyRef": {"name": "conf", "key": "nope"}}}]}

    with pytest.raises(ConfigError) as caught:
        environment_of(container, around())

    assert str(caught.value) == "couldn't find key nope in ConfigMap shop/conf"
    assert caught.value.missing == ("configmaps", "conf")


def test_what_the_pod_says_comes_before_what_services_say() -> None:
    container = {"env": [{"name": "B", "value": "2"}, {"name": "A", "value": "1"}]}

    assert list(environment_of(container, around())) == ["B", "A", "DB_SERVICE_HOST"]
