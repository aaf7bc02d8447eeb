"""Event, in its two forms: core's, which is stored, and events.k8s.io's, which is checked more strictly.

Follows core's `validation/events.go` and the registry's strategy; how one form becomes the other is in `event_conversion`.
"""

from collections.abc import Mapping
from typing import Any, Final

from orrery.kinds.kind import Behaviour, Errors
from orrery.kinds.structs.internal_structs import printed_internal, schema_as_internal
from orrery.kinds.structs.schema import struct
from orrery.machinery.field_errors import invalid, required
from orrery.machinery.names import bytes_len, is_dns1123_subdomain, is_qualified_name
from orrery.machinery.objects import FrozenObject, Object

_TEXT_BYTES_MAX: Final = 128
_NOTE_BYTES_MAX: Final = 1024
_CONTROLLER: Final = "reportingComponent"
_INVOLVED: Final = ("kind", "namespace", "name", "uid", "apiVersion", "resourceVersion", "fieldPath")
_STRUCTS: Final = {"involvedObject": "io.k8s.api.core.v1.ObjectReference", "source": "io.k8s.api.core.v1.EventSource"}
_IMMUTABLE: Final[tuple[tuple[str, Any], ...]] = (
    ("involvedObject", {}),
    ("reason", ""),
    ("message", ""),
    ("source", {}),
    ("firstTimestamp", None),
    ("lastTimestamp", None),
    ("count", 0),
    ("reason", ""),
    ("type", ""),
    ("eventTime", None),
    ("action", ""),
    ("related", None),
    (_CONTROLLER, ""),
    ("reportingInstance", ""),
)


def _validate(obj: Object) -> Errors:
    return _legacy_errors(obj, _CONTROLLER)


def _validate_update(obj: Object, old: FrozenObject) -> Errors:
    return _validate(obj)


def _legacy_errors(obj: Mapping[str, Any], controller_field: str) -> Errors:
    """What every Event must keep to, whichever form it was written in."""
    namespace = obj["metadata"].get("namespace", "")
    involved = (obj.get("involvedObject") or {}).get("namespace", "")
    misplaced = [invalid("involvedObject.namespace", involved, "does not match event.namespace")]
    if obj.get("eventTime"):
        fits = bool(involved) or namespace in ("default", "kube-system")
        errors = [] if fits else misplaced
        errors += _new_style_errors(obj, controller_field)
    else:
        fits = namespace == involved if involved else namespace in ("", "default")
        errors = [] if fits else misplaced
    return errors + [invalid("namespace", namespace, message) for message in is_dns1123_subdomain(namespace)]


def _new_style_errors(obj: Mapping[str, Any], controller_field: str) -> Errors:
    controller = obj.get(_CONTROLLER, "")
    errors = [] if controller else [required(controller_field)]
    errors += [invalid(controller_field, controller, message) for message in is_qualified_name(controller)]
    for field in ("reportingInstance", "action", "reason"):
        text = obj.get(field, "")
        if not text:
            errors.append(required(field))
        if bytes_len(text) > _TEXT_BYTES_MAX:
            errors.append(invalid(field, "", f"can have at most {_TEXT_BYTES_MAX} characters"))
    if bytes_len(obj.get("message", "")) > _NOTE_BYTES_MAX:
        errors.append(invalid("message", "", f"can have at most {_NOTE_BYTES_MAX} characters"))
    return errors


def _validate_strict(obj: Object) -> Errors:
    """For Events written through events.k8s.io, already in their stored form."""
    meta = obj["metadata"]
    errors = [invalid("metadata.name", meta.get("name", ""), message) for message in is_dns1123_subdomain(meta.get("name", ""))]
    errors += _legacy_errors(obj, "reportingController") + _series_errors(obj)
    if not obj.get("eventTime"):
        errors.append(required("eventTime"))
    if (kind := obj.get("type", "")) not in ("Normal", "Warning"):
        errors.append(invalid("type", "", f"has invalid value: {kind}"))
    errors += [
        invalid(field, "", "needs to be unset") for field in ("firstTimestamp", "lastTimestamp", "count", "source") if obj.get(field)
    ]
    return errors


def _series_errors(obj: Mapping[str, Any]) -> Errors:
    series = obj.get("series")
    if series is None:
        return []
    errors: Errors = []
    if series.get("count", 0) < 2:
        errors.append(invalid("series.count", "", "should be at least 2"))
    if not series.get("lastObservedTime"):
        errors.append(required("series.lastObservedTime"))
    return errors


def _validate_strict_update(obj: Object, old: FrozenObject) -> Errors:
    errors = _legacy_errors(obj, "reportingController")
    if obj.get("series") != old.get("series"):
        errors += _series_errors(obj)
    for field, empty in _IMMUTABLE:
        now, then = obj.get(field) or empty, old.get(field) or empty
        if now != then:
            shown = printed_internal(schema_as_internal(struct(_STRUCTS[field]), now)) if field in _STRUCTS else now
            errors.append(invalid("reportingController" if field == _CONTROLLER else field, shown, "field is immutable"))
    return errors


def _selectable(obj: FrozenObject) -> dict[str, str]:
    involved = obj.get("involvedObject") or {}
    controller = obj.get(_CONTROLLER, "")
    fields = {f"involvedObject.{field}": involved.get(field, "") for field in _INVOLVED}
    fields["reason"] = obj.get("reason", "")
    fields[_CONTROLLER] = controller
    fields["source"] = (obj.get("source") or {}).get("component", "") or controller
    fields["type"] = obj.get("type", "")
    return fields


def _selectable_new(obj: FrozenObject) -> dict[str, str]:
    """The same under the names that events.k8s.io has for them."""
    involved = obj.get("involvedObject") or obj.get("regarding") or {}
    fields = {f"regarding.{field}": involved.get(field, "") for field in _INVOLVED}
    fields["reason"] = obj.get("reason", "")
    fields["reportingController"] = obj.get(_CONTROLLER, "") or obj.get("reportingController", "")
    fields["type"] = obj.get("type", "")
    return fields


BEHAVIOUR: Final = Behaviour(
    name_rule=lambda name, prefix: (),
    validate=_validate,
    validate_update=_validate_update,
    allow_create_on_update=True,
    selectable=_selectable,
)

STRICT_BEHAVIOUR: Final = Behaviour(
    validate=_validate_strict,
    validate_update=_validate_strict_update,
    allow_create_on_update=True,
    selectable=_selectable_new,
)
