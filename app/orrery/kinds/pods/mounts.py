"""Validation of a container's volumeMounts and volumeDevices against the Pod's volumes."""

from collections.abc import Mapping
from typing import Final

from orrery.kinds.kind import Errors
from orrery.kinds.rules.path_rules import validate_descending_path, validate_no_backsteps
from orrery.machinery.field_errors import forbidden, invalid, not_found, not_supported, required
from orrery.machinery.objects import FrozenObject

_PROPAGATIONS: Final = ("Bidirectional", "HostToContainer", "None")
_RECURSIVE: Final = ("Disabled", "Enabled", "IfPossible")


def validate_mounts(container: FrozenObject, path: str, volumes: Mapping[str, FrozenObject]) -> Errors:
    """ValidateVolumeMounts."""
    errors: Errors = []
    seen: set[str] = set()
    devices = {device.get("name", ""): device.get("devicePath", "") for device in container.get("volumeDevices") or ()}
    for index, mount in enumerate(container["volumeMounts"]):
        name = mount.get("name", "")
        target = mount.get("mountPath", "")
        if not name:
            errors.append(required(f"{path}[{index}].name"))
        if name not in volumes:
            errors.append(not_found(f"{path}[{index}].name", name))
        if not target:
            errors.append(required(f"{path}[{index}].mountPath"))
        if target in seen:
            errors.append(invalid(f"{path}[{index}].mountPath", target, "must be unique"))
        seen.add(target)
        if devices:
            if name in devices:
                errors.append(invalid(f"{path}[{index}].name", name, "must not already exist in volumeDevices"))
            if target in devices.values():
                errors.append(invalid(f"{path}[{index}].mountPath", target, "must not already exist as a path in volumeDevices"))
        if len(mount) > 2:
            errors += _details(mount, path, index, container=container)
    return errors


def _details(mount: FrozenObject, path: str, index: int, *, container: FrozenObject) -> Errors:
    """What most mounts lack. The paths miss the index, as upstream's do."""
    errors: Errors = []
    sub_path = mount.get("subPath", "")
    if sub_path:
        errors += validate_descending_path(sub_path, f"{path}.subPath")
    if expression := mount.get("subPathExpr"):
        if sub_path:
            errors.append(invalid(f"{path}[{index}].subPathExpr", expression, "subPathExpr and subPath are mutually exclusive"))
        errors += validate_descending_path(expression, f"{path}.subPathExpr")
    propagation = mount.get("mountPropagation")
    if propagation is not None:
        errors += _propagation(propagation, f"{path}.mountPropagation", container)
    recursive = mount.get("recursiveReadOnly")
    if recursive in ("Enabled", "IfPossible"):
        if not mount.get("readOnly"):
            errors.append(forbidden(f"{path}.recursiveReadOnly", "may only be specified when readOnly is true"))
        if propagation is not None and propagation != "None":
            text = "may only be specified when mountPropagation is None or not specified"
            errors.append(forbidden(f"{path}.recursiveReadOnly", text))
    elif recursive is not None and recursive != "Disabled":
        errors.append(not_supported(f"{path}.recursiveReadOnly", recursive, _RECURSIVE))
    return errors


def _propagation(propagation: str, path: str, container: FrozenObject) -> Errors:
    if propagation not in _PROPAGATIONS:
        return [not_supported(path, propagation, _PROPAGATIONS)]
    if propagation == "Bidirectional" and not (container.get("securityContext") or {}).get("privileged"):
        return [forbidden(path, "Bidirectional mount propagation is available only to privileged containers")]
    return []


def validate_devices(container: FrozenObject, path: str, volumes: Mapping[str, FrozenObject]) -> Errors:
    """ValidateVolumeDevices."""
    errors: Errors = []
    names: set[str] = set()
    paths: set[str] = set()
    mounts = {mount.get("name", ""): mount.get("mountPath", "") for mount in container.get("volumeMounts") or ()}
    for index, device in enumerate(container["volumeDevices"]):
        at = f"{path}[{index}]"
        name = device.get("name", "")
        target = device.get("devicePath", "")
        volume = volumes.get(name)
        if not name:
            errors.append(required(f"{at}.name"))
        if name in names:
            errors.append(invalid(f"{at}.name", name, "must be unique"))
        if volume is None:
            errors.append(not_found(f"{at}.name", name))
        elif "persistentVolumeClaim" not in volume and "ephemeral" not in volume:
            text = "can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode"
            errors.append(invalid(f"{at}.name", name, text))
        errors += _device_path(target, f"{at}.devicePath", paths)
        if name in mounts:
            errors.append(invalid(f"{at}.name", name, "must not already exist in volumeMounts"))
        if target in mounts.values():
            errors.append(invalid(f"{at}.devicePath", target, "must not already exist as a path in volumeMounts"))
        if name:
            names.add(name)
    return errors


def _device_path(target: str, path: str, seen: set[str]) -> Errors:
    errors: Errors = []
    if not target:
        errors.append(required(path))
    if target in seen:
        errors.append(invalid(path, target, "must be unique"))
    if target and validate_no_backsteps(target, path):
        errors.append(invalid(path, target, "can not contain backsteps ('..')"))
    else:
        seen.add(target)
    return errors
