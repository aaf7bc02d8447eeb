"""Validation of a Pod's volumes: names, one source each, and the sources people use most. Follows ValidateVolumes of core.

Sources of old or rare storage are in `pod_volume_sources`.
"""

from collections.abc import Callable
from typing import Any, Final

from orrery.kinds.kind import Errors
from orrery.kinds.pods.env import VOLUME_FIELDS, validate_field_ref, validate_resource_field_ref
from orrery.kinds.pods.volume_sources import RARE_SOURCES
from orrery.kinds.rules.claim_spec import validate_claim_template
from orrery.kinds.rules.path_rules import validate_no_backsteps, validate_unreserved_path
from orrery.machinery.field_errors import duplicate, forbidden, go_quote, invalid, not_supported, required
from orrery.machinery.names import is_dns1123_label, is_dns1123_subdomain
from orrery.machinery.objects import FrozenObject
from orrery.machinery.quantities import parse

_FILE_MODE: Final = "must be a number between 0 and 0777 (octal), both inclusive"
_ONE_SOURCE: Final = "may not specify more than 1 volume type"
_HOST_PATH_TYPES: Final = ("", "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket")
_TOKEN_S_MIN: Final = 600
_TOKEN_S_MAX: Final = 1 << 32

Check = Callable[[Any, str], Errors]


def validate_volumes(volumes: list[Any], path: str, *, pod_name: str = "", is_pod: bool = False) -> tuple[dict[str, FrozenObject], Errors]:
    """The valid volumes by name, and what is wrong with the others. `pod_name` is empty for a template."""
    errors: Errors = []
    valid: dict[str, FrozenObject] = {}
    claims = {f"{pod_name}-{volume.get('name', '')}" for volume in volumes if "ephemeral" in volume} if pod_name else ()
    for index, volume in enumerate(volumes):
        name = volume.get("name", "")
        found = _sources(volume, f"{path}[{index}]", pod_name=pod_name, is_pod=is_pod)
        if not name:
            found.append(required(f"{path}[{index}].name"))
        elif messages := is_dns1123_label(name):
            found += [invalid(f"{path}[{index}].name", name, message) for message in messages]
        if name in valid:
            found.append(duplicate(f"{path}[{index}].name", name))
        if found:
            errors += found
        else:
            valid[name] = volume
        claim = (volume.get("persistentVolumeClaim") or {}).get("claimName", "") if claims else ""
        if claim and claim in claims:
            text = "must not reference a PVC that gets created for an ephemeral volume"
            errors.append(invalid(f"{path}[{index}].persistentVolumeClaim.claimName", claim, text))
    return valid, errors


def _sources(volume: FrozenObject, path: str, *, pod_name: str, is_pod: bool) -> Errors:
    """validateVolumeSource."""
    errors: Errors = []
    used = [field for field in volume if field in _CHECKS]
    if len(used) > 1:
        used = [field for field in _CHECKS if field in volume]
    elif not used:
        return [required(path, "must specify a volume type")]
    for position, field in enumerate(used):
        if position:
            errors.append(forbidden(f"{path}.{_ODD_NAMES.get(field, field)}", _ONE_SOURCE))
        else:
            check_path = f"{path}.persistentDisk" if field == "gcePersistentDisk" else f"{path}.{field}"
            errors += _CHECKS[field](volume[field], check_path)
            if field == "ephemeral" and pod_name and (name := volume.get("name")):
                errors += _claim_name_errors(f"{pod_name}-{name}", name, f"{path}.name")
            if field == "image" and is_pod and not volume[field].get("reference"):
                errors.insert(0, required(f"{check_path}.reference"))
        if field == "iscsi":
            errors += _iscsi_name_errors(volume, f"{path}.name")
    return errors


def _claim_name_errors(claim: str, name: str, path: str) -> Errors:
    return [invalid(path, name, f"PVC name {go_quote(claim)}: {message}") for message in is_dns1123_subdomain(claim)]


