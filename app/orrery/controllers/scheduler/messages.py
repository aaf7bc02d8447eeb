"""What FailedScheduling and PodScheduled say, in kube-scheduler's words: reasons counted and sorted as text."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

from orrery.controllers.scheduler.refusals import Refusal

NO_NODES: Final = "no nodes available to schedule pods"
NEVER: Final = "not eligible due to preemptionPolicy=Never."
VICTIMS_END: Final = "not eligible due to a terminating pod on the nominated node."
NO_VICTIMS: Final = Refusal(("No preemption victims found for incoming pod",))
NO_HELP: Final = Refusal(("Preemption is not helpful for scheduling",))
_NO_CLAIMS: Final = "no new claims to deallocate"
_CLAIMS: Final = "still not schedulable"
_NOTE_MAX: Final = 1024


def unavailable(refusals: Sequence[Refusal]) -> str:
    """`0/3 nodes are available: 1 Insufficient cpu, 2 node(s) had untolerated taint(s).`"""
    counted = Counter(reason for refusal in refusals for reason in refusal.reasons)
    reasons = ", ".join(sorted(f"{count} {reason}" for reason, count in counted.items()))
    return f"0/{len(refusals)} nodes are available: {reasons}."


def refusal_message(refusals: Sequence[Refusal], preemption: str, *, wants_devices: bool = False) -> str:
    """`preemption` is why removing Pods does not help either; empty when it does."""
    if not preemption:
        return unavailable(refusals)
    return f"{unavailable(refusals)} {_CLAIMS if wants_devices else _NO_CLAIMS}, preemption: {preemption}"


def about_all(nodes: int, problem: str) -> str:
    """A problem no node can help with; what follows it is upstream's remark on devices it has not looked for."""
    return f"0/{nodes} nodes are available: {problem}. not found"


def cut(message: str) -> str:
    """An event's note has a limit."""
    return message if len(message) <= _NOTE_MAX else f"{message[: _NOTE_MAX - 4]} ..."


def plugins_of(refusals: Iterable[Refusal]) -> frozenset[str]:
    return frozenset(refusal.plugin for refusal in refusals)
