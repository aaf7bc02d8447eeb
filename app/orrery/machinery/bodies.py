"""Bodies of requests as values: JSON and YAML with Go's complaints, and the fields that are written twice.

Follows sigs.k8s.io/json. The words around a complaint (what the body was meant to be) are the caller's. YAML is `yaml_bodies`' work.
"""

import json
from typing import Any, Final

import orjson

from orrery.machinery.field_errors import go_quote
from orrery.machinery.json_syntax import json_syntax_error

_DUPLICATES_MAX: Final = 100


class SyntaxProblem(ValueError):
    """The body does not parse; the text is Go's."""


def parse_json(data: bytes) -> tuple[Any, list[str]]:
    """The value, and a strict error (`duplicate field "spec.x"`) for each field written twice, of which the last one counts."""
    try:
        value = orjson.loads(data)
    except orjson.JSONDecodeError:
        value = _unusual(data)
    if _has_each_key_once(data, value):
        return value, []
    return value, duplicate_fields(data)


def _unusual(data: bytes) -> Any:
    """What orjson refuses and Go accepts: numbers beyond a float, broken Unicode, which Go replaces."""
    problem = json_syntax_error(data)
    if problem:
        raise SyntaxProblem(problem)
    try:
        return json.loads(data.decode(errors="replace"))
    except (ValueError, RecursionError):
        raise SyntaxProblem("exceeded max depth") from None


def _has_each_key_once(data: bytes, value: Any) -> bool:
    """Whether as many keys were kept as the text has; a quick count that may say no wrongly, but not yes."""
    may_be_spaced = b'" :' in data or b'"\n' in data or b'"\t' in data or b'"\r' in data
    text = data.translate(None, b" \t\r\n") if may_be_spaced else data
    try:
        return text.count(b'":') == orjson.dumps(value).count(b'":')
    except orjson.JSONEncodeError:
        return False


class _Pairs(list[tuple[str, Any]]):
    """An object as it is written, with repetitions."""


def duplicate_fields(data: bytes) -> list[str]:
    """Strict errors for the fields that are written twice, in the order of the text."""
    found: dict[str, None] = {}
    try:
        _collect(json.loads(data.decode(errors="replace"), object_pairs_hook=_Pairs), "", found)
    except (ValueError, RecursionError):
        return []
    return [f"duplicate field {go_quote(path)}" for path in list(found)[:_DUPLICATES_MAX]]


def _collect(value: Any, path: str, found: dict[str, None]) -> None:
    if isinstance(value, _Pairs):
        seen: set[str] = set()
        for key, each in value:
            inner = f"{path}.{key}" if path else key
            if key in seen:
                found[inner] = None
            seen.add(key)
            _collect(each, inner, found)
    elif isinstance(value, list):
        for index, each in enumerate(value):
            _collect(each, f"{path}[{index}]", found)


def parse_yaml(data: bytes) -> tuple[Any, list[str]]:
    """The first document of a YAML text as the JSON value it stands for, keys sorted, and its strict errors.

    A PyYAML import costs 20 ms, so it waits until somebody sends YAML.
    """
    from orrery.machinery.yaml_bodies import YamlProblem, read_document

    try:
        return read_document(data)
    except YamlProblem as problem:
        raise SyntaxProblem(str(problem)) from None
