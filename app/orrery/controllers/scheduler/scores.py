"""Which of the fitting nodes is best: upstream's scores with upstream's weights, each from 0 to 100."""

from collections.abc import Sequence
from random import Random
from typing import Final

from orrery.controllers.scheduler.affinity import preference
from orrery.controllers.scheduler.cluster import Cluster
from orrery.controllers.scheduler.filters import judge
from orrery.controllers.scheduler.neighbours import NamespaceLabels, sympathy
from orrery.controllers.scheduler.nodes import NodeView, Usage
from orrery.controllers.scheduler.taints import tolerates
from orrery.controllers.scheduler.terms import PREFERRED
from orrery.controllers.scheduler.topology import spread_points
from orrery.controllers.scheduler.wishes import Shape
from orrery.machinery.selectors import EVERYTHING, LabelSelector

SCORE_MAX: Final = 100
_TAINT_WEIGHT: Final = 3
_AFFINITY_WEIGHT: Final = 2
_SPREAD_WEIGHT: Final = 2
_NEIGHBOUR_WEIGHT: Final = 2
_IMAGE_MIN_BYTES: Final = 23 * 1024 * 1024
_IMAGE_MAX_BYTES: Final = 1000 * 1024 * 1024
"""Per container: smaller images do not matter, larger ones do not matter more."""


def choose(points: Sequence[int], nodes: Sequence[tuple[NodeView, Usage]], random: Random) -> NodeView:
    """The best of at least one node; equals are drawn from, with the clock's seed."""
    best = max(points)
    winners = [index for index, each in enumerate(points) if each == best]
    return nodes[winners[0] if len(winners) == 1 else random.choice(winners)][0]


def score(
    shape: Shape,
    pairs: Sequence[tuple[NodeView, Usage]],
    cluster: Cluster,
    labels_of: NamespaceLabels,
    defaults: LabelSelector = EVERYTHING,
) -> list[int]:
    """Points of each node, in the same order. `defaults` selects the Pods to be spread apart from when the Pod itself says nothing."""
    points = [_room(shape, node, usage) for node, usage in pairs]
    nodes = [node for node, _ in pairs]
    if any(node.taints for node in nodes):
        _add(points, _fewer_is_better([_soft_taints(shape, node) for node in nodes]), _TAINT_WEIGHT)
    if shape.node_affinity.get(PREFERRED):
        _add(points, _more_is_better([preference(shape, node) for node in nodes]), _AFFINITY_WEIGHT)
    spread = spread_points(shape, nodes, cluster, defaults)
    if spread is not None:
        _add(points, spread, _SPREAD_WEIGHT)
    likes = sympathy(shape, cluster, labels_of)
    if likes is not None:
        _add(points, _stretched([sum(likes.get(domain, 0) for domain in node.labels.items()) for node in nodes]), _NEIGHBOUR_WEIGHT)
    if cluster.image_nodes and any(image in cluster.image_nodes for image in shape.images):
        _add(points, [image_locality(shape, node, cluster) for node in nodes], 1)
    return points


def _room(shape: Shape, node: NodeView, usage: Usage) -> int:
    judgement = usage.judgements.get(shape)
    if judgement is None:
        judgement = judge(shape, node, usage)
    return judgement.points


def image_locality(shape: Shape, node: NodeView, cluster: Cluster) -> int:
    """The node's share of the bytes to be loaded; an image that few nodes hold counts for less, so that these do not fill up."""
    total = len(cluster.nodes)
    size = sum(int(node.images[image] * (cluster.image_nodes[image] / total)) for image in shape.images if image in node.images)
    most = _IMAGE_MAX_BYTES * len(shape.images)
    return SCORE_MAX * (min(max(size, _IMAGE_MIN_BYTES), most) - _IMAGE_MIN_BYTES) // (most - _IMAGE_MIN_BYTES)


def _soft_taints(shape: Shape, node: NodeView) -> int:
    soft = [one for one in shape.tolerations if one.get("effect") in (None, "", "PreferNoSchedule")]
    return sum(1 for taint in node.taints if taint["effect"] == "PreferNoSchedule" and not tolerates(soft, taint))


def _fewer_is_better(counts: Sequence[int]) -> list[int]:
    """Shares are rounded down before they are taken from 100."""
    most = max(counts)
    return [SCORE_MAX] * len(counts) if most == 0 else [SCORE_MAX - count * SCORE_MAX // most for count in counts]


def _more_is_better(counts: Sequence[int]) -> list[int]:
    most = max(counts)
    return [0] * len(counts) if most == 0 else [count * SCORE_MAX // most for count in counts]


def _stretched(counts: Sequence[int]) -> list[int]:
    """From the least liked, 0, to the most liked, 100."""
    least, most = min(counts), max(counts)
    return [0] * len(counts) if most == least else [int(SCORE_MAX * ((count - least) / (most - least))) for count in counts]


def _add(points: list[int], more: Sequence[int], weight: int) -> None:
    for index, value in enumerate(more):
        points[index] += weight * value
