"""Servers that tell about the request or themselves: echo-server, echoserver, httpbin, podinfo, hello-kubernetes, and the perl of the Job."""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Generator
from typing import Final, TypeAlias

from orrery.node.programs.call import Applet, Call, decode, encode
from orrery.node.programs.net.http import Request, Response
from orrery.node.programs.servers.agnhost_calls import get
from orrery.node.programs.servers.service import Log, Stop, serve_http
from orrery.node.programs.servers.versions import version_of
from orrery.node.programs.system.moments import format_moment

Page: TypeAlias = Callable[[Request], Awaitable[Response]]
_DIGITS_MAX: Final = 100_000
_JSON: Final = "application/json"


async def _serve(call: Call, port: int, page: Page, *, log: Log | None = None, server: str = "") -> int:
    stop = Stop(call, (15, 2))
    await call.process.first_of(stop.wait(), serve_http(call, port, page, log=log, server=server))
    return 0


def _port(call: Call, default: int) -> int:
    text = call.process.environment.get("PORT", "")
    return int(text) if text.isdigit() else default


async def echo_server(call: Call) -> int:
    """jmalloc/echo-server."""
    port = _port(call, 8080)

    async def page(request: Request) -> Response:
        lines = [f"Request served by {call.process.network.hostname}", "", f"{request.version} {request.method} {request.target}", ""]
        lines += [f"{name}: {value}" for name, value in [("Host", request.header("Host") or ""), *_headers(request)]]
        return Response(200, encode("\n".join(lines) + "\n") + (b"\n" + request.body if request.body else b""), type="text/plain")

    async def log(request: Request, _: Response) -> None:
        await call.print(f"{request.remote[0]}:{request.remote[1]} | {request.method} {request.target}\n")

    await call.print(f"Echo server listening on port {port}.\n")
    return await _serve(call, port, page, log=log)


def _headers(request: Request) -> list[tuple[str, str]]:
    return sorted((name, value) for name, value in request.headers if name.lower() != "host")


async def echoserver(call: Call) -> int:
    """registry.k8s.io/echoserver: nginx that shows the request."""

    async def page(request: Request) -> Response:
        host = request.header("Host") or ""
        headers = "\n".join(f"\t{name.lower()}={value}" for name, value in sorted([("host", host), *_headers(request)]))
        text = (
            f"\n\nHostname: {call.process.network.hostname}\n\nPod Information:\n\t-no pod information available-\n\n"
            "Server values:\n\tserver_version=nginx: 1.14.2 - lua: 10015\n\n"
            f"Request Information:\n\tclient_address={request.remote[0]}\n\tmethod={request.method}\n\treal path={request.target}\n"
            f"\tquery={request.target.partition('?')[2]}\n\trequest_version={request.version.removeprefix('HTTP/')}\n\trequest_scheme=http\n"
            f"\trequest_uri=http://{host}:8080{request.target}\n\nRequest Headers:\n{headers}\n\nRequest Body:\n"
            f"{decode(request.body) or chr(9) + '-no body in request-'}\n\n"
        )
        return Response(200, encode(text), type="text/plain")

    async def log(request: Request, response: Response) -> None:
        stamp = format_moment("%d/%b/%Y:%H:%M:%S +0000", call.process.clock.now_s())
        agent = request.header("User-Agent") or "-"
        line = f'"{request.method} {request.target} {request.version}" {response.status} {len(response.body)} "-" "{agent}"'
        await call.print(f"{request.remote[0]} - - [{stamp}] {line}\n")

    return await _serve(call, 8080, page, log=log, server="echoserver")


async def httpbin(call: Call) -> int:
    """httpbin's get, post, put, delete, anything, headers, ip, user-agent, status, delay, uuid and redirect."""
    port = 80 if call.name == "gunicorn" else _port(call, 8080)

    async def page(request: Request) -> Response:
        return await _httpbin_page(call, request)

    if call.name == "gunicorn":
        stamp = format_moment("[%Y-%m-%d %H:%M:%S +0000]", call.process.clock.now_s())
        for text in ("Starting gunicorn 19.9.0", f"Listening at: http://0.0.0.0:80 ({call.process.pid})", "Using worker: gevent"):
            await call.process.complain(f"{stamp} [{call.process.pid}] [INFO] {text}")
        await call.process.complain(f"{stamp} [9] [INFO] Booting worker with pid: 9")
    else:
        await call.process.complain(
            f'time="{format_moment("%Y-%m-%dT%H:%M:%SZ", call.process.clock.now_s())}" level=INFO msg="go-httpbin listening"'
        )
    return await _serve(call, port, page, server="gunicorn/19.9.0" if call.name == "gunicorn" else "")


