"""What becomes of a volume whose claim is gone: kept, deleted or wiped clean. Follows `reclaimVolume` of upstream's controller.

A volume that a provisioner made is the provisioner's to delete. The recycler is a real Pod in namespace default.
"""

from typing import Final

from orrery.controllers.pods import is_terminal
from orrery.controllers.volumes.annotations import MIGRATED_TO, PROVISIONED_BY, VOLUMES
from orrery.controllers.volumes.index import ClaimUsers
from orrery.controllers.volumes.writes import BindingWrites
from orrery.machinery.errors import AlreadyExists, NotFound
from orrery.machinery.objects import FrozenObject, Object, annotations_of, is_deleting, name_of
from orrery.verbs.client import Client
from orrery.verbs.recorder import EventRecorder

_IN_TREE: Final = "kubernetes.io/"
_DELETABLE: Final = "/tmp/"
_RECYCLABLE: Final = ("hostPath", "nfs")
_MOUNT_ONLY: Final = ("nfs", "fc", "iscsi")
"""What the controller manager can mount and not delete; it knows of hostPath and these only."""
_NAMESPACE: Final = "default"
_RECYCLER: Final = "recycler-for-"
IS_ABOUT_RECYCLER: Final = b'"name":"recycler-for-'
"""What is in the bytes of an event about a recycler, and of hardly any other."""
_IMAGE: Final = "registry.k8s.io/build-image/debian-base:bookworm-v1.0.6"
_SCRIPT: Final = 'test -e /scrub && find /scrub -mindepth 1 -delete && test -z "$(ls -A /scrub)" || exit 1'


def recycled_volume(name: str) -> str:
    """The volume that the Pod of that name wipes; empty when it is no recycler."""
    return name.removeprefix(_RECYCLER) if name.startswith(_RECYCLER) else ""


class Reclaim:
    """Carries out `persistentVolumeReclaimPolicy`."""

    def __init__(self, client: Client, recorder: EventRecorder, writes: BindingWrites, users: ClaimUsers) -> None:
        self._client = client
        self._recorder = recorder
        self._writes = writes
        self._users = users

    async def release(self, volume: FrozenObject) -> None:
        """Say that the claim is gone, and do what the policy says."""
        if (volume.get("status") or {}).get("phase") not in ("Released", "Failed"):
            await self._writes.set_volume_phase(volume, "Released")
            return  # Which comes back here.
        if MIGRATED_TO in annotations_of(volume):
            return
        policy = volume["spec"].get("persistentVolumeReclaimPolicy")
        if policy == "Delete":
            await self._delete(volume)
        elif policy == "Recycle":
            await self._recycle(volume)

    async def _delete(self, volume: FrozenObject) -> None:
        """Delete what no provisioner made, if it is a path the controller may delete."""
        maker = annotations_of(volume).get(PROVISIONED_BY, "")
        if (maker and not maker.startswith(_IN_TREE)) or volume["spec"].get("csi") is not None:
            return  # Somebody else's work.
        host_path = volume["spec"].get("hostPath")
        if host_path is None:
            plugin = "deletable volume plugin" if any(volume["spec"].get(kind) is not None for kind in _MOUNT_ONLY) else "volume plugin"
            why = f'error getting deleter volume plugin for volume "{name_of(volume)}": no {plugin} matched'
        elif not (host_path["path"].startswith(_DELETABLE) and len(host_path["path"]) > len(_DELETABLE)):
            why = f"host_path deleter only supports /tmp/.+ but received provided {host_path['path']}"
        else:
            if not is_deleting(volume):
                await self._client.delete(VOLUMES, "", name_of(volume))
            return
        await self._writes.set_volume_phase(volume, "Failed", message=why, reason="VolumeFailedDelete")

    async def _recycle(self, volume: FrozenObject) -> None:
        source = next((kind for kind in _RECYCLABLE if volume["spec"].get(kind) is not None), None)
        if source is None:
            why = "No recycler plugin found for the volume!"
            await self._writes.set_volume_phase(volume, "Failed", message=why, reason="VolumeFailedRecycle")
            return
        reference = volume["spec"]["claimRef"]
        users = self._users.of(f"{reference.get('namespace', '')}/{reference.get('name', '')}")
        if users and self._client.get("persistentvolumeclaims", reference.get("namespace", ""), reference.get("name", "")) is None:
            self._recorder.event(volume, "Normal", "VolumeFailedRecycle", f"Volume is used by pods: {','.join(sorted(users))}")
            return
        pod = self._client.get("pods", _NAMESPACE, f"{_RECYCLER}{name_of(volume)}")
        if pod is None:
            await self._start(volume, source)
        elif is_terminal(pod) and not is_deleting(pod):
            await self._finish(volume, pod)

    def tell(self, event: FrozenObject) -> None:
        """Events about the recycler are told of its volume as well."""
        about = event["involvedObject"]
        name = recycled_volume(about.get("name", "")) if about.get("kind") == "Pod" else ""
        volume = self._client.get(VOLUMES, "", name) if name and about.get("namespace") == _NAMESPACE else None
        if volume is not None:
            self._recorder.event(volume, event.get("type", "Normal"), "RecyclerPod", f"Recycler pod: {event.get('message', '')}")

    async def _start(self, volume: FrozenObject, source: str) -> None:
        try:
            await self._client.create("pods", _recycler(volume, source))
        except AlreadyExists:
            return

    async def _finish(self, volume: FrozenObject, pod: FrozenObject) -> None:
        """The Pod has ended: take it away and see whether the volume is clean."""
        status = pod["status"]
        try:
            await self._client.delete("pods", _NAMESPACE, name_of(pod))
        except NotFound:
            return
        if status["phase"] == "Succeeded":
            self._recorder.event(volume, "Normal", "VolumeRecycled", "Volume recycled")
            await self._writes.unbind(volume)
            return
        why = status.get("message") or "pod failed, pod.Status.Message unknown."
        message = f"Recycle failed: failed to recycle volume: {why}"
        await self._writes.set_volume_phase(volume, "Failed", message=message, reason="VolumeFailedRecycle")


def _recycler(volume: FrozenObject, source: str) -> Object:
    mount = {"name": "vol", "mountPath": "/scrub"}
    container = {"name": "pv-recycler", "image": _IMAGE, "command": ["/bin/sh"], "args": ["-c", _SCRIPT], "volumeMounts": [mount]}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": f"{_RECYCLER}{name_of(volume)}", "namespace": _NAMESPACE},
        "spec": {
            "activeDeadlineSeconds": 60,
            "restartPolicy": "Never",
            "containers": [container],
            "volumes": [{"name": "vol", source: dict(volume["spec"][source])}],
        },
    }
