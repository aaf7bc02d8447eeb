"""Reads struct declarations out of Go source: enough of the language for Kubernetes' `types.go` files, and no more.

Gives `generate_schema.py` what no JSON schema says: the order of fields, Go's own types, omitempty and omitzero, inline structs.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

_IMPORT = re.compile(r'^\s*(?:import\s+)?(?:(\w+)\s+)?"([^"]+)"$')
_TYPE = re.compile(r"^(?:type\s+)(\w+)\s+(=\s*)?(.+?)\s*(?://.*)?$")
_FIELD = re.compile(r"^\s+(?:(\w+)\s+)?([\w.*\[\]{}]+)\s*(?:`([^`]*)`)?\s*(?://.*)?$")
_JSON_TAG = re.compile(r'json:"([^"]*)"')
_CONSTANT = re.compile(r'^(?:const)?\s+\w+\s+(\w+)\s*=\s*"([^"]*)"')


@dataclass(frozen=True)
class GoField:
    """`name` is empty for an embedded field; `tag` is the content of its json tag, None when it has none."""

    name: str
    type: str
    tag: str | None


@dataclass
class GoType:
    """A named type: a struct with fields, or another type's name (`underlying`), an alias when it is only that."""

    name: str
    package: "Package"
    imports: dict[str, str]
    underlying: str = ""
    is_alias: bool = False
    fields: list[GoField] | None = None


@dataclass
class Package:
    """One Go package: `path` as it is imported, `name` as messages print it."""

    path: str
    name: str = ""
    types: dict[str, GoType] = field(default_factory=dict)
    enums: set[str] = field(default_factory=set)
    """Names of the types that are marked as enumerations."""
    constants: dict[str, list[str]] = field(default_factory=dict)
    """Values of the string constants, by the name of their type."""


def read_package(folder: Path, path: str) -> Package:
    """All types declared in a package's own sources, generated ones and tests left out."""
    package = Package(path)
    for source in sorted(folder.glob("*.go")):
        if not source.name.startswith("zz_") and not source.name.endswith(("_test.go", ".pb.go")):
            _read_file(source.read_text().splitlines(), package)
    return package


def _read_file(lines: list[str], package: Package) -> None:
    imports: dict[str, str] = {}
    rest = iter(lines)
    in_imports = in_block = is_enum = False
    for line in rest:
        constant = _CONSTANT.match(line)
        if constant:
            package.constants.setdefault(constant[1], []).append(constant[2])
        elif line.strip() == "// +enum":
            is_enum = True
        elif line.startswith("package "):
            package.name = line.split()[1]
        elif line.startswith("import ("):
            in_imports = True
        elif line.startswith("type ("):
            in_block = True
        elif line.startswith(")"):
            in_imports = in_block = False
        elif in_imports or line.startswith("import "):
            _read_import(line, imports)
        elif in_block and line.startswith("\t") and not line.startswith(("\t\t", "\t//")):
            _read_type("type " + line.strip(), rest, package, imports)
        elif line.startswith("type "):
            if is_enum:
                package.enums.add(line.split()[1])
            is_enum = False
            _read_type(line, rest, package, imports)


def _read_import(line: str, imports: dict[str, str]) -> None:
    found = _IMPORT.match(line)
    if found:
        alias, path = found.groups()
        imports[alias or path.rsplit("/", 1)[-1]] = path


def _read_type(line: str, rest: Iterator[str], package: Package, imports: dict[str, str]) -> None:
    found = _TYPE.match(line)
    if not found:
        return
    name, equals, right = found.groups()
    if right.startswith(("interface", "func")):
        if right.endswith("{"):
            list(iter(lambda: next(rest).startswith("}"), True))
        return
    declared = GoType(name, package, imports, right, bool(equals))
    if right.startswith("struct"):
        declared.fields = [] if right.endswith("}") else list(_read_fields(rest))
    package.types[name] = declared


def _read_fields(rest: Iterator[str]) -> Iterator[GoField]:
    for line in rest:
        if line.strip() == "}":
            return
        found = None if line.strip().startswith("//") else _FIELD.match(line)
        if found:
            name, type_name, tags = found.groups()
            tag = _JSON_TAG.search(tags) if tags else None
            yield GoField(name or "", type_name, tag.group(1) if tag else None)
