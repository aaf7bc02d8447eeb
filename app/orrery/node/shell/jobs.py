"""Background jobs of a shell: numbers, states, how they are listed."""

from dataclasses import dataclass, field
from typing import Final

from orrery.node.processes.program import Child
from orrery.node.shell.flavours import Flavour

_SIGNALS: Final = {
    1: "Hangup",
    2: "Interrupt",
    3: "Quit",
    4: "Illegal instruction",
    5: "Trace/breakpoint trap",
    6: "Aborted",
    7: "Bus error",
    8: "Floating point exception",
    9: "Killed",
    10: "User defined signal 1",
    11: "Segmentation fault",
    12: "User defined signal 2",
    13: "Broken pipe",
    14: "Alarm clock",
    15: "Terminated",
}


def signal_text(code: int) -> str:
    """How a process ended by the signal of exit code `code` is described."""
    return _SIGNALS.get(code - 128, f"Unknown signal {code - 128}")


@dataclass(slots=True)
class Job:
    number: int
    child: Child
    text: str
    group: int = 0
    is_told: bool = field(default=False)
    is_stopped: bool = field(default=False)

    @property
    def code(self) -> int | None:
        return self.child.poll()


class Jobs:
    """The jobs of one shell, the newest last."""

    def __init__(self, flavour: Flavour) -> None:
        self.flavour = flavour
        self.items: list[Job] = []
        self.codes: dict[int, int] = {}
        """Exit codes of jobs that ended and were forgotten, for `wait PID`."""

    def add(self, child: Child, text: str, group: int = 0) -> Job:
        number = max((job.number for job in self.items), default=0) + 1
        job = Job(number, child, text, group)
        self.items.append(job)
        return job

    def find(self, text: str) -> Job | None:
        """By %1, %%, %+, %-, %name, or a process number."""
        if not text.startswith("%"):
            return next((job for job in self.items if text.isdigit() and job.child.pid == int(text)), None)
        name = text[1:]
        if name in ("", "%", "+"):
            return self.items[-1] if self.items else None
        if name == "-":
            return self.items[-2] if len(self.items) > 1 else self.items[-1] if self.items else None
        if name.isdigit():
            return next((job for job in self.items if job.number == int(name)), None)
        if name.startswith("?"):
            return next((job for job in reversed(self.items) if name[1:] in job.text), None)
        return next((job for job in reversed(self.items) if job.text.startswith(name)), None)

    def forget(self, job: Job) -> None:
        if job in self.items:
            self.items.remove(job)
        if job.code is not None:
            self.codes[job.child.pid] = job.code
            while len(self.codes) > 1024:
                del self.codes[next(iter(self.codes))]

    def sign(self, job: Job) -> str:
        index = len(self.items) - 1 - self.items.index(job)
        return "+" if index == 0 else "-" if index == 1 else " "

    def state(self, job: Job) -> str:
        code = job.code
        if code is None:
            return "Stopped" if job.is_stopped else "Running"
        if job.child.signal is not None:
            return signal_text(code)
        if code == 0:
            return "Done"
        return f"Exit {code}" if self.flavour.is_bash else f"Done({code})"

    def line(self, job: Job, *, long: bool = False) -> str:
        """As `jobs` lists it."""
        state = self.state(job)
        pid = f"{job.child.pid} " if long else ""
        sign = self.sign(job)
        if self.flavour.is_bash:
            tail = " &" if job.code is None and not job.is_stopped else ""
            return f"[{job.number}]{sign}  {pid}{state:<24}{job.text}{tail}"
        return f"[{job.number}] {sign} {pid}{state:<27}{job.text}"
