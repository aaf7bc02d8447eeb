"""From a claim in a Pod to the PersistentVolume behind it, with the kubelet's words when there is none."""

from orrery.machinery.objects import FrozenObject, name_of, namespace_of
from orrery.node.environment import ConfigError, Lookup

CLAIMS = "persistentvolumeclaims"
_PROTECTION = "kubernetes.io/pvc-protection"


def claim_name(pod: FrozenObject, volume: FrozenObject) -> str:
    """The claim a volume stands for; one of an ephemeral volume has a made name."""
    if volume.get("ephemeral") is not None:
        return f"{name_of(pod)}-{volume['name']}"
    name: str = (volume.get("persistentVolumeClaim") or {}).get("claimName", "")
    return name


def bound_volume(pod: FrozenObject, volume: FrozenObject, lookup: Lookup) -> str:
    """Name of the PersistentVolume; ConfigError when the claim has none."""
    name = claim_name(pod, volume)
    why = _refusal(lookup(CLAIMS, name), name)
    if why:
        title = volume["name"]
        message = (
            f"Unable to attach or mount volumes: unmounted volumes=[{title}], unattached volumes=[], "
            f"failed to process volumes=[{title}]: error processing PVC {namespace_of(pod)}/{name}: {why}"
        )
        raise ConfigError(message, (CLAIMS, name))
    claim = lookup(CLAIMS, name)
    assert claim is not None
    bound: str = claim["spec"]["volumeName"]
    return bound


def _refusal(claim: FrozenObject | None, name: str) -> str:
    if claim is None:
        return f'failed to fetch PVC from API server: persistentvolumeclaims "{name}" not found'
    if claim["metadata"].get("deletionTimestamp") and _PROTECTION not in (claim["metadata"].get("finalizers") or ()):
        return "PVC is being deleted"
    if (claim.get("status") or {}).get("phase") != "Bound":
        return "PVC is not bound"
    return "" if claim["spec"].get("volumeName") else "PVC has empty pvc.Spec.VolumeName"
