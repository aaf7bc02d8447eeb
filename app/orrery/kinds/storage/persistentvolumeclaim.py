"""PersistentVolumeClaim: defaults, data sources in two spellings, and a spec that hardly changes.

Follows core's `ValidatePersistentVolumeClaimUpdate`, `pkg/api/persistentvolumeclaim` and the registry's strategy.
"""

from collections.abc import Mapping
from typing import Any, Final

from orrery.kinds.kind import Behaviour, Errors
from orrery.kinds.rules.claim_spec import validate_claim_spec
from orrery.kinds.rules.field_rules import unchanged
from orrery.kinds.rules.resource_rules import amount_errors
from orrery.kinds.structs.go_diff import go_diff
from orrery.machinery.field_errors import forbidden, invalid, required
from orrery.machinery.objects import FrozenObject, Object, annotations_of
from orrery.machinery.quantities import parse

CLASS_ANNOTATION: Final = "volume.beta.kubernetes.io/storage-class"
_CLASS_DEPRECATED: Final = 'deprecated since v1.8; use "storageClassName" attribute instead'
_ONLY: Final = "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims\n"
_SNAPSHOT: Final = ("VolumeSnapshot", "snapshot.storage.k8s.io")

Spec = Mapping[str, Any]


def _spec(obj: FrozenObject) -> dict[str, Any]:
    return obj.get("spec") or {}


def _status(obj: FrozenObject) -> dict[str, Any]:
    return obj.get("status") or {}


def _request(spec: Spec) -> str | None:
    amount: str | None = ((spec.get("resources") or {}).get("requests") or {}).get("storage")
    return amount


def _default(obj: Object) -> None:
    obj.setdefault("spec", {}).setdefault("volumeMode", "Filesystem")
    status = obj.setdefault("status", {})
    if not status.get("phase"):
        status["phase"] = "Pending"


def _settle_sources(spec: dict[str, Any], old: Spec | None) -> None:
    """Keep `dataSource` and `dataSourceRef` the same; drop an unknown data source without a word, as upstream does."""
    source, reference = spec.get("dataSource"), spec.get("dataSourceRef")
    if reference is not None and reference.get("namespace") and not (old or {}).get("dataSourceRef"):
        spec.pop("dataSourceRef")
        reference = None
    had_source = bool((old or {}).get("dataSource") or (old or {}).get("dataSourceRef"))
    if not had_source and reference is None and source is not None and not _is_known_source(source):
        spec.pop("dataSource")
    elif source is not None and reference is None:
        spec["dataSourceRef"] = dict(source)
    elif reference is not None and source is None and not reference.get("namespace"):
        spec["dataSource"] = {field: value for field, value in reference.items() if field != "namespace"}


def _is_known_source(source: Spec) -> bool:
    group = source.get("apiGroup") or ""
    return (source.get("kind") == "PersistentVolumeClaim" and not group) or (source.get("kind"), group) == _SNAPSHOT


def _prepare_create(obj: Object) -> None:
    obj["status"] = {"phase": "Pending"}
    _settle_sources(_spec(obj), None)


def _prepare_update(obj: Object, old: FrozenObject) -> None:
    _settle_sources(_spec(obj), _spec(old))


def _validate(obj: Object) -> Errors:
    return validate_claim_spec(_spec(obj), "spec")


def _validate_update(obj: Object, old: FrozenObject) -> Errors:
    errors = _validate(obj)
    spec, before = dict(_spec(obj)), dict(_spec(old))
    if not before.get("volumeName"):
        before["volumeName"] = spec.get("volumeName")
    if not _moved_from_annotation(obj, old):
        errors += _annotation_errors(obj, old)
        if _named_at_last(obj, old):
            spec["storageClassName"] = before.get("storageClassName")
    else:
        spec.pop("storageClassName", None)
    if _status(obj).get("phase") == "Bound":
        if (spec.get("resources") or {}).get("requests") is not None:
            spec["resources"] = {**spec["resources"], "requests": {**spec["resources"]["requests"], "storage": _request(before)}}
        spec["volumeAttributesClassName"] = before.get("volumeAttributesClassName")
    shown, shown_before = _printed(spec), _printed(before)
    if shown != shown_before:
        errors.append(forbidden("spec", _ONLY + go_diff(shown_before, shown)))
    errors += _size_errors(obj, old)
    errors += unchanged("volumeMode", _spec(obj).get("volumeMode"), _spec(old).get("volumeMode"))
    return errors + _attributes_class_errors(obj, old)


