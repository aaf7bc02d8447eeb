"""Redirections: descriptors of the shell's own process are changed, and put back after the command."""

import errno
import os
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from orrery.node.processes.pipes import PipeEnd
from orrery.node.processes.program import Process, Stream
from orrery.node.shell.errors import CommandError
from orrery.node.shell.escapes import encode
from orrery.node.shell.nodes import Redirect

if TYPE_CHECKING:
    from orrery.node.shell.shell import Shell

_READ: Final = os.O_RDONLY
_TRUNCATE: Final = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
_APPEND: Final = os.O_WRONLY | os.O_CREAT | os.O_APPEND
_BOTH: Final = os.O_RDWR | os.O_CREAT
_FLAGS: Final = {"<": _READ, ">": _TRUNCATE, ">|": _TRUNCATE, ">>": _APPEND, "<>": _BOTH, "&>": _TRUNCATE, "&>>": _APPEND}

Saved = list[tuple[int, Stream | None]]
"""Descriptors and what they were, in the order they were changed."""


async def apply(shell: "Shell", redirects: Sequence[Redirect]) -> Saved:
    """Carry the redirections out; CommandError when one fails, after putting back what was changed."""
    saved: Saved = []
    try:
        for redirect in redirects:
            await _apply_one(shell, redirect, saved)
    except BaseException:
        restore(shell, saved)
        raise
    return saved


def restore(shell: "Shell", saved: Saved) -> None:
    descriptors = shell.process.descriptors
    for number, stream in reversed(saved):
        current = descriptors.pop(number, None)
        if current is not None:
            current.close()
        if stream is not None:
            descriptors[number] = stream


def keep(saved: Saved) -> None:
    """exec without a command: the redirections stay."""
    for _, stream in saved:
        if stream is not None:
            stream.close()


def put(shell: "Shell", number: int, stream: Stream | None, saved: Saved) -> None:
    """Let `number` be `stream` (None: closed), which is taken over."""
    descriptors = shell.process.descriptors
    saved.append((number, descriptors.pop(number, None)))
    if stream is not None:
        descriptors[number] = stream


async def _apply_one(shell: "Shell", redirect: Redirect, saved: Saved) -> None:
    operator = redirect.operator
    if redirect.variable:  # Such a one stays open after its command.
        replaced: Saved = []
        await _apply_one(shell, _with_descriptor(shell, redirect), replaced)
        keep(replaced)
        return
    if redirect.line and shell.flavour.is_bash:
        shell.line = redirect.line
    if operator in ("<<", "<<<"):
        text = await shell.expander.text(redirect.target)
        put(shell, redirect.descriptor, await _document(shell, text + ("\n" if operator == "<<<" else "")), saved)
        return
    target = await _target(shell, redirect)
    if operator in ("<&", ">&"):
        is_number = target.isdigit() or target in ("-",) or target.rstrip("-").isdigit()
        if is_number or not (shell.flavour.is_bash and operator == ">&" and redirect.descriptor == 1):
            _duplicate(shell, redirect, target, saved)
            return
        operator = "&>"
    stream = _open(shell, target, operator)
    if isinstance(stream, PipeEnd):
        await stream.wait_for_other_side()
    put(shell, redirect.descriptor, stream, saved)
    if operator in ("&>", "&>>"):
        put(shell, 2, stream.share(), saved)


def _with_descriptor(shell: "Shell", redirect: Redirect) -> Redirect:
    """The redirection of {name}: a free descriptor from 10 on, or the one that is named when it is closed."""
    is_closing = redirect.operator in ("<&", ">&") and redirect.target.text == "-"
    if is_closing:
        number = int(shell.variables.get(redirect.variable) or 0)
    else:
        number = next(number for number in range(10, 1024) if number not in shell.process.descriptors)
        shell.variables.set(redirect.variable, str(number))
    return replace(redirect, descriptor=number, variable="")


async def _target(shell: "Shell", redirect: Redirect) -> str:
    if not shell.flavour.is_bash:
        return await shell.expander.text(redirect.target)
    fields = await shell.expander.words((redirect.target,))
    if len(fields) != 1:
        raise CommandError(f"{redirect.target.text}: ambiguous redirect")
    return fields[0]


def _duplicate(shell: "Shell", redirect: Redirect, target: str, saved: Saved) -> None:
    if target == "-":
        put(shell, redirect.descriptor, None, saved)
        return
    moved = target.endswith("-")
    if not target.rstrip("-").isdigit():
        message = (
            f"{target}: ambiguous redirect" if shell.flavour.is_bash else "Bad fd number" if shell.flavour.is_dash else "bad fd number"
        )
        raise CommandError(message, 1 if not shell.flavour.is_dash else 2)
    number = int(target.rstrip("-"))
    source = shell.process.descriptors.get(number)
    if source is None:
        if shell.flavour.is_dash and redirect.descriptor == 2:
            raise CommandError("", 2)  # It has closed its own standard error by now.
        raise CommandError(f"{number}: Bad file descriptor", 2 if shell.flavour.is_dash else 1)
    if number == redirect.descriptor:
        return
    put(shell, redirect.descriptor, source.share(), saved)
    if moved:
        put(shell, number, None, saved)


def _open(shell: "Shell", path: str, operator: str) -> Stream:
    flags = _FLAGS[operator]
    files = shell.process.files
    writes = operator not in ("<",)
    try:
        if operator == ">" and "noclobber" in shell.options and _is_regular(shell, path):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), path)
        if writes and files.is_directory(path):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), path)
        return files.open(path, flags, 0o666)
    except OSError as error:
        raise CommandError(_open_message(shell, path, error, writes=writes), 2 if shell.flavour.is_dash else 1) from None


def _is_regular(shell: "Shell", path: str) -> bool:
    try:
        return shell.process.files.stat(path).mode & 0o170000 == 0o100000
    except OSError:
        return False


def _open_message(shell: "Shell", path: str, error: OSError, *, writes: bool) -> str:
    reason = os.strerror(error.errno or errno.EIO)
    if shell.flavour.is_bash:
        return f"{path}: {'cannot overwrite existing file' if isinstance(error, FileExistsError) else reason}"
    missing = error.errno in (errno.ENOENT, errno.ENOTDIR)
    if shell.flavour.is_dash:
        if missing:
            reason = "Directory nonexistent" if writes else "No such file"
        return f"cannot {'create' if writes else 'open'} {path}: {reason}"
    if missing:
        reason = "nonexistent directory" if writes else "no such file"
    return f"can't {'create' if writes else 'open'} {path}: {reason}"


async def _document(shell: "Shell", text: str) -> Stream:
    """A stream that gives the body of a here-document: from a pipe, fed by a process when it is larger than the pipe."""
    reader, writer = shell.process.pipe()
    data = encode(text)
    if len(data) <= 4096:
        if data:
            await writer.write(data)
        writer.close()
        return reader

    async def feed(process: Process) -> int:
        await process.stdout.write(data)
        return 0

    await shell.process.spawn_call(feed, descriptors={0: None, 1: writer, 2: None})
    writer.close()
    return reader
