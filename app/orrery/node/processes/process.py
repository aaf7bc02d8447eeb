"""One simulated process: the other side of the contract in `program.py`. Follows the kernel's rules for children, signals and exits."""

import asyncio
import errno
import logging
import os
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any, Final

from orrery.machinery.clock import Clock
from orrery.node.files.opened import bad_descriptor
from orrery.node.files.view import View
from orrery.node.processes.child import SpawnedChild, Worker, info_of, new_workers, process_table
from orrery.node.processes.execution import find_path, load_program
from orrery.node.processes.pipes import Waiters, new_pipe
from orrery.node.processes.program import (
    Child,
    Exited,
    Files,
    Handler,
    Killed,
    Network,
    OpenFile,
    Process,
    ProcessInfo,
    Program,
    Stream,
    TerminalControl,
    ignore,
)
from orrery.node.processes.signals import HIGHEST, IGNORED, SIGCHLD, SIGCONT, SIGKILL, SIGPIPE, STOPPING, UNSTOPPABLE
from orrery.node.processes.system import PROCESS_BYTES, System, User
from orrery.node.processes.terminal import Terminal
from orrery.node.processes.turns import TICKS_PER_LOOK, YIELD, driven, first_of, running

log = logging.getLogger(__name__)

SEGMENTATION_FAULT: Final = 11
_FORK_TICKS: Final = 64
_FOREVER_S: Final = 1e9
"""A sleep of more than thirty years needs no timer."""


