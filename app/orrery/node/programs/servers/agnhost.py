"""agnhost of the Kubernetes test images: the subcommands that make sense without a kernel or a cluster behind them."""

import base64
import hashlib
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final

from orrery.node.network import grpc_health
from orrery.node.processes.program import Connection
from orrery.node.programs.call import Applet, Call, encode
from orrery.node.programs.disk.modes import mode_text
from orrery.node.programs.faults import Fault
from orrery.node.programs.net.http import Request, Response
from orrery.node.programs.reasons import reason
from orrery.node.programs.servers.agnhost_calls import Options, duration, get, log, number, read_options, serve
from orrery.node.programs.servers.agnhost_forward import port_forward_tester
from orrery.node.programs.servers.agnhost_guestbook import guestbook
from orrery.node.programs.servers.agnhost_netexec import netexec
from orrery.node.programs.servers.service import Stop, accept_all
from orrery.node.programs.servers.static import file_response, find_file
from orrery.node.programs.servers.stress import vish_stress
from orrery.node.programs.servers.versions import version_of

_VERSION: Final = "2.59"
_NEW_FILE: Final = "mount-tester new file\n"


async def _pause(call: Call, options: Options, operands: list[str]) -> int:
    stop = Stop(call, (15, 2))
    await call.print("Paused\nSignals registered\n")
    signal = await stop.wait()
    text = f'exiting because of signal "{"terminated" if signal == 15 else "interrupt"}"\n'
    with suppress(OSError):
        call.process.files.write(call.process.environment.get("TERMINATION_MESSAGE_PATH") or "/dev/termination-log", text.encode())
    await call.print(text)
    return 2 if signal == 2 else 0


async def _serve_hostname(call: Call, options: Options, operands: list[str]) -> int:
    port, stop = number(options, "port", 9376), Stop(call, (15,))
    host = call.process.network.hostname

    async def answer(request: Request) -> Response:
        await log(call, f"HTTP request from {request.remote[0]}:{request.remote[1]}")
        return Response(200, host.encode())

    async def talk(connection: Connection) -> None:
        await log(call, f"TCP request from {connection.remote[0]}:{connection.remote[1]}")
        await connection.write(host.encode())

    await log(call, f"Serving on port {port}.")
    if options.get("tcp") == "true":
        await call.process.first_of(stop.wait(), accept_all(call.process, call.process.network.listen("0.0.0.0", port), talk))
    else:
        await call.process.first_of(stop.wait(), serve(call, port, answer))
    await log(call, "Shutting down after receiving signal: terminated.")
    await log(call, "Awaiting pod deletion.")
    await call.process.clock.sleep(60, background=True)
    return 0


async def _liveness(call: Call, options: Options, operands: list[str]) -> int:
    started_s = call.process.clock.now_s()

    async def answer(request: Request) -> Response:
        seconds = call.process.clock.now_s() - started_s
        if request.path == "/started":
            return Response(200, f"{seconds:.6f}s".encode())
        if request.path == "/healthz":
            return Response(200, b"ok") if seconds <= 10 else Response(500, f"error: {seconds:.6f}".encode())
        return Response(404, b"404 page not found\n")

    await serve(call, 8080, answer)
    return 0


async def _logs_generator(call: Call, options: Options, operands: list[str]) -> int:
    """A line per step."""
    total = number(options, "log-lines-total", number(options, "t", 0))
    spent_s = duration(options.get("run-duration") or options.get("d") or "0s") or 0.0
    for is_wrong, text in ((total <= 0, f"Invalid total number of lines: {total}"), (spent_s <= 0, f"Invalid duration: {spent_s:g}s")):
        if is_wrong:
            await log(call, text, level="F", place="logs_generator.go:77")
            return 255
    random = call.process.clock.random
    for count in range(total):
        method = random.choice(("GET", "POST", "PUT"))
        space = random.choice(("kube-system", "default", "ns"))
        name = "".join(random.choices("bcdfghjklmnpqrstvwxz2456789", k=random.randint(3, 4)))
        line = f"{count} {method} /api/v1/namespaces/{space}/pods/{name} {random.randrange(200, 600)}"
        await log(call, line, place="logs_generator.go:88")
        await call.process.sleep(spent_s / total)
    return 0


