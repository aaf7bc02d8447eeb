"""A client inside a container: an exec with streams of its own, or an attachment to the streams of PID 1. Both are `Session`s.

Nothing that a client does or fails to do ends a container's own processes: who attaches only listens, and a listener that has left
is silence, not a broken pipe.
"""

import asyncio
from collections.abc import Mapping
from contextlib import suppress

from orrery.machinery.byte_queue import ByteQueue
from orrery.machinery.clock import Clock
from orrery.node.files.opened import null
from orrery.node.logs import LogQuery
from orrery.node.processes.container import SimulatedContainer, Streams
from orrery.node.processes.handlers import why_not_started
from orrery.node.processes.pipes import PipeEnd, new_pipe
from orrery.node.processes.process import SimulatedProcess
from orrery.node.processes.program import CHUNK_BYTES, Stream
from orrery.node.processes.terminal import Terminal
from orrery.verbs.containers import ExecOptions, ExitStatus


class PipedExec:
    """A command whose streams are pipes."""

    def __init__(self, container: SimulatedContainer, options: ExecOptions, clock: Clock) -> None:
        """OSError when the command cannot be run."""
        self._ours: dict[int, PipeEnd] = {}
        theirs: dict[int, Stream] = {}
        for number, wanted in enumerate((options.stdin, options.stdout, options.stderr)):
            if not wanted:
                theirs[number] = null(clock)
                continue
            reading, writing = new_pipe()
            self._ours[number], theirs[number] = (writing, reading) if number == 0 else (reading, writing)
        try:
            self._process = container.execute(options.command, theirs)
        except OSError:
            self.close()
            raise

    async def write_stdin(self, data: bytes) -> None:
        if (stdin := self._ours.get(0)) is not None:
            await stdin.write(data)

    async def close_stdin(self) -> None:
        self._drop(0)

    async def read_stdout(self) -> bytes:
        return await self._read(1)

    async def read_stderr(self) -> bytes:
        return await self._read(2)

    async def _read(self, number: int) -> bytes:
        stream = self._ours.get(number)
        return b"" if stream is None else await stream.read()

    def resize(self, width: int, height: int) -> None:
        """There is no terminal."""

    async def wait(self) -> ExitStatus:
        return ExitStatus(await self._process.ended())

    def close(self) -> None:
        for number in list(self._ours):
            self._drop(number)

    def _drop(self, number: int) -> None:
        if (stream := self._ours.pop(number, None)) is not None:
            stream.close()


class TerminalExec:
    """A command on a terminal of its own."""

    def __init__(self, container: SimulatedContainer, options: ExecOptions) -> None:
        """OSError when the command cannot be run."""
        self._terminal = Terminal(container.system.signal_group)
        self._has_stdin = options.stdin
        descriptors: Mapping[int, Stream] = {number: self._terminal.open() for number in range(3)}
        self._process: SimulatedProcess = container.execute(options.command, descriptors, terminal=self._terminal)
        self._ending = asyncio.create_task(self._end())

    async def _end(self) -> None:
        await self._process.ended()
        self._terminal.finish()

    async def write_stdin(self, data: bytes) -> None:
        if self._has_stdin:
            await self._terminal.type(data)

    async def close_stdin(self) -> None:
        """A terminal stays open: its user may still look at it."""

    async def read_stdout(self) -> bytes:
        return await self._terminal.shown()

    async def read_stderr(self) -> bytes:
        return b""

    def resize(self, width: int, height: int) -> None:
        self._terminal.resize(width, height)

    async def wait(self) -> ExitStatus:
        return ExitStatus(await self._process.ended())

    def close(self) -> None:
        if self._process.exit_code is None:
            self._terminal.hang_up()


class UnrunExec:
    """A command that could not be run: nothing comes but the reason."""

    def __init__(self, why: str) -> None:
        self._end = ExitStatus(126, why)

    async def write_stdin(self, data: bytes) -> None:
        raise BrokenPipeError

    async def close_stdin(self) -> None:
        """It was never open."""

    async def read_stdout(self) -> bytes:
        return b""

    async def read_stderr(self) -> bytes:
        return b""

    def resize(self, width: int, height: int) -> None:
        """There is no terminal."""

    async def wait(self) -> ExitStatus:
        return self._end

    def close(self) -> None:
        """There is nothing to close."""


