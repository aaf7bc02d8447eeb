"""ConfigMap: key names, total size, and immutability. Follows `ValidateConfigMap` and `ValidateConfigMapUpdate` of core."""

from typing import Final

from orrery.kinds.kind import Behaviour, Errors
from orrery.kinds.rules.data_maps import DATA_BYTES_MAX, base64_bytes, immutability_errors, key_errors
from orrery.machinery.field_errors import invalid, too_long
from orrery.machinery.names import bytes_len
from orrery.machinery.objects import FrozenObject, Object


def _validate(obj: Object) -> Errors:
    errors: Errors = []
    size = 0
    data = obj.get("data")
    binary = obj.get("binaryData")
    if data:
        for key, value in data.items():
            errors += key_errors("data", key)
            if binary and key in binary:
                errors.append(invalid(f"data[{key}]", key, "duplicate of key present in binaryData"))
            size += bytes_len(value)
    if binary:
        for key, value in binary.items():
            errors += key_errors("binaryData", key)
            size += base64_bytes(value)
    if size > DATA_BYTES_MAX:
        errors.append(too_long("[]", DATA_BYTES_MAX))  # Upstream's name for the object as a whole.
    return errors


def _validate_update(obj: Object, old: FrozenObject) -> Errors:
    return immutability_errors(obj, old, ("data", "binaryData")) + _validate(obj)


BEHAVIOUR: Final = Behaviour(validate=_validate, validate_update=_validate_update)
