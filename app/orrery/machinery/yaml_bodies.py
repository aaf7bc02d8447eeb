"""YAML as the API server reads it: the first document, by the rules of YAML 1.1 in go-yaml's dialect, as a JSON value.

Works on libyaml's events, so depth and the expansion of aliases have a limit before anything is built.
Follows sigs.k8s.io/yaml: words like `yes`, `on` and `y` are booleans, times are strings, keys become strings and are sorted.
"""

import base64
import binascii
import math
import re
from typing import Any, Final

import yaml

from orrery.machinery.field_errors import go_quote

DEPTH_MAX: Final = 200
VALUES_MAX: Final = 1_000_000
"""Values in one document, those that aliases repeat included."""

_LOADER: Final[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_TAG: Final = "tag:yaml.org,2002:"
_WORDS: Final[dict[str, Any]] = {
    **dict.fromkeys(("y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"), True),
    **dict.fromkeys(("n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"), False),
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), math.nan),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), math.inf),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), -math.inf),
}
_INTEGER: Final = re.compile(r"[-+]?(?:0[xX][0-9a-fA-F]+|0[oO][0-7]+|0[bB][01]+|0[0-7]*|[1-9][0-9]*)")
_FLOAT: Final = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_MERGE: Final = object()
_OLD_OCTAL: Final = re.compile(r"([-+]?)0([0-7]+)")


class YamlProblem(ValueError):
    """Not YAML, or no JSON can say the same; the text is upstream's."""


class _Mapping(list[tuple[Any, Any]]):
    """A mapping before its keys become strings: pairs in the order written, merged ones already there."""


def read_document(data: bytes) -> tuple[Any, list[str]]:
    """The value, and a single strict error that names every key set twice."""
    if b"\0" in data:
        raise YamlProblem("yaml: control characters are not allowed")
    reader = _Reader(data)
    try:
        value = reader.document()
    except yaml.YAMLError as error:
        raise YamlProblem(f"yaml: {_words(error)}") from None
    finally:
        reader.close()
    strict = ["yaml: unmarshal errors:\n  " + "\n  ".join(reader.repeated)] if reader.repeated else []
    return value, strict


def _words(error: yaml.YAMLError) -> str:
    """The problem with the line as go-yaml counts it."""
    if isinstance(error, yaml.reader.ReaderError):
        return str(error.reason)
    if not isinstance(error, yaml.MarkedYAMLError):
        return str(error)
    line = error.problem_mark.line if error.problem_mark else 0
    if line:
        line += isinstance(error, yaml.scanner.ScannerError)
    elif error.context_mark:
        line = error.context_mark.line
    return f"line {line}: {error.problem}" if line else str(error.problem)


class _Reader:
    """Builds one document from events; anchors are kept as built values and copied where they are used."""

    def __init__(self, data: bytes) -> None:
        self.loader = _LOADER(data)
        self.anchors: dict[str, Any] = {}
        self.repeated: list[str] = []
        self.values = 0

    def close(self) -> None:
        self.loader.dispose()

    def document(self) -> Any:
        self.loader.get_event()
        if not self.loader.check_event(yaml.DocumentStartEvent):
            return None
        self.loader.get_event()
        return _json_value(self.value(self.loader.get_event(), 0), self)

    def count(self) -> None:
        self.values += 1
        if self.values > VALUES_MAX:
            raise YamlProblem("yaml: document contains excessive aliasing")

    def value(self, event: Any, depth: int) -> Any:
        self.count()
        if depth > DEPTH_MAX:
            # DIFFERS: upstream nests 10,000 deep; we stop earlier, because no object of the API comes near.
            raise YamlProblem("yaml: exceeded max depth of 10000")
        if isinstance(event, yaml.AliasEvent):
            if event.anchor not in self.anchors:
                raise YamlProblem(f"yaml: unknown anchor '{event.anchor}' referenced")
            found = self.anchors[event.anchor]
            if found is _PENDING:
                raise YamlProblem(f"yaml: anchor '{event.anchor}' value contains itself")
            return found
        if event.anchor:
            self.anchors[event.anchor] = _PENDING
        built = self.built(event, depth)
        if event.anchor:
            self.anchors[event.anchor] = built
        return built

    def built(self, event: Any, depth: int) -> Any:
        if isinstance(event, yaml.ScalarEvent):
            return _scalar(event)
        if isinstance(event, yaml.SequenceStartEvent):
            items = []
            while not isinstance(event := self.loader.get_event(), yaml.SequenceEndEvent):
                items.append(self.value(event, depth + 1))
            return items
        return self.mapping(depth)

    def mapping(self, depth: int) -> _Mapping:
        pairs: dict[Any, tuple[Any, Any]] = {}
        merged: list[_Mapping] = []
        while not isinstance(event := self.loader.get_event(), yaml.MappingEndEvent):
            key = self.value(event, depth + 1)
            event = self.loader.get_event()
            line = event.start_mark.line + 1
            value = self.value(event, depth + 1)
            if key is _MERGE:
                merged += _to_merge(value)
                continue
            if isinstance(key, list):
                raise YamlProblem(f"yaml: invalid map key: {_go_syntax(key)}")
            identity = (type(key), key)
            if identity in pairs:
                self.repeated.append(f"line {line}: key {_go_syntax(key)} already set in map")
            pairs[identity] = (key, value)
        for each in merged:
            for key, value in each:
                pairs.setdefault((type(key), key), (key, value))
        return _Mapping(pairs.values())


