"""The log on a real PostgreSQL server: one replica, and only one."""

import asyncio
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text

from orrery.store.directory_lock import DataDirectoryInUse
from orrery.store.engine import new_engine
from orrery.store.log import HistoryGone, Scope, StoreUnusable, WriteFailed
from orrery.store.migration import NewerSchema
from orrery.store.tables import metadata
from tests.store.postgresql import end_sessions
from tests.store.writes import Statements, create, delete, keys, open_url, pod, read_to, told, update

pytestmark = pytest.mark.client


async def test_objects_history_and_revisions_survive_a_restart(postgresql_url: str) -> None:
    log = await open_url(postgresql_url)
    record = await update(log, await create(log, pod("web"), text="old"), text="new")
    await delete(log, await create(log, pod("gone")))
    await create(log, pod("gone"))
    before = [told(event) for event in await read_to(await log.watch(Scope("pods"), 0), 5)]
    await log.close()

    log = await open_url(postgresql_url)

    assert [told(event) for event in await read_to(await log.watch(Scope("pods"), 0), 5)] == before
    assert keys(log.list(Scope("pods")).records) == [pod("gone"), pod("web")]
    found = log.find(pod("web"))
    assert found is not None and found.body == record.body
    await log.close()


async def test_keys_of_the_past_are_chosen_by_their_bytes(postgresql_url: str) -> None:
    """A server's language may sort `-` and `/` as if they were not there."""
    log = await open_url(postgresql_url)
    for namespace in ("a", "a-b", "a0", "ab"):
        await create(log, pod("web", namespace))
    last = await create(log, pod("last", "a"))
    await log.close()
    log = await open_url(postgresql_url)

    events = await read_to(await log.watch(Scope("pods", "a"), 0), last.revision)

    assert [event.record.key for event in events] == [pod("web", "a"), pod("last", "a")]
    await log.close()


async def test_a_batch_is_one_statement_and_compaction_two_deletes(postgresql_url: str, statements: Statements) -> None:
    log = await open_url(postgresql_url)
    records = await asyncio.gather(*(create(log, pod(f"{number}")) for number in range(200)))
    await asyncio.gather(*(update(log, record) for record in records))
    statements.seen.clear()

    await log.compact(400)

    assert len(statements.rows_of("DELETE")) == 2
    with pytest.raises(HistoryGone):
        await log.watch(Scope("pods"), 399)
    await log.close()
    log = await open_url(postgresql_url)
    assert (log.count("pods"), log.oldest) == (200, 400)
    await log.close()


async def test_a_second_process_is_refused(postgresql_url: str) -> None:
    log = await open_url(postgresql_url)

    with pytest.raises(DataDirectoryInUse, match="is in use by another process"):
        await open_url(postgresql_url)

    await log.close()
    await (await open_url(postgresql_url)).close()


async def test_a_broken_connection_fails_its_writes_and_the_log_goes_on(postgresql_url: str, postgresql_server: Path) -> None:
    log = await open_url(postgresql_url)
    record = await create(log, pod("web"))
    assert end_sessions(postgresql_server, postgresql_url) == 1

    with pytest.raises(WriteFailed, match="could not be made durable"):
        await update(log, record, text="lost")
    record = await update(log, record, text="kept")
    with pytest.raises(DataDirectoryInUse):
        await open_url(postgresql_url)
    await log.close()

    log = await open_url(postgresql_url)
    found = log.find(pod("web"))
    assert found is not None and (found.revision, found.object["text"]) == (record.revision, "kept")
    await log.close()


async def test_a_process_that_was_taken_over_writes_nothing_any_more(postgresql_url: str, postgresql_server: Path) -> None:
    old = await open_url(postgresql_url)
    await create(old, pod("web"))
    end_sessions(postgresql_server, postgresql_url)
    new = await open_url(postgresql_url)
    await create(new, pod("from-new"))

    with pytest.raises(WriteFailed):
        await create(old, pod("from-old"))
    await new.close()
    with pytest.raises(WriteFailed, match="taken over by another process"):
        await create(old, pod("from-old"))
    await old.close()

    log = await open_url(postgresql_url)
    assert keys(log.list(Scope("pods")).records) == [pod("from-new"), pod("web")]
    await log.close()


async def test_migrations_make_the_tables_the_code_expects_and_newer_ones_are_refused(postgresql_url: str) -> None:
    await (await open_url(postgresql_url)).close()
    engine = new_engine(postgresql_url)

    with engine.begin() as connection:
        differences = compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), metadata)
        connection.execute(text("UPDATE meta SET schema = 99"))
    engine.dispose()

    assert differences == []
    with pytest.raises(NewerSchema):
        await open_url(postgresql_url)


async def test_a_server_that_is_not_there_is_told_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(StoreUnusable, match="cannot open postgresql") as refusal:
        await open_url(f"postgresql://postgres:secret@/orrery?host={tmp_path}")

    assert "\n" not in str(refusal.value) and "secret" not in str(refusal.value)
