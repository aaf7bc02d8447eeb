"""How long a Job waits before it replaces a failed Pod: 10 s, doubled with each failure in a row, 10 minutes at most.

Counted per Job since its last success, in memory only, as upstream does; with backoffLimitPerIndex per index, from annotations.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from orrery.controllers.job.pods import failures_of, finished_s, ignored_failures_of
from orrery.machinery.objects import FrozenObject

BASE_S: Final = 10.0
MAX_S: Final = 600.0
_DOUBLINGS_MAX: Final = 6


@dataclass(frozen=True, slots=True)
class Failures:
    """Failures in a row, and when the last of them was."""

    count: int = 0
    last_s: float = 0.0


NONE: Final = Failures()


def plan_failures(before: Failures, succeeded: Sequence[FrozenObject], failed: Sequence[FrozenObject]) -> Failures:
    """The record with Pods that ended since. A success begins it anew: only failures after the last success count."""
    failed_s = sorted(finished_s(pod) for pod in failed)
    if succeeded:
        success_s = max(finished_s(pod) for pod in succeeded)
        failed_s = [at_s for at_s in failed_s if at_s > success_s]
        before = NONE
    return Failures(before.count + len(failed_s), failed_s[-1]) if failed_s else before


def remaining_s(failures: Failures, now_s: float) -> float:
    """After 3 failures, the last 15 s ago: 25 s."""
    if failures.count == 0:
        return 0.0
    wait_s = min(BASE_S * float(2 ** min(failures.count - 1, _DOUBLINGS_MAX)), MAX_S)
    return max(wait_s - (now_s - failures.last_s), 0.0)


def remaining_of_index_s(last_failed: FrozenObject | None, now_s: float) -> float:
    """The same for one index, whose last failed Pod tells how many there were."""
    if last_failed is None:
        return 0.0
    count = failures_of(last_failed) + ignored_failures_of(last_failed) + 1
    return remaining_s(Failures(count, finished_s(last_failed)), now_s)
