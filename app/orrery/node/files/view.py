"""`Files` for one process: paths relative to its directory, permissions of its user, its umask, errors as the real calls give them."""

import errno
import os
import stat as modes
from collections.abc import Callable, Sequence
from typing import Final, Protocol, cast

from orrery.machinery.clock import Clock
from orrery.node.files.filesystem import MountTable
from orrery.node.files.inodes import Device, Directory, Fifo, File, Inode, MadeFile, StreamInode, Symlink
from orrery.node.files.opened import OpenedDevice, OpenedDirectory, OpenedFile, OpenedText
from orrery.node.files.walk import READ, SEARCH, WRITE, Place, failure, may, walk
from orrery.node.privileges import CHOWN, FOWNER, Privileges
from orrery.node.processes.pipes import open_fifo
from orrery.node.processes.program import Mount, OpenFile, Stat

_NEEDS: Final = {os.O_RDONLY: READ, os.O_WRONLY: WRITE, os.O_RDWR: READ | WRITE}


class _Kernel(Protocol):
    @property
    def privileges(self) -> Privileges: ...


class Viewer(Protocol):
    """The process that looks."""

    pid: int
    uid: int
    gid: int
    groups: Sequence[int]
    umask: int
    directory: str

    @property
    def system(self) -> _Kernel: ...