class SimulatedProcess:
    """Implements `Process`. Ends by itself, by `end`, or with PID 1."""

    __slots__ = (
        "_children",
        "_ending",
        "_handlers",
        "_parent",
        "_resumed",
        "_sleeper",
        "_task",
        "_threads",
        "_watchers",
        "account",
        "argv",
        "clock",
        "cpu_s",
        "descriptors",
        "directory",
        "environment",
        "exit_code",
        "files",
        "gid",
        "group",
        "groups",
        "has_waited",
        "is_orphan",
        "is_stepping",
        "is_stopped",
        "memory",
        "network",
        "pid",
        "signal",
        "started_s",
        "system",
        "ticks",
        "title",
        "toolbox",
        "tty",
        "uid",
        "umask",
        "view",
        "workers",
    )

    def __init__(
        self, system: System, *, parent: "SimulatedProcess | None", argv: Sequence[str], environment: dict[str, str], user: User
    ) -> None:
        self.system = system
        self.pid = system.enter(self)
        self._parent = parent
        self.argv: Sequence[str] = tuple(argv)
        self.environment = environment
        self.directory = "/"
        self.uid, self.gid = user.uid, user.gid
        self.groups: Sequence[int] = user.groups
        self.umask = 0o022
        self.clock: Clock = system.clock
        self.network: Network = system.network
        self.toolbox = system.toolbox
        self.view = View(
            system.mounts, self, clock=system.clock, open_terminal=self._open_terminal, read_bytes_max=system.limits.read_bytes_max
        )
        self.files: Files = self.view
        self.descriptors: dict[int, Stream] = {}
        self.group = self.pid
        self.tty: Terminal | None = None
        self.account = system.account
        self.ticks, self.title = 0, ""
        self.workers: tuple[Worker, ...] = ()
        self.cpu_s = 0.0
        self.memory = 0
        self.started_s = system.clock.now_s()
        self.exit_code: int | None = None
        self.signal: int | None = None
        self.is_stepping = False
        self.is_stopped = False
        self.is_orphan = False
        self.has_waited = False
        """Whether it looks after its children: as PID 1 it then reaps those it inherits."""
        self._task: asyncio.Task[None] | None = None
        self._children: dict[int, SimulatedProcess] = {}
        self._handlers: dict[int, Handler] = {}
        self._ending: int | None = None
        self._sleeper: asyncio.Future[None] | None = None
        self._resumed: asyncio.Future[None] | None = None
        self._watchers = Waiters()
        self._threads: set[asyncio.Task[object]] = set()

    @property
    def parent_process(self) -> "SimulatedProcess | None":
        return self._parent

    @property
    def parent(self) -> int:
        return self._parent.pid if self._parent is not None else 0

    # Streams.

    @property
    def stdin(self) -> Stream:
        return self._descriptor(0)

    @property
    def stdout(self) -> Stream:
        return self._descriptor(1)

    @property
    def stderr(self) -> Stream:
        return self._descriptor(2)

    def _descriptor(self, number: int) -> Stream:
        stream = self.descriptors.get(number)
        if stream is None:
            raise bad_descriptor()
        return stream

    async def print(self, text: str) -> None:
        await self.stdout.write(text.encode(errors="surrogateescape"))

    async def complain(self, text: str) -> None:
        if (stream := self.descriptors.get(2)) is not None:
            await stream.write(text.encode(errors="surrogateescape") + b"\n")

    def pipe(self) -> tuple[Stream, Stream]:
        return new_pipe()

    def terminal(self) -> TerminalControl | None:
        return self.tty

    def _open_terminal(self) -> OpenFile | None:
        return self.tty.open() if self.tty is not None else None

    def change_directory(self, path: str) -> None:
        real = self.files.real_path(path)
        if not self.files.is_directory(real):
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), path)
        if not self.files.access(real, 1):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), path)
        self.directory = real

    # Children.

    def find_program(self, name: str) -> str | None:
        with suppress(OSError):
            return find_path(self, name)
        return None

    def load(self, argv: Sequence[str]) -> Program:
        """The program for argv[0]; FileNotFoundError, PermissionError or OSError(ENOEXEC) as execve gives them."""
        program, self.argv = load_program(self, argv)
        return program

    async def spawn(
        self,
        argv: Sequence[str],
        *,
        environment: Mapping[str, str] | None = None,
        descriptors: Mapping[int, Stream | None] | None = None,
        directory: str | None = None,
        group: int | None = None,
    ) -> Child:
        await self.tick(_FORK_TICKS)
        child = self._fork(argv, environment, group=group)
        if directory is not None:
            child.directory = self.files.real_path(directory)
        try:
            program = child.load(argv)
        except OSError:
            self.system.forget(child)
            raise
        self._hand_down(child, descriptors)
        child.launch(program)
        return SpawnedChild(child)

    async def spawn_call(
        self,
        call: Callable[[Process], Awaitable[int]],
        *,
        descriptors: Mapping[int, Stream | None] | None = None,
        group: int | None = None,
    ) -> Child:
        await self.tick(_FORK_TICKS)
        child = self._fork(self.argv, None, group=group)
        self._hand_down(child, descriptors)
        child.launch(call)
        return SpawnedChild(child)

    async def replace(self, argv: Sequence[str], *, environment: Mapping[str, str] | None = None) -> int:
        program = self.load(argv)
        if environment is not None:
            self.environment = dict(environment)
        self._handlers = {signal: ignore for signal, handler in self._handlers.items() if handler is ignore}
        self.allocate(PROCESS_BYTES - self.memory)
        return await program(self)

    def _fork(self, argv: Sequence[str], environment: Mapping[str, str] | None, *, group: int | None) -> "SimulatedProcess":
        user = User(self.uid, self.gid, tuple(self.groups))
        variables = dict(self.environment if environment is None else environment)
        child = SimulatedProcess(self.system, parent=self, argv=argv, environment=variables, user=user)
        child.directory, child.umask, child.tty = self.directory, self.umask, self.tty
        child.group = self.group if group is None else group or child.pid
        child._handlers = {signal: ignore for signal, handler in self._handlers.items() if handler is ignore}
        return child

    def _hand_down(self, child: "SimulatedProcess", named: Mapping[int, Stream | None] | None) -> None:
        inherited: dict[int, Stream | None] = {**self.descriptors, **(named or {})}
        child.descriptors = {number: stream.share() for number, stream in inherited.items() if stream is not None}
        self._children[child.pid] = child

    # Running.

    def launch(self, program: Program) -> None:
        self.memory = PROCESS_BYTES
        self._task = asyncio.get_running_loop().create_task(self._live(program))
        self._task.add_done_callback(self._make_sure)
        self.system.account_memory(PROCESS_BYTES)

    def _make_sure(self, _: "asyncio.Task[None]") -> None:
        """A process that was ended before its first step has not finished by itself."""
        if self.exit_code is None:
            self.signal = self._ending or SIGKILL
            self._finish(128 + self.signal)

    async def _live(self, program: Program) -> None:
        running.set(self)
        code = 128 + SIGKILL
        try:
            code = await driven(self.system.turns, self, self._guarded(program)) & 0xFF
        except Killed as killed:
            self.signal, code = killed.signal, 128 + killed.signal
        except Exited as exited:
            code = exited.code & 0xFF
        except BrokenPipeError:
            self.signal, code = SIGPIPE, 128 + SIGPIPE
        except asyncio.CancelledError:
            self.signal = SIGKILL
        except OSError:
            code = 1
        except Exception:
            log.exception("A simulated program failed: %s", self.argv[0] if self.argv else "")
            self.signal, code = SEGMENTATION_FAULT, 128 + SEGMENTATION_FAULT
        self._finish(code)

    async def _guarded(self, program: Program) -> int:
        """The program; an error of a call it did not expect is said on standard error, as programs do."""
        try:
            return await program(self)
        except BrokenPipeError:
            raise
        except OSError as error:
            name = (self.argv[0] if self.argv else "").rpartition("/")[2]
            where = f"{error.filename}: " if error.filename else ""
            await self.complain(f"{name}: {where}{error.strerror or error}")
            return 1

    def _finish(self, code: int) -> None:
        self.exit_code = code
        for thread in self._threads:
            thread.cancel()
        for stream in self.descriptors.values():
            stream.close()
        self.descriptors = {}
        self.system.account_memory(-self.memory)
        if self.system.pool is not None and self.memory:
            self.system.pool.account(self.system, PROCESS_BYTES - self.memory)
        self.memory = 0
        self._leave_children()
        if self._parent is None:
            self.system.forget(self)
        else:
            self._parent.lose(self)
        self._watchers.wake()
        if self.pid == self.system.first_pid:
            self.system.kill_all(besides=self)
            if not self.system.over.done():
                self.system.over.set_result(code)

    def _leave_children(self) -> None:
        """PID 1 takes the children over."""
        init = self.system.init
        for child in self._children.values():
            if init is None or init is self:
                child._parent = None
                if child.exit_code is not None:
                    child.system.forget(child)
            else:
                child._parent, child.is_orphan = init, True
                init._children[child.pid] = child
                if child.exit_code is not None:
                    init.lose(child)
        self._children = {}

    def lose(self, child: "SimulatedProcess") -> None:
        """A child has ended: it stays a zombie until it is waited for. PID 1 waits for orphans if it ever waits for anything."""
        handler = self._handlers.get(SIGCHLD)
        if handler is ignore or (child.is_orphan and self.has_waited):
            self.reap(child)
        elif handler is not None and self.exit_code is None:
            handler(SIGCHLD)

    def reap(self, child: "SimulatedProcess") -> None:
        self._children.pop(child.pid, None)
        child.system.forget(child)

    # Signals.

    def kill(self, pid: int, signal: int) -> None:
        targets = self._targets(pid)
        if not targets:
            raise ProcessLookupError(errno.ESRCH, os.strerror(errno.ESRCH))
        allowed = [one for one in targets if self.uid in (0, one.uid)]
        if not allowed:
            raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))
        if signal == 0:
            return
        if not 0 < signal <= HIGHEST:
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
        for target in sorted(allowed, key=lambda one: one is self):  # Itself last: it may not live to go on.
            target.receive(signal)

    def _targets(self, pid: int) -> "list[SimulatedProcess]":
        everybody = self.system.processes.values()
        if pid > 0:
            target = self.system.processes.get(pid)
            return [] if target is None else [target]
        if pid == -1:
            return [one for one in everybody if one is not self and one.pid != 1]
        group = self.group if pid == 0 else -pid
        return [one for one in everybody if one.group == group]

    def receive(self, signal: int) -> None:
        """A signal has arrived. PID 1 is spared what it has no handler for."""
        if self.exit_code is not None:
            return
        if signal == SIGCONT:
            self._resume()
        handler = None if signal in UNSTOPPABLE else self._handlers.get(signal)
        if handler is not None:
            if handler is not ignore:
                handler(signal)
                self._interrupt()
        elif self.pid == 1 or signal in IGNORED:
            return
        elif signal in STOPPING:
            self.is_stopped = True
            self._watchers.wake()
        else:
            self.end(signal)

    def end(self, signal: int) -> None:
        """Let the signal end it, at its next wait or, when it runs right now, here."""
        if self.exit_code is not None:
            return
        if self._ending is None:
            self._ending = signal
        self._resume()
        if self.is_stepping:
            raise Killed(self._ending)
        if self._task is not None:
            self._task.cancel()

    def ends_with(self) -> int | None:
        return self._ending

    def handle(self, signal: int, handler: Handler | None) -> None:
        if handler is None:
            self._handlers.pop(signal, None)
        else:
            self._handlers[signal] = handler

    def handlers(self) -> Mapping[int, Handler]:
        return self._handlers

    def _interrupt(self) -> None:
        if self._sleeper is not None and not self._sleeper.done():
            self._sleeper.set_exception(InterruptedError(errno.EINTR, os.strerror(errno.EINTR)))

    def _resume(self) -> None:
        self.is_stopped = False
        if self._resumed is not None and not self._resumed.done():
            self._resumed.set_result(None)

    async def stay_stopped(self) -> None:
        """Stand still until SIGCONT."""
        self._resumed = asyncio.get_running_loop().create_future()
        await self._resumed

    # Waiting.

    async def sleep(self, seconds: float) -> None:
        if self._sleeper is not None:  # A second one at the same time: only the first is cut short.
            await self.clock.sleep(min(seconds, _FOREVER_S), background=True)
            return
        sleeper = self._sleeper = asyncio.get_running_loop().create_future()
        timer = self.clock.call_later(seconds, partial(_wake, sleeper), background=True) if seconds < _FOREVER_S else None
        try:
            await sleeper
        finally:
            self._sleeper = None
            if timer is not None:
                timer.cancel()

    async def tick(self, count: int = 1) -> None:
        before = self.ticks
        self.ticks = before + count
        if before // TICKS_PER_LOOK != self.ticks // TICKS_PER_LOOK and self.system.turns.is_slice_over(self.ticks):
            await YIELD

    async def first_of(self, *waits: Awaitable[object]) -> int:
        return await first_of(self.system.turns, self, waits)

    def begin(self, work: Coroutine[Any, Any, object]) -> None:
        task = asyncio.get_running_loop().create_task(driven(self.system.turns, self, work))
        self._threads.add(task)
        task.add_done_callback(self._end_thread)

    def _end_thread(self, task: "asyncio.Task[object]") -> None:
        self._threads.discard(task)
        if not task.cancelled():
            task.exception()  # A thread's error ends that thread alone.

    async def ended(self) -> int:
        """Wait for its end; the exit code."""
        while self.exit_code is None:
            await self._watchers.wait()
        return self.exit_code

    async def ended_or_stopped(self) -> int | None:
        while self.exit_code is None and not self.is_stopped:
            await self._watchers.wait()
        return self.exit_code

    # What it tells about itself.

    def allocate(self, count: int) -> None:
        self.memory += count
        if self.system.pool is not None:
            self.system.pool.account(self.system, count)
        self.system.account_memory(count)

    def processes(self) -> Sequence[ProcessInfo]:
        return process_table(self)

    def show_as(self, title: str, *, worker: str = "", count: int = 0, uid: int = 0) -> int:
        self.title, self.workers = title, new_workers(self.system.pids, worker, count=count, uid=uid)
        return self.workers[0].pid if self.workers else 0

    def info(self) -> ProcessInfo:
        return info_of(self)


def _wake(sleeper: "asyncio.Future[None]") -> None:
    if not sleeper.done():
        sleeper.set_result(None)
