"""Affinity of Pods to nodes, by labels and names.

Terms of node affinity are alternatives, requirements within a term must all hold.
"""

from collections.abc import Mapping, Sequence

from orrery.controllers.scheduler.nodes import NodeView
from orrery.controllers.scheduler.terms import PREFERRED, REQUIRED
from orrery.controllers.scheduler.wishes import Shape
from orrery.machinery.objects import FrozenObject, Object


def required_node_terms(shape: Shape) -> Sequence[Object] | None:
    """The node selector terms one of which must hold; None when any node will do."""
    required = shape.node_affinity.get(REQUIRED)
    return required.get("nodeSelectorTerms") or () if required else None


def named_nodes(shape: Shape) -> frozenset[str] | None:
    """The only nodes that may be looked at, when every term asks for names (as a DaemonSet's Pods do); None when all may.

    Empty when the names contradict each other.
    """
    terms = required_node_terms(shape)
    if not terms:
        return None
    names: set[str] = set()
    for term in terms:
        fields = [field for field in term.get("matchFields") or () if field["key"] == "metadata.name" and field["operator"] == "In"]
        if not fields:
            return None
        names.update(set.intersection(*(set(field["values"]) for field in fields)))
    return frozenset(names)


def fits_node_affinity(shape: Shape, node: NodeView) -> bool:
    """Whether nodeSelector and required node affinity let the Pod on this node."""
    if not shape.node_selector and not shape.node_affinity:
        return True
    if not shape.node_selector.items() <= node.labels.items():
        return False
    terms = required_node_terms(shape)
    return terms is None or any(matches_term(term, node) for term in terms)


def preference(shape: Shape, node: NodeView) -> int:
    """The weights of the preferred terms that hold here."""
    preferred = shape.node_affinity.get(PREFERRED) or ()
    return sum(one["weight"] for one in preferred if matches_term(one["preference"], node))


def matches_term(term: FrozenObject, node: NodeView) -> bool:
    """Whether all of a term's requirements hold; a term without any matches nothing."""
    expressions, fields = term.get("matchExpressions") or (), term.get("matchFields") or ()
    if not expressions and not fields:
        return False
    own_fields = {"metadata.name": node.name}
    return all(_holds(one, node.labels) for one in expressions) and all(_holds(one, own_fields) for one in fields)


def _holds(requirement: FrozenObject, labels: Mapping[str, str]) -> bool:
    operator, values = requirement["operator"], requirement.get("values") or ()
    value = labels.get(requirement["key"])
    if operator == "Exists":
        return value is not None
    if operator == "DoesNotExist":
        return value is None
    if operator == "NotIn":
        return value is None or value not in values
    if value is None:
        return False
    if operator == "In":
        return value in values
    return _compares(operator, value, values)


def _compares(operator: str, value: str, values: Sequence[str]) -> bool:
    """Gt and Lt compare whole numbers; anything else never holds."""
    try:
        left, right = int(value), int(values[0])
    except (ValueError, IndexError):
        return False
    return left > right if operator == "Gt" else left < right
