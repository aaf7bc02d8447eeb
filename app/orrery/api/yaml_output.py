"""YAML as upstream's library prints it: keys sorted, block style, double quotes around strings that would read as something else."""

from typing import Any

import yaml

_ONE_LETTER_BOOLEANS = frozenset("yYnN")  # In YAML 1.1, though PyYAML does not read them so.
_Dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


class _GoStyle(_Dumper):  # type: ignore[misc, valid-type]
    """Strings in Go's styles, and no anchors for shared parts."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _represent_text(dumper: Any, text: str) -> Any:
    if "\n" in text and not text.startswith((" ", "\n")):
        return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|")
    looks_like_text = text not in _ONE_LETTER_BOOLEANS and dumper.resolve(yaml.ScalarNode, text, (True, False)) == "tag:yaml.org,2002:str"
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=None if looks_like_text else '"')


_GoStyle.add_representer(str, _represent_text)


def dump(obj: Any) -> bytes:
    text: str = yaml.dump(obj, Dumper=_GoStyle, default_flow_style=False, allow_unicode=True, sort_keys=True)
    return text.encode()
