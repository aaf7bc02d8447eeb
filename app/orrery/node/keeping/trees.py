"""A file system as a file: a line that says what it is, a line of JSON with all inodes, and the bytes of all files.

Zeros take no room. Names of hard links lead to one inode. Bytes are written as they were when the snapshot was taken, while programs go on.
"""

import json
import logging
import stat as modes
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from orrery.node.files.content import Content, Part
from orrery.node.files.filesystem import FileSystem
from orrery.node.files.inodes import Device, Directory, Fifo, File, Inode, Symlink
from orrery.node.keeping.keeper import Work, write_whole

_MAGIC: Final = b"orrery-tree 1\n"
_ENTRY_BYTES: Final = 160
"""What an inode takes, about."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class KeptTree:
    """A file system that is kept."""

    path: Path
    filesystem: FileSystem

    def snapshot(self) -> tuple[int, Work]:
        nodes, pieces = _flattened(self.filesystem.root)

        def write() -> int:
            return write_whole(self.path, (_MAGIC, json.dumps(nodes).encode() + b"\n", *pieces))

        return len(nodes) * _ENTRY_BYTES + sum(map(len, pieces)), write


def restore(filesystem: FileSystem, path: Path) -> None:
    """Let the file system hold what was kept; what cannot be read is left, and said."""
    try:
        with path.open("rb") as file:
            if file.readline() != _MAGIC:
                raise ValueError("it is no file of this version")
            root = _root(filesystem, json.loads(file.readline()), file.read)
    except FileNotFoundError:
        return
    except (OSError, ValueError, KeyError, IndexError, TypeError) as error:
        log.warning("Cannot read what was kept in %s: %s", path, error)
        return
    filesystem.root = root


def _flattened(root: Directory) -> tuple[list[list[Any]], list[bytes]]:
    """All inodes, the root first, and the bytes of the files in the same order."""
    numbers: dict[int, int] = {id(root): 0}
    waiting: list[Inode] = [root]
    rows: list[list[Any]] = []
    pieces: list[bytes] = []
    for node in waiting:  # It grows as directories are looked into.
        kind, told = _told(node, pieces)
        if isinstance(node, Directory):
            told = {}
            for name, child in node.entries.items():
                if not isinstance(child, _KINDS):
                    continue
                if id(child) not in numbers:
                    numbers[id(child)] = len(waiting)
                    waiting.append(child)
                told[name] = numbers[id(child)]
        rows.append([kind, modes.S_IMODE(node.mode), node.uid, node.gid, node.modified_s, told])
    return rows, pieces


_KINDS: Final = (Directory, File, Symlink, Fifo, Device)


def _told(node: Inode, pieces: list[bytes]) -> tuple[str, Any]:
    if isinstance(node, File):
        parts = node.content.parts()
        pieces += [part for part in parts if isinstance(part, bytes)]
        return "f", [len(part) if isinstance(part, bytes) else -part for part in parts]
    if isinstance(node, Symlink):
        return "l", node.target
    if isinstance(node, Device):
        return "c", [node.kind, *node.device]
    return ("d", None) if isinstance(node, Directory) else ("p", None)


def _root(filesystem: FileSystem, rows: list[list[Any]], read: Any) -> Directory:
    nodes = [_made(filesystem, row, read) for row in rows]
    for row, node in zip(rows, nodes, strict=True):
        if isinstance(node, Directory):
            node.entries = {name: nodes[number] for name, number in row[5].items()}
    for node, count in _links(nodes):
        node.links = count
    root = nodes[0]
    if not isinstance(root, Directory):
        raise ValueError("its root is no directory")
    return root


def _links(nodes: list[Inode]) -> Iterator[tuple[Inode, int]]:
    counts: dict[int, int] = {}
    for node in nodes:
        for child in node.entries.values() if isinstance(node, Directory) else ():
            counts[id(child)] = counts.get(id(child), 0) + 1
    for node in nodes:
        if not isinstance(node, Directory):
            yield node, counts.get(id(node), 1)


def _made(filesystem: FileSystem, row: list[Any], read: Any) -> Inode:
    kind, mode, uid, gid, modified_s, told = row
    node: Inode
    if kind == "d":
        node = Directory(filesystem, mode)
    elif kind == "f":
        node = File(filesystem, mode, Content.of(_parts(told, read)))
        filesystem.space.charge(node.content.size, node.content.real)
    elif kind == "l":
        node = Symlink(filesystem, told)
    elif kind == "c":
        node = Device(filesystem, told[0], device=(told[1], told[2]), mode=mode)
    else:
        node = Fifo(filesystem, mode)
    node.uid, node.gid, node.modified_s = uid, gid, modified_s
    return node


def _parts(told: list[int], read: Any) -> Iterator[Part]:
    for count in told:
        if count < 0:
            yield -count
            continue
        data: bytes = read(count)
        if len(data) != count:
            raise ValueError("its end is missing")
        yield data
