"""Strategic merge patch: a merge patch that knows from the schema which lists merge, by which key, and in which order.

Follows apimachinery's `util/strategicpatch` with all its directives: `$patch: replace|delete|merge`, `$deleteFromPrimitiveList/…`,
`$setElementOrder/…`, `$retainKeys`. What a patch brings in anew is taken as it is, without a look at the schema.
"""

from collections.abc import Iterable
from typing import Any, Final

from orrery.kinds.structs.schema import Field, Struct, Type
from orrery.machinery.field_errors import go_quote
from orrery.machinery.go_print import go_print, go_type
from orrery.machinery.objects import Object
from orrery.machinery.patches import PatchError

_DIRECTIVE: Final = "$patch"
_RETAIN: Final = "$retainKeys"
_DELETE_FROM: Final = "$deleteFromPrimitiveList"
_ORDER: Final = "$setElementOrder"
_BAD_RETAIN: Final = "invalid patch format of retainKeys"
_BAD_DELETE: Final = "invalid patch format of primitive list"
_BAD_ORDER: Final = "invalid patch format of setElementOrder list"


def strategic_merge(declared: Struct, document: Object, patch: Object) -> Object:
    """`document`, which may be changed, with the patch applied. PatchError with upstream's message and code."""
    return _merge_map(document, _copied(patch), Type("struct", declared.go, struct_id=declared.id))


