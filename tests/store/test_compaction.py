"""What compaction deletes, what it must not, and what it costs."""

import asyncio
import random
import sqlite3
from pathlib import Path

import pytest

from orrery.machinery.clock import VirtualClock
from orrery.settings import Settings
from orrery.store import compaction
from orrery.store.log import HistoryGone, Operation, Scope, WriteFailed
from tests.store.writes import Statements, create, delete, open_log, pod, read_to, told, update


def stored(directory: Path) -> list[int]:
    database = sqlite3.connect(directory / "orrery.db")
    try:
        return [revision for (revision,) in database.execute("SELECT revision FROM events ORDER BY revision")]
    finally:
        database.close()


async def test_superseded_events_and_tombstones_go_and_live_ones_stay(tmp_path: Path) -> None:
    log = await open_log(tmp_path)
    first = await create(log, pod("a"))
    await create(log, pod("b"))
    second = await update(log, first)
    await delete(log, await create(log, pod("c")))
    await update(log, second)

    await log.compact(5)

    assert stored(tmp_path) == [2, 3, 6], "3 was the state at 5: a watch from there must know what 6 replaced"
    event = (await read_to(await log.watch(Scope("pods"), 5), 6))[0]
    assert event.previous is not None and event.previous.revision == 3
    await log.close()


@pytest.mark.parametrize("seed", range(3))
async def test_a_restart_after_compaction_finds_what_there_was(tmp_path: Path, seed: int) -> None:
    chance, log = random.Random(seed), await open_log(tmp_path)
    for _ in range(150):
        key = pod(f"{chance.randrange(12)}")
        record = log.find(key)
        if record is None:
            await create(log, key)
        elif chance.random() < 0.4:
            await delete(log, record)
        else:
            await update(log, record)
        if chance.random() < 0.1:
            await log.compact(chance.randint(0, log.revision))
    before, since = log.list(Scope("pods")), log.oldest
    told_before = [told(event) for event in await read_to(await log.watch(Scope("pods"), since), log.revision)]
    await log.close()

    log = await open_log(tmp_path)
    after = log.list(Scope("pods"))
    told_after = [told(event) for event in await read_to(await log.watch(Scope("pods"), since), log.revision)]

    assert [(each.key, each.revision, each.body) for each in after.records] == [
        (each.key, each.revision, each.body) for each in before.records
    ]
    assert (after.revision, log.oldest, told_after) == (before.revision, since, told_before)
    await log.close()


async def test_the_cost_follows_what_is_deleted_and_not_what_is_stored(tmp_path: Path, statements: Statements) -> None:
    log = await open_log(tmp_path)
    await asyncio.gather(*(create(log, pod(f"{number}")) for number in range(3_000)))
    await log.compact(log.revision)
    record = await create(log, pod("web"))
    for _ in range(100):
        record = await update(log, record)
    statements.seen.clear()

    await log.compact(log.revision)

    assert len(statements.rows_of("DELETE")) == 2
    assert len(statements.rows_of("SELECT")) == 0
    assert len(stored(tmp_path)) == 3_001
    await log.close()


async def test_writes_go_on_between_the_chunks_of_a_long_compaction(tmp_path: Path) -> None:
    log = await open_log(tmp_path)
    record = await create(log, pod("web"))
    for _ in range(1_600):
        record = await update(log, record)

    compacting = asyncio.create_task(log.compact(log.revision))
    await asyncio.sleep(0)
    await create(log, pod("other"))

    assert not compacting.done(), "four chunks are not waited for"
    await compacting
    assert stored(tmp_path) == [1_601, 1_602]
    await log.close()


async def test_a_watch_that_compaction_overtakes_is_cut_off_instead_of_losing_events(tmp_path: Path) -> None:
    log = await open_log(tmp_path)
    record = await create(log, pod("web"))
    for _ in range(20):
        record = await update(log, record)
    await log.close()
    log = await open_log(tmp_path)
    stream = await log.watch(Scope("pods"), 3)

    await log.compact(10)

    assert list(await stream.next()) == [] and stream.lagged
    await log.close()


async def test_a_failed_compaction_is_finished_by_the_next(tmp_path: Path) -> None:
    log = await open_log(tmp_path)
    record = await create(log, pod("web"))
    await update(log, record)
    disk = sqlite3.connect(tmp_path / "orrery.db", isolation_level=None)
    disk.execute("CREATE TRIGGER full BEFORE DELETE ON events BEGIN SELECT RAISE(FAIL, 'disk I/O error'); END")

    with pytest.raises(WriteFailed, match="disk I/O error"):
        await log.compact(2)
    disk.execute("DROP TRIGGER full")
    await create(log, pod("other"))
    await log.compact(2)

    disk.close()
    assert stored(tmp_path) == [2, 3]
    await log.close()


async def test_history_is_kept_for_as_long_as_the_settings_say(tmp_path: Path) -> None:
    clock, settings = VirtualClock(), Settings(history_s_min=60, compaction_interval_s=10)
    log = await open_log(tmp_path, settings, clock)
    record = await create(log, pod("web"))
    old = await update(log, record)
    await clock.advance(50)
    new = await update(log, old)

    assert await log.revision_at(clock.now_s() - 51) == 0
    assert await log.revision_at(clock.now_s() - 50) == old.revision
    assert await log.revision_at(clock.now_s() - 1) == old.revision
    assert await log.revision_at(clock.now_s()) == new.revision
    await log.close()


class _NotingLog:
    """Stands at the edge: a log that only notes what it is asked, so that virtual time never waits for a thread."""

    def __init__(self) -> None:
        self.compacted: list[int] = []

    async def revision_at(self, time_s: float) -> int:
        return int(time_s - VirtualClock.START_S)

    async def compact(self, revision: int) -> None:
        self.compacted.append(revision)
        if len(self.compacted) == 1:
            raise WriteFailed("compaction failed: disk I/O error")


async def test_compaction_runs_every_interval_in_the_background(caplog: pytest.LogCaptureFixture) -> None:
    clock, log = VirtualClock(), _NotingLog()
    running = asyncio.create_task(compaction.run(log, Settings(history_s_min=60, compaction_interval_s=100), clock))

    await clock.settle()
    assert log.compacted == [], "nobody waits for compaction"
    await clock.advance(350)

    assert log.compacted == [40, 140, 240]
    assert "disk I/O error" in caplog.text
    running.cancel()


async def test_events_are_told_by_operation_after_compaction(tmp_path: Path) -> None:
    log = await open_log(tmp_path)
    record = await create(log, pod("web"))
    await log.compact(1)
    await delete(log, record)
    await create(log, pod("web"))
    await log.close()
    log = await open_log(tmp_path)

    events = await read_to(await log.watch(Scope("pods"), 1), 3)

    assert [(event.operation, event.previous and event.previous.revision) for event in events] == [
        (Operation.DELETED, 1),
        (Operation.CREATED, None),
    ]
    with pytest.raises(HistoryGone):
        await log.watch(Scope("pods"), 0)
    await log.close()
