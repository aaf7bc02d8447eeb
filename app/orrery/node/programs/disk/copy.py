"""cp, mv, install, dd."""

import contextlib
import errno
import os
import stat
from typing import Final, cast

from orrery.node.processes.program import CHUNK_BYTES, OpenFile, Stat, Stream
from orrery.node.programs.call import Applet, Call, decode
from orrery.node.programs.disk.modes import change_mode
from orrery.node.programs.disk.walking import base_name, directory_name, join
from orrery.node.programs.faults import Fault, Misuse
from orrery.node.programs.options import Options
from orrery.node.programs.reasons import reason
from orrery.node.programs.text.numbers import size_of

_LONG: Final = {"recursive": "r", "archive": "a", "force": "f", "interactive": "i", "no-clobber": "n", "verbose": "v", "preserve": "p::",
                "no-dereference": "P", "dereference": "L", "link": "l", "symbolic-link": "s", "update": "u", "target-directory": "t",
                "no-target-directory": "T", "parents": "parents"}  # fmt: skip


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
    options = call.options("arRdPLHpfinlsTuvt:" + "Z" * (not call.is_busybox), _LONG)
    sources, target = _split(call, options)
    copier = _Copier(call, options)
    for source in sources:
        into = len(sources) > 1 or (call.process.files.is_directory(target) and not options.has("T"))
        await copier.copy(source.rstrip("/") or source, join(target, base_name(source)) if into else target, is_top=True)
    return call.failed


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
            await call.complain(f"can't create '{target}': {reason(error)}" if call.is_busybox else words)
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
            names = files.list(source)
            if not files.is_directory(target):
                files.make_directory(target)
                self._made.add(files.stat(target).inode)
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
    options = call.options("finTuvt:" + "Z" * (not call.is_busybox), _LONG)
    sources, target = _split(call, options)
    if len(sources) > 1 and not call.process.files.is_directory(target):
        for source in sources:
            await call.complain(f"can't stat '{join(target, base_name(source))}': Not a directory")
        return call.failed
    for source in sources:
        into = call.process.files.is_directory(target) and not options.has("T")
        await _move(call, options, source, join(target, base_name(source)) if into else target)
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


async def dd(call: Call) -> int:
    given: dict[str, str] = {}
    for word in call.arguments:
        key, equals, value = word.partition("=")
        if not equals or key not in ("if", "of", "bs", "ibs", "obs", "count", "skip", "seek", "conv", "iflag", "oflag", "status"):
            raise Misuse("" if call.is_busybox else f"unrecognized operand '{word}'")
        given[key] = value
    sizes: dict[str, int] = {}
    for key in ("bs", "ibs", "obs", "count", "skip", "seek"):
        if key in given:
            size = size_of(given[key])
            if size is None:
                raise Fault(f"invalid number '{given[key]}'" if call.is_busybox else f"invalid number: '{given[key]}'")
            sizes[key] = size
    return await _Dump(call, given, sizes).run()


