"""From a claim in a Pod to the PersistentVolume behind it, with the kubelet's words when there is none.

Follows `createVolumeSpec` of upstream's populator.
"""

from typing import Final

from orrery.machinery.objects import FrozenObject, controller_of, name_of, namespace_of, uid_of
from orrery.node.environment import ConfigError, Lookup

CLAIMS: Final = "persistentvolumeclaims"
VOLUMES: Final = "persistentvolumes"
_PROTECTION: Final = "kubernetes.io/pvc-protection"


def claim_name(pod: FrozenObject, volume: FrozenObject) -> str:
    """The claim a volume stands for, one of an ephemeral volume has a made name; empty when it stands for none."""
    if volume.get("ephemeral") is not None:
        return f"{name_of(pod)}-{volume['name']}"
    name: str = (volume.get("persistentVolumeClaim") or {}).get("claimName", "")
    return name


def is_read_only(volume: FrozenObject) -> bool:
    return bool((volume.get("persistentVolumeClaim") or {}).get("readOnly"))


def bound_volume(pod: FrozenObject, volume: FrozenObject, lookup: Lookup, volumes: Lookup) -> FrozenObject:
    """The PersistentVolume; ConfigError when the claim has none that can be used here."""
    name = claim_name(pod, volume)
    claim = lookup(CLAIMS, name)
    why = _refusal(claim, name)
    if claim is None or why:
        raise _unprocessed(volume, f"error processing PVC {namespace_of(pod)}/{name}: {why}", name)
    if volume.get("ephemeral") is not None and (controller_of(claim) or {}).get("uid") != uid_of(pod):
        where = f"{namespace_of(pod)}/{name}"
        raise _unprocessed(volume, f"PVC {where} was not created for pod {namespace_of(pod)}/{name_of(pod)} (pod is not owner)", name)
    found = volumes(VOLUMES, claim["spec"]["volumeName"])
    why = _volume_refusal(found, claim)
    if found is None or why:
        raise _unprocessed(volume, f"error processing PVC {namespace_of(pod)}/{name}: {why}", name)
    if why := _mode_refusal(pod, volume, found["spec"].get("volumeMode") or "Filesystem"):
        raise _unprocessed(volume, why, name)
    return found


def _unprocessed(volume: FrozenObject, why: str, claim: str) -> ConfigError:
    title = volume["name"]
    head = f"Unable to attach or mount volumes: unmounted volumes=[{title}], unattached volumes=[], failed to process volumes=[{title}]"
    return ConfigError(f"{head}: {why}", (CLAIMS, claim))


def _refusal(claim: FrozenObject | None, name: str) -> str:
    if claim is None:
        return f'failed to fetch PVC from API server: persistentvolumeclaims "{name}" not found'
    if claim["metadata"].get("deletionTimestamp") and _PROTECTION not in (claim["metadata"].get("finalizers") or ()):
        return "PVC is being deleted"
    if (claim.get("status") or {}).get("phase") != "Bound":
        return "PVC is not bound"
    return "" if claim["spec"].get("volumeName") else "PVC has empty pvc.Spec.VolumeName"


def _volume_refusal(volume: FrozenObject | None, claim: FrozenObject) -> str:
    name = claim["spec"]["volumeName"]
    if volume is None:
        return f'failed to fetch PV {name} from API server: persistentvolumes "{name}" not found'
    reference = volume["spec"].get("claimRef")
    if not reference:
        return f"found PV object {name} but it has a nil pv.Spec.ClaimRef indicating it is not yet bound to the claim"
    if reference.get("uid", "") != uid_of(claim):
        return f"found PV object {name} but its pv.Spec.ClaimRef.UID {reference.get('uid', '')} does not point to claim.UID {uid_of(claim)}"
    return ""


def _mode_refusal(pod: FrozenObject, volume: FrozenObject, mode: str) -> str:
    """A file system is mounted, a block device is handed over; not the other way round."""
    spec, name = pod["spec"], volume["name"]
    containers = [*(spec.get("initContainers") or ()), *spec["containers"]]
    is_mounted = any(mount["name"] == name for container in containers for mount in container.get("volumeMounts") or ())
    is_device = any(device["name"] == name for container in containers for device in container.get("volumeDevices") or ())
    if is_mounted and mode != "Filesystem":
        return f"volume {name} has volumeMode {mode}, but is specified in volumeMounts"
    if is_device and mode != "Block":
        return f"volume {name} has volumeMode {mode}, but is specified in volumeDevices"
    # DIFFERS: upstream hands a block device to the container; we have none, so such a Pod waits.
    return f"volume {name} has volumeMode Block, and block devices are not simulated" if mode == "Block" else ""
