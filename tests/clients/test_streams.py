"""Streams between real clients and containers: logs, exec, attach, cp, port-forward and the proxy, by two kubectls and the Python client.

kubectl 1.35 speaks WebSockets throughout; 1.30 speaks SPDY to forward ports. With KUBECTL_REMOTE_COMMAND_WEBSOCKETS=false either
speaks SPDY for commands, as everything before 1.30 does.
"""

import contextlib
import fcntl
import gc
import http.client
import os
import pty
import re
import select
import socket
import struct
import subprocess
import termios
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from kubernetes import client, config
from kubernetes.stream import portforward, stream
from kubernetes.stream.ws_client import ERROR_CHANNEL, WSClient

from tests.clients.conftest import WAIT_S, KubectlRunner, RunningServer, Spaces, kubectl_program, start_server, until

LEFT_OPEN = "ignore:Exception ignored in. <socket:pytest.PytestUnraisableExceptionWarning"
"""The Python client leaves its WebSockets to the garbage collector."""

pytestmark = [pytest.mark.client, pytest.mark.filterwarnings(LEFT_OPEN)]

MEGABYTES = 40


@pytest.fixture(autouse=True)
def what_was_left_open_is_closed_here() -> Iterator[None]:
    """Not in whichever test comes next."""
    yield
    gc.collect()


