"""Structures inside error messages: upstream prints its own, field by field in their order, where a plain dict would be sorted."""

from collections.abc import Mapping
from typing import Any

import orjson


def in_order(value: Mapping[str, Any]) -> orjson.Fragment:
    """`value` as JSON with its keys as they come."""
    return orjson.Fragment(orjson.dumps(value))
