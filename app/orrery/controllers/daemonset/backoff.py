"""How often a failed Pod is replaced: at once, then 1 s after, 2 s, 4 s … 15 minutes, per DaemonSet generation and node.

A node that refuses a Pod would else be offered it again and again. Upstream: flowcontrol.Backoff as the daemon controller uses it.
"""

from dataclasses import dataclass
from typing import Final

_BASE_S: Final = 1.0
_MAX_S: Final = 900.0
_ENTRIES_MAX: Final = 4096


@dataclass(slots=True)
class _Entry:
    delay_s: float
    last_s: float

    def is_over(self, now_s: float) -> bool:
        """Whether it was so long ago that it counts for nothing."""
        return now_s - self.last_s > 2 * _MAX_S


class FailedPods:
    """When the failed Pod of a node may be removed."""

    def __init__(self) -> None:
        self._entries: dict[str, _Entry] = {}

    def wait_s(self, key: str, now_s: float) -> float:
        """How long to wait; 0 when now will do, which then counts as done."""
        entry = self._entries.get(key)
        if entry is None or entry.is_over(now_s):
            self._make_room(now_s)
            self._entries[key] = _Entry(_BASE_S, now_s)
            return 0.0
        if now_s - entry.last_s < entry.delay_s:
            return entry.delay_s
        entry.delay_s = min(entry.delay_s * 2, _MAX_S)
        entry.last_s = now_s
        return 0.0

    def _make_room(self, now_s: float) -> None:
        if len(self._entries) < _ENTRIES_MAX:
            return
        for key in [key for key, entry in self._entries.items() if entry.is_over(now_s)]:
            del self._entries[key]
        while len(self._entries) >= _ENTRIES_MAX:
            del self._entries[next(iter(self._entries))]
