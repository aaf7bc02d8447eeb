"""The words for wrong types in what a strategic merge patch made, which upstream reads without JSON and complains about differently.

Follows apimachinery's `runtime` converter for unstructured content: fields in the struct's order, the first failure ends all.
"""

from collections.abc import Callable
from typing import Any, Final

from orrery.kinds.structs.schema import Struct, Type
from orrery.machinery.base64_text import canonical_base64
from orrery.machinery.go_print import go_kind
from orrery.machinery.go_time import canonical_micro_time, canonical_time
from orrery.machinery.quantities import parse as parse_quantity

_JSON_NAMES: Final = {"map": "object", "slice": "array", "int64": "number", "float64": "number"}
_TIMES: Final[dict[str, Callable[[str], Any]]] = {"time": canonical_time, "microTime": canonical_micro_time, "duration": str}
_SIMPLE: Final = frozenset({"string", "bool", "int32", "int64", "float64"})


class _Found(Exception):
    """Carries the message out of the walk."""


def wrong_type_in_map(declared: Struct, raw: Any) -> str:
    """The message about the first value of `raw` that is not of its type; empty when all are."""
    try:
        _struct(declared, raw)
    except _Found as found:
        return str(found)
    return ""


def _struct(declared: Struct, raw: Any) -> None:
    if not isinstance(raw, dict):
        raise _Found(f"cannot restore struct from: {go_kind(raw)}")
    for name, field in declared.fields.items():
        _value(field.type, raw.get(name))


def _value(type_: Type, value: Any) -> None:
    if value is None:
        return
    if type_.name in _SIMPLE:
        _simple(type_, value)
    elif type_.name == "struct":
        _struct(type_.struct, value)
    elif type_.name == "bytes":
        _bytes(value)
    elif type_.item is not None:
        _container(type_, type_.item, value)
    elif type_.name in ("quantity", "intOrString") or type_.name in _TIMES:
        _self_read(type_, value)


def _simple(type_: Type, value: Any) -> None:
    kind = go_kind(value)
    if type_.name == "float64" and kind in ("int64", "float64"):
        return
    if type_.name in ("int32", "int64") and (kind == "int64" or (kind == "float64" and value.is_integer())):
        return
    if kind == type_.name:
        return
    # Go can convert numbers to each other and integers to characters, which JSON must not: those get a message of their own.
    is_convertible = (kind == "int64" and type_.name == "string") or (kind == "float64" and type_.name in ("int32", "int64"))
    raise _Found(f"cannot convert {kind} to {type_.go}" if is_convertible else f"unrecognized type: {type_.name}")


def _container(type_: Type, item: Type, value: Any) -> None:
    wanted = "slice" if type_.name == "list" else "map"
    if go_kind(value) != wanted:
        raise _Found(f"cannot restore {wanted} from {go_kind(value)}")
    for each in value if isinstance(value, list) else value.values():
        _value(item, each)


def _bytes(value: Any) -> None:
    if not isinstance(value, str):
        raise _Found(f"cannot restore slice from {go_kind(value)}")
    try:
        canonical_base64(value)
    except ValueError as error:
        raise _Found(f"error decoding from json: {error}") from None


def _self_read(type_: Type, value: Any) -> None:
    kind = _JSON_NAMES.get(go_kind(value), go_kind(value))
    if type_.name == "intOrString":
        if not isinstance(value, str | int) or isinstance(value, bool):
            digits = f" {value!r}" if isinstance(value, float) else ""
            raise _Found(f"json: cannot unmarshal {kind}{digits} into Go value of type int32")
        return
    try:
        if type_.name == "quantity":
            parse_quantity(value if isinstance(value, str) else repr(value) if kind == "number" else "{}")
        elif isinstance(value, str):
            _TIMES[type_.name](value)
        else:
            raise _Found(f"json: cannot unmarshal {kind} into Go value of type string")
    except ValueError as error:
        raise _Found(str(error)) from None
