"""Pod templates compared, hashed and put into ReplicaSets.

A ReplicaSet belongs to a revision by the equality of its template, never by its hash; the hash only names it.
"""

from collections.abc import Mapping
from typing import Any, Final

import orjson

from orrery.controllers.engine.ownership import new_controller_reference
from orrery.machinery.objects import FrozenObject, Object, name_of, namespace_of, thaw

HASH_LABEL: Final = "pod-template-hash"
_NAME_MAX: Final = 253
_ALPHABET: Final = "bcdfghjklmnpqrstvwxz2456789"
_FNV_OFFSET: Final = 2166136261
_FNV_PRIME: Final = 16777619
_MAPS: Final = frozenset({"labels", "annotations", "nodeSelector", "limits", "requests", "matchLabels"})
"""Keys whose empty map means the same as none; elsewhere, as in `emptyDir: {}`, an empty object says something."""


def is_same_template(one: FrozenObject, two: FrozenObject) -> bool:
    """Whether two Pod templates ask for the same Pods, whatever their pod-template-hash says."""
    one_metadata, two_metadata = _metadata(one), _metadata(two)
    if one["spec"] == two["spec"] and one_metadata == two_metadata:
        return True
    # Absent and empty are equal, as in upstream's semantic equality; rare, so the cheap look comes first.
    return bool(_pruned(one_metadata) == _pruned(two_metadata) and _pruned(one["spec"]) == _pruned(two["spec"]))


def _metadata(template: FrozenObject) -> Object:
    metadata = dict(template.get("metadata") or {})
    metadata.pop("creationTimestamp", None)
    labels = metadata.get("labels")
    if labels and HASH_LABEL in labels:
        metadata["labels"] = {key: value for key, value in labels.items() if key != HASH_LABEL}
    return metadata


def _pruned(value: Any) -> Any:
    """The value without nulls, empty lists and empty maps."""
    if isinstance(value, Mapping):
        pruned = {key: _pruned(item) for key, item in value.items()}
        return {key: item for key, item in pruned.items() if item is not None and item != [] and not (item == {} and key in _MAPS)}
    if isinstance(value, list):
        return [_pruned(item) for item in value]
    return value


def template_hash(template: FrozenObject, collisions: int | None) -> str:
    """The value of pod-template-hash: the same for the same template, always."""
    # DIFFERS: upstream hashes Go's own dump of the template's memory; we hash its canonical JSON, so the names of ReplicaSets
    # differ from a real cluster's but look alike (FNV-32a in the same alphabet).
    canonical = {"metadata": _pruned(_metadata(template)), "spec": _pruned(template["spec"])}
    text = orjson.dumps(canonical, option=orjson.OPT_SORT_KEYS)
    if collisions is not None:
        text += collisions.to_bytes(8, "little")
    value = _FNV_OFFSET
    for byte in text:
        value = (value ^ byte) * _FNV_PRIME & 0xFFFFFFFF
    return "".join(_ALPHABET[ord(digit) % len(_ALPHABET)] for digit in str(value))


def replicaset_name(deployment_name: str, template_hash_: str) -> str:
    """`web-5d59d67564`; a name that would be too long loses its end, not its hash."""
    return f"{deployment_name[: _NAME_MAX - 1 - len(template_hash_)]}-{template_hash_}"


def new_replicaset(deployment: FrozenObject, annotations: Mapping[str, str], *, replicas: int) -> Object:
    """The ReplicaSet of the Deployment's present template; its name follows from the template, so making it twice collides."""
    spec = deployment["spec"]
    hashed = template_hash(spec["template"], deployment.get("status", {}).get("collisionCount"))
    template = thaw(spec["template"])
    labels = template.setdefault("metadata", {}).setdefault("labels", {})
    labels[HASH_LABEL] = hashed
    selector = thaw(spec["selector"])
    selector.setdefault("matchLabels", {})[HASH_LABEL] = hashed
    body: Object = {"replicas": replicas, "selector": selector, "template": template}
    if spec.get("minReadySeconds"):
        body["minReadySeconds"] = spec["minReadySeconds"]
    return {
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "metadata": {
            "name": replicaset_name(name_of(deployment), hashed),
            "namespace": namespace_of(deployment),
            "labels": dict(labels),
            "annotations": dict(annotations),
            "ownerReferences": [new_controller_reference(deployment, api_version="apps/v1", kind="Deployment")],
        },
        "spec": body,
    }
