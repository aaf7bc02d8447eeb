"""Decoding: the canonical object, unknown fields, and the words about wrong types."""

from typing import Any

import pytest

from orrery.kinds.builtin import builtin
from orrery.kinds.kind import Kind
from orrery.kinds.structs.decoding import WrongType, check_type_meta, decode, strict_message, strict_refusal
from orrery.kinds.structs.schema import struct_of
from orrery.machinery.errors import BadRequest
from orrery.machinery.objects import Object

CATALOGUE = builtin()


def kind(resource: str, group: str = "", version: str = "v1") -> Kind:
    found = CATALOGUE.find(group, version, resource)
    assert found is not None
    return found


def decoded(resource: str, raw: Object, group: str = "") -> Object:
    strict: list[str] = []
    obj = decode(struct_of(kind(resource, group)), raw, strict)
    assert strict == []
    return obj


def pod(container: Object | None = None, **spec: Any) -> Object:
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "a"},
        "spec": {"containers": [{"name": "c", **(container or {})}], **spec},
    }


def test_what_is_always_written_appears_and_what_is_empty_goes() -> None:
    raw = pod({"image": "", "command": [], "env": None, "stdin": False, "securityContext": {}}, nodeSelector={}, hostNetwork=False)

    assert decoded("pods", raw) == {
        "kind": "Pod",
        "apiVersion": "v1",
        "metadata": {"name": "a"},
        "spec": {"containers": [{"name": "c", "securityContext": {}, "resources": {}}]},
        "status": {},
    }


def test_pointers_keep_zero_values() -> None:
    spec = decoded("pods", pod(terminationGracePeriodSeconds=0, automountServiceAccountToken=False))["spec"]

    assert (spec["terminationGracePeriodSeconds"], spec["automountServiceAccountToken"]) == (0, False)


def test_lists_that_are_not_omitempty_come_back_null() -> None:
    assert decoded("roles", {"metadata": {}, "rules": []}, "rbac.authorization.k8s.io") == {"metadata": {}, "rules": None}
    assert decoded("pods", {"metadata": {}, "spec": {}})["spec"] == {"containers": None}


def test_nulls_in_maps_become_zero_values() -> None:
    assert decoded("configmaps", {"metadata": {}, "data": {"a": None}, "binaryData": {"b": None}}) == {
        "metadata": {},
        "data": {"a": ""},
        "binaryData": {"b": ""},
    }


def test_the_head_of_an_object_is_in_upstream_s_order_and_the_rest_in_the_client_s() -> None:
    raw = {
        "data": {"z": "1", "a": "2"},
        "metadata": {"labels": {"l": "1"}, "namespace": "n", "name": "a"},
        "apiVersion": "v1",
        "kind": "ConfigMap",
    }

    obj = decoded("configmaps", raw)

    assert list(obj) == ["kind", "apiVersion", "metadata", "data"]
    assert list(obj["metadata"]) == ["name", "namespace", "labels"]
    assert list(obj["data"]) == ["z", "a"]


def test_quantities_times_and_base64_come_back_canonical() -> None:
    limits = decoded("pods", pod({"resources": {"limits": {"cpu": "1000m", "memory": "1024Mi", "x": 0.5}}}))["spec"]["containers"][0][
        "resources"
    ]
    secret = decoded("secrets", {"metadata": {"deletionTimestamp": "2024-01-01T02:00:00+02:00"}, "data": {"a": "bXlzcWn="}})

    assert limits == {"limits": {"cpu": "1", "memory": "1Gi", "x": "500m"}}
    assert secret == {"metadata": {"deletionTimestamp": "2024-01-01T00:00:00Z"}, "data": {"a": "bXlzcWk="}}


def test_the_client_s_object_is_not_changed() -> None:
    raw = pod({"command": []})

    decoded("pods", raw)["spec"]["containers"].clear()

    assert raw == pod({"command": []})


def test_unknown_fields_are_dropped_and_told_with_their_path() -> None:
    raw = pod({"env": [{"name": "a", "valueFrom": {"configMapRef": {"name": "x"}}}], "Image": "x"}, foo={"a": 1})
    strict: list[str] = []

    obj = decode(struct_of(kind("pods")), raw, strict)

    assert strict == [
        'unknown field "spec.containers[0].env[0].valueFrom.configMapRef"',
        'unknown field "spec.containers[0].Image"',
        'unknown field "spec.foo"',
    ]
    assert "foo" not in obj["spec"]
    assert strict_message(strict[2:]) == 'strict decoding error: unknown field "spec.foo"'
    expected = 'Pod in version "v1" cannot be handled as a Pod: strict decoding error: unknown field "spec.foo"'
    assert strict_refusal(kind("pods"), strict[2:]).message == expected


FIELD = "json: cannot unmarshal {} into Go struct field {} of type {}"


