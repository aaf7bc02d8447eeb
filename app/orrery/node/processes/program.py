"""The contract between a simulated program and the process it runs in. Programs see this and nothing else.

A program is a coroutine function. Its return value is the exit code. It must use `Process` for everything: files, streams, time,
other processes, the network; never Python's own. Errors of files are `OSError` with an errno, as the real calls give them; a signal
that ends the process raises `Killed` at the next wait, and programs let it pass.

Fairness: a program that loops without waiting calls `await process.tick()` in its loop; every few thousand ticks it yields to the
event loop, and a process over its share sleeps a little. Streams move at most 64 KiB at a time and are bounded, so a writer waits.
"""

from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol, TypeAlias

from orrery.machinery.clock import Clock

CHUNK_BYTES: Final = 65_536
"""What a pipe holds, and the most that one read returns."""


class Killed(BaseException):
    """A signal ends the process; not an `Exception`, so that programs do not catch it by accident."""

    def __init__(self, signal: int) -> None:
        super().__init__(signal)
        self.signal = signal


class Exited(BaseException):
    """The program calls exit from deep inside."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class Stream(Protocol):
    """An open file description: a pipe's end, a file, a terminal, a connection, /dev/null. Shared by all descriptors made from it."""

    @property
    def is_terminal(self) -> bool: ...

    async def read(self, count: int = CHUNK_BYTES) -> bytes:
        """Up to `count` bytes, waiting for at least one; empty at the end. OSError(EBADF) when it is not open for reading."""

    async def write(self, data: bytes) -> None:
        """All of `data`, waiting for room. BrokenPipeError when nobody reads any more; OSError(ENOSPC) when a file system is full."""

    def close(self) -> None:
        """One holder less; the last one closes it."""

    def share(self) -> "Stream":
        """The same description for one more holder."""


class OpenFile(Stream, Protocol):
    """A stream over a regular file, with a position."""

    def seek(self, offset: int, whence: int = 0) -> int: ...
    def tell(self) -> int: ...
    def truncate(self, size: int) -> None: ...


@dataclass(frozen=True, slots=True)
class Stat:
    """What `stat` tells. `mode` holds type and permissions as in the real st_mode."""

    inode: int
    mode: int
    links: int
    uid: int
    gid: int
    size: int
    modified_s: float
    device: int = 1
    special: tuple[int, int] = (0, 0)
    """Major and minor of a device."""


class Files(Protocol):
    """The file system as one process sees it: relative paths start at its directory, permissions are those of its user.

    All methods raise the OSError subclass of the real call (FileNotFoundError, NotADirectoryError, PermissionError, FileExistsError,
    IsADirectoryError, OSError with ELOOP, EROFS, ENOSPC, ENOTEMPTY, ENAMETOOLONG, EXDEV …) with the path as its filename.
    """

    def open(self, path: str, flags: int, mode: int = 0o666) -> OpenFile:
        """`flags` are os.O_RDONLY, O_WRONLY, O_RDWR, O_CREAT, O_EXCL, O_TRUNC, O_APPEND, O_DIRECTORY."""

    def read(self, path: str) -> bytes:
        """A whole file, at most Settings' limit for one read."""

    def write(self, path: str, data: bytes, *, append: bool = False, mode: int = 0o666) -> None:
        """Create or replace a whole file."""

    def stat(self, path: str, *, follow: bool = True) -> Stat: ...
    def exists(self, path: str) -> bool: ...
    def is_directory(self, path: str) -> bool: ...

    def access(self, path: str, wanted: int) -> bool:
        """Whether this process may read (4), write (2) or execute (1) it; False when it does not exist."""

    def check_executable(self, path: str) -> None:
        """Raise what starting the file would: it is not there, is a directory, or may not be executed."""

    def list(self, path: str) -> Sequence[str]:
        """Names in a directory, sorted, without . and .. ."""

    def make_directory(self, path: str, mode: int = 0o777) -> None: ...
    def make_fifo(self, path: str, mode: int = 0o666) -> None: ...
    def remove(self, path: str) -> None: ...
    def remove_directory(self, path: str) -> None: ...
    def rename(self, old: str, new: str) -> None: ...
    def link(self, old: str, new: str) -> None: ...
    def symlink(self, target: str, path: str) -> None: ...
    def read_link(self, path: str) -> str: ...
    def change_mode(self, path: str, mode: int) -> None: ...
    def change_owner(self, path: str, uid: int, gid: int, *, follow: bool = True) -> None: ...
    def set_modified(self, path: str, seconds: float) -> None: ...

    def real_path(self, path: str) -> str:
        """Absolute, without symbolic links."""

    def mounts(self) -> Sequence["Mount"]:
        """What is mounted where, for df and mount."""


