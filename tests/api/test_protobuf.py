"""Protobuf bodies, as kubectl since 1.32 and Go operators send them."""

from typing import Any

import pytest

from orrery.api.protobuf import ProtobufProblem, decode
from tests.api.conftest import CONFIGMAPS, Served


def varint(number: int) -> bytes:
    pieces = bytearray()
    while number > 0x7F:
        pieces.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*pieces, number])


def part(number: int, value: bytes | str | int) -> bytes:
    """One field of a message."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    data = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(data)) + data


def body(api_version: str, kind: str, message: bytes) -> bytes:
    return b"k8s\0" + part(1, part(1, api_version) + part(2, kind)) + part(2, message) + part(3, "") + part(4, "")


CONFIGMAP = body("v1", "ConfigMap", part(1, part(1, "a") + part(2, "") + part(8, b"")) + part(2, part(1, "x") + part(2, "1")))


@pytest.mark.parametrize(
    ("api_version", "kind", "message", "meaning"),
    [
        ("v1", "ConfigMap", part(3, part(1, "x") + part(2, b"\0\1")), {"binaryData": {"x": "AAE="}}),
        ("v1", "ConfigMap", part(4, 0), {"immutable": False}),
        ("apps/v1", "Deployment", part(2, part(1, 0) + part(5, 0) + part(6, 3)), {"spec": {"replicas": 0, "revisionHistoryLimit": 3}}),
        (
            "v1",
            "Pod",
            part(2, part(1, part(1, "v") + part(2, part(2, part(1, "Memory"))))),
            {"spec": {"volumes": [{"name": "v", "emptyDir": {"medium": "Memory"}}]}},
        ),
        (
            "v1",
            "Pod",
            part(2, part(2, part(1, "c") + part(8, part(1, part(1, "cpu") + part(2, part(1, "100m")))) + part(4, "a") + part(4, ""))),
            {"spec": {"containers": [{"name": "c", "resources": {"limits": {"cpu": "100m"}}, "args": ["a", ""]}]}},
        ),
        (
            "v1",
            "Service",
            part(
                2, part(1, part(3, 80) + part(4, part(1, 1) + part(3, "web"))) + part(1, part(3, 81) + part(4, part(1, 0) + part(2, 8081)))
            ),
            {"spec": {"ports": [{"port": 80, "targetPort": "web"}, {"port": 81, "targetPort": 8081}]}},
        ),
        ("v1", "Event", part(1, part(8, part(1, 1_767_323_045))), {"metadata": {"creationTimestamp": "2026-01-02T03:04:05Z"}}),
        ("v1", "Event", part(10, part(1, 1_767_323_045) + part(2, 6000)), {"eventTime": "2026-01-02T03:04:05.000006Z"}),
        ("v1", "Pod", part(2, part(4, (1 << 64) - 1)), {"spec": {"terminationGracePeriodSeconds": -1}}),
        (
            "authorization.k8s.io/v1",
            "SubjectAccessReview",
            part(2, part(5, part(1, "scopes") + part(2, part(1, "a") + part(1, "b")))),
            {"spec": {"extra": {"scopes": ["a", "b"]}}},
        ),
        ("policy/v1", "Eviction", part(2, part(1, 0)), {"deleteOptions": {"gracePeriodSeconds": 0}}),
        ("v1", "DeleteOptions", part(4, "Orphan"), {"propagationPolicy": "Orphan"}),
    ],
)
def test_a_message_is_the_json_it_stands_for(api_version: str, kind: str, message: bytes, meaning: dict[str, Any]) -> None:
    assert decode(body(api_version, kind, message)) == {"kind": kind, "apiVersion": api_version, **meaning}


def test_what_go_writes_for_zero_values_is_left_out() -> None:
    assert decode(CONFIGMAP) == {"kind": "ConfigMap", "apiVersion": "v1", "metadata": {"name": "a"}, "data": {"x": "1"}}


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"{}", "provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]"),
        (b"k8s\0\x0a\xff", "unexpected EOF"),
        (b"k8s\0\x0a\x05a", "unexpected EOF"),
        (b"k8s\0\x0f", "proto: illegal wireType 7"),
        (b"k8s\0" + b"\xff" * 11, "proto: integer overflow"),
        (body("v1", "Foo", b""), 'no kind "Foo" is registered for version "v1" in scheme "pkg/runtime/scheme.go:111"'),
        (body("v1", "ConfigMap", part(1, 3)), "proto: wrong wireType"),
        (body("v1", "ConfigMap", part(1, part(8, part(1, 1 << 62)))), "proto: timestamp out of range"),
    ],
)
def test_what_is_no_message_is_told_in_upstreams_words(data: bytes, problem: str) -> None:
    with pytest.raises(ProtobufProblem) as caught:
        decode(data)

    assert str(caught.value) == problem


def crd(schema: bytes) -> bytes:
    """A CustomResourceDefinition with one version of that schema."""
    return body("apiextensions.k8s.io/v1", "CustomResourceDefinition", part(2, part(7, part(4, part(1, schema)))))


def test_a_schema_may_be_a_boolean_or_a_schema() -> None:
    found = decode(crd(part(30, part(1, 1)) + part(24, part(1, part(5, "string"))) + part(8, part(1, b'{"a":1}'))))

    schema = found["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    assert schema == {"additionalProperties": True, "items": {"type": "string"}, "default": {"a": 1}}


def test_a_message_nested_without_end_is_refused() -> None:
    schema = b""
    for _ in range(150):
        schema = part(28, schema)

    with pytest.raises(ProtobufProblem, match="nested too deeply"):
        decode(crd(schema))


async def test_a_protobuf_create_is_answered_in_json(served: Served) -> None:
    headers = {"content-type": "application/vnd.kubernetes.protobuf", "accept": "application/vnd.kubernetes.protobuf,application/json"}

    answer = await served.http.post(CONFIGMAPS, content=CONFIGMAP, headers=headers)

    assert (answer.status_code, answer.json()["data"]) == (201, {"x": "1"})
    assert answer.headers["content-type"] == "application/json"


async def test_a_protobuf_body_may_carry_delete_options(served: Served) -> None:
    await served.create("a")
    options = body("v1", "DeleteOptions", part(2, part(1, "other")))

    answer = await served.http.request(
        "DELETE", f"{CONFIGMAPS}/a", content=options, headers={"content-type": "application/vnd.kubernetes.protobuf"}
    )

    assert answer.status_code == 409


async def test_a_broken_protobuf_body_is_a_bad_request(served: Served) -> None:
    answer = await served.http.post(CONFIGMAPS, content=b"{}", headers={"content-type": "application/vnd.kubernetes.protobuf"})

    assert answer.status_code == 400
    assert answer.json()["message"] == (
        "the object provided is unrecognized (must be of type ConfigMap): "
        "provided data does not appear to be a protobuf message, expected prefix [107 56 115 0] ({})"
    )
