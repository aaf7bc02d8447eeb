"""agnhost of the Kubernetes test images: the subcommands that make sense without a kernel or a cluster behind them."""

import json
from collections.abc import Awaitable, Callable
from typing import Final

from orrery.node.processes.program import Connection
from orrery.node.programs.call import Applet, Call, encode
from orrery.node.programs.disk.modes import mode_text
from orrery.node.programs.faults import Fault
from orrery.node.programs.net.http import Request, Response
from orrery.node.programs.reasons import reason
from orrery.node.programs.servers.service import Stop, accept_all, serve_http
from orrery.node.programs.servers.static import file_response, find_file
from orrery.node.programs.system.moments import format_moment

_VERSION: Final = "2.57"


def _options(words: list[str]) -> tuple[dict[str, str], list[str]]:
    found: dict[str, str] = {}
    operands: list[str] = []
    rest = list(words)
    while rest:
        word = rest.pop(0)
        if not word.startswith("--"):
            operands.append(word)
            continue
        name, equals, value = word[2:].partition("=")
        found[name] = value if equals else rest.pop(0) if rest and not rest[0].startswith("-") else "true"
    return found, operands


def _number(options: dict[str, str], name: str, default: int) -> int:
    text = options.get(name, "")
    return int(text) if text.isdigit() else default


async def _log(call: Call, text: str) -> None:
    stamp = format_moment("%m%d %H:%M:%S.%N", call.process.clock.now_s())[:-3]
    await call.process.complain(f"I{stamp}{call.process.pid:8} log.go:245] {text}")


async def _pause(call: Call, options: dict[str, str], operands: list[str]) -> int:
    await call.print("Paused\n")
    await Stop(call, (15, 2)).wait()
    return 0


async def _netexec(call: Call, options: dict[str, str], operands: list[str]) -> int:
    port = _number(options, "http-port", 8080)
    state = {"ready": True}

    async def answer(request: Request) -> Response:
        return await _netexec_answer(call, request, state)

    async def log(request: Request, _: Response) -> None:
        await _log(call, f"GET {request.target}" if request.method == "GET" else f"{request.method} {request.target}")

    udp = _number(options, "udp-port", 8081)
    await _log(call, f"Started HTTP server on port {port}")
    if udp > 0:
        await _log(call, f"Started UDP server on port  {udp}")
    await _serve(call, port, answer, log)
    return 0


async def _serve(
    call: Call,
    port: int,
    answer: Callable[[Request], Awaitable[Response]],
    log: Callable[[Request, Response], Awaitable[None]] | None = None,
) -> None:
    try:
        await serve_http(call, port, answer, log=log)
    except OSError as error:
        raise Fault(f"listen tcp :{port}: bind: {reason(error).lower()}") from None


async def _netexec_answer(call: Call, request: Request, state: dict[str, bool]) -> Response:
    network, query = call.process.network, request.query
    path = request.path
    if path == "/" or path == "/clientip":
        if path == "/":
            return Response(200, encode(f"NOW: {format_moment('%Y-%m-%d %H:%M:%S.%N +0000 UTC', call.process.clock.now_s())}"))
        return Response(200, f"{request.remote[0]}:{request.remote[1]}".encode())
    if path == "/hostname" or path == "/hostName":
        return Response(200, network.hostname.encode())
    if path == "/echo":
        code = query.get("code", "200")
        return Response(int(code) if code.isdigit() and 100 <= int(code) < 600 else 400, encode(query.get("msg", "")))
    if path == "/healthz":
        return Response(200) if state["ready"] else Response(412)
    if path == "/header":
        return Response(200, encode(request.header(query.get("key", "")) or ""))
    if path == "/redirect":
        code = query.get("code", "302")
        return Response(int(code) if code.isdigit() else 302, headers=[("Location", query.get("location", "/"))])
    if path == "/exit":
        code, wait = query.get("code", "0"), query.get("wait", query.get("timeout", ""))
        if wait.endswith("s") and wait[:-1].replace(".", "").isdigit():
            await call.process.sleep(float(wait[:-1]))
        state["ready"] = False
        call.process.begin(_exit(call, int(code) if code.isdigit() else 0))
        return Response(200)
    if path == "/shell":
        return await _shell(call, query.get("shellCommand") or query.get("cmd") or "")
    if path == "/dial":
        return await _dial(call, query)
    if path == "/shutdown":
        call.process.begin(_exit(call, 0))
        return Response(200)
    return Response(404, b"404 page not found\n")


