"""Builds `openapi/kubernetes-1.35.schema.json`: the structs of the Kubernetes API as names, types and keys.

    go mod download k8s.io/api@v0.35.4 k8s.io/apimachinery@v0.35.4 k8s.io/apiextensions-apiserver@v0.35.4 k8s.io/kube-aggregator@v0.35.4
    python -m tools.generate_schema --go-modules "$(go env GOMODCACHE)/k8s.io"

Shape comes from the Go sources (order, Go types, omitempty, enums); list types, merge keys, required fields and kinds come from the JSON
schemas of the package kubernetes-validate. The walk starts at the kinds of `openapi/kubernetes-1.35.kinds.json`. Never any prose.

One struct a line: {"go": "v1.Pod", "gvk": [[group, version, kind]], "fields": [[json name, type, flags, extras], …]}.
Types: string bool int32 int64 float64 bytes quantity intOrString time microTime duration raw any fieldsV1, `&id` a struct, `[]T`,
`map[K]T`, `*T`, and `v1.Name=T` for a named Go type. Flags: o omitempty, z omitzero, r required.
Extras: via (embedded structs on the way), list, keys, map, merge, strategy, enum, default.
"""

import argparse
import importlib.resources
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tools.go_types import GoField, GoType, Package, read_package

ROOT = Path(__file__).resolve().parent.parent
KINDS = ROOT / "openapi" / "kubernetes-1.35.kinds.json"
TARGET = ROOT / "openapi" / "kubernetes-1.35.schema.json"

META = "k8s.io/apimachinery/pkg/apis/meta/v1"
METRICS = "k8s.io/metrics/pkg/apis/metrics/v1beta1"
METRICS_KINDS = ("NodeMetrics", "NodeMetricsList", "PodMetrics", "PodMetricsList")
EXTENSIONS = "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
SPECIAL = {
    (META, "Time"): "time",
    (META, "MicroTime"): "microTime",
    (META, "Duration"): "duration",
    (META, "FieldsV1"): "fieldsV1",
    ("k8s.io/apimachinery/pkg/api/resource", "Quantity"): "quantity",
    ("k8s.io/apimachinery/pkg/util/intstr", "IntOrString"): "intOrString",
    ("k8s.io/apimachinery/pkg/runtime", "RawExtension"): "raw",
    (EXTENSIONS, "JSON"): "any",
    (EXTENSIONS, "JSONSchemaPropsOrBool"): "schemaOrBool",
    (EXTENSIONS, "JSONSchemaPropsOrArray"): "schemaOrArray",
    (EXTENSIONS, "JSONSchemaPropsOrStringArray"): "schemaOrStrings",
}
BASIC = {"string", "bool", "int32", "int64", "float64", "byte"}
# What is read or answered beside the kinds themselves.
EXTRA_ROOTS = [
    (META, name)
    for name in (
        *("DeleteOptions", "CreateOptions", "UpdateOptions", "PatchOptions", "ListOptions", "GetOptions", "Status", "WatchEvent"),
        *("PartialObjectMetadata", "PartialObjectMetadataList", "Table", "APIGroup", "APIGroupList", "APIResourceList", "APIVersions"),
    )
] + [
    ("k8s.io/api/autoscaling/v1", "Scale"),
    ("k8s.io/api/policy/v1", "Eviction"),
    ("k8s.io/api/core/v1", "Binding"),
    ("k8s.io/api/authentication/v1", "TokenRequest"),
    *(("k8s.io/api/core/v1", name) for name in ("PodLogOptions", "PodExecOptions", "PodAttachOptions", "PodPortForwardOptions")),
    *(("k8s.io/api/core/v1", name) for name in ("PodProxyOptions", "ServiceProxyOptions", "NodeProxyOptions", "SerializedReference")),
    *((METRICS, name) for name in ("NodeMetricsList", "PodMetricsList")),
]


class Sources:
    """Go packages of the downloaded modules, read when first asked for."""

    def __init__(self, modules: Path, version: str) -> None:
        self.modules, self.version = modules, version
        self.packages: dict[str, Package] = {}

    def package(self, path: str) -> Package:
        if path not in self.packages:
            module, _, inside = path.removeprefix("k8s.io/").partition("/")
            self.packages[path] = read_package(self.modules / f"{module}@{self.version}" / inside, path)
        return self.packages[path]


def group_package(group: str, version: str) -> str:
    """The Go package that declares a group's kinds: the group's first word names it, with three exceptions."""
    if group == "apiextensions.k8s.io":
        return EXTENSIONS
    if group == "apiregistration.k8s.io":
        return f"k8s.io/kube-aggregator/pkg/apis/apiregistration/{version}"
    return f"k8s.io/api/{group.split('.')[0] or 'core'}/{version}"


def schema_id(declared: GoType) -> str:
    """The name OpenAPI gives the struct: `io.k8s.api.core.v1.Pod`."""
    return "io.k8s." + declared.package.path.removeprefix("k8s.io/").replace("/", ".") + "." + declared.name


