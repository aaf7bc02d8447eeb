"""JSON patch (RFC 6902) and merge patch (RFC 7386), with the quirks of the libraries that upstream uses.

The object a patch is applied to may be changed and is part of the result; the patch itself is never changed.
What a patch makes is not checked here. Strategic merge patches need the schema: `kinds.strategic_merge`.
"""

import re
from collections.abc import Callable
from typing import Any, ClassVar, Final

import orjson

from orrery.machinery.errors import ApiError, BadRequest
from orrery.machinery.go_print import go_kind

_INDEX: Final = re.compile(r"[-+]?[0-9]+")
_TEXT_FIELDS: Final = ("op", "path", "from")
_JSON_NAMES: Final = {"map": "object", "slice": "array", "int64": "number", "float64": "number"}
_REJECTED: Final = "the server rejected our request due to an error in our request"


class Unpatchable(ApiError):
    """The patch cannot be applied to this object; the client is not told why."""

    code, reason = 422, "Invalid"


class PatchFailure(ApiError):
    """An error that upstream does not classify: it answers 500 without a reason."""

    code: ClassVar[int] = 500
    reason: ClassVar[str] = ""


class PatchError(ValueError):
    """The patch is malformed or cannot be applied. `code` is 400, 422 or 500."""

    def __init__(self, message: str, *, code: int = 422) -> None:
        super().__init__(message)
        self.code = code

    def api_error(self) -> ApiError:
        """What the client is told."""
        if self.code == 422:
            return Unpatchable(_REJECTED, details={})
        return BadRequest(str(self)) if self.code == 400 else PatchFailure(str(self))


def json_patch_problems(operations: Any) -> list[str]:
    """Strict errors of a JSON patch, its unknown fields, which upstream tells after the words `json patch`.

    PatchError (400) when it is no list of operations.
    """
    if not isinstance(operations, list):
        raise _no_patch(operations, "Go value of type []handlers.jsonPatchOp")
    unknown: dict[str, None] = {}
    for index, operation in enumerate(operations):
        if operation is None:
            continue
        if not isinstance(operation, dict):
            raise _no_patch(operation, "Go value of type handlers.jsonPatchOp")
        for key, value in operation.items():
            if key in _TEXT_FIELDS and not isinstance(value, str | None):
                raise _no_patch(value, f"Go struct field jsonPatchOp.{key} of type string")
            if key not in (*_TEXT_FIELDS, "value"):
                unknown[f'unknown field "[{index}].{key}"'] = None
    return list(unknown)


def _no_patch(value: Any, target: str) -> PatchError:
    kind = go_kind(value)
    return PatchError(f"error decoding patch: json: cannot unmarshal {_JSON_NAMES.get(kind, kind)} into {target}", code=400)


def json_patch(document: Any, operations: list[Any]) -> Any:
    """`document` with all operations applied in order; PatchError when one of them cannot be."""
    for operation in operations:
        kind = operation.get("op") if isinstance(operation, dict) else None
        apply = _OPERATIONS.get(kind) if isinstance(kind, str) else None
        if apply is None:
            raise PatchError(f"Unexpected kind: {kind or 'unknown'}")
        document = apply(document, operation)
    return document


def _pointer(operation: dict[str, Any], field: str) -> str:
    path = operation.get(field)
    if not isinstance(path, str):
        raise PatchError(f"operation missing {field} field: missing value")
    return path


def _find(document: Any, path: str) -> tuple[Any, str]:
    """The container that a pointer's last key is in, and that key."""
    parts = [part.replace("~1", "/").replace("~0", "~") for part in path.split("/")]
    if len(parts) < 2:
        raise _missing(path)
    container = document
    for part in parts[1:-1]:
        try:
            container = _get(container, part)
        except PatchError:
            raise _missing(path) from None
    if not isinstance(container, dict | list):
        raise _missing(path)
    return container, parts[-1]


def _missing(path: str) -> PatchError:
    return PatchError(f'operation does not apply: doc is missing path: "{path}": missing value')


