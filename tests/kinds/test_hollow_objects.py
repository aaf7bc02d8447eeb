"""No kind stumbles over what is missing: objects that have every part and nothing in it go through the whole of their behaviour."""

import contextlib
from typing import Any

import pytest

from orrery.kinds.behaviours import BEHAVIOURS
from orrery.kinds.builtin import builtin
from orrery.kinds.kind import Kind
from orrery.kinds.structs.decoding import decode
from orrery.kinds.structs.schema import Type, struct_of
from orrery.machinery.errors import Invalid
from orrery.machinery.objects import Object, thaw

DEPTH = 9
ZEROES = {"string": "", "bool": False, "int32": 0, "int64": 0, "float64": 0, "quantity": "0", "intOrString": 0, "bytes": ""}
KINDS = [kind for kind in builtin() if kind.group_resource in BEHAVIOURS and kind.stored_as is None]


def _hollow(type_: Type, depth: int, *, written: bool) -> Any:
    """A value with every struct, list and map in it, and zero values for the rest if they are `written`; None where recursion ends."""
    if depth <= 0:
        return None
    if type_.name == "struct":
        return {
            name: value
            for name, field in type_.struct.fields.items()
            if (value := _hollow(field.type, depth - 1, written=written)) is not None
        }
    if type_.name == "list" and type_.item is not None:
        item = _hollow(type_.item, depth - 1, written=written)
        return [] if item is None else [item, item]
    if type_.name == "map" and type_.item is not None:
        item = _hollow(type_.item, depth - 1, written=written)
        return {} if item is None else {"": item}
    return ZEROES.get(type_.name) if written else None


def _object(kind: Kind, depth: int, *, written: bool) -> Object:
    declared = struct_of(kind)
    parts = {name: _hollow(field.type, depth, written=written) for name, field in declared.fields.items() if name != "metadata"}
    raw = {name: value for name, value in parts.items() if value is not None}
    return {**raw, "apiVersion": kind.api_version, "kind": kind.kind, "metadata": {"name": "hollow", "namespace": "default"}}


def _live(kind: Kind, raw: Object) -> None:
    """Everything the verbs do with an object of this kind."""
    behaviour = kind.behaviour
    obj = decode(struct_of(kind), raw, [])
    if behaviour.default is not None:
        behaviour.default(obj)
    old = thaw(obj)
    with contextlib.suppress(Invalid):
        if behaviour.prepare_create is not None:
            behaviour.prepare_create(obj)
    with contextlib.suppress(Invalid):
        if behaviour.prepare_update is not None:
            behaviour.prepare_update(obj, old)
    if behaviour.prepare_status is not None:
        behaviour.prepare_status(obj, old)
    if behaviour.validate is not None:
        behaviour.validate(obj)
    for validate in (behaviour.validate_update, behaviour.validate_status):
        if validate is not None:
            validate(obj, old)
    if behaviour.warnings is not None:
        assert all(isinstance(warning, str) for before in (None, old) for warning in behaviour.warnings(obj, before))
    if behaviour.canonicalize is not None:
        behaviour.canonicalize(obj)
    if behaviour.selectable is not None:
        assert all(isinstance(value, str) for value in behaviour.selectable(obj).values())


@pytest.mark.parametrize("written", [True, False], ids=["zeroes", "nothing"])
@pytest.mark.parametrize("depth", range(DEPTH))
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.group_resource)
def test_an_object_with_parts_but_no_content_is_judged_without_a_fault(kind: Kind, depth: int, *, written: bool) -> None:
    _live(kind, _object(kind, depth, written=written))
