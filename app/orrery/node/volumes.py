"""Which volumes of a Pod cannot be mounted yet, and what the kubelet says about them.

Only references to other objects are looked at: ConfigMaps, Secrets and projections of both. Contents are the container runtime's.
"""

from collections.abc import Iterator

from orrery.machinery.field_errors import go_quote
from orrery.machinery.objects import FrozenObject
from orrery.node.environment import ConfigError, Lookup, not_found


def mount_errors(spec: FrozenObject, lookup: Lookup) -> list[ConfigError]:
    """One error for each volume that cannot be mounted now."""
    errors = []
    for volume in spec.get("volumes") or ():
        try:
            for bucket, source in _sources(volume):
                _check(bucket, source, lookup)
        except ConfigError as error:
            message = f"MountVolume.SetUp failed for volume {go_quote(volume['name'])} : {error}"
            errors.append(ConfigError(message, error.missing))
    return errors


def _sources(volume: FrozenObject) -> Iterator[tuple[str, FrozenObject]]:
    if source := volume.get("configMap"):
        yield "configmaps", source
    if source := volume.get("secret"):
        yield "secrets", {**source, "name": source.get("secretName", "")}
    for projection in (volume.get("projected") or {}).get("sources") or ():
        if source := projection.get("configMap"):
            yield "configmaps", source
        if source := projection.get("secret"):
            yield "secrets", source


def _check(bucket: str, source: FrozenObject, lookup: Lookup) -> None:
    if source.get("optional"):
        return
    name = source.get("name", "")
    obj = lookup(bucket, name)
    if obj is None:
        raise not_found(bucket, name)
    known = {**(obj.get("data") or {}), **(obj.get("binaryData") or {})}
    for item in source.get("items") or ():
        if item["key"] not in known:
            what = "configmap references non-existent config key" if bucket == "configmaps" else "references non-existent secret key"
            raise ConfigError(f"{what}: {item['key']}", (bucket, name))
