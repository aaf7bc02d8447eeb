"""Component schemas of OpenAPI 3, one for each struct of the schema table, as kube-openapi generates them from Go.

Owns the shape of schemas: types, required fields, defaults, enumerations, list types and merge keys. The words come from `descriptions`,
version 2 is made from these by `swagger`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, Final

from orrery.api.openapi.descriptions import Descriptions
from orrery.api.openapi.unlisted import DEFAULTS, ENUMS, UNIONS
from orrery.kinds.structs.schema import META, Field, Struct, Type, struct

Schema = dict[str, Any]
GroupVersionKind = tuple[str, str, str]

REF: Final = "#/components/schemas/"
STATUS: Final = META + "Status"
DELETE_OPTIONS: Final = META + "DeleteOptions"
WATCH_EVENT: Final = META + "WatchEvent"
PATCH: Final = META + "Patch"
VERSION_INFO: Final = "io.k8s.apimachinery.pkg.version.Info"
_EXTENSIONS: Final = "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1."

_PRIMITIVES: Final[dict[str, Schema]] = {
    "string": {"type": "string"},
    "bool": {"type": "boolean"},
    "int32": {"type": "integer", "format": "int32"},
    "int64": {"type": "integer", "format": "int64"},
    "float64": {"type": "number", "format": "double"},
    "byte": {"type": "integer", "format": "byte"},
    "bytes": {"type": "string", "format": "byte"},
}
_ZERO: Final[dict[str, Any]] = {"string": "", "bool": False, "int32": 0, "int64": 0, "float64": 0, "byte": 0}
_SPECIAL: Final = {
    "quantity": "io.k8s.apimachinery.pkg.api.resource.Quantity",
    "intOrString": "io.k8s.apimachinery.pkg.util.intstr.IntOrString",
    "time": META + "Time",
    "microTime": META + "MicroTime",
    "duration": META + "Duration",
    "raw": "io.k8s.apimachinery.pkg.runtime.RawExtension",
    "fieldsV1": META + "FieldsV1",
    "any": _EXTENSIONS + "JSON",
    "schemaOrBool": _EXTENSIONS + "JSONSchemaPropsOrBool",
    "schemaOrArray": _EXTENSIONS + "JSONSchemaPropsOrArray",
    "schemaOrStrings": _EXTENSIONS + "JSONSchemaPropsOrStringArray",
}
"""Types that Go spells as structs but writes as something else."""
_FIXED: Final[dict[str, Schema]] = {
    _SPECIAL["quantity"]: {"oneOf": [{"type": "string"}, {"type": "number"}]},
    _SPECIAL["intOrString"]: {"format": "int-or-string", "oneOf": [{"type": "integer"}, {"type": "string"}]},
    _SPECIAL["time"]: {"type": "string", "format": "date-time"},
    _SPECIAL["microTime"]: {"type": "string", "format": "date-time"},
    _SPECIAL["duration"]: {"type": "string"},
    _SPECIAL["raw"]: {"type": "object"},
    _SPECIAL["fieldsV1"]: {"type": "object"},
    _SPECIAL["any"]: {},
    _SPECIAL["schemaOrBool"]: {},
    _SPECIAL["schemaOrArray"]: {},
    _SPECIAL["schemaOrStrings"]: {},
    PATCH: {"type": "object"},
}
_VERSION_REQUIRED: Final = (
    *("major", "minor", "gitVersion", "gitCommit", "gitTreeState", "buildDate"),
    *("goVersion", "compiler", "platform"),
)
_VERSION_OPTIONAL: Final = ("emulationMajor", "emulationMinor", "minCompatibilityMajor", "minCompatibilityMinor")


def ref(name: str) -> Schema:
    return {"$ref": REF + name}


class Schemas:
    """Makes the schemas that a document needs: those it names and all they refer to."""

    def __init__(self, descriptions: Descriptions, group_versions: Iterable[tuple[str, str]]) -> None:
        """`group_versions` are those served: the option and event types of meta/v1 belong to each of them."""
        self._descriptions = descriptions
        self._group_versions = sorted(group_versions)

    def closure(self, roots: Iterable[str]) -> dict[str, Schema]:
        """Schemas by name, in order of the names."""
        found: dict[str, Schema] = {}
        waiting = list(roots)
        while waiting:
            name = waiting.pop()
            if name not in found:
                found[name] = self._schema(name)
                waiting += references(found[name])
        return dict(sorted(found.items()))

    def _schema(self, name: str) -> Schema:
        head: Schema = {}
        text = self._descriptions.of(name)[0]
        if text:
            head["description"] = text
        if name in _FIXED:
            return head | _FIXED[name]
        if name == VERSION_INFO:
            return head | _version_info()
        return head | self._struct(struct(name))

    def _struct(self, found: Struct) -> Schema:
        words = self._descriptions.of(found.id)[1]
        schema: Schema = {"type": "object"}
        required = [field.name for field in found.fields.values() if field.required]
        if required:
            schema["required"] = required
        properties = {name: _property(_completed(found.id, found.fields[name]), words.get(name, "")) for name in sorted(found.fields)}
        if properties:
            schema["properties"] = properties
        gvks = self._gvks(found)
        if gvks:
            schema["x-kubernetes-group-version-kind"] = [
                {"group": group, "kind": kind, "version": version} for group, version, kind in gvks
            ]
        if found.map_type:
            schema["x-kubernetes-map-type"] = found.map_type
        if found.id in UNIONS:
            discriminator, members = UNIONS[found.id]
            schema["x-kubernetes-unions"] = [{"discriminator": discriminator, "fields-to-discriminateBy": members}]
        return schema

    def _gvks(self, found: Struct) -> Sequence[GroupVersionKind]:
        if found.id in (DELETE_OPTIONS, WATCH_EVENT):
            kind = found.id.removeprefix(META)
            # DIFFERS: upstream names groups and versions here that it knows but does not serve; we name those served.
            return [(group, version, kind) for group, version in self._group_versions]
        if found.id == STATUS:
            return [("", "v1", "Status")]
        return found.gvks


def _completed(struct_id: str, field: Field) -> Field:
    """The field with what the table does not know of it."""
    default = DEFAULTS.get(struct_id, {}).get(field.name, field.default)
    return replace(field, default=default, enum=field.enum or ENUMS.get(struct_id, {}).get(field.name, ()))


def references(schema: Any) -> list[str]:
    """The names of all schemas that a schema, or a piece of one, refers to."""
    found: list[str] = []
    _collect(schema, found)
    return found


def _collect(value: Any, found: list[str]) -> None:
    if isinstance(value, dict):
        target = value.get("$ref")
        if isinstance(target, str):
            found.append(target.removeprefix(REF))
        for inner in value.values():
            _collect(inner, found)
    elif isinstance(value, list):
        for inner in value:
            _collect(inner, found)


def _property(field: Field, text: str) -> Schema:
    schema: Schema = {"description": text} if text else {}
    kind = field.type
    plain = not kind.is_pointer and not field.omitempty and not field.omitzero
    schema |= _typed(kind, with_zero=plain)
    default = field.default
    if default is not None:
        schema["default"] = default
    if field.enum:
        if kind.name == "list":
            schema["items"]["enum"] = list(field.enum)
        else:
            schema |= {"enum": list(field.enum)} | _possible_values(text, field.enum)
    if schema.get("$ref") and (text or default is not None or _extensions(field)):
        schema = {key: value for key, value in schema.items() if key != "$ref"} | {"allOf": [{"$ref": schema["$ref"]}]}
    return schema | _extensions(field)


def _possible_values(text: str, values: Sequence[str]) -> Schema:
    """Upstream ends the description of a field with the values it may have."""
    # DIFFERS: upstream explains each value; the installed packages do not have those words, so we only name it.
    if not text or "Possible enum values:" in text:
        return {}
    lines = "\n".join(f' - `"{value}"`' for value in values)
    return {"description": f"{text}\n\nPossible enum values:\n{lines}"}


def _extensions(field: Field) -> Schema:
    facts = {
        "x-kubernetes-list-map-keys": list(field.list_keys),
        "x-kubernetes-list-type": field.list_type,
        "x-kubernetes-map-type": field.map_type,
        "x-kubernetes-patch-merge-key": field.merge_key,
        "x-kubernetes-patch-strategy": ",".join(field.strategies),
    }
    return {key: value for key, value in facts.items() if value}


def _typed(kind: Type, *, with_zero: bool) -> Schema:
    """The schema of a type; `with_zero`: Go always writes the value, so that its zero is the default."""
    if kind.name in _PRIMITIVES:
        schema = dict(_PRIMITIVES[kind.name])
        if with_zero and kind.name in _ZERO:
            schema["default"] = _ZERO[kind.name]
        return schema
    if kind.name == "list" and kind.item is not None:
        return {"type": "array", "items": _typed(kind.item, with_zero=not kind.item.is_pointer)}
    if kind.name == "map" and kind.item is not None:
        return {"type": "object", "additionalProperties": _typed(kind.item, with_zero=not kind.item.is_pointer)}
    if kind.name == "struct":
        return ref(kind.struct_id) if kind.is_pointer else {"default": {}, "allOf": [ref(kind.struct_id)]}
    return ref(_SPECIAL[kind.name])


def _version_info() -> Schema:
    always: Schema = {name: {"type": "string", "default": ""} for name in _VERSION_REQUIRED}
    sometimes: Schema = {name: {"type": "string"} for name in _VERSION_OPTIONAL}
    return {"type": "object", "required": list(_VERSION_REQUIRED), "properties": dict(sorted((always | sometimes).items()))}