@pytest.mark.parametrize(
    ("raw", "cause"),
    [
        (pod({"image": 3}), FIELD.format("number", "Container.spec.containers.image", "string")),
        (pod({"env": "x"}), FIELD.format("string", "Container.spec.containers.env", "[]v1.EnvVar")),
        (pod({"env": [{"valueFrom": "x"}]}), FIELD.format("string", "EnvVar.spec.containers.env.valueFrom", "v1.EnvVarSource")),
        (pod({"ports": [{"containerPort": "80"}]}), FIELD.format("string", "ContainerPort.spec.containers.ports.containerPort", "int32")),
        (
            pod({"ports": [{"containerPort": 99999999999}]}),
            FIELD.format("number 99999999999", "ContainerPort.spec.containers.ports.containerPort", "int32"),
        ),
        (pod(restartPolicy=3), FIELD.format("number", "PodSpec.spec.restartPolicy", "v1.RestartPolicy")),
        (pod(nodeSelector={"a": True}), FIELD.format("bool", "PodSpec.spec.nodeSelector", "string")),
        (pod(volumes=[{"hostPath": "x"}]), FIELD.format("string", "Volume.spec.volumes.VolumeSource.hostPath", "v1.HostPathVolumeSource")),
        (
            pod({"resources": {"limits": []}}),
            FIELD.format("array", "ResourceRequirements.spec.containers.resources.limits", "v1.ResourceList"),
        ),
        (
            pod({"livenessProbe": {"httpGet": {"port": True}}}),
            FIELD.format("bool", "HTTPGetAction.spec.containers.livenessProbe.ProbeHandler.httpGet.port", "int32"),
        ),
        ({"spec": []}, FIELD.format("array", "Pod.spec", "v1.PodSpec")),
        ({"metadata": {"creationTimestamp": 5}}, FIELD.format("number", "ObjectMeta.metadata.creationTimestamp", "string")),
        (pod({"resources": {"limits": {"cpu": "1kk"}}}), "unable to parse quantity's suffix"),
        # The reader of quantities fails at once, which outranks the wrong type before it.
        (
            pod({"image": 3, "resources": {"limits": {"cpu": True}}}),
            "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
        ),
        # The first of two wrong types is told, and no unknown field beside it.
        (pod({"image": 3, "foo": 1}, restartPolicy=4), FIELD.format("number", "Container.spec.containers.image", "string")),
    ],
)
def test_wrong_types_are_told_in_go_s_words(raw: Object, cause: str) -> None:
    with pytest.raises(WrongType) as refused:
        decode(struct_of(kind("pods")), raw, [])

    assert refused.value.cause == cause
    assert refused.value.message == f'Pod in version "v1" cannot be handled as a Pod: {cause}'


@pytest.mark.parametrize(
    ("raw", "cause"),
    [
        ({"spec": {"restartPolicy": 3}}, "cannot convert int64 to v1.RestartPolicy"),
        ({"spec": {"hostNetwork": "x"}}, "unrecognized type: bool"),
        ({"spec": "x"}, "cannot restore struct from: string"),
        ({"spec": {"containers": {}}}, "cannot restore slice from map"),
    ],
)
def test_wrong_types_after_a_strategic_patch_have_words_of_their_own(raw: Object, cause: str) -> None:
    with pytest.raises(WrongType) as refused:
        decode(struct_of(kind("pods")), raw, [])

    assert refused.value.cause_in_map == cause


@pytest.mark.parametrize("raw", [{}, {"kind": "ConfigMap"}, {"apiVersion": "v1"}, {"kind": None, "apiVersion": ""}])
def test_kind_and_version_are_filled_in_when_they_are_missing(raw: Object) -> None:
    check_type_meta(kind("configmaps"), raw)

    assert (raw["kind"], raw["apiVersion"]) == ("ConfigMap", "v1")


REFUSED = 'cannot be handled as a ConfigMap: no kind "{}" is registered for version "{}" in scheme "pkg/api/legacyscheme/scheme.go:30"'


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        ({"kind": "Foo", "apiVersion": "v1"}, 'Foo in version "v1" ' + REFUSED.format("Foo", "v1")),
        ({"kind": "ConfigMap", "apiVersion": "apps/v1"}, 'ConfigMap in version "v1" ' + REFUSED.format("ConfigMap", "apps/v1")),
        (
            {"kind": "Pod", "apiVersion": "v1"},
            'Pod in version "v1" cannot be handled as a ConfigMap: converting (v1.Pod) to (core.ConfigMap): unknown conversion',
        ),
        (
            {"kind": 3},
            "the object provided is unrecognized (must be of type ConfigMap): couldn't get version/kind; json parse error: "
            'json: cannot unmarshal number into Go struct field .kind of type string ({"kind":3})',
        ),
        (
            {"apiVersion": "a/b/c"},
            'the object provided is unrecognized (must be of type ConfigMap): unexpected GroupVersion string: a/b/c ({"kind":3})',
        ),
    ],
)
def test_another_kind_or_version_is_refused(raw: Object, message: str) -> None:
    with pytest.raises(BadRequest) as refused:
        check_type_meta(kind("configmaps"), raw, '{"kind":3}')

    assert refused.value.message == message


def test_a_version_that_converts_is_still_not_the_one_of_the_path() -> None:
    with pytest.raises(BadRequest) as refused:
        check_type_meta(kind("events"), {"kind": "Event", "apiVersion": "events.k8s.io/v1"})

    assert refused.value.message == "the API version in the data (events.k8s.io/v1) does not match the expected API version (v1)"


def test_schemas_inside_custom_resource_definitions_are_decoded_too() -> None:
    schema = {"properties": {"a": {"type": "array", "items": {"type": "string", "title": ""}}, "b": {"additionalProperties": True}}}
    raw = {"spec": {"versions": [{"name": "v1", "schema": {"openAPIV3Schema": schema}}]}}

    version = decoded("customresourcedefinitions", raw, "apiextensions.k8s.io")["spec"]["versions"][0]

    assert version["schema"]["openAPIV3Schema"]["properties"] == {
        "a": {"type": "array", "items": {"type": "string"}},
        "b": {"additionalProperties": True},
    }