@dataclass(frozen=True, slots=True)
class Mount:
    source: str
    path: str
    type: str
    is_read_only: bool
    size: int
    used: int


Handler: TypeAlias = Callable[[int], None]
"""Called when a signal arrives, between two waits of the process."""


def ignore(signal: int) -> None:
    """The handler that ignores a signal. Children inherit it, also over exec; other handlers they do not."""


@dataclass(frozen=True, slots=True)
class ProcessInfo:
    """A line of the process table, for ps, top, pidof and kill."""

    pid: int
    parent: int
    user: str
    argv: Sequence[str]
    state: str
    """R, S, T or Z."""
    started_s: float
    cpu_s: float
    memory: int
    group: int = 0
    uid: int = 0
    terminal: str = "?"
    name: str = ""
    """What pidof and pgrep know it by, where its command line says something else."""


class Child(Protocol):
    """A process that was spawned."""

    pid: int

    async def wait(self) -> int:
        """Its exit code, 128 + n when signal n ended it. May be asked again."""

    def poll(self) -> int | None: ...

    @property
    def signal(self) -> int | None:
        """The signal that ended it."""

    async def wait_change(self) -> int | None:
        """Like `wait`, but also returns (None) when it has been stopped, for job control."""


class Connection(Stream, Protocol):
    """A stream to another process of the simulated network."""

    local: tuple[str, int]
    remote: tuple[str, int]

    def close_writing(self) -> None:
        """Nothing more will be sent; what the other side sends still arrives."""


class Listener(Protocol):
    """A listening port."""

    address: tuple[str, int]

    async def accept(self) -> Connection: ...
    def close(self) -> None: ...


class Network(Protocol):
    """The simulated network as one Pod sees it. Errors are the real ones: ConnectionRefusedError, TimeoutError, OSError(EHOSTUNREACH)."""

    addresses: Sequence[str]
    """This Pod's own, without loopback."""
    hostname: str
    parameters: dict[str, str]
    """The kernel's, by names with dots, that differ from the usual ones."""

    async def connect(self, host: str, port: int, *, timeout_s: float | None = None) -> Connection:
        """`host` is an address or a name; names are resolved first (socket.gaierror when that fails)."""

    def listen(self, address: str, port: int) -> Listener:
        """OSError(EADDRINUSE) when the port is taken in this Pod, PermissionError below 1024 without root."""

    async def resolve(self, name: str, *, timeout_s: float | None = None) -> Sequence[str]:
        """Addresses of a name by /etc/hosts, then cluster DNS with the Pod's search domains; empty when there is none."""

    async def query(self, name: str, kind: str = "A") -> Sequence[str]:
        """A raw DNS query for nslookup and dig: answers in text; LookupError with NXDOMAIN or SERVFAIL."""

    async def reachable(self, address: str) -> float | None:
        """Round trip of a ping in seconds, None when nothing answers."""


