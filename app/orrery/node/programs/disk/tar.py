"""tar: create, extract and list, with gzip, from and to files and streams. `kubectl cp` runs it on both ways."""

import os
import stat
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Final

from orrery.node.processes.program import CHUNK_BYTES, Stat, Stream
from orrery.node.programs.call import Applet, Call, encode
from orrery.node.programs.disk.compress import NotGzip, compressed, decompressed, pieces_of
from orrery.node.programs.disk.modes import mode_text
from orrery.node.programs.disk.owners import group_names, user_names
from orrery.node.programs.disk.tar_format import BLOCK, RECORD, Blocks, Member, header_of, members_of
from orrery.node.programs.disk.walking import join
from orrery.node.programs.faults import Fault, Misuse
from orrery.node.programs.options import Options
from orrery.node.programs.patterns.glob import matches_glob
from orrery.node.programs.reasons import reason
from orrery.node.programs.system.moments import format_moment

_LONG: Final = {"create": "c", "extract": "x", "get": "x", "list": "t", "file": "f", "gzip": "z", "verbose": "v", "directory": "C",
                "to-stdout": "O", "exclude": "exclude:", "preserve-permissions": "p", "same-owner": "so", "no-same-owner": "o",
                "no-same-permissions": "nsp", "strip-components": "strip:", "overwrite": "overwrite", "keep-old-files": "k",
                "dereference": "h", "numeric-owner": "numeric", "owner": "owner:", "group": "group:", "mode": "mode:", "touch": "m",
                "append": "r", "bzip2": "j", "xz": "J", "auto-compress": "a", "files-from": "T", "absolute-names": "P",
                "no-recursion": "nr", "warning": "warning:", "mtime": "mtime:", "sort": "sort:", "format": "format:"}  # fmt: skip


@dataclass(slots=True)
class _Plan:
    options: Options
    verbose: bool
    excluded: list[str] = field(default_factory=list)
    strip: int = 0


async def tar(call: Call) -> int:
    words = list(call.arguments)
    if words and not words[0].startswith("-"):
        words = _old_style(words)
    call.arguments = words
    options = call.options("cxtf:zvC:OpomkhrT:X:ajJPuS", _LONG)
    action = options.last("cxtr")
    if not action:
        if call.is_busybox:
            raise Misuse
        await call.process.complain(
            "tar: You must specify one of the '-Acdtrux', '--delete' or '--test-label' "
            "options\nTry 'tar --help' or 'tar --usage' for more information."
        )
        return 2
    if options.has("j", "J"):
        name = "bzip2" if options.has("j") else "xz"
        raise Fault(
            f"can't execute '{name}': No such file or directory" if call.is_busybox else f"{name}: Cannot exec: No such file or directory"
        )
    plan = _Plan(options, options.has("v"), options.values("exclude"), int(options.value("strip") or 0))
    path = options.value("f") or "-"
    if action == "c":
        await _create(call, plan, path)
    else:
        await _read(call, plan, path, lists=action == "t")
    return call.failed


def _old_style(words: list[str]) -> list[str]:
    """`tar xzf a.tar -C x` as `tar -x -z -f a.tar -C x`."""
    letters, rest, out = words[0], words[1:], []
    for letter in letters:
        out.append("-" + letter)
        if letter in "fCTX" and rest:
            out.append(rest.pop(0))
    return [*out, *rest]


async def _create(call: Call, plan: _Plan, path: str) -> None:
    operands = list(plan.options.operands)
    if (names_file := plan.options.value("T")) is not None:
        operands += call.process.files.read(names_file).decode("utf-8", "surrogateescape").split("\n")
    if not any(operands):
        if call.is_busybox:
            raise Fault("empty archive")
        raise Fault("Cowardly refusing to create an empty archive\nTry 'tar --help' or 'tar --usage' for more information.", 2)
    gzips = plan.options.has("z") or (plan.options.has("a") and path.endswith((".gz", ".tgz")))
    try:
        sink = call.process.stdout.share() if path == "-" else call.process.files.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    except OSError as error:
        raise _not_opened(call, path, error) from None
    if (folder := plan.options.value("C")) is not None:
        _enter(call, folder)
    pieces = _Archive(call, plan, path).pieces([operand for operand in operands if operand])
    stream = compressed(call.process, pieces) if gzips else pieces
    try:
        async for piece in stream:
            await sink.write(piece)
            await call.process.tick()
    finally:
        sink.close()
    if call.failed:
        if call.is_busybox:
            await call.complain("error exit delayed from previous errors")
        else:
            await call.complain("Exiting with failure status due to previous errors", 2)


