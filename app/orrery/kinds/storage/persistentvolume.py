"""PersistentVolume: exactly one source, which is for good; capacity, modes, policy and node affinity.

Follows core's `ValidatePersistentVolumeSpec`, `ValidatePersistentVolumeUpdate`, `pkg/api/persistentvolume` and the strategy.
"""

import posixpath
from collections.abc import Mapping
from typing import Any, Final

from orrery.kinds.kind import Behaviour, Errors
from orrery.kinds.pods.scheduling import validate_node_selector
from orrery.kinds.pods.volume_sources import RARE_SOURCES, validate_csi_driver_name
from orrery.kinds.rules.claim_spec import ACCESS_MODES
from orrery.kinds.rules.field_rules import subdomain, unchanged
from orrery.kinds.rules.node_labels import node_selector_term_warnings
from orrery.kinds.rules.path_rules import validate_no_backsteps
from orrery.kinds.structs.go_diff import go_diff
from orrery.kinds.structs.internal_structs import as_internal
from orrery.machinery.field_errors import forbidden, invalid, not_supported, required
from orrery.machinery.objects import FrozenObject, Object, annotations_of
from orrery.machinery.quantities import parse

_POLICIES: Final = ("Delete", "Recycle", "Retain")
_MODES: Final = ("Block", "Filesystem")
_HOST_PATH_TYPES: Final = ("", "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket")
_SOURCE_DEFAULTS: Final[dict[str, dict[str, Any]]] = {
    "hostPath": {"type": ""},
    "iscsi": {"iscsiInterface": "default"},
    "rbd": {"pool": "rbd", "user": "admin", "keyring": "/etc/ceph/keyring"},
    "azureDisk": {"cachingMode": "ReadWrite", "fsType": "ext4", "kind": "Shared", "readOnly": False},
    "scaleIO": {"storageMode": "ThinProvisioned", "fsType": "xfs"},
}
_CHECK_ORDER: Final = (
    "hostPath",
    "gcePersistentDisk",
    "awsElasticBlockStore",
    "glusterfs",
    "flocker",
    "nfs",
    "rbd",
    "quobyte",
    "cephfs",
    "iscsi",
    "cinder",
    "fc",
    "flexVolume",
    "azureFile",
    "vsphereVolume",
    "photonPersistentDisk",
    "portworxVolume",
    "azureDisk",
    "scaleIO",
    "local",
    "storageos",
    "csi",
)
_PRINT_ORDER: Final = {
    "GCEPersistentDisk": "gcePersistentDisk",
    "AWSElasticBlockStore": "awsElasticBlockStore",
    "HostPath": "hostPath",
    "Glusterfs": "glusterfs",
    "NFS": "nfs",
    "RBD": "rbd",
    "Quobyte": "quobyte",
    "ISCSI": "iscsi",
    "FlexVolume": "flexVolume",
    "Cinder": "cinder",
    "CephFS": "cephfs",
    "FC": "fc",
    "Flocker": "flocker",
    "AzureFile": "azureFile",
    "VsphereVolume": "vsphereVolume",
    "AzureDisk": "azureDisk",
    "PhotonPersistentDisk": "photonPersistentDisk",
    "PortworxVolume": "portworxVolume",
    "ScaleIO": "scaleIO",
    "Local": "local",
    "StorageOS": "storageos",
    "CSI": "csi",
}
_EMPTY: Final[dict[str, dict[str, Any]]] = {
    "hostPath": {"Path": "", "Type": None},
    "nfs": {"Server": "", "Path": "", "ReadOnly": False},
    "local": {"Path": "", "FSType": None},
    "csi": {
        "Driver": "",
        "VolumeHandle": "",
        "ReadOnly": False,
        "FSType": "",
        "VolumeAttributes": None,
        "ControllerPublishSecretRef": None,
        "NodeStageSecretRef": None,
        "NodePublishSecretRef": None,
        "ControllerExpandSecretRef": None,
        "NodeExpandSecretRef": None,
    },
}
"""How the usual sources print when nothing is set; the others print what was written."""
_CSI_SECRETS: Final = ("controllerPublishSecretRef", "controllerExpandSecretRef", "nodePublishSecretRef", "nodeExpandSecretRef")
_ANNOTATIONS: Final = {
    "volume.beta.kubernetes.io/storage-class": 'deprecated since v1.8; use "storageClassName" attribute instead',
    "volume.beta.kubernetes.io/mount-options": 'deprecated since v1.31; use "mountOptions" attribute instead',
}
_GONE: Final = {
    "cephfs": ("cephfs", "deprecated in v1.28, non-functional in v1.31+"),
    "photonPersistentDisk": ("photonPersistentDisk", "deprecated in v1.11, non-functional in v1.16+"),
    "scaleIO": ("scaleIO", "deprecated in v1.16, non-functional in v1.22+"),
    "storageos": ("storageOS", "deprecated in v1.22, non-functional in v1.25+"),
    "glusterfs": ("glusterfs", "deprecated in v1.25, non-functional in v1.26+"),
    "rbd": ("rbd", "deprecated in v1.28, non-functional in v1.31+"),
}
_RECYCLE: Final = "The Recycle reclaim policy is deprecated. Instead, the recommended approach is to use dynamic provisioning."

