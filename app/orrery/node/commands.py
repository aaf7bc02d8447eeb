"""What becomes of the plainest commands, told from their arguments alone: when they end, and with which code.

Stands in for a shell and its programs until containers run them. What it does not understand runs until it is stopped.
"""

import re
import shlex
from typing import Final, NamedTuple

from orrery.machinery.field_errors import go_quote
from orrery.node.images.image import Image

_SHELLS: Final = frozenset({"sh", "bash", "ash", "dash"})
_QUIET_NAMES: Final = (
    "true : echo printf date hostname env printenv pwd id whoami uname ls touch mkdir rm cp mv cat chmod chown ln cd export set df"
)
_QUIET: Final = frozenset(_QUIET_NAMES.split())
_SLEEP: Final = re.compile(r"(\d+(?:\.\d+)?)([smhd]?)")
_UNITS_S: Final = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}
_PATH_FOLDERS: Final = ("/bin/", "/usr/bin/", "/sbin/", "/usr/sbin/", "/usr/local/bin/")
_INTERPRETERS: Final = frozenset({"python", "python3", "node", "bash", "sh", "ash"})


class Script(NamedTuple):
    """What a command does: it ends by itself after `runs_s` with `code`, or never when `runs_s` is None."""

    runs_s: float | None
    code: int = 0
    term_code: int | None = None
    """Exit code on SIGTERM; None: it ignores SIGTERM, as a program without a handler does as process 1."""
    term_s: float = 0.0
    """How long it takes to end on SIGTERM."""


FOREVER: Final = Script(None)


def missing_command(command: str, image: Image) -> str:
    """The container runtime's message when the image has no such command; empty when it has, or when nobody knows."""
    name = command.rpartition("/")[2]
    if not image.programs or name in image.programs or command in image.entrypoint or command in image.command:
        return ""
    if "/" not in command:
        why = f"exec: {go_quote(command)}: executable file not found in $PATH"
    elif command.startswith(_PATH_FOLDERS):
        why = f"exec: {go_quote(command)}: stat {command}: no such file or directory"
    else:
        return ""  # A path of its own may come from a volume.
    return (
        "failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: "
        f"unable to start container process: error during container init: {why}"
    )


def script_of(argv: tuple[str, ...], *, has_stdin: bool = False) -> Script:
    """What a command line does. With standard input open, shells and interpreters wait for it."""
    if not argv:
        return Script(0.0)
    name, arguments = argv[0].rpartition("/")[2], argv[1:]
    if name in _SHELLS and arguments[:1] and re.fullmatch(r"-[a-z]*c", arguments[0]):
        return _shell_line(arguments[1]) if len(arguments) > 1 else Script(0.0, 2)
    if name in _INTERPRETERS and (not arguments or arguments[0] in ("-i", "-l")):
        return FOREVER if has_stdin else Script(0.0)
    return _simple(name, arguments)


def _simple(name: str, arguments: tuple[str, ...]) -> Script:
    if name == "sleep":
        return _sleep(arguments)
    if name == "exit":
        return Script(0.0, int(arguments[0]) % 256 if arguments and arguments[0].isdigit() else 0)
    if name == "false":
        return Script(0.0, 1)
    if name in _QUIET:
        return Script(0.0)
    # DIFFERS: upstream runs the program; we take a command we do not understand for one that runs until it is stopped.
    return FOREVER


def _sleep(arguments: tuple[str, ...]) -> Script:
    total_s = 0.0
    for argument in arguments:
        if argument in ("infinity", "inf"):
            return FOREVER
        found = _SLEEP.fullmatch(argument)
        if found is None:
            return Script(0.0, 1)
        total_s += float(found[1]) * _UNITS_S[found[2]]
    return Script(total_s) if arguments else Script(0.0, 1)


def _shell_line(line: str) -> Script:
    """A line of simple commands joined by `;`, `&&` and `||`; anything richer runs until it is stopped."""
    lexer = shlex.shlex(line.replace("\n", ";"), posix=True, punctuation_chars=";&|()<>")
    lexer.whitespace_split = True
    try:
        tokens = list(lexer)
    except ValueError:
        return Script(0.0, 2)
    total_s, code, join = 0.0, 0, ";"
    command: list[str] = []
    for token in [*tokens, ";"]:
        if token not in (";", ";;", "&&", "||"):
            command.append(token)
            continue
        if command and _takes_turn(join, code):
            step = _shell_step(command)
            if step.runs_s is None:
                return FOREVER
            total_s, code = total_s + step.runs_s, step.code
            if command[0] == "exit":
                break
        if command:
            join = token
        command = []
    return Script(total_s, code)


def _takes_turn(join: str, code: int) -> bool:
    return join not in ("&&", "||") or (code == 0) == (join == "&&")


def _shell_step(words: list[str]) -> Script:
    plain = words
    for index, word in enumerate(words):
        if set(word) <= set("<>&|()"):
            if word in (">", ">>"):  # Output to a file changes nothing about the end.
                plain = words[:index]
                break
            return FOREVER
    return _simple(plain[0].rpartition("/")[2], tuple(plain[1:])) if plain else Script(0.0)
