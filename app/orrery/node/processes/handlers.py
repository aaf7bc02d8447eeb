"""Hooks and probes, run inside the simulation: a command in the container, a request or a connection over the Pod's network, a sleep.

Messages are the kubelet's (`pkg/probe`, `lifecycle/handlers.go`).
"""

import asyncio
import errno
import socket
from collections.abc import Awaitable, Sequence
from typing import TYPE_CHECKING, Final, NamedTuple, TypeVar
from urllib.parse import urljoin, urlsplit

from orrery.machinery.clock import Clock
from orrery.machinery.field_errors import go_quote
from orrery.machinery.objects import Object
from orrery.node.files.accounts import is_directory
from orrery.node.files.filesystem import MountTable
from orrery.node.files.opened import null
from orrery.node.network import grpc_health
from orrery.node.network.pod_network import PodNetwork
from orrery.node.processes.program import Connection
from orrery.node.processes.signals import SIGKILL
from orrery.node.runtime import PASSED, Answer

if TYPE_CHECKING:
    from orrery.node.processes.container import SimulatedContainer

_OUTPUT_MAX: Final = 10 * 1024
_HEAD_MAX: Final = 16 * 1024
_HOOK_TIMEOUT_S: Final = 60.0
_REDIRECTS_MAX: Final = 10
_TLS_PORTS: Final = ("443", "10250")
_NO_TLS: Final = "http: server gave HTTP response to HTTPS client"
_REASONS: Final = {errno.EHOSTUNREACH: "connect: no route to host", errno.ECONNREFUSED: "connect: connection refused"}

T = TypeVar("T")


class Collector:
    """Both output streams of a probe's command, up to 10 KiB."""

    is_terminal = False

    def __init__(self) -> None:
        self.data = bytearray()

    async def read(self, count: int = 0) -> bytes:
        return b""

    async def write(self, data: bytes) -> None:
        self.data += data[: _OUTPUT_MAX - len(self.data)]

    def close(self) -> None:
        """Nothing to give back."""

    def share(self) -> "Collector":
        return self


async def run_probe(container: "SimulatedContainer", probe: Object) -> Answer:
    """Make a probe; it fails after its timeout."""
    timeout_s = float(probe.get("timeoutSeconds") or 1)
    if command := (probe.get("exec") or {}).get("command"):
        return await _execute(container, command, timeout_s)
    if target := probe.get("httpGet"):
        return await _visit(container, target, timeout_s)
    if target := probe.get("tcpSocket"):
        return await _dial(container, target, timeout_s)
    if target := probe.get("grpc"):
        return await _ask_health(container, target, timeout_s)
    return PASSED


async def run_hook(container: "SimulatedContainer", handler: Object) -> Answer:
    """Run a lifecycle hook to its end. An answer over HTTP counts whatever its status is."""
    if "sleep" in handler:
        await container.system.clock.sleep(float((handler["sleep"] or {}).get("seconds") or 0))
        return PASSED
    if command := (handler.get("exec") or {}).get("command"):
        return await _execute(container, command, None, tells_error=True)
    if target := handler.get("httpGet"):
        return await _call_hook(container, target)
    if target := handler.get("tcpSocket"):
        return await _dial(container, target, _HOOK_TIMEOUT_S)
    return PASSED


async def within(clock: Clock, timeout_s: float, wait: Awaitable[T]) -> T:
    """The result of a wait; TimeoutError when it takes longer, and then it is cancelled."""
    task = asyncio.ensure_future(wait)

    def give_up() -> None:
        task.cancel()

    timer = clock.call_later(timeout_s, give_up, background=True)
    try:
        return await task
    except asyncio.CancelledError:
        if (current := asyncio.current_task()) is not None and current.cancelling():
            task.cancel()
            raise
        raise TimeoutError(errno.ETIMEDOUT, "timed out") from None
    finally:
        timer.cancel()


async def _execute(
    container: "SimulatedContainer", command: Sequence[str], timeout_s: float | None, *, tells_error: bool = False
) -> Answer:
    """What a command said, errors after the rest; `tells_error`: with the kubelet's error around it, as hooks tell it."""
    output, errors, clock = Collector(), Collector(), container.system.clock
    try:
        process = container.execute(command, {0: null(clock), 1: output, 2: errors})
    except OSError as error:
        return Answer(has_passed=False, message=_exec_failure(container, command, error), is_error=True)
    try:
        code = await (process.ended() if timeout_s is None else within(clock, timeout_s, process.ended()))
    except TimeoutError:
        message = f"command timed out: {go_quote(' '.join(command))} timed out after {timeout_s:g}s"
        return Answer(has_passed=False, message=message)
    finally:
        process.end(SIGKILL)
    if code == 0:
        return PASSED
    said = (output.data + errors.data)[:_OUTPUT_MAX].decode(errors="replace")
    if tells_error:
        complaint = errors.data.decode(errors="replace")
        said = f"command '{' '.join(command)}' exited with {code}: {complaint}, message: {go_quote(said)}"
    return Answer(has_passed=False, message=said)