Spec = Mapping[str, Any]


def _default(obj: Object) -> None:
    spec = obj.setdefault("spec", {})
    if not spec.get("persistentVolumeReclaimPolicy"):
        spec["persistentVolumeReclaimPolicy"] = "Retain"
    spec.setdefault("volumeMode", "Filesystem")
    for name, defaults in _SOURCE_DEFAULTS.items():
        if (source := spec.get(name)) is not None:
            spec[name] = {**source, **{field: value for field, value in defaults.items() if source.get(field) in (None, "")}}
    status = obj.setdefault("status", {})
    if not status.get("phase"):
        status["phase"] = "Pending"


def _prepare_create(obj: Object) -> None:
    # DIFFERS: upstream notes the time in status.lastPhaseTransitionTime at once; we leave it to the controller that binds.
    obj["status"] = {"phase": "Pending"}


def _validate(obj: Object) -> Errors:
    spec = obj.get("spec") or {}
    errors = _mode_errors(spec) + _capacity_errors(spec)
    policy = spec.get("persistentVolumeReclaimPolicy")
    if policy and policy not in _POLICIES:
        errors.append(not_supported("spec.persistentVolumeReclaimPolicy", policy, _POLICIES))
    if (affinity := spec.get("nodeAffinity")) is not None:
        path = "spec.nodeAffinity.required"
        if affinity.get("required") is None:
            errors.append(required(path, "must specify required node constraints"))
        else:
            errors += validate_node_selector(affinity["required"], path)
    errors += _source_errors(spec)
    host = spec.get("hostPath")
    if host is not None and policy == "Recycle" and posixpath.normpath(host.get("path") or ".") == "/":
        errors.append(forbidden("spec.persistentVolumeReclaimPolicy", "may not be 'recycle' for a hostPath mount of '/'"))
    if name := spec.get("storageClassName"):
        errors += subdomain("spec.storageClassName", name)
    mode = spec.get("volumeMode")
    if mode is not None and mode not in _MODES:
        errors.append(not_supported("spec.volumeMode", mode, _MODES))
    return errors + _attributes_class_errors(spec)


def _mode_errors(spec: Spec) -> Errors:
    modes = spec.get("accessModes") or ()
    errors = [] if modes else [required("spec.accessModes")]
    errors += [not_supported("spec.accessModes", mode, ACCESS_MODES) for mode in modes if mode not in ACCESS_MODES]
    if "ReadWriteOncePod" in modes and any(mode in ACCESS_MODES and mode != "ReadWriteOncePod" for mode in modes):
        errors.append(forbidden("spec.accessModes", "may not use ReadWriteOncePod with other access modes"))
    return errors


def _capacity_errors(spec: Spec) -> Errors:
    capacity = spec.get("capacity") or {}
    errors = [] if capacity else [required("spec.capacity")]
    if list(capacity) != ["storage"]:
        errors.append(not_supported("spec.capacity", capacity or None, ("storage",)))
    for name, amount in capacity.items():
        quantity = parse(amount)
        if quantity.value < 0:
            errors.append(invalid(f"spec.capacity[{name}]", quantity.value, "must be a valid resource quantity"))
        if quantity.nano <= 0:
            errors.append(invalid(f"spec.capacity[{name}]", quantity.text, "must be greater than zero"))
    return errors


def _source_errors(spec: Spec) -> Errors:
    errors: Errors = []
    found = 0
    for name in _CHECK_ORDER:
        source = spec.get(name)
        if source is None:
            continue
        if found and name != "flexVolume":
            shown = "cephFS" if name == "cephfs" else name
            errors.append(forbidden(f"spec.{shown}", "may not specify more than 1 volume type"))
            continue
        found += 1
        errors += _one_source(name, source, spec)
    return errors if found else [*errors, required("spec", "must specify a volume type")]