async def _httpbin_page(call: Call, request: Request) -> Response:
    words = request.path.strip("/").split("/")
    headers = {name.title(): value for name, value in request.headers}
    url = f"http://{request.header('Host') or 'localhost'}{request.target}"
    facts: dict[str, object] = {"args": request.query, "headers": headers, "origin": request.remote[0], "url": url}
    if words[0] in ("post", "put", "patch", "delete", "anything"):
        text = decode(request.body)
        is_form = "form" in (request.header("Content-Type") or "")
        form = dict(part.partition("=")[::2] for part in text.split("&") if part) if is_form else {}
        facts |= {"data": "" if form else text, "files": {}, "form": form, "json": _parsed(text)}
        if words[0] == "anything":
            facts["method"] = request.method
        elif words[0].upper() != request.method:
            return Response(405, b"", headers=[("Allow", f"OPTIONS, {words[0].upper()}")], type="text/html")
        return _json(facts)
    if words[0] == "status" and len(words) > 1 and words[1].isdigit():
        code = int(words[1])
        return Response(
            code if 200 <= code < 600 else 400, headers=[("Location", "/redirect/1")] if 300 <= code < 304 else [], type="text/html"
        )
    if words[0] == "delay" and len(words) > 1:
        seconds = float(words[1]) if words[1].replace(".", "", 1).isdigit() else 0.0
        await call.process.clock.sleep(min(seconds, 10.0), background=True)
        return _json(facts)
    if words[0] == "redirect" and len(words) > 1 and words[1].isdigit():
        rest = int(words[1]) - 1
        return Response(302, headers=[("Location", f"/relative-redirect/{rest}" if rest > 0 else "/get")], type="text/html")
    simple: dict[str, object] = {
        "get": facts, "headers": {"headers": headers}, "ip": {"origin": request.remote[0]},
        "user-agent": {"user-agent": request.header("User-Agent") or ""}, "hostname": {"hostname": call.process.network.hostname},
    }  # fmt: skip
    if words[0] in simple:
        return _json(simple[words[0]])
    if words == [""]:
        return Response(
            200,
            b"<!DOCTYPE html>\n<html><head><title>httpbin.org</title></head><body><h2>httpbin.org</h2></body></html>\n",
            type="text/html",
        )
    return Response(404, b"<!DOCTYPE HTML>\n<title>404 Not Found</title>\n<h1>Not Found</h1>\n", type="text/html")