def _exec_failure(container: "SimulatedContainer", command: Sequence[str], error: OSError) -> str:
    why = why_not_started(container.system.mounts, command, error)
    return (
        f"rpc error: code = Unknown desc = failed to exec in container: failed to start exec {go_quote(container.config.id)}: "
        f"OCI runtime exec failed: exec failed: unable to start container process: {why}: unknown"
    )


def why_not_started(mounts: MountTable, argv: Sequence[str], error: OSError) -> str:
    """runc's words for a command that cannot be run."""
    name = argv[0] if argv else ""
    if isinstance(error, FileNotFoundError):
        reason = f"stat {name}: no such file or directory" if "/" in name else "executable file not found in $PATH"
    elif "/" in name and is_directory(mounts, name):
        reason = "is a directory"
    else:
        reason = (error.strerror or str(error)).lower()
    return f"exec: {go_quote(name)}: {reason}"


def _network(container: "SimulatedContainer") -> PodNetwork:
    network = container.system.network
    assert isinstance(network, PodNetwork)
    return network


def _host(container: "SimulatedContainer", target: Object) -> str:
    """The host asked for, else the Pod's own address."""
    return str(target.get("host") or next(iter(_network(container).addresses), "127.0.0.1"))


def _where(container: "SimulatedContainer", target: Object) -> str:
    return f"{_host(container, target)}:{target.get('port')}"


async def _connect(container: "SimulatedContainer", target: Object, timeout_s: float) -> Connection:
    return await _network(container).connect(_host(container, target), int(target.get("port") or 0), timeout_s=timeout_s)


async def _dial(container: "SimulatedContainer", target: Object, timeout_s: float) -> Answer:
    try:
        connection = await within(container.system.clock, timeout_s, _connect(container, target, timeout_s))
    except (OSError, ValueError) as error:
        return Answer(has_passed=False, message=_dial_failure(container, target, error))
    connection.close()
    return PASSED


async def _ask_health(container: "SimulatedContainer", target: Object, timeout_s: float) -> Answer:
    """gRPC's health check. Its client tries again until the time is up when nobody answers, or not in HTTP/2."""
    clock, where = container.system.clock, _where(container, target)
    until_s = clock.now_s() + timeout_s
    try:
        connection = await within(clock, timeout_s, _connect(container, target, timeout_s))
        try:
            frames = await within(clock, until_s - clock.now_s(), grpc_health.begin(connection))
            asked = grpc_health.check(frames, where, target.get("service") or "")
            try:
                reply = await within(clock, until_s - clock.now_s(), asked)
            except TimeoutError:
                return Answer(has_passed=False, message=f"timeout: health rpc did not complete within {timeout_s:g}s")
        finally:
            connection.close()
    except (OSError, grpc_health.NotHttp2):
        await clock.sleep(max(until_s - clock.now_s(), 0.0), background=True)
        why = f"timeout: failed to connect service {go_quote(where)} within {timeout_s:g}s: context deadline exceeded"
        return Answer(has_passed=False, message=why)
    return _health_answer(reply)


def _health_answer(reply: grpc_health.Reply) -> Answer:
    if reply.code == grpc_health.UNIMPLEMENTED:
        why = f"error: this server does not implement the grpc health protocol (grpc.health.v1.Health): {reply.message}"
    elif reply.code:
        why = f"error: health rpc probe failed: rpc error: code = {grpc_health.CODES.get(reply.code, 'Unknown')} desc = {reply.message}"
    elif reply.health != grpc_health.SERVING:
        why = f'service unhealthy (responded with "{grpc_health.STATUSES[min(reply.health, 3)]}")'
    else:
        return PASSED
    return Answer(has_passed=False, message=why)


def _dial_failure(container: "SimulatedContainer", target: Object, error: Exception) -> str:
    if isinstance(error, TimeoutError):
        reason = "i/o timeout"
    elif isinstance(error, socket.gaierror):
        return f"dial tcp: lookup {_host(container, target)}: no such host"
    else:
        reason = _REASONS.get(getattr(error, "errno", None) or 0, str(error).lower())
    return f"dial tcp {_where(container, target)}: {reason}"


class _Page(NamedTuple):
    """What came of a GET."""

    status: int
    location: str = ""
    body: str = ""


