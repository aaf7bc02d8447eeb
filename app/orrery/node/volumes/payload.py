"""What is in volumes made of API objects: configMap, secret, downwardAPI, projected. Follows the `MakePayload`s of upstream's plugins.

Errors are the kubelet's: `configmap "x" not found`, `references non-existent secret key: y`.
"""

import base64
import binascii
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

from orrery.machinery.objects import FrozenObject
from orrery.node.environment import ConfigError, Surroundings, field_value, not_found, resource_value
from orrery.node.files.atomic import Data, Projected
from orrery.node.volumes.ownership import fs_group_of, fs_user_of, group_mode

Token = Callable[[FrozenObject, FrozenObject], Data]
"""A service account token for a Pod by its projection (`audience`, `expirationSeconds`); ConfigError when there is none to be had."""

Files = dict[str, Projected]
"""By path in the volume."""

_MODE: Final = 0o644
_TOKEN_MODE: Final = 0o600
_KINDS: Final = ("configMap", "secret", "downwardAPI", "projected")
_OBJECTS: Final = (
    ("configMap", "configmaps", "configmap references non-existent config key"),
    ("secret", "secrets", "references non-existent secret key"),
)


def is_made_of_objects(volume: FrozenObject) -> bool:
    return any(volume.get(kind) is not None for kind in _KINDS)


def references_of(volume: FrozenObject) -> Iterator[tuple[str, str]]:
    """Buckets and names of the objects in a volume."""
    for source in _sources(volume):
        for kind, bucket, _ in _OBJECTS:
            if (reference := source.get(kind)) is not None:
                yield bucket, _name(reference)


def shows_what_changes(volume: FrozenObject) -> bool:
    """Whether there are fields of the Pod in it that can change while it runs."""
    items = (item for source in _sources(volume) for item in (source.get("downwardAPI") or {}).get("items") or ())
    return any("resourceFieldRef" in item or _can_change(item["fieldRef"]["fieldPath"]) for item in items)


def _can_change(path: str) -> bool:
    return path.startswith(("metadata.labels", "metadata.annotations"))


def payload_of(volume: FrozenObject, around: Surroundings, token: Token | None) -> Files:
    """All files of the volume; ConfigError when an object or a key is missing that is not optional."""
    holder = next(volume[kind] for kind in _KINDS if volume.get(kind) is not None)
    mode = _mode(holder.get("defaultMode"), _MODE)
    files: Files = {}
    errors: list[ConfigError] = []
    for source in _sources(volume):
        try:
            files.update(_of_source(source, around, mode, token))
        except ConfigError as error:
            errors.append(error)
    if errors:
        raise errors[0] if len(errors) == 1 else ConfigError(f"[{', '.join(map(str, errors))}]", errors[0].missing)
    if fs_group_of(around.pod) is None:
        return files
    return {path: one._replace(mode=group_mode(one.mode, is_read_only=True)) for path, one in files.items()}


def _sources(volume: FrozenObject) -> Sequence[FrozenObject]:
    projected = volume.get("projected")
    return [volume] if projected is None else projected.get("sources") or ()


def _of_source(source: FrozenObject, around: Surroundings, mode: int, token: Token | None) -> Iterator[tuple[str, Projected]]:
    for kind, bucket, complaint in _OBJECTS:
        if (reference := source.get(kind)) is not None:
            yield from _of_object(bucket, reference, around, mode, complaint)
    for item in (source.get("downwardAPI") or {}).get("items") or ():
        if reference := item.get("fieldRef"):
            text = field_value(reference["fieldPath"], around)
        else:
            text = resource_value(item["resourceFieldRef"], around.pod["spec"]["containers"][0], around)
        yield item["path"], Projected(text.encode(errors="surrogateescape"), _mode(item.get("mode"), mode))
    # Without an issuer, as tests of this room are, there is no file.
    if (projection := source.get("serviceAccountToken")) is not None and token is not None:
        user = fs_user_of(around.pod)
        is_private = user is not None or fs_group_of(around.pod) is not None
        yield projection["path"], Projected(token(around.pod, projection), _TOKEN_MODE if is_private else mode, user or 0)


def _of_object(bucket: str, reference: FrozenObject, around: Surroundings, mode: int, complaint: str) -> Iterator[tuple[str, Projected]]:
    """All keys, or the items asked for."""
    name, is_optional = _name(reference), bool(reference.get("optional"))
    obj = around.lookup(bucket, name)
    if obj is None and not is_optional:
        raise not_found(bucket, name)
    content = _content(bucket, obj or {})
    if not reference.get("items"):
        yield from ((key, Projected(data, mode)) for key, data in content.items())
        return
    for item in reference["items"]:
        if item["key"] in content:
            yield item["path"], Projected(content[item["key"]], _mode(item.get("mode"), mode))
        elif not is_optional:
            raise ConfigError(f"{complaint}: {item['key']}", (bucket, name))


def _content(bucket: str, obj: FrozenObject) -> Mapping[str, bytes]:
    data = obj.get("data") or {}
    if bucket == "secrets":
        return {key: _unpacked(text) for key, text in data.items()}
    binary = {key: _unpacked(text) for key, text in (obj.get("binaryData") or {}).items()}
    return {**{key: text.encode(errors="surrogateescape") for key, text in data.items()}, **binary}


def _unpacked(text: str) -> bytes:
    try:
        return base64.b64decode(text)
    except (binascii.Error, ValueError):
        return text.encode(errors="surrogateescape")


def _name(reference: FrozenObject) -> str:
    return str(reference.get("secretName") or reference.get("name") or "")


def _mode(value: object, otherwise: int) -> int:
    return otherwise if value is None else int(str(value))
