"""cp, mv, install."""

import contextlib
import errno
import os
import stat
from typing import Final

from orrery.node.processes.program import Stat
from orrery.node.programs.call import Applet, Call, decode
from orrery.node.programs.disk.modes import change_mode
from orrery.node.programs.disk.walking import base_name, directory_name, join
from orrery.node.programs.faults import Fault, Misuse
from orrery.node.programs.options import Options
from orrery.node.programs.reasons import reason

_LONG: Final = {"recursive": "r", "archive": "a", "force": "f", "interactive": "i", "no-clobber": "n", "verbose": "v", "preserve": "p::",
                "no-dereference": "P", "dereference": "L", "link": "l", "symbolic-link": "s", "update": "u", "target-directory": "t",
                "no-target-directory": "T", "parents": "parents", "backup": "b"}  # fmt: skip


_BUSYBOX_LONG: Final = {name: letter for name, letter in _LONG.items() if name not in ("backup", "no-clobber", "preserve")}


def _split(call: Call, options: Options) -> tuple[list[str], str]:
    """Sources and the target."""
    operands = list(options.operands)
    target = options.value("t")
    if target is None:
        if len(operands) < 2:
            words = f"missing destination file operand after '{operands[0]}'" if operands else "missing file operand"
            raise Misuse("" if call.is_busybox else words)
        target = operands.pop()
    if len(operands) > 1 and not call.is_busybox and not call.process.files.is_directory(target):
        missing = "" if call.process.files.exists(target) else ": No such file or directory"
        raise Fault(f"target '{target}'{missing or ': Not a directory'}")
    return operands, target


async def cp(call: Call) -> int:
    options = call.options("arRdPLHpfinlsTuvt:" + "Zb" * (not call.is_busybox), _BUSYBOX_LONG if call.is_busybox else _LONG)
    sources, target = _split(call, options)
    copier = _Copier(call, options)
    for source in sources:
        into = len(sources) > 1 or (call.process.files.is_directory(target) and not options.has("T"))
        path = join(target, base_name(source)) if into else target
        if await _refuses_target(call, options, source, path):
            continue
        await copier.copy(source.rstrip("/") or source, path, is_top=True)
    return call.failed


async def _refuses_target(call: Call, options: Options, source: str, path: str) -> bool:
    """Where nothing can be: below a file, inside the directory that is to go there, or a name of a directory for a file."""
    files = call.process.files
    above = directory_name(path)
    if files.exists(above) and not files.is_directory(above):
        words = "can't stat" if call.is_busybox else "cannot stat"
        await call.complain(f"{words} '{path}': Not a directory")
        return True
    if not files.is_directory(source):
        if path.endswith("/") and not files.exists(path) and files.exists(source):
            words = f"can't create '{path}': Is a directory" if call.is_busybox else f"cannot create regular file '{path}': Not a directory"
            await call.complain(words)
            return True
        return False
    inside = files.is_directory(above) and f"{files.real_path(above)}/".startswith(f"{files.real_path(source)}/")
    if inside and call.name == "cp" and not options.has("r", "R", "a"):
        return False
    if inside and call.name == "cp" and not call.is_busybox:
        await call.complain(f"cannot copy a directory, '{source}', into itself, '{path}'")
    elif inside and call.name == "mv" and not call.is_busybox:
        await call.complain(f"cannot move '{source}' to a subdirectory of itself, '{path}'")
    return inside and not call.is_busybox


