"""The port through which clients reach into containers: logs, exec, attach, port-forward. The node implements it, api speaks it to clients.

`cluster.py` plugs one into the other. The API server's own checks (is there such a Pod, which container, has it a node) are made
before the port is asked; what the kubelet or the container runtime refuses is a `NodeRefusal` with their words.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Protocol

from orrery.machinery.errors import ApiError, InternalError


class NodeRefusal(Exception):
    """The kubelet says no, in plain text with an HTTP code; the API server passes it on in the way of each subresource."""

    def __init__(self, text: str, code: int = 500) -> None:
        super().__init__(text)
        self.text = text
        self.code = code


class NodeUnreachable(ApiError):
    """Nobody answers where the kubelet should be: `why` is the dialler's complaint, `url` what it was asked for."""

    code, reason = 500, ""

    def __init__(self, url: str, why: str, *, is_stream: bool = True) -> None:
        super().__init__(f"error dialing backend: {why}" if is_stream else f'Get "{url}": {why}')
        self._url, self._why = url, why

    def translated(self) -> ApiError:
        """The same to a client whose stream the API server has opened already."""
        return InternalError(f'error sending request: Post "{self._url}": {self._why}')


@dataclass(frozen=True, slots=True)
class LogOptions:
    """Query parameters of pods/log, decoded and valid. None means: not given."""

    container: str = ""
    follow: bool = False
    previous: bool = False
    since_s: int | None = None
    since_time_s: float | None = None
    timestamps: bool = False
    tail_lines: int | None = None
    limit_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class ExecOptions:
    """Query parameters of pods/exec and pods/attach, decoded. A terminal has no stderr of its own."""

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
    """A running exec, or an attachment to process 1. Reads return at most 64 KiB, empty at the end; writes wait for room.

    A stream that was not asked for is at its end from the start.
    """

    async def write_stdin(self, data: bytes) -> None:
        """BrokenPipeError once nobody reads it any more."""

    async def close_stdin(self) -> None: ...

    async def read_stdout(self) -> bytes: ...

    async def read_stderr(self) -> bytes:
        """Always at its end when there is a terminal."""

    def resize(self, width: int, height: int) -> None: ...

    async def wait(self) -> ExitStatus: ...

    def close(self) -> None:
        """The client is gone: an exec's process gets SIGHUP when it has a terminal, else its streams close. Again does nothing."""


class Tunnel(Protocol):
    """A connection to a port inside a Pod."""

    async def read(self) -> bytes:
        """At most 64 KiB, empty at the end."""

    async def write(self, data: bytes) -> None:
        """Waits for room; OSError when the other side is gone."""

    async def close_writing(self) -> None: ...

    def close(self) -> None: ...


class Containers(Protocol):
    """Every running container of the cluster."""

    async def logs(self, namespace: str, pod: str, options: LogOptions) -> AsyncIterator[bytes]:
        """The log's bytes in pieces. NodeRefusal (400) while the container waits, and without a previous run.

        This and all others: NodeUnreachable when the Pod's node is down.
        """

    async def execute(self, namespace: str, pod: str, options: ExecOptions) -> Session:
        """Start a command. NodeRefusal when the container does not run; a command that cannot be run is a Session that ends so."""

    async def attach(self, namespace: str, pod: str, options: ExecOptions) -> Session: ...

    async def check_forward(self, namespace: str, pod: str) -> None:
        """NodeRefusal when the Pod has no sandbox to forward to."""

    async def forward(self, namespace: str, pod: str, port: int, *, uid: str = "") -> Tunnel:
        """A connection to localhost inside the Pod, the one with that uid if it is given.

        OSError with the runtime's whole text when nothing listens there.
        """

    async def dial(self, address: str, port: int) -> Tunnel:
        """A connection from the control plane to an address of the cluster's network. OSError with an errno when it fails."""
