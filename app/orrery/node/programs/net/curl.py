"""curl, the part that manifests and probes use.

DIFFERS: upstream speaks TLS for https; inside the simulated network we say the same HTTP in clear, once the certificate would be accepted (-k, --cacert).
"""

import base64
import os
import socket
from dataclasses import dataclass, field
from typing import Final

from orrery.node.processes.program import Connection, Stream
from orrery.node.programs.call import Applet, Call, encode
from orrery.node.programs.faults import Fault, Misuse
from orrery.node.programs.lines import read_all
from orrery.node.programs.net.http import BadMessage, Incoming, Url, header, parse_url
from orrery.node.programs.options import Options
from orrery.node.programs.text.escapes import unescape
from orrery.node.programs.text.numbers import duration_s

_LONG: Final = {"silent": "s", "show-error": "S", "output": "o", "remote-name": "O", "head": "I", "include": "i", "verbose": "v", "request": "X",
                "data": "d", "data-raw": "raw:", "data-binary": "binary:", "data-urlencode": "urlencode:", "header": "H", "location": "L",
                "fail": "f", "insecure": "k", "max-time": "m", "connect-timeout": "ct:", "write-out": "w", "user": "u", "user-agent": "A",
                "retry": "retry:", "retry-delay": "rd:", "retry-connrefused": "rc", "fail-with-body": "fwb", "cacert": "cacert:",
                "cert": "E", "key": "key:", "cookie": "b", "cookie-jar": "c", "get": "G", "form": "F", "json": "json:", "compressed": "gz",
                "http1.1": "h11", "http2": "h2", "version": "V", "help": "h", "no-progress-meter": "npm", "resolve": "resolve:",
                "noproxy": "noproxy:", "no-buffer": "N", "max-redirs": "mr:", "retry-all-errors": "rae", "retry-max-time": "rmt:", "ipv4": "4",
                "tlsv1.2": "tls", "upload-file": "T", "globoff": "g", "url": "url:", "referer": "e", "range": "r", "http1.0": "0"}  # fmt: skip
_SPEC: Final = "sSo:OIivX:d:H:Lfkm:w:u:A:b:c:GF:VhN4T:ge:r:E:0#6Z"
_REDIRECTS_MAX: Final = 50
_TRY: Final = "curl: try 'curl --help' or 'curl --manual' for more information"
_BEFORE_TRANSFER: Final = frozenset({1, 3})
_METER: Final = (
    b"  % Total    % Received % Xferd  Average Speed   Time    Time     Time  Current\n"
    b"                                 Dload  Upload   Total   Spent    Left  Speed\n"
)
_METER_EMPTY: Final = b"\r  0     0    0     0    0     0      0      0 --:--:-- --:--:-- --:--:--     0"


class _Failure(Exception):
    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(slots=True)
class _Facts:
    """What -w can tell."""

    status: int = 0
    size: int = 0
    type: str = ""
    redirects: int = 0
    url: str = ""
    remote: tuple[str, int] = ("", 0)
    local: tuple[str, int] = ("", 0)
    started_s: float = 0.0
    headers: list[tuple[str, str]] = field(default_factory=list)


async def curl(call: Call) -> int:
    options = _options(call)
    if options.has("V"):
        await call.print("curl 7.88.1 (x86_64-pc-linux-gnu) libcurl/7.88.1\nRelease-Date: 2023-02-20\nProtocols: http https\n")
        return 0
    urls = [*options.values("url"), *options.operands]
    if not urls:
        await call.process.complain(_TRY)
        return 2
    code = 0
    outputs = options.values("o")
    for index, text in enumerate(urls):
        output = outputs[index] if index < len(outputs) else None
        code = await _with_retries(call, options, text, output)
    return code


def _options(call: Call) -> Options:
    try:
        return call.options(_SPEC, _LONG)
    except Misuse as misuse:
        text = misuse.message
        name = next((word for word in call.arguments if word.lstrip("-") in text and word.startswith("-")), "")
        kind = "requires parameter" if "requires" in text else "is unknown"
        raise Fault(f"option {name}: {kind}\n{_TRY}", 2) from None