def _enter(call: Call, folder: str) -> None:
    try:
        call.process.change_directory(folder)
    except OSError as error:
        words = f"can't change directory to '{folder}': {reason(error)}"
        gnu = f"{folder}: Cannot open: {reason(error)}\ntar: Error is not recoverable: exiting now"
        raise Fault(words if call.is_busybox else gnu, 1 if call.is_busybox else 2) from None


class _Archive:
    """The pieces of an archive of some paths."""

    def __init__(self, call: Call, plan: _Plan, path: str) -> None:
        self._call = call
        self._plan = plan
        self._path = path
        self._users, self._groups = user_names(call), group_names(call)
        self._seen: dict[tuple[int, int], str] = {}
        self._told_leading = False

    async def pieces(self, operands: list[str]) -> AsyncIterator[bytes]:
        written = 0
        pending = list(reversed(operands))
        while pending:
            path = pending.pop()
            if any(matches_glob(pattern, path) or matches_glob(pattern, path.rpartition("/")[2]) for pattern in self._plan.excluded):
                continue
            if path.startswith("/") and not self._call.is_busybox:
                await self._stored_name(path)
            try:
                about = self._call.process.files.stat(path, follow=self._plan.options.has("h"))
                if stat.S_ISDIR(about.mode):
                    children = [join(path.rstrip("/") or path, name) for name in self._call.process.files.list(path)]
                    pending += reversed(children)
                member = self._member(path, about)
                stream = self._call.process.files.open(path, os.O_RDONLY) if member.kind == "f" else None
            except OSError as error:
                words = "{}" if self._call.is_busybox else "{}: Cannot stat"
                await self._call.complain_of(error, path, busybox=words, debian=words, code=1 if self._call.is_busybox else 2)
                continue
            member.name = await self._stored_name(member.name)
            if not member.name:
                continue
            if self._plan.verbose:
                shown = member.name + ("/" if member.kind == "d" and not member.name.endswith("/") else "")
                to = self._call.process.stderr if self._path == "-" else self._call.process.stdout
                await to.write(encode(shown + "\n"))
            head = header_of(member)
            written += len(head)
            yield head
            if stream is not None:
                async for piece in self._content(stream, member.size):
                    written += len(piece)
                    yield piece
        padding = 0 if self._call.is_busybox else -(written + 2 * BLOCK) % RECORD
        yield bytes(2 * BLOCK + padding)

    async def _content(self, stream: Stream, size: int) -> AsyncIterator[bytes]:
        left = size
        try:
            while left > 0 and (piece := await stream.read(min(left, CHUNK_BYTES))):
                left -= len(piece)
                yield piece
        finally:
            stream.close()
        while left > 0:  # The file has shrunk meanwhile: the header's promise is kept with zeros.
            yield bytes(min(left, CHUNK_BYTES))
            left -= min(left, CHUNK_BYTES)
        if size % BLOCK:
            yield bytes(-size % BLOCK)

    async def _stored_name(self, name: str) -> str:
        stripped = name.lstrip("/")
        if stripped != name and not self._plan.options.has("P"):
            if not self._told_leading:
                self._told_leading = True
                code = self._call.failed
                await self._call.complain(
                    "removing leading '/' from member names" if self._call.is_busybox else "Removing leading `/' from member names", code
                )
            return stripped or ("./" if not self._call.is_busybox else "")
        return name

    def _member(self, path: str, about: Stat) -> Member:
        mode = about.mode
        kind = {stat.S_IFDIR: "d", stat.S_IFLNK: "l", stat.S_IFIFO: "p", stat.S_IFCHR: "c", stat.S_IFBLK: "b"}.get(stat.S_IFMT(mode), "f")
        name = path.rstrip("/") + "/" if kind == "d" else path
        member = Member(name, kind, stat.S_IMODE(mode), about.uid, about.gid, about.size if kind == "f" else 0, about.modified_s)
        member.owner, member.group = self._users.get(about.uid, ""), self._groups.get(about.gid, "")
        if kind == "l":
            member.link = self._call.process.files.read_link(path)
        elif kind == "f" and about.links > 1:
            first = self._seen.setdefault((about.device, about.inode), path)
            if first != path:
                member.kind, member.link, member.size = "h", first.lstrip("/"), 0
        return member


