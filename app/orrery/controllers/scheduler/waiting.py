"""The Pods that fitted nowhere: who refused them, how often, and whom an event may help.

Pods of one shape that the same plugins refused stand in one line: an event is asked about once for all of them, and wakes only the
first. Where it fits, the next is woken; where it does not, nobody behind it does.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import islice
from typing import Final, TypeAlias

from orrery.controllers.scheduler.hints import News, may_help
from orrery.controllers.scheduler.neighbours import NamespaceLabels
from orrery.controllers.scheduler.wishes import Shape, Wish

# DIFFERS: upstream tries all waiting Pods that an event may help; of alike ones, we stop at the first that still does not fit.
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
    is_alone: bool
    """Whether what holds for others of its shape need not hold for it: it has claims of its own, or was promised a node."""

    @property
    def line(self) -> "_Line":
        return self.wish.shape, self.plugins, self.wish.key if self.is_alone else ""


_Line: TypeAlias = tuple[Shape, frozenset[str], str]


class WaitingPods:
    """All of them, by key and by what they wait for."""

    def __init__(self, labels_of: NamespaceLabels) -> None:
        self._labels_of = labels_of
        self._pods: dict[str, Waiting] = {}
        self._lines: dict[_Line, dict[str, None]] = {}
        self._woken: set[str] = set()
        """Those who were woken first of a line and have not been tried yet."""

    def __len__(self) -> int:
        return len(self._pods)

    def get(self, key: str) -> Waiting | None:
        return self._pods.get(key)

    def put(self, wish: Wish, plugins: frozenset[str], now_s: float, *, is_alone: bool = False) -> None:
        before = self.pop(wish.key)
        attempts = before.attempts + 1 if before is not None and before.wish.uid == wish.uid else 1
        self._stand(Waiting(wish, plugins, attempts, now_s + backoff_s(attempts), is_alone))

    def update(self, wish: Wish) -> None:
        """The Pod waits on, but wants something else."""
        before = self.pop(wish.key)
        if before is not None:
            self._stand(replace(before, wish=wish))

    def _stand(self, waiting: Waiting) -> None:
        self._pods[waiting.wish.key] = waiting
        self._lines.setdefault(waiting.line, {})[waiting.wish.key] = None

    def pop(self, key: str) -> Waiting | None:
        waiting = self._pods.pop(key, None)
        self._woken.discard(key)
        if waiting is not None:
            line = self._lines[waiting.line]
            del line[key]
            if not line:
                del self._lines[waiting.line]
        return waiting

    def helped_by(self, news: News, priority_max: int | None = None) -> Iterable[str]:
        """Keys of the Pods that may fit now; with `priority_max` only those that are not more important."""
        if not self._pods:
            return ()
        found = [
            next(iter(keys))
            for (shape, plugins, _), keys in self._lines.items()
            if (priority_max is None or shape.priority <= priority_max) and may_help(shape, plugins, news, self._labels_of)
        ]
        self._woken.update(found)
        return found

    def behind(self, key: str) -> Iterable[str]:
        """Who stands next in the line of a Pod that found a place."""
        self._woken.discard(key)
        waiting = self._pods.get(key)
        if waiting is None:
            return ()
        found = [each for each in islice(self._lines[waiting.line], 2) if each != key][:1]
        self._woken.update(found)
        return found

    def leave(self, key: str) -> Iterable[str]:
        """The Pod waits no longer; who is woken in its stead, when it was not tried yet."""
        instead = self.behind(key) if key in self._woken else ()
        self.pop(key)
        return instead


def backoff_s(attempts: int) -> float:
    """1 s after the first attempt, then twice as long each time, 10 s at most."""
    return float(min(_BACKOFF_FIRST_S * 2 ** min(attempts - 1, 10), _BACKOFF_MAX_S))
