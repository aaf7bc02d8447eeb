"""Accept and Content-Type headers, as the real server reads them."""

import pytest

from orrery.api.negotiation import JSON, Format, body_encoding, negotiate, negotiate_error, negotiate_stream, patch_type
from orrery.machinery.errors import ApiError
from orrery.verbs.results import PatchType

UPSTREAM = "application/json, application/yaml, application/vnd.kubernetes.protobuf"


@pytest.mark.parametrize(
    ("accept", "wanted"),
    [
        (b"", JSON),
        (b"*/*", JSON),
        (b"application/json", JSON),
        (b"application/json;q=0", JSON),
        (b"application/yaml", Format("yaml")),
        (b"application/yaml;q=0.2,application/json", JSON),
        (b"application/json;q=0.3,application/yaml;q=0.5", Format("yaml")),
        (b"*/*;q=0.1,application/yaml", Format("yaml")),
        (b"text/*,*/*;q=0.1", JSON),
        (b"application/vnd.kubernetes.protobuf,application/json", JSON),
        (b"application/json;as=Table;v=v1;g=meta.k8s.io,application/json", Format("json", "Table", "v1")),
        (b"application/json;as=Table;v=v2;g=meta.k8s.io,application/json", JSON),
        (b"application/yaml;as=PartialObjectMetadata;v=v1beta1;g=meta.k8s.io", Format("yaml", "PartialObjectMetadata", "v1beta1")),
        (b"application/json;pretty=1", Format(pretty=True)),
        (b"application/json;stream=watch", JSON),
    ],
)
def test_the_best_clause_that_is_served_wins(accept: bytes, wanted: Format) -> None:
    assert negotiate(accept) == wanted


def test_plain_json_is_the_very_constant_that_the_fast_path_looks_for() -> None:
    assert negotiate(b"application/json, */*") is JSON


@pytest.mark.parametrize(
    ("accept", "message"),
    [
        (b"text/html", f"406: Not Acceptable\n\nAvailable representations: {UPSTREAM}"),
        (b"application/*", f"406: Not Acceptable\n\nAvailable representations: {UPSTREAM}"),
        (b"garbage", f"406: Not Acceptable\n\nAvailable representations: {UPSTREAM}"),
        (b"application/json;as=Foo;v=v1;g=meta.k8s.io", f"only the following media types are accepted: {UPSTREAM}"),
        (b"application/vnd.kubernetes.protobuf", "only the following media types are accepted: application/json, application/yaml"),
    ],
)
def test_what_nobody_serves_is_not_acceptable(accept: bytes, message: str) -> None:
    with pytest.raises(ApiError) as caught:
        negotiate(accept)

    assert (caught.value.code, caught.value.message) == (406, message)


def test_a_watch_is_json_only() -> None:
    with pytest.raises(ApiError) as caught:
        negotiate_stream(b"application/yaml")

    assert caught.value.message == (
        "only the following media types are accepted: application/json;stream=watch, application/vnd.kubernetes.protobuf;stream=watch"
    )


@pytest.mark.parametrize(
    ("accept", "wanted"),
    [
        (b"application/yaml", Format("yaml")),
        (b"application/json;as=Table;v=v1;g=meta.k8s.io", Format(pretty=True)),
        (b"application/json;as=Table;v=v1;g=meta.k8s.io,application/json", JSON),
        (b"text/html", Format(pretty=True)),
    ],
)
def test_an_error_is_never_a_table_and_indented_when_nothing_fits(accept: bytes, wanted: Format) -> None:
    assert negotiate_error(accept) == wanted


@pytest.mark.parametrize(
    ("content_type", "encoding"),
    [
        (None, "json"),
        (b"", "json"),
        (b"application/json; charset=utf-8", "json"),
        (b"application/yaml", "yaml"),
        (b"application/vnd.kubernetes.protobuf", "protobuf"),
    ],
)
def test_a_body_without_a_type_is_json(content_type: bytes | None, encoding: str) -> None:
    assert body_encoding(content_type) == encoding


@pytest.mark.parametrize("content_type", [b"text/plain", b"text/yaml", b"garbage", b"application/cbor"])
def test_an_unknown_body_type_is_refused_with_what_is_accepted(content_type: bytes) -> None:
    with pytest.raises(ApiError) as caught:
        body_encoding(content_type)

    assert caught.value.code == 415
    assert caught.value.message == f"the body of the request was in an unknown format - accepted media types include: {UPSTREAM}"


def test_a_patch_names_its_type() -> None:
    assert patch_type(b"application/merge-patch+json; charset=utf-8") is PatchType.MERGE


@pytest.mark.parametrize("content_type", [None, b"application/json", b"application/apply-patch+yaml", b"application/apply-patch+cbor"])
def test_a_patch_of_another_type_is_unsupported(content_type: bytes | None) -> None:
    with pytest.raises(ApiError) as caught:
        patch_type(content_type)

    assert (caught.value.code, caught.value.message) == (415, "415: Unsupported Media Type")