def _one_source(name: str, source: Spec, spec: Spec) -> Errors:
    path = f"spec.{name}"
    if name == "hostPath":
        if not source.get("path"):
            return [required(f"{path}.path")]
        errors = validate_no_backsteps(source["path"], f"{path}.path")
        kind = source.get("type")
        return errors if kind is None or kind in _HOST_PATH_TYPES else [*errors, not_supported(f"{path}.type", kind, _HOST_PATH_TYPES)]
    if name == "local":
        errors = validate_no_backsteps(source["path"], f"{path}.path") if source.get("path") else [required(f"{path}.path")]
        return (
            errors
            if spec.get("nodeAffinity") is not None
            else [*errors, required("spec.nodeAffinity", "Local volume requires node affinity")]
        )
    if name == "csi":
        return _csi_errors(source, path)
    return RARE_SOURCES[name](source, "spec.persistentDisk" if name == "gcePersistentDisk" else path)


def _csi_errors(source: Spec, path: str) -> Errors:
    errors = validate_csi_driver_name(source.get("driver", ""), f"{path}.driver")
    if not source.get("volumeHandle"):
        errors.append(required(f"{path}.volumeHandle"))
    for field in _CSI_SECRETS:
        if (secret := source.get(field)) is not None:
            for part in ("name", "namespace"):
                errors += [] if secret.get(part) else [required(f"{path}.{field}.{part}")]
    return errors


def _attributes_class_errors(spec: Spec) -> Errors:
    name, path = spec.get("volumeAttributesClassName"), "spec.volumeAttributesClassName"
    if name is None:
        return []
    errors = subdomain(path, name) if name else [required(path, "an empty string is disallowed")]
    if spec.get("csi") is None:
        errors.append(required("spec.csi", "has to be specified when using volumeAttributesClassName"))
    return errors


def _printed(spec: Spec) -> dict[str, Any]:
    """All sources as upstream's own structure prints them."""
    return {shown: _printed_source(name, spec.get(name)) for shown, name in _PRINT_ORDER.items()}


def _printed_source(name: str, source: Spec | None) -> dict[str, Any] | None:
    if source is None:
        return None
    upper = {"fsType": "FSType", **{field: field[0].upper() + field[1:] for field in source if field != "fsType"}}
    return {**_EMPTY.get(name, {}), **{upper[field]: value for field, value in source.items()}}


def _validate_update(obj: Object, old: FrozenObject) -> Errors:
    errors = _validate(obj) * 2  # Upstream checks the new object once by itself and once more with the old one.
    spec, before = dict(obj.get("spec") or {}), old.get("spec") or {}
    csi, csi_before = spec.get("csi"), before.get("csi")
    if csi and csi_before and csi_before.get("controllerExpandSecretRef") is None:
        spec["csi"] = {field: value for field, value in csi.items() if field != "controllerExpandSecretRef"}
    shown, shown_before = _printed(spec), _printed(before)
    if shown != shown_before:
        why = "spec.persistentvolumesource is immutable after creation\n" + go_diff(shown_before, shown)
        errors.append(forbidden("spec.persistentvolumesource", why))
    errors += unchanged("volumeMode", spec.get("volumeMode"), before.get("volumeMode"))
    if before.get("nodeAffinity") is not None and spec.get("nodeAffinity") != before["nodeAffinity"]:
        # DIFFERS: upstream lets beta node labels become their final names here; we let nothing change.
        why = "field is immutable, except for updating from beta label to GA"
        errors.append(invalid("nodeAffinity", _affinity_as_internal(spec.get("nodeAffinity")), why))
    if before.get("volumeAttributesClassName") is not None and spec.get("volumeAttributesClassName") is None:
        errors.append(forbidden("spec.volumeAttributesClassName", "update from non-nil value to nil is forbidden"))
    return errors


def _affinity_as_internal(affinity: FrozenObject | None) -> Mapping[str, Any] | None:
    if affinity is None:
        return None
    required_terms = affinity.get("required")
    return {"Required": None if required_terms is None else as_internal("NodeSelector", required_terms)}


def _warnings(obj: Object, old: FrozenObject | None) -> list[str]:
    spec = obj.get("spec") or {}
    given = annotations_of(obj)
    warnings = [f"metadata.annotations[{key}]: {text}" for key, text in _ANNOTATIONS.items() if key in given]
    if spec.get("persistentVolumeReclaimPolicy") == "Recycle":
        warnings.append(f"spec.persistentVolumeReclaimPolicy: {_RECYCLE}")
    terms = ((spec.get("nodeAffinity") or {}).get("required") or {}).get("nodeSelectorTerms") or ()
    for index, term in enumerate(terms):
        warnings += node_selector_term_warnings(term, f"spec.nodeAffinity.required.nodeSelectorTerms[{index}]", check_values=False)
    return warnings + [f"spec.{shown}: {text}" for name, (shown, text) in _GONE.items() if spec.get(name) is not None]


BEHAVIOUR: Final = Behaviour(
    default=_default,
    prepare_create=_prepare_create,
    validate=_validate,
    validate_update=_validate_update,
    warnings=_warnings,
)
