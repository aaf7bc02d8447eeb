"""A shell at a terminal: prompts, ^C, jobs, the end of input."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from orrery.node.processes.process import SimulatedProcess
from orrery.node.processes.program import Stream
from orrery.node.processes.terminal import Terminal
from tests.node.processes.harness import Box
from tests.node.shell.playing import SHELLS, box_for


class Session:
    """A person at a terminal."""

    def __init__(self, box: Box, shell: str) -> None:
        self.box = box
        self.terminal = Terminal(box.system.signal_group)
        end = self.terminal.open()
        streams: dict[int, Stream] = {0: end, 1: end.share(), 2: end.share()}
        name = "bash" if shell == "bash" else "sh"
        environment = {**box.environment, "HOME": "/root"}
        self.process: SimulatedProcess = box.system.start(
            [name], environment=environment, descriptors=streams, terminal=self.terminal, program=SHELLS[shell]
        )
        self.screen = ""
        self._reader = asyncio.get_running_loop().create_task(self._read())

    async def _read(self) -> None:
        while piece := await self.terminal.shown():
            self.screen += piece.decode()

    async def type(self, text: str, seconds: float = 0.1) -> str:
        """Type, let some time pass, and return what the screen got."""
        before = len(self.screen)
        await self.terminal.type(text.encode())
        await self.box.clock.advance(seconds)
        return self.screen[before:]

    async def close(self) -> None:
        self._reader.cancel()
        self.box.system.kill_all()
        await self.box.clock.idle()


@pytest.fixture(params=["dash", "ash", "bash"])
async def session(request: pytest.FixtureRequest) -> AsyncIterator[Session]:
    one = Session(box_for(request.param), request.param)
    await one.type("")
    yield one
    await one.close()


PROMPTS = {"dash": "# ", "ash": "/ # ", "bash": "root@box:/# "}


async def test_the_prompt_is_the_real_one(session: Session) -> None:
    assert session.screen in PROMPTS.values()


async def test_a_command_is_run_and_the_prompt_comes_back(session: Session) -> None:
    prompt = session.screen

    shown = await session.type("echo hi\n")

    assert shown == f"echo hi\r\nhi\r\n{prompt}"


async def test_an_open_construct_asks_for_more(session: Session) -> None:
    prompt = session.screen

    shown = await session.type("if true\n")
    shown += await session.type("then echo yes; fi\n")

    assert shown == f"if true\r\n> then echo yes; fi\r\nyes\r\n{prompt}"


async def test_interrupt_drops_the_line(session: Session) -> None:
    prompt = session.screen

    shown = await session.type("echo hi\x03")

    assert shown == f"echo hi^C\r\n{prompt}"


async def test_interrupt_ends_the_command_but_not_the_shell(session: Session) -> None:
    prompt = session.screen
    await session.type("sleep 100\n", 1)

    shown = await session.type("\x03")

    assert shown == f"^C\r\n{prompt}"
    assert await session.type("echo $?\n") == f"echo $?\r\n130\r\n{prompt}"


async def test_interrupt_ends_a_loop_of_builtins(session: Session) -> None:
    prompt = session.screen
    await session.type("while :; do :; done\n", 0.01)

    shown = await session.type("\x03")

    assert shown.endswith(prompt)


async def test_a_pipeline_is_interrupted_as_a_whole(session: Session) -> None:
    prompt = session.screen
    await session.type("sleep 100 | cat\n", 1)

    assert (await session.type("\x03")).endswith(prompt)


async def test_a_syntax_error_is_told_and_the_shell_goes_on(session: Session) -> None:
    prompt = session.screen

    shown = await session.type("fi\n")

    assert "yntax error" in shown
    assert shown.endswith(prompt)


async def test_a_failed_expansion_does_not_end_it(session: Session) -> None:
    prompt = session.screen

    assert (await session.type("echo ${x?gone}\n")).endswith(f"x: gone\r\n{prompt}")


async def test_exit_and_the_end_of_input_end_it(session: Session) -> None:
    await session.type("exit 3\n")

    assert session.process.exit_code == 3


async def test_the_end_of_input_ends_it_with_the_last_code(session: Session) -> None:
    await session.type("false\n")

    await session.type("\x04")

    assert session.process.exit_code == 1


async def test_directory_shows_in_the_prompt() -> None:
    session = Session(box_for("bash"), "bash")
    await session.type("")

    assert (await session.type("cd /root\n")).endswith("root@box:~# ")
    await session.close()
