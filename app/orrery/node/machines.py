"""The machines behind the nodes: which there are, which are down, and what happens when one is added, fails, recovers or is taken away.

What a machine's Pods go through is the kubelet's (`Power`); Node objects and heartbeats are `nodes.py`'s. After a restart of the
process, the machines are those that the options name and those whose Node objects say that they are simulated; failed ones stay down.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from ipaddress import IPv4Network
from typing import Final, Protocol

from orrery.machinery.clock import Clock, new_uid
from orrery.machinery.errors import Conflict, NotFound
from orrery.machinery.objects import FrozenObject, Object, annotations_of, name_of
from orrery.machinery.quantities import parse
from orrery.node.addresses import NodePlaces, NoRoom
from orrery.node.failure import Failure
from orrery.node.host import Recorder
from orrery.node.network.fabric import Fabric
from orrery.node.node_groups import NodeGroup, NodeLook, NodesUnusable, capacity_of, numbered
from orrery.node.node_objects import FAILURE, SIMULATED, NodeFacts, recorded_facts
from orrery.node.nodes import NodeKeeper
from orrery.settings import Settings
from orrery.verbs.client import Client

_NODES: Final = "nodes"


@dataclass(slots=True, eq=False)
class Machine:
    """One of them."""

    facts: NodeFacts
    failure: Failure | None = None

    @property
    def name(self) -> str:
        return self.facts.name


class Power(Protocol):
    """What becomes of a machine's Pods."""

    def boot(self, facts: NodeFacts) -> None:
        """It runs from now on; its Pods wait for `take_up`."""

    def take_up(self, name: str) -> None:
        """Look after the Pods that are bound to it."""

    async def crash(self, name: str) -> None:
        """It is off: its containers are gone, and what was in memory."""

    def freeze(self, name: str) -> None:
        """Its kubelet does nothing from now on."""

    def thaw(self, name: str) -> None:
        """Its kubelet goes on where it stopped."""


class MachineTaken(Exception):
    """There is a machine of that name already."""


