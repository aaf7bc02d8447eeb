"""Claims, volumes and attribute classes stay as long as somebody uses them, however often they are deleted.

Admission gives each its finalizer; a controller takes it off once the object is deleted and not in use, and puts it on where it is
missing. Follows upstream's pvcprotection, pvprotection and vacprotection. What uses an object is looked up only when that is deleted.
"""

from collections.abc import Iterable
from typing import Final

from orrery.controllers.engine.controller import DONE, Outcome, key_for, key_of_object, split_key
from orrery.controllers.engine.informer import Change, Informer
from orrery.controllers.pods import is_terminal
from orrery.controllers.volumes.index import ClaimUsers
from orrery.machinery.objects import FrozenObject, GroupResource, Object, is_deleting, name_of, namespace_of
from orrery.verbs.client import Client

CLAIMS: Final = "persistentvolumeclaims"
VOLUMES: Final = "persistentvolumes"
CLASSES: Final = "volumeattributesclasses.storage.k8s.io"


class _Protection:
    """What the three have in common; a key is an object of `bucket`."""

    name: str
    bucket: GroupResource
    finalizer: str

    def __init__(self, client: Client) -> None:
        self._client = client

    def is_used(self, obj: FrozenObject) -> bool:
        """Whether the object, which is being deleted, is still needed."""
        raise NotImplementedError

    def watch(self, informer: Informer) -> None:
        informer.on(self.bucket, lambda change: () if change.new is None else (key_of_object(change.new),))

    async def reconcile(self, key: str) -> Outcome:
        namespace, name = split_key(key)
        obj = self._client.get(self.bucket, namespace, name)
        if obj is None:
            return DONE
        is_held = self.finalizer in (obj["metadata"].get("finalizers") or ())
        if is_deleting(obj):
            if is_held and not self.is_used(obj):
                await self._client.change(self.bucket, namespace, name, self._release)
        elif not is_held:
            await self._client.change(self.bucket, namespace, name, self._hold)
        return DONE

    def _release(self, draft: Object) -> bool:
        held: list[str] = draft["metadata"].get("finalizers") or []
        draft["metadata"]["finalizers"] = [each for each in held if each != self.finalizer]
        return self.finalizer in held

    def _hold(self, draft: Object) -> bool:
        held: list[str] = draft["metadata"].get("finalizers") or []
        if is_deleting(draft) or self.finalizer in held:
            return False
        draft["metadata"]["finalizers"] = [*held, self.finalizer]
        return True


class ClaimProtection(_Protection):
    """A claim is in use while a Pod that has a node mounts it."""

    name = "persistentvolumeclaim-protection-controller"
    bucket = CLAIMS
    finalizer = "kubernetes.io/pvc-protection"

    def __init__(self, client: Client) -> None:
        super().__init__(client)
        self._users = ClaimUsers(with_ended=True)

    def watch(self, informer: Informer) -> None:
        informer.observe("pods", self._users.see)
        super().watch(informer)
        informer.hear("pods", _claims_let_go)

    def is_used(self, obj: FrozenObject) -> bool:
        found = (self._client.get("pods", *split_key(key)) for key in self._users.of(key_of_object(obj)))
        return any(pod["spec"].get("nodeName") and name_of(obj) in claims_of(pod) for pod in found if pod is not None)


def claims_of(pod: FrozenObject) -> set[str]:
    """The names of the claims that the Pod mounts; one made for the Pod itself is not held once the Pod has ended."""
    found = set()
    for volume in pod["spec"].get("volumes") or ():
        if (claim := volume.get("persistentVolumeClaim")) is not None:
            found.add(claim.get("claimName", ""))
        elif "ephemeral" in volume and not _is_shut_down(pod):
            found.add(f"{name_of(pod)}-{volume['name']}")
    return found


def _is_shut_down(pod: FrozenObject) -> bool:
    return is_deleting(pod) and pod["metadata"].get("deletionGracePeriodSeconds") == 0


def _claims_let_go(change: Change) -> Iterable[str]:
    """The claims of a Pod that is gone or has ended."""
    pod = change.any
    if not pod["spec"].get("volumes") or (change.is_present and not is_terminal(pod) and not is_deleting(pod)):
        return ()
    return [key_for(namespace_of(pod), claim) for claim in claims_of(pod)]


class VolumeProtection(_Protection):
    """A volume is in use while it is bound."""

    name = "persistentvolume-protection-controller"
    bucket = VOLUMES
    finalizer = "kubernetes.io/pv-protection"

    def is_used(self, obj: FrozenObject) -> bool:
        return bool((obj.get("status") or {}).get("phase") == "Bound")


class ClassProtection(_Protection):
    """A class of volume attributes is in use while a claim or a volume names it."""

    name = "volumeattributesclass-protection-controller"
    bucket = CLASSES
    finalizer = "kubernetes.io/vac-protection"

    def watch(self, informer: Informer) -> None:
        super().watch(informer)
        for bucket in (CLAIMS, VOLUMES):
            informer.hear(bucket, _classes_let_go)

    def is_used(self, obj: FrozenObject) -> bool:
        users = (*self._client.list(VOLUMES), *self._client.list(CLAIMS))
        return any(name_of(obj) in classes_of(user) for user in users)


def classes_of(user: FrozenObject) -> set[str]:
    """The classes that a claim or a volume names, wants or has."""
    status = user.get("status") or {}
    names = (
        user["spec"].get("volumeAttributesClassName"),
        status.get("currentVolumeAttributesClassName"),
        (status.get("modifyVolumeStatus") or {}).get("targetVolumeAttributesClassName"),
    )
    return {name for name in names if name}


def _classes_let_go(change: Change) -> Iterable[str]:
    before = change.old
    if before is None:
        return ()
    after = classes_of(change.new) if change.new is not None else set()
    return [key_for("", name) for name in classes_of(before) - after]
