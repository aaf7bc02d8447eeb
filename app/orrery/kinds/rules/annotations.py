"""Annotations of templates: keys and total size. Follows apimachinery's ValidateAnnotations."""

from collections.abc import Mapping
from typing import Final

from orrery.kinds.kind import Errors
from orrery.machinery.field_errors import invalid, too_long
from orrery.machinery.names import bytes_len, is_qualified_name

ANNOTATIONS_BYTES_MAX: Final = 256 * 1024


def validate_annotations(annotations: Mapping[str, str] | None, path: str) -> Errors:
    errors: Errors = []
    size = 0
    for key, value in (annotations or {}).items():
        errors += [invalid(path, key, message) for message in is_qualified_name(key.lower())]
        size += bytes_len(key) + bytes_len(value)
    if size > ANNOTATIONS_BYTES_MAX:
        errors.append(too_long(path, ANNOTATIONS_BYTES_MAX))
    return errors
