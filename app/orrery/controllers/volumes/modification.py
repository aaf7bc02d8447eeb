"""Gives volumes other attributes while they are in use: a claim names another VolumeAttributesClass, the driver carries it out.

Follows the modify controller of the external-resizer that comes with a CSI driver, here that of the simulated one, for which every
class is feasible and changes nothing that could be seen inside.
"""

from collections.abc import Iterable
from typing import Final

from orrery.controllers.engine.controller import DONE, Outcome, key_for, split_key
from orrery.controllers.engine.informer import Change, Informer
from orrery.controllers.volumes.annotations import ATTRIBUTES_CLASSES, CLAIMS, VOLUMES
from orrery.controllers.volumes.index import Groups
from orrery.controllers.volumes.provisioner import CSI_HOST_PATH
from orrery.controllers.volumes.writes import Edit
from orrery.machinery.clock import timestamp
from orrery.machinery.objects import FrozenObject, Object, name_of, namespace_of, uid_of
from orrery.verbs.client import Client
from orrery.verbs.recorder import EventRecorder

MODIFIER: Final = f"external-resizer {CSI_HOST_PATH}"
_CONDITIONS: Final = ("ModifyingVolume", "ModifyVolumeError")
_IN_PROGRESS: Final = "ModifyVolume operation in progress."


def wanted_class(claim: FrozenObject) -> str:
    """The class that a bound claim names and does not have yet; empty when there is nothing to do."""
    status = claim.get("status") or {}
    name: str = claim["spec"].get("volumeAttributesClassName") or ""
    is_bound = status.get("phase") == "Bound" and bool(claim["spec"].get("volumeName"))
    return name if is_bound and name != status.get("currentVolumeAttributesClassName") else ""


class ModifyController:
    """A key is a claim that names another class than it has."""

    name = "volume-modify-controller"

    def __init__(self, client: Client, recorder: EventRecorder) -> None:
        self._client = client
        self._recorder = recorder
        self._lacking = Groups()
        """Claims by the class that is not there."""

    def watch(self, informer: Informer) -> None:
        informer.on(CLAIMS, self._keys_of_claim)
        informer.hear(ATTRIBUTES_CLASSES, lambda change: self._lacking.under(change.name) if change.is_present else ())

    def _keys_of_claim(self, change: Change) -> Iterable[str]:
        key = key_for(change.namespace, change.name)
        if change.new is None:
            self._lacking.put(key, None)
            return ()
        return (key,) if wanted_class(change.new) else ()

    async def reconcile(self, key: str) -> Outcome:
        claim = self._client.get(CLAIMS, *split_key(key))
        wanted = wanted_class(claim) if claim is not None else ""
        volume = self._client.get(VOLUMES, "", claim["spec"]["volumeName"]) if claim is not None and wanted else None
        if claim is None or volume is None or (volume["spec"].get("csi") or {}).get("driver") != CSI_HOST_PATH:
            self._lacking.put(key, None)
            return DONE
        found = self._client.get(ATTRIBUTES_CLASSES, "", wanted)
        if found is None:
            await self._wait(key, claim, wanted)
        elif found["driverName"] == CSI_HOST_PATH:
            await self._modify(key, claim, volume, wanted)
        return DONE

    async def _wait(self, key: str, claim: FrozenObject, wanted: str) -> None:
        if key not in self._lacking.under(wanted):
            self._lacking.put(key, wanted)
            self._recorder.event(claim, "Warning", "VolumeModifyFailed", f"VAC {wanted} does not exist.")

        def edit(draft: Object) -> bool:
            status = draft["status"]
            before = status.get("modifyVolumeStatus") or {}
            status["modifyVolumeStatus"] = {**before, "status": "Pending"}
            return bool(status["modifyVolumeStatus"] != before)

        await self._change(claim, edit)

    async def _modify(self, key: str, claim: FrozenObject, volume: FrozenObject, wanted: str) -> None:
        self._lacking.put(key, None)
        now = timestamp(self._client.clock.now_s())
        entry = {"type": "ModifyingVolume", "status": "True", "lastProbeTime": None, "lastTransitionTime": now, "message": _IN_PROGRESS}

        def begin(draft: Object) -> bool:
            draft["status"]["modifyVolumeStatus"] = {"targetVolumeAttributesClassName": wanted, "status": "InProgress"}
            draft["status"]["conditions"] = [*_others(draft), entry]
            return True

        def end(draft: Object) -> bool:
            status = draft["status"]
            status.pop("modifyVolumeStatus", None)
            status["currentVolumeAttributesClassName"] = wanted
            status["conditions"] = _others(draft)
            return True

        def name_class(draft: Object) -> bool:
            draft["spec"]["volumeAttributesClassName"] = wanted
            return True

        await self._change(claim, begin)
        text = f"external resizer is modifying volume {name_of(claim)} with vac {wanted}"
        self._recorder.event(claim, "Normal", "VolumeModify", text)
        await self._client.change(VOLUMES, "", name_of(volume), name_class)
        await self._change(claim, end)
        text = f"external resizer modified volume {name_of(claim)} with vac {wanted} successfully "
        self._recorder.event(claim, "Normal", "VolumeModifySuccessful", text)

    async def _change(self, claim: FrozenObject, edit: Edit) -> None:
        def guarded(draft: Object) -> bool:
            return uid_of(draft) == uid_of(claim) and edit(draft)

        await self._client.change(CLAIMS, namespace_of(claim), name_of(claim), guarded, subresource="status")


def _others(claim: Object) -> list[Object]:
    return [one for one in claim["status"].get("conditions") or () if one["type"] not in _CONDITIONS]
