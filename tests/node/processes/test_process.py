"""Processes: children, signals, exits, memory, fork bombs."""

import asyncio
import errno

import pytest

from orrery.node.processes.program import Exited, Killed, Process, ignore
from orrery.node.processes.signals import SIGCONT, SIGKILL, SIGPIPE, SIGSTOP, SIGTERM
from orrery.node.processes.system import Limits
from tests.node.processes.harness import Box


async def sleeper(process: Process) -> int:
    await process.sleep(10)
    return 7


async def spinner(process: Process) -> int:
    while True:
        await process.tick()


async def test_a_program_ends_with_its_exit_code() -> None:
    box = Box()

    result = await box.run(["x"], program=sleeper)

    assert result.code == 7
    assert box.clock.now_s() == box.clock.START_S + 10


async def test_only_the_low_byte_of_an_exit_code_counts() -> None:
    async def leave(process: Process) -> int:
        raise Exited(256 + 3)

    assert (await Box().run(["x"], program=leave)).code == 3


async def test_a_parent_waits_for_its_child_and_reaps_it() -> None:
    async def parent(process: Process) -> int:
        child = await process.spawn(["sleeper"])
        assert child.poll() is None
        code = await child.wait()
        assert [one.pid for one in process.processes()] == [1, process.pid]
        return code + 1

    assert (await Box(programs={"sleeper": sleeper}).run(["x"], program=parent)).code == 8


async def test_a_child_nobody_waits_for_is_a_zombie_until_its_parent_ends() -> None:
    async def short(process: Process) -> int:
        return 0

    async def parent(process: Process) -> int:
        child = await process.spawn(["short"])
        await process.sleep(1)
        await process.print("".join(one.state for one in process.processes() if one.pid == child.pid))
        return 0

    box = Box(programs={"short": short})

    assert (await box.run(["x"], program=parent)).out == "Z"


async def test_orphans_go_to_process_1() -> None:
    async def orphan(process: Process) -> int:
        await process.sleep(1)
        await process.print(f"{process.parent}")
        return 0

    async def parent(process: Process) -> int:
        await process.spawn(["orphan"])
        return 0

    box = Box(programs={"orphan": orphan})
    result = await box.run(["x"], program=parent)
    await box.clock.advance(2)

    assert result.code == 0
    assert [one.parent for one in box.init.processes()] == [0, 1]


async def test_the_end_of_process_1_kills_everybody() -> None:
    box = Box(programs={"sleeper": sleeper})
    process = box.start(["sleeper"])

    box.system.signal(1, SIGKILL)
    await box.clock.idle()

    assert (process.exit_code, process.signal) == (137, SIGKILL)
    assert await box.system.over == 137
    assert not box.system.processes


async def test_process_1_ignores_what_it_has_no_handler_for() -> None:
    box = Box()

    box.system.signal(1, SIGTERM)
    box.init.kill(1, SIGKILL)
    await box.clock.idle()

    assert box.init.exit_code is None


async def test_sigterm_ends_other_processes_with_143() -> None:
    box = Box(programs={"sleeper": sleeper})
    process = box.start(["sleeper"])
    await box.clock.idle()

    box.init.kill(process.pid, SIGTERM)
    await box.clock.idle()

    assert process.exit_code == 143


async def test_a_handled_signal_cuts_a_sleep_short() -> None:
    async def trapping(process: Process) -> int:
        seen: list[int] = []
        process.handle(SIGTERM, seen.append)
        with pytest.raises(InterruptedError):
            await process.sleep(100)
        return seen[0]

    box = Box(programs={"trapping": trapping})
    process = box.start(["trapping"])
    await box.clock.idle()

    box.init.kill(process.pid, SIGTERM)
    await box.clock.idle()

    assert process.exit_code == SIGTERM


async def test_ignored_signals_stay_ignored_in_children() -> None:
    async def parent(process: Process) -> int:
        process.handle(SIGTERM, ignore)
        child = await process.spawn(["sleeper"])
        process.kill(child.pid, SIGTERM)
        return await child.wait()

    assert (await Box(programs={"sleeper": sleeper}).run(["x"], program=parent)).code == 7


