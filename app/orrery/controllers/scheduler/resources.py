"""Room on a node: whether a Pod fits, and how well. Follows upstream's NodeResourcesFit (LeastAllocated) and BalancedAllocation."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from orrery.controllers.scheduler.nodes import NodeView, Usage
from orrery.controllers.scheduler.refusals import NODE_RESOURCES_FIT, Refusal
from orrery.controllers.scheduler.wishes import Shape

SCORE_MAX: Final = 100
_FIRST: Final = ("cpu", "memory", "ephemeral-storage")


def insufficient(shape: Shape, node: NodeView, usage: Usage) -> Refusal | None:
    """Every resource that falls short; more than the whole node has cannot be helped by anybody's leaving."""
    offered: Mapping[str, int] = node.allocatable
    taken = usage.requested
    reasons: list[str] | None = None
    resolvable = True
    if len(usage.placed) + 1 > offered.get("pods", 0):
        reasons = ["Too many pods"]
    for resource, wanted in shape.requests.items():
        capacity = offered.get(resource, 0)
        if wanted > capacity - taken.get(resource, 0):
            reasons = [*(reasons or ()), f"Insufficient {resource}"]
            resolvable = resolvable and wanted <= capacity
    return Refusal(_ordered(reasons), resolvable, NODE_RESOURCES_FIT) if reasons else None


def _ordered(reasons: Iterable[str]) -> tuple[str, ...]:
    """As upstream asks: Pods, cpu, memory, storage, then everything else."""
    first = ["Too many pods", *(f"Insufficient {resource}" for resource in _FIRST)]
    return tuple(sorted(reasons, key=lambda reason: first.index(reason) if reason in first else len(first)))


def fits_empty(shape: Shape, node: NodeView) -> bool:
    """Whether the node would be large enough if nothing else were on it."""
    return insufficient(shape, node, _EMPTY) is None


_EMPTY: Final = Usage()


def least_allocated(shape: Shape, node: NodeView, usage: Usage) -> int:
    """The mean share of CPU and memory that would stay free, in percent.

    A node of 4 CPU and 16 GiB with 1 CPU and 4 GiB taken, and a Pod of 1 CPU and 4 GiB: 50 of each stay, so 50.
    """
    shares = [
        (capacity - taken) * SCORE_MAX // capacity if taken <= capacity else 0
        for capacity, taken in (
            (node.allocatable.get("cpu", 0), usage.cpu_for_score + shape.cpu_for_score),
            (node.allocatable.get("memory", 0), usage.memory_for_score + shape.memory_for_score),
        )
        if capacity > 0
    ]
    return sum(shares) // len(shares) if shares else 0


def balanced(shape: Shape, node: NodeView, usage: Usage) -> int:
    """How close CPU and memory would be to being used alike: 100 when they are, 50 when one is full and the other empty.

    Pods that ask for neither are not rated by it, or they would gather on one node.
    """
    requests = shape.requests
    cpu, memory = requests.get("cpu", 0), requests.get("memory", 0)
    if not cpu and not memory:
        return 0
    fractions = [
        min(taken / capacity, 1.0)
        for capacity, taken in (
            (node.allocatable.get("cpu", 0), usage.requested.get("cpu", 0) + cpu),
            (node.allocatable.get("memory", 0), usage.requested.get("memory", 0) + memory),
        )
        if capacity > 0
    ]
    return int((1 - _deviation(fractions)) * SCORE_MAX)


def _deviation(fractions: Sequence[float]) -> float:
    return abs(fractions[0] - fractions[1]) / 2 if len(fractions) == 2 else 0.0
