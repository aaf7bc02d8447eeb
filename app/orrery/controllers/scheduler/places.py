"""From where a volume can be reached: its node affinity, the zone in its labels, and where a class lets volumes be made."""

from collections.abc import Sequence
from typing import Final

from orrery.controllers.scheduler.affinity import matches_term
from orrery.controllers.scheduler.nodes import NodeView
from orrery.machinery.objects import FrozenObject, labels_of

_TOPOLOGY: Final = {
    "failure-domain.beta.kubernetes.io/zone": "topology.kubernetes.io/zone",
    "failure-domain.beta.kubernetes.io/region": "topology.kubernetes.io/region",
    "topology.kubernetes.io/zone": "topology.kubernetes.io/zone",
    "topology.kubernetes.io/region": "topology.kubernetes.io/region",
}
"""Labels of a volume that tie it to a place, and what nodes call them now."""


def is_reachable(volume: FrozenObject, node: NodeView) -> bool:
    """Whether the volume's node affinity lets Pods on this node have it."""
    required = (volume["spec"].get("nodeAffinity") or {}).get("required")
    return required is None or any(matches_term(term, node) for term in required.get("nodeSelectorTerms") or ())


def is_in_zone(volume: FrozenObject, node: NodeView) -> bool:
    """Whether zone and region in the volume's labels are the node's; a node that names neither may have all."""
    if not any(label in node.labels for label in _TOPOLOGY):
        return True
    for label, value in labels_of(volume).items():
        if label in _TOPOLOGY:
            place = node.labels.get(label, node.labels.get(_TOPOLOGY[label]))
            if place not in value.split("__"):
                return False
    return True


def is_allowed(topologies: Sequence[FrozenObject], node: NodeView) -> bool:
    """Whether the class lets volumes be made for this node: one term must hold, all of it."""
    return not topologies or any(
        all(node.labels.get(one["key"]) in one["values"] for one in term.get("matchLabelExpressions") or ()) for term in topologies
    )
