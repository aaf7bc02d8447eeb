"""Values of errors that upstream prints as Go structs: JSON with the fields in Go's order and under Go's names."""

from collections.abc import Iterable
from typing import Any

import orjson

from orrery.machinery.field_errors import go_json


def go_struct(fields: Iterable[tuple[str, Any]]) -> orjson.Fragment:
    """What json.Marshal makes of a struct: every field, in the order given; a Fragment prints as it is."""
    inner = ",".join(f'"{name}":{_json(value)}' for name, value in fields)
    return orjson.Fragment(f"{{{inner}}}".encode())


def _json(value: Any) -> str:
    return go_json(value) if value is not None else "null"
