"""The line discipline of a terminal."""

import asyncio

import pytest

from orrery.machinery.clock import VirtualClock
from orrery.node.processes.signals import SIGHUP, SIGINT, SIGWINCH
from orrery.node.processes.terminal import Terminal


class Desk:
    """A terminal and the signals it sent."""

    def __init__(self) -> None:
        self.sent: list[tuple[int, int]] = []
        self.terminal = Terminal(lambda group, signal: self.sent.append((group, signal)))
        self.terminal.foreground = 7

    async def type(self, keys: bytes) -> bytes:
        """Type, and return what the screen shows for it."""
        await self.terminal.type(keys)
        await self.terminal.write(b"")
        shown = asyncio.create_task(self.terminal.shown())
        await VirtualClock().idle()
        if shown.done():
            return shown.result()
        shown.cancel()
        return b""


@pytest.fixture
async def desk() -> Desk:
    return Desk()


async def test_a_line_is_echoed_and_read_when_it_ends(desk: Desk) -> None:
    assert await desk.type(b"ls -l\r") == b"ls -l\r\n"

    assert await desk.terminal.read(100) == b"ls -l\n"


async def test_backspace_and_line_kill_edit_the_line(desk: Desk) -> None:
    await desk.type("äx\x7f\x7fab\x15cd ef\x17gh\n".encode())

    assert await desk.terminal.read(100) == b"cd gh\n"


async def test_control_c_interrupts_the_foreground_and_drops_the_line(desk: Desk) -> None:
    assert await desk.type(b"half\x03") == b"half^C"

    assert desk.sent == [(7, SIGINT)]


async def test_control_d_ends_the_input_once(desk: Desk) -> None:
    await desk.type(b"\x04next\n")

    assert await desk.terminal.read(100) == b""
    assert await desk.terminal.read(100) == b"next\n"


async def test_output_gets_carriage_returns(desk: Desk) -> None:
    await desk.terminal.open().write(b"a\nb\n")

    assert await desk.terminal.shown() == b"a\r\nb\r\n"


async def test_raw_mode_passes_every_byte_at_once(desk: Desk) -> None:
    desk.terminal.set_mode(canonical=False, echo=False, signals=False)

    assert await desk.type(b"a\x03") == b""
    assert await desk.terminal.read(100) == b"a\x03"
    assert desk.sent == []


async def test_a_new_size_and_a_hang_up_are_signals(desk: Desk) -> None:
    desk.terminal.resize(100, 40)
    desk.terminal.hang_up()

    assert desk.terminal.size == (100, 40)
    assert desk.sent == [(7, SIGWINCH), (7, SIGHUP)]
    assert await desk.terminal.read(10) == b""
    with pytest.raises(OSError, match="Input/output error"):
        await desk.terminal.write(b"x")


async def test_a_new_size_brings_the_prompt_back_while_somebody_waits_for_a_line(desk: Desk) -> None:
    await desk.terminal.write(b"welcome\n/ # ")
    await desk.type(b"l")
    reading = asyncio.create_task(desk.terminal.read(10))
    await VirtualClock().idle()

    desk.terminal.resize(100, 40)

    assert await desk.type(b"s\n") == b"\r/ # ls\r\n"
    assert await reading == b"ls\n"
