"""Patch: JSON, merge and strategic merge patches, applied to the newest state in the kind that was asked for.

Follows apiserver's patch handler: what a patch makes must decode as the kind, keep its name and namespace, and then goes the way of an
update. Since the patched object carries the resourceVersion it was made from, a lost race only means to patch again.
"""

from collections.abc import Callable
from typing import Any, Final

from orrery.kinds.decoding import WrongType, check_type_meta, decode, strict_message
from orrery.kinds.kind import Kind
from orrery.kinds.schema import struct_of
from orrery.machinery.errors import ApiError, BadRequest, Invalid, RequestTooLarge, UnsupportedMediaType
from orrery.machinery.field_errors import go_json, invalid
from orrery.machinery.objects import FrozenObject, Object, thaw
from orrery.store.log import Record
from orrery.verbs import bodies, system_fields
from orrery.verbs.call import Call
from orrery.verbs.registry import Registry, object_as_asked
from orrery.verbs.results import PatchType
from orrery.verbs.strategies import UPDATE, Strategy
from orrery.verbs.update import change

_JSON_OPERATIONS_MAX: Final = 10_000
_ACCEPTED: Final = (PatchType.JSON, PatchType.MERGE, PatchType.STRATEGIC)


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
        if not isinstance(body, list):
            raise BadRequest(
                f"error decoding patch: json: cannot unmarshal {_json_name(body)} into Go value of type []handlers.jsonPatchOp"
            )
        if len(body) > _JSON_OPERATIONS_MAX:
            raise RequestTooLarge(f"The allowed maximum operations in a JSON patch is {_JSON_OPERATIONS_MAX}, got {len(body)}")
    elif not isinstance(body, dict):
        why = f"json: cannot unmarshal {_json_name(body)} into Go value of type map[string]interface {{}}"
        raise BadRequest(f"error decoding patch: {why}" if patch_type is PatchType.MERGE else why)


def _json_name(value: Any) -> str:
    names: dict[type, str] = {bool: "bool", dict: "object", list: "array", str: "string"}
    return names.get(type(value), "number")


def apply_patch(call: Call, kind: Kind, patch_type: PatchType, body: Any, current: Object) -> Object:
    """`current`, which may be changed, with the patch applied; typed, canonical, with the name and namespace of the path."""
    check_patch(patch_type, body)
    patched = _applied(kind, patch_type, body, current)
    if not call.trusted:
        patched = _decoded(call, kind, patched, lambda: _told(patch_type, body, patched))
    meta = system_fields.metadata_of(patched)
    system_fields.match_namespace(meta, call.namespace if kind.namespaced else "")
    system_fields.check_name(meta, call.name)
    return patched


def _applied(kind: Kind, patch_type: PatchType, body: Any, current: Object) -> Object:
    from orrery.kinds.strategic_merge import strategic_merge
    from orrery.machinery.patches import PatchError, json_patch, merge_patch

    try:
        if patch_type is PatchType.MERGE:
            return merge_patch(current, body)
        if patch_type is PatchType.STRATEGIC:
            patched = strategic_merge(struct_of(kind), current, body)
            # Upstream patches the typed object, whose kind no patch can change.
            patched["kind"], patched["apiVersion"] = kind.kind, kind.api_version
            return patched
        patched = json_patch(current, body)
    except PatchError as error:
        raise error.api_error() from None
    if not isinstance(patched, dict):
        raise BadRequest(f"json: cannot unmarshal {_json_name(patched)} into Go value of type map[string]interface {{}}")
    return patched


def _told(patch_type: PatchType, body: Any, patched: Object) -> str:
    """What upstream shows of a patch whose result it refuses: the whole result, or Go's print of a strategic patch."""
    if patch_type is PatchType.STRATEGIC:
        return go_map(body)
    ordered = {**patched}
    return go_json(ordered)


def _decoded(call: Call, kind: Kind, patched: Object, told: Callable[[], str]) -> Object:
    strict = list(call.strict_errors)
    try:
        check_type_meta(kind, patched)
        obj = decode(struct_of(kind), patched, strict)
    except WrongType as error:
        raise _refused(told(), error.cause) from None
    except BadRequest as error:
        raise _refused(told(), error.message) from None
    if strict and call.field_validation == "Warn":
        call.warnings += [text for text in strict if text not in call.warnings]
    elif strict and call.field_validation == "Strict":
        raise _refused(told(), strict_message(strict))
    return obj


def _refused(told: str, why: str) -> ApiError:
    return Invalid("", "", [invalid("patch", told, why)])


def go_map(value: Any) -> str:
    """A JSON value as Go's %+v prints it: `map[data:map[k:1]]`.

    >>> go_map({"b": [1, "x"], "a": None})
    'map[a:<nil> b:[1 x]]'
    """
    if isinstance(value, dict):
        return "map[" + " ".join(f"{key}:{go_map(value[key])}" for key in sorted(value)) + "]"
    if isinstance(value, list):
        return "[" + " ".join(go_map(each) for each in value) + "]"
    if value is None:
        return "<nil>"
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:g}" if isinstance(value, float) else str(value)
