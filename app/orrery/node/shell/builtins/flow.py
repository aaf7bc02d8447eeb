"""Builtins that change where the script goes on: break, continue, return, exit, eval, exec, . and the ones that do nothing."""

import errno
import os
from typing import TYPE_CHECKING, NoReturn

from orrery.node.shell.errors import Break, CommandError, Continue, Exit, Return, ShellError, SyntaxEnd
from orrery.node.shell.escapes import decode

if TYPE_CHECKING:
    from orrery.node.shell.shell import Shell


async def succeed(_shell: "Shell", _arguments: list[str]) -> int:
    return 0


async def fail(_shell: "Shell", _arguments: list[str]) -> int:
    return 1


def _bad_number(shell: "Shell", name: str, text: str) -> ShellError | CommandError:
    if shell.flavour.is_bash:
        return CommandError(f"{text}: numeric argument required", 128 if name in ("break", "continue") else 2, builtin=name)
    return ShellError(f"Illegal number: {text}", 2, builtin=name)


async def _levels(shell: "Shell", arguments: list[str]) -> int:
    """How many loops break or continue mean: at most those there are."""
    name = arguments[0]
    text = arguments[1] if len(arguments) > 1 else "1"
    if not text.isdigit() or (int(text) == 0 and not shell.flavour.is_bash):
        raise _bad_number(shell, name, text)
    if int(text) == 0:
        raise CommandError(f"{text}: loop count out of range", 1, builtin=name)
    if not shell.loops and shell.flavour.is_bash:
        await shell.complain("only meaningful in a `for', `while', or `until' loop", name)
    return min(int(text), shell.loops)


async def break_loop(shell: "Shell", arguments: list[str]) -> int:
    count = await _levels(shell, arguments)
    if count:
        shell.status = 0
        raise Break(count)
    return 0


async def continue_loop(shell: "Shell", arguments: list[str]) -> int:
    count = await _levels(shell, arguments)
    if count:
        shell.status = 0
        raise Continue(count)
    return 0


def _code(shell: "Shell", arguments: list[str]) -> int:
    if len(arguments) < 2:
        return shell.status
    text = arguments[1]
    if len(arguments) > 2 and shell.flavour.is_bash:
        raise CommandError("too many arguments", 1, builtin=arguments[0])
    is_number = text.isdigit() or (shell.flavour.is_bash and text.lstrip("+-").isdigit())
    if not is_number:
        raise _bad_number(shell, arguments[0], text)
    return int(text) if shell.flavour.is_dash and arguments[0] == "return" else int(text) & 0xFF


async def return_from(shell: "Shell", arguments: list[str]) -> int:
    code = _code(shell, arguments)
    if shell.flavour.is_bash and not shell.calls and not shell.sourced:
        raise CommandError("can only `return' from a function or sourced script", 2, builtin="return")
    raise Return(code)


async def exit_shell(shell: "Shell", arguments: list[str]) -> NoReturn:
    if shell.flavour.is_bash and arguments[0] == "logout" and not shell.name.startswith("-"):
        raise CommandError("not login shell: use `exit'", 1, builtin="logout")
    try:
        code = _code(shell, arguments)
    except CommandError as error:
        await shell.report(error)
        raise Exit(error.code) from None
    raise Exit(code)


async def evaluate(shell: "Shell", arguments: list[str]) -> int:
    words = arguments[1:]
    if words[:1] == ["--"]:
        words = words[1:]
    text = " ".join(words)
    if not text.strip():
        return 0

    async def body() -> int:
        return await shell.run_text(text)

    context, shell.context = shell.context, "eval"
    try:
        return await shell.deeper(body)
    except SyntaxEnd as end:
        if not shell.flavour.is_bash:
            raise
        return end.code
    finally:
        shell.context = context


async def execute(shell: "Shell", arguments: list[str]) -> int:
    from orrery.node.shell.commands import replace

    words = arguments[1:]
    environment = shell.variables.environment()
    name = None
    while shell.flavour.is_bash and words and words[0] in ("-c", "-l", "-a"):
        if words[0] == "-c":
            environment = {}
        elif words[0] == "-a" and len(words) > 1:
            name, words = words[1], words[1:]
        words = words[1:]
    if words[:1] == ["--"]:
        words = words[1:]
    if not words:
        return 0
    code = await replace(shell, words, environment, builtin="exec")
    del name
    if shell.is_interactive:
        return code
    raise Exit(code)