def new_exec(container: SimulatedContainer, options: ExecOptions, clock: Clock) -> PipedExec | TerminalExec | UnrunExec:
    """Start a command as the container's runtime does, refusals in its words."""
    try:
        return TerminalExec(container, options) if options.tty else PipedExec(container, options, clock)
    except OSError as error:
        id_ = f"{clock.random.getrandbits(256):064x}"
        return UnrunExec(
            f'failed to exec in container: failed to start exec "{id_}": OCI runtime exec failed: exec failed: '
            f"unable to start container process: {why_not_started(container.system.mounts, options.command, error)}: unknown"
        )


class Listener:
    """Hears what a container writes. Implements `Stream`, as far as a writer needs it."""

    is_terminal = False

    def __init__(self) -> None:
        self.heard = ByteQueue()

    async def read(self, count: int = CHUNK_BYTES) -> bytes:
        return b""

    async def write(self, data: bytes) -> None:
        await self.heard.put(data)

    def close(self) -> None:
        self.heard.finish()

    def share(self) -> "Listener":
        return self


class Attachment:
    """A client at the streams of PID 1."""

    def __init__(self, container: SimulatedContainer, options: ExecOptions, *, is_stdin_once: bool) -> None:
        self._container = container
        self._options = options
        self._is_stdin_once = is_stdin_once
        self._stdout, self._stderr = Listener(), Listener()
        self._join(container.streams)
        self._ending = asyncio.create_task(self._end())

    def _join(self, streams: Streams) -> None:
        if streams.terminal is not None:
            streams.watchers = (*streams.watchers, self._stdout)
            return
        if streams.stdout is not None and self._options.stdout:
            streams.stdout.listeners = (*streams.stdout.listeners, self._stdout)
        if streams.stderr is not None and self._options.stderr:
            streams.stderr.listeners = (*streams.stderr.listeners, self._stderr)

    async def _end(self) -> None:
        """When the container ends and all it wrote has been heard, so does the attachment."""
        await asyncio.wait((self._container.exited,))
        async for _ in self._container.streams.log.read(LogQuery(follow=True, tail=0)):
            pass
        self._stdout.close()
        self._stderr.close()

    async def write_stdin(self, data: bytes) -> None:
        streams = self._container.streams
        if streams.terminal is not None:
            await streams.terminal.type(data)
        elif streams.stdin is not None:
            await streams.stdin.write(data)

    async def close_stdin(self) -> None:
        streams = self._container.streams
        if self._is_stdin_once and streams.terminal is None and streams.stdin is not None:
            stdin, streams.stdin = streams.stdin, None
            stdin.close()

    async def read_stdout(self) -> bytes:
        return await self._stdout.heard.get()

    async def read_stderr(self) -> bytes:
        return b"" if self._container.streams.terminal is not None else await self._stderr.heard.get()

    def resize(self, width: int, height: int) -> None:
        if (terminal := self._container.streams.terminal) is not None:
            terminal.resize(width, height)

    async def wait(self) -> ExitStatus:
        await asyncio.wait((self._container.exited,))
        return ExitStatus(0)

    def close(self) -> None:
        """Stop listening, before anything else: the container must not wait for a client that has left."""
        streams = self._container.streams
        streams.watchers = tuple(one for one in streams.watchers if one is not self._stdout)
        for stream, listener in ((streams.stdout, self._stdout), (streams.stderr, self._stderr)):
            if stream is not None:
                stream.listeners = tuple(one for one in stream.listeners if one is not listener)
            listener.heard.drop()
        self._ending.cancel()
        if self._options.stdin and self._is_stdin_once and streams.terminal is None and streams.stdin is not None:
            stdin, streams.stdin = streams.stdin, None
            with suppress(OSError):
                stdin.close()
