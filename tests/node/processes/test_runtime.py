"""Containers of simulated programs: what is in them, how they start, refuse, stop and end, and that nothing of the host is in them."""

import asyncio
import os
import re
from pathlib import Path
from typing import Any

import pytest

from orrery.machinery.clock import VirtualClock
from orrery.node.images.catalogue import ImageCatalogue
from orrery.node.images.library import LIBRARY
from orrery.node.images.references import parse_reference
from orrery.node.logs import LogQuery
from orrery.node.pace import Pace
from orrery.node.processes.container import SimulatedContainer
from orrery.node.processes.program import Process, Program
from orrery.node.processes.runtime import SimulatedRuntime
from orrery.node.processes.signals import SIGTERM
from orrery.node.programs import registry
from orrery.node.runtime import Answer, ContainerConfig, Exit, SandboxConfig, StartFailed


async def sleep(process: Process) -> int:
    await process.sleep(float(process.argv[1]))
    return 0


async def echo(process: Process) -> int:
    await process.print(" ".join(process.argv[1:]) + "\n")
    return 0


async def false(process: Process) -> int:
    return 1


async def env(process: Process) -> int:
    await process.print("".join(f"{name}={value}\n" for name, value in process.environment.items()))
    return 0


async def whoami(process: Process) -> int:
    await process.print(f"{process.uid} {process.gid} {process.directory}\n")
    return 0


async def polite(process: Process) -> int:
    process.handle(SIGTERM, lambda signal: None)
    with pytest.raises(InterruptedError):
        await process.sleep(1000)
    await process.sleep(1)
    return 3


async def hog(process: Process) -> int:
    while True:
        process.allocate(1 << 20)


async def last_words(process: Process) -> int:
    process.files.write("/dev/termination-log", b"I am done for")
    return 9


async def web(process: Process) -> int:
    listener = process.network.listen("0.0.0.0", 80)
    while True:
        connection = await listener.accept()
        path = (await connection.read()).split(b" ")[1]
        await connection.write(b"HTTP/1.1 %s OK\r\n\r\nhello" % (b"200" if path == b"/" else b"404"))
        connection.close()


HERE = Path(__file__).resolve()
PROGRAMS = {one.__name__: one for one in (sleep, echo, false, env, whoami, polite, hog, web)} | {"uname": last_words}


def find(name: str) -> Program | None:
    return PROGRAMS.get(name)


class Node:
    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.catalogue = ImageCatalogue()
        self.runtime = SimulatedRuntime(clock=self.clock, pace=Pace(self.clock, is_real=False), find=find)

    def config(self, *argv: str, image: str = "busybox", **more: Any) -> ContainerConfig:
        found = self.catalogue.pull(parse_reference(image))
        facts: dict[str, Any] = {
            "id": "c" * 64,
            "pod_namespace": "default",
            "pod_name": "web",
            "pod_uid": "uid",
            "name": "web",
            "image": found,
            "argv": argv or found.entrypoint + found.command,
            "workdir": found.workdir or "/",
            "sandbox": SandboxConfig(address="10.244.0.9", hostname="web", hosts="10.244.0.9\tweb\n"),
        }
        return ContainerConfig(**{**facts, **more})

    async def start(self, *argv: str, image: str = "busybox", **more: Any) -> SimulatedContainer:
        handle = await self.runtime.start(self.config(*argv, image=image, **more))
        assert isinstance(handle, SimulatedContainer)
        return handle

    async def end(self, container: SimulatedContainer) -> Exit:
        await self.clock.until(container.exited.done)
        return container.exited.result()

    async def log(self) -> str:
        run = self.runtime.logs.find("uid", "web")
        assert run is not None
        return b"".join([piece async for piece in run.read(LogQuery())]).decode()


@pytest.fixture
async def node() -> Node:
    return Node()


async def test_output_is_in_the_log_and_success_is_completed(node: Node) -> None:
    container = await node.start("echo", "hello", "world")

    assert await node.end(container) == Exit(0, "Completed")
    assert await node.log() == "hello world\n"


