"""Validation errors of one field, and the list of them that makes an Invalid answer.

Follows apimachinery's `util/validation/field`: types, bodies and texts are upstream's to the byte.
A path is a plain string: `spec.containers[0].name`, `metadata.labels[key]`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

import orjson

OMITTED: Final = object()
"""Stands for a value that must not be printed."""

_TITLES: Final = {
    "FieldValueNotFound": "Not found",
    "FieldValueRequired": "Required value",
    "FieldValueDuplicate": "Duplicate value",
    "FieldValueInvalid": "Invalid value",
    "FieldValueNotSupported": "Unsupported value",
    "FieldValueForbidden": "Forbidden",
    "FieldValueTooLong": "Too long",
    "FieldValueTooMany": "Too many",
    "FieldValueTypeInvalid": "Invalid value",
    "InternalError": "Internal error",
}
_WITHOUT_VALUE: Final = frozenset({"FieldValueRequired", "FieldValueForbidden", "FieldValueTooLong", "InternalError"})
_ESCAPES: Final = {
    '"': '\\"',
    "\\": "\\\\",
    "\n": "\\n",
    "\t": "\\t",
    "\r": "\\r",
    "\a": "\\a",
    "\b": "\\b",
    "\f": "\\f",
    "\v": "\\v",
}


def go_quote(text: str) -> str:
    """`text` as Go's %q prints it: double quotes, backslash escapes, printable Unicode kept.

    >>> go_quote('a"b')
    '"a\\\\"b"'
    """
    if text.isascii() and text.isprintable() and '"' not in text and "\\" not in text:
        return f'"{text}"'
    return '"' + "".join(_ESCAPES.get(char) or (char if char.isprintable() else _escape(char)) for char in text) + '"'


def _escape(char: str) -> str:
    code = ord(char)
    if code < 0x80:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def go_json(value: Any) -> str:
    """`value` as Go's json.Marshal prints a map: sorted keys, and `<`, `>`, `&` escaped."""
    text = orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


@dataclass(frozen=True, slots=True)
class FieldError:
    """What is wrong with one field: `type` is upstream's cause type (`FieldValueInvalid` …)."""

    type: str
    field: str
    value: Any
    detail: str

    @property
    def body(self) -> str:
        """The error without its field, as a cause's message."""
        text = _TITLES[self.type]
        if self.type not in _WITHOUT_VALUE and self.value is not OMITTED:
            text = f"{text}: {_printed(self.value)}"
        return f"{text}: {self.detail}" if self.detail else text

    def __str__(self) -> str:
        return f"{self.field}: {self.body}"


def _printed(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, str):
        return go_quote(value)
    return go_json(value)


def required(path: str, detail: str = "") -> FieldError:
    return FieldError("FieldValueRequired", path, "", detail)


def invalid(path: str, value: Any, detail: str) -> FieldError:
    return FieldError("FieldValueInvalid", path, value, detail)


def type_invalid(path: str, value: Any, detail: str) -> FieldError:
    return FieldError("FieldValueTypeInvalid", path, value, detail)


def duplicate(path: str, value: Any) -> FieldError:
    return FieldError("FieldValueDuplicate", path, value, "")


def not_found(path: str, value: Any) -> FieldError:
    return FieldError("FieldValueNotFound", path, value, "")


def forbidden(path: str, detail: str) -> FieldError:
    return FieldError("FieldValueForbidden", path, "", detail)


def not_supported(path: str, value: Any, supported: Iterable[str]) -> FieldError:
    """`supported` is printed in the order given; upstream sorts where its source sorts (most enums: sorted)."""
    names = ", ".join(go_quote(name) for name in supported)
    return FieldError("FieldValueNotSupported", path, value, f"supported values: {names}" if names else "")


def too_long(path: str, max_bytes: int) -> FieldError:
    unit = "byte" if max_bytes == 1 else "bytes"
    return FieldError("FieldValueTooLong", path, OMITTED, f"may not be more than {max_bytes} {unit}")


def too_many(path: str, actual: int, most: int) -> FieldError:
    unit = "item" if most == 1 else "items"
    return FieldError("FieldValueTooMany", path, actual, f"must have at most {most} {unit}")


def internal(path: str, detail: str) -> FieldError:
    return FieldError("InternalError", path, None, detail)


def aggregate(errors: Iterable[FieldError]) -> str:
    """The errors as one sentence: a single one as it is, several in brackets, each text once."""
    texts = list(dict.fromkeys(str(error) for error in errors))
    return texts[0] if len(texts) == 1 else "[" + ", ".join(texts) + "]"
