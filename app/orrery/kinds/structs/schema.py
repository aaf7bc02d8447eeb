"""The structs of the Kubernetes API: names, types and keys of every field, from the table under `openapi/`.

Owns reading that table, one struct at a time and only when it is first asked for. What is done with it is others' business:
`decoding` makes canonical objects, `strategic_merge` finds merge keys, the API room writes OpenAPI documents.
The table is made by `tools/generate_schema.py`, which documents its format.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final

import orjson

from orrery.kinds.kind import Kind
from orrery.machinery.assets import asset

META: Final = "io.k8s.apimachinery.pkg.apis.meta.v1."
OBJECT_META: Final = META + "ObjectMeta"

_GO_NAMES: Final = {
    "bytes": "[]uint8",
    "quantity": "resource.Quantity",
    "intOrString": "intstr.IntOrString",
    "time": "v1.Time",
    "microTime": "v1.MicroTime",
    "duration": "v1.Duration",
    "raw": "runtime.RawExtension",
    "any": "interface {}",
    "fieldsV1": "v1.FieldsV1",
    "schemaOrBool": "v1.JSONSchemaPropsOrBool",
    "schemaOrArray": "v1.JSONSchemaPropsOrArray",
    "schemaOrStrings": "v1.JSONSchemaPropsOrStringArray",
}
_NAMED: Final = re.compile(r"^(\w+\.\w+)=")


@dataclass(frozen=True, slots=True)
class Type:
    """What a value is. `name`: string bool int32 int64 float64 bytes quantity intOrString time microTime duration raw any fieldsV1 …,
    or struct, list, map with `struct_id` or `item`."""

    name: str
    go: str
    """As messages about wrong types print it: `v1.PodSpec`, `map[string]string`, `int32`."""
    is_pointer: bool = False
    item: "Type | None" = None
    struct_id: str = ""

    @property
    def struct(self) -> "Struct":
        return struct(self.struct_id)


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a struct, as Go declares it and as OpenAPI annotates it."""

    name: str
    type: Type
    omitempty: bool
    omitzero: bool
    required: bool
    via: tuple[str, ...] = ()
    """Embedded structs between the struct and the field, which Go's messages name."""
    list_type: str = ""
    """map, set, atomic, or empty."""
    list_keys: tuple[str, ...] = ()
    map_type: str = ""
    merge_key: str = ""
    """The key of a strategic merge."""
    strategies: tuple[str, ...] = ()
    """Of a strategic merge: merge, replace, retainKeys."""
    enum: tuple[str, ...] = ()
    default: Any = None


@dataclass(frozen=True, slots=True)
class Struct:
    """A struct by its OpenAPI name, its fields in Go's order."""

    id: str
    go: str
    fields: dict[str, Field]
    gvks: tuple[tuple[str, str, str], ...] = ()
    map_type: str = ""
    is_object: bool = field(default=False)
    """Whether it has kind, apiVersion and metadata, hence is served or embedded as a whole object."""

    @property
    def go_name(self) -> str:
        """The name without its package, as it begins the field paths of Go's messages."""
        return self.go.rpartition(".")[2]


@cache
def _table() -> dict[str, dict[str, Any]]:
    table: dict[str, dict[str, Any]] = orjson.loads(asset("openapi/kubernetes-1.35.schema.json").read_bytes())
    return table


@cache
def _ids_by_gvk() -> dict[tuple[str, ...], str]:
    return {tuple(gvk): name for name, entry in _table().items() for gvk in entry.get("gvk", ())}


@cache
def struct(name: str) -> Struct:
    """The struct with that OpenAPI name, `io.k8s.api.core.v1.PodSpec`. KeyError when there is none."""
    entry = _table()[name]
    fields = {row[0]: _field(row) for row in entry["fields"]}
    return Struct(
        name,
        entry["go"],
        fields,
        tuple(tuple(gvk) for gvk in entry.get("gvk", ())),
        entry.get("map", ""),
        {"kind", "apiVersion", "metadata"} <= fields.keys(),
    )


def struct_of(kind: Kind) -> Struct:
    """The struct of a built-in kind. KeyError for a kind that is not built in."""
    return struct(_ids_by_gvk()[kind.group, kind.version, kind.kind])


def find_struct(group: str, version: str, kind: str) -> Struct | None:
    """The struct of any kind of the table, lists and options included, or None."""
    name = _ids_by_gvk().get((group, version, kind))
    return struct(name) if name else None


def struct_ids() -> Iterator[str]:
    """The OpenAPI names of all structs."""
    return iter(_table())


def _field(row: list[Any]) -> Field:
    name, spelled, flags = row[:3]
    extras = row[3] if len(row) > 3 else {}
    return Field(
        name,
        type_of(spelled),
        "o" in flags,
        "z" in flags,
        "r" in flags,
        tuple(extras.get("via", ())),
        extras.get("list", ""),
        tuple(extras.get("keys", ())),
        extras.get("map", ""),
        extras.get("merge", ""),
        tuple(extras.get("strategy", "").split(",")) if "strategy" in extras else (),
        tuple(extras.get("enum", ())),
        extras.get("default"),
    )


@cache
def type_of(spelled: str) -> Type:
    """The type that the table spells so.

    >>> type_of("map[v1.ResourceName]quantity").go
    'map[v1.ResourceName]resource.Quantity'
    """
    if spelled.startswith("*"):
        inner = type_of(spelled[1:])
        return Type(inner.name, inner.go, True, inner.item, inner.struct_id)
    named = _NAMED.match(spelled)
    if named:
        inner = type_of(spelled[named.end() :])
        return Type(inner.name, named[1], inner.is_pointer, inner.item, inner.struct_id)
    if spelled.startswith("&"):
        return Type("struct", _table()[spelled[1:]]["go"], struct_id=spelled[1:])
    if spelled.startswith("[]"):
        item = type_of(spelled[2:])
        return Type("list", f"[]{_printed(item)}", item=item)
    if spelled.startswith("map["):
        key, _, rest = spelled[4:].partition("]")
        item = type_of(rest)
        return Type("map", f"map[{key}]{_printed(item)}", item=item)
    return Type(spelled, _GO_NAMES.get(spelled, spelled))


def _printed(item: Type) -> str:
    return f"*{item.go}" if item.is_pointer else item.go
