"""One file system: a tree of inodes with a budget. A container's root starts as the image's tree and copies what it changes."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from orrery.node.files.inodes import Directory, Inode
from orrery.node.files.space import Space

UNLIMITED_BYTES: Final = 1 << 60


@dataclass(slots=True, eq=False)
class FileSystem:
    """`root` may belong to another file system (an image's layer): then it is only read, and copied when written."""

    root: Directory
    space: Space
    type: str = "overlay"
    source: str = "overlay"
    device: int = 1
    is_read_only: bool = False
    on_change: Callable[[], None] | None = None
    """Called when something in it is about to change."""

    def touch(self) -> None:
        """Something changes."""
        if self.on_change is not None:
            self.on_change()

    def adopt(self, chain: list[Directory], names: list[str]) -> Directory:
        """Own the last directory of a chain from the root down: those that belong to a layer are copied, each into its parent."""
        self.touch()
        if chain[-1].owner is self:
            return chain[-1]
        parent: Directory | None = None
        for index, directory in enumerate(chain):
            if directory.owner is not self and directory.owner is not None:
                copied = directory.copy_for(self)
                if parent is None:
                    self.root = copied
                else:
                    parent.entries[names[index]] = copied
                chain[index] = directory = copied
            parent = directory
        return chain[-1]

    def own(self, node: Inode, name: str, parent: Directory) -> Inode:
        """A version of `node`, found as `name` in the owned directory `parent`, that may be changed."""
        self.touch()
        if node.owner is self or node.owner is None:
            return node
        copied = node.copy_for(self)
        parent.entries[name] = copied
        return copied


def new_filesystem(
    *, size: int = UNLIMITED_BYTES, real_max: int = UNLIMITED_BYTES, parent: Space | None = None, type_: str = "tmpfs", mode: int = 0o755
) -> FileSystem:
    """An empty one."""
    root = Directory(None, mode)
    filesystem = FileSystem(root, Space(size, real_max=real_max, parent=parent), type_, type_)
    root.owner = filesystem
    return filesystem


def over_layer(layer: FileSystem, *, size: int, real_max: int, parent: Space | None) -> FileSystem:
    """A container's root over an image's layer."""
    return FileSystem(layer.root, Space(size, real_max=real_max, parent=parent))


@dataclass(slots=True)
class Mounted:
    """A directory of a file system at a place of a tree."""

    path: str
    filesystem: FileSystem
    root: Inode | None = None
    """What is seen there; None: the file system's own root, whatever it is at that moment."""
    is_read_only: bool = False
    source: str = ""

    @property
    def top(self) -> Inode:
        return self.filesystem.root if self.root is None else self.root


@dataclass(slots=True, eq=False)
class MountTable:
    """What a container sees where. Paths are real ones, `/` is always there."""

    by_path: dict[str, Mounted]
    names: set[str] = field(default_factory=set)
    """Last parts of the paths: a walker looks up a path only when its last name is in here."""

    def add(self, mounted: Mounted) -> None:
        self.by_path[mounted.path] = mounted
        self.names.add(mounted.path.rpartition("/")[2])

    def remove(self, path: str) -> None:
        del self.by_path[path]


def new_table(root: FileSystem, *, is_read_only: bool = False) -> MountTable:
    table = MountTable({})
    table.add(Mounted("/", root, is_read_only=is_read_only))
    return table