def _copied(value: Any) -> Any:
    """A copy that merging may take apart; whole floats become integers, because that is how Go writes them back."""
    if isinstance(value, dict):
        return {key: _copied(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_copied(each) for each in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _unclassified(message: str) -> PatchError:
    return PatchError(message, code=500)


def _field(type_: Type, key: str) -> Field:
    """The field of a struct; upstream's complaint when the value is no struct or has no such field."""
    if type_.name == "struct":
        declared = type_.struct
        found = declared.fields.get(key) or next((each for name, each in declared.fields.items() if name.lower() == key.lower()), None)
        if found is not None:
            return found
        raise _unclassified(f"unable to find api field in struct {declared.go_name} for the json field {go_quote(key)}")
    if type_.name in ("raw", "fieldsV1", "any", "quantity", "time", "microTime", "intOrString"):
        raise _unclassified(f"unable to find api field in struct {type_.go.rpartition('.')[2]} for the json field {go_quote(key)}")
    kind = {"list": "slice", "bytes": "slice"}.get(type_.name, type_.name)
    raise _unclassified(f"merging an object in json but data type is not struct, instead is: {kind}")


def _strategy(field: Field) -> str:
    """The one strategy of a field beside retainKeys."""
    return next((each for each in field.strategies if each != "retainKeys"), "")


def _item_type(field: Field) -> Type:
    return field.type.item if field.type.item is not None and field.type.name == "list" else field.type


def _merge_map(original: Object, patch: Object, type_: Type) -> Object:
    if _DIRECTIVE in patch:
        return _by_directive(patch)
    _retain_keys(original, patch)
    for key in [key for key in patch if key.startswith(_ORDER)]:
        _merge_ordered(original, patch, key, type_=type_)
    for key, value in patch.items():
        if key.startswith(_DELETE_FROM):
            _delete_from_list(original, _plain_key(key, _DELETE_FROM, _BAD_DELETE), value, type_=type_)
        else:
            _merge_value(original, key, value, type_=type_)
    return original


def _by_directive(patch: Object) -> Object:
    directive = patch[_DIRECTIVE]
    if directive == "replace":
        del patch[_DIRECTIVE]
        return patch
    if directive == "delete":
        return {}
    raise _bad_directive(directive, patch)


def _bad_directive(directive: Any, holder: Object) -> PatchError:
    return _unclassified(f"unknown patch type: {go_print(directive)} in map: {go_print(holder)}")


def _plain_key(key: str, prefix: str, complaint: str) -> str:
    start, slash, plain = key.partition("/")
    if not slash or start != prefix:
        raise PatchError(complaint, code=400)
    return plain


def _retain_keys(original: Object, patch: Object) -> None:
    """`$retainKeys` names all keys that may remain; a patch that sets another one is malformed."""
    if _RETAIN not in patch:
        return
    retained = patch.pop(_RETAIN)
    if not isinstance(retained, list):
        raise PatchError(_BAD_RETAIN, code=400)
    for key, value in patch.items():
        if value is not None and not key.startswith((_DELETE_FROM, _ORDER)) and key not in retained:
            raise PatchError(_BAD_RETAIN, code=400)
    for key in [key for key in original if key not in retained]:
        del original[key]


def _merge_value(original: Object, key: str, value: Any, *, type_: Type) -> None:
    if value is None:
        original.pop(key, None)
        return
    present = original.get(key)
    if isinstance(value, dict) and isinstance(present, dict):
        field = _field(type_, key)
        original[key] = value if _strategy(field) == "replace" else _merge_map(present, value, field.type)
    elif isinstance(value, list) and isinstance(present, list):
        field = _field(type_, key)
        original[key] = _merge_by_strategy(present, value, field)
    else:
        _set_new(original, key, value)


def _set_new(original: Object, key: str, value: Any) -> None:
    """Take what the patch brings; nulls and directives inside it mean nothing."""
    _discard_nulls(value)
    kept, taken = _without_directives(value)
    if taken:
        original[key] = kept
    else:
        original.pop(key, None)


def _discard_nulls(value: Any) -> None:
    if isinstance(value, dict):
        for key in [key for key, each in value.items() if each is None]:
            del value[key]
        for each in value.values():
            _discard_nulls(each)
    elif isinstance(value, list):
        for each in value:
            _discard_nulls(each)


def _without_directives(value: Any) -> tuple[Any, bool]:
    """The value, and whether to keep it: an object with a directive is nothing but that."""
    if isinstance(value, dict):
        if _DIRECTIVE in value:
            return None, False
        kept = {key: _without_directives(each) for key, each in value.items()}
        return {key: each for key, (each, keep) in kept.items() if keep}, True
    if isinstance(value, list):
        return [each for each, keep in map(_without_directives, value) if keep], True
    return value, True


def _delete_from_list(original: Object, key: str, value: Any, *, type_: Type) -> None:
    present = original.get(key)
    if value is None:
        original.pop(key, None)
    if not isinstance(present, list) or not isinstance(value, list):
        return
    field = _field(type_, key)
    if not present and not value:
        return
    if _element_kind(present, value) is dict:
        original[key] = _merge_list(present, value, field)
    else:
        original[key] = [each for each in present if each not in value]


def _merge_by_strategy(original: list[Any], patch: list[Any], field: Field) -> list[Any]:
    return _merge_list(original, patch, field) if _strategy(field) == "merge" else patch


def _element_kind(*lists: list[Any]) -> type:
    """The one class of all items."""
    kinds = {type(item) for items in lists for item in items}
    if list in kinds:
        raise PatchError("lists of lists are not supported")
    if len(kinds) > 1:
        raise _unclassified(f"list element types are not identical: [{' '.join(go_print(items) for items in lists)}]")
    if not kinds:
        raise _unclassified("no elements in any of the given slices")
    return kinds.pop()


def _merge_list(original: list[Any], patch: list[Any], field: Field) -> list[Any]:
    """The union of two lists: items of the patch in the patch's order, the server's own in theirs."""
    if not original and not patch:
        return original
    key = field.merge_key
    if _element_kind(original, patch) is not dict:
        merged = _unique([*original, *patch])
        order = patch
        return _in_order(merged, order, original, key="")
    if not key:
        raise _unclassified(f"cannot merge lists without merge key for {_item_type(field).name}")
    original, patch = _apply_item_directives(original, patch, key)
    merged = _merge_items(list(original), patch, field)
    return _in_order(merged, patch, original, key=key)


def _unique(items: Iterable[Any]) -> list[Any]:
    seen: list[Any] = []
    for item in items:
        if item not in seen:
            seen.append(item)
    return seen


def _apply_item_directives(original: list[Any], patch: list[Any], key: str) -> tuple[list[Any], list[Any]]:
    """Items that carry `$patch` delete an item of the original, or make the patch replace the whole list."""
    plain, is_replaced = [], False
    for item in patch:
        directive = item.get(_DIRECTIVE)
        if _DIRECTIVE not in item:
            plain.append(item)
        elif directive == "delete":
            value = _key_of(item, key)
            original = [each for each in original if not (key in each and each[key] == value)]
        elif directive == "replace":
            is_replaced = True
        elif directive == "merge":
            raise _unclassified("merging lists cannot yet be specified in the patch")
        else:
            raise _bad_directive(directive, item)
    return (plain, []) if is_replaced else (original, plain)


def _key_of(item: Any, key: str) -> Any:
    if not isinstance(item, dict):
        raise _unclassified(f"expected a map[string]interface {{}}, but received a {go_type(item)}")
    if key not in item:
        raise _unclassified(f"map: {go_print(item)} does not contain declared merge key: {key}")
    return item[key]


def _merge_items(items: list[Any], patch: list[Any], field: Field) -> list[Any]:
    for item in patch:
        value = _key_of(item, field.merge_key)
        place = next((at for at, each in enumerate(items) if field.merge_key in each and each[field.merge_key] == value), None)
        if place is None:
            items.append(item)
        else:
            items[place] = _merge_map(items[place], item, _item_type(field))
    return items


def _merge_ordered(original: Object, patch: Object, directive: str, *, type_: Type) -> None:
    """Handle `$setElementOrder/key` together with the list it orders, and take both out of the patch."""
    order = patch.pop(directive)
    if not isinstance(order, list):
        raise _unclassified(f"expected a []interface {{}}, but received a {go_type(order)}")
    key = _plain_key(directive, _ORDER, _BAD_ORDER)
    present, wanted = original.get(key), patch.get(key)
    for found, holder in ((present, original), (wanted, patch)):
        if key in holder and not isinstance(found, list):
            raise _unclassified(f"expected a []interface {{}}, but received a {go_type(found)}")
    field = _field(type_, key)
    _check_order(wanted or [], order, field.merge_key)
    if present is None and wanted is None:
        return
    if present is None:
        merged: list[Any] = _without_directives(wanted)[0]
    else:
        merged = present if wanted is None else _merge_by_strategy(list(present), wanted, field)
    _element_kind(present or [], wanted or [])
    original[key] = _in_order(merged, order, present or [], key=field.merge_key)
    patch.pop(key, None)


def _check_order(patch: list[Any], order: list[Any], key: str) -> None:
    """All items of the patch that are not deleted must be in the order, one after the other."""
    remaining = [item for item in patch if not (isinstance(item, dict) and _DIRECTIVE in item)]
    if not order or not patch:
        return
    at = 0
    for place in order:
        if at == len(remaining):
            return
        left, right = (remaining[at], place) if not key else (_key_of(remaining[at], key), _key_of(place, key))
        at += left == right
    if at < len(remaining):
        raise _unclassified(f"The order in patch list:\n{go_print(patch)}\n doesn't match {_ORDER} list:\n{go_print(order)}\n")


def _in_order(items: list[Any], order: list[Any], server_order: list[Any], *, key: str) -> list[Any]:
    """Weave the items that `order` names, in its order, with the others in the server's; where nothing decides, the named go first."""

    def identity(item: Any) -> Any:
        return _key_of(item, key) if key else item

    named = [identity(item) for item in order]
    before = [identity(item) for item in server_order]
    wanted = sorted((item for item in items if identity(item) in named), key=lambda item: named.index(identity(item)))
    others = [item for item in items if identity(item) not in named]
    others.sort(key=lambda item: before.index(identity(item)) if identity(item) in before else -1)
    woven: list[Any] = []
    while wanted and others:
        left, right = identity(others[0]), identity(wanted[0])
        goes_first = left in before and right in before and before.index(left) < before.index(right)
        woven.append(others.pop(0) if goes_first else wanted.pop(0))
    return [*woven, *others, *wanted]
