"""Where a Pod cannot go, and why.

Filters run in upstream's order and the first that refuses a node gives its reasons. What a node itself has against a Pod is asked
once per shape and remembered until something changes there; what other Pods have against it is counted once per attempt.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

from orrery.controllers.scheduler.affinity import fits_node_affinity, named_nodes
from orrery.controllers.scheduler.cluster import Cluster
from orrery.controllers.scheduler.neighbours import NamespaceLabels, Neighbours
from orrery.controllers.scheduler.nodes import Judgement, NodeView, Usage
from orrery.controllers.scheduler.refusals import (
    DYNAMIC_RESOURCES,
    NODE_AFFINITY,
    NODE_PORTS,
    NODE_UNSCHEDULABLE,
    TAINT_TOLERATION,
    Refusal,
)
from orrery.controllers.scheduler.resources import balanced, insufficient, least_allocated
from orrery.controllers.scheduler.taints import is_kept_off, tolerates
from orrery.controllers.scheduler.topology import Spread
from orrery.controllers.scheduler.volumes import PodVolumes
from orrery.controllers.scheduler.wishes import Shape, Wish
from orrery.machinery.objects import Object

UNSCHEDULABLE_TAINT: Final[Object] = {"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"}
CONFLICT: Final = "pod affinity terms conflict"

_UNSCHEDULABLE: Final = Refusal(("node(s) were unschedulable",), plugin=NODE_UNSCHEDULABLE)
_TAINTED: Final = Refusal(("node(s) had untolerated taint(s)",), plugin=TAINT_TOLERATION)
_NOT_NAMED: Final = Refusal(("node(s) didn't satisfy plugin(s) [NodeAffinity]",), plugin=NODE_AFFINITY)
_AFFINITY: Final = Refusal(("node(s) didn't match Pod's node affinity/selector",), plugin=NODE_AFFINITY)
_PORTS: Final = Refusal(("node(s) didn't have free ports for the requested pod ports",), resolvable=True, plugin=NODE_PORTS)
# DIFFERS: upstream allocates devices for resourceClaims and waits silently for missing claims; we refuse every Pod that has some.
_NO_DEVICES: Final = Refusal(("cannot allocate all claims",), plugin=DYNAMIC_RESOURCES)

_ENOUGH_MIN: Final = 100
"""So many fitting nodes are always looked for."""
_ENOUGH_MIN_PERCENT: Final = 5


class Found(NamedTuple):
    """The nodes a Pod can go to, and why not to the others."""

    fitting: list[tuple[NodeView, Usage]]
    refusals: dict[str, Refusal]
    """By node."""
    unasked: int = 0
    """How many nodes the Pod does not name and that were not looked at."""

    @property
    def all_refusals(self) -> Sequence[Refusal]:
        return [*self.refusals.values(), *[_NOT_NAMED] * self.unasked]


class Attempt:
    """One try to place one Pod."""

    def __init__(self, wish: Wish, cluster: Cluster, labels_of: NamespaceLabels, volumes: PodVolumes | None = None) -> None:
        """`volumes` when it mounts claims."""
        self.wish = wish
        self.shape = wish.shape
        self.cluster = cluster
        self.volumes = volumes
        self.neighbours = Neighbours(wish.shape, cluster, labels_of)
        self.spread = Spread(wish.shape, cluster)
        self._is_alone = self.neighbours.is_idle and not self.spread.constraints and volumes is None and not wish.shape.wants_devices

    def find(self, promised: str = "") -> Found:
        """Look for nodes; the one that was `promised` is enough when the Pod still fits there."""
        if promised and promised in self.cluster.nodes:
            found = self._ask([(self.cluster.nodes[promised], self.cluster.usage(promised))])
            if found.fitting:
                return found
        names = named_nodes(self.shape)
        if names is None:
            return self._ask(self.cluster.in_order())
        named = [(self.cluster.nodes[name], self.cluster.usage(name)) for name in sorted(names) if name in self.cluster.nodes]
        return self._ask(named)._replace(unasked=len(self.cluster.nodes) - len(named))

    def _ask(self, nodes: Sequence[tuple[NodeView, Usage]]) -> Found:
        """Ask node after node, beginning where the last search ended, until enough fit."""
        fitting: list[tuple[NodeView, Usage]] = []
        refusals: dict[str, Refusal] = {}
        enough, total = enough_nodes(len(nodes)), len(nodes)
        first = self.cluster.first if total > enough else 0
        asked = 0
        shape, is_quick = self.shape, self._is_alone and not self.cluster.has_nominated
        for asked in range(1, total + 1):
            pair = nodes[(first + asked - 1) % total]
            judgement = pair[1].judgements.get(shape) if is_quick else None
            refusal = judgement.refusal if judgement is not None else self.refuse(*pair)
            if refusal is not None:
                refusals[pair[0].name] = refusal
                continue
            fitting.append(pair)
            if len(fitting) >= enough:
                break
        if total > enough:
            self.cluster.first = (first + asked) % total
        return Found(fitting, refusals)

    def refuse(self, node: NodeView, usage: Usage) -> Refusal | None:
        """Why the Pod cannot go there; Pods that were promised the node count as there, as long as they are not less important."""
        if self.cluster.has_nominated and self.cluster.nominated_on(node.name):
            return Trial(self, node, usage).refuse()
        judgement = usage.judgements.get(self.shape)
        if judgement is None:
            judgement = judge(self.shape, node, usage)
        if judgement.refusal is not None or self._is_alone:
            return judgement.refusal
        return self.refuse_among(node, self.neighbours, self.spread)

    def refuse_among(
        self, node: NodeView, neighbours: Neighbours, spread: Spread, gone: frozenset[str] | set[str] = frozenset()
    ) -> Refusal | None:
        """What volumes and the Pods elsewhere have against the node; those in `gone` are thought away."""
        refusal = self.volumes.refuse(node, gone) if self.volumes is not None else None
        refusal = refusal or spread.refuse(node) or neighbours.refuse(node)
        return refusal or (_NO_DEVICES if self.shape.wants_devices else None)


class Trial:
    """One node for one attempt, with Pods thought away or added."""

    def __init__(self, attempt: Attempt, node: NodeView, usage: Usage) -> None:
        self._attempt = attempt
        self._node = node
        self.usage = usage.copy()
        self._neighbours, self._spread = attempt.neighbours.copy(), attempt.spread.copy()
        self._gone: set[str] = set()
        shape = attempt.shape
        self._promised = [
            wish
            for key, wish in attempt.cluster.nominated_on(node.name).items()
            if key != attempt.wish.key and wish.shape.priority >= shape.priority and key not in self.usage.placed
        ]

    def remove(self, wish: Wish) -> None:
        self.usage.remove(wish)
        self._gone.add(wish.key)
        self._tell(wish.shape, -1)

    def add(self, wish: Wish) -> None:
        self.usage.add(wish)
        self._gone.discard(wish.key)
        self._tell(wish.shape, 1)

    def _tell(self, shape: Shape, sign: int) -> None:
        self._neighbours.add(shape, self._node, sign)
        self._spread.add(shape, self._node, sign)

    def refuse(self) -> Refusal | None:
        """It must fit both with and without those who were promised the node: they may never come."""
        refusal = None
        for wish in self._promised:
            self.add(wish)
        if self._promised:
            refusal = self._refuse()
        for wish in self._promised:
            self.remove(wish)
            self._gone.discard(wish.key)
        return refusal or self._refuse()

    def _refuse(self) -> Refusal | None:
        attempt = self._attempt
        refusal = refuse_alone(attempt.shape, self._node, self.usage)
        return refusal or attempt.refuse_among(self._node, self._neighbours, self._spread, self._gone)


def enough_nodes(total: int) -> int:
    """How many fitting nodes end the search: all of fewer than 100, half of 100, less of more, but never fewer than 100."""
    if total < _ENOUGH_MIN:
        return total
    percent = max(50 - total // 125, _ENOUGH_MIN_PERCENT)
    return max(total * percent // 100, _ENOUGH_MIN)


def judge(shape: Shape, node: NodeView, usage: Usage) -> Judgement:
    """What the node says to the shape; it remembers that."""
    refusal = refuse_alone(shape, node, usage)
    points = least_allocated(shape, node, usage) + balanced(shape, node, usage) if refusal is None else 0
    judgement = Judgement(refusal, points)
    usage.remember(shape, judgement)
    return judgement


def refuse_alone(shape: Shape, node: NodeView, usage: Usage) -> Refusal | None:
    """What the node itself has against the Pod, whatever lies elsewhere."""
    if node.unschedulable and not tolerates(shape.tolerations, UNSCHEDULABLE_TAINT):
        return _UNSCHEDULABLE
    if node.taints and is_kept_off(shape.tolerations, node.taints):
        return _TAINTED
    if not fits_node_affinity(shape, node):
        return _AFFINITY
    if shape.ports and any(mine.collides(taken) for taken in usage.ports for mine in shape.ports):
        return _PORTS
    return insufficient(shape, node, usage)
