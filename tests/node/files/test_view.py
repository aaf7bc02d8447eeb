"""What one process sees of a file system: paths, permissions, links, layers, limits."""

import errno
import os
import stat
from collections.abc import Sequence

import pytest

from orrery.machinery.clock import VirtualClock
from orrery.node.files.filesystem import FileSystem, Mounted, MountTable, new_filesystem, new_table, over_layer
from orrery.node.files.plant import plant_directory, plant_file, plant_link
from orrery.node.files.view import View
from orrery.node.privileges import USUAL


class Kernel:
    privileges = USUAL


class Viewer:
    def __init__(self, uid: int = 0, directory: str = "/") -> None:
        self.pid = 7
        self.uid = self.gid = uid
        self.groups: Sequence[int] = ()
        self.umask = 0o022
        self.directory = directory
        self.system = Kernel()


def view(filesystem: FileSystem | MountTable, *, uid: int = 0, directory: str = "/") -> View:
    table = filesystem if isinstance(filesystem, MountTable) else new_table(filesystem)
    return View(table, Viewer(uid, directory), clock=VirtualClock())


def layer() -> FileSystem:
    image = new_filesystem(type_="overlay")
    plant_file(image, "/etc/passwd", b"root\n")
    plant_file(image, "/usr/share/doc/readme", b"read me")
    plant_directory(image, "/tmp", 0o1777)
    plant_link(image, "/var/run", "/run")
    plant_directory(image, "/run")
    return image


def container(image: FileSystem, *, size: int = 1 << 30) -> FileSystem:
    return over_layer(image, size=size, real_max=1 << 30, parent=None)


def test_containers_of_one_image_do_not_see_each_others_changes() -> None:
    image = layer()
    one, two = view(container(image)), view(container(image))

    one.write("/etc/passwd", b"changed")
    one.write("/usr/share/doc/new", b"new")
    one.remove("/usr/share/doc/readme")

    assert one.read("/etc/passwd") == b"changed"
    assert one.list("/usr/share/doc") == ["new"]
    assert two.read("/etc/passwd") == b"root\n"
    assert two.list("/usr/share/doc") == ["readme"]
    assert view(image).read("/etc/passwd") == b"root\n"


def test_what_is_not_changed_is_shared() -> None:
    image = layer()
    one = container(image)

    view(one).write("/etc/hosts", b"x")

    assert one.root.get("usr") is image.root.get("usr")
    assert one.space.real == 1


def test_relative_paths_and_links_lead_on() -> None:
    files = view(layer(), directory="/usr/share")

    assert files.read("doc/../doc/readme") == b"read me"
    assert files.real_path("/var/run") == "/run"
    assert stat.S_ISLNK(files.stat("/var/run", follow=False).mode)
    assert files.read_link("/var/run") == "/run"
    files.symlink("b", "/tmp/a")
    files.symlink("a", "/tmp/b")
    with pytest.raises(OSError) as caught:
        files.read("/tmp/a")
    assert caught.value.errno == errno.ELOOP


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/no/such", FileNotFoundError),
        ("/etc/passwd/x", NotADirectoryError),
        ("/etc", IsADirectoryError),
        ("", FileNotFoundError),
        ("/etc/passwd/", NotADirectoryError),
        ("/" + "x" * 256, OSError),
    ],
)
def test_errors_are_those_of_the_real_calls(path: str, expected: type[OSError]) -> None:
    with pytest.raises(expected) as caught:
        view(layer()).read(path)

    assert caught.value.filename == path
    assert caught.value.strerror == os.strerror(caught.value.errno or 0)


def test_others_may_read_but_not_write() -> None:
    files = view(layer(), uid=1000)

    assert files.read("/etc/passwd") == b"root\n"
    with pytest.raises(PermissionError):
        files.write("/etc/passwd", b"x")
    with pytest.raises(PermissionError):
        files.make_directory("/etc/x")
    files.write("/tmp/mine", b"x")
    assert files.stat("/tmp/mine").uid == 1000
    assert not files.access("/etc/passwd", os.W_OK)


def test_in_tmp_only_the_owner_removes() -> None:
    filesystem = container(layer())
    view(filesystem, uid=1).write("/tmp/x", b"")

    with pytest.raises(PermissionError):
        view(filesystem, uid=2).remove("/tmp/x")

    view(filesystem, uid=1).remove("/tmp/x")


