"""Warnings about a Pod's volumes: storage nobody serves any more, and files that would hide each other."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from orrery.machinery.field_errors import go_quote
from orrery.machinery.objects import FrozenObject
from orrery.machinery.quantities import parse

_DEPRECATED: Final = {
    "photonPersistentDisk": ("photonPersistentDisk", "deprecated in v1.11, non-functional in v1.16+"),
    "gitRepo": ("gitRepo", "deprecated in v1.11, and disabled by default in v1.33+"),
    "scaleIO": ("scaleIO", "deprecated in v1.16, non-functional in v1.22+"),
    "flocker": ("flocker", "deprecated in v1.22, non-functional in v1.25+"),
    "storageos": ("storageOS", "deprecated in v1.22, non-functional in v1.25+"),
    "quobyte": ("quobyte", "deprecated in v1.22, non-functional in v1.25+"),
    "glusterfs": ("glusterfs", "deprecated in v1.25, non-functional in v1.26+"),
    "ephemeral": ("", ""),
    "cephfs": ("cephfs", "deprecated in v1.28, non-functional in v1.31+"),
    "rbd": ("rbd", "deprecated in v1.28, non-functional in v1.31+"),
}
"""In upstream's order, by field: how the warning spells it, and what it says."""

Path = tuple[str, str]
"""A path in a volume, and where it comes from."""


def volume_warnings(volumes: Sequence[FrozenObject], path: str) -> list[str]:
    warnings: list[str] = []
    for index, volume in enumerate(volumes):
        if not any(field in _DEPRECATED for field in volume):
            continue
        for field, (told, text) in _DEPRECATED.items():
            if field not in volume:
                continue
            if text:
                warnings.append(f"{path}.volumes[{index}].{told}: {text}")
            elif template := volume[field].get("volumeClaimTemplate"):
                at = f"{path}.volumes[{index}].ephemeral.volumeClaimTemplate.spec"
                warnings += claim_spec_warnings(template.get("spec") or {}, at)
    return warnings


def claim_spec_warnings(spec: FrozenObject, path: str) -> list[str]:
    """GetWarningsForPersistentVolumeClaimSpec."""
    warnings: list[str] = []
    for field in ("requests", "limits"):
        text = ((spec.get("resources") or {}).get(field) or {}).get("storage")
        if text is not None and parse(text).milli % 1000:
            told = f'fractional byte value "{parse(text).text}" is invalid, must be an integer'
            warnings.append(f"{path}.resources.{field}[storage]: {told}")
    return warnings


def overlap_warnings(volumes: Sequence[FrozenObject]) -> list[str]:
    """warningsForOverlappingVirtualPaths."""
    warnings: list[str] = []
    for volume in volumes:
        name = volume.get("name", "")
        for field, title, key in (
            ("configMap", "ConfigMap", "name"),
            ("secret", "Secret", "secretName"),
            ("downwardAPI", "DownwardAPI", ""),
        ):
            source = volume.get(field)
            if source and (items := source.get("items")):
                what = f"{title} {go_quote(source.get(key, ''))}" if key else title
                paths = [(item.get("path", ""), "") for item in items]
                warnings += [f"volume {go_quote(name)} ({what}): overlapping paths: {text}" for text in _collisions(paths)]
        if projected := volume.get("projected"):
            paths = []
            for source in projected.get("sources") or ():
                if not source:
                    warnings.append(f"volume {go_quote(name)} (Projected) has no sources provided")
                paths += _projected_paths(source)
            warnings += [f"volume {go_quote(name)} (Projected): overlapping paths: {text}" for text in _collisions(paths)]
    return warnings


def _projected_paths(source: FrozenObject) -> list[Path]:
    for field, title in (("configMap", "ConfigMap"), ("secret", "Secret")):
        if (source.get(field) or {}).get("items"):
            told = f"{title} {go_quote(source[field].get('name', ''))}"
            return [(item.get("path", ""), told) for item in source[field]["items"]]
    if (source.get("downwardAPI") or {}).get("items"):
        return [(item.get("path", ""), "DownwardAPI") for item in source["downwardAPI"]["items"]]
    if "serviceAccountToken" in source:
        return [(source["serviceAccountToken"].get("path", ""), "ServiceAccountToken")]
    return []


def _collisions(paths: Sequence[Path]) -> Iterator[str]:
    seen: list[Path] = []
    for written, origin in paths:
        path = written.rstrip("/")
        for other in seen:
            if path and other[0] and (f"{other[0]}/".startswith(f"{path}/") or f"{path}/".startswith(f"{other[0]}/")):
                yield f"{_told((path, origin))} with {_told(other)}"
        seen.append((path, origin))


def _told(path: Any) -> str:
    return f"{go_quote(path[0])} ({path[1]})" if path[1] else go_quote(path[0])
