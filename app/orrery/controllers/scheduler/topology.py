"""Topology spread: how evenly the Pods a constraint selects lie over the values of a node label. Follows upstream's PodTopologySpread.

Hard constraints (DoNotSchedule) refuse nodes; soft ones make points. A Pod without constraints gets upstream's default ones, over
hosts and zones, for the Pods its Services and its owner select.
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

from orrery.controllers.scheduler.affinity import fits_node_affinity
from orrery.controllers.scheduler.cluster import Cluster
from orrery.controllers.scheduler.nodes import NodeView
from orrery.controllers.scheduler.refusals import POD_TOPOLOGY_SPREAD, Refusal
from orrery.controllers.scheduler.taints import is_kept_off
from orrery.controllers.scheduler.terms import Constraint
from orrery.controllers.scheduler.wishes import Shape
from orrery.machinery.selectors import LabelSelector

HOSTNAME: Final = "kubernetes.io/hostname"
ZONE: Final = "topology.kubernetes.io/zone"
SCORE_MAX: Final = 100

_UNEVEN: Final = Refusal(("node(s) didn't match pod topology spread constraints",), resolvable=True, plugin=POD_TOPOLOGY_SPREAD)
_NO_LABEL: Final = Refusal(("node(s) didn't match pod topology spread constraints (missing required label)",), plugin=POD_TOPOLOGY_SPREAD)


class Spread:
    """The hard constraints of one Pod, counted once and asked for every node."""

    __slots__ = ("_counts", "_least", "_shape", "_values", "constraints")

    def __init__(self, shape: Shape, cluster: Cluster) -> None:
        self._shape = shape
        self.constraints = tuple(one for one in shape.constraints if one.is_hard)
        self._values: list[dict[str, str]] = []
        """Per constraint: the nodes that count, and the label's value there."""
        self._counts: list[Counter[str]] = []
        """Per constraint: selected Pods by value of the label; every value that counts is there, also with 0."""
        self._least: list[int | None] = [None] * len(self.constraints)
        if self.constraints:
            nodes = [node for node, _ in cluster.in_order() if has_labels(node, self.constraints)]
            for one in self.constraints:
                values = {node.name: node.labels[one.key] for node in nodes if is_counted(one, shape, node)}
                self._values.append(values)
                self._counts.append(_counted(one, shape, values, cluster))

    def refuse(self, node: NodeView) -> Refusal | None:
        """Whether one more Pod here would be too uneven.

        With maxSkew 1 and 2, 1 and 1 Pods in three zones, the first zone is refused: 3 - 1 is more than 1.
        """
        for index, one in enumerate(self.constraints):
            value = node.labels.get(one.key)
            if value is None:
                return _NO_LABEL
            after = self._counts[index][value] + one.selector.matches(self._shape.labels)
            if after - self._minimum(index, one) > one.max_skew:
                return _UNEVEN
        return None

    def _minimum(self, index: int, constraint: Constraint) -> int:
        least = self._least[index]
        if least is None:
            counts = self._counts[index]
            least = min(counts.values(), default=0) if len(counts) >= constraint.min_domains else 0
            self._least[index] = least
        return least

    def add(self, shape: Shape, node: NodeView, sign: int) -> None:
        """One Pod more, or less, on that node."""
        if shape.namespace != self._shape.namespace:
            return
        for index, one in enumerate(self.constraints):
            value = self._values[index].get(node.name)
            if value is not None and one.selector.matches(shape.labels):
                self._counts[index][value] += sign
                self._least[index] = None

    def copy(self) -> "Spread":
        made = object.__new__(Spread)
        made._shape, made.constraints, made._values = self._shape, self.constraints, self._values
        made._counts, made._least = [counts.copy() for counts in self._counts], list(self._least)
        return made


def has_labels(node: NodeView, constraints: Sequence[Constraint]) -> bool:
    return all(one.key in node.labels for one in constraints)


def is_counted(constraint: Constraint, shape: Shape, node: NodeView) -> bool:
    """Whether the node's domain is one to spread over."""
    if constraint.honors_affinity and not fits_node_affinity(shape, node):
        return False
    return not constraint.honors_taints or not is_kept_off(shape.tolerations, node.taints)


