"""Validation of volume sources for old or rare storage: required fields and the few formats upstream checks."""

import re
from collections.abc import Callable
from typing import Any, Final

from orrery.kinds.kind import Errors
from orrery.kinds.rules.path_rules import validate_descending_path
from orrery.machinery.field_errors import invalid, not_supported, required, too_long
from orrery.machinery.names import bytes_len, is_dns1123_label, is_dns1123_subdomain, range_message
from orrery.machinery.objects import FrozenObject

Check = Callable[[Any, str], Errors]

_is_iqn: Final = re.compile(r"iqn\.\d{4}-\d{2}\.([a-zA-Z0-9\-.]+)(:[^,;*&$|\s]+)\Z", re.ASCII).search
_is_eui: Final = re.compile(r"eui.[a-zA-Z0-9]{16}").fullmatch
_is_naa: Final = re.compile(r"naa.[a-zA-Z0-9]{32}").fullmatch
_DRIVER_BYTES_MAX: Final = 63
_PARTITION: Final = range_message(1, 255)


def _needs(*fields: str) -> Check:
    """A check that each field is there."""

    def check(source: FrozenObject, path: str) -> Errors:
        return [required(f"{path}.{field}") for field in fields if not source.get(field)]

    return check


def _git_repo(source: FrozenObject, path: str) -> Errors:
    return _needs("repository")(source, path) + validate_descending_path(source.get("directory", ""), f"{path}.directory")


def _disk(name: str) -> Check:
    def check(source: FrozenObject, path: str) -> Errors:
        errors = _needs(name)(source, path)
        partition = source.get("partition", 0)
        if not 0 <= partition <= 255:
            errors.append(invalid(f"{path}.partition", partition, _PARTITION))
        return errors

    return check


def _nfs(source: FrozenObject, path: str) -> Errors:
    errors = _needs("server", "path")(source, path)
    if not source.get("path", "").startswith("/"):
        errors.append(invalid(f"{path}.path", source.get("path", ""), "must be an absolute path"))
    return errors


def _iscsi_name_errors(name: str, path: str) -> Errors:
    if not name.startswith(("iqn", "eui", "naa")):
        return [invalid(path, name, "must be valid format starting with iqn, eui, or naa")]
    valid = {"iqn": _is_iqn, "eui": _is_eui, "naa": _is_naa}[name[:3]](name)
    return [] if valid else [invalid(path, name, "must be valid format")]


def _iscsi(source: FrozenObject, path: str) -> Errors:
    errors = _needs("targetPortal", "iqn")(source, path)
    if iqn := source.get("iqn"):
        errors += _iscsi_name_errors(iqn, f"{path}.iqn")
    lun = source.get("lun", 0)
    if not 0 <= lun <= 255:
        errors.append(invalid(f"{path}.lun", lun, range_message(0, 255)))
    if (source.get("chapAuthDiscovery") or source.get("chapAuthSession")) and "secretRef" not in source:
        errors.append(required(f"{path}.secretRef"))
    if "initiatorName" in source:
        errors += _iscsi_name_errors(source["initiatorName"], f"{path}.initiatorname")
    return errors


def _flocker(source: FrozenObject, path: str) -> Errors:
    errors: Errors = []
    name = source.get("datasetName", "")
    if not name and not source.get("datasetUUID"):
        errors.append(required(path, "one of datasetName and datasetUUID is required"))
    if name and source.get("datasetUUID"):
        errors.append(invalid(path, "resource", "datasetName and datasetUUID can not be specified simultaneously"))
    if "/" in name:
        errors.append(invalid(f"{path}.datasetName", name, "must not contain '/'"))
    return errors


def _secret_name_errors(source: FrozenObject, path: str, field: str = "secretRef") -> Errors:
    secret = source.get(field)
    return [required(f"{path}.{field}.name")] if secret is not None and not secret.get("name") else []


def _cinder(source: FrozenObject, path: str) -> Errors:
    return _needs("volumeID")(source, path) + _secret_name_errors(source, path)


def _quobyte(source: FrozenObject, path: str) -> Errors:
    text = "must be a host:port pair or multiple pairs separated by commas"
    registry = source.get("registry", "")
    errors: Errors = []
    if not registry:
        errors.append(required(f"{path}.registry", text))
    elif bytes_len(source.get("tenant", "")) >= 65:
        errors.append(required(f"{path}.tenant", "must be a UUID and may not exceed a length of 64 characters"))
    else:
        errors += [invalid(f"{path}.registry", registry, text) for pair in registry.split(",") if not _is_host_port(pair)]
    return errors + _needs("volume")(source, path)


