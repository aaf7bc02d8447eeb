"""basename, dirname, readlink, realpath, pwd."""

import errno
import posixpath
import stat
from typing import Final

from orrery.node.programs.call import Applet, Call
from orrery.node.programs.disk.walking import base_name, directory_name, join
from orrery.node.programs.faults import Misuse
from orrery.node.programs.options import Options
from orrery.node.programs.reasons import reason

_READLINK_LONG: Final = {"canonicalize": "f", "no-newline": "n", "verbose": "v", "canonicalize-existing": "e", "canonicalize-missing": "m",
                         "zero": "z", "quiet": "q", "silent": "s"}  # fmt: skip


async def basename(call: Call) -> int:
    options = call.options("+as:z", {"multiple": "a", "suffix": "s", "zero": "z"}, minimum=1)
    suffix, operands = options.value("s") or "", options.operands
    if not options.has("a", "s"):
        if len(operands) > 2:
            raise Misuse("" if call.is_busybox else f"extra operand '{operands[2]}'")
        suffix, operands = operands[1] if len(operands) > 1 else "", operands[:1]
    for path in operands:
        name = base_name(path)
        if suffix and name != suffix:
            name = name.removesuffix(suffix)
        await call.print(name + ("\0" if options.has("z") else "\n"))
    return 0


async def dirname(call: Call) -> int:
    options = call.options("z", {"zero": "z"}, minimum=1, maximum=1 if call.is_busybox else None)
    for path in options.operands:
        await call.print(directory_name(path) + "\n")
    return 0


async def readlink(call: Call) -> int:
    options = call.options("fnvqesmz", _READLINK_LONG, minimum=1, maximum=1 if call.is_busybox else None)
    files = call.process.files
    end = "" if options.has("n") else "\0" if options.has("z") else "\n"
    for path in options.operands:
        try:
            if options.has("f", "e", "m"):
                existing = options.has("e") or call.is_busybox
                await call.print(canonical(call, path, existing=existing, missing=options.has("m")) + end)
            else:
                await call.print(files.read_link(path) + end)
        except OSError as error:
            call.failed = 1
            if options.has("v") and call.is_busybox and not options.has("f"):
                await call.complain(f"{path}: cannot read link: {'not a symlink' if error.errno == errno.EINVAL else reason(error)}")
            elif options.has("v"):
                await call.complain(f"{path}: {reason(error)}")
    return call.failed


def canonical(call: Call, path: str, *, existing: bool = False, missing: bool = False) -> str:
    """The path without links; its last part need not exist, and with `missing` no part."""
    files = call.process.files
    try:
        return files.real_path(path)
    except FileNotFoundError:
        if existing:
            raise
    head, tail = directory_name(path), base_name(path)
    try:
        if stat.S_ISLNK(files.stat(path, follow=False).mode):
            target = files.read_link(path)
            return canonical(call, target if target.startswith("/") else join(head, target), missing=missing)
    except FileNotFoundError:
        pass
    parent = canonical(call, head, missing=True) if missing and head != path else files.real_path(head)
    if tail in (".", ".."):
        return parent if tail == "." else directory_name(parent)
    return join(parent, tail)


async def realpath(call: Call) -> int:
    long = {"canonicalize-existing": "e", "canonicalize-missing": "m", "no-symlinks": "s", "quiet": "q", "zero": "z", "strip": "s",
            "relative-to": "relative-to:"}  # fmt: skip
    options = Options([], call.arguments) if call.is_busybox else call.options("emqsz", long)
    if not options.operands:
        raise Misuse("" if call.is_busybox else "missing operand")
    for path in options.operands:
        try:
            existing = options.has("e") or call.is_busybox
            found = canonical(call, path, existing=existing, missing=options.has("m"))
            if (origin := options.value("relative-to")) is not None:
                found = posixpath.relpath(found, canonical(call, origin))
            await call.print(found + ("\0" if options.has("z") else "\n"))
        except OSError as error:
            call.failed = 1
            if not options.has("q"):
                await call.complain_of(error, path)
    return call.failed


async def pwd(call: Call) -> int:
    options = call.options("LP", {"logical": "L", "physical": "P"})
    if options.operands and not call.is_busybox:
        await call.process.complain("pwd: ignoring non-option arguments")
    await call.print((call.process.environment.get("PWD") or call.process.directory if options.has("L") else call.process.directory) + "\n")
    return 0


PROGRAMS: dict[str, Applet] = {"basename": basename, "dirname": dirname, "readlink": readlink, "realpath": realpath, "pwd": pwd}
