"""What distinguishes the ways to change an object: what a plain update, a status update and other subresources keep from the old one.

Follows upstream's strategies in `pkg/registry/<group>/<resource>/strategy.go`, with their common part here.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from orrery.kinds.kind import Errors, Kind
from orrery.machinery.objects import FrozenObject, Object, thaw
from orrery.verbs.registry import stored_kind


@dataclass(frozen=True, slots=True)
class Strategy:
    """How one kind of change treats an object. `prepare` gets the stored kind, `validate` the one that was asked for."""

    prepare: Callable[[Kind, Object, FrozenObject], None]
    validate: Callable[[Kind, Object, FrozenObject], Errors]
    warnings: Callable[[Kind, Object, FrozenObject], Sequence[str]] | None = None
    may_create: bool = False
    """Whether kinds that allow it are created by a PUT to a new name."""


def _prepare_update(kind: Kind, obj: Object, old: FrozenObject) -> None:
    behaviour = kind.behaviour
    if kind.has_status:
        keep_status(obj, old)
    if behaviour.prepare_update is not None:
        behaviour.prepare_update(obj, old)
    if behaviour.has_generation:
        bump_generation(obj, old)


def keep_status(obj: Object, old: FrozenObject) -> None:
    status = old.get("status")
    if status is None:
        obj.pop("status", None)
    else:
        obj["status"] = thaw(status)


def bump_generation(obj: Object, old: FrozenObject) -> None:
    """One more when anything but metadata and status differs, unless the kind has decided already."""
    meta, old_meta = obj["metadata"], old["metadata"]
    if meta.get("generation") == old_meta.get("generation") and not _same_content(obj, old):
        meta["generation"] = old_meta.get("generation", 0) + 1


def _same_content(obj: Object, old: FrozenObject) -> bool:
    if obj.get("spec") != old.get("spec"):
        return False
    fields = (obj.keys() | old.keys()) - {"kind", "apiVersion", "metadata", "status", "spec"}
    return all(obj.get(field) == old.get(field) for field in fields)


def validate_update(kind: Kind, obj: Object, old: FrozenObject) -> Errors:
    validate = kind.behaviour.validate_update or stored_kind(kind).behaviour.validate_update
    return validate(obj, old) if validate is not None else []


def _warn_update(kind: Kind, obj: Object, old: FrozenObject) -> Sequence[str]:
    warnings = kind.behaviour.warnings
    return warnings(obj, old) if warnings is not None else ()


def keep_all_but(obj: Object, old: FrozenObject, *fields: str) -> None:
    """Everything but metadata and `fields` comes from the old object, which shares it: it must not be changed afterwards."""
    kept = {"metadata", *fields}
    for field in obj.keys() - kept:
        if field not in old:
            del obj[field]
    for field, value in old.items():
        if field not in kept:
            obj[field] = value


_STATUS_ALONE = frozenset(
    [
        "apiservices.apiregistration.k8s.io",
        "flowschemas.flowcontrol.apiserver.k8s.io",
        "prioritylevelconfigurations.flowcontrol.apiserver.k8s.io",
        "resourceclaims.resource.k8s.io",
        "servicecidrs.networking.k8s.io",
        "validatingadmissionpolicies.admissionregistration.k8s.io",
        "volumeattachments.storage.k8s.io",
    ]
)
"""Kinds whose status update does not touch metadata, as it does with the others."""
_KEPT_METADATA = ("labels", "annotations", "finalizers", "ownerReferences", "deletionTimestamp", "generation")


def keep_metadata(obj: Object, old: FrozenObject) -> None:
    """Upstream's ResetObjectMetaForStatus."""
    meta, old_meta = obj["metadata"], old["metadata"]
    for field in _KEPT_METADATA:
        if field in old_meta:
            meta[field] = old_meta[field]
        else:
            meta.pop(field, None)


def _prepare_status(kind: Kind, obj: Object, old: FrozenObject) -> None:
    keep_all_but(obj, old, "status")
    if kind.bucket in _STATUS_ALONE:
        keep_metadata(obj, old)
    if "status" not in obj:
        obj["status"] = {}
    if kind.behaviour.prepare_status is not None:
        kind.behaviour.prepare_status(obj, old)


def _validate_status(kind: Kind, obj: Object, old: FrozenObject) -> Errors:
    validate = kind.behaviour.validate_status or stored_kind(kind).behaviour.validate_status
    return validate(obj, old) if validate is not None else []


def _warn_status(kind: Kind, obj: Object, old: FrozenObject) -> Sequence[str]:
    warnings = kind.behaviour.status_warnings
    return warnings(obj) if warnings is not None else ()


UPDATE = Strategy(_prepare_update, validate_update, _warn_update, may_create=True)
STATUS = Strategy(_prepare_status, _validate_status, _warn_status)
