"""What containers wrote outlives the process: logs, files of volumes and node disks; bounded, and gone with what it belonged to."""

from collections.abc import Callable
from pathlib import Path

import pytest

from orrery.machinery.clock import VirtualClock
from orrery.node.files.content import CHUNK_BYTES, Content
from orrery.node.files.filesystem import UNLIMITED_BYTES, FileSystem, new_filesystem
from orrery.node.files.inodes import Directory, File, Symlink
from orrery.node.files.plant import plant, plant_directory, plant_file, plant_link
from orrery.node.files.space import Space
from orrery.node.keeping.keeper import Keeper, file_name
from orrery.node.keeping.log_files import LogFiles
from orrery.node.keeping.trees import KeptTree, restore
from orrery.node.logs import LogLimits, LogQuery, Logs, RunLog

LIMITS = LogLimits(bytes_max=4096)


async def here(work: Callable[[], int]) -> int:
    return work()


def new_keeper(directory: Path, clock: VirtualClock, *, bytes_max: int = 1 << 20) -> Keeper:
    return Keeper(directory, clock, bytes_max=bytes_max, aside=here)


def new_logs(directory: Path, clock: VirtualClock) -> tuple[Logs, Keeper]:
    keeper = new_keeper(directory, clock)
    return Logs(keeper=LogFiles(keeper, clock, LIMITS)), keeper


def run(logs: Logs, clock: VirtualClock, id_: str, text: bytes, *, uid: str = "uid") -> RunLog:
    log = logs.begin(uid, "main", RunLog(clock, LIMITS, id_=id_))
    log.add("stdout", text)
    return log


async def text_of(log: RunLog | None) -> bytes:
    assert log is not None
    return b"".join([piece async for piece in log.read(LogQuery(follow=True))])


async def test_logs_of_the_last_two_runs_are_read_again(tmp_path: Path) -> None:
    clock = VirtualClock()
    logs, keeper = new_logs(tmp_path, clock)
    for number in range(3):
        run(logs, clock, f"id{number}", b"run %d\nnot finished" % number).close()
        await clock.advance(2)
    await keeper.stop()

    logs, keeper = new_logs(tmp_path, clock)

    assert await text_of(logs.find("uid", "main")) == b"run 2\nnot finished"
    assert await text_of(logs.find("uid", "main", previous=True)) == b"run 1\nnot finished"
    assert await text_of(logs.find("uid", "main", id_="id1")) == b"run 1\nnot finished"
    run(logs, clock, "id3", b"run 3\n")
    assert await text_of(logs.find("uid", "main", previous=True)) == b"run 2\nnot finished"


async def test_runs_that_follow_each_other_at_once_keep_their_own_logs(tmp_path: Path) -> None:
    clock = VirtualClock()
    logs, keeper = new_logs(tmp_path, clock)
    for number in range(4):
        run(logs, clock, f"id{number}", b"run %d\n" % number).close()
    await keeper.stop()

    logs, _ = new_logs(tmp_path, clock)

    assert await text_of(logs.find("uid", "main")) == b"run 3\n"
    assert await text_of(logs.find("uid", "main", previous=True)) == b"run 2\n"


async def test_a_killed_process_loses_its_last_moment_only(tmp_path: Path) -> None:
    clock = VirtualClock()
    logs, _ = new_logs(tmp_path, clock)
    log = run(logs, clock, "id", b"1\n")
    await clock.advance(1.5)
    log.add("stderr", b"2\n")
    await clock.advance(1.5)
    log.add("stdout", b"3\n")

    (file,) = (tmp_path / "pods/uid/logs").iterdir()
    file.write_bytes(file.read_bytes()[:-1])  # What was being written.

    logs, _ = new_logs(tmp_path, clock)
    assert await text_of(logs.find("uid", "main")) == b"1\n"


async def test_a_log_that_floods_stays_bounded_on_disk(tmp_path: Path) -> None:
    clock = VirtualClock()
    logs, keeper = new_logs(tmp_path, clock)
    log = run(logs, clock, "id", b"")
    for number in range(100):
        log.add("stdout", b"%099d\n" % number * 10)
        await clock.advance(1.1)
    await keeper.stop()

    (file,) = (tmp_path / "pods/uid/logs").iterdir()
    assert file.stat().st_size < 3 * LIMITS.bytes_max
    logs, _ = new_logs(tmp_path, clock)
    assert (await text_of(logs.find("uid", "main"))).endswith(b"%099d\n" % 99)


