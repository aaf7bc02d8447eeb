"""Validation of metadata: apimachinery's ValidateObjectMeta and ValidateObjectMetaUpdate, with core's rule for finalizers.

What a kind adds comes through `Behaviour.name_rule`; what names and labels look like is `machinery/names.py`'s.
"""

from collections.abc import Mapping, Sequence
from typing import Final

import orjson

from orrery.kinds.kind import Errors, Kind
from orrery.kinds.rules.label_selectors import validate_labels
from orrery.machinery.field_errors import FieldError, forbidden, go_quote, invalid, required, too_long
from orrery.machinery.names import is_dns1123_label, is_qualified_name, name_is_dns_subdomain
from orrery.machinery.objects import FrozenObject, Object

ANNOTATIONS_BYTES_MAX: Final = 256 * 1024
STANDARD_FINALIZERS: Final = frozenset({"kubernetes", "orphan", "foregroundDeletion"})
IMMUTABLE: Final = "field is immutable"
_OWNER_FIELDS: Final = ("apiVersion", "kind", "name", "uid", "controller", "blockOwnerDeletion")
_FROZEN_FIELDS: Final = ("name", "namespace", "uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds")


def validate_object_meta(kind: Kind, meta: Object) -> Errors:
    """What is wrong with the metadata of a new object, after its name was generated."""
    errors: Errors = []
    name_rule = kind.behaviour.name_rule or name_is_dns_subdomain
    name = meta.get("name", "")
    prefix = meta.get("generateName")
    if prefix:
        errors += [invalid("metadata.generateName", prefix, text) for text in name_rule(prefix, True)]
    if not name:
        errors.append(required("metadata.name", "name or generateName is required"))
    else:
        errors += [invalid("metadata.name", name, text) for text in name_rule(name, False)]
    errors += validate_shared(kind, meta)
    finalizers = meta.get("finalizers")
    if finalizers:
        errors += [error for index, name in enumerate(finalizers) if (error := _unqualified(name, index))]
    return errors


def validate_shared(kind: Kind, meta: Object) -> Errors:
    """The checks that new and changed objects have in common."""
    errors: Errors = []
    namespace = meta.get("namespace", "")
    if not kind.namespaced:
        if namespace:
            errors.append(forbidden("metadata.namespace", "not allowed on this type"))
    elif not namespace:
        errors.append(required("metadata.namespace"))
    else:
        errors += [invalid("metadata.namespace", namespace, text) for text in is_dns1123_label(namespace)]
    generation = meta.get("generation", 0)
    if generation < 0:
        errors.append(invalid("metadata.generation", generation, "must be greater than or equal to 0"))
    errors += _validate_maps_and_owners(meta)
    finalizers = meta.get("finalizers")
    if finalizers:
        errors += _validate_finalizers(finalizers)
    return errors


def _validate_maps_and_owners(meta: Object) -> Errors:
    errors: Errors = []
    labels = meta.get("labels")
    if labels:
        errors += validate_labels(labels, "metadata.labels")
    annotations = meta.get("annotations")
    if annotations:
        errors += _validate_annotations(annotations)
    owners = meta.get("ownerReferences")
    if owners:
        errors += _validate_owners(owners)
    return errors


def _validate_annotations(annotations: Mapping[str, str]) -> Errors:
    path = "metadata.annotations"
    errors: Errors = []
    size = 0
    for key, value in annotations.items():
        size += len(key) + len(value)
        errors += [invalid(path, key, text) for text in is_qualified_name(key.lower())]
    # Four bytes a character is the most there can be, so only maps that come near are encoded.
    if size > ANNOTATIONS_BYTES_MAX // 4:
        size = sum(len(key.encode()) + len(value.encode()) for key, value in annotations.items())
        if size > ANNOTATIONS_BYTES_MAX:
            errors.append(too_long(path, ANNOTATIONS_BYTES_MAX))
    return errors


def _validate_owners(owners: Sequence[Object]) -> Errors:
    path = "metadata.ownerReferences"
    errors: Errors = []
    controller = ""
    for owner in owners:
        errors += _validate_owner(owner, path)
        if not owner.get("controller"):
            continue
        name = f"{owner.get('kind', '')}/{owner.get('name', '')}"
        if controller:
            why = f'Only one reference can have Controller set to true. Found "true" in references for {controller} and {name}'
            errors.append(invalid(path, [_printable(each) for each in owners], why))
        else:
            controller = name
    return errors


def _validate_owner(owner: Object, path: str) -> Errors:
    errors: Errors = []
    api_version = owner.get("apiVersion", "")
    group, _, version = api_version.rpartition("/")
    if not version:
        errors.append(invalid(f"{path}.apiVersion", api_version, "version must not be empty"))
    for field in ("kind", "name", "uid"):
        if not owner.get(field):
            errors.append(invalid(f"{path}.{field}", owner.get(field, ""), "must not be empty"))
    if (group, version, owner.get("kind")) == ("", "v1", "Event"):
        errors.append(invalid(path, _printable(owner), "/v1, Kind=Event is disallowed from being an owner"))
    return errors


def _printable(owner: Object) -> orjson.Fragment:
    """As messages show it: in the order of upstream's struct."""
    return orjson.Fragment(orjson.dumps({field: owner[field] for field in _OWNER_FIELDS if field in owner}))


def _validate_finalizers(finalizers: Sequence[str]) -> Errors:
    path = "metadata.finalizers"
    errors: Errors = [invalid(path, name, text) for name in finalizers for text in is_qualified_name(name)]
    if "orphan" in finalizers and "foregroundDeletion" in finalizers:
        errors.append(invalid(path, list(finalizers), "finalizer orphan and foregroundDeletion cannot be both set"))
    return errors


def _unqualified(name: str, index: int) -> FieldError | None:
    """Core's own rule: a finalizer is a standard one or has a domain."""
    if "/" in name or name in STANDARD_FINALIZERS:
        return None
    why = "name is neither a standard finalizer name nor is it fully qualified"
    return invalid(f"metadata.finalizers[{index}]", name, why)


def validate_object_meta_update(meta: Object, old: FrozenObject) -> Errors:
    """What is wrong with a change of metadata, beyond `validate_shared`."""
    errors: Errors = []
    if old.get("deletionTimestamp") is not None:
        extra = sorted(set(meta.get("finalizers") or ()) - set(old.get("finalizers") or ()))
        if extra:
            listed = ", ".join(go_quote(name) for name in extra)
            why = f"no new finalizers can be added if the object is being deleted, found new finalizers []string{{{listed}}}"
            errors.append(forbidden("metadata.finalizers", why))
    if meta.get("generation", 0) < old.get("generation", 0):
        errors.append(invalid("metadata.generation", meta.get("generation", 0), "must not be decremented"))
    for field in _FROZEN_FIELDS:
        value = meta.get(field)
        if value != old.get(field):
            errors.append(invalid(f"metadata.{field}", value, IMMUTABLE))
    return errors


def dedupe_owners(meta: Object) -> list[str]:
    """Drop owner references that are there twice, and return their uids for the warning."""
    owners = meta.get("ownerReferences")
    if not owners or len(owners) < 2:
        return []
    kept: list[Object] = []
    dropped: list[str] = []
    for owner in owners:
        if owner in kept:
            dropped.append(owner.get("uid", ""))
        else:
            kept.append(owner)
    if dropped:
        meta["ownerReferences"] = kept
    return dropped
