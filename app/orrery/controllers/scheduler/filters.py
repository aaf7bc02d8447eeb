"""Where a Pod cannot go, why, and how that is told.

Filters run in upstream's order and the first that refuses a node gives its reasons. A refusal is `resolvable` when removing other
Pods from the node could lift it; that decides what the message says about preemption.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from orrery.controllers.scheduler.affinity import Neighbours, fits_node_affinity, named_nodes
from orrery.controllers.scheduler.nodes import Cluster, NodeView
from orrery.controllers.scheduler.refusals import Refusal
from orrery.controllers.scheduler.topology import Spread
from orrery.controllers.scheduler.volumes import PodVolumes
from orrery.controllers.scheduler.wishes import Wish
from orrery.machinery.objects import FrozenObject, Object
from orrery.verbs.client import Client

NO_NODES: Final = "no nodes available to schedule pods"
_UNSCHEDULABLE_TAINT: Final[Object] = {"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"}


_UNSCHEDULABLE: Final = Refusal(("node(s) were unschedulable",))
_TAINTED: Final = Refusal(("node(s) had untolerated taint(s)",))
_NOT_NAMED: Final = Refusal(("node(s) didn't satisfy plugin(s) [NodeAffinity]",))
_AFFINITY: Final = Refusal(("node(s) didn't match Pod's node affinity/selector",))
_PORTS: Final = Refusal(("node(s) didn't have free ports for the requested pod ports",), resolvable=True)
_NEIGHBOURS: Final = Refusal(("node(s) didn't match pod affinity rules",))
_UNEVEN: Final = Refusal(("node(s) didn't match pod topology spread constraints",), resolvable=True)
_NO_TOPOLOGY: Final = Refusal(("node(s) didn't match pod topology spread constraints (missing required label)",))
_REPELS: Final = Refusal(("node(s) didn't match pod anti-affinity rules",), resolvable=True)
_REPELLED: Final = Refusal(("node(s) didn't satisfy existing pods anti-affinity rules",), resolvable=True)


def filter_nodes(wish: Wish, cluster: Cluster, client: Client, volumes: PodVolumes | None = None) -> tuple[list[NodeView], list[Refusal]]:
    """The nodes the Pod can go to, and a refusal for each of the others; `volumes` when it mounts claims."""
    fitting, refusals = [], []
    neighbours, spread = Neighbours(wish, cluster, client), Spread(wish, cluster, client)
    names = named_nodes(wish)
    for node in cluster.in_order():
        if names is not None and node.name not in names:
            refusal: Refusal | None = _NOT_NAMED
        else:
            refusal = _refuse_alone(wish, node, cluster)
            if refusal is None and volumes is not None:
                refusal = volumes.refuse(node)
            if refusal is None:
                refusal = _refuse_among(node, neighbours, spread)
        if refusal is None:
            fitting.append(node)
        else:
            refusals.append(refusal)
    return fitting, refusals


def _refuse_among(node: NodeView, neighbours: Neighbours, spread: Spread) -> Refusal | None:
    """What the Pods elsewhere have against the node."""
    if spread.lacks_label(node):
        return _NO_TOPOLOGY
    if spread.refuses(node):
        return _UNEVEN
    if neighbours.is_repelled(node):
        return _REPELLED
    if not neighbours.attracts(node):
        return _NEIGHBOURS
    return _REPELS if neighbours.repels(node) else None


def _refuse_alone(wish: Wish, node: NodeView, cluster: Cluster) -> Refusal | None:
    """What the node itself has against the Pod, whatever lies elsewhere."""
    if node.unschedulable and not tolerates(wish.tolerations, _UNSCHEDULABLE_TAINT):
        return _UNSCHEDULABLE
    if node.taints and any(is_hard(taint) and not tolerates(wish.tolerations, taint) for taint in node.taints):
        return _TAINTED
    if not fits_node_affinity(wish, node):
        return _AFFINITY
    if wish.ports and any(mine.collides(taken) for taken in cluster.usage(node.name).ports for mine in wish.ports):
        return _PORTS
    return _insufficient(wish, node, cluster)


def is_hard(taint: FrozenObject) -> bool:
    """Whether the taint keeps Pods away, and does not only discourage them."""
    return taint["effect"] in ("NoSchedule", "NoExecute")


def tolerates(tolerations: Iterable[FrozenObject], taint: FrozenObject) -> bool:
    """Whether one of the tolerations covers the taint; an empty effect or key covers all."""
    for toleration in tolerations:
        if toleration.get("effect") and toleration["effect"] != taint["effect"]:
            continue
        if toleration.get("key") and toleration["key"] != taint["key"]:
            continue
        operator = toleration.get("operator") or "Equal"
        if operator == "Exists" or (operator == "Equal" and toleration.get("value", "") == taint.get("value", "")):
            return True
    return False


def _insufficient(wish: Wish, node: NodeView, cluster: Cluster) -> Refusal | None:
    """Every resource that falls short, in upstream's order; more than the whole node has cannot be helped by anybody's leaving."""
    usage = cluster.usage(node.name)
    offered: Mapping[str, int] = node.allocatable
    reasons = []
    resolvable = True
    if usage.pods + 1 > offered.get("pods", 0):
        reasons.append("Too many pods")
    for resource in _ordered(wish.requests):
        wanted, capacity = wish.requests[resource], offered.get(resource, 0)
        if wanted > capacity - usage.requested[resource]:
            reasons.append(f"Insufficient {resource}")
            resolvable = resolvable and wanted <= capacity
    return Refusal(tuple(reasons), resolvable) if reasons else None


_FIRST: Final = ("cpu", "memory", "ephemeral-storage")


def _ordered(requests: Mapping[str, int]) -> Sequence[str]:
    return [*(key for key in _FIRST if key in requests), *(key for key in requests if key not in _FIRST)]


def refusal_message(wish: Wish, refusals: Sequence[Refusal]) -> str:
    """What FailedScheduling says, reasons counted and sorted as text."""
    # DIFFERS: upstream may preempt Pods of lower priority; we never do, so the answer is always that there are no victims.
    if not refusals:
        return NO_NODES
    counted = _counted(reason for refusal in refusals for reason in refusal.reasons)
    head = f"0/{len(refusals)} nodes are available"
    if wish.never_preempts:
        return f"{head}: {counted}. no new claims to deallocate, preemption: not eligible due to preemptionPolicy=Never."
    victims = _counted(
        "No preemption victims found for incoming pod" if refusal.resolvable else "Preemption is not helpful for scheduling"
        for refusal in refusals
    )
    return f"{head}: {counted}. no new claims to deallocate, preemption: {head}: {victims}."


def _counted(reasons: Iterable[str]) -> str:
    return ", ".join(sorted(f"{count} {reason}" for reason, count in Counter(reasons).items()))
