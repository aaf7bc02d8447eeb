"""JSON values as Go prints them: `%v` of maps and lists, names of types and kinds, label selectors. Messages need them."""

from collections.abc import Mapping
from typing import Any


def go_print(value: Any) -> str:
    """As %v prints it.

    >>> go_print({"b": [1, "x"], "a": None})
    'map[a:<nil> b:[1 x]]'
    """
    if isinstance(value, dict):
        return "map[" + " ".join(f"{key}:{go_print(value[key])}" for key in sorted(value)) + "]"
    if isinstance(value, list):
        return "[" + " ".join(go_print(each) for each in value) + "]"
    if value is None:
        return "<nil>"
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:g}" if isinstance(value, float) else str(value)


def go_type(value: Any) -> str:
    """The Go type a decoded JSON value has: `map[string]interface {}`, `int64` …"""
    if isinstance(value, dict):
        return "map[string]interface {}"
    if isinstance(value, list):
        return "[]interface {}"
    return "%!s(<nil>)" if value is None else go_kind(value)


def go_kind(value: Any) -> str:
    """The kind of that type: map, slice, string, bool, int64, float64."""
    if isinstance(value, bool):
        return "bool"
    names: dict[type, str] = {dict: "map", list: "slice", str: "string", int: "int64", float: "float64"}
    return names.get(type(value), "invalid")


def go_label_selector(selector: Mapping[str, Any] | None) -> str:
    """As Go prints a pointer to a LabelSelector."""
    if selector is None:
        return "nil"
    labels = "".join(f"{key}: {value}," for key, value in sorted((selector.get("matchLabels") or {}).items()))
    expressions = "".join(
        f"LabelSelectorRequirement{{Key:{one['key']},Operator:{one['operator']},Values:[{' '.join(one.get('values') or ())}],}},"
        for one in selector.get("matchExpressions") or ()
    )
    return f"&LabelSelector{{MatchLabels:map[string]string{{{labels}}},MatchExpressions:[]LabelSelectorRequirement{{{expressions}}},}}"
