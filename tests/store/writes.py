"""How these tests write to a log: small objects, named the way keys are."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson

from orrery.machinery.clock import Clock, VirtualClock
from orrery.machinery.objects import FrozenObject
from orrery.settings import Settings
from orrery.store.engine import data_url
from orrery.store.log import Event, EventStream, Index, Log, Operation, Record, Write, key_of
from orrery.store.sql_log import SqlLog


def index_of(_bucket: str, obj: FrozenObject) -> Index:
    return Index(
        labels=obj.get("labels", {}),
        fields={"spec.nodeName": obj["node"]} if "node" in obj else {},
        owners=tuple(obj.get("owners", ())),
        uid=obj.get("uid", ""),
    )


def new_write(key: str, previous: int, operation: Operation, **content: Any) -> Write:
    def encode(revision: int) -> bytes:
        return orjson.dumps({"revision": revision, **content})

    return Write(key, previous, operation, encode, index_of("", content))


def creation(key: str, **content: Any) -> Write:
    return new_write(key, 0, Operation.CREATED, **content)


async def create(log: Log, key: str, **content: Any) -> Record:
    return await log.append(creation(key, **content))


async def update(log: Log, record: Record, **content: Any) -> Record:
    return await log.append(new_write(record.key, record.revision, Operation.UPDATED, **content))


async def delete(log: Log, record: Record) -> Record:
    content = {name: value for name, value in record.object.items() if name != "revision"}
    return await log.append(new_write(record.key, record.revision, Operation.DELETED, **content))


def pod(name: str, namespace: str = "default") -> str:
    return key_of("pods", namespace, name)


def keys(records: Sequence[Record]) -> list[str]:
    return [record.key for record in records]


async def open_log(directory: Path, settings: Settings | None = None, clock: Clock | None = None) -> SqlLog:
    return await open_url(data_url(directory), settings, clock)


async def open_url(url: str, settings: Settings | None = None, clock: Clock | None = None) -> SqlLog:
    return await SqlLog.open(url, settings or Settings(), clock or VirtualClock(), index_of=index_of)


async def read_to(stream: EventStream, revision: int) -> list[Event]:
    """Everything a stream gives up to an event of `revision`."""
    events: list[Event] = []
    while not events or events[-1].revision < revision:
        page = await stream.next()
        assert page, "the stream ended"
        events += page
    return events


def told(event: Event) -> tuple[int, str, str, bytes, tuple[int, bytes] | None]:
    """All an event says, comparable."""
    previous = (event.previous.revision, event.previous.body) if event.previous is not None else None
    assert event.record.revision == event.revision
    return event.revision, event.operation, event.record.key, event.record.body, previous


class Statements:
    """Every SQL statement that any engine runs, and how many rows it was given."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, int]] = []

    def note(self, _connection: object, _cursor: object, statement: str, *rest: Any) -> None:
        parameters, _context, many = rest
        self.seen.append((statement, len(parameters) if many else 1))

    def rows_of(self, beginning: str) -> list[int]:
        return [rows for statement, rows in self.seen if statement.startswith(beginning)]


LABELS: Mapping[str, str] = {"app": "web"}
