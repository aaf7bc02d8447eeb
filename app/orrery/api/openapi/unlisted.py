"""Facts of upstream's documents that neither the Go structs nor the published schemas tell the schema table: markers in Go's comments."""

from typing import Any, Final

_CORE: Final = "io.k8s.api.core.v1."

_OPTIONAL_NAMES: Final = (
    *("ConfigMapEnvSource", "ConfigMapKeySelector", "ConfigMapProjection", "ConfigMapVolumeSource"),
    *("LocalObjectReference", "SecretEnvSource", "SecretKeySelector", "SecretProjection"),
)
_RBD: Final = {"keyring": "/etc/ceph/keyring", "pool": "rbd", "user": "admin"}
_SCALE_IO: Final = {"fsType": "xfs", "storageMode": "ThinProvisioned"}

DEFAULTS: Final[dict[str, dict[str, Any]]] = {
    **{_CORE + name: {"name": ""} for name in _OPTIONAL_NAMES},
    "io.k8s.api.autoscaling.v1.ScaleSpec": {"replicas": 0},
    _CORE + "AzureDiskVolumeSource": {"cachingMode": "ReadWrite", "fsType": "ext4", "kind": "Shared", "readOnly": False},
    _CORE + "ContainerPort": {"protocol": "TCP"},
    _CORE + "FileKeySelector": {"optional": False},
    _CORE + "GRPCAction": {"service": ""},
    _CORE + "ISCSIPersistentVolumeSource": {"iscsiInterface": "default"},
    _CORE + "ISCSIVolumeSource": {"iscsiInterface": "default"},
    _CORE + "RBDPersistentVolumeSource": _RBD,
    _CORE + "RBDVolumeSource": _RBD,
    _CORE + "ReplicationControllerSpec": {"minReadySeconds": 0, "replicas": 1},
    _CORE + "ScaleIOPersistentVolumeSource": _SCALE_IO,
    _CORE + "ScaleIOVolumeSource": _SCALE_IO,
    _CORE + "ServicePort": {"protocol": "TCP"},
    "io.k8s.api.resource.v1.DeviceToleration": {"operator": "Equal"},
}

ENUMS: Final[dict[str, dict[str, tuple[str, ...]]]] = {
    "io.k8s.api.discovery.v1.EndpointSlice": {"addressType": ("FQDN", "IPv4", "IPv6")},
    "io.k8s.api.networking.v1.HTTPIngressPath": {"pathType": ("Exact", "ImplementationSpecific", "Prefix")},
    "io.k8s.api.resource.v1.DeviceSubRequest": {"allocationMode": ("All", "ExactCount")},
    "io.k8s.api.resource.v1.ExactDeviceRequest": {"allocationMode": ("All", "ExactCount")},
}

_PROFILES: Final = ("type", {"localhostProfile": "LocalhostProfile"})
UNIONS: Final[dict[str, tuple[str, dict[str, str]]]] = {
    _CORE + "AppArmorProfile": _PROFILES,
    _CORE + "SeccompProfile": _PROFILES,
    "io.k8s.api.flowcontrol.v1.LimitResponse": ("type", {"queuing": "Queuing"}),
    "io.k8s.api.flowcontrol.v1.PriorityLevelConfigurationSpec": ("type", {"exempt": "Exempt", "limited": "Limited"}),
    "io.k8s.api.flowcontrol.v1.Subject": ("kind", {"group": "Group", "serviceAccount": "ServiceAccount", "user": "User"}),
}
"""The field that says which of the others is set, and which value stands for which."""