class _Dump:
    """One run of dd."""

    def __init__(self, call: Call, given: dict[str, str], sizes: dict[str, int]) -> None:
        self._call = call
        self._given = given
        self._block = max(sizes.get("bs", sizes.get("ibs", 512)), 1)
        self._sizes = sizes
        self._full = self._partial = self._bytes = 0

    async def run(self) -> int:
        call, given = self._call, self._given
        started_s = call.process.clock.now_s()
        source, sink = self._open("if"), self._open("of")
        try:
            await self._position(source, sink)
            await self._copy(source, sink)
        except OSError as error:
            path = given.get("of", "standard output")
            await call.complain(f"error writing '{path}': {reason(error)}")
        finally:
            source.close()
            sink.close()
        await self._report(call.process.clock.now_s() - started_s)
        return call.failed

    def _open(self, key: str) -> Stream:
        call, path = self._call, self._given.get(key)
        if path is None:
            return (call.process.stdin if key == "if" else call.process.stdout).share()
        keeps = "notrunc" in self._given.get("conv", "") or "append" in self._given.get("oflag", "") or "seek" in self._sizes
        flags = os.O_RDONLY if key == "if" else os.O_WRONLY | os.O_CREAT | (0 if keeps else os.O_TRUNC)
        if key == "of" and "append" in self._given.get("oflag", ""):
            flags |= os.O_APPEND
        try:
            return call.process.files.open(path, flags)
        except OSError as error:
            raise Fault(
                f"can't open '{path}': {reason(error)}" if call.is_busybox else f"failed to open '{path}': {reason(error)}"
            ) from None

    async def _position(self, source: Stream, sink: Stream) -> None:
        left = self._sizes.get("skip", 0) * (1 if "skip_bytes" in self._given.get("iflag", "") else self._block)
        while left > 0 and (piece := await source.read(min(left, CHUNK_BYTES))):
            left -= len(piece)
            await self._call.process.tick()
        seek = self._sizes.get("seek", 0)
        if seek and hasattr(sink, "seek"):
            file = cast(OpenFile, sink)
            offset = seek * (self._sizes.get("bs") or self._sizes.get("obs", 512))
            if "notrunc" not in self._given.get("conv", ""):
                file.truncate(offset)
            file.seek(offset)

    async def _copy(self, source: Stream, sink: Stream) -> None:
        count = self._sizes.get("count")
        in_bytes = "count_bytes" in self._given.get("iflag", "")
        left = (count if in_bytes else count * self._block) if count is not None else -1
        full = "fullblock" in self._given.get("iflag", "")
        pads = "sync" in self._given.get("conv", "").split(",")
        block = 0
        while left:
            wanted = self._block - block if left < 0 else min(self._block - block, left)
            piece = await source.read(min(wanted, CHUNK_BYTES))
            if piece:
                await sink.write(piece)
                self._bytes += len(piece)
                block += len(piece)
            await self._call.process.tick()
            ended = not piece
            short = len(piece) < min(wanted, CHUNK_BYTES) and not full
            if block == self._block:
                self._full += 1
                block = 0
            elif block and (ended or short):
                self._partial += 1
                if pads:
                    await sink.write(bytes(self._block - block))
                if left > 0 and not in_bytes:
                    left -= self._block - block
                block = 0
            if ended:
                return
            if left > 0:
                left -= len(piece)
        if block:
            self._partial += 1

    async def _report(self, elapsed_s: float) -> None:
        status = self._given.get("status", "")
        if status == "none":
            return
        records = f"{self._full}+{self._partial}"
        text = f"{records} records in\n{records} records out\n"
        if status != "noxfer":
            rate = self._bytes / elapsed_s if elapsed_s > 0 else 0.0
            text += self._busybox_rate(elapsed_s, rate) if self._call.is_busybox else self._gnu_rate(elapsed_s, rate)
        await self._call.process.stderr.write(text.encode())

    def _busybox_rate(self, elapsed_s: float, rate: float) -> str:
        def scaled(value: float) -> str:
            for unit in ("B", "KB", "MB"):
                if value < 1024:
                    return f"{value:.1f}{unit}"
                value /= 1024
            return f"{value:.1f}GB"

        return f"{self._bytes} bytes ({scaled(self._bytes)}) copied, {elapsed_s:f} seconds, {scaled(rate)}/s\n"

    def _gnu_rate(self, elapsed_s: float, rate: float) -> str:
        def scaled(value: float, base: int, units: tuple[str, ...]) -> str:
            for unit in units:
                if value < base:
                    return f"{value:.1f} {unit}" if value < 10 and unit not in ("B",) else f"{value:.0f} {unit}"
                value /= base
            return f"{value:.1f} T{units[-1][1:]}"

        words = f"{self._bytes} byte{'' if self._bytes == 1 else 's'}"
        if self._bytes >= 1000:
            words += f" ({scaled(self._bytes, 1000, ('B', 'kB', 'MB', 'GB'))}"
            words += f", {scaled(self._bytes, 1024, ('B', 'KiB', 'MiB', 'GiB'))})" if self._bytes >= 1024 else ")"
        return f"{words} copied, {elapsed_s:g} s, {scaled(rate, 1000, ('B', 'kB', 'MB', 'GB'))}/s\n"


PROGRAMS: dict[str, Applet] = {"cp": cp, "mv": mv, "install": install, "dd": dd}
