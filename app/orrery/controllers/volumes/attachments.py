"""Hangs CSI drivers' volumes on the nodes where Pods want them, one node at a time unless their access modes allow more.

Two parts of upstream in one: the attach/detach controller of kube-controller-manager, and the attacher that comes with a driver. A volume
leaves its node when no Pod there wants it any more; a node that is not ready may still be writing, so from there it is taken
only after six minutes, or when an administrator says that the node is out of service. What waits for it is the kubelet's business.

DIFFERS: upstream detaches when the kubelet says that the volume is unmounted; we when the Pod has ended, on a node that is ready.

DIFFERS: upstream also lists attached volumes in the status of their nodes; we in VolumeAttachments only.
"""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Final

from orrery.controllers.engine.controller import DONE, Outcome, requeue_after, split_key
from orrery.controllers.engine.informer import Change, Informer
from orrery.controllers.pod_gc.controller import OUT_OF_SERVICE
from orrery.controllers.pods import is_ready, is_terminal
from orrery.controllers.volumes.annotations import CLAIMS, VOLUMES
from orrery.controllers.volumes.index import ClaimUsers, Groups, claims_mounted, mounts_claims
from orrery.kinds.storage.volumeattachment import ATTACHMENTS, DRIVERS, attachment_name, is_attachable, is_attached
from orrery.machinery.errors import AlreadyExists, NotFound
from orrery.machinery.field_errors import go_quote
from orrery.machinery.objects import FrozenObject, Object, name_of, namespace_of, uid_of
from orrery.verbs.client import Client
from orrery.verbs.recorder import EventRecorder

NODE_ID: Final = "csi.alpha.kubernetes.io/node-id"
"""On attachments: a driver's attacher has seen to it, here ours. Others' are left alone."""
UNMOUNT_S_MAX: Final = 360.0
"""How long a node that is not ready may keep a volume that nobody wants there."""
_SHARED: Final = frozenset({"ReadWriteMany", "ReadOnlyMany"})

Users = Mapping[str, Sequence[FrozenObject]]
"""Pods by the node they are on."""


def is_exclusive(volume: FrozenObject) -> bool:
    """Whether the volume hangs on one node only. One that names no mode may go anywhere."""
    modes = volume["spec"].get("accessModes") or ()
    return bool(modes) and _SHARED.isdisjoint(modes)


def conflict_message(volume: FrozenObject, pod: FrozenObject, others: Sequence[FrozenObject]) -> str:
    """Why `pod` does not get the volume: `others` use it on another node, or nobody does and it still hangs there."""
    local = [name_of(one) for one in others if namespace_of(one) == namespace_of(pod)]
    far = len(others) - len(local)
    if not others:
        why = "Volume is already exclusively attached to one node and can't be attached to another"
    elif not local:
        why = f"Volume is already used by {far} pod(s) in different namespaces"
    else:
        why = f"Volume is already used by pod(s) {', '.join(local)}" + (f" and {far} pod(s) in different namespaces" if far else "")
    return f"Multi-Attach error for volume {go_quote(name_of(volume))} {why}"


