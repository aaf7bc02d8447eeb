"""Hard topology spread: how unevenly the Pods a constraint selects may lie over the values of a node label.

Follows the PodTopologySpread plugin's filter with its default policies: nodes that node affinity excludes do not count, tainted
ones do. Only constraints with whenUnsatisfiable DoNotSchedule are looked at; soft ones would be a matter of scores.
"""

from collections import Counter
from dataclasses import dataclass

from orrery.controllers.pods import is_terminal
from orrery.controllers.scheduler.affinity import fits_node_affinity
from orrery.controllers.scheduler.nodes import Cluster, NodeView
from orrery.controllers.scheduler.wishes import Wish
from orrery.machinery.objects import FrozenObject, Object, is_deleting, labels_of, name_of, namespace_of
from orrery.machinery.selectors import LabelSelector
from orrery.verbs.client import Client


@dataclass(frozen=True, slots=True)
class _Constraint:
    key: str
    counts: Counter[str]
    """Selected Pods by value of the label; every value that counts is there, also with 0."""
    least: int
    most_more: int
    """How many more than `least` a value may have."""
    counts_itself: bool


class Spread:
    """The constraints of one Pod, counted once and asked for every node."""

    def __init__(self, wish: Wish, cluster: Cluster, client: Client) -> None:
        hard = [one for one in wish.spread if one["whenUnsatisfiable"] == "DoNotSchedule"]
        keys = [one["topologyKey"] for one in hard]
        nodes = [node for node in cluster.in_order() if _counts(node, keys, wish)] if hard else []
        self._constraints = [_count(one, wish, nodes, cluster, client) for one in hard]

    def lacks_label(self, node: NodeView) -> bool:
        """Whether the node has no value of a label to spread over."""
        return any(one.key not in node.labels for one in self._constraints)

    def refuses(self, node: NodeView) -> bool:
        """Whether one more Pod here would be too uneven.

        With maxSkew 1 and 2, 1 and 1 Pods in three zones, the first zone is refused: 3 - 1 is more than 1.
        """
        for one in self._constraints:
            after = one.counts[node.labels[one.key]] + one.counts_itself
            if after - one.least > one.most_more:
                return True
        return False


def _counts(node: NodeView, keys: list[str], wish: Wish) -> bool:
    return all(key in node.labels for key in keys) and fits_node_affinity(wish, node)


def _count(constraint: Object, wish: Wish, nodes: list[NodeView], cluster: Cluster, client: Client) -> _Constraint:
    key = constraint["topologyKey"]
    values = {node.name: node.labels[key] for node in nodes}
    counts: Counter[str] = Counter(dict.fromkeys(values.values(), 0))
    selector = _selector_of(constraint, wish)
    for pod in client.list("pods", wish.namespace, labels=selector.get("matchLabels") or None):
        value = values.get(cluster.node_of(f"{namespace_of(pod)}/{name_of(pod)}"))
        if value is not None and not is_deleting(pod) and not is_terminal(pod) and LabelSelector.of(selector).matches(labels_of(pod)):
            counts[value] += 1
    least = min(counts.values(), default=0) if len(counts) >= (constraint.get("minDomains") or 1) else 0
    return _Constraint(key, counts, least, constraint["maxSkew"], LabelSelector.of(selector).matches(wish.labels))


def _selector_of(constraint: FrozenObject, wish: Wish) -> Object:
    """The constraint's selector, with the Pod's own values of its matchLabelKeys."""
    selector = dict(constraint.get("labelSelector") or {})
    own = {key: wish.labels[key] for key in constraint.get("matchLabelKeys") or () if key in wish.labels}
    if own:
        selector["matchLabels"] = {**(selector.get("matchLabels") or {}), **own}
    return selector
