"""What a user's image brings into a container: files, programs, and a script that stands for its program."""

from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, NamedTuple

from orrery.node.processes.program import Program

Scope = Literal["container", "pod", "namespace"]
_COUNTED_MAX: Final = 10_000


class Start(NamedTuple):
    """Which container starts, and how often it did before."""

    namespace: str
    pod_uid: str
    container: str
    attempt: int


NO_START: Final = Start("", "", "", 0)


class File(NamedTuple):
    path: str
    data: bytes
    mode: int = 0o644
    uid: int = 0
    gid: int = 0


@dataclass(slots=True)
class Starts:
    """Counts starts, for scripts that fail the first times. Those of a container the Pod's status counts, the others are counted here."""

    _counts: OrderedDict[str, int] = field(default_factory=OrderedDict)

    def number(self, start: Start, scope: Scope) -> int:
        """How many starts came before this one."""
        if scope == "container":
            return start.attempt
        key = start.pod_uid if scope == "pod" else f"/{start.namespace}"
        before = self._counts.get(key, 0)
        self._counts[key] = before + 1
        self._counts.move_to_end(key)
        if len(self._counts) > _COUNTED_MAX:
            self._counts.popitem(last=False)
        return before


@dataclass(frozen=True, slots=True, eq=False)
class Brought:
    """All that one user's image has of its own."""

    files: tuple[File, ...] = ()
    programs: Mapping[str, Program | None] = field(default_factory=dict)
    """By name, or by absolute path; None: the script."""
    script: Callable[[Start], Program] | None = None

    def programs_for(self, start: Start) -> Mapping[str, Program]:
        """The programs of one container, by name without directories."""
        script = self.script(start) if self.script is not None else None
        found = {path.rpartition("/")[2]: program or script for path, program in self.programs.items()}
        return {name: program for name, program in found.items() if program is not None}
