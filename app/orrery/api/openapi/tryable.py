"""What the documentation page shows of a document: operations people can try, with values that work at once.

Upstream's documents stay as they are under /openapi; here the old watch paths and the conversations that a page cannot hold are left
out, operations are grouped by resource, and bodies and parameters carry examples.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

from orrery.api.openapi.examples import example
from orrery.api.openapi.schemas import REF, STATUS, references
from orrery.api.openapi.specs import Document

_PATCHES: Final[dict[str, Any]] = {
    "application/merge-patch+json": {"metadata": {"labels": {"tried": "yes"}}},
    "application/strategic-merge-patch+json": {"metadata": {"labels": {"tried": "yes"}}},
    "application/json-patch+json": [{"op": "add", "path": "/metadata/labels", "value": {"tried": "yes"}}],
}
_SUCCESS: Final = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success"}
_SHOWN_MEDIA: Final = ("application/json", "application/yaml", "text/plain")
_BODY_MEDIA: Final = ("application/json", "application/yaml")
SECURITY: Final = {"BearerToken": {"type": "http", "scheme": "bearer"}}

Operation = dict[str, Any]


def tryable(document: Document, title: str) -> Document:
    """The document for the page; `title` heads it."""
    paths = {path: item for path, found in document["paths"].items() if (item := _path_item(path, found))}
    components = document["components"]["schemas"]
    needed = _closure(paths, components)
    return {
        "openapi": "3.0.0",
        "info": {"title": title, "version": document["info"]["version"]},
        "tags": [{"name": tag} for tag in sorted({tag for item in paths.values() for one in _operations(item) for tag in one["tags"]})],
        "paths": paths,
        "components": {"schemas": {name: components[name] for name in sorted(needed)}, "securitySchemes": SECURITY},
        "security": [{"BearerToken": []}],
    }


def _closure(paths: dict[str, Any], components: dict[str, Any]) -> set[str]:
    found: set[str] = set()
    waiting = references(paths)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += references(components[name])
    return found


def _operations(item: dict[str, Any]) -> Iterable[Operation]:
    return item.values()


def _path_item(path: str, item: dict[str, Any]) -> dict[str, Any]:
    if "/watch/" in path:
        return {}
    shared = item.get("parameters", ())
    return {
        method: _operation(path, operation, shared)
        for method, operation in item.items()
        if method != "parameters" and operation.get("x-kubernetes-action") != "connect"
    }


def _operation(path: str, operation: Operation, shared: Sequence[dict[str, Any]]) -> Operation:
    shown = {**operation, "summary": operation["description"], "tags": [_tag(path)]}
    del shown["description"]
    kind = operation.get("x-kubernetes-group-version-kind")
    parameters = [_parameter(each, kind) for each in (*shared, *operation.get("parameters", ()))]
    # What must be filled in comes first: the page keeps this order.
    shown["parameters"] = sorted(parameters, key=lambda each: (each["in"] != "path", each["name"] != "namespace", each["name"]))
    if "requestBody" in operation:
        if operation["x-kubernetes-action"] in ("delete", "deletecollection"):
            del shown["requestBody"]  # Everything it may say, the query may say too.
        else:
            shown["requestBody"] = _body(operation["requestBody"], _object(kind))
    shown["responses"] = {code: _answer(answer, _answered(operation, kind)) for code, answer in operation["responses"].items()}
    return shown


def _tag(path: str) -> str:
    """The resource a path is about: operations are grouped by it."""
    parts = [part for part in path.split("/") if part]
    rest = parts[2:] if parts[0] == "api" else parts[3:]
    if rest[:2] == ["namespaces", "{namespace}"]:
        rest = rest[2:]
    return rest[0] if rest else "discovery"


def _object(kind: dict[str, str] | None) -> Any:
    if kind is None:
        return None
    group_version = f"{kind['group']}/{kind['version']}" if kind["group"] else kind["version"]
    return example(group_version, kind["kind"])


def _answered(operation: Operation, kind: dict[str, str] | None) -> Callable[[str], Any]:
    """What an answer with a given schema looks like."""
    found = _object(kind)

    def answered(schema: str) -> Any:
        if schema == STATUS:
            return _SUCCESS
        if found is None:
            return None
        if operation["x-kubernetes-action"] == "list":
            return {
                "kind": f"{found['kind']}List",
                "apiVersion": found["apiVersion"],
                "metadata": {"resourceVersion": "100"},
                "items": [found],
            }
        return found

    return answered


def _body(body: dict[str, Any], sample: Any) -> dict[str, Any]:
    content = body["content"]
    if "*/*" in content:
        shown = {name: _with_example(content["*/*"], sample) for name in _BODY_MEDIA}
    else:
        shown = {name: _with_example(content[name], patch) for name, patch in _PATCHES.items() if name in content}
    return {**body, "content": shown}


def _answer(answer: dict[str, Any], answered: Callable[[str], Any]) -> dict[str, Any]:
    if "content" not in answer:
        return answer
    content = {
        name: _with_example(media, answered(media["schema"].get("$ref", "").removeprefix(REF)))
        for name, media in answer["content"].items()
        if name in _SHOWN_MEDIA
    }
    return {**answer, "content": content}


def _with_example(media: dict[str, Any], sample: Any) -> dict[str, Any]:
    return media if sample is None else {**media, "example": sample}


def _parameter(parameter: dict[str, Any], kind: dict[str, str] | None) -> dict[str, Any]:
    if parameter["in"] != "path":
        return parameter
    sample = "default" if parameter["name"] == "namespace" else ((_object(kind) or {}).get("metadata") or {}).get("name")
    return {**parameter, "example": sample} if sample else parameter
