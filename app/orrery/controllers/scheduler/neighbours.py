"""Inter-pod affinity: which Pods may, must and would rather be near each other. Follows upstream's InterPodAffinity.

Counts are per domain, a node label and one value of it. They are made once per attempt, from groups of like Pods, and follow when
Pods are thought away or added.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

from orrery.controllers.scheduler.cluster import Cluster, Group
from orrery.controllers.scheduler.nodes import NodeView
from orrery.controllers.scheduler.refusals import INTER_POD_AFFINITY, Refusal
from orrery.controllers.scheduler.terms import Term
from orrery.controllers.scheduler.wishes import Shape

Domain = tuple[str, str]
"""A topology key and one value of it: `("kubernetes.io/hostname", "node-1")`."""

NamespaceLabels = Callable[[str], Mapping[str, str]]

_NOT_NEAR: Final = Refusal(("node(s) didn't match pod affinity rules",), plugin=INTER_POD_AFFINITY)
_REPELS: Final = Refusal(("node(s) didn't match pod anti-affinity rules",), resolvable=True, plugin=INTER_POD_AFFINITY)
_REPELLED: Final = Refusal(("node(s) didn't satisfy existing pods anti-affinity rules",), resolvable=True, plugin=INTER_POD_AFFINITY)


class Neighbours:
    """The required terms of one Pod, and those of all others about it: asked for every node."""

    __slots__ = ("_against", "_apart", "_labels_of", "_near", "_shape", "is_idle")

    def __init__(self, shape: Shape, cluster: Cluster, labels_of: NamespaceLabels) -> None:
        self._shape = shape
        self._labels_of = labels_of
        self._near: Counter[Domain] = Counter()
        """Pods that all of the terms of affinity select."""
        self._apart: Counter[Domain] = Counter()
        self._against: Counter[Domain] = Counter()
        """Pods that must not be near this one."""
        terms = shape.terms
        if terms.near or terms.apart:
            self._count_own(cluster)
        for group in cluster.social.values():
            if group.shape.terms.apart:
                self._count(group.shape, cluster, group.total, own=False)
        self.is_idle = not (terms.near or self._apart or self._against)
        """Whether all nodes are the same to it."""

    def _count_own(self, cluster: Cluster) -> None:
        terms = (*self._shape.terms.near, *self._shape.terms.apart)
        for namespace in _seen_namespaces(terms, cluster):
            labels = self._labels_of(namespace)
            if any(term.sees(namespace, labels) for term in terms):
                for group in cluster.groups_in(namespace):
                    self._count(group.shape, cluster, group.total, others=False)

    def _count(self, shape: Shape, cluster: Cluster, places: Mapping[str, int], *, own: bool = True, others: bool = True) -> None:
        for name, number in places.items():
            node = cluster.nodes.get(name)
            if node is not None:
                self._add(shape, node, number, own=own, others=others)

    def add(self, shape: Shape, node: NodeView, sign: int) -> None:
        """One Pod more, or less, on that node."""
        self._add(shape, node, sign, own=True, others=True)

    def _add(self, shape: Shape, node: NodeView, number: int, *, own: bool, others: bool) -> None:
        if own:
            labels = self._labels_of(shape.namespace)
            near = self._shape.terms.near
            if near and all(selects(term, shape, labels) for term in near):
                _count(self._near, near, node, number)
            for term in self._shape.terms.apart:
                if selects(term, shape, labels):
                    _count(self._apart, (term,), node, number)
        if others and shape.terms.apart:
            labels = self._labels_of(self._shape.namespace)
            for term in shape.terms.apart:
                if selects(term, self._shape, labels):
                    _count(self._against, (term,), node, number)

    def copy(self) -> "Neighbours":
        made = object.__new__(Neighbours)
        made._shape, made._labels_of, made.is_idle = self._shape, self._labels_of, self.is_idle
        made._near, made._apart, made._against = self._near.copy(), self._apart.copy(), self._against.copy()
        return made

    def refuse(self, node: NodeView) -> Refusal | None:
        if self._shape.terms.near and not self._attracts(node):
            return _NOT_NEAR
        if self._apart and _meets(self._apart, node):
            return _REPELS
        return _REPELLED if self._against and _meets(self._against, node) else None

    def _attracts(self, node: NodeView) -> bool:
        """Whether Pods this one must be near are in all of the domains.

        The first of a series that wants to be near its like may go anywhere, or it could never begin.
        """
        found = True
        for term in self._shape.terms.near:
            value = node.labels.get(term.key)
            if value is None:
                return False
            found = found and self._near[(term.key, value)] > 0
        if found:
            return True
        labels = self._labels_of(self._shape.namespace)
        return not self._near and all(selects(term, self._shape, labels) for term in self._shape.terms.near)


def _count(counter: Counter[Domain], terms: Sequence[Term], node: NodeView, number: int) -> None:
    for term in terms:
        value = node.labels.get(term.key)
        if value is not None:
            domain = (term.key, value)
            counter[domain] += number
            if not counter[domain]:
                del counter[domain]


def _meets(counter: Counter[Domain], node: NodeView) -> bool:
    return any(domain in counter for domain in node.labels.items())


def selects(term: Term, shape: Shape, namespace_labels: Mapping[str, str]) -> bool:
    """Whether the term means Pods of that shape, whose namespace carries those labels."""
    return term.sees(shape.namespace, namespace_labels) and term.selector.matches(shape.labels)


def _seen_namespaces(terms: Sequence[Term], cluster: Cluster) -> Iterable[str]:
    """Those the terms may look into: all with Pods when one of them selects namespaces by labels."""
    if any(term.namespace_selector is not None for term in terms):
        return cluster.namespaces()
    return sorted({namespace for term in terms for namespace in term.namespaces})


def sympathy(shape: Shape, cluster: Cluster, labels_of: NamespaceLabels) -> Counter[Domain] | None:
    """How much a Pod and those there would rather be near each other, by domain; None when nobody has an opinion."""
    if not shape.terms.has_preferred and not cluster.social:
        return None
    points: Counter[Domain] = Counter()
    own_labels = labels_of(shape.namespace)
    for group in cluster.social.values():
        theirs = group.shape.terms
        weighted = (*((term, 1) for term in theirs.near), *_signed(theirs.rather_near, theirs.rather_apart))
        _rate([(term, weight) for term, weight in weighted if selects(term, shape, own_labels)], group, cluster, points)
    if shape.terms.has_preferred:
        own = _signed(shape.terms.rather_near, shape.terms.rather_apart)
        for namespace in _seen_namespaces([term for term, _ in own], cluster):
            labels = labels_of(namespace)
            seen = [(term, weight) for term, weight in own if term.sees(namespace, labels)]
            for group in cluster.groups_in(namespace) if seen else ():
                _rate([(term, weight) for term, weight in seen if term.selector.matches(group.shape.labels)], group, cluster, points)
    return points or None


def _signed(rather_near: Sequence[Term], rather_apart: Sequence[Term]) -> list[tuple[Term, int]]:
    return [*((term, term.weight) for term in rather_near), *((term, -term.weight) for term in rather_apart)]


def _rate(terms: Sequence[tuple[Term, int]], group: Group, cluster: Cluster, points: Counter[Domain]) -> None:
    for name, number in group.total.items() if terms else ():
        node = cluster.nodes.get(name)
        for term, weight in terms if node is not None else ():
            value = node.labels.get(term.key) if node is not None else None
            if value is not None:
                points[(term.key, value)] += weight * number
