"""Disks of the simulation: one per node, trees of PersistentVolumes, and the file systems of single volumes. None is a disk of the host."""

import struct
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from orrery.node.files.filesystem import UNLIMITED_BYTES, FileSystem, new_filesystem
from orrery.node.files.plant import plant_directory, plant_file
from orrery.node.files.space import Space
from orrery.node.keeping.keeper import Keeper
from orrery.node.keeping.trees import KeptTree, restore

_FOLDERS: Final = ("/dev", "/etc/kubernetes", "/home", "/mnt", "/opt", "/proc", "/root", "/run", "/srv", "/sys", "/var/lib", "/var/log")
_UTC: Final = b"TZif" + bytes(16) + struct.pack(">6I", 0, 0, 0, 0, 1, 4) + bytes(6) + b"UTC\0"
"""A time zone file that knows UTC."""
_RELEASE: Final = b'PRETTY_NAME="Orrery"\nNAME="Orrery"\nID=orrery\n'


_VOLUMES: Final = "volumes"


@dataclass(slots=True, eq=False)
class Disks:
    """What outlives Pods: nodes' disks by node name, PersistentVolumes' trees by `storage.tree_of`."""

    space: Space
    volume_bytes: int = 128 * 1024 * 1024
    """What one of them may really take of this process's memory."""
    disk_bytes: int = UNLIMITED_BYTES
    """How large a node's disk seems."""
    nodes: dict[str, FileSystem] = field(default_factory=dict)
    persistent: dict[str, FileSystem] = field(default_factory=dict)
    keeper: Keeper | None = None
    """Keeps what is on them beyond the process's life."""

    def new(self, *, size: int = 0, mode: int = 0o777, source: str = "/dev/vda1", type_: str = "ext4") -> FileSystem:
        filesystem = new_filesystem(size=size or self.disk_bytes, real_max=self.volume_bytes, parent=self.space, type_=type_, mode=mode)
        filesystem.source = source
        return filesystem

    def of_node(self, name: str) -> FileSystem:
        """The node's own, where hostPaths lead."""
        if name not in self.nodes:
            self.nodes[name] = self._new_node_disk(name)
            self.keep(self.nodes[name], "nodes", name)
        return self.nodes[name]

    def of_persistent(self, name: str, size: int) -> FileSystem:
        """A PersistentVolume's tree; it grows with the volume's capacity."""
        if name not in self.persistent:
            self.persistent[name] = self.new()
            self.keep(self.persistent[name], _VOLUMES, name)
        filesystem = self.persistent[name]
        filesystem.space.size = size or self.disk_bytes
        return filesystem

    def drop_persistent(self, name: str) -> None:
        """The PersistentVolume is gone, and what was in it."""
        filesystem = self.persistent.pop(name, None)
        if filesystem is not None:
            filesystem.space.release()
        self.forget(_VOLUMES, name)

    def keep(self, filesystem: FileSystem, *name: str) -> None:
        """Let it hold what was kept under that name, and keep it from now on."""
        if (keeper := self.keeper) is not None:
            kept = KeptTree(keeper.path(*name), filesystem)
            restore(filesystem, kept.path)
            filesystem.on_change = lambda: keeper.changed(kept)

    def forget(self, *name: str) -> None:
        """Do not keep it any more."""
        if self.keeper is not None:
            self.keeper.drop(*name)

    def keep_only(self, pods: Iterable[str], volumes: Iterable[str]) -> None:
        """What was kept of other Pods (by uid) and volumes is of no use any more."""
        if self.keeper is not None:
            self.keeper.keep_only(pods, "pods")
            self.keeper.keep_only(volumes, _VOLUMES)

    def _new_node_disk(self, name: str) -> FileSystem:
        disk = self.new(mode=0o755)
        for folder in _FOLDERS:
            plant_directory(disk, folder)
        for folder in ("/tmp", "/var/tmp"):
            plant_directory(disk, folder, 0o1777)
        for path, data in {"/etc/hostname": f"{name}\n".encode(), "/etc/localtime": _UTC, "/etc/os-release": _RELEASE}.items():
            plant_file(disk, path, data)
        return disk