async def test_failure_is_an_error(node: Node) -> None:
    assert await node.end(await node.start("false")) == Exit(1, "Error")


@pytest.mark.parametrize(
    ("argv", "why"),
    [
        (["sleep2.0"], 'exec: "sleep2.0": executable file not found in $PATH'),
        (["/no/such"], 'exec: "/no/such": stat /no/such: no such file or directory'),
        (["/etc/passwd"], 'exec: "/etc/passwd": permission denied'),
        (["/etc"], 'exec: "/etc": is a directory'),
    ],
)
async def test_what_cannot_be_run_is_told_in_the_runtimes_words(node: Node, argv: list[str], why: str) -> None:
    with pytest.raises(StartFailed, match=re.escape(f"unable to start container process: error during container init: {why}: unknown")):
        await node.start(*argv)


async def test_sleep_as_process_1_takes_the_whole_grace_period(node: Node) -> None:
    container = await node.start("sleep", "3600")
    await node.clock.advance(5)

    container.stop(30)

    assert await node.end(container) == Exit(137, "Error")
    assert node.clock.now_s() == node.clock.START_S + 35


async def test_a_program_that_handles_sigterm_ends_in_its_own_way(node: Node) -> None:
    container = await node.start("polite", image="my/own")
    await node.clock.idle()

    container.stop(30)

    assert await node.end(container) == Exit(3, "Error")
    assert node.clock.now_s() == node.clock.START_S + 1


async def test_beyond_the_memory_limit_a_container_is_oom_killed(node: Node) -> None:
    container = await node.start("hog", image="my/own", memory_bytes=16 << 20)

    assert await node.end(container) == Exit(137, "OOMKilled")


async def test_the_termination_message_is_what_the_container_left(node: Node) -> None:
    assert await node.end(await node.start("uname")) == Exit(9, "Error", "I am done for")


async def test_the_end_of_the_log_stands_in_for_it_when_asked_to(node: Node) -> None:
    container = await node.start("ls", "x", image="busybox", falls_back_to_logs=True)

    end = await node.end(container)

    assert end.code == 127
    assert end.message == "ls: not simulated by Orrery\n"


async def test_the_environment_is_the_images_the_pods_and_a_home(node: Node) -> None:
    await node.end(await node.start("env", environment={"COLOR": "blue"}))

    assert (await node.log()).splitlines() == [
        "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "HOSTNAME=web",
        "COLOR=blue",
        "HOME=/root",
    ]


async def test_user_group_and_directory_are_those_asked_for(node: Node) -> None:
    await node.end(await node.start("whoami", uid=1000, gid=3000, workdir="/made/for/it"))

    assert await node.log() == "1000 3000 /made/for/it\n"


async def test_images_have_their_distributions_files(node: Node) -> None:
    container = await node.start("sleep", "100", image="alpine")
    files = container.system.processes[1].files

    assert files.read("/etc/hosts") == b"10.244.0.9\tweb\n"
    assert files.read("/etc/hostname") == b"web\n"
    assert b"Alpine" in files.read("/etc/os-release")
    assert files.read_link("/bin/ls") == "/bin/busybox"
    assert files.read("/proc/1/cmdline") == b"sleep\x00100\x00"
    assert files.real_path("/proc/self/fd") == "/proc/1/fd"
    assert {"null", "stdout", "termination-log"} <= set(files.list("/dev"))


async def test_a_server_that_is_not_simulated_listens_until_it_is_stopped(node: Node) -> None:
    container = await node.start(image="redis:7.2")
    await node.clock.idle()
    assert (await container.probe({"tcpSocket": {"port": 6379}})).has_passed

    container.stop(30)

    assert await node.end(container) == Exit(0, "Completed")


async def test_an_image_nobody_knows_has_the_command_it_is_started_with(node: Node) -> None:
    container = await node.start("/app/server", "--port=80", image="example.com/team/app")
    await node.clock.advance(10)

    assert not container.exited.done()


