"""Structures inside error messages: upstream prints its own, field by field in their order, where a plain dict would be sorted."""

from collections.abc import Iterable
from typing import Any

import orjson

from orrery.machinery.field_errors import go_json


def go_struct(fields: Iterable[tuple[str, Any]]) -> orjson.Fragment:
    """What json.Marshal makes of a struct: every field, in the order given."""
    inner = ",".join(f'"{name}":{go_json(value)}' for name, value in fields)
    return orjson.Fragment(f"{{{inner}}}".encode())