async def _call_hook(container: "SimulatedContainer", target: Object) -> Answer:
    """A hook over HTTP: any status will do, and so will HTTP where HTTPS was asked for."""
    answer = await _visit(container, target, _HOOK_TIMEOUT_S)
    if answer.message.startswith("HTTP probe failed"):
        return PASSED
    if answer.has_passed or not answer.message.endswith(_NO_TLS):
        return answer._replace(warning="")
    answer = await _visit(container, {**target, "scheme": "HTTP"}, _HOOK_TIMEOUT_S)
    if not (answer.has_passed or answer.message.startswith("HTTP probe failed")):
        return answer
    where = _where(container, target)
    return PASSED._replace(warning=f"request to HTTPS lifecycle hook {where} got HTTP response, retry with HTTP succeeded")


async def _visit(container: "SimulatedContainer", target: Object, timeout_s: float) -> Answer:
    """GET over the Pod's network."""
    url = _url(container, target)
    try:
        page = await within(container.system.clock, timeout_s, _follow(container, target, timeout_s))
    except TimeoutError:
        reason = "context deadline exceeded (Client.Timeout exceeded while awaiting headers)"
        return Answer(has_passed=False, message=f"Get {go_quote(url)}: {reason}")
    except EOFError:
        return Answer(has_passed=False, message=f"Get {go_quote(url)}: EOF")
    except ValueError as error:
        return Answer(has_passed=False, message=f"Get {go_quote(url)}: {error}")
    except OSError as error:
        return Answer(has_passed=False, message=f"Get {go_quote(url)}: {_dial_failure(container, target, error)}")
    if _is_redirect(page):
        return PASSED._replace(warning=f"Probe terminated redirects, Response body: {page.body}")
    if 200 <= page.status < 400:
        return PASSED
    return Answer(has_passed=False, message=f"HTTP probe failed with statuscode: {page.status}")


def _url(container: "SimulatedContainer", target: Object) -> str:
    path = target.get("path") or "/"
    return f"{(target.get('scheme') or 'HTTP').lower()}://{_where(container, target)}{path if path.startswith('/') else '/' + path}"


def _is_redirect(page: _Page) -> bool:
    return page.status in (301, 302, 303, 307, 308) and bool(page.location)


async def _follow(container: "SimulatedContainer", target: Object, timeout_s: float) -> _Page:
    """Follow redirects on the same host; the page of the first that leads elsewhere."""
    here = urlsplit(_url(container, target))
    for _ in range(_REDIRECTS_MAX):
        page = await _get(container, target, timeout_s)
        if not _is_redirect(page):
            return page
        there = urlsplit(urljoin(here.geturl(), page.location))
        if there.hostname != here.hostname:
            return page
        port = there.port or (443 if there.scheme == "https" else 80)
        path = f"{there.path or '/'}{'?' + there.query if there.query else ''}"
        target, here = {**target, "port": port, "path": path, "scheme": there.scheme.upper()}, there
    raise ValueError("stopped after 10 redirects")


async def _get(container: "SimulatedContainer", target: Object, timeout_s: float) -> _Page:
    """One GET; EOFError when nothing comes, ValueError when it is no HTTP."""
    path = target.get("path") or "/"
    headers = {"Host": _where(container, target), "User-Agent": "kube-probe/1.35", "Accept": "*/*"}
    headers.update({one["name"]: one.get("value", "") for one in target.get("httpHeaders") or ()})
    lines = [f"GET {path if path.startswith('/') else '/' + path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
    connection = await _connect(container, target, timeout_s)
    try:
        if (target.get("scheme") or "HTTP") == "HTTPS" and not str(target.get("port")).endswith(_TLS_PORTS):
            # DIFFERS: upstream's TLS is real; ours goes in the clear, to ports that end in 443 or 10250, and finds none behind others.
            raise ValueError(_NO_TLS)
        await connection.write(("\r\n".join([*lines, "Connection: close"]) + "\r\n\r\n").encode())
        return await _read_page(connection)
    finally:
        connection.close()


async def _read_page(connection: Connection) -> _Page:
    data = b""
    while b"\r\n" not in data or (b"\r\n\r\n" not in data and len(data) < _HEAD_MAX):
        piece = await connection.read()
        if not piece:
            break
        data += piece
        if len(data) >= _HEAD_MAX:
            break
    if not data:
        raise EOFError
    head, _, body = data.partition(b"\r\n\r\n")
    first, *rest = head.split(b"\r\n")
    words = first.split(b" ")
    if len(words) < 2 or not words[0].startswith(b"HTTP/1.") or not words[1].isdigit():
        shown = go_quote(first.split(b"\n", 1)[0].decode(errors="replace"))
        raise ValueError(f"net/http: HTTP/1.x transport connection broken: malformed HTTP response {shown}")
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(b":") for line in rest)}
    return _Page(int(words[1]), headers.get(b"location", b"").decode(errors="replace"), body.decode(errors="replace"))
