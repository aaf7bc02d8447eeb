"""One container as its processes see it: process table, memory, CPU, host name, mounts. `process.py` makes processes run.

Containers may share a table of processes, as they share a PID namespace: with their Pod's others, or with the one they debug.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from orrery.machinery.clock import Clock
from orrery.node.files.accounts import user_names
from orrery.node.files.filesystem import MountTable
from orrery.node.privileges import USUAL, Privileges
from orrery.node.processes.memory_pool import MemoryPool
from orrery.node.processes.program import Network, Program, Stream
from orrery.node.processes.signals import SIGKILL
from orrery.node.processes.turns import Group, Turns

if TYPE_CHECKING:
    from orrery.node.processes.process import SimulatedProcess
    from orrery.node.processes.terminal import Terminal

PROCESS_BYTES: Final = 256 * 1024
"""What a process seems to take before it allocates anything."""

log = logging.getLogger(__name__)

Find = Callable[[str], Program | None]
"""A program by its name."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a container may use."""

    memory_bytes: int = 256 * 1024 * 1024
    processes_max: int = 1024
    read_bytes_max: int = 64 * 1024 * 1024
    """The largest file that is read in one piece."""


@dataclass(frozen=True, slots=True)
class User:
    """Whose process it is."""

    uid: int = 0
    gid: int = 0
    groups: tuple[int, ...] = ()


@dataclass(slots=True, eq=False)
class PidSpace:
    """A PID namespace. With its process 1 all others end."""

    table: "dict[int, SimulatedProcess]" = field(default_factory=dict)
    next_pid: int = 1

    def take(self, process: "SimulatedProcess") -> int:
        pid = self.next_pid
        self.next_pid += 1
        self.table[pid] = process
        return pid


class System:
    """The processes of one container. When the first of them ends, the others are killed and `over` is done.

    It is PID 1, unless the container shares the PID namespace of others.
    """

    __slots__ = (
        "_names",
        "account",
        "clock",
        "find",
        "first_pid",
        "hostname",
        "is_out_of_memory",
        "limits",
        "memory",
        "mounts",
        "network",
        "over",
        "own",
        "pids",
        "pool",
        "privileges",
        "started_s",
        "toolbox",
        "turns",
    )

    def __init__(
        self,
        *,
        clock: Clock,
        turns: Turns,
        mounts: MountTable,
        network: Network,
        find: Find,
        hostname: str = "localhost",
        toolbox: str = "gnu",
        limits: Limits | None = None,
        pids: PidSpace | None = None,
        pool: MemoryPool | None = None,
        privileges: Privileges = USUAL,
    ) -> None:
        self.pool = pool
        self.privileges = privileges
        self.clock = clock
        self.turns = turns
        self.mounts = mounts
        self.network = network
        self.find = find
        self.hostname = hostname
        self.toolbox = toolbox
        self.limits = limits or Limits()
        self.account = Group()
        self.pids = pids or PidSpace()
        self.own: dict[int, SimulatedProcess] = self.pids.table if pids is None else {}
        """The container's own processes."""
        self.first_pid = 0
        self.memory = 0
        self.is_out_of_memory = False
        self.started_s = clock.now_s()
        self.over: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        """The first process's exit code."""
        self._names: dict[int, str] | None = None

    def start(
        self,
        argv: Sequence[str],
        *,
        environment: Mapping[str, str],
        descriptors: Mapping[int, Stream],
        directory: str = "/",
        user: User | None = None,
        terminal: "Terminal | None" = None,
        program: Program | None = None,
    ) -> "SimulatedProcess":
        """Start a process from outside: the first one, or what exec starts. Takes the descriptors over.

        FileNotFoundError and PermissionError as execve gives them; `program` is run without looking for argv[0].
        """
        from orrery.node.processes.process import SimulatedProcess

        process = SimulatedProcess(self, parent=None, argv=argv, environment=dict(environment), user=user or User())
        process.directory = directory
        process.descriptors = dict(descriptors)
        process.tty = terminal
        if terminal is not None:
            terminal.foreground = process.group
        try:
            process.launch(program or process.load(argv))
        except OSError:
            self.forget(process)
            if process.pid == self.first_pid:  # It never was.
                self.first_pid, self.pids.next_pid = 0, process.pid
            raise
        return process

    def enter(self, process: "SimulatedProcess") -> int:
        """A place in the process table; BlockingIOError (EAGAIN) when it is full."""
        if len(self.own) >= self.limits.processes_max:
            raise BlockingIOError(11, "Resource temporarily unavailable")
        pid = self.pids.take(process)
        self.own[pid] = process
        self.first_pid = self.first_pid or pid
        return pid

    def forget(self, process: "SimulatedProcess") -> None:
        """Free its place."""
        self.own.pop(process.pid, None)
        self.pids.table.pop(process.pid, None)

    @property
    def processes(self) -> "Mapping[int, SimulatedProcess]":
        """All processes that can be seen from inside."""
        return self.pids.table

    def account_memory(self, count: int) -> None:
        """Take or give back memory; beyond the limit everything in the container is killed, as with memory.oom.group."""
        self.memory += count
        if count > 0 and self.memory > self.limits.memory_bytes and not self.is_out_of_memory:
            self.run_out_of_memory()

    def run_out_of_memory(self) -> None:
        """Everything in the container is killed for want of memory."""
        self.is_out_of_memory = True
        self.kill_all()

    def kill_all(self, *, besides: "SimulatedProcess | None" = None) -> None:
        """SIGKILL from outside, which nobody survives; the end of a PID namespace when its process 1 is among them."""
        current: SimulatedProcess | None = None
        for process in list((self.pids.table if self.first_pid == 1 else self.own).values()):
            if process is besides:
                continue
            if process.is_stepping:
                current = process
            else:
                process.end(SIGKILL)
        if current is not None:
            current.end(SIGKILL)

    @property
    def has_begun(self) -> bool:
        """Whether the first process has taken its first step: a crowd that starts together waits in line for it."""
        first = self.own.get(self.first_pid)
        return first is None or first.cpu_s > 0

    def signal(self, pid: int, signal: int) -> None:
        """A signal from outside, as the runtime sends it."""
        process = self.own.get(pid)
        if process is None or process.exit_code is not None:
            return
        if signal == SIGKILL and pid == self.first_pid:
            self.kill_all()
        elif signal == SIGKILL:
            process.end(SIGKILL)
        else:
            process.receive(signal)

    def signal_group(self, group: int, signal: int) -> None:
        for process in self.members(group):
            process.receive(signal)

    def members(self, group: int) -> Iterable["SimulatedProcess"]:
        return [one for one in self.processes.values() if one.group == group and one.exit_code is None]

    def user_name(self, uid: int) -> str:
        """By /etc/passwd, else the number."""
        if self._names is None:
            self._names = user_names(self.mounts)
        return self._names.get(uid, str(uid))

    @property
    def init(self) -> "SimulatedProcess | None":
        """Who inherits orphans."""
        return self.pids.table.get(1)
