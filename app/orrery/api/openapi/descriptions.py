"""What structs and fields mean, in upstream's words: read at run time from an installed package, never kept in this project.

`kubernetes-validate`, where it is installed, has upstream's texts whole. `kubex-k8s-1-35`, which always is, has them on one line each and
lacks the types of meta/v1, for which there are words of our own. Its sources are parsed, not imported: hundreds of Pydantic models would
cost a hundred megabytes.
"""

import ast
import importlib.metadata
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, Protocol

import orjson

from orrery.api.openapi.meta_texts import META_TEXTS

Text = tuple[str, Mapping[str, str]]
"""What a struct is, and its fields by their JSON names."""

_NOTHING: Final[Text] = ("", {})
_KUBEX: Final = "kubex-k8s-1-35"
_VALIDATE: Final = "kubernetes-validate"
_VALIDATE_FILE: Final = "kubernetes_validate/kubernetes-json-schema/v1.35.0-local/_definitions.json"


class Descriptions(Protocol):
    """Words for structs, by their OpenAPI names."""

    def of(self, name: str) -> Text: ...


class NoDescriptions:
    """For documents without prose."""

    def of(self, name: str) -> Text:
        return _NOTHING


class _Found:
    def __init__(self, texts: Mapping[str, Text]) -> None:
        self._texts = texts

    def of(self, name: str) -> Text:
        found = self._texts.get(name, _NOTHING)
        return found if found[0] else META_TEXTS.get(name, found)


def source() -> str:
    """Which package the words come from, with its version: part of what a cached document depends on."""
    for name in (_VALIDATE, _KUBEX):
        try:
            return f"{name} {importlib.metadata.version(name)}"
        except importlib.metadata.PackageNotFoundError:
            continue
    return ""


def load(package: str = "") -> Descriptions:
    """Read the words of `package`, or of the best one installed. Takes some hundred milliseconds at most and belongs in a thread."""
    package = package or source().partition(" ")[0]
    if package == _VALIDATE:
        return _Found(dict(_from_schemas(_located(_VALIDATE, _VALIDATE_FILE))))
    if package == _KUBEX:
        return _Found(dict(_from_models(_located(_KUBEX, "kubex/k8s/v1_35"))))
    return _Found({})


def _located(package: str, relative: str) -> Path:
    return Path(str(importlib.metadata.distribution(package).locate_file(relative)))


def _from_schemas(path: Path) -> Iterator[tuple[str, Text]]:
    """JSON schemas by the names of the structs; none in a release of the package that has dropped this version of Kubernetes."""
    if not path.exists():
        return
    definitions: dict[str, Any] = orjson.loads(path.read_bytes())["$defs"]
    for name, schema in definitions.items():
        fields = schema.get("properties", {})
        yield name, (schema.get("description", ""), {key: value.get("description", "") for key, value in fields.items()})


def _from_models(folder: Path) -> Iterator[tuple[str, Text]]:
    """Pydantic models in GROUP/VERSION/*.py: a class for each struct, a call of Field for each field."""
    for path in sorted(folder.glob("*/*/*.py")):
        group, version = path.relative_to(folder).parts[:2]
        for found in ast.parse(path.read_bytes()).body:
            if isinstance(found, ast.ClassDef):
                yield _struct_name(group, version, found.name), (ast.get_docstring(found, clean=False) or "", dict(_fields(found)))


def _struct_name(group: str, version: str, name: str) -> str:
    if group == "meta":
        return f"io.k8s.apimachinery.pkg.apis.meta.{version}.{name}"
    if group == "apiextensions_k8s_io":
        return f"io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.{version}.{name}"
    if group == "apiregistration":
        return f"io.k8s.kube-aggregator.pkg.apis.apiregistration.{version}.{name}"
    return f"io.k8s.api.{group}.{version}.{name}"


def _fields(found: ast.ClassDef) -> Iterator[tuple[str, str]]:
    for line in found.body:
        if isinstance(line, ast.AnnAssign) and isinstance(line.value, ast.Call):
            named = {each.arg: each.value.value for each in line.value.keywords if isinstance(each.value, ast.Constant)}
            alias, text = named.get("alias"), named.get("description")
            if isinstance(alias, str) and isinstance(text, str):
                yield alias, text
