"""From a path to an inode: names, links, mounts, permissions to search. Errors are those of the real calls, with the path as given."""

import errno
import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Protocol

from orrery.node.files.filesystem import Mounted, MountTable
from orrery.node.files.inodes import SELF, Directory, Inode, RootLink, Symlink

NAME_MAX: Final = 255
PATH_MAX: Final = 4096
LINKS_MAX: Final = 40
READ, WRITE, SEARCH = 4, 2, 1
_USUAL: Final = 100
"""Longer paths are not remembered."""


class Who(Protocol):
    """Whose permissions count."""

    @property
    def pid(self) -> int: ...
    @property
    def uid(self) -> int: ...
    @property
    def gid(self) -> int: ...
    @property
    def groups(self) -> Sequence[int]: ...


def failure(number: int, path: str) -> OSError:
    return OSError(number, os.strerror(number), path)


def may(who: Who, node: Inode, wanted: int) -> bool:
    """Whether `who` may READ, WRITE or SEARCH (execute): the first of owner, group, others that fits decides."""
    mode = node.mode
    if who.uid == 0:
        return wanted != SEARCH or bool(mode & 0o111) or isinstance(node, Directory)
    if who.uid == node.uid:
        return mode >> 6 & wanted == wanted
    if who.gid == node.gid or node.gid in who.groups:
        return mode >> 3 & wanted == wanted
    return mode & wanted == wanted


@dataclass(slots=True)
class Place:
    """Where a path leads. `steps` goes from `/` down: name, inode, mount; the last step is the thing itself, without inode when missing."""

    steps: list[tuple[str, Inode | None, Mounted]]
    given: str

    @property
    def node(self) -> Inode | None:
        return self.steps[-1][1]

    @property
    def name(self) -> str:
        return self.steps[-1][0]

    @property
    def mount(self) -> Mounted:
        return self.steps[-1][2]

    @property
    def path(self) -> str:
        return "/" + "/".join(step[0] for step in self.steps[1:])

    @property
    def is_mount(self) -> bool:
        """Whether something is mounted right here."""
        return len(self.steps) == 1 or self.steps[-1][2] is not self.steps[-2][2]

    def found(self) -> Inode:
        if self.node is None:
            raise failure(errno.ENOENT, self.given)
        return self.node

    def own_parent(self) -> Directory:
        """The directory the thing is in, ready to be changed. Read-only mounts refuse."""
        if self.mount.is_read_only or self.mount.filesystem.is_read_only:
            raise failure(errno.EROFS, self.given)
        if self.is_mount:
            raise failure(errno.EBUSY, self.given)
        parent = self._own(len(self.steps) - 2)
        if not isinstance(parent, Directory):
            raise failure(errno.ENOTDIR, self.given)
        return parent

    def own(self) -> Inode:
        """The thing itself, ready to be changed."""
        if self.mount.is_read_only or self.mount.filesystem.is_read_only:
            raise failure(errno.EROFS, self.given)
        self.found()
        return self._own(len(self.steps) - 1)

    def _own(self, index: int) -> Inode:
        name, node, mount = self.steps[index]
        assert node is not None
        filesystem = mount.filesystem
        if node.owner is filesystem or node.owner is None:
            return node
        first = index
        while first > 0 and self.steps[first - 1][2] is mount:
            first -= 1
        if not isinstance(node, Directory):
            parent = self._own(index - 1)
            assert isinstance(parent, Directory)
            owned = filesystem.own(node, name, parent)
            self.steps[index] = (name, owned, mount)
            return owned
        chain = [step[1] for step in self.steps[first : index + 1] if isinstance(step[1], Directory)]
        names = [step[0] for step in self.steps[first : index + 1]]
        filesystem.adopt(chain, names)
        for at, directory in enumerate(chain, first):
            self.steps[at] = (self.steps[at][0], directory, mount)
        return chain[-1]


def walk(table: MountTable, path: str, who: Who, *, directory: str = "/", follow: bool = True) -> Place:
    """Follow `path` from `directory`; the last part may be missing, what leads to it may not."""
    if not path:
        raise failure(errno.ENOENT, path)
    if len(path) > PATH_MAX:
        raise failure(errno.ENAMETOOLONG, path)
    root = table.by_path["/"]
    steps: list[tuple[str, Inode | None, Mounted]] = [("", root.top, root)]
    todo = _parts(path)
    wants_directory = path.endswith(("/", "/.", "/..")) or path in (".", "..")
    if not path.startswith("/"):
        todo += _parts(directory)
    links = base = 0
    here_table = table
    while todo:
        name = todo.pop()
        _, node, mount = steps[-1]
        if node is None:
            raise failure(errno.ENOENT, path)
        if not isinstance(node, Directory):
            raise failure(errno.ENOTDIR, path)
        if who.uid and not may(who, node, SEARCH):
            raise failure(errno.EACCES, path)
        if name == "..":
            if len(steps) - 1 > base:
                steps.pop()
            continue
        if len(name) > NAME_MAX or (len(name) > 63 and len(name.encode(errors="surrogateescape")) > NAME_MAX):
            raise failure(errno.ENAMETOOLONG, path)
        child = node.get(name)
        if name in here_table.names:
            here = "/" + "/".join([step[0] for step in steps[base + 1 :]] + [name])
            if (mounted := here_table.by_path.get(here)) is not None:
                steps.append((name, mounted.top, mounted))
                continue
        if isinstance(child, Symlink) and (todo or follow or wants_directory):
            links += 1
            if links > LINKS_MAX:
                raise failure(errno.ELOOP, path)
            if isinstance(child, RootLink):
                if who.uid not in (0, child.uid):
                    raise failure(errno.EACCES, path)
                here_table, base = child.table, len(steps)
                mounted = here_table.by_path["/"]
                steps.append((name, mounted.top, mounted))
                continue
            target = f"{who.pid}{child.target.removeprefix(SELF)}" if child.target.startswith(SELF) else child.target
            if target.startswith("/"):
                del steps[1:]
                here_table, base = table, 0
            todo += _parts(target)
            continue
        steps.append((name, child, mount))
    place = Place(steps, path)
    if wants_directory and place.node is not None and not isinstance(place.node, Directory):
        raise failure(errno.ENOTDIR, path)
    return place


def _parts(path: str) -> list[str]:
    """The names of a path, last one first."""
    return list(_usual_parts(path) if len(path) <= _USUAL else _usual_parts.__wrapped__(path))


@lru_cache(maxsize=1024)
def _usual_parts(path: str) -> Sequence[str]:
    return [name for name in reversed(path.split("/")) if name and name != "."]
