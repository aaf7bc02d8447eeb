"""Events in their two forms."""

from typing import Any

from orrery.kinds.cluster.event import BEHAVIOUR, STRICT_BEHAVIOUR
from orrery.kinds.cluster.event_conversion import to_storage

NEW: dict[str, Any] = {
    "apiVersion": "events.k8s.io/v1",
    "kind": "Event",
    "metadata": {"name": "e", "namespace": "default"},
    "regarding": {"kind": "Pod", "namespace": "default", "name": "p"},
    "eventTime": "2026-01-02T03:04:05.000000Z",
    "reportingController": "example.com/robot",
    "reportingInstance": "robot-0",
    "action": "Moving",
    "reason": "Moved",
    "type": "Normal",
    "note": "It moved.",
}


def test_the_new_form_is_checked_strictly() -> None:
    assert STRICT_BEHAVIOUR.validate is not None
    bare = to_storage({"metadata": NEW["metadata"], "deprecatedCount": 2, "type": "Loud", "series": {"count": 1}})

    assert STRICT_BEHAVIOUR.validate(to_storage(NEW)) == []
    assert [str(error) for error in STRICT_BEHAVIOUR.validate(bare)] == [
        'series.count: Invalid value: "": should be at least 2',
        "series.lastObservedTime: Required value",
        "eventTime: Required value",
        'type: Invalid value: "": has invalid value: Loud',
        'count: Invalid value: "": needs to be unset',
    ]


def test_what_happened_cannot_be_changed_in_the_new_form() -> None:
    assert STRICT_BEHAVIOUR.validate_update is not None
    changed = {**to_storage(NEW), "reason": "Stopped"}

    errors = STRICT_BEHAVIOUR.validate_update(changed, to_storage(NEW))

    assert {str(error) for error in errors} == {'reason: Invalid value: "Stopped": field is immutable'}


def test_the_source_of_an_event_is_its_component_or_its_controller() -> None:
    assert BEHAVIOUR.selectable is not None

    assert BEHAVIOUR.selectable(to_storage(NEW))["source"] == "example.com/robot"
    assert BEHAVIOUR.selectable({"metadata": {}, "source": {"component": "kubelet"}})["source"] == "kubelet"
