"""A condition in its place among the others."""

from typing import Any

from orrery.controllers.conditions import set_condition
from orrery.machinery.objects import Object

OTHER: Object = {"type": "Other", "status": "True", "lastTransitionTime": "0"}


def ready(status: str, **fields: Any) -> Object:
    return {"type": "Ready", "status": status, **fields}


def test_a_new_condition_comes_last() -> None:
    obj: Object = {"status": {"conditions": [OTHER]}}

    assert set_condition(obj, ready("True"), "1")
    assert obj["status"]["conditions"] == [OTHER, ready("True", lastTransitionTime="1")]


def test_its_time_changes_with_its_status_only_and_its_place_never() -> None:
    obj: Object = {"status": {"conditions": [ready("True", reason="a", lastTransitionTime="1"), OTHER]}}

    assert set_condition(obj, ready("True", reason="b"), "2")
    assert obj["status"]["conditions"] == [ready("True", reason="b", lastTransitionTime="1"), OTHER]
    assert set_condition(obj, ready("False", reason="b"), "3")
    assert obj["status"]["conditions"] == [ready("False", reason="b", lastTransitionTime="3"), OTHER]


def test_what_is_said_already_is_no_change() -> None:
    obj: Object = {"status": {"conditions": [ready("True", reason="a", lastTransitionTime="1")]}}

    assert not set_condition(obj, ready("True", reason="a"), "2")


def test_a_condition_that_tells_no_time_gets_one() -> None:
    obj: Object = {"status": {"conditions": [ready("True")]}}

    assert set_condition(obj, ready("True", reason="a"), "2")
    assert obj["status"]["conditions"] == [ready("True", reason="a", lastTransitionTime="2")]
