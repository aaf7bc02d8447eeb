"""The simulated provisioner: makes a volume for every claim that names it, and deletes it again once the claim is gone.

It stands for the one that a local cluster brings along (Rancher's local-path-provisioner on kind), with that one's name, events and
messages, and with the setting that puts all volumes on a file system every node shares. Other local clusters' provisioners are
answered to as well, so that their classes work here. What is in the volumes is the node room's.
"""
# DIFFERS: upstream's kind keeps a provisioned volume on its first Pod's node; we let every node reach it, in all access modes.

from collections.abc import Iterable
from typing import Final

from orrery.controllers.engine.controller import DONE, Outcome, key_for, split_key
from orrery.controllers.engine.informer import Change, Informer
from orrery.controllers.volumes.annotations import (
    ATTRIBUTES_CLASSES,
    CLAIMS,
    CLASSES,
    PROVISIONED_BY,
    SELECTED_NODE,
    STORAGE_PROVISIONER,
    VOLUMES,
)
from orrery.controllers.volumes.index import Groups
from orrery.controllers.volumes.matching import class_of, request_of
from orrery.controllers.volumes.writes import claim_reference
from orrery.machinery.errors import AlreadyExists, ApiError, NotFound
from orrery.machinery.objects import FrozenObject, Object, annotations_of, is_deleting, name_of, namespace_of, uid_of
from orrery.verbs.client import Client
from orrery.verbs.recorder import EventRecorder

LOCAL_PATH: Final = "rancher.io/local-path"
CSI_HOST_PATH: Final = "hostpath.csi.k8s.io"
"""The example among CSI drivers, minikube's `csi-hostpath-driver`: its volumes hang on one node at a time, see `attachments.py`."""
PROVISIONERS: Final = (LOCAL_PATH, "docker.io/hostpath", "k8s.io/minikube-hostpath", "microk8s.io/hostpath", CSI_HOST_PATH)
"""The names in StorageClasses that are ours."""
PROVISIONER: Final = "rancher.io/local-path_local-path-provisioner"
"""Who tells the events; the real one's name ends in its Pod's and a random part."""
_FOLDER: Final = "/var/local-path-provisioner"


class CannotProvision(Exception):
    """No volume can be made for the claim; trying again does not help."""


class ProvisionerController:
    """A key is a claim that wants a volume, or a volume that is to go."""

    name = "local-path-provisioner"

    def __init__(self, client: Client, recorder: EventRecorder) -> None:
        self._client = client
        self._recorder = recorder
        self._lacking = Groups()
        """Claims by the class of attributes that is not there."""

    def watch(self, informer: Informer) -> None:
        informer.on(CLAIMS, self._keys_of_claim)
        informer.on(VOLUMES, self._keys_of_volume)
        informer.hear(ATTRIBUTES_CLASSES, lambda change: self._lacking.under(change.name) if change.is_present else ())

    async def reconcile(self, key: str) -> Outcome:
        namespace, name = split_key(key)
        if not namespace:
            volume = self._client.get(VOLUMES, "", name)
            if volume is not None and is_to_delete(volume):
                await self._delete(volume)
            return DONE
        claim = self._client.get(CLAIMS, namespace, name)
        storage_class = self._client.get(CLASSES, "", class_of(claim)) if claim is not None else None
        if claim is not None and storage_class is not None and is_to_provision(claim, storage_class):
            await self._provision(claim, storage_class)
        return DONE

    async def _provision(self, claim: FrozenObject, storage_class: FrozenObject) -> None:
        name = volume_name(claim)
        if self._client.get(VOLUMES, "", name) is not None:
            return
        whose = f"{namespace_of(claim)}/{name_of(claim)}"
        self._recorder.event(claim, "Normal", "Provisioning", f'External provisioner is provisioning volume for claim "{whose}"')
        try:
            self._check_attributes(claim, storage_class)
            volume = plan_volume(claim, storage_class)
        except CannotProvision as error:
            self._recorder.event(claim, "Warning", "ProvisioningFailed", str(error))
            return
        try:
            await self._client.create(VOLUMES, volume)
        except AlreadyExists:
            return
        except ApiError as error:
            message = f'failed to provision volume with StorageClass "{name_of(storage_class)}": {error.message}'
            self._recorder.event(claim, "Warning", "ProvisioningFailed", message)
            raise
        self._recorder.event(claim, "Normal", "ProvisioningSucceeded", f"Successfully provisioned volume {name}")

    def _check_attributes(self, claim: FrozenObject, storage_class: FrozenObject) -> None:
        """The class of attributes must be there, and be the driver's; a missing one is waited for."""
        name, driver = claim["spec"].get("volumeAttributesClassName"), storage_class["provisioner"]
        self._lacking.put(key_for(namespace_of(claim), name_of(claim)), None)
        if not name or driver != CSI_HOST_PATH:
            return
        failed = f'failed to provision volume with StorageClass "{name_of(storage_class)}"'
        found = self._client.get(ATTRIBUTES_CLASSES, "", name)
        if found is None:
            self._lacking.put(key_for(namespace_of(claim), name_of(claim)), name)
            raise CannotProvision(f'{failed}: volumeattributesclasses.storage.k8s.io "{name}" not found')
        if found["driverName"] != driver:
            why = f"VAC {name} referenced in PVC is for driver {found['driverName']} which does not match driver name {driver}"
            raise CannotProvision(f"{failed}: {why}")

    async def _delete(self, volume: FrozenObject) -> None:
        try:
            await self._client.delete(VOLUMES, "", name_of(volume), uid=uid_of(volume))
        except NotFound:
            return

    def _keys_of_claim(self, change: Change) -> Iterable[str]:
        claim = change.new
        if claim is None or claim["spec"].get("volumeName") or annotations_of(claim).get(STORAGE_PROVISIONER) not in PROVISIONERS:
            return ()
        return (key_for(change.namespace, change.name),)

    def _keys_of_volume(self, change: Change) -> Iterable[str]:
        volume = change.new
        return (key_for("", change.name),) if volume is not None and is_to_delete(volume) else ()


