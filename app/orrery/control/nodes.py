"""Machines of the simulation for people with curl and for `orrery node`: list, add, fail, recover, remove."""

from orrery.control.models import NewNodes, NodeFailure, NodeList, NodeState
from orrery.machinery.errors import AlreadyExists, Conflict, Invalid
from orrery.machinery.field_errors import invalid
from orrery.machinery.objects import FrozenObject, labels_of
from orrery.machinery.quantities import parse
from orrery.node.addresses import NoRoom
from orrery.node.failure import Failure
from orrery.node.machines import Machine, Machines, MachineTaken
from orrery.node.node_groups import NODES_MAX
from orrery.verbs.client import Client

_ZONE = "topology.kubernetes.io/zone"


class MachineRoom:
    """What the routes under /orrery/v1/nodes call."""

    def __init__(self, client: Client, machines: Machines) -> None:
        self._client = client
        self._machines = machines

    def every(self) -> NodeList:
        return NodeList(items=[self._state(machine) for machine in self._machines])

    async def add(self, wanted: NewNodes) -> NodeList:
        """One or several more nodes; AlreadyExists when there is one of the name, Conflict when the network has no room."""
        pods = wanted.capacity.get("pods")
        if pods is not None and parse(pods).value > self._machines.pods_max:
            why = f"pods: must be less than or equal to {self._machines.pods_max}, for so many addresses has a node's Pod range here"
            raise Invalid("Node", wanted.name, [invalid("capacity", wanted.capacity, why)])
        if wanted.count > 1 and wanted.name:
            raise Invalid("Node", wanted.name, [invalid("count", wanted.count, "must be 1 when there is a name; give a namePrefix")])
        if len(list(self._machines)) + wanted.count > NODES_MAX:
            raise Conflict("nodes", wanted.name, f"there may be {NODES_MAX} nodes at most")
        try:
            self._machines.check_room(wanted.count)
        except NoRoom as problem:
            raise Conflict("nodes", wanted.name, str(problem)) from None
        names = [wanted.name] if wanted.name else self._machines.free_names(wanted.name_prefix, wanted.count)
        added = []
        for name in names:
            try:
                added.append(await self._machines.add(name, wanted))
            except MachineTaken:
                raise AlreadyExists("nodes", name) from None
        return NodeList(items=[self._state(machine) for machine in added])

    async def fail(self, name: str, how: NodeFailure) -> NodeState:
        return self._state(await self._machines.fail(name, Failure(how.how)))

    async def recover(self, name: str) -> NodeState:
        return self._state(await self._machines.recover(name))

    async def remove(self, name: str) -> NodeState:
        return self._state(await self._machines.remove(name))

    def _state(self, machine: Machine) -> NodeState:
        node = self._client.get("nodes", "", machine.name)
        return NodeState(
            name=machine.name,
            status=_status(node),
            failure=machine.failure.value if machine.failure is not None else "",
            address=machine.facts.ip,
            podCIDR=machine.facts.pod_cidr,
            zone=labels_of(node).get(_ZONE, "") if node is not None else "",
            pods=len(self._client.by_field("pods", "spec.nodeName", machine.name)),
            capacity=dict(machine.facts.capacity),
        )


def _status(node: FrozenObject | None) -> str:
    """As `kubectl get nodes` says it; Missing: somebody has deleted the Node."""
    if node is None:
        return "Missing"
    conditions = (node.get("status") or {}).get("conditions") or ()
    is_ready = any(one["type"] == "Ready" and one["status"] == "True" for one in conditions)
    words = ["Ready" if is_ready else "NotReady"]
    if (node.get("spec") or {}).get("unschedulable"):
        words.append("SchedulingDisabled")
    return ",".join(words)
