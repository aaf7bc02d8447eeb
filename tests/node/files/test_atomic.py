"""Volumes whose files change all at once."""

from orrery.machinery.clock import VirtualClock
from orrery.node.files.atomic import Projected, publish
from orrery.node.files.filesystem import new_filesystem
from tests.node.files.test_view import view


async def test_files_are_reached_through_one_link_that_moves() -> None:
    clock, volume = VirtualClock(), new_filesystem()
    files = view(volume)

    publish(volume, {"color": Projected(b"blue"), "deep/er": Projected(b"x", 0o400)}, clock=clock)
    first = files.read_link("/..data")
    opened = files.open("/color", 0)
    assert (files.read("/color"), files.read("/deep/er")) == (b"blue", b"x")
    assert files.read_link("/color") == "..data/color"
    assert first.startswith("..2026_01_02_03_04_05.")
    assert files.stat("/deep/er").mode & 0o777 == 0o400

    publish(volume, {"color": Projected(b"red"), "size": Projected(b"9")}, clock=clock)

    assert files.read("/color") == b"red"
    assert await opened.read() == b"blue"
    assert files.list("/") == ["..data", files.read_link("/..data"), "color", "size"] or "deep" not in files.list("/")
    assert first not in files.list("/")


async def test_what_is_the_same_is_left_alone() -> None:
    clock, volume = VirtualClock(), new_filesystem()
    assert publish(volume, {"a": Projected(b"1")}, clock=clock)

    assert not publish(volume, {"a": Projected(b"1")}, clock=clock)
    assert publish(volume, {"a": Projected(b"1", 0o600)}, clock=clock)
