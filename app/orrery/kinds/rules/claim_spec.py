"""Validation of a PersistentVolumeClaim's spec, and of templates that become claims. Follows ValidatePersistentVolumeClaimSpec of core."""

from typing import Any, Final

from orrery.kinds.kind import Errors
from orrery.kinds.rules.annotations import validate_annotations
from orrery.kinds.rules.label_selectors import validate_label_selector, validate_labels
from orrery.machinery.field_errors import forbidden, invalid, not_supported, required
from orrery.machinery.names import is_dns1123_label, is_dns1123_subdomain
from orrery.machinery.objects import FrozenObject
from orrery.machinery.quantities import parse

ACCESS_MODES: Final = ("ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod")
_META_ORDER: Final = (
    "name",
    "generateName",
    "namespace",
    "selfLink",
    "uid",
    "resourceVersion",
    "generation",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "ownerReferences",
    "finalizers",
    "managedFields",
)


def validate_claim_template(template: FrozenObject, path: str) -> Errors:
    """Of an ephemeral volume: metadata may hold labels and annotations only."""
    meta = template.get("metadata") or {}
    errors = validate_annotations(meta.get("annotations"), f"{path}.metadata.annotations")
    errors += validate_labels(meta.get("labels"), f"{path}.metadata.labels")
    for field in _META_ORDER:
        if meta.get(field):
            # Upstream lowers the first letter of the Go field's name: UID is uID.
            errors.append(forbidden(f"{path}.metadata.{'uID' if field == 'uid' else field}", "cannot be set"))
    return errors + validate_claim_spec(template.get("spec") or {}, f"{path}.spec")


def validate_claim_spec(spec: FrozenObject, path: str) -> Errors:
    errors: Errors = []
    modes = spec.get("accessModes") or ()
    if not modes:
        errors.append(required(f"{path}.accessModes", "at least 1 access mode is required"))
    if "selector" in spec:
        errors += validate_label_selector(spec["selector"], f"{path}.selector")
    errors += [not_supported(f"{path}.accessModes", mode, ACCESS_MODES) for mode in modes if mode not in ACCESS_MODES]
    if "ReadWriteOncePod" in modes and any(mode in ACCESS_MODES and mode != "ReadWriteOncePod" for mode in modes):
        errors.append(forbidden(f"{path}.accessModes", "may not use ReadWriteOncePod with other access modes"))
    storage = ((spec.get("resources") or {}).get("requests") or {}).get("storage")
    if storage is None:
        errors.append(required(f"{path}.resources[storage]"))
    elif parse(storage).nano <= 0:
        errors.append(invalid(f"{path}.resources[storage]", parse(storage).text, "must be greater than zero"))
    errors += _class_name_errors(spec, path, "storageClassName")
    mode = spec.get("volumeMode")
    if mode is not None and mode not in ("Block", "Filesystem"):
        errors.append(not_supported(f"{path}.volumeMode", mode, ("Block", "Filesystem")))
    errors += _data_source_errors(spec, path)
    return errors + _class_name_errors(spec, path, "volumeAttributesClassName")


def _class_name_errors(spec: FrozenObject, path: str, field: str) -> Errors:
    name = spec.get(field)
    return [invalid(f"{path}.{field}", name, message) for message in is_dns1123_subdomain(name)] if name else []


def _data_source_errors(spec: FrozenObject, path: str) -> Errors:
    errors: Errors = []
    source: dict[str, Any] | None = spec.get("dataSource")
    reference: dict[str, Any] | None = spec.get("dataSourceRef")
    if source is not None:
        errors += _reference_errors(source, f"{path}.dataSource")
    if reference is None:
        return errors
    errors += _reference_errors(reference, f"{path}.dataSourceRef")
    namespace = reference.get("namespace")
    if namespace:
        errors += [invalid(f"{path}.dataSourceRef.namespace", namespace, message) for message in is_dns1123_label(namespace)]
    if source is None:
        return errors
    told: dict[str, Any] = {}  # Upstream prints the field's path, a struct without public fields.
    if namespace:
        errors.append(invalid(path, told, "may not be specified when dataSourceRef.namespace is specified"))
    elif any(source.get(field) != reference.get(field) for field in ("apiGroup", "kind", "name")):
        errors.append(invalid(path, told, "must match dataSourceRef"))
    return errors


def _reference_errors(reference: FrozenObject, path: str) -> Errors:
    errors = [required(f"{path}.{field}") for field in ("name", "kind") if not reference.get(field)]
    group = reference.get("apiGroup") or ""
    kind = reference.get("kind", "")
    if not group and kind != "PersistentVolumeClaim":
        errors.append(invalid(path, kind, "must be 'PersistentVolumeClaim' when referencing the default apiGroup"))
    if group:
        errors += [invalid(f"{path}.apiGroup", group, message) for message in is_dns1123_subdomain(group)]
    return errors
