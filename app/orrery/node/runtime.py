"""The seam between a Pod's life and what runs inside its containers.

The Pod worker starts a container through `ContainerRuntime` and hears of its end through `ContainerHandle.exited`. It never
learns what ran. `scripted.py` is the first implementation; one that runs simulated programs takes its place without a change here.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple, Protocol

from orrery.machinery.objects import Object
from orrery.node.images.image import Image

START_ERROR_CODE: Final = 128
KILLED_CODE: Final = 137


class Exit(NamedTuple):
    """How a container ended. The reason is the container runtime's: Completed, Error, OOMKilled, StartError."""

    code: int
    reason: str
    message: str = ""


def exit_of(code: int, message: str = "") -> Exit:
    return Exit(code, "Completed" if code == 0 else "Error", message)


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
    is_own_command: bool
    """Whether entrypoint and command are the image's own."""
    environment: Mapping[str, str] = field(default_factory=dict)
    workdir: str = "/"
    has_stdin: bool = False
    has_tty: bool = False


class ContainerHandle(Protocol):
    """One running container."""

    exited: asyncio.Future[Exit]
    """Done once the container has ended."""

    def stop(self, grace_s: float) -> None:
        """SIGTERM now, SIGKILL after `grace_s`. Again with less grace: the earlier SIGKILL counts."""

    def run_hook(self, handler: Object) -> float:
        """Run a lifecycle hook (`exec`, `httpGet`, `sleep` …); how long it takes, in seconds."""

    def passes(self, probe: Object) -> bool:
        """Whether a probe of the container succeeds now."""


class ContainerRuntime(Protocol):
    async def start(self, config: ContainerConfig) -> ContainerHandle:
        """Start a container; StartFailed when its command cannot be run."""
