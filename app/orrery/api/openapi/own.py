"""The document of Orrery's own API under /orrery/v1: FastAPI's, in the version of OpenAPI that the documentation page can show."""

from typing import Any, Final

from fastapi import FastAPI

from orrery.api.openapi.tryable import SECURITY

_VERSION: Final = "3.0.3"


def own_document(app: FastAPI) -> dict[str, Any]:
    """What FastAPI knows of the routes that are in its schema, as OpenAPI 3.0."""
    document: dict[str, Any] = _older(app.openapi())
    document["openapi"] = _VERSION
    document.setdefault("components", {})["securitySchemes"] = SECURITY
    document["security"] = [{name: []} for name in SECURITY]
    return document


def _older(value: Any) -> Any:
    """3.1 says null as a type of its own and gives examples in lists; 3.0 has a word for each."""
    if isinstance(value, list):
        return [_older(each) for each in value]
    if not isinstance(value, dict):
        return value
    found = {key: _older(each) for key, each in value.items()}
    choices = found.get("anyOf")
    if isinstance(choices, list) and {"type": "null"} in choices:
        rest = [each for each in choices if each != {"type": "null"}]
        del found["anyOf"]
        found |= {"nullable": True, **(rest[0] if len(rest) == 1 and "$ref" not in rest[0] else {"allOf": rest})}
    if isinstance(found.get("examples"), list) and ("type" in found or "anyOf" in found):
        found["example"] = found.pop("examples")[0]
    return found
