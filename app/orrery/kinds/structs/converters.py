"""Turns the schema into functions: one per struct, compiled when it is first used, that makes the canonical form of a JSON value.

The canonical form is what a value looks like after Go has decoded and encoded it: nulls and empty values dropped where the field is
omitempty, zero values where it is not, quantities, times and base64 in their one spelling. The functions know nothing of paths:
where a value is of the wrong type they raise `WrongValue`, unknown keys they only count, and `decode_problems` finds the words.
"""

from collections.abc import Callable
from typing import Any, Final, TypeAlias

from orrery.kinds.structs.schema import OBJECT_META, Field, Struct, Type, struct
from orrery.machinery.base64_text import canonical_base64
from orrery.machinery.go_time import canonical_micro_time, canonical_time
from orrery.machinery.quantities import parse as parse_quantity

Convert: TypeAlias = Callable[[Any, list[str]], Any]
"""Canonical form of a value that is not null; keys that no field has are added to the list."""

Entry: TypeAlias = tuple[type | None, bool, Convert]
"""For a field: the class that needs no conversion, whether an empty value is kept, the conversion for all else."""


class WrongValue(ValueError):
    """Some value is not of its field's type."""


_INT_BOUNDS: Final = {"int32": 2**31, "int64": 2**63}
_STRUCT_LIKE: Final = frozenset(
    {"struct", "quantity", "intOrString", "time", "microTime", "duration", "raw", "schemaOrBool", "schemaOrArray"}
)
"""Types that Go's omitempty never drops."""

_EMPTY_IS_NOT_ABSENT: Final = frozenset({("io.k8s.api.autoscaling.v2.HPAScalingRules", "policies")})
"""Lists whose defaults are for those who have none, while an empty one is refused: it never comes to be stored."""

_METADATA_FIRST: Final = (
    *("name", "generateName", "namespace", "selfLink", "uid", "resourceVersion", "generation"),
    *("creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds"),
)


def _wrong(value: Any, unknown: list[str]) -> Any:
    raise WrongValue


def _integer(bound: int) -> Convert:
    def convert(value: Any, unknown: list[str]) -> int:
        if value.__class__ is int and -bound <= value < bound:
            return value
        raise WrongValue

    return convert


def _float(value: Any, unknown: list[str]) -> Any:
    if value.__class__ is int or value.__class__ is float:
        return value
    raise WrongValue


def _int_or_string(value: Any, unknown: list[str]) -> Any:
    if value.__class__ is str or (value.__class__ is int and -(2**31) <= value < 2**31):
        return value
    raise WrongValue


def _quantity(value: Any, unknown: list[str]) -> str:
    if value.__class__ is str:
        return parse_quantity(value.strip(" \t\r\n")).text
    if value.__class__ is int or value.__class__ is float:
        return parse_quantity(repr(value)).text
    raise WrongValue


def _text_with(canonical: Callable[[str], Any]) -> Convert:
    def convert(value: Any, unknown: list[str]) -> Any:
        if value.__class__ is str:
            return canonical(value)
        raise WrongValue

    return convert


def _any(value: Any, unknown: list[str]) -> Any:
    return value


_SCALARS: Final[dict[str, Convert]] = {
    "string": _wrong,
    "bool": _wrong,
    "int32": _integer(_INT_BOUNDS["int32"]),
    "int64": _integer(_INT_BOUNDS["int64"]),
    "float64": _float,
    "bytes": _text_with(canonical_base64),
    "quantity": _quantity,
    "intOrString": _int_or_string,
    "time": _text_with(canonical_time),
    "microTime": _text_with(canonical_micro_time),
    "duration": _text_with(lambda text: text),
    "raw": _any,
    "any": _any,
    "fieldsV1": _any,
}
_PLAIN: Final = {"string": str, "bool": bool}
_ZEROES: Final[dict[str, Any]] = {"string": "", "bool": False, "int32": 0, "int64": 0, "float64": 0, "quantity": "0", "intOrString": 0}

_compiled: Final[dict[str, Convert]] = {}


def converter_of(type_: Type) -> Convert:
    """The conversion of a type; the value it gets is never null."""
    if type_.name == "struct":
        return struct_converter(type_.struct_id)
    if type_.name == "list":
        return _list(_item(type_))
    if type_.name == "map":
        return _map(_item(type_))
    if type_.name in _SCHEMA_UNIONS:
        return _SCHEMA_UNIONS[type_.name]
    return _SCALARS[type_.name]


