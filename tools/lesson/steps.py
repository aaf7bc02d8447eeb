"""What a lesson is made of: files that a newcomer writes, command lines, and the chapters they are in."""

from dataclasses import dataclass


@dataclass(frozen=True)
class File:
    """A file that the newcomer writes; shown if there is something to say about it."""

    name: str
    text: str
    say: str = ""


@dataclass(frozen=True)
class Run:
    """A command line."""

    command: str
    say: str = ""
    until: str = ""
    """The output is cut before this text."""
    only: str = ""
    """Only lines that this pattern finds, each once: for commands that tell their progress in more or fewer lines."""
    shows: str = ""
    """The command is repeated until its output has what this pattern finds; only that output is shown."""
    after: str = ""
    """Another command, repeated instead, unseen and before it: for commands that change something, or for what stays once it is so."""


Step = File | Run


@dataclass(frozen=True)
class Chapter:
    """A part of the page."""

    title: str
    steps: tuple[Step, ...]
