"""The port through which clients reach into containers: logs, exec, attach, port-forward. The node implements it, api speaks it to clients.

`cluster.py` plugs one into the other. Errors that a client is told about are ApiErrors, with the API server's or the kubelet's words.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class LogOptions:
    """Query parameters of pods/log, decoded. None means: not given."""

    container: str = ""
    follow: bool = False
    previous: bool = False
    since_s: int | None = None
    since_time_s: float | None = None
    timestamps: bool = False
    tail_lines: int | None = None
    limit_bytes: int | None = None
    stream: str = "All"
    """All, Stdout or Stderr."""


@dataclass(frozen=True, slots=True)
class ExecOptions:
    """Query parameters of pods/exec and pods/attach, decoded."""

    container: str = ""
    command: tuple[str, ...] = ()
    """Empty for attach."""
    stdin: bool = False
    stdout: bool = False
    stderr: bool = False
    tty: bool = False


@dataclass(frozen=True, slots=True)
class ExitStatus:
    """How a command ended: `code`, or `message` when it could not be run at all."""

    code: int
    message: str = ""


class Session(Protocol):
    """A running exec, or an attachment to process 1. Reads return at most 64 KiB, empty at the end; writes wait for room."""

    async def write_stdin(self, data: bytes) -> None: ...

    async def close_stdin(self) -> None: ...

    async def read_stdout(self) -> bytes: ...

    async def read_stderr(self) -> bytes:
        """Always at its end when there is a terminal."""

    def resize(self, width: int, height: int) -> None: ...

    async def wait(self) -> ExitStatus: ...

    def close(self) -> None:
        """The client is gone: an exec's process gets SIGHUP when it has a terminal, else its streams close."""


class Tunnel(Protocol):
    """A connection to a port inside a Pod."""

    async def read(self) -> bytes:
        """At most 64 KiB, empty at the end."""

    async def write(self, data: bytes) -> None: ...

    async def close_writing(self) -> None: ...

    def close(self) -> None: ...


class Containers(Protocol):
    """Every running container of the cluster."""

    async def logs(self, namespace: str, pod: str, options: LogOptions) -> AsyncIterator[bytes]:
        """The log's bytes in pieces. BadRequest when the container is waiting or was not chosen, NotFound without a previous run."""

    async def execute(self, namespace: str, pod: str, options: ExecOptions) -> Session: ...

    async def attach(self, namespace: str, pod: str, options: ExecOptions) -> Session: ...

    async def forward(self, namespace: str, pod: str, port: int) -> Tunnel:
        """OSError when nothing listens there."""
