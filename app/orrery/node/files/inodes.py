"""Inodes: directories, files, symbolic links, devices, and what is made up when it is looked at. No paths here, no permissions checked.

An inode belongs to the file system in `owner`. An image's inodes belong to the image's layer, which all its containers share: whoever
wants to change one takes a copy into its own file system first (`tree.py`).
"""

import errno
import itertools
import stat as modes
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Final

from orrery.node.files.content import Content

if TYPE_CHECKING:
    from orrery.node.files.filesystem import FileSystem, MountTable
    from orrery.node.processes.program import Stream

BUILD_S: Final = 1_764_547_200.0
"""When images were built: 2025-12-01."""
BLOCK: Final = 4096
_TMPFS_DIRECTORY: Final = 40
_TMPFS_ENTRY: Final = 20
_numbers = itertools.count(2)


class Inode:
    """What all have. `mode` holds type and permissions."""

    __slots__ = ("gid", "links", "mode", "modified_s", "number", "owner", "uid")

    def __init__(self, owner: "FileSystem | None", mode: int, *, uid: int = 0, gid: int = 0, modified_s: float = BUILD_S) -> None:
        self.owner = owner
        self.mode = mode
        self.uid = uid
        self.gid = gid
        self.modified_s = modified_s
        self.links = 1
        self.number = next(_numbers)

    @property
    def size(self) -> int:
        return 0

    def copy_for(self, owner: "FileSystem") -> "Inode":
        """The same for another file system."""
        raise NotImplementedError

    def _take_marks(self, other: "Inode") -> None:
        self.uid, self.gid, self.modified_s, self.links, self.number = other.uid, other.gid, other.modified_s, other.links, other.number


class Directory(Inode):
    """Names of inodes."""

    __slots__ = ("entries",)

    def __init__(self, owner: "FileSystem | None", mode: int = 0o755, *, uid: int = 0, gid: int = 0, modified_s: float = BUILD_S) -> None:
        super().__init__(owner, modes.S_IFDIR | mode, uid=uid, gid=gid, modified_s=modified_s)
        self.entries: dict[str, Inode] = {}

    @property
    def size(self) -> int:
        """A block on a disk; in memory what its entries take, in a directory that is made up nothing."""
        if self.owner is None:
            return 0
        return _TMPFS_DIRECTORY + _TMPFS_ENTRY * len(self.entries) if self.owner.type == "tmpfs" else BLOCK

    def get(self, name: str) -> Inode | None:
        return self.entries.get(name)

    def names(self) -> Iterable[str]:
        return self.entries

    def copy_for(self, owner: "FileSystem") -> "Directory":
        copied = Directory(owner, modes.S_IMODE(self.mode))
        copied._take_marks(self)
        copied.entries = dict(self.entries)
        return copied


class File(Inode):
    """A regular file."""

    __slots__ = ("content", "openers")

    def __init__(
        self,
        owner: "FileSystem | None",
        mode: int = 0o644,
        content: Content | None = None,
        *,
        uid: int = 0,
        gid: int = 0,
        modified_s: float = BUILD_S,
    ) -> None:
        super().__init__(owner, modes.S_IFREG | mode, uid=uid, gid=gid, modified_s=modified_s)
        self.content = content if content is not None else Content()
        self.openers = 0

    @property
    def size(self) -> int:
        return self.content.size

    def copy_for(self, owner: "FileSystem") -> "File":
        copied = File(owner, modes.S_IMODE(self.mode), self.content.copy())
        copied._take_marks(self)
        owner.space.charge(self.content.size, self.content.real)
        return copied


class Symlink(Inode):
    """A symbolic link."""

    __slots__ = ("target",)

    def __init__(self, owner: "FileSystem | None", target: str, *, uid: int = 0, gid: int = 0, modified_s: float = BUILD_S) -> None:
        super().__init__(owner, modes.S_IFLNK | 0o777, uid=uid, gid=gid, modified_s=modified_s)
        self.target = target

    @property
    def size(self) -> int:
        return len(self.target.encode())

    def copy_for(self, owner: "FileSystem") -> "Symlink":
        copied = Symlink(owner, self.target)
        copied._take_marks(self)
        return copied


class RootLink(Symlink):
    """/proc/PID/root of a process in another container: leads to that container's files."""

    __slots__ = ("table",)

    def __init__(self, table: "MountTable", *, uid: int) -> None:
        super().__init__(None, "/", uid=uid)
        self.table = table


class Device(Inode):
    """A character device. `kind` says which one (`null`, `zero` …), `number_of_device` is major and minor."""

    __slots__ = ("device", "kind")

    def __init__(self, owner: "FileSystem | None", kind: str, *, device: tuple[int, int], mode: int = 0o666) -> None:
        super().__init__(owner, modes.S_IFCHR | mode)
        self.kind = kind
        self.device = device

    def copy_for(self, owner: "FileSystem") -> "Device":
        copied = Device(owner, self.kind, device=self.device, mode=modes.S_IMODE(self.mode))
        copied._take_marks(self)
        return copied


class Fifo(Inode):
    """A named pipe; `pipe` is made when it is first opened."""

    __slots__ = ("pipe",)

    def __init__(self, owner: "FileSystem | None", mode: int = 0o644, *, uid: int = 0, gid: int = 0, modified_s: float = BUILD_S) -> None:
        super().__init__(owner, modes.S_IFIFO | mode, uid=uid, gid=gid, modified_s=modified_s)
        self.pipe: object | None = None

    def copy_for(self, owner: "FileSystem") -> "Fifo":
        copied = Fifo(owner, modes.S_IMODE(self.mode))
        copied._take_marks(self)
        return copied


class MadeFile(Inode):
    """A file of /proc: its text is made when it is opened."""

    __slots__ = ("make", "refusal")

    def __init__(self, make: Callable[[], bytes], mode: int = 0o444, *, refusal: int = errno.EACCES) -> None:
        """`refusal`: what whoever wants to write to it is told."""
        super().__init__(None, modes.S_IFREG | mode)
        self.make = make
        self.refusal = refusal

    def copy_for(self, owner: "FileSystem") -> "Inode":
        return self


class MadeDirectory(Directory):
    """A directory of /proc: `look_up` finds what is in it, `enumerate` lists it."""

    __slots__ = ("enumerate", "look_up")

    def __init__(self, look_up: Callable[[str], Inode | None], enumerate_: Callable[[], Iterable[str]], mode: int = 0o555) -> None:
        super().__init__(None, mode)
        self.look_up = look_up
        self.enumerate = enumerate_

    def get(self, name: str) -> Inode | None:
        return self.look_up(name)

    def names(self) -> Iterable[str]:
        return self.enumerate()

    def copy_for(self, owner: "FileSystem") -> "MadeDirectory":
        return self


class StreamInode(Inode):
    """An open description found again by path: /proc/PID/fd/N. Opening it shares it."""

    __slots__ = ("stream",)

    def __init__(self, stream: "Stream") -> None:
        super().__init__(None, modes.S_IFCHR | 0o620 if stream.is_terminal else modes.S_IFIFO | 0o600)
        self.stream = stream


SELF: Final = "self:"
"""Target of a symbolic link of /proc that depends on who looks: the walker puts the process's pid in its place."""
