"""Differences of two structures inside error messages, as upstream's `util/diff` prints them: a unified diff of pretty JSON."""

import difflib
import json
from typing import Any


def go_diff(old: Any, new: Any) -> str:
    """The changed lines with three of context, without file names; keys in the order given."""
    before, after = (_lines(value) for value in (old, new))
    return "".join(list(difflib.unified_diff(before, after, n=3))[2:])


def _lines(value: Any) -> list[str]:
    text = json.dumps(value, indent=1, ensure_ascii=False)
    text = text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
    return [f"{line}\n" for line in text.split("\n")]
