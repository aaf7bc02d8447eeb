"""Small servers of examples and lessons: http-echo, whoami, hello-app, hello-world, pause, webapp-color, log agents."""

import os
from typing import Final

from orrery.node.programs.call import Applet, Call, encode
from orrery.node.programs.faults import Fault
from orrery.node.programs.net.http import Request, Response
from orrery.node.programs.reasons import reason
from orrery.node.programs.servers.service import Answer, Log, Stop, serve_http
from orrery.node.programs.system.moments import format_moment

_COLORS: Final = {"red": "#e74c3c", "green": "#16a085", "blue": "#2980b9", "blue2": "#30336b", "pink": "#be2edd", "darkblue": "#130f40"}

# It begins as the image's own does and goes on in our own words.
_HELLO: Final = """
Hello from Docker!
This message shows that your installation appears to be working correctly.

What happened to bring it here:
 1. The client asked the node for a container.
 2. The node pulled the "hello-world" image from the registry.
    (amd64)
 3. The node made a new container from that image, which ran the program
    that writes what you are reading.
 4. Its output was kept as the container's log, and sent to your terminal.

To try something bigger, run an Ubuntu container:
 $ kubectl run -it ubuntu --image=ubuntu -- bash

More about images like this one:
 https://docs.docker.com/get-started/

"""


async def hello(call: Call) -> int:
    await call.print(_HELLO)
    return 0


async def pause(call: Call) -> int:
    if "-v" in call.arguments:
        await call.print("pause.c 3.10.1\n")
        return 0
    signal = await Stop(call, (15, 2)).wait()
    await call.process.complain(f"Shutting down, got signal: {'Terminated' if signal == 15 else 'Interrupt'}")
    return 0


def _flags(call: Call) -> dict[str, str]:
    """Go's flags: -name=value, --name value."""
    found: dict[str, str] = {}
    words = list(call.arguments)
    while words:
        word = words.pop(0)
        name, equals, value = word.lstrip("-").partition("=")
        if word.startswith("-"):
            found[name] = value if equals or not words or words[0].startswith("-") else words.pop(0)
    return found


def _port(text: str, default: int) -> int:
    digits = text.rpartition(":")[2]
    return int(digits) if digits.isdigit() else default


def _go_stamp(call: Call) -> str:
    return format_moment("%Y/%m/%d %H:%M:%S", call.process.clock.now_s())


async def http_echo(call: Call) -> int:
    stop = Stop(call, (2, 15))
    flags = _flags(call)
    text = flags.get("text") or call.process.environment.get("ECHO_TEXT") or ""
    if not text:
        await call.process.complain("Missing -text option!")
        return 127
    port = _port(flags.get("listen", ""), 5678)
    status = int(flags["status-code"]) if flags.get("status-code", "").isdigit() else 200

    async def answer(request: Request) -> Response:
        return Response(status, encode(text + "\n"), headers=[("X-App-Name", "http-echo"), ("X-App-Version", "1.0.0")])

    async def log(request: Request, response: Response) -> None:
        host, agent = request.header("Host") or "", request.header("User-Agent") or ""
        line = (
            f'{_go_stamp(call)} {host} {request.remote[0]}:{request.remote[1]} "{request.method} '
            f'{request.target} {request.version}" {response.status} {len(response.body)} "{agent}" 20.5µs\n'
        )
        await call.print(line)

    await call.process.complain(f"{_go_stamp(call)} [INFO] server is listening on :{port}")
    await _until(call, stop, port, answer, log)
    await call.process.complain(f"{_go_stamp(call)} [INFO] shutdown requested, gracefully shutting down")
    return 0


async def _until(call: Call, stop: Stop, port: int, answer: Answer, log: Log | None = None, *, server: str = "") -> None:
    """Serve until a signal; a port that is taken ends the program as Go programs end."""
    try:
        await call.process.first_of(stop.wait(), serve_http(call, port, answer, server=server, log=log))
    except OSError as error:
        raise Fault(f"listen tcp :{port}: bind: {reason(error).lower()}") from None


async def whoami(call: Call) -> int:
    flags = _flags(call)
    port = _port(flags.get("port", "") or call.process.environment.get("WHOAMI_PORT_NUMBER", ""), 80)
    network = call.process.network

    async def answer(request: Request) -> Response:
        if request.path == "/health":
            return Response(200)
        lines = [f"Hostname: {network.hostname}", "IP: 127.0.0.1", "IP: ::1", *(f"IP: {address}" for address in network.addresses)]
        if (name := flags.get("name") or call.process.environment.get("WHOAMI_NAME")) is not None:
            lines.insert(0, f"Name: {name}")
        lines += [f"RemoteAddr: {request.remote[0]}:{request.remote[1]}", f"{request.method} {request.target} {request.version}"]
        lines += [f"Host: {request.header('Host') or ''}"]
        lines += [f"{key}: {value}" for key, value in sorted(request.headers) if key.lower() != "host"]
        return Response(200, encode("\n".join(lines) + "\n\n"))

    await call.process.complain(f"{_go_stamp(call)} Starting up on port {port}")
    await serve_http(call, port, answer)
    return 0


async def hello_app(call: Call) -> int:
    port = _port(call.process.environment.get("PORT", ""), 8080)
    version = "2.0.0" if call.family.tag.startswith("2") else "1.0.0"

    async def answer(request: Request) -> Response:
        return Response(200, f"Hello, world!\nVersion: {version}\nHostname: {call.process.network.hostname}\n".encode())

    async def log(request: Request, _: Response) -> None:
        await call.process.complain(f"{_go_stamp(call)} Serving request: {request.path}")

    await call.process.complain(f"{_go_stamp(call)} Server listening on port {port}")
    await serve_http(call, port, answer, log=log)
    return 0