def _not_opened(call: Call, path: str, error: OSError) -> Fault:
    if call.is_busybox:
        return Fault(f"can't open '{path}': {reason(error)}", 1)
    return Fault(f"{path}: Cannot open: {reason(error)}\ntar: Error is not recoverable: exiting now", 2)


async def _read(call: Call, plan: _Plan, path: str, *, lists: bool) -> None:
    try:
        source = call.open(path)
    except OSError as error:
        raise _not_opened(call, path, error) from None
    if (folder := plan.options.value("C")) is not None:
        _enter(call, folder)
    first = await source.read()
    pieces = _chained(first, source)
    if first[:2] == b"\x1f\x8b":
        pieces = decompressed(call.process, pieces)
    elif plan.options.has("z"):
        if not call.is_busybox:
            await call.process.complain("\ngzip: stdin: not in gzip format\ntar: Child returned status 1")
        raise Fault("invalid magic\ntar: short read") if call.is_busybox else Fault("Error is not recoverable: exiting now", 2)
    blocks = Blocks(pieces)
    try:
        await _Extractor(call, plan, blocks).run(lists=lists)
        await (blocks.finish() if call.is_busybox else blocks.finish_record())
    except (ValueError, NotGzip):
        raise Fault(
            "invalid tar magic"
            if call.is_busybox
            else "This does not look like a tar archive\ntar: Exiting with failure status due to previous errors",
            1 if call.is_busybox else 2,
        ) from None
    except EOFError:
        raise Fault(
            "short read"
            if call.is_busybox
            else "This does not look like a tar archive\ntar: Exiting with failure status due to previous errors",
            1 if call.is_busybox else 2,
        ) from None
    finally:
        source.close()


async def _chained(first: bytes, source: Stream) -> AsyncIterator[bytes]:
    if first:
        yield first
    async for piece in pieces_of(source):
        yield piece