async def test_exec_probes_tell_what_the_command_said(node: Node) -> None:
    container = await node.start("sleep", "100")

    assert (await container.probe({"exec": {"command": ["echo", "fine"]}})).has_passed
    assert await container.probe({"exec": {"command": ["false"]}}) == Answer(has_passed=False)
    missing = await container.probe({"exec": {"command": ["nothing"]}})
    assert missing.is_error and missing.message.endswith('exec: "nothing": executable file not found in $PATH: unknown')


async def test_an_exec_probe_that_takes_too_long_fails_and_its_process_dies(node: Node) -> None:
    container = await node.start("sleep", "100")
    answers: list[object] = []

    async def probe() -> None:
        answers.append(await container.probe({"exec": {"command": ["sleep", "10"]}, "timeoutSeconds": 2}))

    task = asyncio.create_task(probe())
    await node.clock.until(task.done)

    assert answers == [Answer(has_passed=False, message='command timed out: "sleep 10" timed out after 2s')]
    await node.clock.idle()
    assert len(container.system.processes) == 1


async def test_http_and_tcp_probes_really_connect(node: Node) -> None:
    container = await node.start("web", image="my/own")
    await node.clock.idle()

    assert (await container.probe({"httpGet": {"port": 80, "path": "/"}})).has_passed
    assert (await container.probe({"httpGet": {"port": 80, "path": "/x"}})).message == "HTTP probe failed with statuscode: 404"
    refused = "dial tcp 10.244.0.9:81: connect: connection refused"
    assert (await container.probe({"tcpSocket": {"port": 81}})).message == refused
    assert (await container.probe({"httpGet": {"port": 81}})).message == f'Get "http://10.244.0.9:81/": {refused}'


async def test_containers_of_a_pod_share_their_network_and_nothing_else(node: Node) -> None:
    await node.start("web", image="my/own")
    other = await node.start("sleep", "100", name="other")
    await node.clock.idle()

    assert (await other.probe({"httpGet": {"port": 80, "host": "127.0.0.1"}})).has_passed
    assert len(other.system.processes) == 1


async def test_a_dropped_sandbox_frees_address_and_ports(node: Node) -> None:
    await node.start("web", image="my/own")
    await node.clock.idle()

    node.runtime.drop_sandbox("uid")

    assert node.runtime.wire.find("10.244.0.9") is None


async def test_nothing_of_the_host_is_reachable_from_inside(node: Node) -> None:
    """Paths, links, processes, variables and ports of this very test are looked for, and not found."""
    marker, here = "ORRERY_TEST_MARKER", str(HERE)
    os.environ[marker] = "visible"
    found: list[str] = []

    async def escape(process: Process) -> int:
        paths = [
            here,
            "/proc/self/root" + here,
            "/proc/1/cwd/../../.." + here,
            "../" * 30 + here.lstrip("/"),
            f"/proc/{os.getpid()}/environ",
        ]
        process.files.symlink(here, "/tmp/link")
        process.files.symlink("/proc/self/fd/0/../../../.." + here, "/tmp/other")
        found.extend(path for path in [*paths, "/tmp/link", "/tmp/other"] if process.files.exists(path))
        found.extend(name for name in process.environment if name == marker)
        found.extend(str(one.pid) for one in process.processes() if one.pid != process.pid)
        for port in (22, 80, 443, 6443, 16443):
            try:
                await process.network.connect("127.0.0.1", port)
            except OSError:
                continue
            found.append(f"port {port}")
        return 0

    PROGRAMS["escape"] = escape
    try:
        assert await node.end(await node.start("escape", image="my/own")) == Exit(0, "Completed")
    finally:
        del PROGRAMS["escape"], os.environ[marker]

    assert found == []


async def test_every_known_image_has_a_file_system(node: Node) -> None:
    for name in LIBRARY:
        container = await node.start(image=name, pod_uid=name)
        assert container.system.processes, name
    assert registry.find("no-such-program") is None
