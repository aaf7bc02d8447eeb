"""busybox's time, as recorded of the real one."""

import pytest

from tests.node.processes.harness import run

NONE = "user\t0m 0.00s\nsys\t0m 0.00s\n"


@pytest.mark.parametrize(
    ("command", "code", "said"),
    [
        ("true", 0, ""),
        ("sh -c 'exit 3'", 3, "Command exited with non-zero status 3\n"),
        ("sh -c 'kill -9 $$'", 9, "Command terminated by signal 9\n"),
        ("nosuch", 127, "time: can't execute 'nosuch': No such file or directory\nCommand exited with non-zero status 127\n"),
    ],
)
async def test_it_says_how_the_command_ended(command: str, code: int, said: str) -> None:
    result = await run(f"time {command}", family="busybox")

    assert (result.code, result.err.replace("Killed\n", "")) == (code, f"{said}real\t0m 0.00s\n{NONE}")


async def test_it_measures() -> None:
    assert (await run("time sleep 61.5", family="busybox")).err == f"real\t1m 1.50s\n{NONE}"
    assert (await run("time -p sleep 2", family="busybox")).err == "real 2.00\nuser 0.00\nsys 0.00\n"
