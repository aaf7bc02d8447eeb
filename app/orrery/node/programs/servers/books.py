"""The servers that books and courses of Kubernetes run: kubia, kuard, simpleservice, hello-go-gke."""

import json

from orrery.node.programs.call import Applet, Call, encode
from orrery.node.programs.net.http import Request, Response
from orrery.node.programs.servers.service import serve_http
from orrery.node.programs.system.moments import format_moment

_JSON = "application/json"


def _json(value: object) -> Response:
    return Response(200, json.dumps(value).encode(), type=_JSON)


async def kubia(call: Call) -> int:
    """Says which Pod was hit; v1 and v2 say so as well."""
    host, version = call.process.network.hostname, call.family.tag.removeprefix("v")
    text = f"This is v{version} running in pod {host}\n" if version in ("1", "2") else f"You've hit {host}\n"

    async def answer(_: Request) -> Response:
        return Response(200, encode(text), type="text/plain")

    async def log(request: Request, _: Response) -> None:
        await call.print(f"Received request from ::ffff:{request.remote[0]}\n")

    await call.print("Kubia server starting...\n")
    await serve_http(call, 8080, answer, log=log)
    return 0


async def simple_service(call: Call) -> int:
    """Tells its host, its version and who asks, at port 9876."""
    environment = call.process.environment
    port_text, version = environment.get("PORT0", ""), environment.get("SIMPLE_SERVICE_VERSION", "0.5.0")
    port = int(port_text) if port_text.isdigit() else 9876

    async def answer(request: Request) -> Response:
        about = {"host": request.header("Host") or "", "version": version}
        if request.path == "/info":
            return _json({**about, "from": request.remote[0]})
        if request.path == "/endpoint0":
            return _json({**about, "result": "all is well"})
        if request.path == "/health":
            return _json({"healthy": True})
        if request.path == "/env":
            return _json({"version": version, "env": str(dict(environment))})
        return Response(404, b"<html><title>404: Not Found</title><body>404: Not Found</body></html>")

    async def log(request: Request, _: Response) -> None:
        await note(f"{request.path} serving from {request.header('Host') or ''} has been invoked from {request.remote[0]}")

    async def note(text: str) -> None:
        stamp = format_moment("%Y-%m-%dT%I:%M:%S", call.process.clock.now_s())
        await call.process.complain(f"{stamp} INFO {text} [at line 142]")

    await note(f"This is simple service in version v{version} listening on port {port}")
    await serve_http(call, port, answer, server="TornadoServer/4.3", log=log)
    return 0


async def kuard(call: Call) -> int:
    """Healthy, ready, and its environment, at port 8080."""
    network, tag = call.process.network, call.family.tag or "blue"

    async def answer(request: Request) -> Response:
        if request.path.rstrip("/") in ("/healthy", "/ready"):
            return Response(200, b"ok", type="text/plain")
        if request.path == "/env/api":
            return _json({"commandLine": ["/kuard"], "env": dict(call.process.environment)})
        if request.path == "/":
            address = next(iter(network.addresses), "")
            page = f"<!doctype html>\n<title>KUAR Demo</title>\n<h1>KUAR Demo</h1>\n<p>{network.hostname} {address}, version {tag}</p>\n"
            return Response(200, encode(page), type="text/html")
        return Response(404, b"404 page not found\n", type="text/plain")

    async def log(request: Request, _: Response) -> None:
        await note(f"{request.remote[0]}:{request.remote[1]} {request.method} {request.target}")

    async def note(text: str) -> None:
        await call.process.complain(f"{format_moment('%Y/%m/%d %H:%M:%S', call.process.clock.now_s())} {text}")

    await note(f"Starting kuard version: v0.10.0-{tag}")
    await note("Serving on HTTP on :8080")
    await serve_http(call, 8080, answer, log=log)
    return 0


async def hello_go(call: Call) -> int:
    """The back end of the documents' front end."""

    async def answer(_: Request) -> Response:
        return Response(200, b'{"message":"Hello"}\n', type=_JSON)

    await serve_http(call, 80, answer)
    return 0


PROGRAMS: dict[str, Applet] = {"kubia": kubia, "simple-service": simple_service, "kuard": kuard, "hello-go-gke": hello_go}
