"""Which of the fitting nodes is best: upstream's scores that show, with upstream's weights, each from 0 to 100."""

from collections.abc import Sequence
from random import Random
from typing import Final

from orrery.controllers.scheduler.affinity import PREFERRED, matches_term
from orrery.controllers.scheduler.filters import tolerates
from orrery.controllers.scheduler.nodes import Cluster, NodeView
from orrery.controllers.scheduler.wishes import Wish

# DIFFERS: upstream also scores image locality, balance between resources, soft topology spread and preferred inter-pod affinity;
# we spread the Pods of one owner over nodes directly.
SCORE_MAX: Final = 100
_TAINT_WEIGHT: Final = 3
_AFFINITY_WEIGHT: Final = 2
_SPREAD_WEIGHT: Final = 2


def choose(wish: Wish, nodes: Sequence[NodeView], cluster: Cluster, random: Random) -> NodeView:
    """The best of at least one node; equals are drawn from, with the clock's seed."""
    if len(nodes) == 1:
        return nodes[0]
    scores = score(wish, nodes, cluster)
    best = max(scores)
    winners = [node for node, points in zip(nodes, scores, strict=True) if points == best]
    return winners[0] if len(winners) == 1 else random.choice(winners)


def score(wish: Wish, nodes: Sequence[NodeView], cluster: Cluster) -> list[int]:
    """Points of each node, in the same order."""
    points = [least_allocated(wish, node, cluster) for node in nodes]
    if wish.owner:
        _add(points, _fewer_is_better([cluster.usage(node.name).owners.get(wish.owner, 0) for node in nodes]), _SPREAD_WEIGHT)
    if any(node.taints for node in nodes):
        _add(points, _fewer_is_better([_soft_taints(wish, node) for node in nodes]), _TAINT_WEIGHT)
    preferred = wish.affinity.get("nodeAffinity", {}).get(PREFERRED)
    if preferred:
        weights = [sum(one["weight"] for one in preferred if matches_term(one["preference"], node)) for node in nodes]
        _add(points, _more_is_better(weights), _AFFINITY_WEIGHT)
    return points


def least_allocated(wish: Wish, node: NodeView, cluster: Cluster) -> int:
    """The mean share of CPU and memory that would stay free, in percent.

    A node of 4 CPU and 16 GiB with 1 CPU and 4 GiB taken, and a Pod of 1 CPU and 4 GiB: 50 of each stay, so 50.
    """
    usage = cluster.usage(node.name)
    cpu = _free_share(node.allocatable.get("cpu", 0), usage.cpu_for_score + wish.cpu_for_score)
    memory = _free_share(node.allocatable.get("memory", 0), usage.memory_for_score + wish.memory_for_score)
    return (cpu + memory) // 2


def _free_share(capacity: int, taken: int) -> int:
    return (capacity - taken) * SCORE_MAX // capacity if capacity > 0 and taken <= capacity else 0


def _soft_taints(wish: Wish, node: NodeView) -> int:
    return sum(1 for taint in node.taints if taint["effect"] == "PreferNoSchedule" and not tolerates(wish.tolerations, taint))


def _fewer_is_better(counts: Sequence[int]) -> list[int]:
    most = max(counts)
    return [SCORE_MAX] * len(counts) if most == 0 else [(most - count) * SCORE_MAX // most for count in counts]


def _more_is_better(counts: Sequence[int]) -> list[int]:
    most = max(counts)
    return [0] * len(counts) if most == 0 else [count * SCORE_MAX // most for count in counts]


def _add(points: list[int], more: Sequence[int], weight: int) -> None:
    for index, value in enumerate(more):
        points[index] += weight * value
