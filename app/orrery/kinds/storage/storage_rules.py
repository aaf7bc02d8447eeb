"""What StorageClass, VolumeAttributesClass and VolumeAttachment share. Follows `pkg/apis/storage/validation`."""

from collections.abc import Mapping
from typing import Any, Final

from orrery.kinds.kind import Errors
from orrery.kinds.rules.field_rules import qualified
from orrery.machinery.field_errors import invalid, required, too_long
from orrery.machinery.names import bytes_len

_PARAMETERS_BYTES_MAX: Final = 256 * 1024
_PARAMETERS_MAX: Final = 512


def driver_errors(name: str, path: str) -> Errors:
    return qualified(path, name.lower()) if name else [required(path)]


def parameter_errors(parameters: Mapping[str, Any] | None) -> Errors:
    values = parameters or {}
    if len(values) > _PARAMETERS_MAX:
        return [too_long("parameters", _PARAMETERS_MAX)]
    errors: Errors = [invalid("parameters", key, "field can not be empty.") for key in values if not key]
    if sum(bytes_len(key) + bytes_len(value) for key, value in values.items()) > _PARAMETERS_BYTES_MAX:
        errors.append(too_long("parameters", _PARAMETERS_BYTES_MAX))
    return errors