async def test_what_belongs_to_a_pod_goes_with_it(tmp_path: Path) -> None:
    clock = VirtualClock()
    logs, keeper = new_logs(tmp_path, clock)
    for uid in ("gone", "kept", "stale"):
        run(logs, clock, "id", b"x\n", uid=uid)
    await clock.advance(2)
    run(logs, clock, "id2", b"x\n", uid="gone")

    logs.forget("gone")
    keeper.keep_only(["kept"], "pods")
    await keeper.stop()

    assert [path.name for path in (tmp_path / "pods").iterdir()] == ["kept"]


def new_tree(clock: VirtualClock | None = None) -> FileSystem:
    tree = new_filesystem(parent=Space(UNLIMITED_BYTES, real_max=1 << 30))
    folder = plant_directory(tree, "/a/b", 0o750, uid=5, gid=6)
    file = plant_file(tree, "/a/b/file", b"data", 0o640)
    folder.modified_s = 1000.5
    plant(tree, "/a/hard", file)
    file.links = 2
    plant_link(tree, "/a/soft", "b/file")
    plant_file(tree, "/odd \udcff\n", b"")
    sparse = Content(b"begin")
    sparse.write(20 * CHUNK_BYTES + 3, b"end", tree.space)
    plant(tree, "/sparse", File(tree, content=sparse))
    return tree


async def test_a_tree_comes_back_as_it_was(tmp_path: Path) -> None:
    _, write = KeptTree(tmp_path / "tree", new_tree()).snapshot()
    assert write() < 10 * CHUNK_BYTES
    tree = new_filesystem(parent=Space(UNLIMITED_BYTES, real_max=1 << 30))

    restore(tree, tmp_path / "tree")

    a = tree.root.entries["a"]
    assert isinstance(a, Directory)
    b, hard, soft = a.entries["b"], a.entries["hard"], a.entries["soft"]
    assert isinstance(b, Directory)
    assert isinstance(hard, File)
    assert isinstance(soft, Symlink)
    assert (b.mode & 0o7777, b.uid, b.gid, b.modified_s) == (0o750, 5, 6, 1000.5)
    assert b.entries["file"] is hard
    assert (hard.links, hard.mode & 0o7777, hard.content.read(0, 10)) == (2, 0o640, b"data")
    assert soft.target == "b/file"
    assert "odd \udcff\n" in tree.root.entries
    sparse = tree.root.entries["sparse"]
    assert isinstance(sparse, File)
    assert sparse.content.read(20 * CHUNK_BYTES, 10) == b"\0\0\0end"
    assert sparse.content.read(0, 6) == b"begin\0"
    assert tree.space.used == sparse.size + 4


@pytest.mark.parametrize("data", [b"", b"something else\n", b"orrery-tree 1\n[[", b'orrery-tree 1\n[["f",420,0,0,1,[5]]]\nabc'])
async def test_what_cannot_be_read_is_left_and_said(tmp_path: Path, data: bytes, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "tree").write_bytes(data)
    tree = new_filesystem()

    restore(tree, tmp_path / "tree")

    assert not tree.root.entries
    assert "Cannot read what was kept" in caplog.text


async def test_more_than_the_limit_is_not_kept(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    clock = VirtualClock()
    keeper = new_keeper(tmp_path, clock, bytes_max=3000)
    for name in ("one", "two"):
        tree = new_filesystem()
        plant_file(tree, "/file", bytes(range(200)) * 10)
        keeper.changed(KeptTree(keeper.path("volumes", name), tree))
    await clock.advance(2)

    assert list(keeper.names("volumes")) == ["one"]
    assert "will not survive a restart" in caplog.text


@pytest.mark.parametrize("text", ["..", "", "/" * 300, ".hidden", "a/../../b"])
def test_no_name_leads_elsewhere(text: str) -> None:
    name = file_name(text)

    assert "/" not in name
    assert name not in ("", ".", "..")
    assert len(name) <= 200