def _is_host_port(pair: str) -> bool:
    """What net.SplitHostPort accepts."""
    host, colon, _ = pair.rpartition(":")
    if host.startswith("["):
        return bool(colon) and host.endswith("]")
    return bool(colon) and ":" not in host


def _fc(source: FrozenObject, path: str) -> Errors:
    errors: Errors = []
    targets = source.get("targetWWNs")
    if not targets and not source.get("wwids"):
        errors.append(required(f"{path}.targetWWNs", "must specify either targetWWNs or wwids, but not both"))
    if targets and source.get("wwids"):
        errors.append(invalid(f"{path}.targetWWNs", targets, "targetWWNs and wwids can not be specified simultaneously"))
    if targets:
        lun = source.get("lun")
        if lun is None:
            errors.append(required(f"{path}.lun", "lun is required if targetWWNs is specified"))
        elif not 0 <= lun <= 255:
            errors.append(invalid(f"{path}.lun", lun, range_message(0, 255)))
    return errors


def _flex(source: FrozenObject, path: str) -> Errors:
    errors = _needs("driver")(source, path)
    for option in source.get("options") or ():
        domain = "." + option.partition("/")[0].lower()
        if domain.endswith((".kubernetes.io", ".k8s.io")):
            errors.append(invalid(f"{path}.options[{option}]", option, "kubernetes.io and k8s.io namespaces are reserved"))
    return errors


def _azure_disk(source: FrozenObject, path: str) -> Errors:
    errors = _needs("diskName", "diskURI")(source, path)
    caching = source.get("cachingMode")
    if caching is not None and caching not in ("None", "ReadOnly", "ReadWrite"):
        errors.append(not_supported(f"{path}.cachingMode", caching, ("None", "ReadOnly", "ReadWrite")))
    kind = source.get("kind")
    if kind is not None and kind not in ("Dedicated", "Managed", "Shared"):
        errors.append(not_supported(f"{path}.kind", kind, ("Dedicated", "Managed", "Shared")))
    uri = source.get("diskURI", "")
    if kind == "Managed" and not uri.startswith("/subscriptions/"):
        form = "/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/microsoft.compute/disks/{disk-id}"
        errors.append(not_supported(f"{path}.diskURI", uri, (form,)))
    if kind is not None and kind != "Managed" and not uri.startswith("https://"):
        form = "https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd"
        errors.append(not_supported(f"{path}.diskURI", uri, (form,)))
    return errors


def _storage_os(source: FrozenObject, path: str) -> Errors:
    errors = _needs("volumeName")(source, path)
    for field in ("volumeName", "volumeNamespace"):
        if value := source.get(field):
            errors += [invalid(f"{path}.{field}", value, message) for message in is_dns1123_label(value)]
    return errors + _secret_name_errors(source, path)


def validate_csi_driver_name(name: str, path: str) -> Errors:
    """ValidateCSIDriverName."""
    if not name:
        return [required(path)]
    errors = [too_long(path, _DRIVER_BYTES_MAX)] if bytes_len(name) > _DRIVER_BYTES_MAX else []
    return errors + [invalid(path, name, message) for message in is_dns1123_subdomain(name.lower())]


def _csi(source: FrozenObject, path: str) -> Errors:
    errors = validate_csi_driver_name(source.get("driver", ""), f"{path}.driver")
    secret = source.get("nodePublishSecretRef")
    if secret is not None:
        name = secret.get("name", "")
        if not name:
            errors.append(required(f"{path}.nodePublishSecretRef.name"))
        errors += [invalid(f"{path}.name", name, message) for message in is_dns1123_subdomain(name) if name]
    return errors


RARE_SOURCES: Final[dict[str, Check]] = {
    "gitRepo": _git_repo,
    "gcePersistentDisk": _disk("pdName"),
    "awsElasticBlockStore": _disk("volumeID"),
    "nfs": _nfs,
    "iscsi": _iscsi,
    "glusterfs": _needs("endpoints", "path"),
    "flocker": _flocker,
    "rbd": _needs("monitors", "image"),
    "cinder": _cinder,
    "cephfs": _needs("monitors"),
    "quobyte": _quobyte,
    "fc": _fc,
    "flexVolume": _flex,
    "azureFile": _needs("secretName", "shareName"),
    "vsphereVolume": _needs("volumePath"),
    "photonPersistentDisk": _needs("pdID"),
    "portworxVolume": _needs("volumeID"),
    "azureDisk": _azure_disk,
    "storageos": _storage_os,
    "scaleIO": _needs("gateway", "system", "volumeName"),
    "csi": _csi,
}
