"""What ConfigMap and Secret share: rules for keys, sizes and the `immutable` flag."""

from collections.abc import Iterable
from typing import Final

from orrery.kinds.kind import Errors
from orrery.machinery.field_errors import forbidden, invalid
from orrery.machinery.names import is_config_map_key
from orrery.machinery.objects import FrozenObject

DATA_BYTES_MAX: Final = 1024 * 1024
_IMMUTABLE: Final = "field is immutable when `immutable` is set"


def key_errors(field: str, key: str) -> Errors:
    return [invalid(f"{field}[{key}]", key, message) for message in is_config_map_key(key)]


def base64_bytes(text: str) -> int:
    """How many bytes canonical base64 stands for."""
    return len(text) // 4 * 3 - (text.endswith("=") + text.endswith("=="))


def immutability_errors(obj: FrozenObject, old: FrozenObject, fields: Iterable[str]) -> Errors:
    """What an update does to an object that was marked immutable."""
    if not old.get("immutable"):
        return []
    errors = [] if obj.get("immutable") else [forbidden("immutable", _IMMUTABLE)]
    errors += [forbidden(field, _IMMUTABLE) for field in fields if (obj.get(field) or {}) != (old.get(field) or {})]
    return errors
