"""Whose the files of a volume are: fsGroup, and the user of service account tokens. Follows `SetVolumeOwnership` and `FsUserFrom`."""

from collections.abc import Iterator
from typing import Final

from orrery.machinery.objects import FrozenObject
from orrery.node.files.inodes import Directory, Inode, Symlink

_READS_WRITES: Final = 0o660
_READS: Final = 0o440
_DIRECTORY: Final = 0o2110


def fs_group_of(pod: FrozenObject) -> int | None:
    group = (pod["spec"].get("securityContext") or {}).get("fsGroup")
    return None if group is None else int(group)


def fs_user_of(pod: FrozenObject) -> int | None:
    """The user all containers of the Pod run as, when they are told to run as the same one."""
    spec = pod["spec"]
    otherwise = (spec.get("securityContext") or {}).get("runAsUser")
    users = {(container.get("securityContext") or {}).get("runAsUser", otherwise) for container in _containers(spec)}
    return users.pop() if len(users) == 1 else None


def group_mode(mode: int, *, is_directory: bool = False, is_read_only: bool = False) -> int:
    """The mode of what belongs to a volume's group: it may read, and write unless the volume cannot be written."""
    return mode | (_READS if is_read_only else _READS_WRITES) | (_DIRECTORY if is_directory else 0)


def give_to_group(node: Inode, group: int, *, is_read_only: bool = False) -> None:
    """Let the group have `node` and all that is in it; links keep their mode."""
    node.gid = group
    if not isinstance(node, Symlink):
        node.mode = group_mode(node.mode, is_directory=isinstance(node, Directory), is_read_only=is_read_only)
    if isinstance(node, Directory):
        for child in node.entries.values():
            give_to_group(child, group, is_read_only=is_read_only)


def _containers(spec: FrozenObject) -> Iterator[FrozenObject]:
    for place in ("initContainers", "containers", "ephemeralContainers"):
        yield from spec.get(place) or ()