class Table:
    """Walks from the kinds to every struct they reach."""

    def __init__(self, sources: Sources, definitions: dict[str, Any]) -> None:
        self.sources, self.definitions = sources, definitions
        self.structs: dict[str, Any] = {}

    def add(self, declared: GoType) -> str:
        """Enter a struct and all it refers to; returns its id."""
        name = schema_id(declared)
        if name in self.structs:
            return name
        definition = self.definitions.get(name, {})
        entry: dict[str, Any] = {"go": f"{declared.package.name}.{declared.name}"}
        self.structs[name] = entry
        kinds = definition.get("x-kubernetes-group-version-kind", ())
        if len(kinds) == 1 or name.endswith(".Scale"):
            entry["gvk"] = [[kind["group"], kind["version"], kind["kind"]] for kind in kinds]
        if declared.package.path == METRICS and declared.name in METRICS_KINDS:
            entry["gvk"] = [["metrics.k8s.io", "v1beta1", declared.name]]
        if definition.get("x-kubernetes-map-type"):
            entry["map"] = definition["x-kubernetes-map-type"]
        entry["fields"] = list(self.fields(declared, definition, ()))
        return name

    def fields(self, declared: GoType, definition: dict[str, Any], via: tuple[str, ...]) -> Iterator[list[Any]]:
        for each in declared.fields or ():
            name, *options = (each.tag or "").split(",")
            if name == "-" or (not each.name and each.tag is None):
                continue
            if not name and not each.name:
                inline = self.find(each.type.lstrip("*"), declared)
                yield from self.fields(inline, definition, (*via, inline.name))
            elif name:
                yield self.row(name, options, each, declared=declared, definition=definition, via=via)

    def row(
        self, name: str, options: list[str], each: GoField, *, declared: GoType, definition: dict[str, Any], via: tuple[str, ...]
    ) -> list[Any]:
        schema = definition.get("properties", {}).get(name, {})
        required = definition.get("required", ())
        if declared.package.path == METRICS and "omitempty" not in options:
            required = (name,)
        flags = "o" * ("omitempty" in options) + "z" * ("omitzero" in options) + "r" * (name in required)
        row = [name, self.type(each.type, declared), flags]
        extras = self.extras(schema, via)
        enum = self.enum(each.type, declared)
        if enum:
            extras["enum"] = enum
        return [*row, extras] if extras else row

    def extras(self, schema: dict[str, Any], via: tuple[str, ...]) -> dict[str, Any]:
        default = schema.get("default")
        facts = {
            "via": list(via) if via != ("TypeMeta",) else None,
            "list": schema.get("x-kubernetes-list-type"),
            "keys": schema.get("x-kubernetes-list-map-keys"),
            "map": schema.get("x-kubernetes-map-type"),
            "merge": schema.get("x-kubernetes-patch-merge-key"),
            "strategy": schema.get("x-kubernetes-patch-strategy"),
            "default": default if default not in ({}, "", None) else None,
        }
        return {key: value for key, value in facts.items() if value}

    def enum(self, text: str, near: GoType) -> list[str]:
        """The values of a field, or of a list's items, when its Go type is marked as an enumeration."""
        plain = text.removeprefix("[]").lstrip("*")
        if plain in BASIC or not plain.replace(".", "").isalnum():
            return []
        found = self.find(plain, near)
        return sorted(found.package.constants.get(found.name, ())) if found.name in found.package.enums else []

    def find(self, name: str, near: GoType) -> GoType:
        package, _, plain = name.rpartition(".")
        home = self.sources.package(near.imports[package]) if package else near.package
        return home.types[plain]

    def type(self, text: str, near: GoType) -> str:
        """The table's spelling of a Go type that is written in the file of `near`."""
        if text.startswith("*"):
            return "*" + self.type(text[1:], near)
        if text == "[]byte":
            return "bytes"
        if text.startswith("[]"):
            return "[]" + self.type(text[2:], near)
        if text.startswith("map["):
            key, _, value = text[4:].partition("]")
            key_type = key if key in BASIC else self.named(key, near)
            return f"map[{key_type}]{self.type(value, near)}"
        if text in BASIC:
            return text
        if text == "interface{}":
            return "any"
        return self.declared_type(self.find(text, near))

    def named(self, text: str, near: GoType) -> str:
        found = self.find(text, near)
        return f"{found.package.name}.{found.name}"

    def declared_type(self, found: GoType) -> str:
        special = SPECIAL.get((found.package.path, found.name))
        if special:
            return special
        if found.fields is not None:
            return "&" + self.add(found)
        underlying = self.type(found.underlying, found)
        return underlying if found.is_alias else f"{found.package.name}.{found.name}={underlying}"


def load_definitions() -> dict[str, Any]:
    """The JSON schemas of every struct, by schema id."""
    folder = importlib.resources.files("kubernetes_validate") / "kubernetes-json-schema" / "v1.35.0-local"
    definitions: dict[str, Any] = json.loads((folder / "_definitions.json").read_text())["$defs"]
    return definitions


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument(
        "--go-modules", type=Path, default=Path.home() / "go/pkg/mod/k8s.io", help="folder with api@VERSION and its siblings"
    )
    parser.add_argument("--version", default="v0.35.4", help="version of the Go modules")
    arguments = parser.parse_args()
    sources = Sources(arguments.go_modules, arguments.version)
    table = Table(sources, load_definitions())
    for kind in json.loads(KINDS.read_text()):
        package = sources.package(group_package(kind["group"], kind["version"]))
        for name in (kind["kind"], kind["kind"] + "List"):
            if name in package.types:
                table.add(package.types[name])
    for path, name in EXTRA_ROOTS:
        table.add(sources.package(path).types[name])
    lines = ",\n".join(f"{json.dumps(name)}:{json.dumps(table.structs[name], separators=(',', ':'))}" for name in sorted(table.structs))
    TARGET.write_text("{\n" + lines + "\n}\n")
    print(f"{len(table.structs)} structs, {sum(len(entry['fields']) for entry in table.structs.values())} fields written")


if __name__ == "__main__":
    main()
