"""A volume that no claim has is Available. Follows that part of upstream's persistent volume controller."""
# DIFFERS: upstream binds claims to volumes and provisions them; we only say which volumes are free.

from typing import Final

from orrery.controllers.engine.controller import DONE, Outcome, split_key
from orrery.controllers.engine.informer import Informer
from orrery.machinery.clock import timestamp
from orrery.machinery.objects import FrozenObject, Object, is_deleting, name_of
from orrery.verbs.client import Client

_VOLUMES: Final = "persistentvolumes"


def is_unclaimed(volume: FrozenObject) -> bool:
    """Whether the volume is new and nobody's."""
    phase = (volume.get("status") or {}).get("phase", "Pending")
    return phase == "Pending" and not volume["spec"].get("claimRef") and not is_deleting(volume)


class VolumePhaseController:
    """A key is a PersistentVolume."""

    name = "persistentvolume-binder-controller"

    def __init__(self, client: Client) -> None:
        self._client = client

    def watch(self, informer: Informer) -> None:
        informer.on(_VOLUMES, lambda change: (f"/{name_of(change.new)}",) if change.new is not None and is_unclaimed(change.new) else ())

    async def reconcile(self, key: str) -> Outcome:
        now = timestamp(self._client.clock.now_s())

        def edit(draft: Object) -> bool:
            if not is_unclaimed(draft):
                return False
            draft["status"] = {**(draft.get("status") or {}), "phase": "Available", "lastPhaseTransitionTime": now}
            return True

        await self._client.change(_VOLUMES, *split_key(key), edit, subresource="status")
        return DONE
