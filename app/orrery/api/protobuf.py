"""Reads Kubernetes' protobuf bodies into the JSON values they stand for: Go clients since 1.32, kubectl among them, write nothing else.

A body is the four bytes `k8s\\0` and a `runtime.Unknown` with kind, apiVersion and the object's own bytes. Numbers of fields come from
`openapi/kubernetes-1.35.protobuf.json`, types from the schema table. Go writes fields that are no pointers even when they are zero;
they are left out here, as in JSON. Answers are never protobuf: clients take JSON when they offer it.
"""

import base64
import struct
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, Final

import orjson

from orrery.kinds.structs.schema import META, Field, Type, find_struct
from orrery.kinds.structs.schema import struct as schema_struct
from orrery.machinery.assets import asset

MAGIC: Final = b"k8s\0"
_DEPTH_MAX: Final = 100
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_JSON_SCHEMA: Final = "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaProps"
_SCHEMA_CHOICES: Final = {"schemaOrBool": 2, "schemaOrArray": 1, "schemaOrStrings": 1}
"""Where the schema is in each of the three messages that stand for a schema or something else."""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

Wire = int | bytes
Numbers = dict[int, Any]


class ProtobufProblem(ValueError):
    """The body is no message of Kubernetes; the text says why."""


def decode(body: bytes) -> dict[str, Any]:
    """The object in a body, kind and apiVersion first."""
    if not body.startswith(MAGIC):
        prefix = " ".join(str(byte) for byte in MAGIC)
        raise ProtobufProblem(f"provided data does not appear to be a protobuf message, expected prefix [{prefix}]")
    envelope = dict(_fields(body[len(MAGIC) :]))
    type_meta = dict(_fields(_bytes(envelope.get(1, b""))))
    api_version, kind = _text(type_meta.get(1, b"")), _text(type_meta.get(2, b""))
    head = {"kind": kind, "apiVersion": api_version}
    return head | _message(_struct_id(api_version, kind), _bytes(envelope.get(2, b"")), 0)


def _struct_id(api_version: str, kind: str) -> str:
    if kind == "DeleteOptions":
        return META + kind
    group, _, version = api_version.rpartition("/")
    found = find_struct(group, version, kind)
    if found is None:
        raise ProtobufProblem(f'no kind "{kind}" is registered for version "{api_version}" in scheme "pkg/runtime/scheme.go:111"')
    return found.id


@cache
def _table() -> dict[str, dict[str, Any]]:
    table: dict[str, dict[str, Any]] = orjson.loads(asset("openapi/kubernetes-1.35.protobuf.json").read_bytes())
    return table


@cache
def _numbers(struct_id: str) -> Numbers:
    """The fields of a struct by number; an embedded message has the numbers of its own."""
    fields = schema_struct(struct_id).fields
    return _with_fields(_table().get(struct_id, {}), fields)


def _with_fields(row: dict[str, Any], fields: dict[str, Field]) -> Numbers:
    return {int(number): _with_fields(name, fields) if isinstance(name, dict) else fields[name] for number, name in row.items()}


def _message(struct_id: str, data: bytes, depth: int) -> dict[str, Any]:
    if depth > _DEPTH_MAX:
        raise ProtobufProblem("proto: message nested too deeply")
    found: dict[str, Any] = {}
    _read_into(found, _numbers(struct_id), data, depth)
    return found


def _read_into(found: dict[str, Any], numbers: Numbers, data: bytes, depth: int) -> None:
    for number, wire in _fields(data):
        known = numbers.get(number)
        if known is None:
            continue
        if isinstance(known, dict):
            _read_into(found, known, _bytes(wire), depth)
        else:
            _read_field(found, known, wire, depth)


def _read_field(found: dict[str, Any], known: Field, wire: Wire, depth: int) -> None:
    kind = known.type
    if kind.name == "list" and kind.item is not None:
        found.setdefault(known.name, []).extend(_items(kind.item, wire, depth))
    elif kind.name == "map" and kind.item is not None:
        entry = dict(_fields(_bytes(wire)))
        value = entry.get(2, 0 if kind.item.name in _NUMERIC else b"")
        found.setdefault(known.name, {})[_text(entry.get(1, b""))] = _value(kind.item, value, depth)
    else:
        value = _value(kind, wire, depth)
        if value is None or (not kind.is_pointer and value in ("", 0, False)):
            found.pop(known.name, None)
        else:
            found[known.name] = value


def _items(item: Type, wire: Wire, depth: int) -> list[Any]:
    if item.name in _NUMERIC and isinstance(wire, bytes):
        return [_value(item, number, depth) for number in _packed(wire)]
    return [_value(item, wire, depth)]


