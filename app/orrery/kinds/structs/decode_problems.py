"""The words for what decoding found wrong: upstream's messages about wrong types, and the paths of unknown fields.

Only called once something is wrong, so it walks the whole value again, in the client's order, with a path at hand.
Follows sigs.k8s.io/json: the first wrong type is told, unless a value with a reader of its own (quantities, times) fails, which ends all.
"""

from collections.abc import Callable
from typing import Any, Final

from orrery.kinds.structs.schema import Struct, Type
from orrery.machinery.base64_text import canonical_base64
from orrery.machinery.field_errors import go_quote
from orrery.machinery.go_time import canonical_micro_time, canonical_time
from orrery.machinery.quantities import parse as parse_quantity

_UNKNOWN_MAX: Final = 100
_INT_BOUNDS: Final = {"int32": 2**31, "int64": 2**63}
_OPAQUE: Final = frozenset({"raw", "any", "fieldsV1", "schemaOrBool", "schemaOrArray", "schemaOrStrings"})
_TIMES: Final[dict[str, Callable[[str], Any]]] = {"time": canonical_time, "microTime": canonical_micro_time, "duration": str}


class _Fatal(Exception):
    """A message that outranks an earlier wrong type."""


def wrong_type(declared: Struct, raw: Any) -> str:
    """The message about the first value of `raw` that is not of its type."""
    search = _Search()
    try:
        search.struct(declared, raw, ())
    except _Fatal as fatal:
        return str(fatal)
    return search.first or f"json: cannot unmarshal {_json_name(raw)} into Go value of type {declared.go}"


def unknown_fields(declared: Struct, raw: Any) -> list[str]:
    """`unknown field "spec.containers[0].foo"` for every key that no field has, at most a hundred."""
    found: dict[str, None] = {}
    _collect_unknown(declared, raw, "", found)
    return [f"unknown field {go_quote(path)}" for path in list(found)[:_UNKNOWN_MAX]]


def _collect_unknown(declared: Struct, raw: Any, prefix: str, found: dict[str, None]) -> None:
    if not isinstance(raw, dict):
        return
    for key, value in raw.items():
        field = declared.fields.get(key)
        if field is None:
            found[prefix + key] = None
        else:
            _collect_in_value(field.type, value, prefix + key, found)


def _collect_in_value(type_: Type, value: Any, path: str, found: dict[str, None]) -> None:
    if type_.name == "struct":
        _collect_unknown(type_.struct, value, path + ".", found)
    elif type_.item is not None and type_.item.name in ("struct", "list", "map"):
        if isinstance(value, list):
            for index, each in enumerate(value):
                _collect_in_value(type_.item, each, f"{path}[{index}]", found)
        elif isinstance(value, dict):
            for key, each in value.items():
                _collect_in_value(type_.item, each, f"{path}.{key}", found)


def _read_quantity(value: Any) -> None:
    # Upstream reads the JSON text itself; that of an object, a list or a boolean is no quantity, like this one.
    parse_quantity(value.strip(" \t\r\n") if isinstance(value, str) else "{}")


def _json_name(value: Any) -> str:
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, str):
        return "string"
    if isinstance(value, dict):
        return "object"
    return "array" if isinstance(value, list) else "number"


def _with_digits(value: Any) -> str:
    """Integers are told apart by their digits, which Go's message repeats."""
    return f"number {value!r}" if _json_name(value) == "number" else _json_name(value)


class _Search:
    """One walk; `first` is the first complaint, `where` the struct and path that complaints name."""

    def __init__(self) -> None:
        self.first = ""
        self.where = ""

    def save(self, message: str) -> None:
        self.first = self.first or message

    def mismatch(self, value_name: str, go_type: str) -> str:
        return f"json: cannot unmarshal {value_name} into Go struct field {self.where} of type {go_type}"

    def struct(self, declared: Struct, raw: Any, path: tuple[str, ...]) -> None:
        for key, value in raw.items() if isinstance(raw, dict) else ():
            field = declared.fields.get(key)
            if field is not None and value is not None:
                full = (*path, *field.via, key)
                where = self.where
                self.where = f"{declared.go_name}.{'.'.join(full)}"
                self.value(field.type, value, full)
                self.where = where

    def value(self, type_: Type, value: Any, path: tuple[str, ...]) -> None:
        if value is None or type_.name in _OPAQUE:
            return
        if type_.name in ("struct", "map", "list"):
            self.container(type_, value, path)
        elif type_.name in ("quantity", "intOrString") or type_.name in _TIMES:
            self.self_read(type_, value)
        elif type_.name == "bytes" and isinstance(value, str):
            self.base64(value)
        elif type_.name in _INT_BOUNDS or type_.name == "float64":
            self.number(type_, value)
        elif _json_name(value) != type_.name:
            self.save(self.mismatch(_json_name(value), type_.go))

    def container(self, type_: Type, value: Any, path: tuple[str, ...]) -> None:
        if not isinstance(value, list if type_.name == "list" else dict):
            self.save(self.mismatch(_json_name(value), type_.go))
        elif type_.name == "struct":
            self.struct(type_.struct, value, path)
        elif type_.item is not None:
            for each in value if isinstance(value, list) else value.values():
                self.value(type_.item, each, path)

    def number(self, type_: Type, value: Any) -> None:
        if _json_name(value) != "number":
            self.save(self.mismatch(_json_name(value), type_.go))
        elif type_.name in _INT_BOUNDS and not _fits(value, _INT_BOUNDS[type_.name]):
            self.save(self.mismatch(_with_digits(value), type_.go))

    def base64(self, value: str) -> None:
        try:
            canonical_base64(value)
        except ValueError as error:
            self.save(str(error))

    def self_read(self, type_: Type, value: Any) -> None:
        """Types with a reader of their own: the first failure ends the decoding."""
        if type_.name == "intOrString":
            if not isinstance(value, str) and not _fits(value, 2**31):
                raise _Fatal(self.mismatch(_with_digits(value), "int32"))
        elif type_.name == "quantity":
            self.read(_read_quantity, repr(value) if _json_name(value) == "number" else value)
        elif not isinstance(value, str):
            raise _Fatal(self.mismatch(_json_name(value), "string"))
        else:
            self.read(_TIMES[type_.name], value)

    def read(self, reader: Callable[[Any], Any], value: Any) -> None:
        try:
            reader(value)
        except ValueError as error:
            raise _Fatal(str(error)) from None


def _fits(value: Any, bound: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and -bound <= value < bound