async def _nettest(call: Call, options: Options, operands: list[str]) -> int:
    port = number(options, "port", 8080)

    async def answer(request: Request) -> Response:
        body = {"/status": b"pass", "/read": b"{}"}.get(request.path)
        return Response(200, body) if body is not None else Response(200, b"ok")

    await serve(call, port, answer)
    return 0


async def _test_webserver(call: Call, options: Options, operands: list[str]) -> int:
    port = number(options, "port", 80)

    async def answer(request: Request) -> Response:
        status, path = find_file(call, "/", request.path, ("index.html",))
        return file_response(call, path, request) if status == 200 else Response(404, b"404 page not found\n")

    await serve(call, port, answer)
    return 0


async def _connect(call: Call, options: Options, operands: list[str]) -> int:
    if len(operands) != 1:
        raise Fault(f"accepts 1 arg(s), received {len(operands)}")
    if options.get("protocol", "tcp") not in ("", "tcp"):
        await call.process.complain(f"OTHER: {options['protocol']} is not simulated by Orrery")
        return 1
    host, colon, port = operands[0].rpartition(":")
    if not colon or not port.isdigit():
        await call.process.complain(f"UNKNOWN: address {operands[0]}: missing port in address")
        return 1
    try:
        connection = await call.process.network.connect(host, int(port), timeout_s=duration(options.get("timeout", "")) or 127.0)
    except TimeoutError:
        await call.process.complain("TIMEOUT")
        return 1
    except ConnectionRefusedError:
        await call.process.complain("REFUSED")
        return 1
    except OSError as error:
        is_name = (error.errno or 0) < 0
        await call.process.complain(
            f"DNS: lookup {host}: no such host" if is_name else f"OTHER: dial tcp {operands[0]}: {reason(error).lower()}"
        )
        return 1
    connection.close()
    return 0


def _listed(call: Call, word: str) -> str:
    """A line of /etc/resolv.conf, without its first word, with commas."""
    lines = call.process.files.read("/etc/resolv.conf").decode().splitlines()
    return ",".join(next((line.split()[1:] for line in lines if line.startswith(word)), []))


async def _dns_suffix(call: Call, options: Options, operands: list[str]) -> int:
    await call.print(_listed(call, "search") + "\n")
    return 0


async def _dns_servers(call: Call, options: Options, operands: list[str]) -> int:
    await call.print(_listed(call, "nameserver") + "\n")
    return 0


async def _etc_hosts(call: Call, options: Options, operands: list[str]) -> int:
    await call.print(call.process.files.read("/etc/hosts").decode() + "\n")
    return 0


async def _in_cluster_client(call: Call, options: Options, operands: list[str]) -> int:
    """Ask the API server for /healthz from time to time, with the Pod's token."""
    environment = call.process.environment
    await log(call, "started", place="main.go:61")
    host, port = environment.get("KUBERNETES_SERVICE_HOST", ""), environment.get("KUBERNETES_SERVICE_PORT", "")
    folder = "/var/run/secrets/kubernetes.io/serviceaccount"
    if not host or not call.process.files.exists(f"{folder}/token"):
        missing = f"open {folder}/token: no such file or directory"
        why = (
            missing
            if host
            else "unable to load in-cluster configuration, KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT must be defined"
        )
        await log(call, f"err: {why}", place="main.go:65")
        return 1
    while True:
        await call.process.sleep(number(options, "poll-interval", 30))
        await log(call, "calling /healthz", place="main.go:79")
        token = call.process.files.read(f"{folder}/token").decode()
        digest = hashlib.sha256(f"salt|Bearer {token}".encode()).digest()
        await log(call, f"authz_header={base64.urlsafe_b64encode(digest).decode().rstrip('=')}", place="main.go:96")
        try:
            status, text = await get(call, host, int(port or 443), "/healthz", timeout_s=10, headers=f"Authorization: Bearer {token}\r\n")
        except (OSError, EOFError) as error:
            status, text = 0, str(error)
        if status != 200:
            await log(call, "status=failed", level="E", place="main.go:82")
            await log(call, f"error checking /healthz: {text}", level="E", place="main.go:83")