class _Copier:
    """Copies files and trees."""

    def __init__(self, call: Call, options: Options) -> None:
        self._call = call
        self._options = options
        self._recursive = options.has("r", "R", "a")
        self._preserves = options.has("p", "a")
        self._follows = not options.has("a", "P", "d") and (options.has("L") or not self._recursive)
        self._made: set[int] = set()

    async def copy(self, source: str, target: str, *, is_top: bool) -> None:
        call, files = self._call, self._call.process.files
        await call.process.tick()
        try:
            about = files.stat(source, follow=self._follows or (is_top and self._options.has("H")))
        except OSError as error:
            await call.complain_of(error, source, busybox="can't stat '{}'", debian="cannot stat '{}'")
            return
        if stat.S_ISDIR(about.mode):
            await self._copy_directory(source, target, about)
            return
        try:
            await self._copy_file(source, target, about)
        except OSError as error:
            await self._cannot(error, source, target)
            return
        if self._options.has("v"):
            await call.print(f"'{source}' -> '{target}'\n")

    async def _cannot(self, error: OSError, source: str, target: str) -> None:
        call = self._call
        if isinstance(error, PermissionError) and not call.process.files.access(source, os.R_OK):
            await call.complain_of(error, source, busybox="can't open '{}'", debian="cannot open '{}' for reading")
        elif isinstance(error, NotADirectoryError) and call.is_busybox:
            await call.complain(f"can't stat '{target}': {reason(error)}")
        elif call.process.files.is_directory(target):
            words = f"cannot overwrite directory '{target}' with non-directory"
            plain = f"'{target}' is a directory" if self._options.has("T") else f"can't create '{target}': {reason(error)}"
            await call.complain(plain if call.is_busybox else words)
        elif error.errno in (errno.ENOSPC, errno.EFBIG):
            await call.complain(f"write error: {reason(error)}" if call.is_busybox else f"error writing '{target}': {reason(error)}")
        else:
            await call.complain_of(error, target, busybox="can't create '{}'", debian="cannot create regular file '{}'")

    async def _copy_directory(self, source: str, target: str, about: Stat) -> None:
        call, files = self._call, self._call.process.files
        if not self._recursive:
            await call.complain(f"omitting directory '{source}'" if call.is_busybox else f"-r not specified; omitting directory '{source}'")
            return
        if about.inode in self._made:
            words = f"cannot copy a directory, '{source}', into itself, '{target}'"
            await call.complain(f"recursion detected, omitting directory '{source}'" if call.is_busybox else words)
            return
        try:
            files.list(source)
            if not files.is_directory(target):
                files.make_directory(target)
                self._made.add(files.stat(target).inode)
            names = files.list(source)
        except OSError as error:
            await call.complain_of(error, target, busybox="can't create directory '{}'", debian="cannot create directory '{}'")
            return
        if self._options.has("v") and not call.is_busybox:
            await call.print(f"'{source}' -> '{target}'\n")
        for name in names:
            await self.copy(join(source, name), join(target, name), is_top=False)
        self._keep(target, about, keeps=self._preserves)
        if self._options.has("v") and call.is_busybox:
            await call.print(f"'{source}' -> '{target}'\n")

    async def _copy_file(self, source: str, target: str, about: Stat) -> None:
        call, files, options = self._call, self._call.process.files, self._options
        if files.exists(target):
            old = files.stat(target)
            if old.inode == about.inode and old.device == about.device:
                raise_text = f"'{source}' and '{target}' are the same file"
                await call.complain(raise_text)
                return
            if options.has("n") or (options.has("u") and old.modified_s >= about.modified_s):
                return
            if options.has("i") and not await _asks(call, f"overwrite '{target}'? "):
                return
            if options.has("b"):
                files.rename(target, target + "~")
        if stat.S_ISLNK(about.mode):
            if files.exists(target) or _is_link(call, target):
                files.remove(target)
            files.symlink(files.read_link(source), target)
            return
        if options.has("l", "s"):
            (files.link if options.has("l") else files.symlink)(source, target)
            return
        await copy_file(call, source, target, about, force=options.has("f"))
        self._keep(target, about, keeps=self._preserves)

    def _keep(self, target: str, about: Stat, *, keeps: bool) -> None:
        files = self._call.process.files
        if keeps:
            with contextlib.suppress(PermissionError):  # As the real ones: only root keeps the owner.
                files.change_owner(target, about.uid, about.gid)
            files.change_mode(target, stat.S_IMODE(about.mode))
            files.set_modified(target, about.modified_s)
        elif stat.S_ISDIR(about.mode):
            files.change_mode(target, stat.S_IMODE(about.mode) & ~self._call.process.umask)


def _is_link(call: Call, path: str) -> bool:
    try:
        return stat.S_ISLNK(call.process.files.stat(path, follow=False).mode)
    except OSError:
        return False


async def copy_file(call: Call, source: str, target: str, about: Stat, *, force: bool) -> None:
    """One regular file, in pieces."""
    files = call.process.files
    reader = files.open(source, os.O_RDONLY)
    try:
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
        try:
            writer = files.open(target, flags, stat.S_IMODE(about.mode) & 0o777)
        except PermissionError:
            if not force:
                raise
            files.remove(target)
            writer = files.open(target, flags, stat.S_IMODE(about.mode) & 0o777)
        try:
            await call.pump(reader, writer)
        finally:
            writer.close()
    finally:
        reader.close()


