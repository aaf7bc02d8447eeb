"""The entry points: sh, bash and ash as programs. Reads options and arguments, then a command string, a script file or standard input."""

import errno
import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final

from orrery.node.processes.program import Process
from orrery.node.shell.builtins.table import builtins_of
from orrery.node.shell.builtins.variables import set_letter, set_option
from orrery.node.shell.dynamic import BASH_VERSION, initialize
from orrery.node.shell.errors import CommandError, ShellError
from orrery.node.shell.escapes import decode
from orrery.node.shell.flavours import ASH, BASH, DASH, Flavour
from orrery.node.shell.interactive import run_interactive, run_stdin
from orrery.node.shell.options import listed
from orrery.node.shell.shell import Shell

_BASH_WORDS: Final = frozenset(
    ["--norc", "--noprofile", "--posix", "--login", "--noediting", "--restricted", "--verbose", "--rcfile", "--init-file", "--debugger"]
)


@dataclass
class _Invocation:
    """What the command line asks for."""

    command: bool = False
    stdin: bool = False
    interactive: bool = False
    login: bool = False
    startup: bool = True
    options: list[tuple[str, bool]] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    output: str = ""


async def dash(process: Process) -> int:
    """Debian's sh."""
    return await _start(process, DASH)


async def ash(process: Process) -> int:
    """busybox's sh."""
    return await _start(process, ASH)


async def bash(process: Process) -> int:
    return await _start(process, BASH)


async def sh(process: Process) -> int:
    """sh where nothing is known of the image: Debian's. `programs/shells.py` chooses by the image's family."""
    return await _start(process, DASH)


async def _start(process: Process, flavour: Flavour) -> int:
    shell = new_shell(process, flavour)
    try:
        invocation = _parse(shell, list(process.argv[1:]))
    except (CommandError, ShellError) as error:
        return await _bad_invocation(shell, error)
    if invocation.output:
        await process.print(invocation.output)
        return 0
    shell.is_interactive = invocation.interactive
    initialize(shell)
    return await shell.until_exit(await _body(shell, invocation))


def new_shell(process: Process, flavour: Flavour) -> Shell:
    shell = Shell(process, flavour)
    shell.builtins = builtins_of(flavour)
    return shell


def _parse(shell: Shell, words: list[str]) -> _Invocation:
    result = _Invocation(login=shell.name.startswith("-"))
    while words and len(words[0]) > 1 and words[0][0] in "-+":
        word, words = words[0], words[1:]
        if word == "--":
            break
        if word.startswith("--"):
            words = _long_option(shell, result, word, words)
            continue
        for letter in word[1:]:
            words = _letter(shell, result, letter, words, on=word[0] == "-")
    if words[:1] == ["-"]:
        words = words[1:]
    result.words = words
    terminal = shell.process.descriptors.get(0)
    if not words and not result.command:
        result.stdin = True
        errors = shell.process.descriptors.get(2)
        is_terminal = terminal is not None and terminal.is_terminal and errors is not None and errors.is_terminal
        result.interactive = result.interactive or is_terminal
    return result


def _long_option(shell: Shell, result: _Invocation, word: str, words: list[str]) -> list[str]:
    if not shell.flavour.is_bash:
        raise CommandError(
            f"{'Illegal' if shell.flavour.is_dash else 'illegal'} option --" if shell.flavour.is_dash else f"illegal option -{word[1:2]}", 2
        )
    if word == "--version":
        result.output = f"GNU bash, version {BASH_VERSION} (x86_64-pc-linux-gnu)\nCopyright (C) 2022 Free Software Foundation, Inc.\n"
    elif word in ("--rcfile", "--init-file"):
        return words[1:]
    elif word in ("--norc", "--noprofile"):
        result.startup = False
    elif word == "--login":
        result.login = True
    elif word == "--posix":
        result.options.append(("posix", True))
    elif word not in _BASH_WORDS:
        raise CommandError(f"{word}: invalid option", 2)
    return words


def _letter(shell: Shell, result: _Invocation, letter: str, words: list[str], *, on: bool) -> list[str]:
    if letter == "c":
        result.command = True
    elif letter == "s":
        result.stdin = True
    elif letter == "i":
        result.interactive = True
    elif letter == "l":
        result.login = True
    elif letter in "oO" and words:
        if letter == "o" and words[0] not in listed(shell.flavour.name):
            raise CommandError(f"{words[0]}: invalid option name" if shell.flavour.is_bash else f"illegal option -o {words[0]}", 2)
        if letter == "o":
            set_option(shell, words[0], on=on)
        else:
            shell.features.add(words[0])
        return words[1:]
    else:
        set_letter(shell, letter, on=on)
    return words


