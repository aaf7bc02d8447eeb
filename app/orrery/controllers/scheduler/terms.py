"""The rules a Pod states about other Pods, parsed once: affinity terms and topology spread constraints."""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from orrery.machinery.objects import FrozenObject
from orrery.machinery.selectors import LabelSelector

REQUIRED: Final = "requiredDuringSchedulingIgnoredDuringExecution"
PREFERRED: Final = "preferredDuringSchedulingIgnoredDuringExecution"


class Term(NamedTuple):
    """Pods with these labels in these namespaces, as far as `key` reaches."""

    key: str
    selector: LabelSelector
    namespaces: frozenset[str]
    namespace_selector: LabelSelector | None
    weight: int = 1

    def sees(self, namespace: str, labels: Mapping[str, str]) -> bool:
        """Whether it looks into the namespace, which carries these labels."""
        if namespace in self.namespaces:
            return True
        return self.namespace_selector is not None and self.namespace_selector.matches(labels)


class PodTerms(NamedTuple):
    """Inter-pod affinity of one Pod."""

    near: tuple[Term, ...] = ()
    apart: tuple[Term, ...] = ()
    rather_near: tuple[Term, ...] = ()
    rather_apart: tuple[Term, ...] = ()

    @property
    def has_any(self) -> bool:
        return bool(self.near or self.apart or self.rather_near or self.rather_apart)

    @property
    def has_preferred(self) -> bool:
        return bool(self.rather_near or self.rather_apart)


NO_TERMS: Final = PodTerms()


def terms_of(affinity: FrozenObject, namespace: str) -> PodTerms:
    """Of a Pod in that namespace."""
    near, apart = affinity.get("podAffinity") or {}, affinity.get("podAntiAffinity") or {}
    if not near and not apart:
        return NO_TERMS
    return PodTerms(_required(near, namespace), _required(apart, namespace), _preferred(near, namespace), _preferred(apart, namespace))


def _required(side: FrozenObject, namespace: str) -> tuple[Term, ...]:
    return tuple(_term(one, namespace, 1) for one in side.get(REQUIRED) or ())


def _preferred(side: FrozenObject, namespace: str) -> tuple[Term, ...]:
    return tuple(_term(one["podAffinityTerm"], namespace, one["weight"]) for one in side.get(PREFERRED) or () if one["weight"])


def _term(term: FrozenObject, namespace: str, weight: int) -> Term:
    """It looks at the namespaces it lists and those it selects; at the Pod's own when it names none."""
    listed, selector = term.get("namespaces") or (), term.get("namespaceSelector")
    namespaces = frozenset(listed) if listed or selector is not None else frozenset((namespace,))
    parsed = LabelSelector.of(selector) if selector is not None else None
    return Term(term["topologyKey"], LabelSelector.of(term.get("labelSelector")), namespaces, parsed, weight)


class Constraint(NamedTuple):
    """How evenly Pods are to lie over the values of one node label."""

    key: str
    max_skew: int
    selector: LabelSelector
    is_hard: bool
    min_domains: int = 1
    honors_affinity: bool = True
    """Whether nodes that node affinity excludes do not count."""
    honors_taints: bool = False
    """Whether nodes with taints that are not tolerated do not count."""


def constraints_of(constraints: Sequence[FrozenObject], labels: Mapping[str, str]) -> tuple[Constraint, ...]:
    return tuple(
        Constraint(
            one["topologyKey"],
            one["maxSkew"],
            _selector_of(one, labels),
            one["whenUnsatisfiable"] == "DoNotSchedule",
            one.get("minDomains") or 1,
            (one.get("nodeAffinityPolicy") or "Honor") == "Honor",
            (one.get("nodeTaintsPolicy") or "Ignore") == "Honor",
        )
        for one in constraints
    )


def _selector_of(constraint: FrozenObject, labels: Mapping[str, str]) -> LabelSelector:
    """The constraint's selector, with the Pod's own values of its matchLabelKeys."""
    selector = constraint.get("labelSelector")
    own = {key: labels[key] for key in constraint.get("matchLabelKeys") or () if key in labels}
    if own and selector is not None:
        selector = {**selector, "matchLabels": {**(selector.get("matchLabels") or {}), **own}}
    return LabelSelector.of(selector)
