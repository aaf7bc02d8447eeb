"""How much processor time a container uses: counted in windows as the kernel's counters are read, and held back at its limit.

Only the current window and the one before it are kept; whoever asks gets the one that is over. What is metered is what processes want:
steps they take, time they stand in line for their next one, and work that is only said to be done (`cpu_use.py`).
"""

from math import inf
from typing import Final

WINDOW_S: Final = 15.0
"""Upstream's metrics-server looks this often."""
_PERIOD_S: Final = 0.1
"""The kernel's quota period: a burst of a limit's worth of this runs at full speed."""


class CpuMeter:
    """One container's. Times are those of `Clock.busy_s`."""

    __slots__ = ("_current_s", "_free_s", "_last_s", "_load", "_since_s", "_window", "limit")

    def __init__(self) -> None:
        self.limit = inf
        """In cores."""
        self._window = -1.0
        self._current_s = 0.0
        self._last_s = 0.0
        self._load = 0.0
        self._since_s = 0.0
        self._free_s = 0.0

    def add(self, now_s: float, used_s: float) -> None:
        """Processor time that has been used by now."""
        self._roll(now_s)
        self._current_s += used_s

    def hold(self, now_s: float, cores: float) -> None:
        """So many cores are busy from now on, more than before (or fewer: negative)."""
        self._roll(now_s)
        self._load += cores

    def cores(self, now_s: float) -> float:
        """What was used on average in the last whole window, never more than the limit."""
        self._roll(now_s)
        return min(self._last_s / WINDOW_S, self.limit)

    def work(self, now_s: float, used_s: float) -> float:
        """Note work of one thread; how long it takes. Beyond the quota it waits for the next period.

        Half a core of limit and work of 50 ms: the first piece takes 50 ms, a crowd of them 100 ms each.
        """
        self.add(now_s, used_s)
        self._free_s = max(self._free_s, now_s) + used_s / self.limit
        return max(used_s, self._free_s - _PERIOD_S - now_s)

    def _roll(self, now_s: float) -> None:
        window = now_s // WINDOW_S
        if window == self._window:
            self._current_s += self._load * (now_s - self._since_s)
        else:
            begun_s = window * WINDOW_S
            was_last = window == self._window + 1
            self._last_s = self._current_s + self._load * (begun_s - self._since_s) if was_last else self._load * WINDOW_S
            self._current_s = self._load * (now_s - begun_s)
            self._window = window
        self._since_s = now_s
