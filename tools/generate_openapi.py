#!/usr/bin/env python3
"""Writes the API that Orrery serves to `openapi/served/`: a document for every group version, and one for Orrery's own API.

Of upstream's documents only the shape, never the prose. `make openapi` runs it; `--check` fails when a file is out of date, as
tests/test_openapi.py does.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

from orrery.api.openapi.descriptions import NoDescriptions
from orrery.api.openapi.own import own_document
from orrery.api.openapi.specs import Specs
from orrery.cluster import new_cluster
from orrery.kinds.builtin import builtin
from orrery.machinery.clock import VirtualClock
from orrery.settings import Settings

TARGET = Path(__file__).resolve().parent.parent / "openapi" / "served"
_LINE_WIDTH = 140


def served() -> dict[str, str]:
    """All documents as text, by the names of their files."""
    specs = Specs(builtin())
    found = {file_name(name): without_prose(specs.make(name, NoDescriptions())) for name in specs.group_versions()}
    found["orrery-v1.json"] = own_document(new_cluster(VirtualClock(), Settings()).app().new_web())
    return {name: text(document) for name, document in found.items()}


def file_name(name: str) -> str:
    """`apis/apps/v1` is apps-v1.json, `api/v1` is core-v1.json."""
    root, _, rest = name.partition("/")
    return f"{'core/' if root == 'api' else ''}{rest}.json".replace("/", "-")


def without_prose(value: Any) -> Any:
    """The same without descriptions, but for those of responses, which must have one: `OK`."""
    if isinstance(value, list):
        return [without_prose(each) for each in value]
    if not isinstance(value, dict):
        return value
    found = {key: without_prose(each) for key, each in value.items() if key != "description" or not isinstance(each, str)}
    for code, answer in value.get("responses", {}).items():
        found["responses"][code] = {"description": answer["description"], **found["responses"][code]}
    return found


def text(document: dict[str, Any]) -> str:
    """JSON with a line for whatever fits in one, so that a change shows where it is."""
    return _lines(document, "") + "\n"


def _lines(value: Any, indent: str) -> str:
    flat = orjson.dumps(value).decode()
    if len(flat) + len(indent) <= _LINE_WIDTH or not isinstance(value, dict | list) or not value:
        return flat
    inner = indent + " "
    entries: Iterator[str]
    if isinstance(value, dict):
        entries = (f"{orjson.dumps(key).decode()}: {_lines(each, inner)}" for key, each in value.items())
        opening, closing = "{", "}"
    else:
        entries = (_lines(each, inner) for each in value)
        opening, closing = "[", "]"
    body = ",\n".join(inner + entry for entry in entries)
    return f"{opening}\n{body}\n{indent}{closing}"


def stale(documents: dict[str, str]) -> list[str]:
    """The files that differ from what is served, and those that nothing is served for."""
    there = {path.name: path.read_text() for path in TARGET.glob("*.json")}
    return sorted(name for name in there.keys() | documents.keys() if there.get(name) != documents.get(name))


def main() -> int:
    documents = served()
    changed = stale(documents)
    if "--check" in sys.argv:
        print("out of date:" if changed else "up to date", ", ".join(changed))
        return 1 if changed else 0
    TARGET.mkdir(parents=True, exist_ok=True)
    for name in changed:
        path = TARGET / name
        if name in documents:
            path.write_text(documents[name])
        else:
            path.unlink()
    print("written:" if changed else "up to date", ", ".join(changed))
    return 0


if __name__ == "__main__":
    sys.exit(main())
