"""Affinity: of Pods to nodes, by labels and names, and of Pods to each other, by topology.

Terms of node affinity are alternatives, requirements within a term must all hold. Inter-pod affinity reads the Pods that a term's
labels select, by index; a Pod that is being bound counts with the node it is going to.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from orrery.controllers.pods import is_terminal
from orrery.controllers.scheduler.nodes import Cluster, NodeView, Placed
from orrery.controllers.scheduler.wishes import Wish
from orrery.machinery.objects import FrozenObject, Object, labels_of, name_of, namespace_of
from orrery.machinery.selectors import LabelSelector
from orrery.verbs.client import Client

REQUIRED: Final = "requiredDuringSchedulingIgnoredDuringExecution"
PREFERRED: Final = "preferredDuringSchedulingIgnoredDuringExecution"

Domain = tuple[str, str]
"""A topology key and one value of it: `("kubernetes.io/hostname", "node-1")`."""


def required_node_terms(wish: Wish) -> Sequence[Object] | None:
    """The node selector terms one of which must hold; None when any node will do."""
    required = wish.affinity.get("nodeAffinity", {}).get(REQUIRED)
    return required.get("nodeSelectorTerms") or () if required else None


def named_nodes(wish: Wish) -> frozenset[str] | None:
    """The only nodes that may be looked at, when every term asks for names (as a DaemonSet's Pods do); None when all may."""
    terms = required_node_terms(wish)
    if not terms:
        return None
    names: set[str] = set()
    for term in terms:
        fields = [field for field in term.get("matchFields") or () if field["key"] == "metadata.name" and field["operator"] == "In"]
        if not fields:
            return None
        names.update(set.intersection(*(set(field["values"]) for field in fields)))
    return frozenset(names)


def fits_node_affinity(wish: Wish, node: NodeView) -> bool:
    """Whether nodeSelector and required node affinity let the Pod on this node."""
    if not wish.node_selector.items() <= node.labels.items():
        return False
    terms = required_node_terms(wish)
    return terms is None or any(matches_term(term, node) for term in terms)


def matches_term(term: FrozenObject, node: NodeView) -> bool:
    """Whether all of a term's requirements hold; a term without any matches nothing."""
    expressions = term.get("matchExpressions") or ()
    fields = term.get("matchFields") or ()
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


class Neighbours:
    """Inter-pod affinity for one Pod: computed once, asked for every node."""

    def __init__(self, wish: Wish, cluster: Cluster, client: Client) -> None:
        self._cluster = cluster
        self._client = client
        attracted = _terms(wish, "podAffinity")
        self._attracted: list[tuple[str, set[Domain] | None]] = [(term["topologyKey"], self._domains(term, wish)) for term in attracted]
        # The first of a series that wants to be near its like may go anywhere, or it could never begin.
        if not any(domains for _, domains in self._attracted) and _is_own_like(wish, attracted, client):
            self._attracted = [(key, None) for key, _ in self._attracted]
        self._repelled: set[Domain] = set()
        for term in _terms(wish, "podAntiAffinity"):
            self._repelled |= self._domains(term, wish)
        self._repelled_by = self._repellers(wish)

    def attracts(self, node: NodeView) -> bool:
        """Whether the node is in a domain of every Pod this one must be near."""
        for key, domains in self._attracted:
            value = node.labels.get(key)
            if value is None or (domains is not None and (key, value) not in domains):
                return False
        return True

    def repels(self, node: NodeView) -> bool:
        """Whether a Pod this one must not be near is in a domain of the node."""
        return any(node.labels.get(key) == value for key, value in self._repelled)

    def is_repelled(self, node: NodeView) -> bool:
        """Whether a Pod that must not be near this one is in a domain of the node."""
        return any(node.labels.get(key) == value for key, value in self._repelled_by)

    def _domains(self, term: FrozenObject, wish: Wish) -> set[Domain]:
        """Where Pods that the term selects are."""
        key = term["topologyKey"]
        selector = term.get("labelSelector")
        if selector is None:
            return set()
        found = set()
        for namespace in term_namespaces(term, wish.namespace, self._client):
            for pod in self._selected(namespace, selector):
                node = self._cluster.nodes.get(self._cluster.node_of(f"{namespace_of(pod)}/{name_of(pod)}"))
                value = node.labels.get(key) if node is not None else None
                if value is not None and not is_terminal(pod):
                    found.add((key, value))
        return found

    def _selected(self, namespace: str, selector: FrozenObject) -> Sequence[FrozenObject]:
        parsed = LabelSelector.of(selector)
        pods = self._client.list("pods", namespace, labels=selector.get("matchLabels") or None)
        return [pod for pod in pods if parsed.matches(labels_of(pod))]

    def _repellers(self, wish: Wish) -> set[Domain]:
        found = set()
        for placed in self._cluster.repelling.values():
            node = self._cluster.nodes.get(placed.node)
            if node is None:
                continue
            for term in _terms(placed.wish, "podAntiAffinity"):
                value = node.labels.get(term["topologyKey"])
                if value is not None and _is_meant(term, placed, wish, self._client):
                    found.add((term["topologyKey"], value))
        return found


def _terms(wish: Wish, side: str) -> Sequence[Object]:
    return wish.affinity.get(side, {}).get(REQUIRED) or ()


def _is_own_like(wish: Wish, terms: Sequence[FrozenObject], client: Client) -> bool:
    """Whether a Pod's affinity is to Pods such as itself."""
    return all(_selects(term, wish.namespace, wish.namespace, wish.labels, client) for term in terms)


def _is_meant(term: FrozenObject, placed: Placed, wish: Wish, client: Client) -> bool:
    return _selects(term, placed.wish.namespace, wish.namespace, wish.labels, client)


def _selects(term: FrozenObject, own_namespace: str, namespace: str, labels: Mapping[str, str], client: Client) -> bool:
    """Whether a term of a Pod in `own_namespace` selects a Pod in `namespace` with those labels."""
    selector = term.get("labelSelector")
    if selector is None or namespace not in term_namespaces(term, own_namespace, client):
        return False
    return LabelSelector.of(selector).matches(labels)


def term_namespaces(term: FrozenObject, own_namespace: str, client: Client) -> Sequence[str]:
    """The namespaces a term looks at: those it lists and those its namespaceSelector selects; its own when it names none."""
    listed = list(term.get("namespaces") or ())
    selector = term.get("namespaceSelector")
    if selector is not None:
        parsed = LabelSelector.of(selector)
        listed += [name_of(one) for one in client.list("namespaces") if parsed.matches(labels_of(one))]
    elif not listed:
        return (own_namespace,)
    return listed
