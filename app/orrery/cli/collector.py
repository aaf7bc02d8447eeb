"""How the server uses Python's garbage collector: in small bites, so that nobody waits for it.

Objects of the API hold no cycles, and what cycles there are (exceptions, tasks) die young. So the young are looked at often and few at a
time, and who survives is frozen: the collector never walks over it again, and it is freed when nobody refers to it any more. A look that
finds much garbage freezes nothing: where cycles are being made, who is alive now may be in one, and gets a second look.
Walking over everything takes seconds with ten thousand Pods. It is done only when what is frozen has grown beyond all that is kept on
purpose: then there are cycles among it.
"""

import gc
from collections.abc import Callable
from typing import Final

THRESHOLDS: Final = (10_000, 5, 1_000_000)
"""New objects until the youngest are looked at; looks until the next older ones are; and those after that, never by themselves."""
_MUCH: Final = 1_000
"""So much garbage in one look says that something makes cycles: a tenth of what is looked at."""
_FREEZES_PER_COUNT: Final = 1_000
_FROZEN_MAX: Final = 6_000_000
"""About three times what a full cache of parsed objects holds."""


class Collector:
    """Freezes what stays; `start` once, when everything is loaded."""

    def __init__(self, call_later: Callable[[Callable[[], None]], object], *, frozen_max: int = _FROZEN_MAX) -> None:
        self._call_later = call_later
        """Calls back on the event loop, from any thread: the collector cannot be called by what it calls."""
        self._frozen_max = frozen_max
        self._freezes = 0
        self.full_looks = 0

    def start(self) -> None:
        gc.freeze()
        gc.enable()
        gc.set_threshold(*THRESHOLDS)
        gc.callbacks.append(self.after)

    def stop(self) -> None:
        gc.callbacks.remove(self.after)

    def after(self, phase: str, info: dict[str, int]) -> None:
        """What the collector calls before and after each look."""
        if phase != "stop" or (info["generation"] == 0 and info["collected"] > _MUCH):
            return
        gc.freeze()
        self._freezes += 1
        if self._freezes >= _FREEZES_PER_COUNT:
            self._freezes = 0
            self._call_later(self.count)

    def count(self) -> None:
        """Look at everything, if far more is kept than can be meant to be."""
        if gc.get_freeze_count() <= self._frozen_max:
            return
        gc.unfreeze()
        gc.collect()
        gc.freeze()
        self.full_looks += 1
        self._frozen_max = max(self._frozen_max, 2 * gc.get_freeze_count())
