"""/sys/fs/cgroup as a container sees it (version 2, a namespace of its own): its limits and what it uses, made up at every look."""

import errno
from collections.abc import Callable, Mapping
from math import ceil, inf, log2
from typing import Final, Protocol

from orrery.node.files.filesystem import FileSystem
from orrery.node.files.inodes import Inode, MadeDirectory, MadeFile
from orrery.node.files.space import Space
from orrery.node.processes.system import System

PATH: Final = "/sys/fs/cgroup"
_PERIOD_US: Final = 100_000
_PAGE: Final = 4096
_SHARES_PER_CORE: Final = 1024
_SHARES_MIN: Final = 2
_SHARES_MAX: Final = 262_144
_CONTROLLERS: Final = "cpuset cpu io memory hugetlb pids rdma misc"


class Limited(Protocol):
    """A container whose limits are shown."""

    system: System
    memory_limit: int | None
    cpu_request: float

    @property
    def memory_bytes(self) -> int: ...


def cgroup_filesystem(container: Limited) -> FileSystem:
    """Mounted read-only at `PATH`."""

    def look_up(name: str) -> Inode | None:
        make = _ENTRIES.get(name)
        return None if make is None else MadeFile(lambda: f"{make(container)}\n".encode(), 0o644, refusal=errno.EROFS)

    return FileSystem(MadeDirectory(look_up, lambda: _ENTRIES), Space(0, real_max=0), "cgroup2", "cgroup", device=3)


def weight_of(cores: float) -> int:
    """cpu.weight of a request, as runc makes it of the kubelet's shares: a core is 100.

    >>> [weight_of(cores) for cores in (0, 0.25, 1, 4)]
    [1, 35, 100, 303]
    """
    shares = min(max(int(cores * _SHARES_PER_CORE), _SHARES_MIN), _SHARES_MAX)
    exponent = log2(shares)
    return ceil(10 ** ((exponent * exponent + 125 * exponent) / 612 - 7 / 34))


def _cpu_max(container: Limited) -> str:
    cores = container.system.account.meter.limit
    return f"max {_PERIOD_US}" if cores == inf else f"{int(cores * _PERIOD_US)} {_PERIOD_US}"


def _cpu_stat(container: Limited) -> str:
    used_us = int(container.system.account.used_s * 1e6)
    return f"usage_usec {used_us}\nuser_usec {used_us}\nsystem_usec 0\nnr_periods 0\nnr_throttled 0\nthrottled_usec 0"


def _memory_max(container: Limited) -> str:
    limit = container.memory_limit
    return "max" if limit is None else str(limit // _PAGE * _PAGE)


def _memory_events(container: Limited) -> str:
    killed = int(container.system.is_out_of_memory)
    return f"low 0\nhigh 0\nmax {killed}\noom {killed}\noom_kill {killed}\noom_group_kill {killed}"


def _memory_stat(container: Limited) -> str:
    return f"anon {container.memory_bytes}\nfile 0\nkernel 0\nsock 0\nshmem 0\ninactive_file 0\nactive_file 0"


_ENTRIES: Final[Mapping[str, Callable[[Limited], str]]] = {
    "cgroup.controllers": lambda _: _CONTROLLERS,
    "cgroup.events": lambda _: "populated 1\nfrozen 0",
    "cgroup.procs": lambda container: "\n".join(str(pid) for pid in container.system.own),
    "cgroup.subtree_control": lambda _: "",
    "cgroup.type": lambda _: "domain",
    "cpu.max": _cpu_max,
    "cpu.stat": _cpu_stat,
    "cpu.weight": lambda container: str(weight_of(container.cpu_request)),
    "cpuset.cpus.effective": lambda _: "0-3",
    "memory.current": lambda container: str(container.memory_bytes),
    "memory.events": _memory_events,
    "memory.high": lambda _: "max",
    "memory.low": lambda _: "0",
    "memory.max": _memory_max,
    "memory.min": lambda _: "0",
    "memory.oom.group": lambda _: "1",
    "memory.stat": _memory_stat,
    "memory.swap.current": lambda _: "0",
    "memory.swap.max": lambda _: "0",
    "pids.current": lambda container: str(len(container.system.own)),
    "pids.max": lambda container: str(container.system.limits.processes_max),
}
