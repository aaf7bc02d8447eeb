"""Whole documents of OpenAPI 3: which there are, by upstream's path names (`api/v1`, `apis/apps/v1`, `version`), and what is in each."""

from collections.abc import Callable
from typing import Any, Final

from orrery.api.openapi.descriptions import Descriptions
from orrery.api.openapi.operations import GroupVersion, capitalized, group_name, responses
from orrery.api.openapi.schemas import VERSION_INFO, Schema, Schemas, ref, references
from orrery.kinds.catalogue import Catalogue
from orrery.kinds.kind import Kind
from orrery.kinds.structs.schema import META

Document = dict[str, Any]

_INFO: Final = {"title": "Kubernetes", "version": "1.35"}
_MEDIA: Final = ("application/json", "application/vnd.kubernetes.protobuf", "application/yaml")
SECURITY: Final = {"BearerToken": {"type": "apiKey", "description": "Bearer Token authentication", "name": "authorization", "in": "header"}}


def path_of(group: str, version: str) -> str:
    return f"apis/{group}/{version}" if group else f"api/{version}"


class Specs:
    """The documents of a catalogue. Which there are is known at once; each is made when asked for."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue

    def names(self) -> list[str]:
        """The names of all documents, sorted."""
        pairs = self._group_versions()
        groups = {f"apis/{group}" for group, _ in pairs if group}
        return sorted({"api", "apis", "version", *groups, *(path_of(*pair) for pair in pairs)})

    def group_versions(self) -> list[str]:
        """The names of the documents that describe kinds, in the order of the catalogue, which is discovery's."""
        return list(dict.fromkeys(path_of(kind.group, kind.version) for kind in self._catalogue))

    def kinds(self, name: str) -> list[Kind]:
        """The kinds of a group version's document, by resource."""
        return sorted((kind for kind in self._catalogue if path_of(kind.group, kind.version) == name), key=lambda kind: kind.resource)

    def make(self, name: str, descriptions: Descriptions) -> Document:
        """The document of that name. KeyError when there is none."""
        if name not in self.names():
            raise KeyError(name)
        paths = self._paths(name)
        schemas = Schemas(descriptions, self._group_versions())
        components: Schema = {"schemas": schemas.closure(references(paths)), "securitySchemes": SECURITY}
        return {"openapi": "3.0.0", "info": _INFO, "paths": paths, "components": components}

    def _paths(self, name: str) -> dict[str, Any]:
        kinds = self.kinds(name)
        if kinds:
            return GroupVersion(kinds[0].group, kinds[0].version).paths(kinds)
        return _SPECIAL[name]() if name in _SPECIAL else _group_path(name.removeprefix("apis/"))

    def _group_versions(self) -> set[tuple[str, str]]:
        return {(kind.group, kind.version) for kind in self._catalogue}


def _group_path(group: str) -> dict[str, Any]:
    name = group_name(group)
    return _path(f"/apis/{group}/", name, ("get information of a group", f"get{capitalized(name)}APIGroup", META + "APIGroup"))


def _core_path() -> dict[str, Any]:
    return _path("/api/", "core", ("get available API versions", "getCoreAPIVersions", META + "APIVersions"))


def _groups_path() -> dict[str, Any]:
    return _path("/apis/", "apis", ("get available API versions", "getAPIVersions", META + "APIGroupList"))


def _version_path() -> dict[str, Any]:
    names = ("get the version information for this server", "getCodeVersion", VERSION_INFO)
    return _path("/version/", "version", names, media=_MEDIA[:1])


_SPECIAL: Final[dict[str, Callable[[], dict[str, Any]]]] = {"api": _core_path, "apis": _groups_path, "version": _version_path}


def _path(path: str, tag: str, names: tuple[str, str, str], *, media: tuple[str, ...] = _MEDIA) -> dict[str, Any]:
    text, operation_id, struct_id = names
    answers = responses(ref(struct_id), (200,), media)
    return {path: {"get": {"tags": [tag], "description": text, "operationId": operation_id, "responses": answers}}}
