"""What others see of a process: the handle its parent holds, its line in the process table."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final, NamedTuple

from orrery.node.processes.program import ProcessInfo

if TYPE_CHECKING:
    from orrery.node.processes.process import SimulatedProcess
    from orrery.node.processes.system import PidSpace

_FIRST_WORKER: Final = 29
"""The scripts of entry points have taken as many numbers by then."""


class SpawnedChild:
    """Implements `Child`."""

    __slots__ = ("_process", "pid")

    def __init__(self, process: "SimulatedProcess") -> None:
        self._process = process
        self.pid = process.pid

    @property
    def signal(self) -> int | None:
        return self._process.signal

    async def wait(self) -> int:
        self._mark()
        code = await self._process.ended()
        self._reap()
        return code

    async def wait_change(self) -> int | None:
        self._mark()
        code = await self._process.ended_or_stopped()
        if code is not None:
            self._reap()
        return code

    def poll(self) -> int | None:
        if self._process.exit_code is not None:
            self._reap()
        return self._process.exit_code

    def _mark(self) -> None:
        if (parent := self._process.parent_process) is not None:
            parent.has_waited = True

    def _reap(self) -> None:
        if (parent := self._process.parent_process) is not None:
            parent.reap(self._process)


def info_of(process: "SimulatedProcess", seen_by: "SimulatedProcess | None" = None) -> ProcessInfo:
    """Its line of the process table; users have the names that whoever looks knows."""
    state = "Z" if process.exit_code is not None else "T" if process.is_stopped else "R" if process.is_stepping else "S"
    return ProcessInfo(
        pid=process.pid,
        parent=process.parent,
        user=(seen_by or process).system.user_name(process.uid),
        argv=(process.title,) if process.title else process.argv,
        name=process.argv[0].rpartition("/")[2] if process.title else "",
        state=state,
        started_s=process.started_s,
        cpu_s=process.cpu_s,
        memory=process.memory,
        group=process.group,
        uid=process.uid,
        terminal=process.tty.name if process.tty is not None else "?",
    )


class Worker(NamedTuple):
    """A process that a server shows beside its own."""

    title: str
    pid: int
    uid: int


def new_workers(pids: "PidSpace", title: str, *, count: int, uid: int) -> tuple[Worker, ...]:
    """So many, with process numbers that nobody else gets."""
    first = max(pids.next_pid, _FIRST_WORKER)
    pids.next_pid = first + count
    return tuple(Worker(title, first + number, uid) for number in range(count))


def process_table(seen_by: "SimulatedProcess") -> Sequence[ProcessInfo]:
    """All that whoever looks sees, workers too, by number."""
    processes = seen_by.system.processes.values()
    found = [info_of(one, seen_by) for one in processes]
    found += [_worker_info(one, worker, seen_by) for one in processes if one.exit_code is None for worker in one.workers]
    return sorted(found, key=lambda one: one.pid)


def _worker_info(process: "SimulatedProcess", worker: Worker, seen_by: "SimulatedProcess") -> ProcessInfo:
    user = seen_by.system.user_name(worker.uid)
    return replace(
        info_of(process, seen_by), pid=worker.pid, parent=process.pid, user=user, uid=worker.uid, argv=(worker.title,), state="S", cpu_s=0.0
    )