class TerminalControl(Protocol):
    """What ioctl does with a terminal."""

    foreground: int
    """The process group that ^C and ^Z reach; the shell sets it for a job and takes it back."""

    @property
    def size(self) -> tuple[int, int]:
        """Columns and rows."""

    @property
    def is_raw(self) -> bool: ...

    def set_mode(self, *, canonical: bool | None = None, echo: bool | None = None, signals: bool | None = None) -> None:
        """None leaves as it is. Raw is all three off."""


class Process(Protocol):
    """One process, as its program sees it."""

    pid: int
    argv: Sequence[str]
    environment: dict[str, str]
    directory: str
    """The working directory, absolute; `change_directory` checks it."""
    uid: int
    gid: int
    groups: Sequence[int]
    umask: int
    files: Files
    network: Network
    clock: Clock
    descriptors: dict[int, Stream]
    group: int
    """Its process group."""
    toolbox: str
    """Whose utilities the image has: `gnu` or `busybox`."""

    @property
    def parent(self) -> int: ...

    @property
    def stdin(self) -> Stream: ...
    @property
    def stdout(self) -> Stream: ...
    @property
    def stderr(self) -> Stream: ...

    async def print(self, text: str) -> None:
        """Write text to standard output as UTF-8."""

    async def complain(self, text: str) -> None:
        """Write a line to standard error."""

    def change_directory(self, path: str) -> None: ...

    async def spawn(
        self,
        argv: Sequence[str],
        *,
        environment: Mapping[str, str] | None = None,
        descriptors: Mapping[int, Stream | None] | None = None,
        directory: str | None = None,
        group: int | None = None,
    ) -> Child:
        """Start a program found in $PATH (or by path): a built-in program of the image, or a script with `#!`.

        FileNotFoundError and PermissionError as execve gives them. Descriptors not named are inherited; None closes one.
        """

    async def spawn_call(
        self,
        call: Callable[["Process"], Awaitable[int]],
        *,
        descriptors: Mapping[int, Stream | None] | None = None,
        group: int | None = None,
    ) -> Child:
        """A forked copy of this process that runs `call`: subshells, pipelines, background jobs."""

    async def replace(self, argv: Sequence[str], *, environment: Mapping[str, str] | None = None) -> int:
        """exec: run another program as this process; returns its exit code."""

    def find_program(self, name: str) -> str | None:
        """The path `name` would be started by, for `which`, `command -v` and `type`."""

    def kill(self, pid: int, signal: int) -> None:
        """ProcessLookupError when there is no such process; pid 0 is the group, -1 all, negative a group."""

    def handle(self, signal: int, handler: Handler | None) -> None:
        """Call `handler` instead of the default action; None restores it, `ignore` ignores the signal."""

    def handlers(self) -> Mapping[int, Handler]:
        """What was set and not restored; at the start, the signals that are ignored."""

    def end(self, signal: int) -> None:
        """End as if by the signal, at the next wait; what a handler does that has nothing to tidy up."""

    def processes(self) -> Sequence[ProcessInfo]: ...

    def show_as(self, title: str, *, worker: str = "", count: int = 0, uid: int = 0) -> int:
        """Show another command line, and workers that a real server would have beside it; the number of the first of them."""

    async def sleep(self, seconds: float) -> None:
        """Wait; a handled signal cuts it short with InterruptedError."""

    async def tick(self, count: int = 1) -> None:
        """Work done without waiting."""

    def allocate(self, count: int) -> None:
        """Account for memory the program holds (negative: gives back); over the container's limit the process is killed (OOMKilled)."""

    def terminal(self) -> "TerminalControl | None":
        """The controlling terminal."""

    def pipe(self) -> tuple[Stream, Stream]:
        """The reading and the writing end."""

    async def first_of(self, *waits: Awaitable[object]) -> int:
        """The index of the wait that ends first; the others are cancelled."""

    def begin(self, work: Coroutine[Any, Any, object]) -> None:
        """Run `work` beside the program, as a thread of this process: it ends with the process, and its errors end it alone."""


Program: TypeAlias = Callable[[Process], Awaitable[int]]
