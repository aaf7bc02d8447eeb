"""What the official images' Dockerfiles have said, version by version (`tools/record_image_facts.py` writes the files beside this one)."""

import json
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, NamedTuple

_FOLDER: Final = Path(__file__).resolve().parent


class Facts(NamedTuple):
    """One version in one variant."""

    base: str
    """What its FROM says: `debian:trixie-slim`."""
    environment: Mapping[str, str]


def numbers(version: str) -> tuple[int, ...]:
    """`1.25.3` as numbers, to compare; nothing for what is no version."""
    parts = version.removeprefix("v").split(".")
    return tuple(int(part) for part in parts) if all(part.isdigit() for part in parts) else ()


def full_version(name: str, version: str) -> str:
    """The newest recorded version that begins so: 25.2.1 for node's 25.2; what was asked for when there is none."""
    return max((one for one in _table(name) if f"{one}.".startswith(f"{version}.")), key=numbers, default=version)


def is_recorded(name: str, version: str) -> bool:
    """Whether there was such a version."""
    return version in _table(name)


def facts_at(name: str, version: str, variant: str) -> Facts | None:
    """The recorded facts; for a version nobody recorded those of the nearest older one, its number put in and checksums left out."""
    table = _table(name)
    nearest = version if version in table else _nearest(table, version)
    if not nearest:
        return None
    variants = table[nearest]
    found = variants.get(variant) or variants.get("alpine" if variant.startswith("alpine") else "") or next(iter(variants.values()))
    environment = found[1] if len(found) > 1 else variants.get("", [None, {}])[1]
    return Facts(found[0], environment if nearest == version else _moved(environment, nearest, version))


def _nearest(table: Iterable[str], version: str) -> str:
    wanted = numbers(version)
    table = tuple(table)
    return max((one for one in table if numbers(one) <= wanted), key=numbers, default="") or min(table, key=numbers, default="")


def _moved(environment: Mapping[str, str], old: str, new: str) -> dict[str, str]:
    series = {".".join(old.split(".")[:2]): ".".join(new.split(".")[:2])}
    kept = {name: value for name, value in environment.items() if "SHA" not in name and "CHECKSUM" not in name}
    return {name: series.get(value, value.replace(old, new)) for name, value in kept.items()}


@lru_cache(maxsize=4)
def _table(name: str) -> dict[str, dict[str, Any]]:
    table: dict[str, dict[str, Any]] = json.loads((_FOLDER / f"{name}.json").read_bytes())
    return table