@pytest.fixture(params=["websocket", "spdy"])
def transport(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """What kubectl speaks for commands, by its own switch."""
    monkeypatch.setenv("KUBECTL_REMOTE_COMMAND_WEBSOCKETS", str(request.param == "websocket").lower())


def run_pod(kubectl: KubectlRunner, name: str, *command: str, image: str = "busybox", options: tuple[str, ...] = ()) -> None:
    """A Pod that runs `command`, once it is Ready."""
    kubectl("run", name, f"--image={image}", *options, *(("--", *command) if command else ()))
    kubectl("wait", f"pod/{name}", "--for=condition=Ready")


def until_over(kubectl: KubectlRunner, name: str, *command: str) -> None:
    """A Pod that has run `command` to its end."""
    kubectl("run", name, "--image=busybox", "--restart=Never", "--", *command)
    kubectl("wait", f"pod/{name}", "--for=jsonpath={.status.phase}=Succeeded")


def raw(kubectl: KubectlRunner, *arguments: str, stdin: bytes = b"") -> bytes:
    """Output as bytes."""
    command = [str(kubectl.program), "--kubeconfig", str(kubectl.kubeconfig), *arguments]
    return subprocess.run(command, input=stdin, capture_output=True, timeout=2 * WAIT_S, check=True).stdout


def test_logs_whole_in_part_with_times_and_of_several(kubectl: KubectlRunner) -> None:
    until_over(kubectl, "five", "seq", "1", "5")
    until_over(kubectl, "two", "sh", "-c", "echo out; echo err >&2")

    assert kubectl("logs", "five") == "1\n2\n3\n4\n5\n"
    assert kubectl("logs", "five", "--tail=2") == "4\n5\n"
    assert kubectl("logs", "five", "--limit-bytes=3") == "1\n2"
    assert kubectl("logs", "five", "--since=1h") == "1\n2\n3\n4\n5\n"
    assert kubectl("logs", "five", "--since-time=2100-01-01T00:00:00Z") == ""
    assert kubectl("logs", "five", "-f") == "1\n2\n3\n4\n5\n"
    assert re.fullmatch(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z \d\n){5}", kubectl("logs", "five", "--timestamps"))
    assert sorted(kubectl("logs", "two").split()) == ["err", "out"]
    assert kubectl("logs", "-l", "run=five", "--prefix", "--all-containers", "--tail=1") == "[pod/five/five] 5\n"


def test_logs_are_followed_as_they_come(kubectl: KubectlRunner) -> None:
    run_pod(kubectl, "ticker", "sh", "-c", "i=0; while true; do i=$((i+1)); echo tick $i; sleep 0.2; done")

    following = kubectl.start("logs", "-f", "ticker")
    assert following.stdout is not None
    lines = [following.stdout.readline() for _ in range(5)]
    following.terminate()
    following.wait(timeout=WAIT_S)
    following.stdout.close()

    assert lines == [f"tick {number}\n" for number in range(1, 6)]


def test_the_previous_run_and_containers_that_do_not_run_yet(kubectl: KubectlRunner) -> None:
    kubectl("run", "again", "--image=busybox", "--", "sh", "-c", "echo run; [ -e /dev/null ] && exit 3")
    kubectl("wait", "pod/again", "--for=jsonpath={.status.containerStatuses[0].restartCount}=1")
    kubectl("run", "never", "--image=busybox:no-such-tag", "--", "true")
    kubectl("wait", "pod/never", "--for=jsonpath={.status.containerStatuses[0].state.waiting.reason}=ErrImagePull")

    assert kubectl("logs", "-p", "again") == "run\n"
    fresh = kubectl.run("logs", "never")
    assert fresh.returncode == 1
    assert 'container "never" in pod "never" is waiting to start: ' in fresh.stderr
    assert 'previous terminated container "never" in pod "never" not found' in kubectl.run("logs", "-p", "never").stderr


@pytest.mark.usefixtures("transport")
def test_exec_gives_output_errors_stdin_and_the_exit_code(kubectl: KubectlRunner) -> None:
    run_pod(kubectl, "box", "sleep", "3600")

    done = kubectl.run("exec", "box", "--", "sh", "-c", "echo out; echo err >&2; exit 3")
    nothing = kubectl.run("exec", "box", "--", "no-such-command")

    assert (done.returncode, done.stdout, done.stderr) == (3, "out\n", "err\ncommand terminated with exit code 3\n")
    assert kubectl("exec", "-i", "box", "--", "cat", stdin="through\n") == "through\n"
    assert kubectl("exec", "-i", "box", "--", "wc", "-c", stdin="x" * 5_000_000).strip() == "5000000"
    assert nothing.returncode == 1
    assert nothing.stderr.endswith('exec: "no-such-command": executable file not found in $PATH: unknown\n')


def test_a_command_does_not_wait_for_stdin_that_nobody_reads(kubectl: KubectlRunner) -> None:
    run_pod(kubectl, "box", "sleep", "3600")

    assert kubectl("exec", "-i", "box", "--", "echo", "done", stdin="x" * 5_000_000) == "done\n"


def test_exec_in_the_wrong_place_is_refused(kubectl: KubectlRunner) -> None:
    run_pod(kubectl, "box", "sleep", "3600")

    assert "container nope is not valid for pod box" in kubectl.run("exec", "box", "-c", "nope", "--", "ls").stderr
    assert 'pods "none" not found' in kubectl.run("exec", "none", "--", "ls").stderr


class Screen:
    """A program on a terminal of that size, driven by the test."""

    def __init__(self, command: list[str], *, rows: int = 24, columns: int = 80) -> None:
        self.screen = b""
        self._pid, self._terminal = pty.fork()
        if self._pid == 0:
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
            os.execv(command[0], command)

    def type(self, keys: str) -> None:
        os.write(self._terminal, keys.encode())

    def until(self, text: str) -> bytes:
        deadline = time.monotonic() + WAIT_S
        while text.encode() not in self.screen:
            ready, _, _ = select.select([self._terminal], [], [], max(deadline - time.monotonic(), 0))
            assert ready, f"{text!r} did not come: {self.screen!r}"
            try:
                self.screen += os.read(self._terminal, 65_536)
            except OSError as end:
                raise AssertionError(f"{text!r} did not come before the end: {self.screen!r}") from end
        return self.screen

    def end(self) -> int:
        """The exit code."""
        with contextlib.suppress(OSError):
            while os.read(self._terminal, 65_536):
                pass
        _, status = os.waitpid(self._pid, 0)
        os.close(self._terminal)
        return os.waitstatus_to_exitcode(status)


@pytest.mark.usefixtures("transport")
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_a_shell_on_a_terminal_echoes_is_interrupted_and_ends(kubectl: KubectlRunner) -> None:
    run_pod(kubectl, "box", "sleep", "3600")

    screen = Screen([str(kubectl.program), "--kubeconfig", str(kubectl.kubeconfig), "exec", "-it", "box", "--", "sh"])
    screen.until("# ")
    screen.type("echo $((20+22))\r")
    screen.until("42\r\n")
    screen.type("sleep 1000\r")
    until(lambda: "sleep 1000" in kubectl("exec", "box", "--", "ps"), "a shell that waits")
    screen.type("\x03")
    screen.until("^C")
    screen.type("exit 7\r")

    assert screen.end() == 7


@pytest.mark.usefixtures("transport")
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_who_runs_a_shell_sees_its_prompt_and_the_size_of_the_terminal(kubectl: KubectlRunner) -> None:
    command = ("run", "-it", "--rm", "--quiet", "--restart=Never", "--image=busybox", "shell", "--", "sh")
    screen = Screen([str(kubectl.program), "--kubeconfig", str(kubectl.kubeconfig), *command], rows=31, columns=97)

    screen.until("/ # ")
    # The size goes its own way, and kubectl begins with another one, so that programs that fill the screen draw it anew.
    screen.type("until stty size | grep 97; do sleep 0.1; done\r")
    screen.until("\r\n31 97\r\n")
    screen.type("exit 4\r")

    assert screen.end() == 4


def test_attach_types_into_process_1_and_hears_it(kubectl: KubectlRunner) -> None:
    run_pod(
        kubectl,
        "parrot",
        "sh",
        "-c",
        "while read line; do echo you said $line; done",
        options=("--stdin", "--attach=false"),
    )

    # With its only caller's input the shell's own has ended, and so its output is complete.
    assert "you said hello\n" in kubectl("attach", "-i", "parrot", stdin="hello\n")


def test_run_with_stdin_gives_the_output_and_the_pods_exit_code(kubectl: KubectlRunner) -> None:
    done = kubectl.run(
        "run", "-i", "--rm", "--image=busybox", "--restart=Never", "once", "--", "sh", "-c", "read x; echo got $x", stdin="it\n"
    )

    assert "got it" in done.stdout


@pytest.mark.parametrize("megabytes", [1, MEGABYTES])
def test_files_are_copied_both_ways(kubectl: KubectlRunner, tmp_path: Path, megabytes: int) -> None:
    run_pod(kubectl, "box", "sleep", "3600")
    if "not simulated" in kubectl.run("exec", "box", "--", "tar", "--help").stderr:
        pytest.skip("there is no tar in the simulated busybox yet")
    source, back = tmp_path / "source", tmp_path / "back"
    source.write_bytes(os.urandom(1 << 20) * megabytes)

    kubectl("cp", str(source), "box:/tmp/file", timeout_s=4 * WAIT_S)
    kubectl("cp", "box:/tmp/file", str(back), timeout_s=4 * WAIT_S)

    assert back.read_bytes() == source.read_bytes()


@pytest.mark.usefixtures("transport")
def test_forty_megabytes_go_in_and_come_out_whole(kubectl: KubectlRunner) -> None:
    run_pod(kubectl, "box", "sleep", "3600")
    data = os.urandom(1 << 20) * MEGABYTES

    raw(kubectl, "exec", "-i", "box", "--", "sh", "-c", "cat > /tmp/file", stdin=data)

    assert raw(kubectl, "exec", "box", "--", "cat", "/tmp/file") == data


@contextlib.contextmanager
def forwarded(kubectl: KubectlRunner, target: str, port: int) -> Iterator[tuple[str, "subprocess.Popen[str]"]]:
    """`kubectl port-forward` on a free port, and where it listens."""
    process = kubectl.start("port-forward", target, f":{port}")
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        found = re.search(r"127\.0\.0\.1:(\d+)", line)
        assert found, line
        yield f"127.0.0.1:{found[1]}", process
    finally:
        process.terminate()
        process.wait(timeout=WAIT_S)
        process.stdout.close()


@pytest.fixture
def web(kubectl: KubectlRunner) -> KubectlRunner:
    """A Deployment and a Service `web` that answer HTTP."""
    kubectl("create", "deployment", "web", "--image=nginx", "--port=80")
    kubectl("expose", "deployment", "web", "--port=8080", "--target-port=80")
    kubectl("rollout", "status", "deployment/web")
    kubectl("wait", "endpoints/web", "--for=jsonpath={.subsets[0].addresses[0].ip}")
    return kubectl


@pytest.mark.parametrize(("target", "port"), [("pod", 80), ("deployment/web", 80), ("service/web", 8080)])
def test_ports_are_forwarded_to_pods_deployments_and_services(web: KubectlRunner, target: str, port: int) -> None:
    if target == "pod":
        target = web("get", "pods", "-l", "app=web", "-o", "name").strip()

    with forwarded(web, target, port) as (address, _):
        for _ in range(3):
            with urllib.request.urlopen(f"http://{address}/", timeout=WAIT_S) as answer:
                assert answer.status == 200


def test_where_nothing_listens_port_forward_says_so(kubectl: KubectlRunner) -> None:
    run_pod(kubectl, "box", "sleep", "3600")

    with forwarded(kubectl, "pod/box", 81) as (address, process):
        host, _, port = address.partition(":")
        with socket.create_connection((host, int(port)), timeout=WAIT_S) as connection:
            assert connection.recv(1) == b""
        assert process.stdout is not None
        text = "".join(iter(process.stdout.readline, ""))

    assert re.search(r"error forwarding port 81 to pod [0-9a-f]{64}, uid : failed to execute portforward in network namespace", text)
    assert "lost connection to pod" in text


def test_a_forwarded_port_ends_with_its_pod(kubectl: KubectlRunner) -> None:
    run_pod(kubectl, "web", image="nginx")

    with forwarded(kubectl, "pod/web", 80) as (address, process):
        with urllib.request.urlopen(f"http://{address}/", timeout=WAIT_S) as answer:
            assert answer.status == 200
        kubectl("delete", "pod", "web", "--force")
        with pytest.raises((OSError, http.client.HTTPException)):
            urllib.request.urlopen(f"http://{address}/", timeout=WAIT_S)
        assert process.stdout is not None
        text = "".join(iter(process.stdout.readline, ""))

    assert "in store: not found" in text
    assert "lost connection to pod" in text


def test_the_proxy_paths_lead_to_the_server(web: KubectlRunner, server: RunningServer) -> None:
    pod = web("get", "pods", "-l", "app=web", "-o", "jsonpath={.items[0].metadata.name}")
    base = f"/api/v1/namespaces/{web.namespace}"

    for path in (f"pods/{pod}/proxy/", f"pods/{pod}:80/proxy/", "services/web/proxy/", "services/web:8080/proxy/"):
        with urllib.request.urlopen(f"{server.url}{base}/{path}", timeout=WAIT_S) as answer:
            assert answer.status == 200
    web("get", "--raw", f"{base}/services/http:web:8080/proxy/")
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(f"{server.url}{base}/pods/{pod}:81/proxy/", timeout=WAIT_S)
    with refused.value as answer:
        assert answer.code == 503
        assert b"connect: connection refused" in answer.read()


@pytest.fixture(scope="module")
def core(server: RunningServer) -> Iterator[client.CoreV1Api]:
    with config.new_client_from_config(config_file=str(server.kubeconfig)) as connected:
        yield client.CoreV1Api(connected)
        connected.rest_client.pool_manager.clear()


@pytest.fixture
def box(core: client.CoreV1Api, spaces: Spaces) -> tuple[str, str]:
    """Name and namespace of a Pod that sleeps."""
    namespace = spaces.new("streams")
    spec = client.V1PodSpec(containers=[client.V1Container(name="main", image="nginx")])
    core.create_namespaced_pod(namespace, client.V1Pod(metadata=client.V1ObjectMeta(name="box"), spec=spec))
    until(lambda: core.read_namespaced_pod("box", namespace).status.phase == "Running", "a running Pod")
    return "box", namespace


def python_exec(core: client.CoreV1Api, box: tuple[str, str], *command: str, **options: Any) -> Any:
    wanted = {"stdin": False, "stdout": True, "stderr": True, "tty": False, **options}
    return stream(core.connect_get_namespaced_pod_exec, *box, command=list(command), **wanted)


def test_pythons_client_runs_a_command(core: client.CoreV1Api, box: tuple[str, str]) -> None:
    assert python_exec(core, box, "echo", "hello") == "hello\n"


def test_pythons_client_talks_to_a_command(core: client.CoreV1Api, box: tuple[str, str]) -> None:
    session: WSClient = python_exec(core, box, "sh", "-c", "read x; echo $x; echo bad >&2; exit 5", stdin=True, _preload_content=False)
    session.write_stdin("typed\n")
    session.run_forever(timeout=WAIT_S)

    assert session.read_stdout() == "typed\n"
    assert session.read_stderr() == "bad\n"
    assert '"reason":"NonZeroExitCode"' in session.read_channel(ERROR_CHANNEL) or session.returncode == 5


def test_pythons_client_sends_megabytes_in_one_message(core: client.CoreV1Api, box: tuple[str, str]) -> None:
    session: WSClient = python_exec(core, box, "head", "-c", "3000000", stdin=True, _preload_content=False, binary=True)
    session.write_stdin(b"y" * 4_000_000)
    received = b""
    while session.is_open():
        session.update(timeout=WAIT_S)
        received += session.read_stdout(timeout=0) or b""  # An empty text when nothing came.

    assert len(received) == 3_000_000


def test_pythons_client_forwards_a_port(core: client.CoreV1Api, box: tuple[str, str]) -> None:
    forward: Any = portforward(core.connect_get_namespaced_pod_portforward, *box, ports="80,81")
    with contextlib.closing(forward.socket(80)) as connection:
        connection.setblocking(True)
        connection.settimeout(WAIT_S)
        connection.sendall(b"GET / HTTP/1.1\r\nHost: box\r\nConnection: close\r\n\r\n")
        answer = b""
        while piece := connection.recv(65_536):
            answer += piece

    assert answer.startswith(b"HTTP/1.1 200")
    until(lambda: "error forwarding port 81 to pod" in (forward.error(81) or ""), "the refusal")


def test_pythons_client_reads_and_follows_logs(core: client.CoreV1Api, spaces: Spaces) -> None:
    namespace = spaces.new("streams")
    container = client.V1Container(name="main", image="busybox", command=["sh", "-c", "for i in 1 2 3; do echo line $i; sleep 0.1; done"])
    spec = client.V1PodSpec(containers=[container], restart_policy="Never")
    core.create_namespaced_pod(namespace, client.V1Pod(metadata=client.V1ObjectMeta(name="talker"), spec=spec))
    until(lambda: core.read_namespaced_pod("talker", namespace).status.phase != "Pending", "a Pod that talks")

    followed = core.read_namespaced_pod_log("talker", namespace, follow=True, _preload_content=False)
    text = b"".join(followed.stream())
    followed.release_conn()

    assert text == b"line 1\nline 2\nline 3\n"
    assert core.read_namespaced_pod_log("talker", namespace, tail_lines=1) == "line 3\n"


def test_a_server_that_stops_does_not_wait_for_its_streams(tmp_path: Path) -> None:
    own = start_server(tmp_path, "--pace", "fast")
    try:
        kubectl = KubectlRunner(kubectl_program("1.35"), own.kubeconfig, tmp_path, "default", tmp_path)
        run_pod(kubectl, "box", "sh", "-c", "echo up; sleep 3600")
        commands = (("logs", "-f", "box"), ("exec", "box", "--", "sh", "-c", "echo up; sleep 3600"), ("port-forward", "box", ":80"))
        streams = [kubectl.start(*command) for command in commands]
        for one in streams:
            assert one.stdout is not None
            assert one.stdout.readline()

        assert own.stop() == 0
        assert [line for line in own.output if "timeout graceful shutdown exceeded" in line] == []
    finally:
        if own.process.poll() is None:
            own.stop()
    for one in streams:
        one.wait(timeout=WAIT_S)
        assert one.stdout is not None
        one.stdout.close()