def _moved_from_annotation(obj: FrozenObject, old: FrozenObject) -> bool:
    """The class moves from the old annotation to the field."""
    before = annotations_of(old).get(CLASS_ANNOTATION)
    return (
        before is not None
        and _spec(old).get("storageClassName") is None
        and _spec(obj).get("storageClassName") == before
        and annotations_of(obj).get(CLASS_ANNOTATION, before) == before
    )


def _named_at_last(obj: FrozenObject, old: FrozenObject) -> bool:
    """A claim without a class gets one."""
    name = _spec(obj).get("storageClassName")
    annotated = annotations_of(old).get(CLASS_ANNOTATION)
    return name is not None and _spec(old).get("storageClassName") is None and annotated in (None, name)


def _annotation_errors(obj: FrozenObject, old: FrozenObject) -> Errors:
    now, then = (annotations_of(each).get(CLASS_ANNOTATION, "") for each in (obj, old))
    return [] if now == then else [invalid(f"metadata.annotations.{CLASS_ANNOTATION}", now, "field is immutable")]


def _size_errors(obj: FrozenObject, old: FrozenObject) -> Errors:
    now, then = parse(_request(_spec(obj)) or "0"), parse(_request(_spec(old)) or "0")
    capacity = parse((_status(old).get("capacity") or {}).get("storage", "0"))
    if now.nano < then.nano and now.nano <= capacity.nano:
        return [forbidden("spec.resources.requests.storage", "field can not be less than status.capacity")]
    return []


def _attributes_class_errors(obj: FrozenObject, old: FrozenObject) -> Errors:
    now, then = _spec(obj).get("volumeAttributesClassName"), _spec(old).get("volumeAttributesClassName")
    if now == then or _status(old).get("currentVolumeAttributesClassName") is None or now:
        return []
    what = "nil" if now is None else "empty string"
    why = f"update to {what} is forbidden when status.currentVolumeAttributesClassName is not nil"
    return [forbidden("spec.volumeAttributesClassName", why)]


def _printed(spec: Spec) -> dict[str, Any]:
    """The spec as upstream's own structure prints it."""
    resources = spec.get("resources") or {}
    return {
        "AccessModes": spec.get("accessModes") or None,
        "Selector": spec.get("selector"),
        "Resources": {
            field.capitalize(): dict(sorted(resources[field].items())) if resources.get(field) else None for field in ("limits", "requests")
        },
        "VolumeName": spec.get("volumeName") or "",
        "StorageClassName": spec.get("storageClassName"),
        "VolumeMode": spec.get("volumeMode"),
        "DataSource": _printed_reference(spec.get("dataSource"), "APIGroup", "Kind", "Name"),
        "DataSourceRef": _printed_reference(spec.get("dataSourceRef"), "APIGroup", "Kind", "Name", "Namespace"),
        "VolumeAttributesClassName": spec.get("volumeAttributesClassName"),
    }


_FIELDS: Final = {"APIGroup": "apiGroup", "Kind": "kind", "Name": "name", "Namespace": "namespace"}


def _printed_reference(reference: Spec | None, *names: str) -> dict[str, Any] | None:
    return None if reference is None else {name: reference.get(_FIELDS[name]) for name in names}


def _validate_status(obj: Object, old: FrozenObject) -> Errors:
    errors = [] if _spec(obj).get("accessModes") else [required("Spec.accessModes")]
    for name, amount in (_status(obj).get("capacity") or {}).items():
        if (value := parse(amount).value) < 0:
            errors.append(invalid(f"status.capacity[{name}]", value, "must be a valid resource quantity"))
    for name, amount in (_status(obj).get("allocatedResources") or {}).items():
        errors += amount_errors("storage", amount, f"status.allocatedResources[{name}]")
    return errors


def _warnings(obj: Object, old: FrozenObject | None) -> list[str]:
    warnings = []
    if CLASS_ANNOTATION in annotations_of(obj):
        warnings.append(f"metadata.annotations[{CLASS_ANNOTATION}]: {_CLASS_DEPRECATED}")
    for field in ("requests", "limits"):
        amount = ((_spec(obj).get("resources") or {}).get(field) or {}).get("storage")
        if amount is not None and parse(amount).milli % 1000:
            path = f"spec.resources.{field}[storage]"
            warnings.append(f'{path}: fractional byte value "{amount}" is invalid, must be an integer')
    return warnings


BEHAVIOUR: Final = Behaviour(
    default=_default,
    prepare_create=_prepare_create,
    prepare_update=_prepare_update,
    validate=_validate,
    validate_update=_validate_update,
    validate_status=_validate_status,
    warnings=_warnings,
)