def _iscsi_name_errors(volume: FrozenObject, path: str) -> Errors:
    source = volume["iscsi"]
    if "initiatorName" not in source or len(f"{volume.get('name', '')}:{source.get('targetPortal', '')}") <= 64:
        return []
    text = "Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters if iscsi.initiatorName is specified."
    return [invalid(path, volume.get("name", ""), text)]


def _mode_errors(source: FrozenObject, path: str, field: str = "defaultMode") -> Errors:
    mode = source.get(field)
    return [invalid(f"{path}.{field}", mode, _FILE_MODE)] if mode is not None and not 0 <= mode <= 0o777 else []


def _empty_dir(source: FrozenObject, path: str) -> Errors:
    limit = source.get("sizeLimit")
    if limit is not None and parse(limit).nano < 0:
        return [forbidden(f"{path}.sizeLimit", "SizeLimit field must be a valid resource quantity")]
    return []


def _host_path(source: FrozenObject, path: str) -> Errors:
    if not source.get("path"):
        return [required(f"{path}.path")]
    errors = validate_no_backsteps(source["path"], f"{path}.path")
    kind = source.get("type")
    if kind is not None and kind not in _HOST_PATH_TYPES:
        errors.append(not_supported(f"{path}.type", kind, _HOST_PATH_TYPES))
    return errors


def _secret(source: FrozenObject, path: str) -> Errors:
    errors = [] if source.get("secretName") else [required(f"{path}.secretName")]
    return errors + _mode_errors(source, path) + _items(source.get("items"), f"{path}.items")


def _config_map(source: FrozenObject, path: str) -> Errors:
    errors = [] if source.get("name") else [required(f"{path}.name")]
    return errors + _mode_errors(source, path) + _items(source.get("items"), f"{path}.items")


def _items(items: list[Any] | None, path: str) -> Errors:
    errors: Errors = []
    for index, item in enumerate(items or ()):
        errors += _item(item, f"{path}[{index}]")
    return errors


def _item(item: FrozenObject, path: str) -> Errors:
    errors: Errors = []
    if not item.get("key"):
        errors.append(required(f"{path}.key"))
    if not item.get("path"):
        errors.append(required(f"{path}.path"))
    errors += validate_unreserved_path(item.get("path", ""), f"{path}.path")
    return errors + _mode_errors(item, path, "mode")


def _claim(source: FrozenObject, path: str) -> Errors:
    return [] if source.get("claimName") else [required(f"{path}.claimName")]


def _downward_api(source: FrozenObject, path: str) -> Errors:
    errors = _mode_errors(source, path)
    for item in source.get("items") or ():
        errors += _downward_file(item, path)
    return errors


def _downward_file(item: FrozenObject, path: str) -> Errors:
    errors = [] if item.get("path") else [required(f"{path}.path")]
    errors += validate_unreserved_path(item.get("path", ""), f"{path}.path")
    if "fieldRef" in item:
        errors += validate_field_ref(item["fieldRef"], f"{path}.fieldRef", supported=VOLUME_FIELDS)
        if "resourceFieldRef" in item:
            errors.append(invalid(path, "resource", "fieldRef and resourceFieldRef can not be specified simultaneously"))
    elif "resourceFieldRef" in item:
        errors += validate_resource_field_ref(item["resourceFieldRef"], f"{path}.resourceFieldRef", in_volume=True)
    else:
        errors.append(required(path, "one of fieldRef and resourceFieldRef is required"))
    return errors + _mode_errors(item, path, "mode")


def _projected(source: FrozenObject, path: str) -> Errors:
    """Sources behind closed feature gates are dropped before validation: clusterTrustBundle, podCertificate."""
    errors = _mode_errors(source, path)
    paths: set[str] = set()
    for index, projection in enumerate(source.get("sources") or ()):
        at = f"{path}.sources[{index}]"
        count = 0
        for field in ("secret", "configMap"):
            if field in projection:
                count += 1
                errors += _projected_items(projection[field], f"{at}.{field}", path, seen=paths)
        if "downwardAPI" in projection:
            count += 1
            errors += _projected_downward(projection["downwardAPI"], f"{at}.downwardAPI", path, seen=paths)
        if "serviceAccountToken" in projection:
            count += 1
            errors += _projected_token(projection["serviceAccountToken"], f"{at}.serviceAccountToken", path)
        if count > 1:
            errors.append(forbidden(at, "may not specify more than 1 volume type per source"))
    return errors