async def _exit(call: Call, code: int) -> None:
    """End the process with a code from one of its threads: the main thread waits for the signal below."""
    await call.process.sleep(0.01)
    call.process.kill(call.process.pid, 15 if code == 0 else 9)


async def _shell(call: Call, command: str) -> Response:
    reader, writer = call.process.pipe()
    try:
        child = await call.process.spawn(["sh", "-c", command], descriptors={0: call.process.stdin, 1: writer, 2: writer})
    except OSError as error:
        writer.close()
        reader.close()
        return Response(200, json.dumps({"error": reason(error)}).encode())
    writer.close()
    out = b""
    while (piece := await reader.read()) and len(out) < 1 << 20:
        out += piece
    reader.close()
    code = await child.wait()
    answer = (
        {"output": out.decode("utf-8", "replace")}
        if code == 0
        else {"error": f"exit status {code}", "output": out.decode("utf-8", "replace")}
    )
    return Response(200, json.dumps(answer).encode())


async def _dial(call: Call, query: dict[str, str]) -> Response:
    """Ask another netexec several times and tell who answered."""
    tries = query.get("tries", "1")
    port = query.get("port", "8080")
    responses: list[str] = []
    errors: list[str] = []
    for _ in range(min(int(tries) if tries.isdigit() else 1, 100)):
        try:
            connection = await call.process.network.connect(query.get("host", ""), int(port) if port.isdigit() else 80, timeout_s=5)
            target = query.get("request", "hostname")
            await connection.write(encode(f"GET /{target} HTTP/1.1\r\nHost: dial\r\nConnection: close\r\n\r\n"))
            data = b""
            while piece := await connection.read():
                data += piece
            connection.close()
            responses.append(data.partition(b"\r\n\r\n")[2].decode("utf-8", "replace"))
        except OSError as error:
            errors.append(reason(error))
    body: dict[str, list[str]] = {"responses": responses} if responses else {}
    if errors:
        body["errors"] = errors
    return Response(200, json.dumps(body).encode())


async def _serve_hostname(call: Call, options: dict[str, str], operands: list[str]) -> int:
    port = _number(options, "port", 9376)

    async def answer(request: Request) -> Response:
        await _log(call, f"HTTP request from {request.remote[0]}:{request.remote[1]}")
        return Response(200, call.process.network.hostname.encode())

    await _log(call, f"Serving on port {port}.")
    await _serve(call, port, answer)
    return 0


async def _liveness(call: Call, options: dict[str, str], operands: list[str]) -> int:
    started_s = call.process.clock.now_s()

    async def answer(request: Request) -> Response:
        seconds = call.process.clock.now_s() - started_s
        if request.path == "/started":
            return Response(200, f"{seconds:.6f}s".encode())
        if request.path == "/healthz":
            return Response(200, b"ok") if seconds <= 10 else Response(500, f"error: {seconds:.6f}".encode())
        return Response(404, b"404 page not found\n")

    await _serve(call, 8080, answer)
    return 0


