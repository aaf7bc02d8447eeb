"""A volume whose files change all at once: a dated directory with the content, `..data` that points to it, and links through that.

Follows upstream's `AtomicWriter`. Readers that hold a file open go on with the old content.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import NamedTuple, TypeAlias

from orrery.machinery.clock import Clock
from orrery.node.files.content import Content, MadeContent, Maker
from orrery.node.files.filesystem import FileSystem
from orrery.node.files.inodes import Directory, File, Symlink
from orrery.node.files.plant import plant, plant_directory

DATA = "..data"
Data: TypeAlias = bytes | Maker


class Projected(NamedTuple):
    """A file to be: its content, or who makes it; its mode."""

    data: Data
    mode: int = 0o644
    uid: int = 0


def publish(filesystem: FileSystem, files: Mapping[str, Projected], *, clock: Clock, gid: int = 0) -> bool:
    """Let the volume hold exactly these files, by path; False when it does already."""
    root = filesystem.root
    old = root.get(DATA)
    if isinstance(old, Symlink) and _holds(root.get(old.target), files):
        return False
    now_s = clock.now_s()
    name = f"..{datetime.fromtimestamp(now_s, UTC):%Y_%m_%d_%H_%M_%S}.{clock.random.randrange(10**9, 10**10)}"
    plant_directory(filesystem, name, gid=gid, modified_s=now_s)
    for path, projected in files.items():
        mode = projected.mode | (0o440 if gid else 0)
        plant(filesystem, f"{name}/{path}", File(filesystem, mode, _content(projected.data), uid=projected.uid, gid=gid, modified_s=now_s))
    root.entries[DATA] = Symlink(filesystem, name, modified_s=now_s)
    seen = {path.partition("/")[0] for path in files}
    for entry, node in list(root.entries.items()):  # What is no link of ours is where something else is mounted.
        if isinstance(node, Symlink) and node.target == f"{DATA}/{entry}" and entry not in seen:
            del root.entries[entry]
    for entry in seen:
        root.entries.setdefault(entry, Symlink(filesystem, f"{DATA}/{entry}", modified_s=now_s))
    if isinstance(old, Symlink):
        root.entries.pop(old.target, None)
    root.modified_s = now_s
    return True


def _content(data: Data) -> Content:
    return Content(data) if isinstance(data, bytes) else MadeContent(data)


def _holds(node: object, files: Mapping[str, Projected]) -> bool:
    return isinstance(node, Directory) and _flat(node) == {path: (one.data, one.mode) for path, one in files.items()}


def _flat(directory: Directory, prefix: str = "") -> dict[str, tuple[Data, int]]:
    found: dict[str, tuple[Data, int]] = {}
    for name, node in directory.entries.items():
        if isinstance(node, Directory):
            found.update(_flat(node, f"{prefix}{name}/"))
        elif isinstance(node, File):
            content = node.content
            data = content.maker if isinstance(content, MadeContent) else content.read(0, content.size)
            found[prefix + name] = (data, node.mode & 0o7777)
    return found
