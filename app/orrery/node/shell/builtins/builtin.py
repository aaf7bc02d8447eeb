"""What a builtin is."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from orrery.node.shell.shell import Shell

Run: TypeAlias = Callable[["Shell", list[str]], Awaitable[int]]
"""Gets the words of the command, its name first; returns the exit code."""


@dataclass(frozen=True, slots=True)
class Builtin:
    """`is_special` as POSIX has it: its errors end the shell, assignments before it stay. `declares`: name=value is not split."""

    run: Run
    is_special: bool = False
    declares: bool = False