async def _with_retries(call: Call, options: Options, text: str, output: str | None) -> int:
    retries = options.value("retry")
    left = int(retries) if retries and retries.isdigit() else 0
    delay = options.value("rd")
    wait_s = float(delay) if delay and delay.isdigit() else 1.0
    while True:
        code = await _one(call, options, text, output, is_last=left == 0)
        temporary = code == 28 or (code == 7 and options.has("rc", "rae")) or (code == 22 and options.has("rae"))
        if not temporary or not left:
            return code
        if not options.has("s"):
            await call.process.complain(f"Warning: Problem: timeout. Will retry in {wait_s:g} seconds. {left} retries left.")
        left -= 1
        await call.process.sleep(wait_s)
        wait_s = wait_s if delay else min(wait_s * 2, 600)


async def _one(call: Call, options: Options, text: str, output: str | None, *, is_last: bool) -> int:
    transfer = _Transfer(call, options, output)
    limit = duration_s(options.value("m") or "")
    try:
        if limit is None:
            await transfer.run(text)
        else:
            finished: list[None] = []

            async def run() -> None:
                await transfer.run(text)
                finished.append(None)

            await call.process.first_of(run(), call.process.sleep(limit))
            if not finished:
                raise _Failure(28, f"Operation timed out after {int(limit * 1000)} milliseconds with 0 bytes received")
    except _Failure as failure:
        if failure.code not in _BEFORE_TRANSFER:
            await transfer.progress(failed=True)
        if (not options.has("s") or options.has("S")) and is_last:
            await call.process.complain(f"curl: ({failure.code}) {failure.message}")
        await transfer.write_out()
        return failure.code
    await transfer.write_out()
    return 0


