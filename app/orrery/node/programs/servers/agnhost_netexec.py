"""agnhost netexec: the HTTP server of the network tests, which tells about itself, runs commands, dials others and ends on demand.

DIFFERS: upstream also answers UDP and SCTP; we have neither, so `protocol=udp` is an error in the answer.
"""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable
from typing import Final

from orrery.node.programs.call import Call, encode
from orrery.node.programs.net.http import Request, Response
from orrery.node.programs.reasons import reason
from orrery.node.programs.servers.agnhost_calls import Options, duration, get, log, number, serve
from orrery.node.programs.system.moments import format_moment

_OUTPUT_MAX: Final = 1 << 20
_TRIES_MAX: Final = 1000


class _Netexec:
    """One server. `ended` is set with the exit code it is to end with."""

    def __init__(self, call: Call, options: Options) -> None:
        self._call = call
        self._options = options
        self._port = number(options, "http-port", 8080)
        self._is_ending = False
        self.ended: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._pages: dict[str, Callable[[Request], Awaitable[Response]]] = {
            "/clientip": self._client_ip,
            "/serverport": self._server_port,
            "/header": self._header,
            "/dial": self._dial,
            "/echo": self._echo,
            "/exit": self._exit,
            "/healthz": self._healthz,
            "/readyz": self._readyz,
            "/hostname": self._hostname,
            "/hostName": self._hostname,
            "/redirect": self._redirect,
            "/shell": self._shell,
            "/upload": self._upload,
            "/shutdown": self._shutdown,
        }

    async def run(self) -> int:
        call = self._call
        call.process.handle(15, lambda _: self._terminate())
        await log(call, f"Started HTTP server on port {self._port}")
        udp = number(self._options, "udp-port", 8081)
        if udp > 0:
            await log(call, f"Started UDP server on port  {udp}")
        await call.process.first_of(self.ended, serve(call, self._port, self._answer))
        return self.ended.result() if self.ended.done() else 0

    def _terminate(self) -> None:
        self._is_ending = True
        self._call.process.begin(self._end_later(number(self._options, "delay-shutdown", 0), 0))

    async def _end_later(self, seconds: float, code: int) -> None:
        await self._call.process.clock.sleep(seconds, background=True)
        if not self.ended.done():
            self.ended.set_result(code)

    async def _answer(self, request: Request) -> Response:
        if override := self._options.get("http-override"):
            request.target = override
        page = self._pages.get(request.path)
        if page is not None:
            await log(self._call, f"GET {request.target}")
            return await page(request)
        await log(self._call, "GET /")
        now_s = self._call.process.clock.now_s()
        return Response(200, encode(f"NOW: {format_moment('%Y-%m-%d %H:%M:%S.%N +0000 UTC', now_s)} m=+{now_s % 1000:.9f}"))

    async def _client_ip(self, request: Request) -> Response:
        return Response(200, f"{request.remote[0]}:{request.remote[1]}".encode())

    async def _server_port(self, _: Request) -> Response:
        return Response(200, str(self._port).encode())

    async def _header(self, request: Request) -> Response:
        if key := request.query.get("key", ""):
            return Response(200, encode(request.header(key) or ""))
        found: dict[str, list[str]] = {}
        for name, value in request.headers:
            if name.lower() != "host":
                found.setdefault("-".join(part.capitalize() for part in name.split("-")), []).append(value)
        return Response(200, json.dumps(dict(sorted(found.items())), separators=(",", ":")).encode())

    async def _echo(self, request: Request) -> Response:
        code = request.query.get("code", "")
        if code and not code.lstrip("-").isdigit():
            return Response(200, encode(f"argument 'code' must be an integer or empty, got \"{code}\"\n"))
        return Response(int(code) if code and 200 <= int(code) < 600 else 200, encode(request.query.get("msg", "")))

    async def _exit(self, request: Request) -> Response:
        query = request.query
        for name in ("timeout", "wait"):
            if query.get(name) and duration(query[name]) is None:
                text = f"argument '{name}' must be a valid golang duration or empty, got \"{query[name]}\"\n"
                return Response(200, encode(text))
        code = query.get("code", "")
        if code and not code.isdigit():
            return Response(200, encode(f"argument 'code' must be an integer [0-127] or empty, got \"{code}\"\n"))
        wait_s, timeout_s = duration(query.get("wait", "")) or 0.0, duration(query.get("timeout", "")) or 0.0
        exit_code = int(code or 0) & 0xFF
        await log(
            self._call,
            f"Will begin shutdown in {wait_s:g}s, allowing {timeout_s:g}s for connections to close, then will exit with {exit_code}",
        )
        await self._call.process.clock.sleep(wait_s, background=True)
        # With a timeout the answer still goes out; without, the process is gone before it.
        if timeout_s:
            self._call.process.begin(self._end_later(0.01, exit_code))
            return Response(200)
        if not self.ended.done():
            self.ended.set_result(exit_code)
        await asyncio.Event().wait()
        return Response(200)

    async def _shutdown(self, _: Request) -> Response:
        if not self.ended.done():
            self.ended.set_result(0)
        await asyncio.Event().wait()
        return Response(200)

    async def _healthz(self, _: Request) -> Response:
        return Response(200)

    async def _readyz(self, _: Request) -> Response:
        return Response(503, b"shutting down") if self._is_ending else Response(200, b"ok")

    async def _hostname(self, _: Request) -> Response:
        return Response(200, self._call.process.network.hostname.encode())

    async def _redirect(self, request: Request) -> Response:
        code, place = request.query.get("code", ""), request.query.get("location", "")
        if code and not code.isdigit():
            return Response(200, encode(f"argument 'code' must be an integer or empty, got \"{code}\"\n"))
        return Response(int(code or 302), headers=[("Location", place)])

    async def _shell(self, request: Request) -> Response:
        call = self._call
        command = request.query.get("shellCommand") or request.query.get("cmd") or ""
        reader, writer = call.process.pipe()
        try:
            child = await call.process.spawn(["/bin/sh", "-c", command], descriptors={1: writer, 2: writer})
        except OSError as error:
            writer.close()
            reader.close()
            return Response(200, json.dumps({"error": f"fork/exec /bin/sh: {reason(error).lower()}"}).encode())
        writer.close()
        out = b""
        while (piece := await reader.read()) and len(out) < _OUTPUT_MAX:
            out += piece
        reader.close()
        code = await child.wait()
        answer = ({"error": f"exit status {code}"} if code else {}) | ({"output": out.decode("utf-8", "replace")} if out else {})
        return Response(200, json.dumps(answer, separators=(",", ":")).encode())

    async def _upload(self, request: Request) -> Response:
        files, boundary = self._call.process.files, re.search(r'boundary="?([^";]+)', request.header("Content-Type") or "")
        parts = request.body.split(b"--" + boundary[1].encode()) if boundary else []
        part = next((one for one in parts if b'name="file"' in one.partition(b"\r\n\r\n")[0]), None)
        if part is None:
            return Response(200, b'{"error":"Unable to upload file."}')
        path = f"/uploads/upload{self._call.process.clock.random.randrange(10**9)}"
        try:
            files.write(path, part.partition(b"\r\n\r\n")[2].removesuffix(b"\r\n"), mode=0o700)
        except OSError:
            return Response(200, b'{"error":"Unable to open file for write"}')
        return Response(201, json.dumps({"output": path}, separators=(",", ":")).encode())

    async def _dial(self, request: Request) -> Response:
        """Ask another netexec several times and tell who answered."""
        query = request.query
        tries, asked, protocol = query.get("tries", "1") or "1", query.get("request", ""), query.get("protocol", "").lower()
        if not tries.isdigit():
            return Response(400, encode(f'tries parameter is invalid. strconv.Atoi: parsing "{tries}": invalid syntax\n'))
        if not asked:
            return Response(400, b"request parameter not specified. <nil>\n")
        if protocol not in ("", "http", "udp", "sctp"):
            return Response(400, encode(f"unsupported protocol. {protocol}\n"))
        host, port = query.get("host", ""), query.get("port", "")
        responses, errors = [], []
        last = ""
        for _ in range(min(int(tries), _TRIES_MAX)):
            try:
                if protocol in ("udp", "sctp"):
                    raise OSError(95, f"{protocol} is not simulated by Orrery")
                last = (await get(self._call, host, int(port) if port.isdigit() else 80, f"/{asked}", timeout_s=5))[1]
                responses.append(last)
            except (OSError, EOFError) as error:
                last = ""
                why = reason(error).lower() if isinstance(error, OSError) else "EOF"
                errors.append(f'Get "http://{host}:{port}/{asked}": dial tcp {host}:{port}: connect: {why}')
        body = ({"errors": errors} if errors else {}) | ({"responses": responses} if last else {})
        return Response(200, json.dumps(body, separators=(",", ":")).encode())


async def netexec(call: Call, options: Options, _: list[str]) -> int:
    return await _Netexec(call, options).run()
