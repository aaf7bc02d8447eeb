"""From a command to a program: $PATH, permissions, `#!` lines, and the mark that simulated binaries carry.

A binary is a file like any other: it may be copied, linked, mounted, downloaded. What makes it one is its content.
"""

import errno
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from orrery.node.files.walk import failure
from orrery.node.processes.program import Process, Program

if TYPE_CHECKING:
    from orrery.node.processes.process import SimulatedProcess

_MARK: Final = b"\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x03\x00\x3e\x00orrery:"
DEFAULT_PATH: Final = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_SCRIPTS_DEEP_MAX: Final = 4
_MULTI_CALL: Final = "busybox"


def binary(name: str) -> bytes:
    """The content of an executable file that runs the program of that name."""
    return _MARK + name.encode() + b"\n"


def find_path(process: "SimulatedProcess", name: str) -> str:
    """The file that `name` would be started from; FileNotFoundError or PermissionError when there is none."""
    if not name:
        raise failure(errno.ENOENT, name)
    if "/" in name:
        process.files.check_executable(name)
        return name
    refusal: OSError | None = None
    for folder in process.environment.get("PATH", DEFAULT_PATH).split(":"):
        path = f"{folder or '.'}/{name}"
        try:
            process.files.check_executable(path)
        except PermissionError as error:
            refusal = refusal or error
        except OSError:
            continue
        else:
            return path
    raise refusal or failure(errno.ENOENT, name)


def load_program(process: "SimulatedProcess", argv: Sequence[str]) -> tuple[Program, Sequence[str]]:
    """The program to run and its arguments, which an interpreter line changes."""
    if not argv:
        raise failure(errno.ENOENT, "")
    path, arguments = find_path(process, argv[0]), list(argv)
    for _ in range(_SCRIPTS_DEEP_MAX):
        head = process.view.head(path, 4096)
        if head.startswith(_MARK):
            name = head[len(_MARK) :].split(b"\n", 1)[0].decode(errors="replace")
            return _program(process, name, arguments), tuple(arguments)
        if not head.startswith(b"#!"):
            raise failure(errno.ENOEXEC, argv[0])
        words = head[2:].split(b"\n", 1)[0].decode(errors="surrogateescape").strip().split(None, 1)
        if not words:
            raise failure(errno.ENOEXEC, argv[0])
        arguments = [*(word.strip() for word in words), path, *arguments[1:]]
        path = words[0]
        process.files.check_executable(path)
    raise failure(errno.ELOOP, argv[0])


def _program(process: "SimulatedProcess", name: str, arguments: Sequence[str]) -> Program:
    find = process.system.find
    if name == _MULTI_CALL and (applet := arguments[0].rpartition("/")[2]) != _MULTI_CALL:
        name = applet
    return find(name) or not_simulated


async def not_simulated(process: Process) -> int:
    """Stands for a binary that the image has and Orrery does not play.

    DIFFERS: upstream runs every binary of an image; we say of one that we do not know that it is not simulated, and exit with 127.
    """
    await process.complain(f"{process.argv[0]}: not simulated by Orrery")
    return 127
