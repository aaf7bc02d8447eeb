"""Why one node is out: what every filter answers."""

from typing import NamedTuple


class Refusal(NamedTuple):
    """`resolvable` when removing other Pods from the node could lift it; that decides what is said about preemption."""

    reasons: tuple[str, ...]
    resolvable: bool = False
