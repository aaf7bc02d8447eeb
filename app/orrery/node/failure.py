"""How a machine can be down."""

from enum import StrEnum


class Failure(StrEnum):
    """How a machine is down."""

    CRASH = "crash"
    """It is off: nothing runs, nothing answers."""
    KUBELET = "kubelet"
    """Only its kubelet is: containers go on running, and nobody looks after them."""
