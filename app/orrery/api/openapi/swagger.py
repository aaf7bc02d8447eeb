"""The document of OpenAPI 2 (Swagger): all documents of version 3 in one, in the older form.

Follows kube-openapi: references have no siblings to wrap, defaults are gone, and parameters that many operations share are named.
"""

import base64
import hashlib
from collections.abc import Iterable
from typing import Any, Final

import orjson

from orrery.api.openapi.schemas import REF, Schema
from orrery.api.openapi.specs import SECURITY, Document

_DEFINITIONS: Final = "#/definitions/"
_ONE_OF: Final[dict[str, Schema]] = {
    "io.k8s.apimachinery.pkg.api.resource.Quantity": {"type": "string"},
    "io.k8s.apimachinery.pkg.util.intstr.IntOrString": {"type": "string", "format": "int-or-string"},
}
_MEDIA_ORDER: Final = (
    *("text/plain", "application/json", "application/yaml", "application/vnd.kubernetes.protobuf"),
    *("application/json;stream=watch", "application/vnd.kubernetes.protobuf;stream=watch"),
    *("application/json-patch+json", "application/merge-patch+json", "application/strategic-merge-patch+json"),
    *("application/apply-patch+yaml", "*/*"),
)
_NEVER_SHARED: Final = frozenset({"name", "fieldValidation", "dryRun"})
"""kubectl before 1.27 looks for the last two where they are used."""
_GENERIC: Final = f"{_DEFINITIONS}io.k8s.apimachinery"


def merge(documents: Iterable[Document]) -> Document:
    """One document of version 2 out of those of version 3."""
    paths: dict[str, Any] = {}
    definitions: dict[str, Schema] = {}
    shared: dict[str, Any] = {}
    info: Any = {}
    for document in documents:
        info = document["info"]
        for path, item in document["paths"].items():
            paths[path] = _path_item(item, shared)
        for name, schema in document["components"]["schemas"].items():
            if name not in definitions:
                definitions[name] = _definition(name, schema)
    return {
        "swagger": "2.0",
        "info": info,
        "paths": dict(sorted(paths.items())),
        "definitions": dict(sorted(definitions.items())),
        "parameters": dict(sorted(shared.items())),
        "securityDefinitions": SECURITY,
        "security": [{"BearerToken": []}],
    }


def _definition(name: str, schema: Schema) -> Schema:
    if name in _ONE_OF:
        return {key: value for key, value in schema.items() if key == "description"} | _ONE_OF[name]
    return _schema(schema)


def _schema(schema: Schema) -> Schema:
    found: Schema = {}
    for key, value in schema.items():
        if key == "allOf":
            found["$ref"] = _reference(value[0]["$ref"])
        elif key == "$ref":
            found["$ref"] = _reference(value)
        elif key == "properties":
            found[key] = {name: _schema(inner) for name, inner in value.items()}
        elif key in ("items", "additionalProperties"):
            found[key] = _schema(value)
        elif key != "default":
            found[key] = value
    return found


def _reference(target: str) -> str:
    return target.replace(REF, _DEFINITIONS, 1)


def _path_item(item: dict[str, Any], shared: dict[str, Any]) -> dict[str, Any]:
    return {
        key: [_shared(_parameter(each), shared) for each in value] if key == "parameters" else _operation(value, shared)
        for key, value in item.items()
    }


def _operation(operation: dict[str, Any], shared: dict[str, Any]) -> dict[str, Any]:
    answers = operation["responses"]
    body = operation.get("requestBody")
    produced = [name for answer in answers.values() for name in answer.get("content", ())]
    found: dict[str, Any] = {"description": operation["description"]}
    found["produces"] = _ordered(produced)
    if "x-kubernetes-action" in operation:
        found["consumes"] = _ordered(body["content"]) if body else ["*/*"]
    else:
        found["consumes"] = found["produces"]
    found["schemes"] = ["https"]
    found["tags"] = operation["tags"]
    found["operationId"] = operation["operationId"]
    parameters = [_parameter(each) for each in operation.get("parameters", ())]
    if body:
        parameters.append(_body(body))
    if parameters:
        found["parameters"] = [_shared(each, shared) for each in sorted(parameters, key=lambda each: str(each["name"]))]
    found["responses"] = {code: _answer(answer) for code, answer in answers.items()}
    return found | {key: value for key, value in operation.items() if key.startswith("x-")}


def _ordered(media: Iterable[str]) -> list[str]:
    return sorted(set(media), key=_MEDIA_ORDER.index)


def _answer(answer: dict[str, Any]) -> dict[str, Any]:
    found = {"description": answer["description"]}
    for content in answer.get("content", {}).values():
        return found | {"schema": _schema(content["schema"])}
    return found


def _parameter(parameter: dict[str, Any]) -> dict[str, Any]:
    kind = parameter["schema"]
    found = {"uniqueItems": kind["uniqueItems"], "type": kind["type"]}
    return found | {key: parameter[key] for key in ("description", "name", "in", "required") if key in parameter}


def _body(body: dict[str, Any]) -> dict[str, Any]:
    schema = next(iter(body["content"].values()))["schema"]
    required = {"required": True} if body.get("required") else {}
    return {"name": "body", "in": "body"} | required | {"schema": _schema(schema)}


def _shared(parameter: dict[str, Any], shared: dict[str, Any]) -> dict[str, Any]:
    """A reference to a parameter that others use too, or the parameter."""
    name = parameter["name"]
    if name in _NEVER_SHARED or (name == "body" and not parameter["schema"]["$ref"].startswith(_GENERIC)):
        return parameter
    digest = hashlib.sha256(orjson.dumps(parameter, option=orjson.OPT_SORT_KEYS)).digest()
    key = f"{name}-{base64.urlsafe_b64encode(digest[:6]).decode()}"
    shared[key] = parameter
    return {"$ref": f"#/parameters/{key}"}