async def _tcp_reset(call: Call, options: Options, operands: list[str]) -> int:
    port, stop = number(options, "port", 8080), Stop(call, (15,))

    async def talk(connection: Connection) -> None:
        await connection.read(1)
        await log(call, f"TCP request from {connection.remote[0]}:{connection.remote[1]}")

    listener = call.process.network.listen("0.0.0.0", port)
    await log(call, f"Serving on port {port}.")
    await call.process.first_of(stop.wait(), accept_all(call.process, listener, talk))
    return 0


async def _grpc_health(call: Call, options: Options, operands: list[str]) -> int:
    """Answers health checks; its HTTP side says what the answer is to be."""
    port, side = number(options, "port", 5000), number(options, "http-port", 8080)
    listener = call.process.network.listen("0.0.0.0", port)
    health = {"": grpc_health.SERVING, options.get("service", ""): grpc_health.SERVING}

    async def talk(connection: Connection) -> None:
        with suppress(grpc_health.NotHttp2):
            await grpc_health.answer(connection, health.get)

    async def answer(request: Request) -> Response:
        if request.path in ("/make-serving", "/make-not-serving"):
            health.update(dict.fromkeys(health, grpc_health.SERVING if request.path == "/make-serving" else grpc_health.NOT_SERVING))
        return Response(200)

    await log(call, f"Http server starting to listen on :{side}")
    await log(call, f"gRPC server starting to listen on :{port}")
    call.process.begin(accept_all(call.process, listener, talk))
    await serve(call, side, answer)
    return 0


async def _entrypoint_tester(call: Call, options: Options, operands: list[str]) -> int:
    shown = " ".join([call.process.argv[0], *call.process.argv[1:]])
    await call.print(f"[{shown}]\n")
    return 0


async def _mounttest(call: Call, options: Options, operands: list[str]) -> int:
    """What the tests of volumes ask of a mounted file, in upstream's order."""
    failed = 0
    for name in ("fs_type", "new_file_0644", "new_file_0666", "new_file_0660", "new_file_0777", "file_mode", "file_perm", "file_owner",
                 "file_content", "file_content_in_loop"):  # fmt: skip
        if path := options.get(name, ""):
            try:
                await _mount_fact(call, name, path, options)
            except OSError as error:
                what = "writing new file" if name.startswith("new_file") else "reading file content for"
                await call.print(f'error {what} "{path}": open {path}: {reason(error).lower()}\n')
                failed = 1
    return failed


async def _mount_fact(call: Call, name: str, path: str, options: Options) -> None:
    files = call.process.files
    if name == "fs_type":
        mount = max((one for one in files.mounts() if f"{path}/".startswith(one.path)), key=lambda one: len(one.path), default=None)
        await call.print(f'mount type of "{path}": {mount.type if mount is not None else "overlay"}\n')
    elif name.startswith("new_file"):
        files.write(path, _NEW_FILE.encode())
        files.change_mode(path, int(name[-4:], 8))
        await call.print(f'content of file "{path}": {_NEW_FILE}\n')
    elif name == "file_mode":
        await call.print(f'mode of file "{path}": {mode_text(files.stat(path).mode)}\n')
    elif name == "file_perm":
        await call.print(f'perms of file "{path}": {mode_text(files.stat(path).mode & 0o777 | 0o100000)}\n')
    elif name == "file_owner":
        about = files.stat(path)
        await call.print(f'owner UID of "{path}": {about.uid}\nowner GID of "{path}": {about.gid}\n')
    elif name == "file_content":
        await call.print(f'content of file "{path}": {files.read(path).decode("utf-8", "replace")}\n')
    else:
        await _content_in_loop(call, path, options)


