"""The port through which metrics.k8s.io and the autoscaler learn what containers use; the node implements it, `cluster.py` plugs it in.

An amount is computed when it is asked for. Users may set amounts by annotations, whose names are here because the control API writes them.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple, Protocol

from orrery.machinery.objects import FrozenObject

PREFIX: Final = "usage.orrery.dev/"
CPU: Final = f"{PREFIX}cpu"
"""On a Pod: what it uses in all, as a quantity. With `.NAME` behind it: what that container uses."""
MEMORY: Final = f"{PREFIX}memory"
TOTAL_CPU: Final = f"{PREFIX}total-cpu"
"""On a workload: what its ready Pods use together; each has an equal share."""
TOTAL_MEMORY: Final = f"{PREFIX}total-memory"

_KIB: Final = 1024


class Usage(NamedTuple):
    """What something uses: processor time in billionths of a core, memory (the working set) in bytes."""

    cpu_nano: int
    memory_bytes: int

    @property
    def whole_kib_bytes(self) -> int:
        """The memory as metrics tell it: what is not a whole KiB is left out, as the kernel counts in pages."""
        return self.memory_bytes // _KIB * _KIB


class PodUsage(NamedTuple):
    """What the running containers of a Pod used in the window that ended at `at_s`."""

    at_s: float
    window_s: float
    containers: Mapping[str, Usage]


class NodeUsage(NamedTuple):
    """What a node used, with all that runs on it."""

    at_s: float
    window_s: float
    usage: Usage


class UsageSource(Protocol):
    """What is used now."""

    def pod(self, pod: FrozenObject) -> PodUsage | None:
        """None as long as nothing is known: nothing runs, or not for a whole window yet."""

    def node(self, node: FrozenObject) -> NodeUsage | None: ...


class NoUsage:
    """Where containers only play scripts nothing is known of any."""

    def pod(self, pod: FrozenObject) -> PodUsage | None:
        return None

    def node(self, node: FrozenObject) -> NodeUsage | None:
        return None
