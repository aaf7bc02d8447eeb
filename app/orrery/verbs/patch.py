"""Patch: JSON, merge and strategic merge patches, applied to the newest state in the kind that was asked for.

Follows apiserver's patch handler: what a patch makes must decode as the kind, keep its name and namespace, and then goes the way of an
update. Since the patched object carries the resourceVersion it was made from, a lost race only means to patch again.
"""

from typing import Any, Final

import orjson

from orrery.kinds.kind import Kind
from orrery.kinds.structs.decoding import WrongType, decode, strict_message
from orrery.kinds.structs.schema import Struct, Type, struct_of
from orrery.kinds.structs.strategic_merge import strategic_merge
from orrery.kinds.structs.unstructured_problems import wrong_type_in_map
from orrery.machinery.errors import ApiError, BadRequest, Invalid, RequestTooLarge, UnsupportedMediaType
from orrery.machinery.field_errors import go_quote, invalid
from orrery.machinery.go_print import go_kind, go_print
from orrery.machinery.objects import FrozenObject, Object, thaw
from orrery.machinery.patches import PatchError, json_patch, json_patch_problems, merge_patch
from orrery.store.log import Record
from orrery.verbs import bodies, system_fields
from orrery.verbs.call import Call
from orrery.verbs.registry import Registry, object_as_asked
from orrery.verbs.results import PatchType
from orrery.verbs.strategies import UPDATE, Strategy
from orrery.verbs.update import change

_JSON_OPERATIONS_MAX: Final = 10_000
_ACCEPTED: Final = (PatchType.JSON, PatchType.MERGE, PatchType.STRATEGIC)
_JSON_NAMES: Final = {"map": "object", "slice": "array", "int64": "number", "float64": "number"}
_SCHEME: Final = "pkg/api/legacyscheme/scheme.go:30"


async def patch(registry: Registry, call: Call, patch_type: PatchType, body: Any, *, strategy: Strategy = UPDATE) -> Record:
    """Patch an object. NotFound, BadRequest (not a patch), Invalid (no such operation, or a bad result), UnsupportedMediaType."""
    check_patch(patch_type, body)

    def wanted(old: FrozenObject) -> Object:
        patched = apply_patch(call, call.kind, patch_type, body, thaw(object_as_asked(call.kind, old)))
        return bodies.to_storage(call.kind, patched)

    return await change(registry, call, wanted, strategy=strategy)


def check_patch(patch_type: PatchType, body: Any) -> None:
    """Refuse what is no patch of its type, before anything is looked up."""
    if patch_type not in _ACCEPTED:
        # DIFFERS: upstream also takes apply patches (server-side apply); we refuse them until fields have owners.
        raise UnsupportedMediaType([str(accepted) for accepted in _ACCEPTED])
    if patch_type is PatchType.JSON:
        if isinstance(body, list) and len(body) > _JSON_OPERATIONS_MAX:
            raise RequestTooLarge(f"The allowed maximum operations in a JSON patch is {_JSON_OPERATIONS_MAX}, got {len(body)}")
    elif not isinstance(body, dict):
        kind = _JSON_NAMES.get(go_kind(body), go_kind(body))
        why = f"json: cannot unmarshal {kind} into Go value of type map[string]interface {{}}"
        raise BadRequest(f"error decoding patch: {why}" if patch_type is PatchType.MERGE else why)


def apply_patch(call: Call, kind: Kind, patch_type: PatchType, body: Any, current: Object) -> Object:
    """`current`, which may be changed, with the patch applied; typed, canonical, with the name and namespace of the path."""
    check_patch(patch_type, body)
    strict = list(call.strict_errors)
    patched: Any
    try:
        if patch_type is PatchType.JSON:
            strict += [f"json patch {problem}" for problem in json_patch_problems(body)]
            patched = json_patch(current, body)
        elif patch_type is PatchType.MERGE:
            patched = merge_patch(current, body)
        else:
            patched = strategic_merge(struct_of(kind), current, body)
            # Upstream patches the typed object, whose kind no patch can change.
            patched["kind"], patched["apiVersion"] = kind.kind, kind.api_version
    except PatchError as error:
        raise error.api_error() from None
    if not isinstance(patched, dict):
        raise _refused(kind, patch_type, body, patched, f"json: cannot unmarshal {go_kind(patched)} into Go value of type {kind.kind}")
    if not call.trusted:
        patched = _decoded(call, kind, patch_type, body, patched, strict)
    meta = system_fields.metadata_of(patched)
    system_fields.match_namespace(meta, call.namespace if kind.namespaced else "")
    system_fields.check_name(meta, call.name)
    result: Object = patched
    return result


