"""Planting files from outside, by the runtime: images, volumes, /etc/hosts. Paths are absolute, nobody's permissions are asked."""

from typing import Final

from orrery.node.files.content import Content
from orrery.node.files.filesystem import FileSystem
from orrery.node.files.inodes import BUILD_S, Device, Directory, File, Inode, Symlink

_DEVICES: Final = {
    "null": ("null", (1, 3)),
    "zero": ("zero", (1, 5)),
    "full": ("full", (1, 7)),
    "random": ("random", (1, 8)),
    "urandom": ("random", (1, 9)),
    "tty": ("tty", (5, 0)),
}


def plant_directory(
    filesystem: FileSystem, path: str, mode: int = 0o755, *, uid: int = 0, gid: int = 0, modified_s: float = BUILD_S
) -> Directory:
    """The directory at `path`, made with all that leads there; one that exists stays as it is. NotADirectoryError when it cannot be."""
    chain, names = [filesystem.root], [""]
    parts = [part for part in path.split("/") if part]
    for index, part in enumerate(parts):
        child = chain[-1].get(part)
        if child is None:
            owned = filesystem.adopt(chain, names)
            owned.modified_s = max(owned.modified_s, modified_s)
            is_last = index == len(parts) - 1
            marks = (mode, uid, gid) if is_last else (0o755, 0, 0)
            child = owned.entries[part] = Directory(filesystem, marks[0], uid=marks[1], gid=marks[2], modified_s=modified_s)
        if isinstance(child, Symlink):
            target = child.target if child.target.startswith("/") else "/" + "/".join([*names[1:], child.target])
            return plant_directory(filesystem, "/".join([target, *parts[index + 1 :]]), mode, uid=uid, gid=gid, modified_s=modified_s)
        if not isinstance(child, Directory):
            raise NotADirectoryError(path)
        chain.append(child)
        names.append(part)
    return filesystem.adopt(chain, names)


def plant(filesystem: FileSystem, path: str, node: Inode) -> None:
    """Put an inode at `path`, in place of what is there; directories on the way there are as old as it is."""
    folder, _, name = path.rpartition("/")
    parent = plant_directory(filesystem, folder, modified_s=node.modified_s)
    parent.entries[name] = node
    parent.modified_s = max(parent.modified_s, node.modified_s)


def plant_file(
    filesystem: FileSystem, path: str, data: bytes, mode: int = 0o644, *, uid: int = 0, gid: int = 0, modified_s: float = BUILD_S
) -> File:
    """Content of the runtime's own making; not charged to anybody."""
    file = File(filesystem, mode, Content(data), uid=uid, gid=gid, modified_s=modified_s)
    plant(filesystem, path, file)
    return file


def plant_link(filesystem: FileSystem, path: str, target: str) -> None:
    plant(filesystem, path, Symlink(filesystem, target))


def plant_devices(filesystem: FileSystem) -> None:
    """/dev of a container, in a file system mounted there."""
    for name, (kind, device) in _DEVICES.items():
        filesystem.root.entries[name] = Device(filesystem, kind, device=device)
    links = {"stdin": "/proc/self/fd/0", "stdout": "/proc/self/fd/1", "stderr": "/proc/self/fd/2", "fd": "/proc/self/fd"}
    for name, target in links.items():
        filesystem.root.entries[name] = Symlink(filesystem, target)
    plant_directory(filesystem, "/pts")
    plant_directory(filesystem, "/shm", 0o1777)
    plant_directory(filesystem, "/mqueue", 0o1777)
