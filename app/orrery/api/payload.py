"""What a request's body holds: the object of a write, a patch, or DeleteOptions, with upstream's complaint for each.

Parsing itself, duplicate keys included, is `machinery.bodies`; here are the words around it, which differ by verb.
"""

import asyncio
from typing import Any, Final

import orjson

from orrery.api.negotiation import BodyEncoding
from orrery.machinery.bodies import SyntaxProblem, parse_json, parse_yaml
from orrery.machinery.errors import BadRequest
from orrery.machinery.json_syntax import json_kind
from orrery.verbs.results import PatchType

YAML_OFF_LOOP_BYTES_MIN: Final = 16 * 1024
"""YAML takes about 100 times as long as JSON: longer ones are parsed in a thread."""

_LEAD: Final = "couldn't get version/kind; json parse error: "
_SHOWN_BYTES_MAX: Final = 30
_TYPE_META: Final = (
    'json: cannot unmarshal {} into Go value of type struct {{ APIVersion string "json:\\"apiVersion,omitempty\\""; '
    'Kind string "json:\\"kind,omitempty\\"" }}'
)
_GO_PATCH: Final = {PatchType.JSON: "[]handlers.jsonPatchOp"}


class Malformed(Exception):
    """The body does not parse, or holds no object; the text is Go's."""


async def object_of(raw: bytes, encoding: BodyEncoding, *, expected: str) -> tuple[dict[str, Any], list[str]]:
    """The object of a create or update, and what is written twice in it; `expected` is the kind that messages name."""
    try:
        return await _object(raw, encoding)
    except Malformed as problem:
        raise BadRequest(f"the object provided is unrecognized (must be of type {expected}): {problem} ({_shown(raw)})") from None


async def delete_body_of(raw: bytes, encoding: BodyEncoding) -> dict[str, Any]:
    """The object in the body of a delete."""
    try:
        return (await _object(raw, encoding))[0]
    except Malformed as problem:
        raise BadRequest(str(problem)) from None


def patch_of(raw: bytes, patch_type: PatchType) -> tuple[Any, list[str]]:
    """The parsed patch, which is an object or, for a JSON patch, a list; and what is written twice in it."""
    lead = "" if patch_type is PatchType.STRATEGIC else "error decoding patch: "
    try:
        patch, duplicates = parse_json(raw)
    except SyntaxProblem as problem:
        raise BadRequest(f"{lead}{problem}") from None
    if patch is None:
        if patch_type is PatchType.MERGE:
            raise BadRequest("Invalid JSON Patch")
        return ([] if patch_type is PatchType.JSON else {}), []
    if not isinstance(patch, list if patch_type is PatchType.JSON else dict):
        wanted = _GO_PATCH.get(patch_type, "map[string]interface {}")
        raise BadRequest(f"{lead}json: cannot unmarshal {json_kind(raw)} into Go value of type {wanted}")
    return patch, duplicates


async def _object(raw: bytes, encoding: BodyEncoding) -> tuple[dict[str, Any], list[str]]:
    if encoding == "yaml":
        return await asyncio.to_thread(_parse_yaml, raw) if len(raw) > YAML_OFF_LOOP_BYTES_MIN else _parse_yaml(raw)
    if encoding == "protobuf":
        return _parse_protobuf(raw), []
    return _parse_json(raw)


def _parse_json(raw: bytes) -> tuple[dict[str, Any], list[str]]:
    try:
        value, duplicates = parse_json(raw)
    except SyntaxProblem as problem:
        raise Malformed(f"{_LEAD}{problem}") from None
    return _as_object(value, raw), duplicates


def _parse_yaml(raw: bytes) -> tuple[dict[str, Any], list[str]]:
    try:
        value, duplicates = parse_yaml(raw)
    except SyntaxProblem as problem:
        raise Malformed(str(problem)) from None
    return _as_object(value, orjson.dumps(value)), duplicates


def _parse_protobuf(raw: bytes) -> dict[str, Any]:
    from orrery.api import protobuf

    try:
        return protobuf.decode(raw)
    except protobuf.ProtobufProblem as problem:
        raise Malformed(str(problem)) from None


def _as_object(value: Any, raw: bytes) -> dict[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise Malformed(f"{_LEAD}{_TYPE_META.format(json_kind(raw))}")
    for key in ("kind", "apiVersion"):
        if not isinstance(value.get(key), str | None):
            found = json_kind(orjson.dumps(value[key]))
            raise Malformed(f"{_LEAD}json: cannot unmarshal {found} into Go struct field .{key} of type string")
    return value


def _shown(raw: bytes) -> str:
    """How upstream prints a body that it could not read: as text when it begins like an object, else in hex."""
    if not raw:
        return "<empty>"
    first = raw[:_SHOWN_BYTES_MAX]
    text = first.decode(errors="replace") if raw.startswith(b"{") else first.hex()
    return f"{text} ..." if len(raw) > _SHOWN_BYTES_MAX else text