def _decoded(call: Call, kind: Kind, patch_type: PatchType, body: Any, patched: Object, strict: list[str]) -> Object:
    """What the patch made, as the kind; Invalid with upstream's print of the patch or of its result."""
    if patch_type is PatchType.STRATEGIC and (why := wrong_type_in_map(struct_of(kind), patched)):
        raise _refused(kind, patch_type, body, patched, why)
    try:
        if why := _other_kind(kind, patched):
            raise _refused(kind, patch_type, body, patched, why)
        obj = decode(struct_of(kind), patched, strict)
    except WrongType as error:
        raise _refused(kind, patch_type, body, patched, error.cause) from None
    if strict and call.field_validation == "Warn":
        call.warnings += [text for text in strict if text not in call.warnings]
    elif strict and call.field_validation == "Strict":
        raise _refused(kind, patch_type, body, patched, strict_message(strict))
    return obj


def _other_kind(kind: Kind, patched: Object) -> str:
    name, version = patched.get("kind"), patched.get("apiVersion")
    if (name, version) == (kind.kind, kind.api_version):
        return ""
    return f'no kind {go_quote(str(name or ""))} is registered for version {go_quote(str(version or ""))} in scheme "{_SCHEME}"'


def _refused(kind: Kind, patch_type: PatchType, body: Any, patched: Any, why: str) -> ApiError:
    told = go_print(body) if patch_type is PatchType.STRATEGIC else printed(patched, body, struct_of(kind))
    return Invalid("", "", [invalid("patch", told, why)])


def printed(patched: Any, patch: Any, declared: Struct) -> str:
    """The result of a patch as upstream shows it: what the patch went through is sorted, what it left alone is in the struct's order."""
    tree = _paths(patch) if isinstance(patch, list) else patch
    return _printed(patched, tree, Type("struct", declared.go, struct_id=declared.id))


def _paths(operations: list[Any]) -> Object:
    """Where a JSON patch goes, as a tree; None stands for a value it put there."""
    tree: Object = {}
    for operation in operations:
        parts = str(operation.get("path", "")).split("/")[1:] if isinstance(operation, dict) else ()
        at = tree
        for part in parts[:-1]:
            at = at.setdefault(part, {}) or {}
        if parts:
            at.setdefault(parts[-1], None)
    return tree


def _printed(value: Any, patch: Any, type_: Type | None) -> str:
    if isinstance(value, dict) and isinstance(patch, dict):
        parts = (f"{go_quote(key)}:{_member(key, inner, patch, type_)}" for key, inner in sorted(value.items()))
        return "{" + ",".join(parts) + "}"
    if isinstance(value, list) and isinstance(patch, dict):
        return "[" + ",".join(_member(str(index), inner, patch, type_) for index, inner in enumerate(value)) + "]"
    return orjson.dumps(value).decode()


def _member(key: str, value: Any, patch: Object, type_: Type | None) -> str:
    inner = _type_of_member(type_, key)
    return _printed(value, patch[key], inner) if key in patch else orjson.dumps(_in_order(value, inner)).decode()


def _type_of_member(type_: Type | None, key: str) -> Type | None:
    if type_ is None or type_.name != "struct":
        return type_.item if type_ is not None else None
    field = type_.struct.fields.get(key)
    return field.type if field is not None else None


def _in_order(value: Any, type_: Type | None) -> Any:
    """The value as Go would write it: fields in their struct's order, maps sorted."""
    if isinstance(value, list):
        return [_in_order(inner, type_.item if type_ is not None else None) for inner in value]
    if not isinstance(value, dict):
        return value
    known = [key for key in type_.struct.fields if key in value] if type_ is not None and type_.name == "struct" else []
    keys = [*known, *sorted(value.keys() - set(known))]
    return {key: _in_order(value[key], _type_of_member(type_, key)) for key in keys}
