"""How long the node's own work takes: `real` as on a small cluster, `fast` nothing at all.

At either pace every state is written; only the time between the writes differs.
"""

from dataclasses import dataclass
from typing import Final

from orrery.machinery.clock import Clock
from orrery.settings import Settings

_PULL_BASE_S: Final = 0.8
_PULL_BYTES_PER_S: Final = 90_000_000
_PULL_S_MAX: Final = 8.0


@dataclass(frozen=True, slots=True)
class Pace:
    """Delays in seconds, drawn from the clock's randomness where they vary in real life."""

    clock: Clock
    is_real: bool

    def _between(self, low_s: float, high_s: float) -> float:
        return self.clock.random.uniform(low_s, high_s) if self.is_real else 0.0

    def sandbox_s(self) -> float:
        return self._between(0.3, 0.6)

    def create_s(self) -> float:
        return self._between(0.03, 0.08)

    def start_s(self) -> float:
        return self._between(0.07, 0.22)

    def notice_s(self) -> float:
        """How long it takes until the node notices that a container ended (upstream lists containers once a second)."""
        return self._between(0.1, 0.9)

    def look_s(self) -> float:
        """How long it takes until the node looks again at what it has just started."""
        return self._between(0.05, 0.25)

    def refresh_s(self) -> float:
        """How long a change of a ConfigMap or Secret takes to reach the volumes it is mounted in."""
        return self._between(20.0, 75.0)

    def pull_s(self, size_bytes: int) -> float:
        """The first pull of an image on a node."""
        return min(_PULL_BASE_S + size_bytes / _PULL_BYTES_PER_S, _PULL_S_MAX) * self._between(0.8, 1.2)

    def check_s(self) -> float:
        """A pull of an image that is already there: one question to the registry."""
        return self._between(0.25, 0.5)

    def refusal_s(self) -> float:
        """How long a registry takes to say that an image does not exist."""
        return self._between(0.6, 1.2)


def pace_of(settings: Settings, clock: Clock) -> Pace:
    return Pace(clock, settings.pace == "real")
