"""Binds claims to volumes: what was set aside, what suits best, or what a provisioner is asked to make; and what becomes of volumes.

A key is a claim (`default/data`) or a volume (`/pv1`). Follows `syncClaim` and `syncVolume` of upstream's persistent volume controller,
its phases, annotations and events; what happens to a volume whose claim is gone is in `reclaim.py`.
"""

from collections.abc import Iterable
from typing import Final

from orrery.controllers.engine.controller import DONE, Outcome, key_for, key_of_object, split_key
from orrery.controllers.engine.informer import Change, Informer
from orrery.controllers.pods import condition_of
from orrery.controllers.volumes.annotations import (
    BIND_COMPLETED,
    CLAIMS,
    CLASSES,
    PROVISIONED_BY,
    VOLUMES,
)
from orrery.controllers.volumes.index import ClaimUsers, VolumeIndex, WaitingClaims, claims_mounted, mounts_claims
from orrery.controllers.volumes.matching import (
    class_of,
    default_class,
    delays_binding,
    find_match,
    has_class,
    has_other_mode,
    has_selected_node,
    is_promised,
    mismatch,
)
from orrery.controllers.volumes.reclaim import IS_ABOUT_RECYCLER, Reclaim, recycled_volume
from orrery.controllers.volumes.writes import BindingWrites
from orrery.machinery.objects import FrozenObject, annotations_of, is_deleting, name_of, namespace_of, uid_of
from orrery.verbs.client import Client
from orrery.verbs.recorder import EventRecorder

# DIFFERS: upstream looks at every claim and volume again each 15 s and counts its events up; we look when something has changed.

_IN_TREE: Final = "kubernetes.io/"
_MIGRATED: Final = {
    "kubernetes.io/aws-ebs": "ebs.csi.aws.com",
    "kubernetes.io/azure-disk": "disk.csi.azure.com",
    "kubernetes.io/azure-file": "file.csi.azure.com",
    "kubernetes.io/cinder": "cinder.csi.openstack.org",
    "kubernetes.io/gce-pd": "pd.csi.storage.gke.io",
    "kubernetes.io/portworx-volume": "pxd.portworx.com",
    "kubernetes.io/vsphere-volume": "csi.vsphere.vmware.com",
}
"""Provisioners that once were part of Kubernetes, and the drivers their work went to."""