async def _logs_generator(call: Call, options: dict[str, str], operands: list[str]) -> int:
    """A line per step; `--run-duration` and `-t` are the same."""
    total = _number(options, "log-lines-total", 0)
    spent = options.get("run-duration", "0s")
    duration_s = float(spent.rstrip("s")) if spent.rstrip("s").replace(".", "").isdigit() else 0.0
    if total <= 0:
        raise Fault(f"Invalid total number of lines: {total}")
    random = call.process.clock.random
    for number in range(total):
        method = random.choice(("GET", "POST", "PUT"))
        space, name = random.choice(("kube-system", "default", "ns")), "".join(random.choices("abcdefghijklmnopqrstuvwxyz0123456789", k=4))
        await _log(call, f"{number} {method} /api/v1/namespaces/{space}/pods/{name} {random.randrange(200, 600)}")
        await call.process.tick()
        if duration_s:
            await call.process.sleep(duration_s / total)
    return 0


async def _nettest(call: Call, options: dict[str, str], operands: list[str]) -> int:
    port = _number(options, "port", 8080)

    async def answer(request: Request) -> Response:
        body = {"/status": b"pass", "/read": b"{}"}.get(request.path)
        return Response(200, body) if body is not None else Response(200, b"ok")

    await _serve(call, port, answer)
    return 0


async def _test_webserver(call: Call, options: dict[str, str], operands: list[str]) -> int:
    port = _number(options, "port", 80)

    async def answer(request: Request) -> Response:
        status, path = find_file(call, "/", request.path, ("index.html",))
        return file_response(call, path, request) if status == 200 else Response(404, b"404 page not found\n")

    await _serve(call, port, answer)
    return 0


async def _connect(call: Call, options: dict[str, str], operands: list[str]) -> int:
    host, _, port = (operands[0] if operands else "").rpartition(":")
    text = options.get("timeout", "30s").rstrip("s")
    limit_s = float(text) if text.replace(".", "").isdigit() and text else 30.0
    try:
        connection = await call.process.network.connect(host, int(port) if port.isdigit() else 80, timeout_s=limit_s)
    except TimeoutError:
        await call.process.complain("TIMEOUT")
        return 1
    except ConnectionRefusedError:
        await call.process.complain("REFUSED")
        return 1
    except OSError as error:
        await call.process.complain("DNS: no such host" if (error.errno or 0) < 0 else f"OTHER: {reason(error)}")
        return 1
    connection.close()
    return 0


async def _entrypoint_tester(call: Call, options: dict[str, str], operands: list[str]) -> int:
    shown = " ".join([call.process.argv[0], *call.process.argv[1:]])
    await call.print(f"[{shown}]\n")
    return 0


async def _mounttest(call: Call, options: dict[str, str], operands: list[str]) -> int:
    files = call.process.files
    for name, value in options.items():
        try:
            if name in ("file_content", "file_content_in_loop"):
                text = files.read(value).decode("utf-8", "replace")
                await call.print(f'content of file "{value}": {text}\n')
            elif name == "file_mode":
                about = files.stat(value)
                await call.print(f'mode of file "{value}": {mode_text(about.mode)}\n')
            elif name == "file_perm":
                await call.print(f'perms of file "{value}": -{format(files.stat(value).mode & 0o777, "o")}\n')
            elif name.startswith("new_file"):
                files.write(value, b"mount-tester new file\n")
        except OSError as error:
            await call.print(f'error reading file content for "{value}": open {value}: {reason(error).lower()}\n')
            return 1
    return 0


async def _porter(call: Call, options: dict[str, str], operands: list[str]) -> int:
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


_COMMANDS: Final[dict[str, Callable[[Call, dict[str, str], list[str]], Awaitable[int]]]] = {
    "pause": _pause, "netexec": _netexec, "serve-hostname": _serve_hostname, "liveness": _liveness, "logs-generator": _logs_generator,
    "nettest": _nettest, "test-webserver": _test_webserver, "connect": _connect, "entrypoint-tester": _entrypoint_tester,
    "mounttest": _mounttest, "porter": _porter,
}  # fmt: skip


async def agnhost(call: Call) -> int:
    words = call.arguments
    if words[:1] == ["--version"]:
        await call.print(f"agnhost version {_VERSION}\n")
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
    options, operands = _options(words[1:])
    return await command(call, options, operands)


PROGRAMS: dict[str, Applet] = {"agnhost": agnhost}
