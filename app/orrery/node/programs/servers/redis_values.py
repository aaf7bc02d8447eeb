"""What redis keeps: values by key in numbered databases, with their expiry and their weight in memory; and how replies are written."""

import asyncio
from collections.abc import Iterable
from typing import Final, TypeAlias

from orrery.node.processes.program import Process

_ITEM_BYTES: Final = 64
OK: Final = b"+OK\r\n"
NULL: Final = b"$-1\r\n"
NO_ARRAY: Final = b"*-1\r\n"
WRONG_TYPE: Final = b"-WRONGTYPE Operation against a key holding the wrong kind of value\r\n"
SYNTAX: Final = b"-ERR syntax error\r\n"
NO_KEY: Final = b"-ERR no such key\r\n"
NO_FLOAT: Final = b"-ERR value is not a valid float\r\n"


class SortedSet(dict[bytes, float]):
    """Members with their scores."""

    def in_order(self) -> list[tuple[bytes, float]]:
        return sorted(self.items(), key=lambda item: (item[1], item[0]))


Value: TypeAlias = bytes | list[bytes] | set[bytes] | dict[bytes, bytes] | SortedSet
TYPES: Final[dict[type, str]] = {bytes: "string", list: "list", set: "set", dict: "hash", SortedSet: "zset"}


class Wrong(Exception):
    """An error reply."""


def bulk(data: bytes | None) -> bytes:
    return NULL if data is None else b"$%d\r\n%b\r\n" % (len(data), data)


def replies(parts: Iterable[bytes]) -> bytes:
    """An array of replies."""
    listed = list(parts)
    return b"*%d\r\n" % len(listed) + b"".join(listed)


def array(items: Iterable[bytes]) -> bytes:
    return replies(bulk(item) for item in items)


def integer(number: int) -> bytes:
    return b":%d\r\n" % number


def shown(number: float) -> bytes:
    """A score, as short as it can be."""
    if number in (float("inf"), float("-inf")):
        return b"inf" if number > 0 else b"-inf"
    return b"%d" % int(number) if number == int(number) and abs(number) < 1e17 else repr(number).encode()


def as_float(word: bytes) -> float:
    try:
        number = float(word)
    except ValueError:
        raise Wrong(NO_FLOAT) from None
    if number != number:
        raise Wrong(NO_FLOAT)
    return number


class Base:
    """One of the numbered databases."""

    def __init__(self, process: Process) -> None:
        self.process = process
        self.data: dict[bytes, Value] = {}
        self.expires: dict[bytes, float] = {}
        self.told: list[list[bytes]] = []
        """What followers are told in place of the command itself: what chance decided, and moments instead of durations."""

    def now(self) -> float:
        return self.process.clock.now_s()

    def get(self, key: bytes) -> Value | None:
        if (due := self.expires.get(key)) is not None and due <= self.now():
            self.drop(key)
        return self.data.get(key)

    def drop(self, key: bytes) -> bool:
        self.expires.pop(key, None)
        value = self.data.pop(key, None)
        if value is None:
            return False
        self.process.allocate(-(len(key) + _weight(value)))
        return True

    def put(self, key: bytes, value: Value) -> None:
        """A collection without members is none."""
        if not value and not isinstance(value, bytes):
            self.drop(key)
            return
        old = self.data.get(key)
        self.process.allocate(_weight(value) - (_weight(old) if old is not None else -len(key)))
        self.data[key] = value

    def expire(self, key: bytes, due_s: float) -> None:
        self.expires[key] = due_s
        self.told.append([b"PEXPIREAT", key, b"%d" % round(due_s * 1000)])

    def string_of(self, key: bytes) -> bytes | None:
        value = self.get(key)
        if value is not None and not isinstance(value, bytes):
            raise Wrong(WRONG_TYPE)
        return value

    def items_of(self, key: bytes) -> list[bytes]:
        value = self.get(key)
        if value is not None and not isinstance(value, list):
            raise Wrong(WRONG_TYPE)
        return [] if value is None else value

    def members_of(self, key: bytes) -> set[bytes]:
        value = self.get(key)
        if value is not None and not isinstance(value, set):
            raise Wrong(WRONG_TYPE)
        return set() if value is None else value

    def table_of(self, key: bytes) -> dict[bytes, bytes]:
        value = self.get(key)
        if value is not None and (not isinstance(value, dict) or isinstance(value, SortedSet)):
            raise Wrong(WRONG_TYPE)
        return {} if value is None else value

    def scores_of(self, key: bytes) -> SortedSet:
        value = self.get(key)
        if value is not None and not isinstance(value, SortedSet):
            raise Wrong(WRONG_TYPE)
        return SortedSet() if value is None else value

    def live(self) -> list[bytes]:
        """The keys that have not expired."""
        return [key for key in list(self.data) if self.get(key) is not None]


def _weight(value: Value) -> int:
    if isinstance(value, bytes):
        return len(value) + _ITEM_BYTES
    if isinstance(value, SortedSet):
        return sum(len(key) + 8 + _ITEM_BYTES for key in value)
    if isinstance(value, dict) and not isinstance(value, SortedSet):
        return sum(len(key) + len(item) + _ITEM_BYTES for key, item in value.items())
    return sum(len(item) + _ITEM_BYTES for item in value)


class Session:
    """A client's connection: where it stands, and what is to be sent to it besides replies."""

    __slots__ = (
        "address",
        "channels",
        "database",
        "is_following",
        "is_known",
        "is_watching",
        "name",
        "number",
        "outbox",
        "patterns",
        "queue",
        "wake",
    )

    def __init__(self, number: int = 0, address: tuple[str, int] = ("127.0.0.1", 0)) -> None:
        self.number, self.address = number, address
        self.is_known = False
        """Whether it has said the password."""
        self.database = 0
        self.name = b""
        self.queue: list[list[bytes]] | None = None
        """The commands between MULTI and EXEC."""
        self.channels: set[bytes] = set()
        self.patterns: set[bytes] = set()
        self.is_watching = False
        """MONITOR."""
        self.is_following = False
        """A replica."""
        self.outbox: list[bytes] = []
        self.wake = asyncio.Event()

    def send(self, data: bytes) -> None:
        self.outbox.append(data)
        self.wake.set()
