"""Objects as Kubernetes' own internal structs: what a few of its messages print instead of what the client wrote.

The layout of the structs under PodSpec comes from a table that `tools/generate_internal.py` makes, read when it is first needed.
"""

import json
from collections.abc import Mapping
from functools import cache
from typing import Any, Final

import orjson

from orrery.kinds.structs.schema import Struct, Type
from orrery.machinery.assets import asset
from orrery.machinery.objects import FrozenObject

_SELECTOR_ORDER: Final = ("matchLabels", "matchExpressions", "key", "operator", "values")
_HOST_FIELDS: Final = ("hostNetwork", "hostPID", "hostIPC", "shareProcessNamespace", "hostUsers")
_ZEROS: Final[Mapping[str, Any]] = {"string": "", "int": 0, "bool": False, "quantity": "0", "intOrString": 0}


@cache
def _layout() -> dict[str, list[list[str]]]:
    table: dict[str, str] = orjson.loads(asset("openapi/kubernetes-1.35.internal.json").read_bytes())
    return {name: [field.split("/") for field in fields.split(" ")] for name, fields in table.items()}


def pod_spec_as_internal(spec: FrozenObject) -> dict[str, Any]:
    """A PodSpec of v1 as core.PodSpec, which keeps what is shared with the host in the security context."""
    security = {**(spec.get("securityContext") or {}), **{field: spec[field] for field in _HOST_FIELDS if field in spec}}
    present = "securityContext" in spec or bool(security)
    return as_internal("PodSpec", {**spec, "securityContext": security} if present else spec)


def as_internal(struct: str, value: FrozenObject) -> dict[str, Any]:
    """Every field of the struct, in its order and under its Go name."""
    printed: dict[str, Any] = {}
    for name, field, kind in _layout()[struct]:
        if kind == "inline":
            printed |= value.get(field) or {}
        else:
            given = value.get(field or name[0].lower() + name[1:])
            printed[name] = _converted(kind, given)
    return printed


def _converted(kind: str, value: Any) -> Any:
    if kind.startswith("*"):
        return None if value is None else _converted(kind[1:], value)
    if kind.startswith("[]"):
        return None if not value else [_converted(kind[2:], item) for item in value]
    if kind == "map":
        return dict(sorted(value.items())) if value else None
    if kind == "raw":
        return _in_selector_order(value)
    if kind in _ZEROS:
        return _ZEROS[kind] if value is None else value
    return value if kind == "time" else as_internal(kind, value or {})


def _in_selector_order(value: Any) -> Any:
    if isinstance(value, list):
        return [_in_selector_order(item) for item in value]
    if not isinstance(value, dict) or not all(key in _SELECTOR_ORDER for key in value):
        return value
    ordered = {key: value[key] for key in _SELECTOR_ORDER if key in value}
    return {key: dict(sorted(item.items())) if key == "matchLabels" else _in_selector_order(item) for key, item in ordered.items()}


def pod_template_as_internal(template: FrozenObject) -> dict[str, Any]:
    """A PodTemplateSpec of v1 as core's, which embeds its metadata."""
    meta = template.get("metadata") or {}
    return {
        **{field: dict(sorted(meta[field].items())) for field in ("labels", "annotations") if meta.get(field)},
        "Spec": pod_spec_as_internal(template.get("spec") or {}),
    }


_GO_NAMES: Final = {"uid": "UID", "apiVersion": "APIVersion", "cel": "CEL"}
_GO_ZEROS: Final[Mapping[str, Any]] = {"string": "", "bool": False, "int32": 0, "int64": 0, "float64": 0}


def schema_as_internal(declared: Struct, value: FrozenObject) -> dict[str, Any]:
    """The same for a struct whose internal form has the fields of v1, as those of the younger groups have."""
    return {
        _GO_NAMES.get(name, name[:1].upper() + name[1:]): _by_type(field.type, value.get(name))
        for name, field in declared.fields.items()
        if name != "metadata"
    }


def _by_type(type_: Type, value: Any) -> Any:
    if type_.name == "struct":
        return None if value is None and type_.is_pointer else schema_as_internal(type_.struct, value or {})
    if type_.item is not None:
        if not value:
            return None
        item = type_.item
        if isinstance(value, list):
            return [_by_type(item, each) for each in value]
        return {key: _by_type(item, each) for key, each in sorted(value.items())}
    if value is None and not type_.is_pointer:
        return _GO_ZEROS.get(type_.name)
    return value


def printed_internal(value: Any) -> orjson.Fragment:
    """An internal struct inside a message."""
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    return orjson.Fragment(text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026").encode())
