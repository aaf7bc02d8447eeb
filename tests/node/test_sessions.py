"""Logs, exec, attach and connections into containers, as the port to clients gives them."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

import pytest

from orrery.machinery.objects import Object, uid_of
from orrery.node.images.catalogue import ImageCatalogue
from orrery.node.images.references import parse_reference
from orrery.node.pace import Pace
from orrery.node.processes.program import Process, Program
from orrery.node.processes.runtime import SimulatedRuntime
from orrery.node.runtime import ContainerConfig, SandboxConfig
from orrery.node.sessions import ContainerSessions, logged_run
from orrery.settings import Settings
from orrery.verbs.containers import ExecOptions, ExitStatus, LogOptions, NodeRefusal, Session
from tests.node.cluster import NodeCluster, new_pod

ALL = {"stdin": True, "stdout": True, "stderr": True}
ATTACHED = ExecOptions("main", stdin=True, stdout=True, stderr=True)

T = TypeVar("T")


async def sleep(process: Process) -> int:
    await process.sleep(float(process.argv[1]))
    return 0


async def cat(process: Process) -> int:
    while data := await process.stdin.read():
        await process.stdout.write(data)
    return 0


async def echo(process: Process) -> int:
    await process.print(" ".join(process.argv[1:]) + "\n")
    await process.complain("to stderr")
    return int(process.argv[1]) if process.argv[1].isdigit() else 0


async def stty(process: Process) -> int:
    control = process.terminal()
    assert control is not None
    await process.stdin.read()
    await process.print("{} {}\n".format(*control.size))
    return 0


async def nc(process: Process) -> int:
    listener = process.network.listen("0.0.0.0", 80)
    while True:
        connection = await listener.accept()
        await connection.write(b"you said " + await connection.read())
        connection.close()


PROGRAMS: dict[str, Program] = {"sleep": sleep, "cat": cat, "echo": echo, "stty": stty, "nc": nc}


class Node(NodeCluster):
    """A Pod of one container that runs a command, and the sessions into it."""

    def __init__(self) -> None:
        super().__init__(Settings(nodes=1, pace="fast"))
        self.runtime = SimulatedRuntime(clock=self.clock, pace=Pace(self.clock, is_real=False), find=PROGRAMS.get)
        self.sessions = ContainerSessions(self.client, self.runtime, self.clock)

    async def begin(self, *argv: str, attempt: str = "a", **more: Any) -> None:
        """Start a run of the container and tell the API, as a kubelet would."""
        pod = self.client.get("pods", "default", "web")
        if pod is None:
            await self.client.create("namespaces", {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "default"}})
            pod = await self.client.create(
                "pods", new_pod("web", node="", containers=[{"name": "main", "image": "busybox", "stdinOnce": True}])
            )
        image = ImageCatalogue().pull(parse_reference("busybox"))
        facts: dict[str, Any] = {"id": attempt * 64, "pod_namespace": "default", "pod_name": "web", "pod_uid": uid_of(pod), "name": "main"}
        sandbox = SandboxConfig(address="10.244.0.9", hostname="web")
        config = ContainerConfig(**facts, image=image, argv=argv, sandbox=sandbox, **more)
        await self.runtime.start(config)
        await self.tell(state={"running": {}}, containerID=f"containerd://{config.id}")

    async def tell(self, **status: Any) -> None:
        one = {"name": "main", "image": "busybox", "imageID": "", "ready": False, "restartCount": 0, **status}

        def edit(pod: Object) -> bool:
            pod["status"] = {"phase": "Running", "containerStatuses": [one]}
            return True

        await self.client.change("pods", "default", "web", edit, subresource="status")

    async def read_log(self, **options: Any) -> bytes:
        pieces = await self.sessions.logs("default", "web", LogOptions(container="main", **options))
        return b"".join([piece async for piece in pieces])

    async def finish(self, wait: Coroutine[Any, Any, T]) -> T:
        """The result of something that takes virtual time."""
        task = asyncio.create_task(wait)
        await self.clock.until(task.done)
        return task.result()

    async def execute(self, *command: str, **wanted: bool) -> Session:
        return await self.sessions.execute("default", "web", ExecOptions("main", command, **(wanted or {"stdout": True, "stderr": True})))


@pytest.fixture
async def node() -> Node:
    return Node()


async def _all(session: Session) -> tuple[bytes, bytes]:
    out = err = b""
    while data := await session.read_stdout():
        out += data
    while data := await session.read_stderr():
        err += data
    return out, err


async def test_exec_gives_output_errors_and_the_exit_code(node: Node) -> None:
    await node.begin("sleep", "100")

    session = await node.execute("echo", "3")

    assert await _all(session) == (b"3\n", b"to stderr\n")
    assert await session.wait() == ExitStatus(3)
    session.close()


async def test_exec_reads_stdin_to_its_end(node: Node) -> None:
    await node.begin("sleep", "100")
    session = await node.execute("cat", **ALL)

    async def write() -> None:
        for _ in range(100):
            await session.write_stdin(bytes(65_536))
        await session.close_stdin()

    writing = asyncio.create_task(write())
    out, _ = await node.finish(_all(session))
    await writing

    assert len(out) == 6_553_600
    assert await session.wait() == ExitStatus(0)


async def test_a_command_that_cannot_be_run_says_why(node: Node) -> None:
    await node.begin("sleep", "100")

    end = await (await node.execute("nope")).wait()

    assert end.message.startswith('failed to exec in container: failed to start exec "')
    assert end.message.endswith('unable to start container process: exec: "nope": executable file not found in $PATH: unknown')


async def test_exec_on_a_terminal_has_its_size_and_one_output(node: Node) -> None:
    await node.begin("sleep", "100")
    session = await node.execute("stty", stdin=True, stdout=True, tty=True)

    session.resize(132, 50)
    await session.write_stdin(b"\r")

    assert await _all(session) == (b"\r\n132 50\r\n", b"")


async def test_a_client_that_leaves_a_terminal_hangs_it_up(node: Node) -> None:
    await node.begin("sleep", "100")
    session = await node.execute("cat", stdin=True, stdout=True, tty=True)

    session.close()

    assert await session.wait() == ExitStatus(129)


async def test_without_a_terminal_the_command_outlives_its_client(node: Node) -> None:
    await node.begin("sleep", "100")
    session = await node.execute("sleep", "10")

    session.close()
    await node.clock.advance(10)

    assert await session.wait() == ExitStatus(0)


async def test_attach_hears_what_the_container_says_from_now_on_and_ends_with_it(node: Node) -> None:
    await node.begin("cat", has_stdin=True)
    session = await node.sessions.attach("default", "web", ATTACHED)

    await session.write_stdin(b"hello\n")
    await session.close_stdin()  # Once, as the Pod says: the container's stdin ends too.

    assert await _all(session) == (b"hello\n", b"")
    assert await session.wait() == ExitStatus(0)
    assert await node.read_log() == b"hello\n"
    session.close()


async def test_who_attaches_and_leaves_without_reading_does_not_stop_the_container(node: Node) -> None:
    await node.begin("cat", has_stdin=True)
    deaf = await node.sessions.attach("default", "web", ExecOptions("main", stdout=True))
    other = await node.sessions.attach("default", "web", ATTACHED)
    writing = asyncio.create_task(_write(other, 20))
    await node.clock.advance(10)
    assert not writing.done()

    deaf.close()
    out, _ = await node.finish(_all(other))
    await writing

    assert len(out) == 20 * 65_536


async def _write(session: Session, count: int) -> None:
    for _ in range(count):
        await session.write_stdin(b"x" * 65_535 + b"\n")
    await session.close_stdin()


async def test_a_container_that_does_not_run_cannot_be_entered(node: Node) -> None:
    await node.begin("echo", "done")
    await node.clock.advance(1)

    for reach, text in (
        (node.execute("echo", "x"), 'container not found ("main")'),
        (node.sessions.attach("default", "web", ATTACHED), "container main not found in pod web_default"),
        (node.sessions.check_forward("default", "web"), 'pod not found ("web_default")'),
    ):
        with pytest.raises(NodeRefusal) as refused:
            await reach
        assert (refused.value.text, refused.value.code) == (text, 500)


async def test_logs_follow_until_the_container_ends(node: Node) -> None:
    await node.begin("cat", has_stdin=True)
    following = asyncio.create_task(node.read_log(follow=True))
    session = await node.sessions.attach("default", "web", ATTACHED)

    await session.write_stdin(b"one\ntwo\n")
    await session.close_stdin()

    assert await following == b"one\ntwo\n"
    assert await node.read_log(tail_lines=1) == b"two\n"
    assert await node.read_log(limit_bytes=5) == b"one\nt"
    assert (await node.read_log(timestamps=True)).startswith(b"2026-01-02T03:04:05.")
    session.close()


async def test_the_previous_runs_log_is_the_one_the_status_names(node: Node) -> None:
    await node.begin("echo", "first", attempt="a")
    await node.clock.advance(1)
    ended = {"terminated": {"exitCode": 0, "containerID": f"containerd://{'a' * 64}"}}
    await node.tell(state={"waiting": {"reason": "CrashLoopBackOff"}}, lastState=ended)
    waiting = await node.read_log(), await node.read_log(previous=True)

    await node.begin("echo", "second", attempt="b")
    await node.tell(state={"running": {}}, containerID=f"containerd://{'b' * 64}", lastState=ended)
    await node.clock.advance(1)

    assert waiting == (b"first\nto stderr\n", b"first\nto stderr\n")
    assert (await node.read_log(previous=True), await node.read_log()) == (b"first\nto stderr\n", b"second\nto stderr\n")


@pytest.mark.parametrize(
    ("status", "asked", "text"),
    [
        ({}, "newest", 'container "main" in pod "web" is not available'),
        (
            {"state": {"waiting": {"reason": "ContainerCreating"}}},
            "newest",
            'container "main" in pod "web" is waiting to start: ContainerCreating',
        ),
        (
            {"state": {"waiting": {"reason": "ErrImagePull"}}},
            "newest",
            'container "main" in pod "web" is waiting to start: image can\'t be pulled',
        ),
        (
            {"state": {"waiting": {"reason": "ImagePullBackOff"}}},
            "newest",
            'container "main" in pod "web" is waiting to start: trying and failing to pull image',
        ),
        ({"state": {"terminated": {"exitCode": 1}}}, "newest", 'container "main" in pod "web" is terminated'),
        ({"state": {"running": {}}}, "previous", 'previous terminated container "main" in pod "web" not found'),
        ({"state": {"unknown": {}}}, "newest", 'container "main" in pod "web" is waiting to start - no logs yet'),
    ],
)
def test_without_a_log_the_kubelet_says_why(status: Object, asked: str, text: str) -> None:
    statuses = [{"name": "main", **status}] if status else []
    pod = {"metadata": {"name": "web"}, "status": {"containerStatuses": statuses}}

    with pytest.raises(NodeRefusal) as refused:
        logged_run(pod, "main", previous=asked == "previous")

    assert (refused.value.text, refused.value.code) == (text, 400)


async def test_a_port_inside_the_pod_can_be_reached_from_a_client_and_from_the_control_plane(node: Node) -> None:
    await node.begin("nc")
    await node.clock.idle()

    for tunnel in (await node.sessions.forward("default", "web", 80), await node.sessions.dial("10.244.0.9", 80)):
        await tunnel.write(b"hello")
        assert await tunnel.read() == b"you said hello"
        assert await tunnel.read() == b""
        await tunnel.close_writing()
        tunnel.close()
        tunnel.close()


async def test_where_nothing_listens_containerd_says_so(node: Node) -> None:
    await node.begin("sleep", "100")

    with pytest.raises(
        OSError, match=r"^error forwarding port 81 to pod [0-9a-f]{64}, uid : .*dial tcp4 127.0.0.1:81: connect: connection refused"
    ):
        await node.sessions.forward("default", "web", 81)
    with pytest.raises(ConnectionRefusedError):
        await node.sessions.dial("10.244.0.9", 81)


async def test_a_pod_that_has_been_replaced_is_not_forwarded_to(node: Node) -> None:
    await node.begin("sleep", "100")

    with pytest.raises(OSError, match=r'uid : failed to find sandbox "[0-9a-f]{64}" in store: not found$'):
        await node.sessions.forward("default", "web", 80, uid="of its predecessor")
