"""Query parameters and DeleteOptions: what is read, and the real server's complaints."""

from typing import Any

import pytest

from orrery.api.options import apply_write_options, delete_options, list_options, manager_of, parse_query
from orrery.kinds.kind import Kind
from orrery.machinery.errors import ApiError
from orrery.verbs.call import Call, DeleteOptions, ListOptions

CONFIGMAP = Kind("", "v1", "ConfigMap", "configmaps", "configmap", True, ())


def call() -> Call:
    return Call(CONFIGMAP, user_agent="kubectl/v1.35.4 (linux/amd64)")


def test_no_query_means_everything() -> None:
    assert list_options(parse_query(b"")) == ListOptions()


def test_list_options_are_read_from_the_query() -> None:
    query = parse_query(
        b"labelSelector=a%3Db&limit=5&continue=x&resourceVersion=0&timeoutSeconds=7&allowWatchBookmarks=true&sendInitialEvents=0"
    )

    options = list_options(query)

    assert options == ListOptions("a=b", "", "0", None, 5, "x", 7.0, True, False)


def test_a_negative_limit_is_no_limit() -> None:
    assert list_options(parse_query(b"limit=-1")).limit == 0


@pytest.mark.parametrize(
    ("query", "message"),
    [
        (b"limit=abc", 'strconv.ParseInt: parsing "abc": invalid syntax'),
        (b"limit=", 'strconv.ParseInt: parsing "": invalid syntax'),
        (b"limit=1_0", 'strconv.ParseInt: parsing "1_0": invalid syntax'),
        (b"timeoutSeconds=99999999999999999999", 'strconv.ParseInt: parsing "99999999999999999999": value out of range'),
    ],
)
def test_a_number_that_is_none_is_a_bad_request_in_gos_words(query: bytes, message: str) -> None:
    with pytest.raises(ApiError) as caught:
        list_options(parse_query(query))

    assert (caught.value.code, caught.value.message) == (400, message)


@pytest.mark.parametrize(
    ("query", "message"),
    [
        (b"dryRun=foo", 'dryRun: Unsupported value: ["foo"]: supported values: "All"'),
        (b"dryRun=All&dryRun=foo", 'dryRun: Unsupported value: ["All","foo"]: supported values: "All"'),
        (b"dryRun=", 'dryRun: Unsupported value: [""]: supported values: "All"'),
        (b"fieldValidation=Foo", 'fieldValidation: Unsupported value: "Foo": supported values: "", "Ignore", "Strict", "Warn"'),
        (b"fieldManager=%01", 'fieldManager: Invalid value: "\\x01": invalid character U+0001 (at position 0)'),
        (b"fieldManager=" + b"a" * 129, "fieldManager: Too long: may not be more than 128 bytes"),
    ],
)
def test_write_options_that_are_not_allowed_are_invalid(query: bytes, message: str) -> None:
    with pytest.raises(ApiError) as caught:
        apply_write_options(call(), parse_query(query), kind="CreateOptions")

    assert (caught.value.code, caught.value.message) == (422, f'CreateOptions.meta.k8s.io "" is invalid: {message}')
    assert caught.value.details is not None
    assert caught.value.details["kind"] == "CreateOptions"


def test_force_is_for_apply_patches_only() -> None:
    with pytest.raises(ApiError) as caught:
        apply_write_options(call(), parse_query(b"force=true"), kind="PatchOptions")

    assert caught.value.message == 'PatchOptions.meta.k8s.io "" is invalid: force: Forbidden: may not be specified for non-apply patch'


def test_a_write_is_by_its_program_and_lenient_unless_it_says_otherwise() -> None:
    asked = call()

    apply_write_options(asked, parse_query(b"dryRun=All"), kind="CreateOptions")

    assert (asked.dry_run, asked.field_manager, asked.field_validation) == (True, "kubectl", "Warn")


def test_a_manager_is_cut_to_what_a_field_manager_may_hold() -> None:
    assert manager_of("é" * 100) == "é" * 64


def test_delete_options_come_from_the_body_or_else_from_the_query() -> None:
    body = {"kind": "DeleteOptions", "apiVersion": "v1", "gracePeriodSeconds": 0, "preconditions": {"uid": "u"}, "unknown": 1}

    from_body = delete_options(parse_query(b"gracePeriodSeconds=5"), body, call())
    from_query = delete_options(parse_query(b"gracePeriodSeconds=5&propagationPolicy=Orphan"), None, call())

    assert (from_body.grace_period_s, from_body.uid) == (0, "u")
    assert (from_query.grace_period_s, from_query.propagation) == (5, "Orphan")
    assert delete_options({}, None, call()) == DeleteOptions()


@pytest.mark.parametrize(
    ("body", "code", "message"),
    [
        (
            {"propagationPolicy": "Foo"},
            422,
            'DeleteOptions.meta.k8s.io "" is invalid: propagationPolicy: Unsupported value: "Foo": '
            'supported values: "Foreground", "Background", "Orphan", "nil"',
        ),
        (
            {"orphanDependents": True, "propagationPolicy": "Orphan"},
            422,
            'DeleteOptions.meta.k8s.io "" is invalid: propagationPolicy: Invalid value: "Orphan": '
            "orphanDependents and deletionPropagation cannot be both set",
        ),
        ({"kind": "Foo", "apiVersion": "v1"}, 400, 'no kind "Foo" is registered for version "v1" in scheme "pkg/runtime/scheme.go:111"'),
        (
            {"gracePeriodSeconds": "a"},
            400,
            "json: cannot unmarshal string into Go struct field DeleteOptions.gracePeriodSeconds of type int64",
        ),
        (
            {"gracePeriodSeconds": 1.5},
            400,
            "json: cannot unmarshal number 1.5 into Go struct field DeleteOptions.gracePeriodSeconds of type int64",
        ),
        (
            {"preconditions": {"uid": 1}},
            400,
            "json: cannot unmarshal number into Go struct field Preconditions.preconditions.uid of type types.UID",
        ),
        (
            {"preconditions": 1},
            400,
            "json: cannot unmarshal number into Go struct field DeleteOptions.preconditions of type v1.Preconditions",
        ),
    ],
)
def test_delete_options_that_are_wrong_are_refused_in_upstreams_words(body: dict[str, Any], code: int, message: str) -> None:
    with pytest.raises(ApiError) as caught:
        delete_options({}, body, call())

    assert (caught.value.code, caught.value.message) == (code, message)
