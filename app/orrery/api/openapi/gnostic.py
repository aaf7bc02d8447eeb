"""Writes a document of OpenAPI 2 as the protobuf message `openapi.v2.Document` of gnostic, which Go clients ask for and take nothing else.

Numbers of fields follow OpenAPIv2.proto; free values (`x-…`, enumerations) travel as YAML text, of which JSON is a part.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

import orjson

_SCHEMA_TEXTS: Final = {"$ref": 1, "format": 2, "description": 4}
_OPERATION_TEXTS: Final = {"description": 3, "operationId": 5}
_OPERATION_LISTS: Final = {"tags": 1, "produces": 6, "consumes": 7, "schemes": 10}
_METHODS: Final = {"get": 2, "put": 3, "post": 4, "delete": 5, "options": 6, "head": 7, "patch": 8}
_QUERY: Final = (3, {"required": 1, "in": 2, "description": 3, "name": 4, "type": 6, "uniqueItems": 20})
_PATH: Final = (4, {"required": 1, "in": 2, "description": 3, "name": 4, "type": 5, "uniqueItems": 19})
"""Which alternative of NonBodyParameter, and its fields."""
_BODY: Final = {"description": 1, "name": 2, "in": 3, "required": 4}
_KEY: Final = {"type": 1, "name": 2, "in": 3, "description": 4}


def encode(document: Mapping[str, Any]) -> bytes:
    """The message of a document that `swagger.merge` made."""
    info = _scalars(document["info"], {"title": 1, "version": 2})
    paths = b"".join(_named(2, path, _path_item(item)) for path, item in document["paths"].items())
    definitions = b"".join(_named(1, name, _schema(schema)) for name, schema in document["definitions"].items())
    parameters = b"".join(_named(1, name, _parameter(each)) for name, each in document["parameters"].items())
    security = b"".join(_message(12, _security(each)) for each in document["security"])
    schemes = b"".join(_named(1, name, _message(2, _scalars(each, _KEY))) for name, each in document["securityDefinitions"].items())
    parts = (
        *(_text(1, document["swagger"]), _message(2, info), _message(8, paths), _message(9, definitions)),
        *(_message(10, parameters), security, _message(13, schemes)),
    )
    return b"".join(parts)


def _security(requirement: Mapping[str, list[str]]) -> bytes:
    return b"".join(_named(1, name, b"".join(_text(1, scope) for scope in scopes)) for name, scopes in requirement.items())


def _path_item(item: Mapping[str, Any]) -> bytes:
    operations = b"".join(_message(number, _operation(item[method])) for method, number in _METHODS.items() if method in item)
    return operations + b"".join(_message(9, _parameters_item(each)) for each in item.get("parameters", ()))


def _operation(operation: Mapping[str, Any]) -> bytes:
    found = [_scalars(operation, _OPERATION_TEXTS)]
    for key, number in _OPERATION_LISTS.items():
        found += [_text(number, value) for value in operation.get(key, ())]
    found += [_message(8, _parameters_item(each)) for each in operation.get("parameters", ())]
    answers = b"".join(_named(1, code, _message(1, _response(answer))) for code, answer in operation["responses"].items())
    return b"".join([*found, _message(9, answers), _extensions(13, operation)])


def _response(answer: Mapping[str, Any]) -> bytes:
    schema = answer.get("schema")
    return _text(1, answer["description"]) + (_message(2, _message(1, _schema(schema))) if schema is not None else b"")


def _parameters_item(parameter: Mapping[str, Any]) -> bytes:
    if "$ref" in parameter:
        return _message(2, _text(1, parameter["$ref"]))
    return _message(1, _parameter(parameter))


def _parameter(parameter: Mapping[str, Any]) -> bytes:
    if parameter["in"] == "body":
        return _message(1, _scalars(parameter, _BODY) + _message(5, _schema(parameter["schema"])))
    alternative, fields = _PATH if parameter["in"] == "path" else _QUERY
    return _message(2, _message(alternative, _scalars(parameter, fields)))


def _schema(schema: Mapping[str, Any]) -> bytes:
    found = [_scalars(schema, _SCHEMA_TEXTS)]
    found += [_text(19, name) for name in schema.get("required", ())]
    found += [_message(20, _any(value)) for value in schema.get("enum", ())]
    if "additionalProperties" in schema:
        found.append(_message(21, _message(1, _schema(schema["additionalProperties"]))))
    if "type" in schema:
        found.append(_message(22, _text(1, schema["type"])))
    if "items" in schema:
        found.append(_message(23, _message(1, _schema(schema["items"]))))
    if "properties" in schema:
        found.append(_message(25, b"".join(_named(1, name, _schema(inner)) for name, inner in schema["properties"].items())))
    return b"".join([*found, _extensions(31, schema)])


def _extensions(number: int, owner: Mapping[str, Any]) -> bytes:
    return b"".join(_named(number, key, _any(value)) for key, value in owner.items() if key.startswith("x-"))


def _any(value: Any) -> bytes:
    return _text(2, orjson.dumps(value).decode() + "\n")


def _named(number: int, name: str, value: bytes) -> bytes:
    """An entry of a map: its name and its value."""
    return _message(number, _text(1, name) + _message(2, value))


def _scalars(owner: Mapping[str, Any], fields: Mapping[str, int]) -> bytes:
    found: Iterable[bytes] = (
        _varint(number << 3) + b"\x01" if owner[key] is True else _text(number, owner[key])
        for key, number in fields.items()
        if owner.get(key)
    )
    return b"".join(found)


def _text(number: int, value: str) -> bytes:
    return _message(number, value.encode())


def _message(number: int, value: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(value)) + value


def _varint(value: int) -> bytes:
    if value < 0x80:
        return bytes((value,))
    found = bytearray()
    while value >= 0x80:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    found.append(value)
    return bytes(found)
