"""The Pods that fitted nowhere: who refused them, how often, and whom an event may help.

Pods of one shape that the same plugins refused stand together: an event is asked about once for all of them.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from orrery.controllers.scheduler.hints import News, may_help
from orrery.controllers.scheduler.neighbours import NamespaceLabels
from orrery.controllers.scheduler.wishes import Shape, Wish

_BACKOFF_FIRST_S: Final = 1.0
_BACKOFF_MAX_S: Final = 10.0


@dataclass(frozen=True, slots=True)
class Waiting:
    """One Pod that waits for better times."""

    wish: Wish
    plugins: frozenset[str]
    attempts: int
    again_s: float
    """Until then it is tried only when nobody else wants to be."""


class WaitingPods:
    """All of them, by key and by what they wait for."""

    def __init__(self, labels_of: NamespaceLabels) -> None:
        self._labels_of = labels_of
        self._pods: dict[str, Waiting] = {}
        self._groups: dict[tuple[Shape, frozenset[str]], dict[str, None]] = {}

    def __len__(self) -> int:
        return len(self._pods)

    def get(self, key: str) -> Waiting | None:
        return self._pods.get(key)

    def put(self, wish: Wish, plugins: frozenset[str], now_s: float) -> None:
        before = self.pop(wish.key)
        attempts = before.attempts + 1 if before is not None and before.wish.uid == wish.uid else 1
        self._pods[wish.key] = Waiting(wish, plugins, attempts, now_s + backoff_s(attempts))
        self._groups.setdefault((wish.shape, plugins), {})[wish.key] = None

    def update(self, wish: Wish) -> None:
        """The Pod waits on, but wants something else."""
        before = self.pop(wish.key)
        if before is not None:
            self._pods[wish.key] = replace(before, wish=wish)
            self._groups.setdefault((wish.shape, before.plugins), {})[wish.key] = None

    def pop(self, key: str) -> Waiting | None:
        waiting = self._pods.pop(key, None)
        if waiting is not None:
            group = (waiting.wish.shape, waiting.plugins)
            del self._groups[group][key]
            if not self._groups[group]:
                del self._groups[group]
        return waiting

    def helped_by(self, news: News, priority_max: int | None = None) -> Iterable[str]:
        """Keys of the Pods that may fit now; with `priority_max` only those that are not more important."""
        if not self._pods:
            return ()
        found: list[str] = []
        for (shape, plugins), keys in self._groups.items():
            if (priority_max is None or shape.priority <= priority_max) and may_help(shape, plugins, news, self._labels_of):
                found += keys
        return found


def backoff_s(attempts: int) -> float:
    """1 s after the first attempt, then twice as long each time, 10 s at most."""
    return float(min(_BACKOFF_FIRST_S * 2 ** min(attempts - 1, 10), _BACKOFF_MAX_S))
