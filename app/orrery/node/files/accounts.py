"""Users and groups by /etc/passwd and /etc/group of a container, as the container runtime looks them up."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from orrery.node.files.filesystem import MountTable
from orrery.node.files.inodes import Directory, File
from orrery.node.files.walk import walk

_USUAL: Final = 1 << 14
"""Longer files are not remembered."""


@dataclass(frozen=True, slots=True)
class Root:
    """Who may look at everything."""

    pid: int = 0
    uid: int = 0
    gid: int = 0
    groups: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Account:
    name: str
    uid: int
    gid: int
    home: str
    shell: str


def accounts(table: MountTable) -> list[Account]:
    """The lines of /etc/passwd that can be read."""
    return [
        Account(fields[0], int(fields[2]), int(fields[3]), fields[5], fields[6])
        for fields in _lines(table, "/etc/passwd")
        if len(fields) >= 7 and fields[2].isdigit() and fields[3].isdigit()
    ]


def user_names(table: MountTable) -> dict[int, str]:
    names: dict[int, str] = {}
    for account in accounts(table):
        names.setdefault(account.uid, account.name)
    return names


def account_of(table: MountTable, uid: int) -> Account | None:
    """The first account of that user."""
    for fields in _lines(table, "/etc/passwd"):
        if len(fields) >= 7 and fields[2].isdigit() and int(fields[2]) == uid and fields[3].isdigit():
            return Account(fields[0], uid, int(fields[3]), fields[5], fields[6])
    return None


def groups_of(table: MountTable, name: str) -> tuple[int, ...]:
    """The groups whose members /etc/group lists `name` among."""
    return tuple(
        int(fields[2])
        for fields in _lines(table, "/etc/group")
        if len(fields) >= 4 and fields[2].isdigit() and name in fields[3].split(",")
    )


def group_id(table: MountTable, name: str) -> int | None:
    return next((int(fields[2]) for fields in _lines(table, "/etc/group") if fields[0] == name and fields[2:3]), None)


def _lines(table: MountTable, path: str) -> Sequence[Sequence[str]]:
    try:
        node = walk(table, path, Root()).node
    except OSError:
        return ()
    if not isinstance(node, File):
        return ()
    text = node.content.read(0, min(node.content.size, 1 << 20))
    return _split(text) if len(text) <= _USUAL else _split.__wrapped__(text)


@lru_cache(maxsize=64)
def _split(text: bytes) -> Sequence[Sequence[str]]:
    """Every start of a container reads the files of its image: mostly the same few."""
    return tuple(tuple(line.split(":")) for line in text.decode(errors="replace").splitlines())


def is_directory(table: MountTable, path: str) -> bool:
    """Whether root would find a directory there."""
    try:
        return isinstance(walk(table, path, Root()).node, Directory)
    except OSError:
        return False