def _value(kind: Type, wire: Wire, depth: int) -> Any:
    if kind.name == "struct":
        return _message(kind.struct_id, _bytes(wire), depth + 1)
    if kind.name == "list" and kind.item is not None:
        # A named slice, such as ExtraValue, is a message around its items.
        return [value for _, each in _fields(_bytes(wire)) for value in _items(kind.item, each, depth + 1)]
    if kind.name in _SCHEMA_CHOICES:
        return _schema_choice(wire, _SCHEMA_CHOICES[kind.name], depth + 1)
    read = _READERS.get(kind.name)
    if read is None:
        raise ProtobufProblem(f"fields of type {kind.go} cannot be read from protobuf")
    return read(wire)


def _schema_choice(wire: Wire, schema_number: int, depth: int) -> Any:
    """A schema, or what JSON schemas may have in its place: a boolean, several schemas, or strings."""
    parts = list(_fields(_bytes(wire)))
    for number, each in parts:
        if number == schema_number:
            return _message(_JSON_SCHEMA, _bytes(each), depth)
    if schema_number == 2:
        return any(_number(each) for _, each in parts)
    return [_text(each) for _, each in parts]


def _bytes(wire: Wire) -> bytes:
    if isinstance(wire, bytes):
        return wire
    raise ProtobufProblem("proto: wrong wireType")


def _number(wire: Wire) -> int:
    if isinstance(wire, int):
        return wire - (1 << 64) if wire >> 63 else wire
    raise ProtobufProblem("proto: wrong wireType")


def _text(wire: Wire) -> str:
    return _bytes(wire).decode(errors="replace")


def _double(wire: Wire) -> float:
    value: float = struct.unpack("<d", struct.pack("<Q", _number(wire) & ((1 << 64) - 1)))[0]
    return value


def _first_text(wire: Wire) -> str:
    return _text(dict(_fields(_bytes(wire))).get(1, b""))


def _int_or_string(wire: Wire) -> int | str:
    parts = dict(_fields(_bytes(wire)))
    return _text(parts.get(3, b"")) if parts.get(1) else _number(parts.get(2, 0))


def _json(wire: Wire) -> Any:
    raw = _bytes(dict(_fields(_bytes(wire))).get(1, b""))
    try:
        return orjson.loads(raw) if raw else None
    except orjson.JSONDecodeError as problem:
        raise ProtobufProblem(f"json parse error: {problem}") from None


def _moment(wire: Wire) -> datetime | None:
    """A Timestamp; None for Go's zero time, which is an empty message."""
    parts = dict(_fields(_bytes(wire)))
    try:
        moment = _EPOCH + timedelta(seconds=_number(parts.get(1, 0)), microseconds=_number(parts.get(2, 0)) // 1000)
    except OverflowError:
        raise ProtobufProblem("proto: timestamp out of range") from None
    return moment if parts else None


def _time(wire: Wire) -> str | None:
    moment = _moment(wire)
    return None if moment is None else moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _micro_time(wire: Wire) -> str | None:
    moment = _moment(wire)
    return None if moment is None else moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _duration(wire: Wire) -> str:
    return f"{_number(dict(_fields(_bytes(wire))).get(1, 0)) / 1e9:g}s"


_NUMERIC: Final = frozenset({"bool", "int32", "int64", "float64"})
_READERS: Final[dict[str, Callable[[Wire], Any]]] = {
    "string": _text,
    "bool": lambda wire: bool(_number(wire)),
    "int32": _number,
    "int64": _number,
    "float64": _double,
    "bytes": lambda wire: base64.b64encode(_bytes(wire)).decode(),
    "quantity": _first_text,
    "intOrString": _int_or_string,
    "time": _time,
    "microTime": _micro_time,
    "duration": _duration,
    "raw": _json,
    "any": _json,
    "fieldsV1": _json,
}


def _fields(data: bytes) -> Iterator[tuple[int, Wire]]:
    """Numbers and raw values of a message, in the order of the bytes."""
    at, end = 0, len(data)
    while at < end:
        tag, at = _varint(data, at)
        kind = tag & 7
        if kind == _VARINT:
            value, at = _varint(data, at)
            yield tag >> 3, value
            continue
        if kind == _BYTES:
            size, at = _varint(data, at)
        elif kind in (_FIXED64, _FIXED32):
            size = 8 if kind == _FIXED64 else 4
        else:
            raise ProtobufProblem(f"proto: illegal wireType {kind}")
        if at + size > end:
            raise ProtobufProblem("unexpected EOF")
        piece = data[at : at + size]
        yield tag >> 3, piece if kind == _BYTES else int.from_bytes(piece, "little")
        at += size


def _packed(data: bytes) -> Iterator[int]:
    at = 0
    while at < len(data):
        value, at = _varint(data, at)
        yield value


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        if at >= len(data):
            raise ProtobufProblem("unexpected EOF")
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value & ((1 << 64) - 1), at
        shift += 7
        if shift > 63:
            raise ProtobufProblem("proto: integer overflow")
