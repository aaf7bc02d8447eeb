"""Which programs of its own an image that nobody knows must have, by the manifest of a container that runs it. Pure.

Its main program is believed to be a server, unless the container is meant to end: an init container's, a Job's, or a Helm hook's. What its
script runs before that, and what its probes and hooks run, is believed to succeed at once.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from orrery.machinery.objects import FrozenObject
from orrery.node.programs.registry import HOMES, REFUSALS
from orrery.node.restart import is_sidecar

_SHELLS: Final = frozenset({"sh", "bash", "ash", "dash"})
_BEFORE_COMMANDS: Final = frozenset({"if", "then", "else", "elif", "while", "until", "do", "exec", "time", "!", "{", "command"})
_BUILTINS: Final = (
    ": alias break builtin case cd continue declare done esac eval exit export fi for function hash in let local read readonly return set "
    "shift shopt source times trap type ulimit umask unset wait"
)
_OF_SHELLS: Final = frozenset(_BUILTINS.split())
_ASSIGNMENT: Final = re.compile(r"[A-Za-z_]\w*\+?=")
_PROGRAM: Final = re.compile(r"[\w./][\w./+-]*")


class Believed(NamedTuple):
    """Names and paths of programs."""

    server: str = ""
    """The main program."""
    helpers: frozenset[str] = frozenset()
    """Those that succeed at once."""


NOBODY: Final = Believed()


def believed_programs(pod: FrozenObject, container: FrozenObject, argv: Sequence[str]) -> Believed:
    """What the container's command, probes and hooks start that is neither simulated nor a shell's own.

    DIFFERS: upstream runs what is in the image; where nobody knows the image, its server serves and all else ends with exit code 0.
    """
    own = list(_named(argv))
    helpers = {name for command in _commands(container) for name in _named(command)}
    if own and not _is_to_end(pod, container):
        return Believed(own[-1], frozenset({*own[:-1], *helpers} - {own[-1]}))
    return Believed("", frozenset({*own, *helpers}))


def _is_to_end(pod: FrozenObject, container: FrozenObject) -> bool:
    meta = pod["metadata"]
    owners = meta.get("ownerReferences") or ()
    is_jobs = any(owner["kind"] == "Job" and owner.get("controller") for owner in owners)
    is_initial = any(one["name"] == container["name"] for one in pod["spec"].get("initContainers") or ())
    is_hook = "helm.sh/hook" in (meta.get("annotations") or {})
    return (is_jobs or is_initial or is_hook) and not is_sidecar(container)


def _commands(container: FrozenObject) -> Iterator[Sequence[str]]:
    lifecycle = container.get("lifecycle") or {}
    handlers = [container.get(f"{name}Probe") for name in ("liveness", "readiness", "startup")]
    for handler in (*handlers, lifecycle.get("postStart"), lifecycle.get("preStop")):
        if command := ((handler or {}).get("exec") or {}).get("command"):
            yield command


def _named(command: Sequence[str]) -> Iterator[str]:
    """The programs that a command starts and that somebody has to believe in."""
    if not command:
        return
    words = [command[0]]
    if command[0].rpartition("/")[2] in _SHELLS:
        option = next((number for number, word in enumerate(command) if re.fullmatch(r"-\w*c", word)), len(command))
        words = list(_starts("".join(command[option + 1 : option + 2])))
    for word in words:
        name = word.rpartition("/")[2]
        if name and HOMES.get(name, REFUSALS) == REFUSALS:
            yield word


def _starts(script: str) -> Iterator[str]:
    """The first words of a script's commands, as far as they can be seen without parsing it: not those of a shell's own commands."""
    plain = re.sub(r"'[^']*'|\"[^\"]*\"|(?<!\S)#.*", "''", script)
    for piece in re.split(r"[;&|\n()]+", plain):
        words = piece.split()
        while words and (words[0] in _BEFORE_COMMANDS or _ASSIGNMENT.match(words[0])):
            words.pop(0)
        if words and words[0] not in _OF_SHELLS and not words[0].isdigit() and _PROGRAM.fullmatch(words[0]):
            yield words[0]
