"""How writes reach the disk: in batches, in order, all or none. A second connection plays a slow or a failing disk."""

import asyncio
import random
import resource
import sqlite3
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from orrery.settings import Settings
from orrery.store.log import Event, Scope, StaleWrite, WriteFailed
from orrery.store.sql_log import SqlLog
from tests.store.writes import Statements, create, delete, keys, open_log, pod, read_to, told, update


@pytest.fixture
async def log(tmp_path: Path) -> AsyncIterator[SqlLog]:
    opened = await open_log(tmp_path)
    yield opened
    await opened.close()


@pytest.fixture
def disk(log: SqlLog, tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """Another hand on the database file; `BEGIN IMMEDIATE` on it holds up every commit."""
    connection = sqlite3.connect(tmp_path / "orrery.db", isolation_level=None)
    yield connection
    connection.close()


def break_disk(disk: sqlite3.Connection) -> None:
    """From now on, writing a key that contains `poison` fails as a full disk does."""
    disk.execute(
        "CREATE TRIGGER full BEFORE INSERT ON events WHEN new.key LIKE '%poison%' BEGIN SELECT RAISE(FAIL, 'database or disk is full'); END"
    )


async def test_what_comes_while_a_batch_is_written_is_committed_as_one(
    log: SqlLog, disk: sqlite3.Connection, statements: Statements
) -> None:
    disk.execute("BEGIN IMMEDIATE")

    writing = [asyncio.create_task(create(log, pod(f"{number:03}"))) for number in range(100)]
    await asyncio.sleep(0)
    disk.execute("ROLLBACK")
    records = await asyncio.gather(*writing)

    assert [record.revision for record in records] == list(range(1, 101))
    inserts = statements.rows_of("INSERT INTO events")
    assert len(inserts) <= 2, "one statement for whatever was queued"
    assert sum(inserts) == 100


async def test_writers_of_one_batch_conflict_before_sql_sees_them(log: SqlLog, disk: sqlite3.Connection, statements: Statements) -> None:
    disk.execute("BEGIN IMMEDIATE")
    writing = asyncio.create_task(create(log, pod("web")))
    await asyncio.sleep(0)

    with pytest.raises(StaleWrite):
        await create(log, pod("web"))
    assert log.find(pod("web")) is None, "nothing is visible before it is durable"
    disk.execute("ROLLBACK")
    record = await writing

    assert sum(statements.rows_of("INSERT INTO events")) == 1
    assert log.find(pod("web")) is record


async def test_a_write_may_build_on_one_that_is_still_pending(log: SqlLog, disk: sqlite3.Connection) -> None:
    first = await create(log, pod("web"))
    disk.execute("BEGIN IMMEDIATE")

    removing = asyncio.create_task(delete(log, first))
    await asyncio.sleep(0)
    creating = asyncio.create_task(create(log, pod("web"), again=True))
    await asyncio.sleep(0)
    disk.execute("ROLLBACK")
    await removing
    record = await creating

    assert log.find(pod("web")) is record and record.revision == 3


async def test_settled_waits_for_the_pending_write_of_its_key_only(log: SqlLog, disk: sqlite3.Connection) -> None:
    disk.execute("BEGIN IMMEDIATE")
    writing = asyncio.create_task(create(log, pod("web")))
    await asyncio.sleep(0)

    await log.settled(pod("other"))
    waiting = [asyncio.create_task(log.settled(pod("web"))) for _ in range(2)]
    await asyncio.sleep(0)
    assert not any(task.done() for task in waiting)
    waiting[0].cancel()
    disk.execute("ROLLBACK")
    await waiting[1]

    assert log.find(pod("web")) is await writing


async def test_events_come_in_revision_order_and_before_the_answers(log: SqlLog) -> None:
    heard: list[int] = []
    log.subscribe(Scope("pods"), lambda event: heard.append(event.revision))

    async def write(number: int) -> None:
        record = await create(log, pod(f"{number}"))
        assert record.revision in heard

    await asyncio.gather(*(write(number) for number in range(200)))

    assert heard == list(range(1, 201))


async def test_a_caller_that_gives_up_does_not_undo_its_write(log: SqlLog, disk: sqlite3.Connection) -> None:
    disk.execute("BEGIN IMMEDIATE")
    writing = asyncio.create_task(create(log, pod("web")))
    await asyncio.sleep(0)

    writing.cancel()
    disk.execute("ROLLBACK")
    await log.settled(pod("web"))

    assert keys(log.list(Scope("pods")).records) == [pod("web")]


async def test_a_commit_that_fails_takes_all_that_was_staged_on_it_and_nothing_else(log: SqlLog, disk: sqlite3.Connection) -> None:
    before = await create(log, pod("web"), text="before")
    stream = await log.watch(Scope("pods"), log.revision)
    break_disk(disk)
    disk.execute("BEGIN IMMEDIATE")

    doomed = [
        asyncio.create_task(create(log, pod("poison"))),
        asyncio.create_task(update(log, before, text="after")),
        asyncio.create_task(create(log, pod("innocent"))),
    ]
    await asyncio.sleep(0)
    disk.execute("ROLLBACK")
    outcomes = await asyncio.gather(*doomed, return_exceptions=True)

    assert [type(outcome) for outcome in outcomes] == [WriteFailed] * 3
    assert str(outcomes[0]) == "the write could not be made durable: database or disk is full"
    assert log.list(Scope("pods")).records == [before] and log.revision == 1
    after = await update(log, before, text="again")
    assert [event.record for event in await read_to(stream, after.revision)] == [after], "no trace of what failed"


async def test_after_a_failed_commit_the_log_goes_on_and_a_restart_agrees(log: SqlLog, disk: sqlite3.Connection, tmp_path: Path) -> None:
    break_disk(disk)
    with pytest.raises(WriteFailed):
        await create(log, pod("poison"))
    disk.execute("DROP TRIGGER full")

    written = await create(log, pod("poison"))
    await delete(log, await create(log, pod("other")))
    await log.close()
    reopened = await open_log(tmp_path)

    found = reopened.find(pod("poison"))
    assert found is not None and (found.revision, found.body) == (written.revision, written.body)
    assert reopened.count("pods") == 1
    await reopened.close()


async def test_a_disk_that_is_really_full_fails_the_write_and_forgets_it(log: SqlLog, tmp_path: Path) -> None:
    """A limit on the size of files is how a process sees a full disk without filling one."""
    record = await create(log, pod("small"))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, hard))
    try:
        with pytest.raises(WriteFailed, match=r"could not be made durable: (disk I/O error|database or disk is full)"):
            await create(log, pod("large"), text="x" * 2_000_000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    await update(log, record, text="x" * 2_000_000)
    await log.close()
    reopened = await open_log(tmp_path)
    assert [(each.key, each.revision) for each in reopened.list(Scope("pods")).records] == [(pod("small"), 3)]
    await reopened.close()


async def test_what_was_reported_as_failed_is_not_there_even_if_the_disk_kept_it(log: SqlLog, disk: sqlite3.Connection) -> None:
    """A connection that breaks during a commit leaves it open whether it happened; the next commit settles it."""
    await create(log, pod("web"))
    disk.execute("INSERT INTO events VALUES (2, 'pods/default/ghost', 0, 1, 0, x'7b7d')")

    with pytest.raises(WriteFailed):
        await create(log, pod("other"))
    record = await create(log, pod("other"))

    assert record.revision == 3
    assert disk.execute("SELECT revision FROM events ORDER BY revision").fetchall() == [(1,), (3,)]


async def test_watches_resumed_anywhere_under_load_lose_and_double_nothing(tmp_path: Path) -> None:
    """The window is so small that most of them begin in the table, go on in the window and end live."""
    log = await open_log(tmp_path / "small", Settings(history_bytes_max=5_000))
    chance, everything = random.Random(1), list[Event]()
    watching: list[asyncio.Task[tuple[int, Scope, list[Event]]]] = []

    async def write(writer: int) -> None:
        record = await create(log, pod(f"{writer}", f"ns-{writer % 2}"))
        for number in range(40):
            record = await update(log, record, number=number)

    async def watch(since: int) -> tuple[int, Scope, list[Event]]:
        scope = Scope("pods", chance.choice(("", "ns-0", "ns-1")))
        stream, seen = await log.watch(scope, since), list[Event]()
        while not seen or not seen[-1].record.key.endswith("/end"):
            seen += await stream.next()
        return since, scope, seen

    def note(event: Event) -> None:
        everything.append(event)
        if event.revision % 5 == 0 and event.revision <= 8 * 41:
            watching.append(asyncio.create_task(watch(chance.randint(0, event.revision))))

    log.subscribe(Scope("pods"), note)
    async with asyncio.timeout(600):
        await asyncio.gather(*(write(number) for number in range(8)))
        await asyncio.gather(create(log, pod("end", "ns-0")), create(log, pod("end", "ns-1")))
        results = await asyncio.gather(*watching)
    await log.close()

    assert len(results) == 8 * 41 // 5
    for since, scope, seen in results:
        last = seen[-1].revision
        expected = [told(each) for each in everything if since < each.revision <= last and _in(scope, each)]
        assert [told(each) for each in seen] == expected


def _in(scope: Scope, event: Event) -> bool:
    return not scope.namespace or event.record.key.startswith(f"pods/{scope.namespace}/")


async def test_failing_writes_are_told_once_a_minute(log: SqlLog, disk: sqlite3.Connection, caplog: pytest.LogCaptureFixture) -> None:
    break_disk(disk)

    for _ in range(3):
        with pytest.raises(WriteFailed):
            await create(log, pod("poison"))

    assert [record.getMessage() for record in caplog.records] == ["writes fail until this is mended: database or disk is full"]