class _Extractor:
    """Lists members or makes files of them."""

    def __init__(self, call: Call, plan: _Plan, blocks: Blocks) -> None:
        self._call = call
        self._plan = plan
        self._blocks = blocks
        self._directories: list[Member] = []

    async def run(self, *, lists: bool) -> None:
        wanted = [word.rstrip("/") for word in self._plan.options.operands]
        matched: set[str] = set()
        async for member in members_of(self._blocks):
            await self._call.process.tick()
            name = member.name.rstrip("/")
            fits = [one for one in wanted if name == one or name.startswith(one + "/")]
            matched.update(fits)
            if (wanted and not fits) or any(matches_glob(pattern, name) for pattern in self._plan.excluded):
                await self._blocks.skip(member.size + -member.size % BLOCK)
                continue
            if lists:
                await self._call.print(self._listed(member) + "\n")
                await self._blocks.skip(member.size + -member.size % BLOCK)
            else:
                await self._extract(member)
        for member in reversed(self._directories):
            self._settle(member.name, member)
        for one in wanted:
            if one not in matched:
                await self._call.complain(
                    f"{one}: not found in archive" if self._call.is_busybox else f"{one}: Not found in archive",
                    1 if self._call.is_busybox else 2,
                )
        if self._call.failed == 2 and not self._call.is_busybox:
            await self._call.complain("Exiting with failure status due to previous errors", 2)

    def _listed(self, member: Member) -> str:
        if not self._plan.verbose:
            return member.name
        kinds = {"d": stat.S_IFDIR, "l": stat.S_IFLNK, "p": stat.S_IFIFO, "c": stat.S_IFCHR, "b": stat.S_IFBLK}
        mode = mode_text(member.mode | kinds.get(member.kind, stat.S_IFREG))
        owner = f"{member.owner or member.uid}/{member.group or member.gid}"
        arrow = f" -> {member.link}" if member.kind == "l" else f" link to {member.link}" if member.kind == "h" else ""
        moment = format_moment("%Y-%m-%d %H:%M:%S" if self._call.is_busybox else "%Y-%m-%d %H:%M", member.modified_s)
        width = 9 if self._call.is_busybox else max(19 - len(owner) - 1, len(str(member.size)))
        return f"{mode} {owner} {member.size:>{width}} {moment} {member.name}{arrow}"

    async def _extract(self, member: Member) -> None:
        call, options = self._call, self._plan.options
        if options.has("O"):
            await self._copy(member, call.process.stdout if member.kind == "f" else None)
            return
        name = self._safe(member.name)
        if self._plan.verbose:
            await call.print(member.name + "\n")
        if not name:
            await self._blocks.skip(member.size + -member.size % BLOCK)
            return
        member.name = name
        try:
            await self._make(member)
        except OSError as error:
            words = "can't open '{}'" if call.is_busybox else "{}: Cannot open"
            await call.complain_of(error, name, busybox=words, debian=words, code=1 if call.is_busybox else 2)
            await self._blocks.skip(member.size + -member.size % BLOCK)

    def _safe(self, name: str) -> str:
        """Without a leading slash and without what climbs up; empty when nothing is left."""
        parts = [part for part in name.split("/") if part not in ("", ".")]
        if ".." in parts and not self._plan.options.has("P"):
            return ""
        parts = parts[self._plan.strip :]
        prefix = "/" if name.startswith("/") and self._plan.options.has("P") else ""
        return prefix + "/".join(parts)

    async def _make(self, member: Member) -> None:
        files = self._call.process.files
        self._make_parents(member.name)
        if member.kind == "d":
            if not files.is_directory(member.name):
                files.make_directory(member.name, 0o700 | member.mode)
            self._directories.append(member)
            return
        if (
            member.kind in "fhl"
            and (files.exists(member.name) or _is_link(self._call, member.name))
            and not files.is_directory(member.name)
        ):
            if self._plan.options.has("k"):
                raise FileExistsError(17, "File exists", member.name)
            if member.kind != "f" or _is_link(self._call, member.name):
                files.remove(member.name)
        if member.kind == "l":
            files.symlink(member.link, member.name)
        elif member.kind == "h":
            files.link(self._safe(member.link) or member.link, member.name)
        elif member.kind == "p":
            files.make_fifo(member.name, member.mode)
        elif member.kind == "f":
            sink = files.open(member.name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, member.mode & 0o777)
            try:
                await self._copy(member, sink)
            finally:
                sink.close()
            self._settle(member.name, member)

    def _make_parents(self, name: str) -> None:
        files = self._call.process.files
        folder = name.rpartition("/")[0]
        if not folder or files.is_directory(folder):
            return
        position = 0
        while True:
            position = folder.find("/", position + 1)
            step = folder if position < 0 else folder[:position]
            if step and not files.is_directory(step):
                files.make_directory(step)
            if position < 0:
                return

    async def _copy(self, member: Member, sink: Stream | None) -> None:
        left = member.size
        while left > 0 and (piece := await self._blocks.some(min(left, CHUNK_BYTES))):
            left -= len(piece)
            if sink is not None:
                await sink.write(piece)
            await self._call.process.tick()
        if left > 0:
            raise EOFError
        await self._blocks.skip(-member.size % BLOCK)

    def _settle(self, path: str, member: Member) -> None:
        files, process = self._call.process.files, self._call.process
        keeps = process.uid == 0 or self._plan.options.has("p")
        try:
            files.change_mode(path, member.mode if keeps else member.mode & ~process.umask)
            if process.uid == 0 and not self._plan.options.has("o"):
                files.change_owner(path, member.uid, member.gid)
            if not self._plan.options.has("m"):
                files.set_modified(path, member.modified_s)
        except PermissionError:
            return


def _is_link(call: Call, path: str) -> bool:
    try:
        return stat.S_ISLNK(call.process.files.stat(path, follow=False).mode)
    except OSError:
        return False


PROGRAMS: dict[str, Applet] = {"tar": tar}
