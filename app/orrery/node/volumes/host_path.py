"""Paths on a node's simulated disk: their types are checked and made as upstream's hostPath plugin does."""

import stat as modes
from typing import Final

from orrery.node.files.accounts import Root
from orrery.node.files.filesystem import FileSystem, new_table
from orrery.node.files.inodes import Directory, File, Inode
from orrery.node.files.plant import plant_directory, plant_file
from orrery.node.files.walk import walk

_MADE: Final = {"": "directory", "DirectoryOrCreate": "directory", "FileOrCreate": "file"}


class WrongType(Exception):
    """There is something else at the path, or nothing; the message is the kubelet's."""


def find(filesystem: FileSystem, path: str) -> Inode | None:
    """What is at the path, links followed."""
    try:
        return walk(new_table(filesystem), path, Root()).node
    except OSError:
        return None


def prepare(disk: FileSystem, path: str, type_: str) -> Inode:
    """What the volume shows, made when its type says so."""
    node = find(disk, path)
    if node is None:
        return _make(disk, path, type_)
    is_right, name = _check(node, type_)
    if not is_right:
        raise WrongType(f"hostPath type check failed: {path} is not {name}")
    return node


def _make(disk: FileSystem, path: str, type_: str) -> Inode:
    made = _MADE.get(type_)
    if made is None:
        raise WrongType(f"hostPath type check failed: {path} is not {_NAMES[type_]}")
    if made == "directory":
        try:
            return plant_directory(disk, path)
        except NotADirectoryError:
            raise WrongType(f"mkdir {path}: not a directory") from None
    if not isinstance(find(disk, path.rpartition("/")[0] or "/"), Directory):
        raise WrongType(f"open {path}: no such file or directory")
    return plant_file(disk, path, b"")


_NAMES: Final = {
    "Directory": "a directory",
    "DirectoryOrCreate": "a directory",
    "File": "a file",
    "FileOrCreate": "a file",
    "Socket": "a socket file",
    "CharDevice": "a character device",
    "BlockDevice": "a block device",
}


def _check(node: Inode, type_: str) -> tuple[bool, str]:
    is_right = {
        "Directory": isinstance(node, Directory),
        "DirectoryOrCreate": isinstance(node, Directory),
        "File": isinstance(node, File),
        "FileOrCreate": isinstance(node, File),
        "Socket": modes.S_ISSOCK(node.mode),
        "CharDevice": modes.S_ISCHR(node.mode),
        "BlockDevice": modes.S_ISBLK(node.mode),
    }.get(type_, True)
    return is_right, _NAMES.get(type_, "")