class BinderController:
    """Upstream's persistentvolume-binder-controller."""

    name = "persistentvolume-binder-controller"

    def __init__(self, client: Client, recorder: EventRecorder) -> None:
        self._client = client
        self._recorder = recorder
        self._writes = BindingWrites(client, recorder)
        self._users = ClaimUsers()
        self._volumes = VolumeIndex(client)
        self._waiting = WaitingClaims()
        self._reclaim = Reclaim(client, recorder, self._writes, self._users)
        self._chosen: set[str] = set()
        """Volumes that another worker is about to bind."""

    def watch(self, informer: Informer) -> None:
        informer.observe("pods", self._users.see)
        informer.on(VOLUMES, self._keys_of_volume)
        informer.on(CLAIMS, self._keys_of_claim)
        informer.hear(CLASSES, self._keys_of_class)
        informer.hear("pods", self._keys_of_pod)
        informer.hear("events", self._hear_recycler)

    async def reconcile(self, key: str) -> Outcome:
        namespace, name = split_key(key)
        if not namespace:
            volume = self._client.get(VOLUMES, "", name)
            if volume is not None:
                await self._sync_volume(volume)
        elif (claim := self._client.get(CLAIMS, namespace, name)) is not None:
            if BIND_COMPLETED in annotations_of(claim):
                await self._sync_bound(claim)
            elif claim["spec"].get("volumeName"):
                await self._sync_named(claim)
            else:
                await self._sync_unbound(claim)
        return DONE

    # Claims.

    async def _sync_unbound(self, claim: FrozenObject) -> None:
        """A claim that takes what it can get."""
        delays = delays_binding(claim, self._client)
        volume = find_match(claim, self._volumes.candidates(claim), excluded=self._chosen, only_promised=delays)
        if volume is not None:
            self._chosen.add(name_of(volume))
            try:
                await self._writes.bind(volume, claim)
            finally:
                self._chosen.discard(name_of(volume))
            return
        if not has_class(claim) and (found := default_class(self._client)) is not None:
            await self._writes.set_class(claim, name_of(found))
        elif delays and not has_selected_node(claim):
            self._tell_whom_it_waits_for(claim)
            await self._writes.set_claim_status(claim, "Pending")
        elif class_of(claim):
            await self._ask_for_volume(claim)
        else:
            message = "no persistent volumes available for this claim and no storage class is set"
            self._recorder.event(claim, "Normal", "FailedBinding", message)
            await self._writes.set_claim_status(claim, "Pending")

    def _tell_whom_it_waits_for(self, claim: FrozenObject) -> None:
        pods = [split_key(key) for key in self._users.of(key_of_object(claim))]
        found = (self._client.get("pods", namespace, name) for namespace, name in pods)
        names = [name_of(pod) for pod in found if pod is not None and not pod["spec"].get("nodeName")]
        if not names:
            reason, message = "WaitForFirstConsumer", "waiting for first consumer to be created before binding"
        else:
            reason, plural = "WaitForPodScheduled", "s" if len(names) > 1 else ""
            message = f"waiting for pod{plural} {','.join(names)} to be scheduled"
        self._recorder.event(claim, "Normal", reason, message)

    async def _ask_for_volume(self, claim: FrozenObject) -> None:
        """Name the provisioner that is to make a volume; it does the rest."""
        name = class_of(claim)
        storage_class = self._client.get(CLASSES, "", name)
        if storage_class is None:
            self._recorder.event(claim, "Warning", "ProvisioningFailed", f'storageclass.storage.k8s.io "{name}" not found')
            return
        provisioner = str(storage_class["provisioner"])
        migrated = _MIGRATED.get(provisioner)
        if migrated is None and provisioner.startswith(_IN_TREE):
            self._recorder.event(claim, "Warning", "ProvisioningFailed", f"no volume plugin matched name: {provisioner}")
            return
        provisioner = migrated or provisioner
        await self._writes.set_provisioner(claim, provisioner)
        message = (
            f"Waiting for a volume to be created either by the external provisioner '{provisioner}' or manually by the system "
            "administrator. If volume creation is delayed, please verify that the provisioner is running and correctly registered."
        )
        self._recorder.event(claim, "Normal", "ExternalProvisioning", message)

    async def _sync_named(self, claim: FrozenObject) -> None:
        """A claim that asks for one volume by its name."""
        volume = self._client.get(VOLUMES, "", claim["spec"]["volumeName"])
        if volume is None:
            await self._writes.set_claim_status(claim, "Pending")
        elif not volume["spec"].get("claimRef"):
            if why := mismatch(volume, claim):
                self._recorder.event(claim, "Warning", "VolumeMismatch", f'Cannot bind to requested volume "{name_of(volume)}": {why}')
                await self._writes.set_claim_status(claim, "Pending")
            else:
                await self._writes.bind(volume, claim)
        elif is_promised(volume, claim):
            await self._writes.bind(volume, claim)
        else:
            message = f'volume "{name_of(volume)}" already bound to a different claim.'
            self._recorder.event(claim, "Warning", "FailedBinding", message)
            await self._writes.set_claim_status(claim, "Pending")

    async def _sync_bound(self, claim: FrozenObject) -> None:
        """A claim that was bound once."""
        name = claim["spec"].get("volumeName")
        if not name:
            await self._writes.lose(claim, "ClaimLost", "Bound claim has lost reference to PersistentVolume. Data on the volume is lost!")
            return
        volume = self._client.get(VOLUMES, "", name)
        if volume is None:
            await self._writes.lose(claim, "ClaimLost", "Bound claim has lost its PersistentVolume. Data on the volume is lost!")
            return
        reference = volume["spec"].get("claimRef")
        if not reference or reference.get("uid") == uid_of(claim):
            await self._writes.bind(volume, claim)
        else:
            message = "Two claims are bound to the same volume, this one is bound incorrectly"
            await self._writes.lose(claim, "ClaimMisbound", message)

    # Volumes.

    async def _sync_volume(self, volume: FrozenObject) -> None:
        reference = volume["spec"].get("claimRef")
        if not reference or not reference.get("uid"):
            await self._writes.set_volume_phase(volume, "Available")
            return
        claim = self._client.get(CLAIMS, reference.get("namespace", ""), reference.get("name", ""))
        if claim is None or uid_of(claim) != reference["uid"]:
            await self._reclaim.release(volume)
            return
        named = claim["spec"].get("volumeName")
        if not named:
            if has_other_mode(volume, claim):
                self._tell_of_other_mode(volume, claim)
        elif named == name_of(volume):
            await self._writes.set_volume_phase(volume, "Bound")
        elif PROVISIONED_BY in annotations_of(volume) and volume["spec"].get("persistentVolumeReclaimPolicy") == "Delete":
            await self._reclaim.release(volume)
        else:
            await self._writes.unbind(volume)

    def _tell_of_other_mode(self, volume: FrozenObject, claim: FrozenObject) -> None:
        why = "due to incompatible volumeMode."
        about_volume = f'Cannot bind PersistentVolume to requested PersistentVolumeClaim "{name_of(claim)}" {why}'
        about_claim = f'Cannot bind PersistentVolume "{name_of(volume)}" to requested PersistentVolumeClaim {why}'
        self._recorder.event(volume, "Warning", "VolumeMismatch", about_volume)
        self._recorder.event(claim, "Warning", "VolumeMismatch", about_claim)

    # What wakes whom.

    def _keys_of_volume(self, change: Change) -> Iterable[str]:
        self._volumes.see(change)
        keys = [key_for("", change.name), *self._waiting.naming(change.name)]
        volume = change.any
        reference = volume["spec"].get("claimRef")
        if reference:
            keys.append(key_for(reference.get("namespace", ""), reference.get("name", "")))
        elif change.is_present and not is_deleting(volume):
            keys += self._waiting.of_class(class_of(volume))
        return keys

    def _keys_of_claim(self, change: Change) -> Iterable[str]:
        self._waiting.see(change)
        key = key_for(change.namespace, change.name)
        return (key, *(key_for("", name) for name in self._volumes.promised_to(key)))

    def _keys_of_class(self, change: Change) -> Iterable[str]:
        if not change.is_present:
            return ()
        return (*self._waiting.of_class(change.name), *self._waiting.without_class())

    def _keys_of_pod(self, change: Change) -> Iterable[str]:
        """Claims of a Pod that could not be scheduled: it is known now for whom they wait. And volumes that a Pod has let go."""
        if wiped := recycled_volume(change.name):
            return (key_for("", wiped),)
        if not mounts_claims(change):
            return ()
        if not change.is_present:
            return self._volumes_of(change.any)
        pod, before = change.new, change.old
        if pod is None or pod["spec"].get("nodeName") or not _is_stuck(pod) or (before is not None and _is_stuck(before)):
            return ()
        return [key_for(change.namespace, name) for name in claims_mounted(pod)]

    def _hear_recycler(self, change: Change) -> Iterable[str]:
        if IS_ABOUT_RECYCLER in change.record.body and change.new is not None:
            self._reclaim.tell(change.new)
        return ()

    def _volumes_of(self, pod: FrozenObject) -> Iterable[str]:
        keys = (key_for(namespace_of(pod), name) for name in claims_mounted(pod))
        return [key_for("", volume) for key in keys for volume in self._volumes.promised_to(key)]


def _is_stuck(pod: FrozenObject) -> bool:
    condition = condition_of(pod, "PodScheduled")
    return condition is not None and condition["status"] == "False"