class View:
    """The file system as one process sees it."""

    __slots__ = ("_clock", "_open_terminal", "_table", "_viewer", "read_bytes_max")

    def __init__(
        self,
        table: MountTable,
        viewer: Viewer,
        *,
        clock: Clock,
        open_terminal: Callable[[], OpenFile | None] = lambda: None,
        read_bytes_max: int = 64 * 1024 * 1024,
    ) -> None:
        self._table = table
        self._viewer = viewer
        self._clock = clock
        self._open_terminal = open_terminal
        self.read_bytes_max = read_bytes_max

    # Opening.

    def open(self, path: str, flags: int, mode: int = 0o666) -> OpenFile:
        place = self._walk(path, follow=not flags & (os.O_EXCL if flags & os.O_CREAT else 0) and not flags & os.O_NOFOLLOW)
        node = place.node
        if node is None:
            if not flags & os.O_CREAT:
                raise failure(errno.ENOENT, path)
            return OpenedFile(self._create(place, mode), place.mount.filesystem, flags, clock=self._clock)
        if flags & os.O_CREAT and flags & os.O_EXCL:
            raise failure(errno.EEXIST, path)
        if isinstance(node, Symlink):
            raise failure(errno.ELOOP, path)
        wanted = _NEEDS[flags & os.O_ACCMODE]
        if isinstance(node, Directory):
            if wanted & WRITE:
                raise failure(errno.EISDIR, path)
            self._check(node, READ, path)
            return OpenedDirectory(flags)
        if flags & os.O_DIRECTORY:
            raise failure(errno.ENOTDIR, path)
        if isinstance(node, StreamInode):
            return cast(OpenFile, node.stream.share())
        if isinstance(node, File) and wanted & WRITE and flags & os.O_TRUNC:
            _check_writable(place)
        self._check(node, wanted, path)
        if isinstance(node, File):
            return self._open_file(place, flags, writes=bool(wanted & WRITE))
        return self._open_special(node, flags, path)

    def _open_file(self, place: Place, flags: int, *, writes: bool) -> OpenFile:
        node = place.own() if writes else place.node
        assert isinstance(node, File)
        if writes and flags & os.O_TRUNC:
            node.content.truncate(0, place.mount.filesystem.space)
            node.modified_s = self._clock.now_s()
        return OpenedFile(node, place.mount.filesystem, flags, clock=self._clock)

    def _open_special(self, node: Inode, flags: int, path: str) -> OpenFile:
        if isinstance(node, MadeFile):
            if flags & os.O_ACCMODE != os.O_RDONLY:
                raise failure(node.refusal, path)
            return OpenedText(node.make())
        if isinstance(node, Fifo):
            return open_fifo(node, flags)
        if isinstance(node, Device) and node.kind == "tty":
            terminal = self._open_terminal()
            if terminal is None:
                raise failure(errno.ENXIO, path)
            return terminal
        if isinstance(node, Device):
            return OpenedDevice(node.kind, flags, clock=self._clock)
        raise failure(errno.ENXIO, path)

    def _create(self, place: Place, mode: int) -> File:
        parent = self._changeable_parent(place)
        filesystem = place.mount.filesystem
        gid = parent.gid if parent.mode & modes.S_ISGID else self._viewer.gid
        file = File(filesystem, mode & ~self._viewer.umask, uid=self._viewer.uid, gid=gid, modified_s=self._clock.now_s())
        self._enter(parent, place.name, file)
        return file

    # Whole files.

    def read(self, path: str) -> bytes:
        opened = self.open(path, os.O_RDONLY)
        if isinstance(opened, OpenedText):
            return opened.whole
        if isinstance(opened, OpenedFile):
            size = opened.file.content.size
            if size > self.read_bytes_max:
                raise failure(errno.EFBIG, path)
            return opened.file.content.read(0, size)
        opened.close()
        if isinstance(opened, OpenedDirectory):
            raise failure(errno.EISDIR, path)
        return b""

    def head(self, path: str, count: int) -> bytes:
        """The first bytes of a regular file, whoever may read it."""
        node = self._walk(path).found()
        return node.content.read(0, count) if isinstance(node, File) else b""

    def write(self, path: str, data: bytes, *, append: bool = False, mode: int = 0o666) -> None:
        opened = self.open(path, os.O_WRONLY | os.O_CREAT | (os.O_APPEND if append else os.O_TRUNC), mode)
        if isinstance(opened, OpenedFile):
            try:
                opened.put(data)
            except OSError as error:
                raise failure(error.errno or errno.EIO, path) from None
        opened.close()

    # Looking.

    def stat(self, path: str, *, follow: bool = True) -> Stat:
        place = self._walk(path, follow=follow)
        node = place.found()
        return Stat(
            inode=node.number,
            mode=node.mode,
            links=2 + sum(isinstance(node.get(name), Directory) for name in node.names()) if type(node) is Directory else node.links,
            uid=node.uid,
            gid=node.gid,
            size=node.size,
            modified_s=node.modified_s,
            device=place.mount.filesystem.device,
            special=node.device if isinstance(node, Device) else (0, 0),
        )

    def exists(self, path: str) -> bool:
        try:
            return self._walk(path).node is not None
        except OSError:
            return False

    def is_directory(self, path: str) -> bool:
        try:
            return isinstance(self._walk(path).node, Directory)
        except OSError:
            return False

    def access(self, path: str, wanted: int) -> bool:
        """Whether the process may read (4), write (2), execute (1) it, for `test -r`."""
        try:
            place = self._walk(path)
        except OSError:
            return False
        node = place.node
        if node is None or (wanted & WRITE and (place.mount.is_read_only or place.mount.filesystem.is_read_only)):
            return False
        return all(may(self._viewer, node, one) for one in (READ, WRITE, SEARCH) if wanted & one)

    def check_executable(self, path: str) -> None:
        """OSError when the file cannot be started: it is not there, is a directory, or may not be executed."""
        node = self._walk(path).found()
        if isinstance(node, Directory) or not may(self._viewer, node, SEARCH):
            raise failure(errno.EACCES, path)

    def list(self, path: str) -> Sequence[str]:
        node = self._walk(path).found()
        if not isinstance(node, Directory):
            raise failure(errno.ENOTDIR, path)
        self._check(node, READ, path)
        return sorted(node.names())

    def read_link(self, path: str) -> str:
        place = self._walk(path, follow=False)
        node = place.found()
        if not isinstance(node, Symlink):
            raise failure(errno.EINVAL, path)
        return node.target.replace("self:", str(self._viewer.pid), 1) if node.target.startswith("self:") else node.target

    def real_path(self, path: str) -> str:
        place = self._walk(path)
        place.found()
        return place.path

    def mounts(self) -> Sequence[Mount]:
        return [
            Mount(
                source=one.source or one.filesystem.source,
                path=path,
                type=one.filesystem.type,
                is_read_only=one.is_read_only or one.filesystem.is_read_only,
                size=one.filesystem.space.size,
                used=one.filesystem.space.used,
            )
            for path, one in self._table.by_path.items()
        ]

    # Names.

    def make_directory(self, path: str, mode: int = 0o777) -> None:
        place = self._absent(path.rstrip("/") or "/")
        parent = self._changeable_parent(place)
        gid = parent.gid if parent.mode & modes.S_ISGID else self._viewer.gid
        now_s = self._clock.now_s()
        directory = Directory(place.mount.filesystem, mode & ~self._viewer.umask, uid=self._viewer.uid, gid=gid, modified_s=now_s)
        directory.mode |= parent.mode & modes.S_ISGID
        self._enter(parent, place.name, directory)

    def make_fifo(self, path: str, mode: int = 0o666) -> None:
        place = self._absent(path)
        parent = self._changeable_parent(place)
        mode &= ~self._viewer.umask
        fifo = Fifo(place.mount.filesystem, mode, uid=self._viewer.uid, gid=self._viewer.gid, modified_s=self._clock.now_s())
        self._enter(parent, place.name, fifo)

    def symlink(self, target: str, path: str) -> None:
        place = self._absent(path)
        parent = self._changeable_parent(place)
        now_s = self._clock.now_s()
        link = Symlink(place.mount.filesystem, target, uid=self._viewer.uid, gid=self._viewer.gid, modified_s=now_s)
        self._enter(parent, place.name, link)

    def link(self, old: str, new: str) -> None:
        source = self._walk(old, follow=False)
        if isinstance(source.found(), Directory):
            raise failure(errno.EPERM, old)
        target = self._absent(new)
        if source.mount is not target.mount:
            raise failure(errno.EXDEV, new)
        parent = self._changeable_parent(target)
        source = self._walk(old, follow=False)  # What leads there may have been copied just now.
        node = source.own()
        node.links += 1
        self._enter(parent, target.name, node)

    def remove(self, path: str) -> None:
        place = self._walk(path, follow=False)
        if isinstance(place.found(), Directory):
            raise failure(errno.EISDIR, path)
        parent = self._changeable_parent(place)
        self._check_sticky(parent, place)
        self._drop(parent, place)

    def remove_directory(self, path: str) -> None:
        place = self._walk(path, follow=False)
        node = place.found()
        if not isinstance(node, Directory):
            raise failure(errno.ENOTDIR, path)
        if place.is_mount:
            raise failure(errno.EBUSY, path)
        if any(True for _ in node.names()):
            raise failure(errno.ENOTEMPTY, path)
        parent = self._changeable_parent(place)
        self._check_sticky(parent, place)
        self._drop(parent, place)

    def rename(self, old: str, new: str) -> None:
        source, target = self._walk(old, follow=False), self._walk(new, follow=False)
        node = source.found()
        if source.is_mount or target.is_mount:
            raise failure(errno.EBUSY, old)
        if source.mount is not target.mount:
            raise failure(errno.EXDEV, old)
        if isinstance(node, Directory) and (target.path + "/").startswith(source.path + "/") and target.path != source.path:
            raise failure(errno.EINVAL, old)
        if target.node is node:
            return
        self._check_replaceable(node, target)
        self._check_sticky(self._changeable_parent(source), source)
        into = self._changeable_parent(target)
        source = self._walk(old, follow=False)  # Either parent may have been copied on the way.
        out = source.own_parent()
        moved = source.own()
        if target.node is not None:
            self._check_sticky(into, target)
            self._drop(into, target)
        del out.entries[source.name]
        out.modified_s = self._clock.now_s()
        self._enter(into, target.name, moved)

    # Marks.

    def change_mode(self, path: str, mode: int) -> None:
        place = self._walk(path)
        if self._viewer.uid != place.found().uid and not self._has(FOWNER):
            raise failure(errno.EPERM, path)
        node = place.own()
        node.mode = modes.S_IFMT(node.mode) | (mode & 0o7777)

    def change_owner(self, path: str, uid: int, gid: int, *, follow: bool = True) -> None:
        place = self._walk(path, follow=follow)
        node = place.found()
        is_own_group = uid in (-1, node.uid) and (gid == -1 or gid == self._viewer.gid or gid in self._viewer.groups)
        if not self._has(CHOWN) and not (self._viewer.uid == node.uid and is_own_group):
            raise failure(errno.EPERM, path)
        node = place.own()
        node.uid, node.gid = node.uid if uid == -1 else uid, node.gid if gid == -1 else gid

    def set_modified(self, path: str, seconds: float) -> None:
        place = self._walk(path)
        node = place.found()
        if self._viewer.uid not in (0, node.uid) and not may(self._viewer, node, WRITE):
            raise failure(errno.EACCES, path)
        place.own().modified_s = seconds

    # The parts.

    def _has(self, capability: int) -> bool:
        return self._viewer.uid == 0 and bool(self._viewer.system.privileges.capabilities & capability)

    def _walk(self, path: str, *, follow: bool = True) -> Place:
        if "\0" in path:
            raise failure(errno.EINVAL, path)
        return walk(self._table, path, self._viewer, directory=self._viewer.directory, follow=follow)

    def _absent(self, path: str) -> Place:
        place = self._walk(path, follow=False)
        if place.node is not None:
            raise failure(errno.EEXIST, path)
        if path.endswith("/"):
            raise failure(errno.ENOENT, path)
        return place

    def _check(self, node: Inode, wanted: int, path: str) -> None:
        if not all(may(self._viewer, node, one) for one in (READ, WRITE) if wanted & one):
            raise failure(errno.EACCES, path)

    def _changeable_parent(self, place: Place) -> Directory:
        _check_writable(place)
        parent = place.steps[-2][1] if len(place.steps) > 1 else place.node
        if parent is not None and not (may(self._viewer, parent, WRITE) and may(self._viewer, parent, SEARCH)):
            raise failure(errno.EACCES, place.given)
        owned = place.own_parent()
        if owned.owner is None:
            raise failure(errno.EACCES, place.given)  # /proc
        return owned

    def _check_sticky(self, parent: Directory, place: Place) -> None:
        """In /tmp only the owner may remove."""
        if parent.mode & modes.S_ISVTX and self._viewer.uid not in (0, parent.uid, place.found().uid):
            raise failure(errno.EPERM, place.given)

    def _check_replaceable(self, node: Inode, target: Place) -> None:
        there = target.node
        if there is None:
            return
        if isinstance(there, Directory):
            if not isinstance(node, Directory):
                raise failure(errno.EISDIR, target.given)
            if any(True for _ in there.names()):
                raise failure(errno.ENOTEMPTY, target.given)
        elif isinstance(node, Directory):
            raise failure(errno.ENOTDIR, target.given)

    def _enter(self, parent: Directory, name: str, node: Inode) -> None:
        parent.entries[name] = node
        parent.modified_s = self._clock.now_s()

    def _drop(self, parent: Directory, place: Place) -> None:
        """Take a name away; a file's last one gives its space back."""
        node, filesystem = parent.entries.pop(place.name), place.mount.filesystem
        parent.modified_s = self._clock.now_s()
        if node.owner is not filesystem:
            return
        node.links -= 1
        if isinstance(node, File) and node.links == 0 and node.openers == 0:
            node.content.truncate(0, filesystem.space)


def _check_writable(place: Place) -> None:
    """A mount that is read-only refuses before anybody is asked who may."""
    if place.mount.is_read_only or place.mount.filesystem.is_read_only:
        raise failure(errno.EROFS, place.given)