def volume_name(claim: FrozenObject) -> str:
    return f"pvc-{uid_of(claim)}"


def is_to_provision(claim: FrozenObject, storage_class: FrozenObject) -> bool:
    """Whether it is this provisioner's turn: a class that waits for its first consumer needs a node."""
    if claim["spec"].get("volumeName") or is_deleting(claim) or storage_class["provisioner"] not in PROVISIONERS:
        return False
    given = annotations_of(claim)
    if given.get(STORAGE_PROVISIONER) != storage_class["provisioner"]:
        return False
    return storage_class.get("volumeBindingMode") != "WaitForFirstConsumer" or bool(given.get(SELECTED_NODE))


def is_to_delete(volume: FrozenObject) -> bool:
    return (
        annotations_of(volume).get(PROVISIONED_BY) in PROVISIONERS
        and (volume.get("status") or {}).get("phase") in ("Released", "Failed")
        and volume["spec"].get("persistentVolumeReclaimPolicy") == "Delete"
        and not is_deleting(volume)
    )


def plan_volume(claim: FrozenObject, storage_class: FrozenObject) -> Object:
    """The volume for a claim; CannotProvision, with the real one's words, when it cannot be had."""
    spec, provisioner, class_name = claim["spec"], storage_class["provisioner"], name_of(storage_class)
    if spec.get("volumeMode") == "Block":
        raise CannotProvision(f"{provisioner} does not support block volume provisioning")
    failed = f'failed to provision volume with StorageClass "{class_name}"'
    if spec.get("selector") is not None:
        raise CannotProvision(f"{failed}: claim.Spec.Selector is not supported")
    if (name := spec.get("volumeAttributesClassName")) and provisioner != CSI_HOST_PATH:
        # DIFFERS: upstream's provisioner makes a volume that the claim then cannot have; we make none and say so.
        raise CannotProvision(f"{failed}: VolumeAttributesClass {name} is not supported")
    if spec.get("dataSource") is not None or spec.get("dataSourceRef") is not None:
        raise CannotProvision(f"{failed}: claim.Spec.DataSource is not supported")
    made: Object = {
        "accessModes": list(spec["accessModes"]),
        "capacity": {"storage": request_of(claim)},
        "claimRef": claim_reference(claim),
        **_source(claim, provisioner),
        "persistentVolumeReclaimPolicy": storage_class.get("reclaimPolicy") or "Delete",
        "storageClassName": class_name,
        "volumeMode": "Filesystem",
    }
    if name:
        made["volumeAttributesClassName"] = name
    if options := storage_class.get("mountOptions"):
        made["mountOptions"] = list(options)
    if topologies := storage_class.get("allowedTopologies"):
        made["nodeAffinity"] = {"required": {"nodeSelectorTerms": [_term(one) for one in topologies]}}
    metadata = {"name": volume_name(claim), "annotations": {PROVISIONED_BY: provisioner}}
    return {"apiVersion": "v1", "kind": "PersistentVolume", "metadata": metadata, "spec": made}


def _source(claim: FrozenObject, provisioner: str) -> Object:
    if provisioner == CSI_HOST_PATH:
        return {"csi": {"driver": provisioner, "volumeHandle": uid_of(claim)}}
    path = f"{_FOLDER}/{volume_name(claim)}_{namespace_of(claim)}_{name_of(claim)}"
    return {"hostPath": {"path": path, "type": "DirectoryOrCreate"}}


def _term(topology: FrozenObject) -> Object:
    return {
        "matchExpressions": [
            {"key": one["key"], "operator": "In", "values": list(one["values"])} for one in topology.get("matchLabelExpressions") or ()
        ]
    }
