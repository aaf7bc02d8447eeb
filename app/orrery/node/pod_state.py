"""What the node knows about one Pod beyond its object: sandbox, containers, why the last start failed.

This is the container runtime's and the kubelet's own memory, not the API's: `pod_status.py` turns it into a status, `plan.py`
into actions, and `recovery.py` builds it from the status a previous life left.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from orrery.machinery.clock import timestamp
from orrery.machinery.objects import FrozenObject, Object
from orrery.node.runtime import ContainerHandle, Exit, Identity
from orrery.node.volumes.pod_volumes import PodVolumes


class RunState(StrEnum):
    RUNNING = "running"
    EXITED = "exited"


class Reason(NamedTuple):
    """Why a container could not be started, as its waiting state tells it."""

    reason: str
    message: str


@dataclass(slots=True, eq=False)
class Run:
    """One run of a container. Times are seconds since the epoch; a start that failed has `started_s` 0."""

    id: str
    attempt: int
    image: str
    image_id: str
    started_s: float
    wanted_image: str = ""
    """The image as the Pod names it; empty when a previous life ran it."""
    state: RunState = RunState.RUNNING
    finished_s: float = 0.0
    end: Exit | None = None
    is_started: bool = False
    """Whether the startup probe has passed."""
    is_ready: bool = False
    """Whether the readiness probe passes; without one, from the moment it has started."""
    is_reported: bool = False
    """Whether the API has been told that it runs."""
    of_old_sandbox: bool = False
    """Whether it ran before the sandbox was made anew: shown until it runs again, otherwise as if it had never been."""
    handle: ContainerHandle | None = None
    identity: Identity | None = None
    resources: FrozenObject = field(default_factory=dict)
    """What it was started with, or has been given since."""

    @property
    def exit_code(self) -> int:
        return self.end.code if self.end else 0

    def finish(self, end: Exit, now_s: float) -> None:
        self.state, self.end, self.finished_s = RunState.EXITED, end, now_s
        self.is_started = self.is_ready = False
        self.handle = None


@dataclass(slots=True, eq=False)
class PodState:
    """The memory about one Pod."""

    current: dict[str, Run] = field(default_factory=dict)
    """The newest run of each container, by name."""
    previous: dict[str, Run] = field(default_factory=dict)
    """The run before that."""
    reasons: dict[str, Reason] = field(default_factory=dict)
    volumes: PodVolumes | None = None
    has_sandbox: bool = False
    sandboxes: int = 0
    """How many sandboxes there have been."""
    pod_ip: str = ""
    grants: Mapping[str, FrozenObject] | None = None
    """The resources that the node has granted, by container; None: not looked at yet."""
    resize_pending: Object | None = None
    """Condition PodResizePending."""
    resize_progress: Object | None = None
    """Condition PodResizeInProgress."""
    phase: str = ""
    """A terminal phase that was decided: it never changes again."""
    phase_reason: str = ""
    phase_message: str = ""

    def running(self) -> list[tuple[str, Run]]:
        return [(name, run) for name, run in self.current.items() if run.state is RunState.RUNNING]

    def replace(self, name: str, run: Run) -> None:
        """Make `run` the newest run of the container."""
        if (old := self.current.get(name)) is not None:
            self.previous[name] = old
        self.current[name] = run

    def find(self, name: str) -> Run | None:
        """The newest run inside the current sandbox."""
        run = self.current.get(name)
        return None if run is None or run.of_old_sandbox else run


def container_id(pod_uid: str, name: str, attempt: int, sandbox: int) -> str:
    """A stable id for one run: 64 hexadecimal digits, as containerd's."""
    return hashlib.sha256(f"{pod_uid}/{name}/{attempt}/{sandbox}".encode()).hexdigest()


def terminated_of(run: Run) -> Object:
    """A run that ended, as `state.terminated`."""
    end = run.end or Exit(0, "")
    state: Object = {
        "containerID": f"containerd://{run.id}",
        "exitCode": end.code,
        "finishedAt": timestamp(run.finished_s),
        "reason": end.reason,
        "startedAt": timestamp(run.started_s),
    }
    if end.message:
        state["message"] = end.message
    return state


def all_containers(spec: FrozenObject) -> list[FrozenObject]:
    """Init containers, then regular ones."""
    return [*(spec.get("initContainers") or ()), *spec["containers"]]


def every_container(spec: FrozenObject) -> list[FrozenObject]:
    """Those for debugging, too."""
    return [*all_containers(spec), *(spec.get("ephemeralContainers") or ())]
