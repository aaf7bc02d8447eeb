"""Containers without a node: a few commands that are coroutines, logs from a list, and ports that are functions."""

import asyncio
import errno
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

from orrery.machinery.byte_queue import ByteQueue
from orrery.verbs.containers import ExecOptions, ExitStatus, LogOptions, NodeRefusal


@dataclass(eq=False)
class FakeSession:
    """One run of a command; `options.command` says which."""

    options: ExecOptions
    stdin: ByteQueue = field(default_factory=ByteQueue)
    stdout: ByteQueue = field(default_factory=ByteQueue)
    stderr: ByteQueue = field(default_factory=ByteQueue)
    sizes: list[tuple[int, int]] = field(default_factory=list)
    resized: asyncio.Event = field(default_factory=asyncio.Event)
    received: int = 0
    written: int = 0
    is_closed: bool = False

    def start(self) -> None:
        self._running = asyncio.create_task(self._run())

    async def _run(self) -> ExitStatus:
        name, *arguments = self.options.command or ("line",)
        end = ExitStatus(0)
        if name == "echo":
            await self.stdout.put(" ".join(arguments).encode() + b"\n")
        elif name == "complain":
            await self.stderr.put(" ".join(arguments).encode() + b"\n")
        elif name == "exit":
            end = ExitStatus(int(arguments[0]))
        elif name == "line":
            line = b""
            while not line.endswith(b"\n"):
                line += await self.stdin.get()
            await self.stdout.put(line)
            end = ExitStatus(5)
        elif name == "cat":
            while data := await self.stdin.get():
                await self.stdout.put(data)
        elif name == "count":
            while data := await self.stdin.get():
                self.received += len(data)
            await self.stdout.put(b"%d\n" % self.received)
        elif name == "zeros":
            for _ in range(int(arguments[0])):
                await self.stdout.put(bytes(65_536))
        elif name == "size":
            await self.resized.wait()
            await self.stdout.put(b"%d %d\r\n" % self.sizes[-1])
        elif name == "hang":
            await asyncio.Event().wait()
        else:
            end = ExitStatus(127, f'failed to exec in container: exec: "{name}": executable file not found in $PATH: unknown')
        self.stdout.finish()
        self.stderr.finish()
        return end

    async def write_stdin(self, data: bytes) -> None:
        if self._running.done():
            raise BrokenPipeError
        self.written += len(data)
        await self.stdin.put(data)

    async def close_stdin(self) -> None:
        self.stdin.finish()

    async def read_stdout(self) -> bytes:
        return await self.stdout.get()

    async def read_stderr(self) -> bytes:
        return await self.stderr.get()

    def resize(self, width: int, height: int) -> None:
        self.sizes.append((width, height))
        self.resized.set()

    async def wait(self) -> ExitStatus:
        return await self._running

    def close(self) -> None:
        self.is_closed = True
        self._running.cancel()


@dataclass(eq=False)
class FakeTunnel:
    """One end of a connection: what is written to it goes to `theirs`, what it reads comes from `ours`."""

    ours: ByteQueue
    theirs: ByteQueue

    async def read(self) -> bytes:
        return await self.ours.get()

    async def write(self, data: bytes) -> None:
        await self.theirs.put(data)

    async def close_writing(self) -> None:
        self.theirs.finish()

    def close(self) -> None:
        self.theirs.finish()
        self.ours.drop()


def pair() -> tuple[FakeTunnel, FakeTunnel]:
    one, other = ByteQueue(), ByteQueue()
    return FakeTunnel(one, other), FakeTunnel(other, one)


Server = Callable[[FakeTunnel], Awaitable[None]]


async def echo(tunnel: FakeTunnel) -> None:
    while data := await tunnel.read():
        await tunnel.write(data)
    await tunnel.close_writing()


@dataclass(eq=False)
class FakeContainers:
    """Remembers what was asked."""

    lines: list[bytes] = field(default_factory=lambda: [b"one\n", b"two\n"])
    refusal: NodeRefusal | None = None
    servers: dict[int, Server] = field(default_factory=lambda: {80: echo})
    log_options: list[LogOptions] = field(default_factory=list)
    sessions: list[FakeSession] = field(default_factory=list)
    following: int = 0
    _begun: asyncio.Event = field(default_factory=asyncio.Event)
    _tasks: list["asyncio.Task[None]"] = field(default_factory=list)

    async def logs(self, namespace: str, pod: str, options: LogOptions) -> AsyncIterator[bytes]:
        self._refuse()
        self.log_options.append(options)
        return self._lines(follow=options.follow)

    async def _lines(self, *, follow: bool) -> AsyncIterator[bytes]:
        for line in self.lines:
            yield line
        if follow:
            self.following += 1
            try:
                await asyncio.Event().wait()
            finally:
                self.following -= 1

    async def execute(self, namespace: str, pod: str, options: ExecOptions) -> FakeSession:
        self._refuse()
        session = FakeSession(options)
        session.start()
        self.sessions.append(session)
        self._begun.set()
        return session

    async def first_session(self) -> FakeSession:
        """Wait until a client has one."""
        await self._begun.wait()
        return self.sessions[0]

    async def attach(self, namespace: str, pod: str, options: ExecOptions) -> FakeSession:
        return await self.execute(namespace, pod, options)

    async def check_forward(self, namespace: str, pod: str) -> None:
        self._refuse()

    async def forward(self, namespace: str, pod: str, port: int, *, uid: str = "") -> FakeTunnel:
        if port not in self.servers:
            raise OSError(f"error forwarding port {port} to pod abc, uid : connection refused")
        return self._connect(port)

    async def dial(self, address: str, port: int) -> FakeTunnel:
        if port not in self.servers:
            raise ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused")
        return self._connect(port)

    def _connect(self, port: int) -> FakeTunnel:
        ours, theirs = pair()
        self._tasks.append(asyncio.ensure_future(self.servers[port](theirs)))
        return ours

    def _refuse(self) -> None:
        if self.refusal is not None:
            raise self.refusal
