"""What others see of a process: the handle its parent holds, its line in the process table."""

from typing import TYPE_CHECKING

from orrery.node.processes.program import ProcessInfo

if TYPE_CHECKING:
    from orrery.node.processes.process import SimulatedProcess


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
        argv=process.argv,
        state=state,
        started_s=process.started_s,
        cpu_s=process.cpu_s,
        memory=process.memory,
        group=process.group,
        uid=process.uid,
        terminal=process.tty.name if process.tty is not None else "?",
    )