def zero(type_: Type) -> Any:
    """What Go writes for a field of that type that nobody has set."""
    if type_.is_pointer or type_.name != "struct":
        return None if type_.is_pointer else _ZEROES.get(type_.name)
    return struct_converter(type_.struct_id)({}, [])


def struct_converter(name: str) -> Convert:
    """The conversion of a struct, by its OpenAPI name. Structs that contain themselves are reached through a detour."""
    found = _compiled.get(name)
    if found is None:
        _compiled[name] = lambda value, unknown: _compiled[name](value, unknown)
        found = _compile(struct(name))
        _compiled[name] = found = _metadata_first(found) if name == OBJECT_META else found
    return found


def _item(type_: Type) -> Type:
    if type_.item is None:
        raise TypeError(f"{type_.go} has no items")
    return type_.item


def _compile(declared: Struct) -> Convert:
    entries = {name: _entry(field, is_kept=(declared.id, name) in _EMPTY_IS_NOT_ABSENT) for name, field in declared.fields.items()}
    always = tuple((name, field.type) for name, field in declared.fields.items() if _is_always_written(field))
    look_up = entries.get

    def convert(value: Any, unknown: list[str]) -> Any:
        if value.__class__ is not dict:
            raise WrongValue
        out = {}
        for key, item in value.items():
            entry = look_up(key)
            if entry is None:
                unknown.append(key)
                continue
            plain, keep, change = entry
            if item.__class__ is not plain:
                if item is None:
                    continue
                item = change(item, unknown)
            if item or keep:
                out[key] = item
        for key, type_ in always:
            if key not in out:
                out[key] = zero(type_)
        return out

    return convert


def _entry(field: Field, *, is_kept: bool) -> Entry:
    type_ = field.type
    change = converter_of(type_)
    keep = is_kept or type_.is_pointer or not field.omitempty or type_.name in _STRUCT_LIKE
    if field.omitzero and not type_.is_pointer:
        keep = False
    if type_.name in ("list", "map") and keep and not type_.is_pointer and not is_kept:
        change = _null_when_empty(change)
    return _PLAIN.get(type_.name), keep, change


def _is_always_written(field: Field) -> bool:
    if field.omitzero:
        return False
    return not field.omitempty or (not field.type.is_pointer and field.type.name in _STRUCT_LIKE)


def _null_when_empty(change: Convert) -> Convert:
    """An empty list or map that is not omitempty comes back null, because the storage format knows no empty one."""
    return lambda value, unknown: change(value, unknown) or None


def _metadata_first(change: Convert) -> Convert:
    """ObjectMeta begins with the names, whatever order a client used."""

    def convert(value: Any, unknown: list[str]) -> Any:
        if value.__class__ is not dict:
            raise WrongValue
        ordered = {key: value[key] for key in _METADATA_FIRST if key in value}
        ordered.update(value)
        return change(ordered, unknown)

    return convert


def _list(item: Type) -> Convert:
    plain, change = _PLAIN.get(item.name), converter_of(item)

    def convert(value: Any, unknown: list[str]) -> Any:
        if value.__class__ is not list:
            raise WrongValue
        return [each if each.__class__ is plain else zero(item) if each is None else change(each, unknown) for each in value]

    return convert


def _map(item: Type) -> Convert:
    plain, change = _PLAIN.get(item.name), converter_of(item)
    # The storage format knows no null bytes.
    empty = "" if item.name == "bytes" else zero(item) if item.name != "struct" else None

    def convert(value: Any, unknown: list[str]) -> Any:
        if value.__class__ is not dict:
            raise WrongValue
        out = {}
        for key, each in value.items():
            if each.__class__ is plain:
                out[key] = each
            elif each is None:
                out[key] = zero(item) if item.name == "struct" else empty
            else:
                out[key] = change(each, unknown)
        return out

    return convert


_JSON_SCHEMA: Final = "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaProps"


def _schema(value: Any) -> Any:
    """A JSON schema inside one of Go's unions, whose own decoder does not tell unknown fields."""
    return struct_converter(_JSON_SCHEMA)(value, [])


def _schema_or_bool(value: Any, unknown: list[str]) -> Any:
    return value if value.__class__ is bool else _schema(value)


def _schema_or_array(value: Any, unknown: list[str]) -> Any:
    return [_schema(each) for each in value] if value.__class__ is list else _schema(value)


def _schema_or_strings(value: Any, unknown: list[str]) -> Any:
    return value if value.__class__ is list else _schema(value)


_SCHEMA_UNIONS: Final[dict[str, Convert]] = {
    "schemaOrBool": _schema_or_bool,
    "schemaOrArray": _schema_or_array,
    "schemaOrStrings": _schema_or_strings,
}
