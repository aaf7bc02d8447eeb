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
    after: str = ""
    """A look that is repeated, unseen, before the command until it shows what the pattern `shows` finds."""
    shows: str = "."


Step = File | Run


@dataclass(frozen=True)
class Chapter:
    """A part of the page."""

    title: str
    steps: tuple[Step, ...]
