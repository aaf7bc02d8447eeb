"""Registers nodes and keeps them alive: Leases every 10 s, statuses every 5 min, as a kubelet does.

One timer serves all nodes, and their Leases are written together.
"""

import asyncio
import logging
from collections.abc import Iterable
from typing import Final

from orrery.machinery.clock import Clock, Timer, micro_timestamp
from orrery.machinery.errors import AlreadyExists, ApiError
from orrery.machinery.objects import FrozenObject, Object
from orrery.node.host import Recorder
from orrery.node.node_objects import (
    LEASE_NAMESPACE,
    LEASE_S,
    SIMULATED,
    NodeFacts,
    is_well,
    new_csi_node,
    new_lease,
    new_node,
    node_conditions,
    node_status,
)
from orrery.verbs.client import Client

_RENEW_S: Final = 10.0
_RETRY_S: Final = 1.0
_STATUS_S: Final = 300.0
_LEASES: Final = "leases.coordination.k8s.io"
_CSI_NODES: Final = "csinodes.storage.k8s.io"

log = logging.getLogger(__name__)


class NodeKeeper:
    """The Node objects and Leases of the nodes of this process that are not down."""

    def __init__(self, *, client: Client, clock: Clock) -> None:
        self._client = client
        self._clock = clock
        self._facts: dict[str, NodeFacts] = {}
        self._timer: Timer | None = None
        self._task: asyncio.Task[None] | None = None
        self._status_due_s = clock.now_s() + _STATUS_S
        self._is_stopped = False

    async def start(self) -> None:
        """Heartbeats of the registered nodes, from now on."""
        self._status_due_s = self._clock.now_s() + _STATUS_S
        await self._beat()

    async def stop(self) -> None:
        self._is_stopped = True
        if self._timer is not None:
            self._timer.cancel()
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def register(self, facts: NodeFacts, recorder: Recorder) -> None:
        """Return once the node is registered and Ready."""
        node = new_node(facts, self._clock.now_s())
        about = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": facts.name, "uid": facts.name}}
        recorder.event(about, "Normal", "Starting", "Starting kubelet.")
        old = self._client.get("nodes", "", facts.name)
        if old is None:
            try:
                old = await self._client.create("nodes", node)
            except AlreadyExists:
                old = self._client.get("nodes", "", facts.name)
        else:
            if (before := (old.get("status", {}).get("nodeInfo") or {}).get("bootID")) and before != facts.boot_id:
                message = f"Node {facts.name} has been rebooted, boot id: {facts.boot_id}"
                recorder.event(about, "Warning", "Rebooted", message)
            await self._client.change("nodes", "", facts.name, _adopt)
        await self._post(facts)
        await self._tell_of_drivers(facts.name)
        self._facts[facts.name] = facts
        for reason in ("NodeHasSufficientMemory", "NodeHasNoDiskPressure", "NodeHasSufficientPID", "NodeReady"):
            recorder.event(about, "Normal", reason, f"Node {facts.name} status is now: {reason}")

    async def _tell_of_drivers(self, name: str) -> None:
        node = self._client.get("nodes", "", name)
        if node is not None and self._client.get(_CSI_NODES, "", name) is None:
            await self._client.create(_CSI_NODES, new_csi_node(node))

    def forget(self, name: str) -> None:
        """The node says nothing any more."""
        self._facts.pop(name, None)

    async def beat(self, names: Iterable[str]) -> bool:
        """Renew these nodes' Leases; whether all could be."""
        return all(await asyncio.gather(*(self._renew(name) for name in names)))

    async def _post(self, facts: NodeFacts) -> None:
        """Post the whole status."""
        now_s = self._clock.now_s()

        def edit(node: Object) -> bool:
            status = node_status(facts, node.get("status") or {}, now_s)
            changed = status != node.get("status")
            node["status"] = status
            return changed

        await self._client.change("nodes", "", facts.name, edit, subresource="status")

    def _wind(self, delay_s: float) -> None:
        if not self._is_stopped:
            self._timer = self._clock.call_later(delay_s, self._begin_beat, background=True)

    def _begin_beat(self) -> None:
        self._task = asyncio.get_running_loop().create_task(self._beat())

    async def _beat(self) -> None:
        """One round of heartbeats for all nodes."""
        now_s = self._clock.now_s()
        is_whole = await self.beat(list(self._facts))
        is_due = now_s >= self._status_due_s
        due = [name for name in self._facts if is_due or not self._is_well(name)]
        is_whole = all(await asyncio.gather(*(self._refresh(name) for name in due))) and is_whole
        if is_due:
            self._status_due_s = now_s + _STATUS_S
        self._wind(_RENEW_S if is_whole else _RETRY_S)

    def _is_well(self, name: str) -> bool:
        """Whether the Node says what its kubelet says: somebody else may have believed it lost."""
        node = self._client.get("nodes", "", name)
        return node is None or is_well(node)

    async def _renew(self, name: str) -> bool:
        node = self._client.get("nodes", "", name)
        if node is None:
            return True  # Somebody deleted the Node; a kubelet registers again only when it starts.
        try:
            await self._write_lease(name, node)
        except ApiError as error:
            log.debug("No heartbeat for node %s: %s", name, error)
            return False
        return True

    async def _write_lease(self, name: str, node: FrozenObject) -> None:
        now_s = self._clock.now_s()
        if self._client.get(_LEASES, LEASE_NAMESPACE, name) is None:
            await self._client.create(_LEASES, new_lease(name, node, now_s))
            return

        def edit(lease: Object) -> bool:
            lease["spec"] = {
                **(lease.get("spec") or {}),
                "holderIdentity": name,
                "leaseDurationSeconds": LEASE_S,
                "renewTime": micro_timestamp(now_s),
            }
            return True

        await self._client.change(_LEASES, LEASE_NAMESPACE, name, edit)

    async def _refresh(self, name: str) -> bool:
        now_s = self._clock.now_s()

        def edit(node: Object) -> bool:
            status = node.setdefault("status", {})
            status["conditions"] = node_conditions(status.get("conditions") or (), now_s)
            return True

        try:
            await self._client.change("nodes", "", name, edit, subresource="status")
        except ApiError as error:
            log.debug("No status for node %s: %s", name, error)
            return False
        return True


def _adopt(node: Object) -> bool:
    """A Node that was there before its machine comes back with it after the next restart."""
    annotations = node["metadata"].get("annotations") or {}
    node["metadata"]["annotations"] = {**annotations, SIMULATED: "true"}
    return SIMULATED not in annotations
