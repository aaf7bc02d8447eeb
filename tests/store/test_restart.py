"""What a restart finds again, and when a database cannot be opened."""

import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from orrery.machinery.clock import VirtualClock
from orrery.settings import Settings
from orrery.store.directory_lock import DataDirectoryInUse
from orrery.store.log import Event, HistoryGone, Scope, StoreUnusable
from orrery.store.migration import NewerSchema
from orrery.store.sql_log import SqlLog
from tests.store.writes import LABELS, Statements, create, delete, index_of, keys, open_log, pod, read_to, told, update

_OPENER = """
import asyncio, sys
from pathlib import Path
from tests.store.writes import open_log

async def main():
    await (await open_log(Path(sys.argv[1]))).close()
    print("alembic" in sys.modules)

asyncio.run(main())
"""

_WRITER = """
import asyncio, itertools, sys
from pathlib import Path
from tests.store.writes import create, open_log, pod

async def write(log, writer):
    for number in itertools.count():
        record = await create(log, pod(f"{writer}-{number}"), text="x" * 500)
        print(record.revision, record.key, flush=True)

async def main():
    log = await open_log(Path(sys.argv[1]))
    await asyncio.gather(*(write(log, writer) for writer in range(8)))

asyncio.run(main())
"""


async def test_objects_indexes_and_revisions_survive(tmp_path: Path) -> None:
    log = await open_log(tmp_path)
    web = await create(log, pod("web"), labels=LABELS, owners=["o1"], node="n1")
    web = await update(log, web, labels=LABELS, owners=["o1"], node="n2")
    await delete(log, await create(log, pod("gone")))
    await log.close()

    log = await open_log(tmp_path)

    assert [(each.key, each.revision, each.body) for each in log.list(Scope("pods")).records] == [(web.key, web.revision, web.body)]
    assert log.revision == 4
    assert keys(log.by_label(Scope("pods", "default"), "app", "web")) == [pod("web")]
    assert keys(log.by_field("pods", "spec.nodeName", "n2")) == [pod("web")]
    assert keys(log.owned_by("o1")) == [pod("web")]
    assert (await create(log, pod("gone"))).revision == 5, "a deleted key can be created again"
    await log.close()


async def test_a_watch_resumes_across_a_restart_from_any_revision(tmp_path: Path) -> None:
    log, everything = await open_log(tmp_path), list[Event]()
    log.subscribe(Scope(""), everything.append)
    for name in ("a", "b", "c"):
        record = await create(log, pod(name, f"ns-{name}"))
        record = await update(log, record, text="new")
        await delete(log, record)
        await create(log, pod(name, f"ns-{name}"))
        await create(log, f"nodes//{name}")
    await log.close()

    log = await open_log(tmp_path)
    log.subscribe(Scope(""), everything.append)
    for scope in (Scope("pods"), Scope("pods", "ns-a"), Scope("pods", "", "b"), Scope("nodes"), Scope("")):
        streams = [(since, await log.watch(scope, since)) for since in range(log.revision + 1)]
        bucket, namespace = scope.bucket or "pods", scope.namespace or "ns-z"
        last = await create(log, f"{bucket}/{'' if bucket == 'nodes' else namespace}/{scope.name or f'end-{log.revision}'}")
        for since, stream in streams:
            expected = [told(event) for event in everything if event.revision > since and _in(scope, event)]
            assert [told(event) for event in await read_to(stream, last.revision)] == expected
            stream.close()
    await log.close()


def _in(scope: Scope, event: Event) -> bool:
    return all(not wanted or wanted == part for wanted, part in zip(scope, event.record.key.split("/"), strict=True))


async def test_a_long_past_comes_in_pages(tmp_path: Path, statements: Statements) -> None:
    log = await open_log(tmp_path)
    record = await create(log, pod("web"))
    for number in range(1_200):
        record = await update(log, record, number=number)
    await log.close()
    log = await open_log(tmp_path)
    statements.seen.clear()

    events = await read_to(await log.watch(Scope("pods"), 0), log.revision)

    assert [event.revision for event in events] == list(range(1, 1_202))
    assert len(statements.rows_of("SELECT")) == 3
    await log.close()


async def test_the_present_is_read_without_sql(tmp_path: Path, statements: Statements) -> None:
    log = await open_log(tmp_path)
    record = await create(log, pod("web"), labels=LABELS)
    statements.seen.clear()

    log.find(record.key)
    log.list(Scope("pods"), limit=1)
    log.list(Scope("pods"), at=1)
    log.by_label(Scope("pods", "default"), "app", "web")
    await log.watch(Scope("pods"), 1)

    assert statements.seen == []
    await log.close()


