"""Exponential back-off per key: for containers that end, and for images that cannot be pulled.

Follows client-go's `flowcontrol.Backoff` as the kubelet configures it: 10 s, doubling to 5 min, forgotten after twice that.
"""

from typing import Final, NamedTuple

INITIAL_S: Final = 10.0
MAX_S: Final = 300.0


class _Entry(NamedTuple):
    delay_s: float
    updated_s: float


class Backoff:
    """Delays by key. Times are seconds since the epoch and come from the caller."""

    __slots__ = ("_entries", "_initial_s", "_max_s")

    def __init__(self, *, initial_s: float = INITIAL_S, max_s: float = MAX_S) -> None:
        self._initial_s = initial_s
        self._max_s = max_s
        self._entries: dict[str, _Entry] = {}

    def delay_s(self, key: str) -> float:
        """The delay that counts for `key` now; zero when it never failed."""
        entry = self._entries.get(key)
        return entry.delay_s if entry else 0.0

    def grow(self, key: str, event_s: float, now_s: float) -> None:
        """Double the delay of `key`; start again when its last event is long ago."""
        entry = self._entries.get(key)
        if entry is None or self._is_stale(entry, event_s):
            self._entries[key] = _Entry(self._initial_s, now_s)
        else:
            self._entries[key] = _Entry(min(entry.delay_s * 2, self._max_s), now_s)

    def is_waiting_since(self, key: str, event_s: float, now_s: float) -> bool:
        """Whether the delay, counted from the event, is still running."""
        entry = self._entries.get(key)
        return entry is not None and not self._is_stale(entry, event_s) and now_s - event_s < entry.delay_s

    def is_waiting(self, key: str, now_s: float) -> bool:
        """Whether the delay, counted from the last failure, is still running."""
        entry = self._entries.get(key)
        return entry is not None and not self._is_stale(entry, now_s) and now_s - entry.updated_s < entry.delay_s

    def forget(self, key: str) -> None:
        self._entries.pop(key, None)

    def _is_stale(self, entry: _Entry, event_s: float) -> bool:
        return event_s - entry.updated_s > self._max_s * 2