_PENDING: Final = object()


def _to_merge(value: Any) -> list[_Mapping]:
    """The mappings that `<<` names, one or a list of them."""
    items = value if isinstance(value, list) and not isinstance(value, _Mapping) else [value]
    mappings = [item for item in items if isinstance(item, _Mapping)]
    if len(mappings) < len(items):
        raise YamlProblem("yaml: map merge requires map or sequence of maps as the value")
    return mappings


def _scalar(event: Any) -> Any:
    tag, text = event.tag or "", event.value
    is_plain = event.style in (None, "")
    short = tag.removeprefix(_TAG) if tag.startswith(_TAG) else ""
    if short == "binary":
        try:
            return base64.b64decode("".join(text.split()), validate=True).decode(errors="replace")
        except binascii.Error:
            raise YamlProblem("yaml: !!binary value contains invalid base64 data") from None
    if short == "str" or (tag and not short and tag != "!") or (not tag and not is_plain) or tag == "!":
        return text
    if text == "<<" and is_plain:
        return _MERGE
    resolved = _resolved(text)
    if short == "float" and isinstance(resolved, int) and not isinstance(resolved, bool):
        return float(resolved)
    if short and short not in _names_of(resolved):
        raise YamlProblem(f"yaml: cannot decode !!{_names_of(resolved)[0]} `{text}` as a !!{short}")
    return resolved


def _names_of(value: Any) -> tuple[str, ...]:
    if value is None:
        return ("null",)
    if isinstance(value, bool):
        return ("bool",)
    if isinstance(value, int):
        return ("int",)
    return ("float",) if isinstance(value, float) else ("str", "timestamp")


def _resolved(text: str) -> Any:
    """What a plain word means."""
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in "+-.0123456789":
        return text
    plain = text.replace("_", "")
    if _INTEGER.fullmatch(plain):
        number = int(_OLD_OCTAL.sub(r"\g<1>0o\2", plain) if _OLD_OCTAL.fullmatch(plain) else plain, 0)
        if -(2**63) <= number < 2**64:
            return number
    if _FLOAT.fullmatch(plain if text[0] != "." else text):
        return float(plain)
    return text


def _json_value(value: Any, reader: _Reader) -> Any:
    """The value in JSON's terms: string keys in order, whole floats as integers."""
    if isinstance(value, _Mapping):
        return {key: _json_value(each, reader) for key, each in sorted(_string_keys(value, reader))}
    if isinstance(value, list):
        reader.count()
        return [_json_value(each, reader) for each in value]
    if isinstance(value, float):
        return _json_number(value)
    return "<<" if value is _MERGE else value


def _string_keys(mapping: _Mapping, reader: _Reader) -> list[tuple[str, Any]]:
    keyed: dict[str, Any] = {}
    for key, value in mapping:
        reader.count()
        if key is None:
            raise YamlProblem(
                f"unsupported map key of type: %!s(<nil>), key: <nil>, value: {'<nil>' if value is None else _go_syntax(value)}"
            )
        keyed[_key_text(key)] = value
    return [(key, keyed[key]) for key in sorted(keyed)]


def _key_text(key: Any) -> str:
    if isinstance(key, bool):
        return "true" if key else "false"
    return f"{key:g}" if isinstance(key, float) else str(key)


def _json_number(value: float) -> int | float:
    if not math.isfinite(value):
        name = "NaN" if math.isnan(value) else "+Inf" if value > 0 else "-Inf"
        raise YamlProblem(f"json: unsupported value: {name}")
    return int(value) if value.is_integer() and abs(value) < 1e21 else value


def _go_syntax(value: Any) -> str:
    """A value as Go's %#v prints it."""
    if isinstance(value, _Mapping):
        inner = ", ".join(f"{_go_syntax(key)}:{_go_syntax(each)}" for key, each in value)
        return f"map[interface {{}}]interface {{}}{{{inner}}}"
    if isinstance(value, list):
        return "[]interface {}{" + ", ".join(_go_syntax(each) for each in value) + "}"
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return "interface {}(nil)"
    return go_quote(value) if isinstance(value, str) else f"{value:g}" if isinstance(value, float) else str(value)
