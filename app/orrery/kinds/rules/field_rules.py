"""Small rules about one field that many kinds share: messages as errors, immutable fields, paths, references, amounts.

Follows apimachinery's `ValidateImmutableField`, `IsValidPathSegmentName`, `IsDomainPrefixedPath`, and core's helpers of the same sort.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from orrery.kinds.kind import Errors
from orrery.machinery.field_errors import invalid, required
from orrery.machinery.names import (
    HTTP_PATH_MESSAGE,
    NameRule,
    is_dns1123_label,
    is_dns1123_subdomain,
    is_http_path,
    is_qualified_name,
)

IMMUTABLE: Final = "field is immutable"
NON_NEGATIVE: Final = "must be greater than or equal to 0"


def bad(path: str, value: Any, messages: Sequence[str]) -> Errors:
    """One error for each message about `value`."""
    return [invalid(path, value, message) for message in messages]


def unchanged(path: str, value: Any, old: Any) -> Errors:
    """A field that may not change; absent and empty count as the same."""
    if (value or None) == (old or None):
        return []
    return [invalid(path, value, IMMUTABLE)]


def subdomain(path: str, value: str) -> Errors:
    return bad(path, value, is_dns1123_subdomain(value))


def label(path: str, value: str) -> Errors:
    return bad(path, value, is_dns1123_label(value))


def qualified(path: str, value: str) -> Errors:
    return bad(path, value, is_qualified_name(value))


def non_negative(path: str, value: int | None) -> Errors:
    return [invalid(path, value, NON_NEGATIVE)] if value is not None and value < 0 else []


def path_segment_messages(name: str) -> list[str]:
    """What is wrong with a name that becomes a segment of a URL path as it is."""
    if name in (".", ".."):
        return [f"may not be '{name}'"]
    return [f"may not contain '{char}'" for char in "/%" if char in name]


def _segment_rule() -> NameRule:
    return lambda name, _: path_segment_messages(name)


name_is_path_segment: Final = _segment_rule()
"""The name rule of RBAC's kinds."""


def domain_prefixed_path(path: str, value: str) -> Errors:
    if not value:
        return [required(path)]
    host, _, rest = value.partition("/")
    if not host or not rest:
        return [invalid(path, value, 'must be a domain-prefixed path (such as "acme.io/foo")')]
    errors = bad(path, host, is_dns1123_subdomain(host))
    if not is_http_path(rest):
        errors.append(invalid(path, rest, HTTP_PATH_MESSAGE))
    return errors


def segment_reference(path: str, reference: Mapping[str, Any], *fields: str) -> Errors:
    """Required fields of a reference, each of which is a path segment."""
    errors: Errors = []
    for field in fields:
        value = reference.get(field, "")
        if value:
            errors += bad(f"{path}.{field}", value, path_segment_messages(value))
        else:
            errors.append(required(f"{path}.{field}"))
    return errors


def typed_reference(path: str, reference: Mapping[str, Any]) -> Errors:
    """apiGroup, kind and name of an object in the same namespace."""
    group = reference.get("apiGroup")
    errors = subdomain(f"{path}.apiGroup", group) if group is not None else []
    return errors + segment_reference(path, reference, "kind", "name")
