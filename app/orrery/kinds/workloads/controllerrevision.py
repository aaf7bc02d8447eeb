"""ControllerRevision: an immutable snapshot of a template. Follows ValidateControllerRevision."""

from typing import Final

from orrery.kinds.kind import Behaviour, Errors
from orrery.machinery.field_errors import invalid, required
from orrery.machinery.objects import FrozenObject, Object


def _revision(obj: FrozenObject) -> Errors:
    revision = obj.get("revision", 0)
    return [invalid("revision", revision, "must be greater than or equal to 0")] if revision < 0 else []


def _validate(obj: Object) -> Errors:
    errors = _revision(obj)
    data = obj.get("data")
    if data is None:
        errors.append(required("data", "data is mandatory"))
    elif not isinstance(data, dict):
        errors.append(required("data", "data must be a valid JSON object"))
    return errors


def _validate_update(obj: Object, old: FrozenObject) -> Errors:
    errors = _revision(obj)
    if obj.get("data") != old.get("data"):
        errors.append(invalid("data", obj.get("data"), "field is immutable"))
    return errors


BEHAVIOUR: Final = Behaviour(validate=_validate, validate_update=_validate_update)
