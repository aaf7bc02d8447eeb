"""Differences of two structures inside error messages, as upstream's `util/diff` prints them: a unified diff of pretty JSON."""

import difflib
import json
from typing import Any


def go_diff(old: Any, new: Any) -> str:
    """The changed lines with three of context, without file names; keys in the order given."""
    before, after = (json.dumps(value, indent=1, ensure_ascii=False).splitlines(keepends=True) for value in (old, new))
    before[-1] += "\n"
    after[-1] += "\n"
    lines = list(difflib.unified_diff(before, after, n=3))
    return "".join(lines[2:])