class AttachDetachController:
    """A key is a PersistentVolume."""

    name = "attachdetach-controller"

    def __init__(self, client: Client, recorder: EventRecorder) -> None:
        self._client = client
        self._recorder = recorder
        self._users = ClaimUsers()
        self._attachments = Groups()
        self._unwanted_since: dict[str, float] = {}
        """By attachment: since when nobody wants the volume on that node."""
        self._keepers = Groups()
        """Volumes that wait to leave, by the node that is to let them go first."""
        self._refused: set[tuple[str, str]] = set()
        """Volume and node: the Pods there were told that it hangs elsewhere."""

    def watch(self, informer: Informer) -> None:
        informer.observe("pods", self._users.see)
        informer.observe(ATTACHMENTS, self._see_attachment)
        informer.hear("pods", self._keys_of_pod)
        informer.on(CLAIMS, lambda change: _key(_bound_volume(change.new)))
        informer.on(VOLUMES, lambda change: (change.name,) if change.has(b'"csi"') else ())
        informer.on(ATTACHMENTS, lambda change: () if change.is_present else _key(_volume_of(change.any)))
        informer.hear("nodes", lambda change: self._keepers.under(change.name))

    def _see_attachment(self, change: Change) -> None:
        self._attachments.put(change.name, (_volume_of(change.any) or None) if change.is_present else None)

    def _keys_of_pod(self, change: Change) -> Iterable[str]:
        """The volumes of a Pod that came to a node, or left it."""
        if not mounts_claims(change):
            return
        pod, old = change.any, change.old
        is_same = change.is_present and old is not None and bool(old["spec"].get("nodeName")) and is_terminal(old) == is_terminal(pod)
        if is_same or not pod["spec"].get("nodeName"):
            return
        for claim in claims_mounted(pod):
            yield from _key(_bound_volume(self._client.get(CLAIMS, change.namespace, claim)))

    async def reconcile(self, key: str) -> Outcome:
        volume = self._client.get(VOLUMES, "", key)
        if volume is None or volume["spec"].get("csi") is None:
            return DONE
        users = self._users_of(volume)
        keeping, wait_s = await self._detach(volume, users)
        driver = self._client.get(DRIVERS, "", volume["spec"]["csi"].get("driver", ""))
        if not is_attachable(volume, driver):
            return DONE
        for node, pods in users.items():
            if node in keeping:
                self._refused.discard((key, node))
            elif is_exclusive(volume) and keeping:
                self._refuse(volume, node, [pod for one in keeping for pod in users.get(one, ())], pods)
            else:
                await self._attach(volume, node, pods)
                keeping.add(node)
        return requeue_after(wait_s) if wait_s else DONE

    def _users_of(self, volume: FrozenObject) -> Users:
        reference = volume["spec"].get("claimRef") or {}
        namespace, name = reference.get("namespace", ""), reference.get("name", "")
        claim = self._client.get(CLAIMS, namespace, name)
        if claim is None or uid_of(claim) != reference.get("uid") or claim["spec"].get("volumeName") != name_of(volume):
            return {}
        found: dict[str, list[FrozenObject]] = {}
        for key in self._users.of(f"{namespace}/{name}"):
            pod = self._client.get("pods", *split_key(key))
            node = pod["spec"].get("nodeName") if pod is not None else ""
            if pod is not None and node and self._client.get("nodes", "", node) is not None:
                found.setdefault(node, []).append(pod)
        return found

    async def _detach(self, volume: FrozenObject, users: Users) -> tuple[set[str], float]:
        """Take the volume from nodes where nobody wants it; which nodes keep it, and after how many seconds to look again."""
        keeping: set[str] = set()
        waits: dict[str, float] = {}
        """By node."""
        for name in self._attachments.under(name_of(volume)):
            attachment = self._client.get(ATTACHMENTS, "", name)
            if attachment is None or NODE_ID not in (attachment["metadata"].get("annotations") or {}):
                continue
            node = attachment["spec"]["nodeName"]
            if node in users:
                self._unwanted_since.pop(name, None)
            elif left_s := self._left_s(name, node):
                waits[node] = left_s
            else:
                await self._take_off(attachment)
                continue
            keeping.add(node)
        first = min(waits, key=waits.__getitem__, default=None)
        self._keepers.put(name_of(volume), first)
        return keeping, waits[first] if first is not None else 0.0

    def _left_s(self, attachment: str, node_name: str) -> float:
        """How long the node may keep what nobody wants there."""
        node = self._client.get("nodes", "", node_name)
        is_out = node is not None and any(taint["key"] == OUT_OF_SERVICE for taint in node["spec"].get("taints") or ())
        if is_out or (node is not None and is_ready(node)):
            return 0.0
        now_s = self._client.clock.now_s()
        return max(self._unwanted_since.setdefault(attachment, now_s) + UNMOUNT_S_MAX - now_s, 0.0)

    async def _take_off(self, attachment: FrozenObject) -> None:
        self._unwanted_since.pop(name_of(attachment), None)
        with suppress(NotFound):
            await self._client.delete(ATTACHMENTS, "", name_of(attachment), uid=uid_of(attachment))

    async def _attach(self, volume: FrozenObject, node: str, pods: Sequence[FrozenObject]) -> None:
        name = attachment_name(volume, node)
        self._refused.discard((name_of(volume), node))
        with suppress(AlreadyExists):  # Made just before a restart: it only has to be carried out.
            await self._client.create(ATTACHMENTS, new_attachment(volume, node))
        await self._client.change(ATTACHMENTS, "", name, _edit_attached, subresource="status")
        for pod in pods:
            message = f"AttachVolume.Attach succeeded for volume {go_quote(name_of(volume))} "
            self._recorder.event(pod, "Normal", "SuccessfulAttachVolume", message)

    def _refuse(self, volume: FrozenObject, node: str, others: Sequence[FrozenObject], pods: Sequence[FrozenObject]) -> None:
        """Tell it once; it is looked at again when the volume leaves the other node."""
        if (name_of(volume), node) in self._refused:
            return
        self._refused.add((name_of(volume), node))
        for pod in pods:
            self._recorder.event(pod, "Warning", "FailedAttachVolume", conflict_message(volume, pod, others))


def new_attachment(volume: FrozenObject, node: str) -> Object:
    return {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "VolumeAttachment",
        "metadata": {"name": attachment_name(volume, node), "annotations": {NODE_ID: node}},
        "spec": {
            "attacher": volume["spec"]["csi"]["driver"],
            "nodeName": node,
            "source": {"persistentVolumeName": name_of(volume)},
        },
    }


def _edit_attached(draft: Object) -> bool:
    if is_attached(draft):
        return False
    draft["status"] = {**(draft.get("status") or {}), "attached": True}
    return True


def _bound_volume(claim: FrozenObject | None) -> str:
    return (claim["spec"].get("volumeName") or "") if claim is not None else ""


def _volume_of(attachment: FrozenObject) -> str:
    return (attachment["spec"].get("source") or {}).get("persistentVolumeName") or ""


def _key(volume: str) -> Iterable[str]:
    return (volume,) if volume else ()
