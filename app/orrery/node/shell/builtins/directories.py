"""cd, pwd, and bash's pushd, popd and dirs."""

import errno
import os
from typing import TYPE_CHECKING

from orrery.node.shell.builtins.getopt import parse_letters
from orrery.node.shell.errors import CommandError
from orrery.node.shell.escapes import encode

if TYPE_CHECKING:
    from orrery.node.shell.shell import Shell


def logical_path(current: str, path: str) -> str:
    """`path` from `current`, with . and .. taken out by name."""
    parts: list[str] = []
    for part in (path if path.startswith("/") else f"{current}/{path}").split("/"):
        if part == "..":
            if parts:
                parts.pop()
        elif part not in ("", "."):
            parts.append(part)
    start = "//" if path.startswith("//") and not path.startswith("///") and not parts else "/"
    return start + "/".join(parts)


def current_directory(shell: "Shell") -> str:
    return shell.variables.get("PWD") or shell.process.directory


async def cd(shell: "Shell", arguments: list[str]) -> int:
    letters, words = parse_letters(shell, arguments[0], arguments[1:], "LPe" if shell.flavour.is_bash else "LP")
    physical = any(letter == "P" for letter, _ in letters)
    if len(words) > 1 and shell.flavour.is_bash:
        raise CommandError("too many arguments", 1, builtin="cd")
    target = words[0] if words else shell.variables.get("HOME")
    if target is None:
        if shell.flavour.is_bash:
            raise CommandError("HOME not set", 1, builtin="cd")
        return 0
    shows = target == "-"
    if target == "-":
        old = shell.variables.get("OLDPWD")
        if old is None and shell.flavour.is_bash:
            raise CommandError("OLDPWD not set", 1, builtin="cd")
        target = old or current_directory(shell)
    if not target:
        return 0
    return await _search(shell, target, physical=physical, shows=shows)


async def _search(shell: "Shell", target: str, *, physical: bool, shows: bool) -> int:
    """Look along CDPATH, then here."""
    failure: OSError | None = None
    search = shell.variables.get("CDPATH") or ""
    folders = search.split(":") if search and not target.startswith(("/", "./", "../")) and target not in (".", "..") else []
    for folder in [*folders, ""]:
        path = f"{folder}/{target}" if folder else target
        try:
            change_directory(shell, path, physical=physical)
        except OSError as error:
            failure = failure or error
            continue
        if shows or (folder and folder != "."):
            await shell.process.stdout.write(encode(current_directory(shell) + "\n"))
        return 0
    return _failed(shell, target, failure or FileNotFoundError(errno.ENOENT, ""))


def _failed(shell: "Shell", target: str, error: OSError) -> int:
    reason = os.strerror(error.errno or errno.ENOENT)
    if shell.flavour.is_bash:
        raise CommandError(f"{target}: {reason}", 1, builtin="cd")
    raise CommandError(f"can't cd to {target}" + (f": {reason}" if shell.flavour.is_ash else ""), 2, builtin="cd")


def change_directory(shell: "Shell", path: str, *, physical: bool = False) -> None:
    """Go there, and keep PWD and OLDPWD right. OSError when that fails."""
    before = current_directory(shell)
    wanted = logical_path(before, path)
    if physical:
        wanted = shell.process.files.real_path(path)
    shell.process.change_directory(wanted)
    shell.variables.set("OLDPWD", before)
    shell.variables.set("PWD", wanted)
    shell.variables.export("OLDPWD")
    shell.variables.export("PWD")


async def pwd(shell: "Shell", arguments: list[str]) -> int:
    letters, _ = parse_letters(shell, "pwd", arguments[1:], "LP")
    physical = bool(letters) and letters[-1][0] == "P"
    path = shell.process.directory if physical else current_directory(shell)
    await shell.process.stdout.write(encode(path + "\n"))
    return 0


# --- bash's stack ----------------------------------------------------------------------------------------------------------------


async def dirs(shell: "Shell", arguments: list[str]) -> int:
    if "-c" in arguments:
        shell.directory_stack.clear()
        return 0
    home = shell.variables.get("HOME") or ""
    shown = [current_directory(shell), *reversed(shell.directory_stack)]
    if home:
        shown = ["~" + path[len(home) :] if path == home or path.startswith(home + "/") else path for path in shown]
    if "-v" in arguments:
        await shell.process.print("".join(f"{number:2}  {path}\n" for number, path in enumerate(shown)))
        return 0
    await shell.process.print(("\n" if "-p" in arguments else " ").join(shown) + "\n")
    return 0


async def pushd(shell: "Shell", arguments: list[str]) -> int:
    before = current_directory(shell)
    if len(arguments) < 2:
        if not shell.directory_stack:
            raise CommandError("no other directory", 1, builtin="pushd")
        target = shell.directory_stack.pop()
    else:
        target = arguments[1]
    try:
        change_directory(shell, target)
    except OSError as error:
        raise CommandError(f"{target}: {os.strerror(error.errno or errno.ENOENT)}", 1, builtin="pushd") from None
    shell.directory_stack.append(before)
    return await dirs(shell, ["dirs"])


async def popd(shell: "Shell", _arguments: list[str]) -> int:
    if not shell.directory_stack:
        raise CommandError("directory stack empty", 1, builtin="popd")
    change_directory(shell, shell.directory_stack.pop())
    return await dirs(shell, ["dirs"])
