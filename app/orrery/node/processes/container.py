"""One running container: its first process, stopping, hooks and probes, what it said in the end. Implements `ContainerHandle`."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from math import inf
from typing import Final

from orrery.machinery.clock import Clock, Timer
from orrery.machinery.objects import Object
from orrery.node.files.accounts import Root
from orrery.node.files.filesystem import FileSystem
from orrery.node.files.inodes import File
from orrery.node.files.walk import walk
from orrery.node.logs import LogStream, RunLog
from orrery.node.processes import handlers
from orrery.node.processes.process import SimulatedProcess
from orrery.node.processes.program import Stream
from orrery.node.processes.signals import SIGKILL
from orrery.node.processes.system import System, User
from orrery.node.processes.terminal import Terminal
from orrery.node.runtime import Answer, ContainerConfig, Exit, Identity

_MESSAGE_MAX: Final = 4096
_FALLBACK_LINES: Final = 80
_FALLBACK_BYTES: Final = 2048


@dataclass(slots=True, eq=False)
class Streams:
    """Standard streams of PID 1, as attach finds them."""

    log: RunLog
    stdin: Stream | None = None
    """Where attach writes, when the container has stdin."""
    stdout: LogStream | None = None
    stderr: LogStream | None = None
    terminal: Terminal | None = None
    watchers: tuple[Stream, ...] = ()
    """Who is attached to the terminal's screen."""


_BEGIN_S: Final = 0.01
"""How often a container that is to stop looks whether its program has begun."""


class SimulatedContainer:
    """Ends when PID 1 does."""

    __slots__ = (
        "_clock",
        "_kill_due_s",
        "_killer",
        "_screen",
        "_usual_memory",
        "config",
        "cpu_request",
        "environment",
        "exited",
        "memory_limit",
        "root",
        "streams",
        "system",
        "user",
    )

    def __init__(
        self,
        config: ContainerConfig,
        system: System,
        *,
        root: FileSystem,
        streams: Streams,
        user: User,
        environment: Mapping[str, str],
        usual_memory: int,
    ) -> None:
        """`usual_memory` is what containers without a limit of their own get."""
        self.config = config
        self.system = system
        self.root = root
        self.streams = streams
        self.user = user
        self.environment = environment
        self.exited: asyncio.Future[Exit] = asyncio.get_running_loop().create_future()
        self._clock: Clock = system.clock
        self._usual_memory = usual_memory
        self._killer: Timer | None = None
        self._kill_due_s = 0.0
        self._screen: asyncio.Task[None] | None = None
        system.over.add_done_callback(self._end)
        self.memory_limit = config.memory_bytes
        self.limit_cpu(config.cpu_cores, config.cpu_request)

    # ContainerHandle.

    @property
    def identity(self) -> Identity:
        return Identity(self.user.uid, self.user.gid, tuple(self.user.groups))

    @property
    def memory_bytes(self) -> int:
        return self.system.memory

    def limit_memory(self, limit: int | None) -> None:
        self.memory_limit = limit
        self.system.limits = replace(self.system.limits, memory_bytes=limit or self._usual_memory)

    def limit_cpu(self, cores: float | None, requested: float = 0.0) -> None:
        self.cpu_request = requested
        self.system.account.meter.limit = cores or inf

    def stop(self, grace_s: float) -> None:
        due_s = self._clock.now_s() + grace_s
        if self.exited.done() or (self._killer is not None and self._kill_due_s <= due_s):
            return
        if self._killer is not None:
            self._killer.cancel()
        else:
            self._terminate()
        self._kill_due_s = due_s
        self._killer = self._clock.call_later(grace_s, self.kill)

    def _terminate(self) -> None:
        """The image's stop signal, once process 1 has taken its first step: before that it has no handlers, and would be deaf for good."""
        if self.exited.done():
            return
        if self.system.has_begun:
            self.system.signal(self.system.first_pid, self.config.image.stop_signal)
        else:
            self._clock.call_later(_BEGIN_S, self._terminate)

    async def run_hook(self, handler: Object) -> Answer:
        return await handlers.run_hook(self, handler)

    async def probe(self, probe: Object) -> Answer:
        return await handlers.run_probe(self, probe)

    # More.

    def show_terminal(self, terminal: Terminal) -> None:
        """Let the log and whoever is attached see the terminal's screen."""
        self._screen = asyncio.get_running_loop().create_task(self._watch(terminal))

    async def _watch(self, terminal: Terminal) -> None:
        streams = self.streams
        while data := await terminal.shown():
            streams.log.add("stdout", data)
            for watcher in streams.watchers:
                with suppress(OSError):
                    await watcher.write(data)
            await streams.log.slow_down(len(data))
        streams.log.close()

    def kill(self) -> None:
        self.system.signal(self.system.first_pid, SIGKILL)

    def execute(self, argv: Sequence[str], descriptors: Mapping[int, Stream], *, terminal: Terminal | None = None) -> SimulatedProcess:
        """Start another process inside, as exec does: same user, directory and variables. OSError as execve gives it."""
        environment = {**self.environment, **({"TERM": "xterm"} if terminal is not None else {})}
        return self.system.start(
            argv,
            environment=environment,
            descriptors=descriptors,
            directory=self.config.workdir or "/",
            user=self.user,
            terminal=terminal,
        )

    def _end(self, over: "asyncio.Future[int]") -> None:
        if self._killer is not None:
            self._killer.cancel()
        if self.streams.terminal is None:
            self.streams.log.close()
        else:
            self.streams.terminal.finish()
        if over.cancelled() or self.exited.done():
            return
        code = over.result()
        reason = "OOMKilled" if self.system.is_out_of_memory else "Completed" if code == 0 else "Error"
        self.exited.set_result(Exit(code, reason, self._message(code)))
        self.root.space.release()

    def _message(self, code: int) -> str:
        """What the container left for whoever asks why it ended."""
        text = ""
        with suppress(OSError):
            node = walk(self.system.mounts, self.config.termination_path, Root()).node
            if isinstance(node, File):
                text = node.content.read(max(node.content.size - _MESSAGE_MAX, 0), _MESSAGE_MAX).decode(errors="replace")
        if not text and code and self.config.falls_back_to_logs:
            text = self.streams.log.last_text(lines=_FALLBACK_LINES, bytes_max=_FALLBACK_BYTES)
        return text