def _parsed(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError:
        return None


def _json(value: object, status: int = 200) -> Response:
    return Response(status, json.dumps(value, indent=2).encode() + b"\n", type=_JSON)


class _Podinfo:
    """stefanprodan/podinfo: health that can be switched off, versions, headers, environment, delays, statuses."""

    def __init__(self, call: Call) -> None:
        self._call = call
        self._version = version_of(call, "podinfo", "6.9.3")
        self._is_ready = self._is_healthy = True
        self._ended = asyncio.Event()

    async def run(self) -> int:
        flags = dict(word.lstrip("-").partition("=")[::2] for word in self._call.arguments)
        port = int(flags["port"]) if flags.get("port", "").isdigit() else 9898
        stamp = format_moment("%Y-%m-%dT%H:%M:%S.000Z", self._call.process.clock.now_s())
        facts = {
            "level": "info",
            "ts": stamp,
            "caller": "podinfo/main.go:153",
            "msg": "Starting podinfo",
            "version": self._version,
            "port": str(port),
        }
        await self._call.process.complain(json.dumps(facts, separators=(",", ":")))
        stop = Stop(self._call, (15, 2))
        ended = await self._call.process.first_of(stop.wait(), self._ended.wait(), serve_http(self._call, port, self._page))
        return 255 if ended == 1 else 0

    async def _page(self, request: Request) -> Response:
        words, network, environment = request.path.strip("/").split("/"), self._call.process.network, self._call.process.environment
        if words[0] in ("healthz", "readyz"):
            if words[1:] in (["enable"], ["disable"]) and words[0] == "readyz" and request.method == "POST":
                self._is_ready = words[1] == "enable"
                return Response(202)
            is_well = self._is_healthy if words[0] == "healthz" else self._is_ready
            return _json({"status": "OK"}) if is_well else _json({"error": "not ready"}, 503)
        if words[0] == "version":
            return _json({"commit": "fb3b01b", "version": self._version})
        if words[0] == "panic":
            self._ended.set()
            await asyncio.Event().wait()
        if words[0] == "env":
            return _json([f"{name}={value}" for name, value in environment.items()])
        if words[0] == "headers":
            return _json({name: [value] for name, value in request.headers})
        if words[0] == "status" and len(words) > 1 and words[1].isdigit() and 200 <= int(words[1]) < 600:
            return _json({"status": int(words[1])}, int(words[1]))
        if words[0] == "delay" and len(words) > 1 and words[1].isdigit():
            await self._call.process.clock.sleep(min(int(words[1]), 3600), background=True)
            return _json({"delay": int(words[1])})
        if words[0] == "echo":
            return Response(202, request.body, type=_JSON)
        if words[0] in ("", "api"):
            return _json({
                "hostname": network.hostname, "version": self._version, "revision": "fb3b01b", "color": environment.get("PODINFO_UI_COLOR", "#34577c"),
                "logo": "", "message": environment.get("PODINFO_UI_MESSAGE", f"greetings from podinfo v{self._version}"), "goos": "linux",
                "goarch": "amd64", "runtime": "go1.25.1", "num_goroutine": "8", "num_cpu": "4",
            })  # fmt: skip
        return Response(404, b"404 page not found\n")


async def podinfo(call: Call) -> int:
    return await _Podinfo(call).run()


async def podcli(call: Call) -> int:
    """podinfo's own client, for probes: `podcli check http|tcp|grpc ADDRESS`; it takes a server that answers gRPC for one that listens."""
    words = [word for word in call.arguments if not word.startswith("-")]
    if words[:1] != ["check"] or len(words) < 3 or words[1] not in ("http", "tcp", "grpc"):
        await call.process.complain("Error: podcli check http|tcp|grpc ADDRESS is all that is simulated")
        return 1
    what, address = words[1], words[2].rpartition("//")[2]
    place, _, path = address.partition("/")
    host, _, port = place.partition(":")
    stamp = format_moment("%Y-%m-%dT%H:%M:%S.000Z", call.process.clock.now_s())
    facts: dict[str, object] = {"level": "info", "ts": stamp, "caller": "podcli/check.go:137", "msg": "check succeed", "address": words[2]}
    try:
        if what == "http":
            status, _ = await get(call, host, int(port) if port.isdigit() else 80, f"/{path}", timeout_s=5)
            facts["status code"] = status
        else:
            (await call.process.network.connect(host, int(port) if port.isdigit() else 80, timeout_s=5)).close()
    except (OSError, EOFError) as error:
        facts.update({"level": "error", "error": str(error)})
    failed = facts["level"] == "error" or not 200 <= int(str(facts.get("status code", 200))) < 300
    await call.process.complain(json.dumps({**facts, "msg": "check failed" if failed else "check succeed"}, separators=(",", ":")))
    return int(failed)


async def hello_kubernetes(call: Call) -> int:
    """paulbouwer/hello-kubernetes."""

    async def page(_: Request) -> Response:
        message = call.process.environment.get("MESSAGE") or "Hello world!"
        rows = f"<tr><th>pod:</th><td>{call.process.network.hostname}</td></tr>"
        text = f"<!DOCTYPE html>\n<html>\n<head><title>Hello Kubernetes!</title></head>\n<body>\n{message}\n<table>{rows}</table>\n</body>\n</html>\n"
        return Response(200, encode(text), type="text/html; charset=utf-8")

    await call.print(f"Listening on: http://{call.process.network.hostname}:{_port(call, 8080)}\n")
    return await _serve(call, _port(call, 8080), page)


async def perl(call: Call) -> int:
    """The one program of the Job's example: pi to so many digits, and print statements of plain strings."""
    words = call.arguments
    if words[:1] in (["-v"], ["--version"]):
        version = version_of(call, "perl", "5.42.0")
        major, minor = (*version.split("."), "0")[1:3]
        await call.print(f"\nThis is perl 5, version {major}, subversion {minor} (v{version}) built for x86_64-linux-gnu\n\n")
        return 0
    code = words[-1] if words and any(word.startswith("-") and word.endswith("e") for word in words[:-1]) else ""
    if (found := re.fullmatch(r"\s*print\s+bpi\((\d+)\);?\s*", code)) and int(found[1]) <= _DIGITS_MAX:
        digits = await call.process_steps(_pi(max(int(found[1]), 1)), 1000)
        await call.print(digits + "\n")
        return 0
    if found := re.fullmatch(r"""\s*(?:print|say)\s+(?:"([^"$@\\]*(?:\\n[^"$@\\]*)*)"|'([^']*)');?\s*""", code):
        is_line = any(word.startswith("-") and "l" in word and word.endswith("e") for word in words) or code.strip().startswith("say")
        await call.print((found[1] or found[2] or "").replace("\\n", "\n") + ("\n" if is_line else ""))
        return 0
    if words in (["-de0"], []):
        return 0
    await call.process.complain(f"{call.name}: not simulated by Orrery")
    return 126


def _pi(count: int) -> Generator[None, None, str]:
    """`count` digits by Machin's formula, rounded in the last place as bignum does."""
    scale = 10 ** (count + 10)
    total = 0
    for weight, number in ((16, 5), (-4, 239)):
        term, sign, divisor = scale // number, 1, 1
        while term:
            total += weight * sign * (term // divisor)
            term //= number * number
            sign, divisor = -sign, divisor + 2
            if divisor % 512 == 1:
                yield
    rounded = str((total + 5 * 10**10) // 10**11)
    return f"{rounded[0]}.{rounded[1:]}" if count > 1 else rounded[0]


PROGRAMS: dict[str, Applet] = {
    "echo-server": echo_server, "echoserver": echoserver, "gunicorn": httpbin, "go-httpbin": httpbin, "podinfo": podinfo, "podcli": podcli,
    "hello-kubernetes": hello_kubernetes, "perl": perl, "perl5": perl,
}  # fmt: skip
