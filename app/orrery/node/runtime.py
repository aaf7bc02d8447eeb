"""The seam between a Pod's life and what runs inside its containers.

The Pod worker starts a container through `ContainerRuntime` and hears of its end through `ContainerHandle.exited`. It never
learns what ran: `processes/runtime.py` runs simulated programs behind it.
"""

import asyncio
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol

from orrery.machinery.objects import Object
from orrery.node.believed import Believed
from orrery.node.images.image import Image
from orrery.node.privileges import USUAL, Privileges

if TYPE_CHECKING:
    from orrery.node.files.filesystem import Mounted

START_ERROR_CODE: Final = 128
KILLED_CODE: Final = 137


class Exit(NamedTuple):
    """How a container ended. The reason is the container runtime's: Completed, Error, OOMKilled, StartError."""

    code: int
    reason: str
    message: str = ""


def exit_of(code: int, message: str = "") -> Exit:
    return Exit(code, "Completed" if code == 0 else "Error", message)


class Identity(NamedTuple):
    """Who a container's first process is."""

    uid: int
    gid: int
    groups: tuple[int, ...]


class CreateFailed(Exception):
    """The container cannot even be created; the message is the runtime's."""


class StartFailed(Exception):
    """The container was created and could not be started; the message is the runtime's."""


@dataclass(frozen=True, slots=True)
class ContainerConfig:
    """What a runtime needs to run one container once."""

    id: str
    pod_namespace: str
    pod_name: str
    pod_uid: str
    name: str
    image: Image
    argv: tuple[str, ...]
    attempt: int = 0
    """How often this container of the Pod was started before."""
    tag: str = ""
    """The image's tag: some programs speak differently in older versions."""
    environment: Mapping[str, str] = field(default_factory=dict)
    workdir: str = "/"
    has_stdin: bool = False
    has_tty: bool = False
    uid: int | None = None
    """As the security context says; None: the image's user."""
    gid: int | None = None
    groups: tuple[int, ...] = ()
    has_only_these_groups: bool = False
    """Whether those of the image's /etc/group are left out."""
    memory_bytes: int | None = None
    """The memory limit."""
    cpu_cores: float | None = None
    """The CPU limit."""
    cpu_request: float = 0.0
    is_root_read_only: bool = False
    termination_path: str = "/dev/termination-log"
    falls_back_to_logs: bool = False
    """Whether the end of the log stands in for an empty termination message after an error."""
    ports: tuple[int, ...] = ()
    """What the Pod says the container listens on, in its ports and probes: for images nobody knows."""
    target: str = ""
    """The container whose processes it sees, for one that debugs."""
    privileges: Privileges = USUAL
    believed: Believed | None = None
    """Of an image nobody knows: which programs it is believed to have."""
    sandbox: "SandboxConfig | None" = None
    mounts: "tuple[Mounted, ...]" = ()


@dataclass(frozen=True, slots=True)
class SandboxConfig:
    """What the containers of a Pod share."""

    address: str = ""
    hostname: str = ""
    hosts: str = ""
    """/etc/hosts."""
    resolv_conf: str = ""
    parameters: Mapping[str, str] = field(default_factory=dict)
    """Kernel parameters, by names with dots."""
    shares_processes: bool = False
    is_on_host: bool = False
    """Whether its containers see the node's processes."""


class Answer(NamedTuple):
    """What came of a probe or a hook; the message says why it failed."""

    has_passed: bool
    message: str = ""
    is_error: bool = False
    """Whether it could not even be made: that counts neither as success nor as failure."""
    warning: str = ""
    """What is to be told although it has passed."""


PASSED: Final = Answer(has_passed=True)


class ContainerHandle(Protocol):
    """One running container."""

    exited: asyncio.Future[Exit]
    """Done once the container has ended."""

    @property
    def identity(self) -> Identity: ...

    @property
    def memory_bytes(self) -> int:
        """What its processes use."""

    def limit_memory(self, limit: int | None) -> None:
        """Change the memory limit in bytes of the running container; None: no limit of its own."""

    def limit_cpu(self, cores: float | None, requested: float = 0.0) -> None:
        """The same for the CPU limit and request."""

    def stop(self, grace_s: float) -> None:
        """SIGTERM now, SIGKILL after `grace_s`. Again with less grace: the earlier SIGKILL counts."""

    async def run_hook(self, handler: Object) -> Answer:
        """Run a lifecycle hook (`exec`, `httpGet`, `tcpSocket`, `sleep`) to its end. Named ports are resolved already."""

    async def probe(self, probe: Object) -> Answer:
        """Make a probe now; it fails by itself after its `timeoutSeconds`."""


async def first_done(*futures: "asyncio.Future[Any]") -> None:
    """Wait until one of them is done; none is cancelled."""
    await asyncio.wait(futures, return_when=asyncio.FIRST_COMPLETED)


class ContainerRuntime(Protocol):
    def check(self, config: ContainerConfig) -> None:
        """CreateFailed when there can be no such container."""

    async def start(self, config: ContainerConfig) -> ContainerHandle:
        """Start a container; StartFailed when its command cannot be run."""

    async def stop(self) -> None:
        """The node goes down with its process: all containers end at once. Returns when nothing runs any more."""

    def crash(self, pod_uids: Collection[str]) -> None:
        """The machine of these Pods is off: their containers end at once, and so do their sandboxes."""

    def drop_sandbox(self, pod_uid: str) -> None:
        """The Pod's sandbox is gone: its network, its /etc/hosts."""

    def forget(self, pod_uid: str) -> None:
        """The Pod is gone for good: its logs, its volumes."""
