"""Which Pods would have to go so that a more important one fits. Follows upstream's DefaultPreemption; nothing is written here.

On every node that could be helped all less important Pods are thought away; if the Pod fits then, as many of them as possible are
let off, the most important first and those whose disruption budget would be broken before all others. Of the nodes the one is
taken where the harm is least.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Final, NamedTuple

from orrery.controllers.scheduler.filters import Attempt, Trial
from orrery.controllers.scheduler.messages import NO_HELP, NO_VICTIMS
from orrery.controllers.scheduler.refusals import Refusal
from orrery.controllers.scheduler.wishes import Wish
from orrery.machinery.objects import FrozenObject
from orrery.machinery.selectors import LabelSelector

_CANDIDATES_MIN: Final = 100
_CANDIDATES_PERCENT: Final = 10
_RANK: Final = 2**31
"""Added to every priority, so that few victims of negative priority are not worse than many."""

StartOf = Callable[[str], float]
"""Since when the Pod of that key runs, in seconds; now, when it does not say."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """One node, and who would have to go there: the most important first."""

    node: str
    victims: tuple[Wish, ...]
    violations: int


class Budgets:
    """What disruption budgets still allow; read when the first Pod of a namespace is in question."""

    def __init__(self, read: Callable[[str], Sequence[FrozenObject]]) -> None:
        self._read = read
        self._by_namespace: dict[str, list[tuple[LabelSelector, int, FrozenObject]]] = {}

    def split(self, wishes: Sequence[Wish]) -> tuple[list[Wish], list[Wish]]:
        """Those who cannot go without breaking a budget, and those who can; both in the order given."""
        left: dict[tuple[str, int], int] = {}
        breaking: list[Wish] = []
        free: list[Wish] = []
        for wish in wishes:
            (breaking if self._breaks(wish, left) else free).append(wish)
        return breaking, free

    def _breaks(self, wish: Wish, left: dict[tuple[str, int], int]) -> bool:
        breaks = False
        labels = wish.shape.labels
        for index, (selector, allowed, disrupted) in enumerate(self._of(wish.namespace) if labels else ()):
            if selector.matches(labels) and wish.name not in disrupted:
                here = (wish.namespace, index)
                left[here] = left.get(here, allowed) - 1
                breaks = breaks or left[here] < 0
        return breaks

    def _of(self, namespace: str) -> list[tuple[LabelSelector, int, FrozenObject]]:
        found = self._by_namespace.get(namespace)
        if found is None:
            found = self._by_namespace[namespace] = []
            for budget in self._read(namespace):
                selector, status = LabelSelector.of(budget["spec"].get("selector")), budget.get("status") or {}
                if not selector.is_everything:
                    found.append((selector, status.get("disruptionsAllowed", 0), status.get("disruptedPods") or {}))
        return found


class Search(NamedTuple):
    """What was found, and what is said about the nodes where nothing was."""

    candidates: list[Candidate]
    refusals: list[Refusal]


def find_candidates(attempt: Attempt, refusals: Mapping[str, Refusal], budgets: Budgets, start_of: StartOf, random: Random) -> Search:
    """Look at nodes that can be helped, from a random one on, until there are enough to choose from."""
    nodes = [name for name, refusal in refusals.items() if refusal.resolvable]
    unhelpful = len(attempt.cluster.nodes) - len(nodes)
    if not nodes:
        return Search([], [NO_HELP] * unhelpful)
    enough = min(max(len(nodes) * _CANDIDATES_PERCENT // 100, _CANDIDATES_MIN), len(nodes))
    first = random.randrange(len(nodes))
    kind: list[Candidate] = []
    harmful: list[Candidate] = []
    said: list[Refusal] = []
    for index in range(len(nodes)):
        found = victims_on(attempt, nodes[(first + index) % len(nodes)], budgets, start_of)
        if isinstance(found, Refusal):
            said.append(found)
            continue
        (harmful if found.violations else kind).append(found)
        if kind and len(kind) + len(harmful) >= enough:
            break
    return Search([*kind, *harmful], [*said, *[NO_HELP] * unhelpful])


def victims_on(attempt: Attempt, name: str, budgets: Budgets, start_of: StartOf) -> Candidate | Refusal:
    """The fewest Pods that have to go from the node; a refusal when nobody's going helps."""
    cluster, shape = attempt.cluster, attempt.shape
    node, usage = cluster.nodes[name], cluster.usage(name)
    possible = [wish for wish in usage.placed.values() if wish.shape.priority < shape.priority]
    if not possible:
        return NO_VICTIMS
    trial = Trial(attempt, node, usage)
    for wish in possible:
        trial.remove(wish)
    refusal = trial.refuse()
    if refusal is not None:
        return refusal
    ordered = by_importance(possible, start_of)
    breaking, free = budgets.split(ordered)
    lost = [wish for wish in breaking if not _is_let_off(trial, wish)]
    victims = {wish.key for wish in (*lost, *(wish for wish in free if not _is_let_off(trial, wish)))}
    if not victims:
        return NO_VICTIMS  # It would fit already: a promise was taken back in between.
    return Candidate(name, tuple(wish for wish in ordered if wish.key in victims), len(lost))


def _is_let_off(trial: Trial, wish: Wish) -> bool:
    trial.add(wish)
    if trial.refuse() is None:
        return True
    trial.remove(wish)
    return False


def by_importance(wishes: Sequence[Wish], start_of: StartOf) -> list[Wish]:
    """The higher priority first, then who runs for longer."""
    return sorted(wishes, key=lambda wish: (-wish.shape.priority, start_of(wish.key)))


def pick(candidates: Sequence[Candidate], start_of: StartOf) -> Candidate:
    """The node where the harm is least.

    Fewest broken budgets; then the least important of the most important victims; then the smallest sum of priorities; then the
    fewest victims; then the one whose most important victims started last.
    """
    return min(candidates, key=lambda each: _harm(each, start_of))


def _harm(candidate: Candidate, start_of: StartOf) -> tuple[int, int, int, int, float]:
    priorities = [wish.shape.priority for wish in candidate.victims]
    highest = priorities[0]
    earliest = min(start_of(wish.key) for wish in candidate.victims if wish.shape.priority == highest)
    return candidate.violations, highest, sum(priority + _RANK for priority in priorities), len(priorities), -earliest
