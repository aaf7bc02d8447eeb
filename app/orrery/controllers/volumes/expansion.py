"""Lets claims grow: the volume first, then, on the node where it is mounted, the file system in it.

Two parts of upstream in one: the in-tree expand controller, which leaves every driver's volumes to that driver, and the driver's
external-resizer, here that of the simulated provisioner. What a node has to do is asked for by the condition FileSystemResizePending.
"""

from collections.abc import Iterable
from typing import Final

from orrery.controllers.engine.controller import DONE, Outcome, key_for, split_key
from orrery.controllers.engine.informer import Change, Informer
from orrery.controllers.volumes.annotations import CLAIMS, PROVISIONED_BY, VOLUMES
from orrery.controllers.volumes.matching import capacity_of, request_of
from orrery.controllers.volumes.provisioner import PROVISIONERS
from orrery.machinery.clock import timestamp
from orrery.machinery.objects import FrozenObject, Object, annotations_of, name_of, namespace_of, uid_of
from orrery.machinery.quantities import parse
from orrery.verbs.client import Client
from orrery.verbs.recorder import EventRecorder

RESIZER: Final = f"external-resizer {PROVISIONERS[0]}"
_CONDITIONS: Final = ("Resizing", "FileSystemResizePending", "ControllerResizeError", "NodeResizeError")
_ON_NODE: Final = "NodeResizePending"


def held_of(claim: FrozenObject) -> str:
    """The size the claim has now."""
    return str(((claim.get("status") or {}).get("capacity") or {}).get("storage", "0"))


def is_growing(claim: FrozenObject) -> bool:
    """Whether a bound claim asks for more than it has."""
    is_bound = (claim.get("status") or {}).get("phase") == "Bound" and bool(claim["spec"].get("volumeName"))
    return is_bound and parse(request_of(claim)).nano > parse(held_of(claim)).nano


class ExpandController:
    """A key is a claim that asks for more than it has."""

    name = "persistentvolume-expander-controller"

    def __init__(self, client: Client, recorder: EventRecorder, resizer: EventRecorder) -> None:
        """`recorder` speaks as upstream's controller, `resizer` as the driver's."""
        self._client = client
        self._recorder = recorder
        self._resizer = resizer

    def watch(self, informer: Informer) -> None:
        informer.on(CLAIMS, _keys_of_claim)

    async def reconcile(self, key: str) -> Outcome:
        claim = self._client.get(CLAIMS, *split_key(key))
        if claim is None or not is_growing(claim):
            return DONE
        volume = self._client.get(VOLUMES, "", claim["spec"]["volumeName"])
        if volume is None or (volume["spec"].get("claimRef") or {}).get("uid") != uid_of(claim):
            return DONE
        if _is_on_node(claim):
            return DONE  # The rest is the node's.
        if annotations_of(volume).get(PROVISIONED_BY) not in PROVISIONERS:
            self._leave(claim)
            return DONE
        await self._expand(claim, volume)
        return DONE

    async def _expand(self, claim: FrozenObject, volume: FrozenObject) -> None:
        self._leave(claim)
        size = request_of(claim)
        await self._mark(claim, "Resizing", size, "ControllerResizeInProgress")
        self._resizer.event(claim, "Normal", "Resizing", f"External resizer is resizing volume {name_of(volume)}")
        if parse(capacity_of(volume)).nano < parse(size).nano:
            await self._client.change(VOLUMES, "", name_of(volume), lambda draft: _edit_capacity(draft, size))
        message = "Waiting for user to (re-)start a pod to finish file system resize of volume on node."
        await self._mark(claim, "FileSystemResizePending", size, _ON_NODE, message=message)
        self._resizer.event(claim, "Normal", "FileSystemResizeRequired", "Require file system resize of volume on node")

    def _leave(self, claim: FrozenObject) -> None:
        """What the in-tree controller does for volumes of today: nothing."""
        self._recorder.event(claim, "Normal", "ExternalExpanding", "waiting for an external controller to expand this PVC")

    async def _mark(self, claim: FrozenObject, condition: str, size: str, state: str, *, message: str = "") -> None:
        uid, now = uid_of(claim), timestamp(self._client.clock.now_s())
        entry: Object = {"type": condition, "status": "True", "lastProbeTime": None, "lastTransitionTime": now}
        if message:
            entry["message"] = message

        def edit(draft: Object) -> bool:
            if uid_of(draft) != uid:
                return False
            status = draft.setdefault("status", {})
            others = [one for one in status.get("conditions") or () if one["type"] not in _CONDITIONS]
            status["conditions"] = [*others, entry]
            status["allocatedResources"] = {"storage": size}
            status["allocatedResourceStatuses"] = {"storage": state}
            return True

        await self._client.change(CLAIMS, namespace_of(claim), name_of(claim), edit, subresource="status")


def _is_on_node(claim: FrozenObject) -> bool:
    """Whether the volume has this size already, and only the file system is left."""
    status = claim.get("status") or {}
    allocated = (status.get("allocatedResources") or {}).get("storage", "0")
    state = (status.get("allocatedResourceStatuses") or {}).get("storage")
    return state == _ON_NODE and parse(str(allocated)).nano == parse(request_of(claim)).nano


def _edit_capacity(draft: Object, size: str) -> bool:
    draft["spec"]["capacity"] = {**draft["spec"]["capacity"], "storage": size}
    return True


def _keys_of_claim(change: Change) -> Iterable[str]:
    claim = change.new
    return (key_for(change.namespace, change.name),) if claim is not None and is_growing(claim) else ()