async def test_opening_a_new_or_a_current_database_does_not_need_alembic(tmp_path: Path) -> None:
    assert _output_of(_OPENER, tmp_path) == "False\n"
    assert _output_of(_OPENER, tmp_path) == "False\n"


async def test_a_log_in_memory_does_not_need_sqlalchemy(tmp_path: Path) -> None:
    assert _output_of("import sys, orrery.store.memory_log; print('sqlalchemy' in sys.modules)", tmp_path) == "False\n"


async def test_kill_9_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    acknowledged = _killed_after(500, _WRITER, tmp_path)

    log = await open_log(tmp_path)

    assert len(acknowledged) >= 500
    found = [(record.revision, record.key) for _, key in acknowledged if (record := log.find(key)) is not None]
    assert found == acknowledged
    await log.close()


def _output_of(program: str, directory: Path) -> str:
    command = [sys.executable, "-c", program, str(directory)]
    return subprocess.run(command, env=_environment(), capture_output=True, text=True, check=True).stdout


def _killed_after(lines: int, program: str, directory: Path) -> list[tuple[int, str]]:
    """What a writer had acknowledged when it was killed, right in the middle of its writing."""
    acknowledged: list[tuple[int, str]] = []
    with subprocess.Popen([sys.executable, "-c", program, str(directory)], env=_environment(), stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        for line in writer.stdout:
            if line.endswith("\n"):  # Else cut off by the kill: nobody has read it as an answer.
                revision, key = line.split()
                acknowledged.append((int(revision), key))
            if len(acknowledged) == lines:
                writer.send_signal(signal.SIGKILL)
    return acknowledged


def _environment() -> dict[str, str]:
    root = Path(__file__).resolve().parents[2]
    return {**os.environ, "PYTHONPATH": f"{root / 'app'}{os.pathsep}{root}"}


async def test_a_data_directory_serves_one_process(tmp_path: Path) -> None:
    log = await open_log(tmp_path)

    with pytest.raises(DataDirectoryInUse) as refusal:
        await open_log(tmp_path)

    assert str(refusal.value) == f"the data directory {tmp_path} is in use by process {os.getpid()}"
    await log.close()
    await (await open_log(tmp_path)).close()


async def test_a_database_of_a_newer_schema_is_refused_and_left_alone(tmp_path: Path) -> None:
    await (await open_log(tmp_path)).close()
    with sqlite3.connect(tmp_path / "orrery.db") as database:
        database.execute("UPDATE meta SET schema = 99")
    database.close()

    for _ in range(2):  # The second try shows that the first let go of the lock.
        with pytest.raises(NewerSchema) as refusal:
            await open_log(tmp_path)

    assert refusal.value.found == 99
    assert "\n" not in str(refusal.value) and "schema 99" in str(refusal.value)


@pytest.mark.parametrize("url", ["mysql://localhost/orrery", "sqlite://", "nonsense"])
async def test_other_databases_are_refused_in_one_line(url: str) -> None:
    with pytest.raises(StoreUnusable) as refusal:
        await SqlLog.open(url, Settings(), VirtualClock(), index_of=index_of)

    assert "\n" not in str(refusal.value)


async def test_a_file_that_is_no_database_is_refused_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "orrery.db").write_bytes(b"not a database, but long enough to be taken for one" * 100)

    with pytest.raises(StoreUnusable, match=r"cannot open .*: file is not a database$"):
        await open_log(tmp_path)


async def test_the_database_is_private_to_its_user(tmp_path: Path) -> None:
    log = await open_log(tmp_path / "data")
    await create(log, "secrets/default/password")

    modes = {path.stat().st_mode & 0o777 for path in (tmp_path / "data").iterdir()}
    assert modes == {0o600} and (tmp_path / "data").stat().st_mode & 0o777 == 0o700
    await log.close()


async def test_compacted_history_stays_gone_after_a_restart(tmp_path: Path) -> None:
    log = await open_log(tmp_path)
    for name in ("a", "b"):
        await delete(log, await create(log, pod(name)))
    await log.compact(4)
    await log.close()

    log = await open_log(tmp_path)

    assert (log.revision, log.oldest, log.count("pods")) == (4, 4, 0), "a revision is never given twice"
    with pytest.raises(HistoryGone):
        await log.watch(Scope("pods"), 3)
    assert (await create(log, pod("a"))).revision == 5
    await log.close()