async def source(shell: "Shell", arguments: list[str]) -> int:
    """. FILE: run it here. In bash more words become its positional parameters."""
    words = arguments[1:]
    if words[:1] == ["--"]:
        words = words[1:]
    if not words:
        if shell.flavour.is_bash:
            await shell.complain("filename argument required", arguments[0])
            await shell.write_error(f"{arguments[0]}: usage: {arguments[0]} filename [arguments]\n")
            return 2
        return 0 if shell.flavour.is_dash else 2
    path = _find(shell, words[0])
    try:
        if shell.process.files.is_directory(path):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), path)
        text = decode(await _contents(shell, path))
    except OSError as error:
        raise _cannot_open(shell, arguments[0], words[0], error) from None
    return await run_sourced(shell, path, text, words[1:])


async def _contents(shell: "Shell", path: str) -> bytes:
    """All of a file or of a named pipe."""
    stream = shell.process.files.open(path, os.O_RDONLY)
    pieces: list[bytes] = []
    try:
        while piece := await stream.read():
            pieces.append(piece)
    finally:
        stream.close()
    return b"".join(pieces)


def _find(shell: "Shell", name: str) -> str:
    files = shell.process.files
    if "/" in name:
        return name
    for folder in (shell.variables.get("PATH") or "").split(":"):
        path = f"{folder or '.'}/{name}"
        if files.exists(path) and not files.is_directory(path):
            return path
    return name


def _cannot_open(shell: "Shell", builtin: str, name: str, error: OSError) -> CommandError | ShellError:
    reason = os.strerror(error.errno or errno.EIO)
    if shell.flavour.is_bash:
        if isinstance(error, IsADirectoryError):
            return CommandError(f"{builtin}: {name}: is a directory")
        return CommandError(f"{name}: {reason}")
    if shell.flavour.is_dash:
        missing = error.errno in (errno.ENOENT, errno.ENOTDIR)
        if missing and "/" not in name:
            return ShellError(f"{name}: not found", 2, builtin=builtin)
        return ShellError(f"cannot open {name}: {'No such file' if missing else reason}", 2, builtin=builtin)
    if "/" not in name:
        return ShellError(f"{name}: not found", 2, builtin=builtin)
    return ShellError(f"can't open '{name}': {reason}", 2, builtin=builtin)


async def run_sourced(shell: "Shell", path: str, text: str, arguments: list[str]) -> int:
    """Run a file's text in this shell."""
    script, line, kept = shell.script, shell.line, shell.arguments
    if shell.flavour.is_bash or shell.script is not None:
        shell.script = path if shell.flavour.is_bash else shell.script
    if arguments and not shell.flavour.is_dash:
        shell.arguments = arguments
    context, shell.context = shell.context, "" if shell.flavour.is_bash else path
    shell.sourced += 1

    async def body() -> int:
        return await shell.run_text(text, first_line=1)

    try:
        return await shell.deeper(body)
    except Return as returning:
        return returning.code
    finally:
        shell.sourced -= 1
        shell.script, shell.line, shell.context = script, line, context
        if arguments and not shell.flavour.is_dash:
            shell.arguments = kept


async def caller(shell: "Shell", arguments: list[str]) -> int:
    """bash's: the line, function and file that the current function was called from."""
    word = arguments[1] if len(arguments) > 1 else ""
    if word and not word.isdigit():
        raise CommandError(f"{word}: invalid number", 2, builtin="caller")
    depth = int(word or 0)
    if depth >= len(shell.calls):
        return 1
    line = shell.call_lines[-1 - depth]
    source = shell.script or "environment"
    if not word:
        await shell.process.print(f"{line} {source if shell.script else 'NULL' if len(shell.calls) == 1 else source}\n")
        return 0
    outer = shell.calls[-2 - depth] if depth + 1 < len(shell.calls) else "main"
    if outer == "main" and not shell.script:
        return 1
    await shell.process.print(f"{line} {outer} {source}\n")
    return 0