def _projected_items(source: FrozenObject, at: str, path: str, *, seen: set[str]) -> Errors:
    name = source.get("name", "")
    errors = [] if name else [required(f"{at}.name")]
    for index, item in enumerate(source.get("items") or ()):
        errors += _item(item, f"{at}.items[{index}]")
        errors += _conflicts(item.get("path", ""), path, name, seen=seen)
    return errors


def _projected_downward(source: FrozenObject, at: str, path: str, *, seen: set[str]) -> Errors:
    errors: Errors = []
    for item in source.get("items") or ():
        errors += _downward_file(item, at)
        errors += _conflicts(item.get("path", ""), path, item.get("path", ""), seen=seen)
    return errors


def _conflicts(file: str, path: str, told: str, *, seen: set[str]) -> Errors:
    if not file:
        return []
    if file in seen:
        return [invalid(path, told, "conflicting duplicate paths")]
    seen.add(file)
    return []


def _projected_token(source: FrozenObject, at: str, path: str) -> Errors:
    errors: Errors = []
    seconds = source.get("expirationSeconds", 0)
    if seconds < _TOKEN_S_MIN:
        errors.append(invalid(f"{at}.expirationSeconds", seconds, "may not specify a duration less than 10 minutes"))
    if seconds > _TOKEN_S_MAX:
        errors.append(invalid(f"{at}.expirationSeconds", seconds, "may not specify a duration larger than 2^32 seconds"))
    if not source.get("path"):
        errors.append(required(f"{path}.path"))
    else:
        errors += validate_unreserved_path(source["path"], f"{path}.path")
    return errors


def _ephemeral(source: FrozenObject, path: str) -> Errors:
    template = source.get("volumeClaimTemplate")
    if template is None:
        return [required(f"{path}.volumeClaimTemplate")]
    return validate_claim_template(template, f"{path}.volumeClaimTemplate")


def _image(source: FrozenObject, path: str) -> Errors:
    policy = source.get("pullPolicy", "")
    if policy in ("Always", "IfNotPresent", "Never"):
        return []
    supported = ("Always", "IfNotPresent", "Never")
    return [not_supported(f"{path}.pullPolicy", policy, supported) if policy else required(f"{path}.pullPolicy")]


_COMMON: Final[dict[str, Check]] = {
    "emptyDir": _empty_dir,
    "hostPath": _host_path,
    "secret": _secret,
    "persistentVolumeClaim": _claim,
    "downwardAPI": _downward_api,
    "configMap": _config_map,
    "projected": _projected,
    "ephemeral": _ephemeral,
    "image": _image,
}
_ORDER: Final = (
    "emptyDir",
    "hostPath",
    "gitRepo",
    "gcePersistentDisk",
    "awsElasticBlockStore",
    "secret",
    "nfs",
    "iscsi",
    "glusterfs",
    "flocker",
    "persistentVolumeClaim",
    "rbd",
    "cinder",
    "cephfs",
    "quobyte",
    "downwardAPI",
    "fc",
    "flexVolume",
    "configMap",
    "azureFile",
    "vsphereVolume",
    "photonPersistentDisk",
    "portworxVolume",
    "azureDisk",
    "storageos",
    "projected",
    "scaleIO",
    "csi",
    "ephemeral",
    "image",
)
_CHECKS: Final[dict[str, Check]] = {field: {**_COMMON, **RARE_SOURCES}[field] for field in _ORDER}
"""In upstream's order, which decides whose source counts as the first."""
_ODD_NAMES: Final = {"cephfs": "cephFS", "downwardAPI": "downwarAPI"}
"""How upstream spells some fields when they come second."""