def _index(items: list[Any], key: str, *, end: int) -> int:
    """The place in a list that a key names, counted from the end when negative; less than `end`."""
    if not _INDEX.fullmatch(key):
        raise PatchError(f"value was not a proper array index: '{key}'")
    index = int(key)
    if not -end <= index < end:
        raise PatchError(f"Unable to access invalid index: {index}: invalid index referenced")
    return index + end if index < 0 else index


def _get(container: Any, key: str) -> Any:
    """The value at a key; null where an object has no such key."""
    if isinstance(container, dict):
        return container.get(key)
    if isinstance(container, list):
        return container[_index(container, key, end=len(container))]
    raise _missing(key)


def _put(container: Any, key: str, value: Any) -> None:
    """Set a key of an object, or insert into a list."""
    if isinstance(container, dict):
        container[key] = value
    elif key == "-":
        container.append(value)
    else:
        container.insert(_index(container, key, end=len(container) + 1), value)


def _take(container: Any, key: str) -> None:
    if isinstance(container, list):
        del container[_index(container, key, end=len(container))]
    elif key in container:
        del container[key]
    else:
        raise PatchError(f"Unable to remove nonexistent key: {key}: missing value")


def _copy(value: Any) -> Any:
    """A value of the patch must not become shared with the object."""
    return orjson.loads(orjson.dumps(value)) if isinstance(value, dict | list) else value


def _add(document: Any, operation: dict[str, Any]) -> Any:
    container, key = _find(document, _pointer(operation, "path"))
    _put(container, key, _copy(operation.get("value")))
    return document


def _remove(document: Any, operation: dict[str, Any]) -> Any:
    _take(*_find(document, _pointer(operation, "path")))
    return document


def _replace(document: Any, operation: dict[str, Any]) -> Any:
    path, value = _pointer(operation, "path"), _copy(operation.get("value"))
    if not path:
        if not isinstance(value, dict | list):
            raise PatchError("replace operation value must be object or array")
        return value
    container, key = _find(document, path)
    if isinstance(container, dict):
        container[key] = value
    else:
        container[_index(container, key, end=len(container))] = value
    return document


def _move(document: Any, operation: dict[str, Any]) -> Any:
    source, key = _find(document, _pointer(operation, "from"))
    value = _get(source, key)
    _take(source, key)
    _put(*_find(document, _pointer(operation, "path")), value)
    return document


def _duplicate(document: Any, operation: dict[str, Any]) -> Any:
    source, key = _find(document, _pointer(operation, "from"))
    value = _copy(_get(source, key))
    _put(*_find(document, _pointer(operation, "path")), value)
    return document


def _test(document: Any, operation: dict[str, Any]) -> Any:
    path = _pointer(operation, "path")
    found = document
    if path:
        container, key = _find(document, path)
        found = _get(container, key)
    if _spelled(found) != _spelled(operation.get("value")):
        raise PatchError(f"testing value {path} failed: test failed")
    return document


def _spelled(value: Any) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


_OPERATIONS: Final[dict[str, Callable[[Any, dict[str, Any]], Any]]] = {
    "add": _add,
    "remove": _remove,
    "replace": _replace,
    "move": _move,
    "copy": _duplicate,
    "test": _test,
}


def merge_patch(document: Any, patch: Any) -> Any:
    """`document` with a merge patch applied: objects merge, null removes, all else replaces."""
    if not isinstance(patch, dict):
        return _copy(patch)
    if not isinstance(document, dict):
        return _without_nulls(patch)
    for key, value in patch.items():
        if value is None:
            document.pop(key, None)
        elif isinstance(value, dict) and isinstance(document.get(key), dict):
            merge_patch(document[key], value)
        else:
            document[key] = _without_nulls(value)
    return document


def _without_nulls(value: Any) -> Any:
    """A copy of what the patch brings in anew; nulls of its objects remove nothing and are left out."""
    if isinstance(value, dict):
        return {key: _without_nulls(each) for key, each in value.items() if each is not None}
    if isinstance(value, list):
        return [_without_nulls(each) for each in value]
    return value