async def bootcamp(call: Call) -> int:
    """kubernetes-bootcamp and node-hello."""
    is_bootcamp = "bootcamp" in call.family.image or call.name == "kubernetes-bootcamp"
    host, version = call.process.network.hostname, 2 if call.family.tag in ("2", "v2") else 1
    started_s = call.process.clock.now_s()
    asked = 0

    async def answer(_: Request) -> Response:
        nonlocal asked
        asked += 1
        text = f"Hello Kubernetes bootcamp! | Running on: {host} | v={version}\n" if is_bootcamp else "Hello Kubernetes!"
        return Response(200, text.encode(), type="text/plain")

    async def log(_: Request, __: Response) -> None:
        if is_bootcamp:
            now_s = call.process.clock.now_s()
            await call.print(
                f"Running On: {host} | Total Requests: {asked} | App Uptime: {now_s - started_s:.3f}"
                f" seconds | Log Time: {format_moment('%Y-%m-%dT%H:%M:%S.000Z', now_s)}\n"
            )

    if is_bootcamp:
        await call.print(
            f"Kubernetes Bootcamp App Started At: {format_moment('%Y-%m-%dT%H:%M:%S.000Z', started_s)} | Running On:  {host} \n\n"
        )
    await serve_http(call, 8080, answer, log=log)
    return 0


async def webapp(call: Call) -> int:
    """The lesson's web application: a page in the colour of APP_COLOR, a log line per request, on port 8080."""
    environment = call.process.environment
    words = [word.lstrip("-") for word in call.arguments]
    given = next((words[index + 1] for index, word in enumerate(words[:-1]) if word == "color"), None)
    color = given or environment.get("APP_COLOR")
    if color is None:
        color = call.process.clock.random.choice(sorted(_COLORS))
        await call.print(f"No command line argument or environment variable. Picking a Random Color ={color}\n")
    elif given:
        await call.print(f"Color from command line argument ={given}\n")
    else:
        await call.print(f"No Command line argument. Color from environment variable ={color}\n")
    if color not in _COLORS:
        await call.print(f"Color not supported. Received '{color}' expected one of {','.join(_COLORS)}\n")
        return 1
    await call.print(" * Serving Flask app 'app'\n * Debug mode: off\n")
    await call.process.complain(
        "WARNING: This is a development server. Do not use it in a production deployment. Use a production WSGI server instead."
    )
    addresses = "\n".join(f" * Running on http://{address}:8080" for address in ("127.0.0.1", *call.process.network.addresses))
    await call.process.complain(f" * Running on all addresses (0.0.0.0)\n{addresses}\nPress CTRL+C to quit")

    async def answer(request: Request) -> Response:
        if request.path not in ("/", "/color"):
            return Response(
                404, b"<!doctype html>\n<html lang=en>\n<title>404 Not Found</title>\n<h1>Not Found</h1>\n", type="text/html; charset=utf-8"
            )
        host = call.process.network.hostname
        if request.path == "/color":
            return Response(200, encode(color), type="text/html; charset=utf-8")
        page = (f"<!doctype html>\n<title>Hello from Flask</title>\n<body style=\"background: {_COLORS[color]};\"></body>\n"
                f'<div style="color: #e4e4e4;\n    text-align:  center;\n    height: 90px;\n    vertical-align:  middle;">\n\n'
                f"  <h1>Hello from {host}!</h1>\n\n</div>")  # fmt: skip
        return Response(200, encode(page), type="text/html; charset=utf-8")

    async def log(request: Request, response: Response) -> None:
        stamp = format_moment("%d/%b/%Y %H:%M:%S", call.process.clock.now_s())
        await call.process.complain(
            f'{request.remote[0]} - - [{stamp}] "{request.method} {request.target} {request.version}" {response.status} -'
        )

    await serve_http(call, 8080, answer, server="Werkzeug/3.1.3 Python/3.12.3", log=log)
    return 0


async def log_agent(call: Call) -> int:
    """The lesson's log agent: says that it runs, and prints what is added to the files it is given, or to /var/log/*.log and /log."""
    process = call.process
    await call.print("log-agent: started\n")
    positions: dict[str, int] = {}
    while True:
        for path in call.arguments or _logs(call):
            await _follow(call, path, positions)
        await process.sleep(1.0)


def _logs(call: Call) -> list[str]:
    found: list[str] = []
    for folder in ("/var/log", "/log", "/logs", "/var/log/app", "/var/log/nginx"):
        try:
            names = call.process.files.list(folder)
        except OSError:
            continue
        found += [f"{folder}/{name}" for name in names if not call.process.files.is_directory(f"{folder}/{name}")]
    return found


async def _follow(call: Call, path: str, positions: dict[str, int]) -> None:
    try:
        size = call.process.files.stat(path).size
        start = positions.get(path, 0)
        start = 0 if size < start else start
        if size == start:
            positions[path] = size
            return
        file = call.process.files.open(path, os.O_RDONLY)
    except OSError:
        return
    try:
        file.seek(start)
        while piece := await file.read():
            await call.write(piece)
            start += len(piece)
        positions[path] = start
    finally:
        file.close()


PROGRAMS: dict[str, Applet] = {
    "http-echo": http_echo, "whoami": whoami, "hello": hello, "hello-app": hello_app, "pause": pause, "webapp.py": webapp, "log-agent": log_agent,
    "kubernetes-bootcamp": bootcamp, "node-hello": bootcamp,
}  # fmt: skip
