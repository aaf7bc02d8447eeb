"""What every node has and what is taken on it, kept up to date event by event.

Deciding about one Pod looks at nodes, never at all Pods: per node there are running totals, and only Pods with required
anti-affinity are kept one by one. A Pod that is being bound is `assume`d, so that many can be bound at the same time; its event
then finds it in place.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Final, TypeVar

from orrery.controllers.engine.informer import Change
from orrery.controllers.pods import is_terminal
from orrery.controllers.scheduler.resized import version_of
from orrery.controllers.scheduler.wishes import Amounts, HostPort, Wish, amount_of, wish_of
from orrery.machinery.objects import FrozenObject, Object, labels_of, name_of, namespace_of, uid_of


@dataclass(slots=True)
class Usage:
    """What the Pods of one node take in all; it may outlive its node and meet it again."""

    pods: int = 0
    requested: Counter[str] = field(default_factory=Counter)
    cpu_for_score: int = 0
    memory_for_score: int = 0
    ports: Counter[HostPort] = field(default_factory=Counter)
    owners: Counter[str] = field(default_factory=Counter)

    def add(self, wish: Wish, sign: int) -> None:
        """Put a Pod on the node (`sign` 1) or take it off (-1)."""
        self.pods += sign
        self.cpu_for_score += sign * wish.cpu_for_score
        self.memory_for_score += sign * wish.memory_for_score
        for key, amount in wish.requests.items():
            self.requested[key] += sign * amount
        for port in wish.ports:
            _count(self.ports, port, sign)
        if wish.owner:
            _count(self.owners, wish.owner, sign)


_Key = TypeVar("_Key")


def _count(counter: Counter[_Key], key: _Key, sign: int) -> None:
    counter[key] += sign
    if not counter[key]:
        del counter[key]


@dataclass(frozen=True, slots=True)
class NodeView:
    """A node's own side: what it offers and whom it wants."""

    name: str
    labels: Mapping[str, str]
    taints: Sequence[Object]
    unschedulable: bool
    allocatable: Amounts


def view_of(node: FrozenObject) -> NodeView:
    spec = node.get("spec") or {}
    allocatable = (node.get("status") or {}).get("allocatable") or {}
    return NodeView(
        name_of(node),
        labels_of(node),
        spec.get("taints") or (),
        bool(spec.get("unschedulable")),
        {key: amount_of(key, value) for key, value in allocatable.items()},
    )


ASSUMED: Final = -1
"""The generation of a Pod that was placed here before its binding was written."""


@dataclass(frozen=True, slots=True)
class Placed:
    """A Pod on a node, or on its way there."""

    wish: Wish
    node: str
    generation: int
    """`version_of` it, or ASSUMED."""


class Effect(Enum):
    """What an event means for Pods that wait for a place."""

    NONE = "none"
    ROOM = "room"
    """There may be room where there was none."""
    NEIGHBOUR = "neighbour"
    """A Pod was placed: good for those who want to be near it."""
    VOLUME = "volume"
    """A claim, a volume or a class was written."""


class Cluster:
    """All nodes and what is placed on them."""

    def __init__(self) -> None:
        self.nodes: dict[str, NodeView] = {}
        self.repelling: dict[str, Placed] = {}
        """Placed Pods with required anti-affinity: the only ones a newcomer has to ask."""
        self._usage: dict[str, Usage] = {}
        self._placed: dict[str, Placed] = {}

    def usage(self, node: str) -> Usage:
        """What is taken on that node."""
        found = self._usage.get(node)
        return found if found is not None else _NOTHING

    def node_of(self, key: str) -> str:
        """Where the Pod of that key is, or will be; empty when nowhere."""
        placed = self._placed.get(key)
        return placed.node if placed is not None else ""

    def in_order(self) -> Iterable[NodeView]:
        """Nodes as they came; scheduling is repeatable because that order is."""
        return self.nodes.values()

    def assume(self, wish: Wish, node: str) -> None:
        """Count the Pod as placed before its binding is written."""
        self._put(Placed(wish, node, ASSUMED))

    def forget(self, wish: Wish) -> None:
        """The binding failed: take the Pod back, unless an event said more since."""
        placed = self._placed.get(wish.key)
        if placed is not None and placed.generation == ASSUMED and placed.wish.uid == wish.uid:
            self._remove(wish.key)

    def see_node(self, change: Change) -> Effect:
        """Take in a node's event."""
        node = change.new
        if node is None:
            self.nodes.pop(name_of(change.any), None)
            return Effect.NONE
        view = view_of(node)
        if self.nodes.get(view.name) == view:
            return Effect.NONE  # A heartbeat.
        self.nodes[view.name] = view
        return Effect.ROOM

    def see_pod(self, change: Change) -> Effect:
        """Take in a Pod's event."""
        pod = change.any
        key = f"{namespace_of(pod)}/{name_of(pod)}"
        node = pod["spec"].get("nodeName", "")
        before = self._placed.get(key)
        if before is not None and before.wish.uid != uid_of(pod):
            self._remove(key)
            before = None
        if change.new is None or not node or is_terminal(pod):
            # A Pod without a node may be on its way to one: only its end, or `forget`, takes that back.
            if before is None or (change.new is not None and before.generation == ASSUMED):
                return Effect.NONE
            self._remove(key)
            return Effect.ROOM
        generation = version_of(pod)
        if before is not None and before.node == node and before.generation in (generation, ASSUMED):
            if before.generation == ASSUMED:
                self._placed[key] = replace(before, generation=generation)
                return Effect.NEIGHBOUR
            return Effect.NONE
        if before is not None:
            self._remove(key)
        self._put(Placed(wish_of(pod), node, generation))
        return Effect.NEIGHBOUR if before is None else Effect.ROOM

    def _put(self, placed: Placed) -> None:
        key = placed.wish.key
        self._placed[key] = placed
        self._usage.setdefault(placed.node, Usage()).add(placed.wish, 1)
        if placed.wish.affinity.get("podAntiAffinity", {}).get("requiredDuringSchedulingIgnoredDuringExecution"):
            self.repelling[key] = placed

    def _remove(self, key: str) -> None:
        placed = self._placed.pop(key)
        self.repelling.pop(key, None)
        usage = self._usage[placed.node]
        usage.add(placed.wish, -1)
        if not usage.pods and placed.node not in self.nodes:
            del self._usage[placed.node]


_NOTHING: Final = Usage()
