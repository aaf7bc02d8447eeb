"""The columns of storage kinds."""

from typing import Any, Final

from orrery.kinds.columns.cells import AGE, NAME, spec, status, wide
from orrery.kinds.kind import Column
from orrery.machinery.objects import FrozenObject, annotations_of

_ACCESS_MODES: Final = (("ReadWriteOnce", "RWO"), ("ReadOnlyMany", "ROX"), ("ReadWriteMany", "RWX"), ("ReadWriteOncePod", "RWOP"))
_CLASS_ANNOTATION: Final = "volume.beta.kubernetes.io/storage-class"
_DEFAULT_ANNOTATIONS: Final = ("storageclass.kubernetes.io/is-default-class", "storageclass.beta.kubernetes.io/is-default-class")


def access_modes(modes: Any) -> str:
    return ",".join(short for mode, short in _ACCESS_MODES if mode in (modes or ()))


def _phase(obj: FrozenObject, now_s: float) -> str:
    return "Terminating" if obj["metadata"].get("deletionTimestamp") is not None else str(status(obj).get("phase", ""))


def _class(obj: FrozenObject, now_s: float) -> str:
    return str(annotations_of(obj).get(_CLASS_ANNOTATION) or spec(obj).get("storageClassName", ""))


def _claim(volume: FrozenObject, now_s: float) -> str:
    claim = spec(volume).get("claimRef")
    return f"{claim.get('namespace', '')}/{claim.get('name', '')}" if claim else ""


_ATTRIBUTES_CLASS = Column("VolumeAttributesClass", lambda obj, now_s: spec(obj).get("volumeAttributesClassName", "<unset>"))
_VOLUME_MODE = wide("VolumeMode", lambda obj, now_s: spec(obj).get("volumeMode", "<unset>"))

PERSISTENT_VOLUMES = (
    NAME,
    Column("Capacity", lambda obj, now_s: (spec(obj).get("capacity") or {}).get("storage", "0")),
    Column("Access Modes", lambda obj, now_s: access_modes(spec(obj).get("accessModes"))),
    Column("Reclaim Policy", lambda obj, now_s: spec(obj).get("persistentVolumeReclaimPolicy", "")),
    Column("Status", _phase),
    Column("Claim", _claim),
    Column("StorageClass", _class),
    _ATTRIBUTES_CLASS,
    Column("Reason", lambda obj, now_s: status(obj).get("reason", "")),
    AGE,
    _VOLUME_MODE,
)


def _bound_capacity(claim: FrozenObject, now_s: float) -> str:
    return str((status(claim).get("capacity") or {}).get("storage", "0")) if spec(claim).get("volumeName") else ""


PERSISTENT_VOLUME_CLAIMS = (
    NAME,
    Column("Status", _phase),
    Column("Volume", lambda obj, now_s: spec(obj).get("volumeName", "")),
    Column("Capacity", _bound_capacity),
    Column("Access Modes", lambda obj, now_s: access_modes(status(obj).get("accessModes")) if spec(obj).get("volumeName") else ""),
    Column("StorageClass", _class),
    _ATTRIBUTES_CLASS,
    AGE,
    _VOLUME_MODE,
)


def _class_name(storage_class: FrozenObject, now_s: float) -> str:
    annotations = annotations_of(storage_class)
    is_default = any(annotations.get(annotation) == "true" for annotation in _DEFAULT_ANNOTATIONS)
    return f"{storage_class['metadata']['name']}{' (default)' if is_default else ''}"


STORAGE_CLASSES = (
    Column("Name", _class_name, format="name"),
    Column("Provisioner", lambda obj, now_s: obj.get("provisioner", "")),
    Column("ReclaimPolicy", lambda obj, now_s: obj.get("reclaimPolicy", "Delete")),
    Column("VolumeBindingMode", lambda obj, now_s: obj.get("volumeBindingMode", "Immediate")),
    Column("AllowVolumeExpansion", lambda obj, now_s: bool(obj.get("allowVolumeExpansion"))),
    AGE,
)

VOLUME_ATTRIBUTES_CLASSES = (NAME, Column("DriverName", lambda obj, now_s: obj.get("driverName", "")), AGE)

VOLUME_ATTACHMENTS = (
    NAME,
    Column("Attacher", lambda obj, now_s: spec(obj).get("attacher", ""), format="name"),
    Column("PV", lambda obj, now_s: (spec(obj).get("source") or {}).get("persistentVolumeName", "")),
    Column("Node", lambda obj, now_s: spec(obj).get("nodeName", "")),
    Column("Attached", lambda obj, now_s: bool(status(obj).get("attached")), type="boolean"),
    AGE,
)

CSI_NODES = (NAME, Column("Drivers", lambda obj, now_s: len(spec(obj).get("drivers") or ()), type="integer"), AGE)


def _token_requests(driver: FrozenObject, now_s: float) -> str:
    requests = spec(driver).get("tokenRequests")
    return "<unset>" if requests is None else ",".join(request.get("audience", "") for request in requests)


CSI_DRIVERS = (
    NAME,
    Column("AttachRequired", lambda obj, now_s: spec(obj).get("attachRequired", True), type="boolean"),
    Column("PodInfoOnMount", lambda obj, now_s: spec(obj).get("podInfoOnMount", False), type="boolean"),
    Column("StorageCapacity", lambda obj, now_s: spec(obj).get("storageCapacity", False), type="boolean"),
    Column("TokenRequests", _token_requests),
    Column("RequiresRepublish", lambda obj, now_s: spec(obj).get("requiresRepublish", False), type="boolean"),
    Column("Modes", lambda obj, now_s: ",".join(spec(obj).get("volumeLifecycleModes") or ()) or "<none>"),
    AGE,
)