class Machines:
    """All machines of the process. `start` before anything else."""

    def __init__(
        self,
        client: Client,
        clock: Clock,
        settings: Settings,
        groups: Sequence[NodeGroup],
        *,
        fabric: Fabric,
        power: Power,
        recorder: Callable[[str], Recorder],
    ) -> None:
        """`groups` are the nodes that there are from the start."""
        self._client = client
        self._clock = clock
        self._settings = settings
        self._groups = groups
        self._fabric = fabric
        self._power = power
        self._recorder = recorder
        self._keeper = NodeKeeper(client=client, clock=clock)
        self._machines: dict[str, Machine] = {}
        self.is_started = False
        pods = max(int(parse(capacity_of(group, settings)["pods"]).value) for group in (NodeLook(), *groups))
        self._places = NodePlaces(cluster_cidr=settings.pod_cidr, node_cidr=settings.node_cidr, pods_per_node=pods)

    @property
    def pods_max(self) -> int:
        """For how many Pods a node has addresses."""
        return self._places.pods_max

    def __iter__(self) -> Iterator[Machine]:
        return iter(list(self._machines.values()))

    def find(self, name: str) -> Machine | None:
        return self._machines.get(name)

    def failure_of(self, name: str) -> Failure | None:
        """How the machine of that name is down; one that is not there is as good as off."""
        machine = self._machines.get(name)
        return machine.failure if machine is not None else Failure.CRASH

    # Start and stop.

    async def start(self) -> None:
        """Boot all machines and return once those that are not down are Ready. NodesUnusable when they do not fit in the network."""
        recorded = {name_of(node): node for node in self._client.list(_NODES)}
        for node in recorded.values():
            facts = recorded_facts(node, "")
            if facts is not None:
                self._places.note(facts.ip, IPv4Network(facts.pod_cidr))
        for machine in self._known(recorded):
            if machine.name in recorded:
                machine.failure = _failure_of(recorded[machine.name])
            self._plug_in(machine)
        for machine in self:
            if machine.failure is None:
                await self._register(machine)
        await self._keeper.start()
        self.is_started = True

    async def stop(self) -> None:
        await self._keeper.stop()

    def _known(self, recorded: dict[str, FrozenObject]) -> Iterator[Machine]:
        """Those the options name, then those that only Node objects tell of."""
        named = set()
        for group in self._groups:
            for name in group.names():
                named.add(name)
                facts = recorded_facts(recorded[name], new_uid(self._clock)) if name in recorded else None
                try:
                    yield Machine(self._new_facts(name, group) if facts is None else self._in_group(facts, group))
                except NoRoom as problem:
                    raise NodesUnusable(str(problem)) from None
        for name, node in recorded.items():
            facts = recorded_facts(node, new_uid(self._clock))
            if name not in named and SIMULATED in annotations_of(node) and facts is not None:
                yield Machine(facts)

    def _new_facts(self, name: str, look: NodeLook) -> NodeFacts:
        ip, pods = self._places.take()
        return self._in_group(NodeFacts(name, ip, str(pods), {}, new_uid(self._clock)), look)

    def _in_group(self, facts: NodeFacts, look: NodeLook) -> NodeFacts:
        taints = [taint.model_dump(exclude_defaults=True) for taint in look.taints]
        return replace(facts, capacity=capacity_of(look, self._settings), labels=look.every_label, taints=taints)

    def _plug_in(self, machine: Machine) -> None:
        facts = machine.facts
        self._machines[facts.name] = machine
        self._fabric.add_node(facts.name, facts.ip, IPv4Network(facts.pod_cidr))
        if machine.failure is None:
            self._power.boot(facts)
        else:
            self._fabric.silence(facts.name)

    async def _register(self, machine: Machine) -> None:
        await self._keeper.register(machine.facts, self._recorder(machine.name))

    # What users do to machines.

    def free_names(self, prefix: str, count: int) -> list[str]:
        """Names of that prefix which no node has: the first free numbers."""
        names: list[str] = []
        number = 1
        while len(names) < count:
            name = numbered(prefix, number)
            if name not in self._machines and self._client.get(_NODES, "", name) is None:
                names.append(name)
            number += 1
        return names

    def check_room(self, count: int) -> None:
        """NoRoom when the network has no room for so many nodes more."""
        self._places.check_room(count)

    async def add(self, name: str, look: NodeLook) -> Machine:
        """One more machine, and return once its node is Ready. MachineTaken, NoRoom."""
        if name in self._machines:
            raise MachineTaken(name)
        machine = Machine(self._new_facts(name, look))
        self._plug_in(machine)
        await self._register(machine)
        await self._keeper.beat([name])
        self._power.take_up(name)
        return machine

    async def fail(self, name: str, how: Failure) -> Machine:
        """Let the machine go down; one that has crashed stays so. NotFound when there is none."""
        machine = self._existing(name)
        if machine.failure is how or machine.failure is Failure.CRASH:
            return machine
        was_up = machine.failure is None
        machine.failure = how
        self._keeper.forget(name)
        if how is Failure.CRASH:
            self._fabric.silence(name)
            await self._power.crash(name)
        elif was_up:
            self._power.freeze(name)
        await self._note_failure(machine)
        return machine

    async def recover(self, name: str) -> Machine:
        """Let the machine come up again: one that had crashed reboots. One that is up registers again if its Node is gone."""
        machine = self._existing(name)
        how, machine.failure = machine.failure, None
        if how is Failure.CRASH:
            machine.facts = replace(machine.facts, boot_id=new_uid(self._clock))
            self._fabric.hear(name)
            self._power.boot(machine.facts)
        if how is not None or self._client.get(_NODES, "", name) is None:
            await self._note_failure(machine)
            await self._register(machine)
            await self._keeper.beat([name])
        if how is Failure.CRASH:
            self._power.take_up(name)
        elif how is Failure.KUBELET:
            self._power.thaw(name)
            self._power.take_up(name)
        return machine

    async def remove(self, name: str) -> Machine:
        """Take the machine away, with its Node: its Pods are nobody's any more."""
        machine = self._existing(name)
        self._keeper.forget(name)
        if machine.failure is not Failure.CRASH:
            await self._power.crash(name)
        del self._machines[name]
        self._fabric.remove_node(name)
        self._places.release(machine.facts.ip, IPv4Network(machine.facts.pod_cidr))
        try:
            await self._client.delete(_NODES, "", name)
        except NotFound:
            return machine
        return machine

    def _existing(self, name: str) -> Machine:
        machine = self._machines.get(name)
        if machine is None:
            if self._client.get(_NODES, "", name) is not None:
                raise Conflict(_NODES, name, "it is not simulated: somebody else created it, and no machine is behind it")
            raise NotFound(_NODES, name)
        return machine

    async def _note_failure(self, machine: Machine) -> None:
        """On the Node, so that a restart of the process finds the machine as it is."""
        failure = machine.failure

        def edit(draft: Object) -> bool:
            before = draft["metadata"].get("annotations") or {}
            others = {key: value for key, value in before.items() if key != FAILURE}
            draft["metadata"]["annotations"] = {**others, FAILURE: failure.value} if failure is not None else others
            return bool(draft["metadata"]["annotations"] != before)

        await self._client.change(_NODES, "", machine.name, edit)


def _failure_of(node: FrozenObject) -> Failure | None:
    """How the machine failed in a previous life of the process. A kubelet that was down comes up with its machine, which is rebooted."""
    return Failure.CRASH if annotations_of(node).get(FAILURE) == Failure.CRASH else None
