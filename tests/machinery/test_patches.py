"""JSON patches and merge patches."""

from typing import Any

import pytest

from orrery.machinery.patches import PatchError, json_patch, json_patch_problems, merge_patch


@pytest.mark.parametrize(
    ("operations", "expected"),
    [
        ([{"op": "add", "path": "/data/x~1y", "value": "1"}], {"data": {"a": "1", "x/y": "1"}, "list": [1, 2]}),
        ([{"op": "replace", "path": "/data/new", "value": "1"}], {"data": {"a": "1", "new": "1"}, "list": [1, 2]}),
        (
            [{"op": "add", "path": "/list/-", "value": 3}, {"op": "add", "path": "/list/0", "value": 0}],
            {"data": {"a": "1"}, "list": [0, 1, 2, 3]},
        ),
        ([{"op": "remove", "path": "/list/-1"}], {"data": {"a": "1"}, "list": [1]}),
        ([{"op": "move", "from": "/data/a", "path": "/b"}], {"data": {}, "list": [1, 2], "b": "1"}),
        ([{"op": "copy", "from": "/data", "path": "/b"}], {"data": {"a": "1"}, "list": [1, 2], "b": {"a": "1"}}),
        ([{"op": "test", "path": "/data/a", "value": "1"}, {"op": "remove", "path": "/data"}], {"list": [1, 2]}),
        ([{"op": "add", "path": "/data/b"}], {"data": {"a": "1", "b": None}, "list": [1, 2]}),
    ],
)
def test_a_json_patch_applies_its_operations_in_order(operations: list[Any], expected: Any) -> None:
    assert json_patch({"data": {"a": "1"}, "list": [1, 2]}, operations) == expected


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "remove", "path": "/data/none"},
        {"op": "test", "path": "/data/a", "value": "2"},
        {"op": "add", "path": "/x/y/z", "value": 1},
        {"op": "add", "path": "/list/5", "value": 1},
        {"op": "foo", "path": "/data"},
        {"op": "add"},
        None,
    ],
)
def test_an_operation_that_cannot_be_applied_is_refused_without_a_reason(operation: Any) -> None:
    with pytest.raises(PatchError) as refused:
        json_patch({"data": {"a": "1"}, "list": [1]}, [operation])

    error = refused.value.api_error()
    assert (error.code, error.reason, error.details) == (422, "Invalid", {})
    assert error.message == "the server rejected our request due to an error in our request"


def test_unknown_fields_of_operations_are_strict_errors() -> None:
    assert json_patch_problems([{"op": "add", "path": "/a", "foo": 1}]) == ['unknown field "[0].foo"']


@pytest.mark.parametrize(
    ("operations", "message"),
    [
        ({}, "error decoding patch: json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp"),
        ([3], "error decoding patch: json: cannot unmarshal number into Go value of type handlers.jsonPatchOp"),
        ([{"op": 3}], "error decoding patch: json: cannot unmarshal number into Go struct field jsonPatchOp.op of type string"),
    ],
)
def test_what_is_no_json_patch_is_a_bad_request(operations: Any, message: str) -> None:
    with pytest.raises(PatchError) as refused:
        json_patch_problems(operations)

    assert (refused.value.api_error().code, refused.value.api_error().message) == (400, message)


def test_a_merge_patch_merges_objects_removes_by_null_and_replaces_all_else() -> None:
    document = {"a": {"b": 1, "c": 2}, "list": [1, 2], "x": 1}

    merged = merge_patch(document, {"a": {"b": None, "d": {"e": None, "f": 1}}, "list": [3], "x": {"y": None}})

    assert merged == {"a": {"c": 2, "d": {"f": 1}}, "list": [3], "x": {}}


def test_a_merge_patch_never_becomes_part_of_the_object() -> None:
    patch = {"a": {"b": {"c": 1}}}

    merged = merge_patch({}, patch)
    merged["a"]["b"]["c"] = 2

    assert patch == {"a": {"b": {"c": 1}}}