def test_hard_links_are_the_same_file() -> None:
    files = view(container(layer()))

    files.link("/etc/passwd", "/etc/other")
    files.write("/etc/other", b"both", append=True)

    assert files.read("/etc/passwd") == b"root\nboth"
    assert files.stat("/etc/passwd").links == 2
    files.remove("/etc/passwd")
    assert files.stat("/etc/other").links == 1


def test_renaming_moves_trees_and_replaces_files() -> None:
    files = view(container(layer()))

    files.rename("/usr/share", "/tmp/share")
    files.write("/tmp/a", b"a")
    files.rename("/tmp/a", "/tmp/share/doc/readme")

    assert files.read("/tmp/share/doc/readme") == b"a"
    assert not files.exists("/usr/share")
    with pytest.raises(OSError) as caught:
        files.rename("/tmp/share", "/tmp/share/doc/x")
    assert caught.value.errno == errno.EINVAL


def test_a_full_file_system_says_so_and_takes_removed_files_back() -> None:
    filesystem = container(layer(), size=100_000)
    files = view(filesystem)

    files.write("/tmp/a", b"x" * 90_000)
    with pytest.raises(OSError) as caught:
        files.write("/tmp/b", b"x" * 20_000)
    assert caught.value.errno == errno.ENOSPC
    files.remove("/tmp/a")
    files.write("/tmp/b", b"x" * 20_000)

    assert filesystem.space.used == 20_000


async def test_a_file_stays_readable_until_its_last_descriptor_is_closed() -> None:
    filesystem = container(layer())
    files = view(filesystem)
    files.write("/tmp/a", b"content")
    opened = files.open("/tmp/a", os.O_RDONLY)

    files.remove("/tmp/a")

    assert await opened.read() == b"content"
    assert filesystem.space.used == 7
    opened.close()
    assert filesystem.space.used == 0


async def test_a_big_file_of_zeros_costs_little() -> None:
    filesystem = container(layer(), size=10 << 30)
    opened = view(filesystem).open("/tmp/a", os.O_RDWR | os.O_CREAT)

    opened.truncate(1 << 30)
    opened.seek(1 << 29)
    await opened.write(b"in the middle")
    opened.seek((1 << 29) - 2)

    assert await opened.read(17) == b"\0\0in the middle\0\0"
    assert filesystem.space.used == 1 << 30
    assert filesystem.space.real <= 2 * 65_536


async def test_writes_at_any_place_read_back() -> None:
    clock = VirtualClock(seed=3)
    opened = view(container(layer())).open("/tmp/a", os.O_RDWR | os.O_CREAT)
    expected = bytearray()

    for _ in range(200):
        offset, data = clock.random.randrange(400_000), clock.random.randbytes(clock.random.randrange(1, 90_000))
        expected += bytes(max(offset - len(expected), 0))
        expected[offset : offset + len(data)] = data
        opened.seek(offset)
        await opened.write(data)
        if clock.random.random() < 0.1:
            size = clock.random.randrange(400_000)
            opened.truncate(size)
            expected = expected[:size] + bytes(max(size - len(expected), 0))

    opened.seek(0)
    got = bytearray()
    while data := await opened.read():
        got += data
    assert got == expected


def test_mounts_hide_what_is_below_and_have_their_own_rules() -> None:
    table = new_table(container(layer()))
    volume = new_filesystem()
    plant_file(volume, "/key", b"value")
    table.add(Mounted("/etc", volume, is_read_only=True))
    files = view(table)

    assert files.list("/etc") == ["key"]
    with pytest.raises(OSError) as caught:
        files.write("/etc/key", b"x")
    assert caught.value.errno == errno.EROFS
    with pytest.raises(OSError) as caught:
        files.rename("/tmp", "/etc/x")
    assert caught.value.errno in (errno.EROFS, errno.EXDEV)
    with pytest.raises(OSError) as caught:
        files.remove_directory("/etc")
    assert caught.value.errno == errno.ENOTEMPTY or caught.value.errno == errno.EBUSY


def test_the_umask_and_set_group_id_directories_count() -> None:
    files = view(container(layer()))
    files.make_directory("/shared")
    files.change_mode("/shared", 0o2775)
    files.change_owner("/shared", 5, 6)

    files.write("/shared/x", b"")

    assert (files.stat("/shared/x").gid, stat.S_IMODE(files.stat("/shared/x").mode)) == (6, 0o644)