async def _asks(call: Call, question: str) -> bool:
    await call.process.stderr.write(f"{call.name}: {question}".encode())
    return decode(await call.process.stdin.read(1024)).strip().lower().startswith("y")


async def mv(call: Call) -> int:
    options = call.options("finTuvt:" + "Zb" * (not call.is_busybox), _LONG)
    sources, target = _split(call, options)
    if len(sources) > 1 and not call.process.files.is_directory(target):
        for source in sources:
            is_there = call.process.files.exists(target)
            words = f"can't stat '{join(target, base_name(source))}': Not a directory"
            await call.complain(words if is_there else f"can't rename '{source}': No such file or directory")
        return call.failed
    for source in sources:
        into = call.process.files.is_directory(target) and not options.has("T")
        path = join(target, base_name(source)) if into else target
        if not await _refuses_target(call, options, source, path):
            await _move(call, options, source, path)
    return call.failed


async def _move(call: Call, options: Options, source: str, target: str) -> None:
    files = call.process.files
    if files.exists(target):
        if options.last("fin") == "n" or (options.last("fin") == "i" and not await _asks(call, f"overwrite '{target}'? ")):
            return
        if files.exists(source) and files.stat(source, follow=False).inode == files.stat(target, follow=False).inode:
            if not call.is_busybox:
                await call.complain(f"'{source}' and '{target}' are the same file")
            return
        if (
            files.is_directory(target) != files.is_directory(source)
            and files.exists(source)
            and await _differ_in_kind(call, source, target)
        ):
            return
        if options.has("b"):
            files.rename(target, target + "~")
    try:
        files.rename(source, target)
    except OSError as error:
        if error.errno == errno.EXDEV:
            await _move_across(call, source, target)
        elif call.is_busybox:
            await call.complain(f"can't rename '{source}': {reason(error)}")
            return
        elif isinstance(error, FileNotFoundError) and not files.exists(source) and not _is_link(call, source):
            await call.complain(f"cannot stat '{source}': {reason(error)}")
            return
        else:
            await call.complain(f"cannot move '{source}' to '{target}': {reason(error)}")
            return
    if options.has("v"):
        await call.print(f"'{source}' -> '{target}'\n" if call.is_busybox else f"renamed '{source}' -> '{target}'\n")


async def _differ_in_kind(call: Call, source: str, target: str) -> bool:
    """A file does not replace a directory, nor a directory a file."""
    if call.process.files.is_directory(target):
        words = f"cannot overwrite directory '{target}' with non-directory"
        await call.complain(f"'{target}' is a directory" if call.is_busybox else words)
        return True
    if not call.is_busybox:
        await call.complain(f"cannot overwrite non-directory '{target}' with directory '{source}'")
    return not call.is_busybox


async def _move_across(call: Call, source: str, target: str) -> None:
    options = Options([("a", "")], [])
    before = call.failed
    await _Copier(call, options).copy(source, target, is_top=True)
    if call.failed == before:
        await _remove_tree(call, source)


async def _remove_tree(call: Call, path: str) -> None:
    files = call.process.files
    if stat.S_ISDIR(files.stat(path, follow=False).mode):
        for name in files.list(path):
            await _remove_tree(call, join(path, name))
            await call.process.tick()
        files.remove_directory(path)
    else:
        files.remove(path)


async def install(call: Call) -> int:
    options = call.options("cdDpsvo:g:m:t:T", {"directory": "d", "mode": "m", "owner": "o", "group": "g"})
    files = call.process.files
    mode = change_mode(options.value("m") or "755", 0, 0) or 0o755
    if options.has("d"):
        for path in options.operands:
            position = 0
            while (position := path.find("/", position + 1)) > 0:
                if not files.is_directory(path[:position]):
                    files.make_directory(path[:position])
            if not files.is_directory(path):
                files.make_directory(path)
            files.change_mode(path, mode)
        return 0
    sources, target = _split(call, options)
    for source in sources:
        path = join(target, base_name(source)) if files.is_directory(target) else target
        if options.has("D") and not files.is_directory(directory_name(path)):
            files.make_directory(directory_name(path))
        await copy_file(call, source, path, files.stat(source), force=True)
        files.change_mode(path, mode)
    return 0


PROGRAMS: dict[str, Applet] = {"cp": cp, "mv": mv, "install": install}
