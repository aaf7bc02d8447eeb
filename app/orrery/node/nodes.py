"""Registers the nodes and keeps them alive: Leases every 10 s, statuses every 5 min, as a kubelet does."""

import asyncio
import logging
from collections.abc import Sequence
from typing import Final

from orrery.machinery.clock import Clock, Timer, micro_timestamp
from orrery.machinery.errors import AlreadyExists, ApiError
from orrery.machinery.objects import FrozenObject, Object
from orrery.node.host import Recorder
from orrery.node.node_objects import LEASE_NAMESPACE, LEASE_S, NodeFacts, new_lease, new_node, node_conditions, node_status
from orrery.verbs.client import Client

_RENEW_S: Final = 10.0
_RETRY_S: Final = 1.0
_STATUS_S: Final = 300.0
_LEASES: Final = "leases.coordination.k8s.io"

log = logging.getLogger(__name__)


class NodeKeeper:
    """The Node objects and Leases of all nodes of this process."""

    def __init__(self, facts: Sequence[NodeFacts], *, client: Client, clock: Clock, recorders: Sequence[Recorder]) -> None:
        self._facts = facts
        self._client = client
        self._clock = clock
        self._recorders = recorders
        self._timer: Timer | None = None
        self._task: asyncio.Task[None] | None = None
        self._status_due_s = 0.0
        self._is_stopped = False

    async def start(self) -> None:
        """Return once every node is registered and Ready; heartbeats go on by themselves."""
        for facts, recorder in zip(self._facts, self._recorders, strict=True):
            await self._register(facts, recorder)
        self._status_due_s = self._clock.now_s() + _STATUS_S
        await self._beat()

    async def stop(self) -> None:
        self._is_stopped = True
        if self._timer is not None:
            self._timer.cancel()
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _register(self, facts: NodeFacts, recorder: Recorder) -> None:
        node = new_node(facts, self._clock.now_s())
        about = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": facts.name, "uid": facts.name}}
        recorder.event(about, "Normal", "Starting", "Starting kubelet.")
        old = self._client.get("nodes", "", facts.name)
        if old is None:
            try:
                old = await self._client.create("nodes", node)
            except AlreadyExists:
                old = self._client.get("nodes", "", facts.name)
        elif (before := (old.get("status", {}).get("nodeInfo") or {}).get("bootID")) and before != facts.boot_id:
            message = f"Node {facts.name} has been rebooted, boot id: {facts.boot_id}"
            recorder.event(about, "Warning", "Rebooted", message)
        await self._post(facts)
        for reason in ("NodeHasSufficientMemory", "NodeHasNoDiskPressure", "NodeHasSufficientPID", "NodeReady"):
            recorder.event(about, "Normal", reason, f"Node {facts.name} status is now: {reason}")

    async def _post(self, facts: NodeFacts) -> None:
        """Post the whole status, and the Pod range if nobody has given one."""
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
        is_whole = True
        now_s = self._clock.now_s()
        is_status_due = now_s >= self._status_due_s
        for facts in self._facts:
            node = self._client.get("nodes", "", facts.name)
            if node is None:
                continue  # Somebody deleted the Node; a kubelet registers again only when it starts.
            try:
                await self._renew(facts.name, node)
                if is_status_due:
                    await self._refresh(facts.name)
            except ApiError as error:
                is_whole = False
                log.debug("No heartbeat for node %s: %s", facts.name, error)
        if is_status_due:
            self._status_due_s = now_s + _STATUS_S
        self._wind(_RENEW_S if is_whole else _RETRY_S)

    async def _renew(self, name: str, node: FrozenObject) -> None:
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

    async def _refresh(self, name: str) -> None:
        now_s = self._clock.now_s()

        def edit(node: Object) -> bool:
            status = node.setdefault("status", {})
            status["conditions"] = node_conditions(status.get("conditions") or (), now_s)
            return True

        await self._client.change("nodes", "", name, edit, subresource="status")