async def _content_in_loop(call: Call, path: str, options: Options) -> None:
    ends = options.get("break_on_expected_content", "true") == "true"
    until_s = call.process.clock.now_s() + number(options, "retry_time", 180)
    while call.process.clock.now_s() < until_s:
        try:
            text = call.process.files.read(path).decode("utf-8", "replace")
            await call.print(f'content of file "{path}": {text}\n')
            if ends and text == _NEW_FILE:
                return
        except OSError as error:
            await call.print(f"Error reading file {path}: open {path}: {reason(error).lower()}, retrying\n")
        await call.process.sleep(2.0)


async def _porter(call: Call, options: Options, operands: list[str]) -> int:
    ports = {name.rpartition("_")[2]: value for name, value in call.process.environment.items() if name.startswith("SERVE_PORT_")}
    listeners = [(call.process.network.listen("0.0.0.0", int(port)), text) for port, text in ports.items() if port.isdigit()]

    def talker(text: str) -> Callable[[Connection], Awaitable[None]]:
        async def talk(connection: Connection) -> None:
            await connection.read()
            body = encode(text)
            await connection.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % len(body) + body)

        return talk

    await call.process.first_of(
        Stop(call, (15, 2)).wait(), *(accept_all(call.process, listener, talker(text)) for listener, text in listeners)
    )
    return 0


async def _stress(call: Call, options: Options, operands: list[str]) -> int:
    return await vish_stress(Call(call.process, call.family, "stress", call.arguments[1:]))


_COMMANDS: Final[dict[str, Callable[[Call, Options, list[str]], Awaitable[int]]]] = {
    "connect": _connect, "dns-server-list": _dns_servers, "dns-suffix": _dns_suffix, "entrypoint-tester": _entrypoint_tester,
    "etc-hosts": _etc_hosts, "grpc-health-checking": _grpc_health, "guestbook": guestbook, "inclusterclient": _in_cluster_client,
    "liveness": _liveness, "logs-generator": _logs_generator, "mounttest": _mounttest, "netexec": netexec, "nettest": _nettest,
    "pause": _pause, "port-forward-tester": port_forward_tester, "porter": _porter, "serve-hostname": _serve_hostname, "stress": _stress, "tcp-reset": _tcp_reset,
    "test-webserver": _test_webserver,
}  # fmt: skip


async def agnhost(call: Call) -> int:
    words = call.arguments
    if words[:1] == ["--version"]:
        await call.print(f"app version {version_of(call, 'agnhost', _VERSION)}\n")
        return 0
    if not words or words[0] in ("help", "--help"):
        names = "\n".join(f"  {name}" for name in sorted(_COMMANDS))
        await call.print(f"Usage:\n  app [command]\n\nAvailable Commands:\n{names}\n")
        return 0
    command = _COMMANDS.get(words[0])
    if command is None:
        # DIFFERS: upstream has more subcommands; those that need a kernel or a cluster behind them are not there.
        await call.process.complain(f'Error: unknown command "{words[0]}" for "app"\nRun \'app --help\' for usage.')
        return 1
    options, operands = read_options(words[1:])
    return await command(call, options, operands)


async def serve_hostname(call: Call) -> int:
    """The image of its own that it once had."""
    return await _serve_hostname(call, *read_options(call.arguments))


async def liveness(call: Call) -> int:
    """The liveness image of old."""
    return await _liveness(call, *read_options(call.arguments))


PROGRAMS: dict[str, Applet] = {"agnhost": agnhost, "serve_hostname": serve_hostname, "liveness": liveness}