class _Transfer:
    """One URL to its end, redirections followed."""

    def __init__(self, call: Call, options: Options, output: str | None) -> None:
        self._call = call
        self._options = options
        self._output = output
        self._facts = _Facts(started_s=call.process.clock.now_s())
        self._method = ""
        self._body: bytes | None = None

    async def run(self, text: str) -> None:
        options = self._options
        url = parse_url(text)
        if url is None:
            scheme = text.partition("://")[0]
            if "://" in text and scheme not in ("http", "https"):
                raise _Failure(1, f'Protocol "{scheme}" not supported or disabled in libcurl')
            raise _Failure(3, "URL using bad/illegal format or missing URL")
        self._body = await self._given_body()
        if self._body is not None and options.has("G"):
            url.target += ("&" if "?" in url.target else "?") + self._body.decode("utf-8", "replace")
            self._body = None
        self._method = options.value("X") or ("HEAD" if options.has("I") else "POST" if self._body is not None else "GET")
        if options.has("T"):
            self._method = options.value("X") or "PUT"
        for _ in range(_REDIRECTS_MAX):
            self._facts.url = f"{url.scheme}://{url.authority}{url.target}"
            target = await self._request(url)
            if target is None:
                return
            self._facts.redirects += 1
            url = target
        raise _Failure(47, f"Maximum ({_REDIRECTS_MAX}) redirects followed")

    async def _given_body(self) -> bytes | None:
        call, parts = self._call, []
        for key, value in self._options.given:
            if key in ("d", "binary", "json") and value.startswith("@"):
                try:
                    stream = call.open(value[1:])
                except OSError:
                    raise _Failure(26, f"Failed to open {value[1:]}") from None
                data = await read_all(call.process, stream)
                stream.close()
                parts.append(data.replace(b"\n", b"").replace(b"\r", b"") if key == "d" else data)
            elif key in ("d", "raw", "binary", "json"):
                parts.append(encode(value))
            elif key == "urlencode":
                name, equals, rest = value.partition("=")
                parts.append(encode((name + "=" if equals and name else "") + _quoted(rest if equals else name)))
            elif key == "T":
                stream = call.open(value)
                parts.append(await read_all(call.process, stream))
                stream.close()
        return b"&".join(parts) if parts else None

    async def _verbose(self, text: str) -> None:
        if self._options.has("v"):
            await self._call.process.stderr.write(encode(text + "\n"))

    async def _connect(self, url: Url) -> Connection:
        network = self._call.process.network
        limit = duration_s(self._options.value("ct") or self._options.value("m") or "")
        started_s = self._call.process.clock.now_s()
        for entry in self._options.values("resolve"):
            host, port, address = (*entry.split(":", 2), "", "")[:3]
            if host == url.host and port == str(url.port):
                found: tuple[str, ...] | list[str] = [address]
                break
        else:
            try:
                found = list(await network.resolve(url.host, timeout_s=limit))
            except OSError:
                found = []
        if not found:
            raise _Failure(6, f"Could not resolve host: {url.host}")
        await self._verbose(f"*   Trying {found[0]}:{url.port}...")
        try:
            connection = await network.connect(found[0], url.port, timeout_s=limit)
        except TimeoutError:
            spent = int((self._call.process.clock.now_s() - started_s) * 1000)
            raise _Failure(28, f"Failed to connect to {url.host} port {url.port} after {spent} ms: Timeout was reached") from None
        except socket.gaierror:
            raise _Failure(6, f"Could not resolve host: {url.host}") from None
        except OSError:
            spent = int((self._call.process.clock.now_s() - started_s) * 1000)
            words = f"Failed to connect to {url.host} port {url.port} after {spent} ms: Couldn't connect to server"
            refused = f"* connect to {found[0]} port {url.port} failed: Connection refused"
            await self._verbose(f"{refused}\n* {words}\n* Closing connection 0")
            raise _Failure(7, words) from None
        await self._verbose(f"* Connected to {url.host} ({found[0]}) port {url.port} (#0)")
        if url.scheme == "https" and not self._options.has("k"):
            await self._check_authority(connection)
        return connection

    async def _check_authority(self, connection: Connection) -> None:
        """TLS goes in the clear: whoever brings a certificate is believed that it is the right one."""
        path = self._options.value("cacert")
        if path is None:
            connection.close()
            raise _Failure(
                60, "SSL certificate problem: unable to get local issuer certificate\nMore details here: https://curl.se/docs/sslcerts.html"
            )
        try:
            self._call.open(path).close()
        except OSError:
            connection.close()
            raise _Failure(77, f"error setting certificate file: {path}") from None

    async def _request(self, url: Url) -> Url | None:
        connection = await self._connect(url)
        self._facts.remote, self._facts.local = connection.remote, connection.local
        try:
            head = self._head(url)
            await self._verbose("\r\n".join("> " + line for line in head.removesuffix("\r\n").split("\r\n")) + "\r")
            await connection.write(encode(head) + (self._body or b""))
            return await self._answer(url, Incoming(connection))
        except EOFError:
            raise _Failure(
                52 if not self._facts.status else 18,
                "Empty reply from server" if not self._facts.status else "transfer closed with outstanding read data remaining",
            ) from None
        except BadMessage:
            raise _Failure(1, "Received HTTP/0.9 when not allowed") from None
        except ConnectionResetError:
            raise _Failure(56, "Recv failure: Connection reset by peer") from None
        except BrokenPipeError:
            raise _Failure(52, "Empty reply from server") from None
        finally:
            connection.close()
            await self._verbose(f"* Connection #0 to host {url.host} left intact")

    def _head(self, url: Url) -> str:
        options = self._options
        given = [line for line in options.values("H") if ":" in line or line.endswith(";")]
        names = {line.partition(":")[0].lower() for line in given}
        lines = [f"{self._method} {url.target} HTTP/1.1"]
        if "host" not in names:
            lines.append(f"Host: {url.authority}")
        credentials = options.value("u") or url.user
        if credentials:
            lines.append("Authorization: Basic " + base64.b64encode(encode(credentials)).decode())
        if "user-agent" not in names:
            lines.append(f"User-Agent: {options.value('A') or 'curl/7.88.1'}")
        if "accept" not in names:
            lines.append("Accept: application/json" if options.has("json") else "Accept: */*")
        if (cookie := options.value("b")) is not None and "=" in cookie:
            lines.append(f"Cookie: {cookie}")
        lines += [line for line in given if line.partition(":")[2].strip()]
        if self._body is not None:
            lines.append(f"Content-Length: {len(self._body)}")
            if "content-type" not in names and not options.has("T"):
                lines.append("Content-Type: " + ("application/json" if options.has("json") else "application/x-www-form-urlencoded"))
        return "\r\n".join(lines) + "\r\n\r\n"

    async def _answer(self, url: Url, incoming: Incoming) -> Url | None:
        options, facts = self._options, self._facts
        while True:
            status_line = (await incoming.line()).decode("latin-1")
            parts = status_line.split(" ", 2)
            if not status_line.startswith("HTTP/") or len(parts) < 2 or not parts[1].isdigit():
                raise BadMessage
            headers = await incoming.headers()
            if int(parts[1]) != 100:
                break
        facts.status, facts.headers, facts.type = int(parts[1]), headers, header(headers, "Content-Type") or ""
        head = "".join(f"{line}\r\n" for line in [status_line, *(f"{name}: {value}" for name, value in headers)]) + "\r\n"
        await self._verbose("\r\n".join("< " + line for line in head.removesuffix("\r\n").split("\r\n")) + "\r")
        location = header(headers, "Location")
        follows = options.has("L") and facts.status in (301, 302, 303, 307, 308) and location is not None
        if options.has("f") and facts.status >= 400:
            raise _Failure(22, f"The requested URL returned error: {facts.status}")
        shown = encode(head) if options.has("i", "I") else b""
        sink = None if follows and not shown else await self._sink(url)
        try:
            if sink is not None and shown:
                await sink.write(shown)
            if self._method != "HEAD" and facts.status not in (204, 304):
                await self._body_to(None if follows else sink, headers, incoming)
        finally:
            if sink is not None:
                sink.close()
        if follows and location is not None:
            if facts.status == 303 or (facts.status in (301, 302) and self._method == "POST" and not options.has("X")):
                self._method, self._body = "GET", None
            target = parse_url(location) if "://" in location else Url(url.scheme, url.host, url.port, location, has_port=url.has_port)
            if target is None:
                raise _Failure(3, "URL using bad/illegal format or missing URL")
            return target
        await self.progress()
        if options.has("fwb") and facts.status >= 400:
            raise _Failure(22, f"The requested URL returned error: {facts.status}")
        return None

    async def _sink(self, url: Url) -> Stream:
        path = self._output
        if path is None and self._options.has("O"):
            path = url.target.partition("?")[0].rpartition("/")[2]
            if not path:
                raise _Failure(23, "Failed writing received data to disk/application")
        if path is None or path == "-":
            return self._call.process.stdout.share()
        try:
            return self._call.process.files.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        except OSError:
            raise _Failure(23, "Failure writing output to destination") from None

    async def _body_to(self, sink: Stream | None, headers: list[tuple[str, str]], incoming: Incoming) -> None:
        if (header(headers, "Transfer-Encoding") or "").lower() == "chunked":
            async for piece in incoming.chunked():
                await self._take(sink, piece)
            return
        length = header(headers, "Content-Length")
        left = int(length) if length and length.isdigit() else -1
        while left and (piece := await incoming.some(left if left > 0 else 65_536)):
            await self._take(sink, piece)
            left -= len(piece) if left > 0 else 0
        if left > 0:
            raise _Failure(18, f"transfer closed with {left} bytes remaining to read")

    async def _take(self, sink: Stream | None, piece: bytes) -> None:
        self._facts.size += len(piece)
        if sink is not None:
            await sink.write(piece)
        await self._call.process.tick()

    async def progress(self, *, failed: bool = False) -> None:
        """The meter that curl shows when its output is no terminal."""
        if self._options.has("s", "npm") or (self._output is None and self._call.process.stdout.is_terminal):
            return
        size = self._facts.size
        if failed:
            await self._call.process.stderr.write(_METER + _METER_EMPTY * 2 + b"\n")
            return
        await self._call.process.stderr.write(
            _METER
            + _METER_EMPTY
            + (
                f"\r100 {size:5}  100 {size:5}    0     0  {min(size, 99_999):5}      0 --:--:-- --:--:-- --:--:-- {min(size, 99_999):5}\n"
            ).encode()
        )

    async def write_out(self) -> None:
        template = self._options.value("w")
        if template is None:
            return
        facts = self._facts
        spent = f"{self._call.process.clock.now_s() - facts.started_s:.6f}"
        values = {
            "http_code": f"{facts.status:03}", "response_code": f"{facts.status:03}", "size_download": str(facts.size),
            "content_type": facts.type, "time_total": spent, "time_connect": spent, "time_starttransfer": spent, "time_namelookup": spent,
            "num_redirects": str(facts.redirects), "url_effective": facts.url, "remote_ip": facts.remote[0], "method": self._method,
            "remote_port": str(facts.remote[1]), "local_ip": facts.local[0], "local_port": str(facts.local[1]), "scheme": "HTTP",
            "http_version": "1.1", "speed_download": str(facts.size), "num_connects": "1", "exitcode": "0", "errormsg": "",
            "redirect_url": header(facts.headers, "Location") or "",
        }  # fmt: skip
        out = template
        for name, value in values.items():
            out = out.replace("%{" + name + "}", value)
        await self._call.write(unescape(encode(out.replace("%%", "%")))[0])


def _quoted(text: str) -> str:
    safe = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~"
    return "".join(chr(byte) if chr(byte) in safe else f"%{byte:02X}" for byte in encode(text))


PROGRAMS: dict[str, Applet] = {"curl": curl}
