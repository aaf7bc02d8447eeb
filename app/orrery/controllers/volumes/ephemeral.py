"""Makes the claims of generic ephemeral volumes: named after Pod and volume, owned by the Pod. Follows upstream's volume/ephemeral.

They go with their Pod, by the garbage collector.
"""

from collections.abc import Iterable

from orrery.controllers.engine.controller import DONE, Outcome, key_for, split_key
from orrery.controllers.engine.informer import Change, Informer
from orrery.controllers.engine.ownership import is_controlled_by, new_controller_reference
from orrery.controllers.volumes.annotations import CLAIMS
from orrery.machinery.errors import ApiError
from orrery.machinery.objects import FrozenObject, Object, controller_of, is_deleting, name_of, namespace_of
from orrery.verbs.client import Client
from orrery.verbs.recorder import EventRecorder

_WORD = b'"volumeClaimTemplate"'


def not_owned_message(pod: FrozenObject, claim: FrozenObject) -> str:
    """What everybody says of a claim that has the name of an ephemeral volume's and is not it."""
    return f"PVC {namespace_of(claim)}/{name_of(claim)} was not created for pod {namespace_of(pod)}/{name_of(pod)} (pod is not owner)"


class EphemeralVolumeController:
    """A key is a Pod with ephemeral volumes."""

    name = "ephemeral-volume-controller"

    def __init__(self, client: Client, recorder: EventRecorder) -> None:
        self._client = client
        self._recorder = recorder

    def watch(self, informer: Informer) -> None:
        informer.on("pods", _keys_of_pod)
        informer.hear(CLAIMS, _keys_of_claim)

    async def reconcile(self, key: str) -> Outcome:
        pod = self._client.get("pods", *split_key(key))
        if pod is None or is_deleting(pod):
            return DONE
        for volume in pod["spec"].get("volumes") or ():
            if volume.get("ephemeral") is not None:
                await self._ensure(pod, volume)
        return DONE

    async def _ensure(self, pod: FrozenObject, volume: FrozenObject) -> None:
        name = f"{name_of(pod)}-{volume['name']}"
        claim = self._client.get(CLAIMS, namespace_of(pod), name)
        if claim is not None:
            if not is_controlled_by(claim, pod):
                self._tell(pod, volume, not_owned_message(pod, claim))
            return
        try:
            await self._client.create(CLAIMS, new_claim(pod, volume))
        except ApiError as error:
            self._tell(pod, volume, f"create PVC {name}: {error.message}")
            raise

    def _tell(self, pod: FrozenObject, volume: FrozenObject, why: str) -> None:
        self._recorder.event(pod, "Warning", "FailedBinding", f"ephemeral volume {volume['name']}: {why}")


def new_claim(pod: FrozenObject, volume: FrozenObject) -> Object:
    template = volume["ephemeral"].get("volumeClaimTemplate") or {}
    source = template.get("metadata") or {}
    metadata: Object = {"name": f"{name_of(pod)}-{volume['name']}", "namespace": namespace_of(pod)}
    metadata |= {field: dict(source[field]) for field in ("labels", "annotations") if source.get(field)}
    metadata["ownerReferences"] = [new_controller_reference(pod, api_version="v1", kind="Pod")]
    return {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": metadata, "spec": template.get("spec") or {}}


def _keys_of_pod(change: Change) -> Iterable[str]:
    """New Pods only: their volumes do not change."""
    if not change.is_present or change.former is not None or _WORD not in change.record.body:
        return ()
    return (key_for(change.namespace, change.name),)


def _keys_of_claim(change: Change) -> Iterable[str]:
    """A claim that was deleted is made again while its Pod is there."""
    owner = controller_of(change.any) if not change.is_present else None
    return (key_for(change.namespace, owner["name"]),) if owner is not None and owner["kind"] == "Pod" else ()
