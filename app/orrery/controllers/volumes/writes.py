"""How the two sides of a binding are written: claimRef and volumeName, annotations, phases. Reads nothing, decides nothing.

Every change looks again at what is there; when somebody was quicker it is Conflict, and the key comes again.
"""

from collections.abc import Callable
from typing import Final, TypeAlias

from orrery.controllers.volumes.annotations import (
    BETA_PROVISIONER,
    BIND_COMPLETED,
    BOUND_BY_CONTROLLER,
    CLAIMS,
    STORAGE_PROVISIONER,
    VOLUMES,
)
from orrery.controllers.volumes.matching import is_promised
from orrery.machinery.clock import timestamp
from orrery.machinery.errors import Conflict
from orrery.machinery.objects import FrozenObject, Object, annotations_of, name_of, namespace_of, resource_version_of, uid_of
from orrery.verbs.client import Client
from orrery.verbs.recorder import EventRecorder

Edit: TypeAlias = Callable[[Object], bool]

_CLAIM_STATUS: Final = ("accessModes", "capacity", "currentVolumeAttributesClassName")


def claim_reference(claim: FrozenObject) -> Object:
    """What a volume's claimRef holds."""
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "name": name_of(claim),
        "namespace": namespace_of(claim),
        "resourceVersion": resource_version_of(claim),
        "uid": uid_of(claim),
    }


def edit_reserve(draft: Object, claim: FrozenObject) -> bool:
    """Give the volume to the claim; Conflict when it is another's by now."""
    reference = draft["spec"].get("claimRef")
    was_promised = is_promised(draft, claim)
    if reference and not was_promised:
        raise Conflict(VOLUMES, name_of(draft), "the volume was given to another claim")
    if was_promised and reference.get("uid") == uid_of(claim):
        return False
    draft["spec"]["claimRef"] = claim_reference(claim)
    if not was_promised:
        draft["metadata"]["annotations"] = {**annotations_of(draft), BOUND_BY_CONTROLLER: "yes"}
    return True


class BindingWrites:
    """The binder's pen."""

    def __init__(self, client: Client, recorder: EventRecorder) -> None:
        self._client = client
        self._recorder = recorder

    async def bind(self, volume: FrozenObject, claim: FrozenObject) -> None:
        """Both sides, the volume first: whoever finds half of it finishes it."""
        reserved = await self._client.change(VOLUMES, "", name_of(volume), lambda draft: edit_reserve(draft, claim))
        if reserved is None:
            return
        await self.set_volume_phase(reserved, "Bound")
        taken = await self._change_claim(claim, lambda draft: _edit_bound(draft, name_of(volume)))
        if taken is not None:
            await self.set_claim_status(taken, "Bound", reserved)

    async def unbind(self, volume: FrozenObject) -> None:
        """Take the volume back from its claim, and set it aside for nobody unless a user did."""
        uid = uid_of(volume)

        def edit(draft: Object) -> bool:
            reference = draft["spec"].get("claimRef")
            if uid_of(draft) != uid or not reference:
                return False
            given = dict(annotations_of(draft))
            if given.pop(BOUND_BY_CONTROLLER, None) is None:
                reference.pop("uid", None)
            else:
                del draft["spec"]["claimRef"]
                draft["metadata"]["annotations"] = given
                if not given:
                    del draft["metadata"]["annotations"]
            return True

        changed = await self._client.change(VOLUMES, "", name_of(volume), edit)
        if changed is not None:
            await self.set_volume_phase(changed, "Available")

    async def set_volume_phase(self, volume: FrozenObject, phase: str, *, message: str = "", reason: str = "") -> bool:
        """Whether the phase is new; `reason` makes it an event as well."""
        if (volume.get("status") or {}).get("phase") == phase:
            return False
        uid, now = uid_of(volume), timestamp(self._client.clock.now_s())

        def edit(draft: Object) -> bool:
            if uid_of(draft) != uid or (draft.get("status") or {}).get("phase") == phase:
                return False
            status = {**(draft.get("status") or {}), "phase": phase, "lastPhaseTransitionTime": now}
            status.pop("message", None)
            draft["status"] = {**status, "message": message} if message else status
            return True

        changed = await self._client.change(VOLUMES, "", name_of(volume), edit, subresource="status")
        if changed is not None and reason:
            self._recorder.event(changed, "Warning", reason, message)
        return True

    async def set_claim_status(self, claim: FrozenObject, phase: str, volume: FrozenObject | None = None) -> bool:
        """Phase, modes and capacity; whether anything had to be written."""
        if not _edit_claim_status({"status": {**(claim.get("status") or {})}}, phase, volume):
            return False
        await self._change_claim(claim, lambda draft: _edit_claim_status(draft, phase, volume), subresource="status")
        return True

    async def lose(self, claim: FrozenObject, reason: str, message: str) -> None:
        """The claim was bound and its volume is gone for good; told once."""
        if (claim.get("status") or {}).get("phase") != "Lost":
            await self.set_claim_status(claim, "Lost")
            self._recorder.event(claim, "Warning", reason, message)

    async def set_class(self, claim: FrozenObject, name: str) -> None:
        def edit(draft: Object) -> bool:
            if draft["spec"].get("storageClassName") is not None:
                return False
            draft["spec"]["storageClassName"] = name
            return True

        await self._change_claim(claim, edit)

    async def set_provisioner(self, claim: FrozenObject, provisioner: str) -> None:
        """Say who is to make the claim's volume."""
        wanted = {BETA_PROVISIONER: provisioner, STORAGE_PROVISIONER: provisioner}
        if annotations_of(claim).get(STORAGE_PROVISIONER) == provisioner:
            return

        def edit(draft: Object) -> bool:
            draft["metadata"]["annotations"] = {**annotations_of(draft), **wanted}
            return True

        await self._change_claim(claim, edit)

    async def _change_claim(self, claim: FrozenObject, edit: Edit, *, subresource: str = "") -> FrozenObject | None:
        uid = uid_of(claim)

        def guarded(draft: Object) -> bool:
            return uid_of(draft) == uid and edit(draft)

        changed = await self._client.change(CLAIMS, namespace_of(claim), name_of(claim), guarded, subresource=subresource)
        return changed if changed is not None and uid_of(changed) == uid else None


def _edit_bound(draft: Object, volume: str) -> bool:
    named = draft["spec"].get("volumeName")
    if named and named != volume:
        raise Conflict(CLAIMS, name_of(draft), "the claim was bound to another volume")
    given = annotations_of(draft)
    if named and BIND_COMPLETED in given:
        return False
    if not named:
        draft["spec"]["volumeName"] = volume
        given = {**given, BOUND_BY_CONTROLLER: given.get(BOUND_BY_CONTROLLER, "yes")}
    draft["metadata"]["annotations"] = {**given, BIND_COMPLETED: given.get(BIND_COMPLETED, "yes")}
    return True


def _edit_claim_status(draft: Object, phase: str, volume: FrozenObject | None) -> bool:
    status: Object = dict(draft.get("status") or {})
    before = dict(status)
    if volume is None:
        for field in _CLAIM_STATUS:
            status.pop(field, None)
    else:
        spec = volume["spec"]
        status["accessModes"] = list(spec.get("accessModes") or ())
        # The capacity is taken over once: a later difference means that the file system has yet to grow.
        if status.get("phase") != phase:
            status["capacity"] = dict(spec["capacity"])
        if status.get("phase") == "Pending" and spec.get("volumeAttributesClassName"):
            status["currentVolumeAttributesClassName"] = spec["volumeAttributesClassName"]
    status["phase"] = phase
    if status == before:
        return False
    draft["status"] = status
    return True
