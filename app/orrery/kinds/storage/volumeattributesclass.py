"""VolumeAttributesClass: a driver and its parameters, for good. Follows storage's `ValidateVolumeAttributesClass`."""

from typing import Final

from orrery.kinds.kind import Behaviour, Errors
from orrery.kinds.storage.storage_rules import driver_errors, parameter_errors
from orrery.machinery.field_errors import forbidden, required
from orrery.machinery.objects import FrozenObject, Object


def _validate(obj: Object) -> Errors:
    errors = driver_errors(obj.get("driverName", ""), "driverName") + parameter_errors(obj.get("parameters"))
    if not obj.get("parameters"):
        errors.append(required("parameters", "must contain at least one key/value pair"))
    return errors


def _validate_update(obj: Object, old: FrozenObject) -> Errors:
    errors = [
        forbidden(field, f"updates to {field} are forbidden.")
        for field in ("driverName", "parameters")
        if (obj.get(field) or None) != (old.get(field) or None)
    ]
    return errors + _validate(obj)


BEHAVIOUR: Final = Behaviour(validate=_validate, validate_update=_validate_update)
