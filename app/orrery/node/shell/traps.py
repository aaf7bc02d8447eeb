"""Signals and traps of a shell: what was set, what has arrived and waits to be run between two commands."""

import asyncio
from collections.abc import Collection
from typing import TYPE_CHECKING, Final

from orrery.node.processes.program import Process, ignore

if TYPE_CHECKING:
    from orrery.node.shell.shell import Shell

EXIT: Final = 0
SIGINT: Final = 2
SIGQUIT: Final = 3
SIGPIPE: Final = 13
SIGTERM: Final = 15
SIGCHLD: Final = 17
PSEUDO: Final = {"ERR": 1001, "DEBUG": 1002, "RETURN": 1003}
"""bash's conditions that are no signals."""


class Traps:
    """One shell's traps. An empty action ignores the signal."""

    def __init__(self, process: Process) -> None:
        self.process = process
        self.actions: dict[int, str] = {}
        self.pending: list[int] = []
        self.arrived = asyncio.Event()
        self.ignored_at_start = frozenset(signal for signal, handler in process.handlers().items() if handler is ignore)
        self.inherited: dict[int, str] = {}
        """bash's subshell still shows its parent's traps until it sets one."""

    def fork(self, process: Process, *, keeps_shown: bool, keeps_pseudo: Collection[int] = ()) -> "Traps":
        """A subshell keeps what is ignored, and the pseudo signals it is told to keep; it forgets the rest."""
        copy = Traps(process)
        copy.actions = {signal: action for signal, action in self.actions.items() if not action or signal in keeps_pseudo}
        copy.inherited = dict(self.actions) if keeps_shown else {}
        return copy

    def set(self, signal: int, action: str | None) -> None:
        """None restores the default. A signal ignored when the shell started stays ignored."""
        self.inherited = {}
        if signal in self.ignored_at_start:
            return
        if action is None:
            self.actions.pop(signal, None)
        else:
            self.actions[signal] = action
        if 0 < signal < 1000:
            self.process.handle(signal, None if action is None else ignore if not action else self.receive)

    def receive(self, signal: int) -> None:
        """A signal with an action has arrived."""
        self.pending.append(signal)
        self.arrived.set()

    async def run(self, shell: "Shell") -> None:
        """The actions of what has arrived; $? stays what it was."""
        while self.pending:
            signal = self.pending.pop(0)
            self.arrived.clear()
            action = self.actions.get(signal)
            if action:
                status = shell.status
                tested, shell.tested = shell.tested, shell.tested
                await shell.run_text(action)
                shell.tested = tested
                shell.status = status


async def run_pseudo_trap(shell: "Shell", signal: int) -> None:
    """The action of ERR, DEBUG or RETURN, during which it does not run again; $? stays what it was."""
    action = shell.traps.actions.pop(signal, "")
    status, line = shell.status, shell.line
    try:
        if action:
            await shell.run_text(action)
    finally:
        shell.traps.actions.setdefault(signal, action)
        shell.status, shell.line = status, line