def _counted(constraint: Constraint, shape: Shape, values: Mapping[str, str], cluster: Cluster) -> Counter[str]:
    counts: Counter[str] = Counter(dict.fromkeys(values.values(), 0))
    for name, number in selected_pods(constraint.selector, shape.namespace, cluster).items():
        value = values.get(name)
        if value is not None:
            counts[value] += number
    return counts


def selected_pods(selector: LabelSelector, namespace: str, cluster: Cluster) -> Mapping[str, int]:
    """How many Pods the selector means on each node, without those that are being deleted; an empty selector means none."""
    if selector.is_everything:
        return {}
    groups = [group for group in cluster.groups_in(namespace) if selector.matches(group.shape.labels)]
    if len(groups) == 1 and not groups[0].leaving:
        return groups[0].total
    counts: Counter[str] = Counter()
    for group in groups:
        counts.update(group.total)
        if group.leaving:
            counts.subtract(group.leaving)
    return counts


def default_constraints(selector: LabelSelector) -> tuple[Constraint, ...]:
    """What a Pod without constraints is spread by; hosts weigh in the sooner."""
    if selector.is_everything:
        return ()
    return Constraint(HOSTNAME, 3, selector, is_hard=False), Constraint(ZONE, 5, selector, is_hard=False)


def spread_points(shape: Shape, nodes: Sequence[NodeView], cluster: Cluster, defaults: LabelSelector) -> list[int] | None:
    """Points of each node, 0 to 100, from soft constraints; None when there are none.

    A domain's Pods count the more the more domains there are: by the logarithm of their number plus 2.
    """
    soft = tuple(one for one in shape.constraints if not one.is_hard) if shape.constraints else default_constraints(defaults)
    if not soft:
        return None
    # Nodes without a zone still spread over hosts, when nothing else was asked for.
    ignored = {node.name for node in nodes if not has_labels(node, soft)} if shape.constraints else set()
    crowds = [0.0] * len(nodes)
    for one in soft:
        _add_crowd(crowds, one, shape, nodes, ignored, cluster)
    return _emptier_is_better([-1 if node.name in ignored else round_half_up(crowd) for node, crowd in zip(nodes, crowds, strict=True)])


def _add_crowd(crowds: list[float], one: Constraint, shape: Shape, nodes: Sequence[NodeView], ignored: set[str], cluster: Cluster) -> None:
    key, found = one.key, selected_pods(one.selector, shape.namespace, cluster)
    if key == HOSTNAME:
        weight = math.log(len(nodes) - len(ignored) + 2)
        base = one.max_skew - 1
        for index, node in enumerate(nodes):
            if key in node.labels:
                crowds[index] += found.get(node.name, 0) * weight + base
        return
    if not any(key in node.labels for node in nodes):
        return
    by_value: Counter[str] = Counter({node.labels.get(key, ""): 0 for node in nodes if node.name not in ignored})
    weight = math.log(len(by_value) + 2)
    for name, number in found.items():
        view = cluster.nodes.get(name)
        if view is not None and view.labels.get(key, "") in by_value and _takes_part(one, shape, view):
            by_value[view.labels.get(key, "")] += number
    for index, node in enumerate(nodes):
        if key in node.labels:
            crowds[index] += by_value[node.labels[key]] * weight + one.max_skew - 1


def _takes_part(constraint: Constraint, shape: Shape, node: NodeView) -> bool:
    if shape.constraints and not has_labels(node, [one for one in shape.constraints if not one.is_hard]):
        return False
    return is_counted(constraint, shape, node)


def round_half_up(value: float) -> int:
    """As Go rounds: halves away from zero."""
    return math.floor(value + 0.5)


def _emptier_is_better(crowds: list[int]) -> list[int]:
    """-1 stands for a node that is not rated: it gets no points."""
    rated = [crowd for crowd in crowds if crowd >= 0]
    most, least = max(rated, default=0), min(rated, default=0)
    if most == 0:
        return [SCORE_MAX if crowd >= 0 else 0 for crowd in crowds]
    return [SCORE_MAX * (most + least - crowd) // most if crowd >= 0 else 0 for crowd in crowds]