async def test_a_stopped_process_goes_on_where_it_was() -> None:
    async def counting(process: Process) -> int:
        for _ in range(5):
            await process.sleep(1)
        return 5

    box = Box(programs={"counting": counting})
    process = box.start(["counting"])
    await box.clock.advance(2.5)
    box.init.kill(process.pid, SIGSTOP)
    await box.clock.advance(100)
    assert process.exit_code is None and process.info().state == "T"

    box.init.kill(process.pid, SIGCONT)
    await box.clock.advance(3)

    assert process.exit_code == 5


async def test_writing_to_a_pipe_nobody_reads_kills_with_sigpipe() -> None:
    async def yes(process: Process) -> int:
        while True:
            await process.print("y\n")

    async def parent(process: Process) -> int:
        reader, writer = process.pipe()
        child = await process.spawn(["yes"], descriptors={1: writer})
        writer.close()
        assert len(await reader.read()) > 0
        reader.close()
        return await child.wait()

    assert (await Box(programs={"yes": yes}).run(["x"], program=parent)).code == 128 + SIGPIPE


async def test_a_fork_bomb_ends_at_the_limit() -> None:
    async def bomb(process: Process) -> int:
        try:
            while True:
                await process.spawn_call(sleeper)
        except BlockingIOError as error:
            return error.errno or 0

    box = Box(limits=Limits(processes_max=50))

    result = await box.run(["x"], program=bomb)

    assert result.code == errno.EAGAIN
    assert len(box.system.processes) == 49


async def test_who_takes_more_memory_than_allowed_is_killed_with_the_whole_container() -> None:
    async def hog(process: Process) -> int:
        while True:
            process.allocate(1 << 20)

    box = Box(limits=Limits(memory_bytes=20 << 20))

    result = await box.run(["x"], program=hog)
    await box.clock.idle()

    assert result.code == 137
    assert box.system.is_out_of_memory
    assert await box.system.over == 137
    assert box.system.memory == 0


async def test_a_spinning_process_uses_up_time_and_can_be_killed() -> None:
    box = Box(programs={"spinner": spinner})
    process = box.start(["spinner"])
    await box.clock.advance(1)
    assert 0.3 < process.cpu_s < 0.7

    box.init.kill(process.pid, SIGKILL)
    await box.clock.advance(1)

    assert process.exit_code == 137


async def test_a_program_that_will_not_end_is_dropped() -> None:
    async def stubborn(process: Process) -> int:
        while True:
            try:
                await process.sleep(1)
            except (Exception, Killed):
                continue

    box = Box(programs={"stubborn": stubborn})
    process = box.start(["stubborn"])
    await box.clock.idle()

    box.init.kill(process.pid, SIGKILL)
    await box.clock.idle()

    assert process.exit_code == 137


async def test_the_first_of_several_waits_ends_the_others() -> None:
    async def chooser(process: Process) -> int:
        return await process.first_of(process.sleep(5), sleeper(process), process.sleep(3))

    box = Box()

    assert (await box.run(["x"], program=chooser)).code == 2
    assert box.clock.now_s() == box.clock.START_S + 3


async def test_processes_talk_over_the_network_of_their_pod() -> None:
    async def server(process: Process) -> int:
        connection = await process.network.listen("0.0.0.0", 80).accept()
        await connection.write(b"hello " + await connection.read())
        connection.close()
        return 0

    async def client(process: Process) -> int:
        await process.spawn(["server"])
        await process.sleep(0.1)
        connection = await process.network.connect("localhost", 80)
        await connection.write(b"you")
        await process.print((await connection.read()).decode())
        with pytest.raises(ConnectionRefusedError):
            await process.network.connect("127.0.0.1", 81)
        return 0

    assert (await Box(programs={"server": server}).run(["x"], program=client)).out == "hello you"


async def test_a_container_that_is_cancelled_leaves_nothing_behind() -> None:
    box = Box(programs={"sleeper": sleeper})
    box.start(["sleeper"])

    box.system.kill_all()
    await asyncio.sleep(0)
    await asyncio.sleep(0)

    assert not box.system.processes