async def _bad_invocation(shell: Shell, error: CommandError | ShellError) -> int:
    shell.line = 0
    message = error.message.split("\n")[0]
    await shell.write_error(f"{shell.name}: 0: {message}\n" if shell.flavour.is_dash else f"{shell.name}: {message}\n")
    return 2


async def _body(shell: Shell, invocation: _Invocation) -> Callable[[], Awaitable[int]]:
    """What the shell is to run."""
    words = invocation.words
    if invocation.login and invocation.startup:
        await _run_startup(shell, "/etc/profile", _home(shell, ".profile"))
    if invocation.command:
        if not words:
            shell.line = 0
            return lambda: _missing_command(shell)
        if len(words) > 1:
            shell.name, shell.arguments = words[1], words[2:]
        text = words[0]
        first_line = 0 if shell.flavour.is_ash else 1
        return lambda: shell.run_text(text, first_line=first_line, last=True)
    if words and not invocation.stdin:
        return lambda: _run_file(shell, words[0], words[1:])
    shell.arguments = words
    shell.source = "stdin"
    if invocation.interactive:
        if shell.flavour.is_bash and invocation.startup:
            await _run_startup(shell, "/etc/bash.bashrc", _home(shell, ".bashrc"))
        return lambda: run_interactive(shell)
    return lambda: run_stdin(shell)


async def _missing_command(shell: Shell) -> int:
    if shell.flavour.is_bash:
        await shell.write_error(f"{shell.name}: -c: option requires an argument\n")
    elif shell.flavour.is_dash:
        await shell.write_error(f"{shell.name}: 0: -c requires an argument\n")
    else:
        await shell.write_error(f"{shell.name}: -c requires an argument\n")
    return 2


def _home(shell: Shell, name: str) -> str:
    return f"{shell.variables.get('HOME') or ''}/{name}"


async def _run_startup(shell: Shell, *paths: str) -> None:
    from orrery.node.shell.builtins.flow import run_sourced

    for path in paths:
        try:
            text = decode(shell.process.files.read(path))
        except OSError:
            continue
        await run_sourced(shell, path, text, [])


async def _run_file(shell: Shell, path: str, arguments: list[str]) -> int:
    try:
        found = path if "/" in path or shell.process.files.exists(path) else shell.process.find_program(path) or path
        if shell.process.files.is_directory(found):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), path)
        text = decode(shell.process.files.read(found))
    except OSError as error:
        return await _cannot_open(shell, path, error)
    shell.name, shell.arguments, shell.source = path, arguments, path
    if not shell.flavour.is_dash:
        shell.script = path
    return await shell.run_text(text, first_line=1)


async def _cannot_open(shell: Shell, path: str, error: OSError) -> int:
    reason = os.strerror(error.errno or errno.EIO)
    is_missing = error.errno in (errno.ENOENT, errno.ENOTDIR)
    if shell.flavour.is_dash:
        if isinstance(error, IsADirectoryError):
            await shell.write_error(f"{path}: 0: Is a directory\n")
            return 2
        await shell.write_error(f"{shell.name}: 0: cannot open {path}: {'No such file' if is_missing else reason}\n")
        return 2
    if shell.flavour.is_ash:
        await shell.write_error(f"{shell.name}: can't open '{path}': {reason}\n")
        return 2
    if isinstance(error, IsADirectoryError):
        await shell.write_error(f"{path}: {path}: Is a directory\n")
        return 126
    await shell.write_error(f"{shell.name}: {path}: {reason}\n")
    return 127 if is_missing else 126


async def run_script(process: Process, flavour: Flavour, path: str, argv: list[str], environment: dict[str, str]) -> int:
    """A text file that was executed without a `#!` line."""
    process.environment = dict(environment)
    shell = new_shell(process, flavour)
    initialize(shell)
    shell.name = shell.script = argv[0]
    if flavour.is_dash:
        shell.script = None
    return await shell.until_exit(lambda: _run_file(shell, path, argv[1:]))
