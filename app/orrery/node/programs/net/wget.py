"""wget: busybox's, and GNU's where the image is Debian's."""

import os
from typing import Final

from orrery.node.processes.program import Connection
from orrery.node.programs.call import Applet, Call, encode
from orrery.node.programs.faults import Fault, Misuse
from orrery.node.programs.net.http import BadMessage, Incoming, Url, header, parse_url
from orrery.node.programs.options import Options
from orrery.node.programs.reasons import reason
from orrery.node.programs.system.moments import format_moment
from orrery.node.programs.text.numbers import duration_s

_LONG: Final = {"quiet": "q", "output-document": "O", "spider": "spider", "timeout": "T", "header": "header:", "post-data": "post:",
                "server-response": "S", "no-check-certificate": "insecure", "tries": "t", "user-agent": "U", "output-file": "o",
                "directory-prefix": "P", "continue": "c", "no-verbose": "nv", "post-file": "postfile:", "method": "method:",
                "body-data": "post:", "max-redirect": "maxredir:", "retry-connrefused": "rc", "waitretry": "wr:", "connect-timeout": "T",
                "dns-timeout": "T", "read-timeout": "T", "content-on-error": "coe"}  # fmt: skip
_REDIRECTS_MAX: Final = 20


async def wget(call: Call) -> int:
    arguments = ["--no-verbose" if word == "-nv" and not call.is_busybox else word for word in call.arguments]
    call.arguments = arguments
    options = call.options("cqSO:o:T:t:U:P:Y:4n:", _LONG)
    if not options.operands:
        if call.is_busybox:
            raise Misuse
        await call.process.complain("wget: missing URL\nUsage: wget [OPTION]... [URL]...\n\nTry `wget --help' for more options.")
        return 1
    for text in options.operands:
        url = parse_url(text)
        if url is None:
            raise Fault(f"not an http or ftp url: {text}" if call.is_busybox else f"{text}: Unsupported scheme.")
        try:
            code = await _Download(call, options).get(url)
        except _GivenUp as end:
            return end.code
        if code:
            return code
    return 0


class _GivenUp(Exception):
    """All was told already."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class _Download:
    """One URL, redirections followed."""

    def __init__(self, call: Call, options: Options) -> None:
        self._call = call
        self._options = options
        self._quiet = options.has("q")
        limit = options.value("T")
        self._timeout_s = duration_s(limit) if limit and limit != "0" else None
        self._spider = options.has("spider")

    async def _note(self, text: str) -> None:
        if not self._quiet:
            await self._call.process.stderr.write(encode(text + "\n"))

    async def get(self, url: Url) -> int:
        for _ in range(_REDIRECTS_MAX):
            answered = await self._request(url)
            if isinstance(answered, int):
                return answered
            url = answered
        raise Fault("too many redirections" if self._call.is_busybox else "20 redirections exceeded.")

    async def _connect(self, url: Url) -> Connection:
        call, network = self._call, self._call.process.network
        try:
            found = await network.resolve(url.host, timeout_s=self._timeout_s)
        except OSError:
            found = ()
        is_name = list(found) != [url.host] and not call.is_busybox
        if is_name:
            await self._note(f"Resolving {url.host} ({url.host})... {', '.join(found) if found else 'failed: Name or service not known.'}")
        if not found:
            words = f"unable to resolve host address '{url.host}'"
            raise Fault(f"bad address '{url.host}'" if call.is_busybox else words, 1 if call.is_busybox else 4)
        if call.is_busybox:
            await self._note(
                f"Connecting to {url.host}:{url.port} ({found[0]}:{url.port})"
                if url.has_port
                else f"Connecting to {url.host} ({found[0]}:{url.port})"
            )
        began_s = call.process.clock.now_s()
        where = f"Connecting to {url.host}{f' ({url.host})|{found[0]}|' if is_name else ''}:{url.port}..."
        try:
            connection = await network.connect(found[0], url.port, timeout_s=self._timeout_s)
        except TimeoutError as error:
            if not call.is_busybox:
                raise Fault("connection timed out", 4) from None
            is_own = self._timeout_s is not None and call.process.clock.now_s() - began_s >= self._timeout_s
            raise Fault("download timed out" if is_own else f"can't connect to remote host ({found[0]}): {reason(error)}") from None
        except OSError as error:
            if call.is_busybox:
                raise Fault(f"can't connect to remote host ({found[0]}): {reason(error)}") from None
            await self._note(f"{where} failed: {reason(error)}.")
            raise _GivenUp(4) from None
        if not call.is_busybox:
            await self._note(f"{where} connected.")
        if url.scheme == "https" and call.is_busybox:
            await call.process.stderr.write(b"wget: note: TLS certificate validation not implemented\n")
        return connection

    async def _request(self, url: Url) -> int | Url:
        call = self._call
        if not call.is_busybox:
            stamp = format_moment("%Y-%m-%d %H:%M:%S", call.process.clock.now_s())
            await self._note(f"--{stamp}--  {url.scheme}://{url.authority}{url.target}")
        connection = await self._connect(url)
        try:
            await connection.write(self._head(url))
            if self._timeout_s is None:
                return await self._answer(url, Incoming(connection))
            result: list[int | Url] = []

            async def answer() -> None:
                result.append(await self._answer(url, Incoming(connection)))

            if await call.process.first_of(answer(), call.process.sleep(self._timeout_s)) == 1:
                raise Fault("download timed out")
            return result[0]
        except (EOFError, BadMessage):
            raise Fault("error getting response" if call.is_busybox else "No data received.") from None
        except ConnectionResetError as error:
            raise Fault(f"error getting response: {reason(error)}") from None
        finally:
            connection.close()

    def _head(self, url: Url) -> bytes:
        options = self._options
        post = options.value("post")
        method = options.value("method") or ("POST" if post is not None else "GET")
        if self._spider and not self._call.is_busybox:
            method = "HEAD"
        agent = options.value("U") or ("Wget" if self._call.is_busybox else "Wget/1.21.3")
        lines = [f"{method} {url.target} HTTP/1.1", f"Host: {url.authority}", f"User-Agent: {agent}"]
        if not self._call.is_busybox:
            lines.append("Accept: */*")
        lines += options.values("header")
        lines.append("Connection: close")
        body = encode(post or "")
        if post is not None:
            if not any(one.lower().startswith("content-type:") for one in options.values("header")):
                lines.append("Content-Type: application/x-www-form-urlencoded")
            lines.append(f"Content-Length: {len(body)}")
        return encode("\r\n".join(lines) + "\r\n\r\n") + body

    async def _answer(self, url: Url, incoming: Incoming) -> int | Url:
        call = self._call
        status_line = (await incoming.line()).decode("latin-1")
        parts = status_line.split(" ", 2)
        if not status_line.startswith("HTTP/") or len(parts) < 2 or not parts[1].isdigit():
            raise BadMessage
        headers = await incoming.headers()
        if self._options.has("S") and (call.is_busybox or self._options.has("q")):
            shown = "".join(f"  {line}\n" for line in [status_line, *(f"{name}: {value}" for name, value in headers)])
            await call.process.stderr.write(encode(shown))
        status = int(parts[1])
        if not call.is_busybox:
            answer = "\n".join([f"  {status_line}", *(f"  {name}: {value}" for name, value in headers)])
            has_headers = self._options.has("S")
            await self._note("HTTP request sent, awaiting response... " + (f"\n{answer}" if has_headers else status_line.split(" ", 1)[1]))
        if status in (301, 302, 303, 307, 308) and (location := header(headers, "Location")):
            target = parse_url(location) if "://" in location else Url(url.scheme, url.host, url.port, location, has_port=url.has_port)
            if target is None:
                raise Fault(f"not an http or ftp url: {location}")
            return target
        if status >= 400 or status < 200:
            words = parts[2] if len(parts) > 2 else ""
            if call.is_busybox:
                raise Fault(f"server returned error: {status_line}")
            stamp = format_moment("%Y-%m-%d %H:%M:%S", call.process.clock.now_s())
            await self._note(f"{stamp} ERROR {status}: {words}.\n")
            return 8
        if not call.is_busybox:
            kind = (header(headers, "Content-Type") or "").partition(";")[0]
            size = header(headers, "Content-Length") or "unspecified"
            await self._note(f"Length: {size}" + (f" [{kind}]" if kind else ""))
        if self._spider:
            await self._note("remote file exists" if call.is_busybox else "Remote file exists.\n")
            return 0
        await self._save(url, headers, incoming)
        return 0

    async def _save(self, url: Url, headers: list[tuple[str, str]], incoming: Incoming) -> None:
        call = self._call
        path = self._options.value("O") or url.target.partition("?")[0].rstrip("/").rpartition("/")[2] or "index.html"
        if (folder := self._options.value("P")) is not None and not self._options.value("O"):
            path = f"{folder}/{path}"
        is_stdout = path == "-"
        if is_stdout:
            sink = call.process.stdout.share()
        else:
            flags = os.O_WRONLY | os.O_CREAT | (os.O_TRUNC if self._options.has("O") or not call.is_busybox else os.O_EXCL)
            try:
                sink = call.process.files.open(path, flags)
            except OSError as error:
                raise Fault(f"can't open '{path}': {reason(error)}" if call.is_busybox else f"{path}: {reason(error)}") from None
        if not call.is_busybox:
            await self._note(f"Saving to: '{'STDOUT' if is_stdout else path}'\n")
        else:
            await self._note("writing to stdout" if is_stdout else f"saving to '{path}'")
        length = header(headers, "Content-Length")
        total = 0
        try:
            if (header(headers, "Transfer-Encoding") or "").lower() == "chunked":
                async for piece in incoming.chunked():
                    await sink.write(piece)
                    total += len(piece)
            else:
                left = int(length) if length and length.isdigit() else -1
                while left and (piece := await incoming.some(left if left > 0 else 65_536)):
                    await sink.write(piece)
                    total += len(piece)
                    left -= len(piece) if left > 0 else 0
                    await call.process.tick()
        finally:
            sink.close()
        await self._finished(path, total, is_stdout=is_stdout)

    async def _finished(self, path: str, total: int, *, is_stdout: bool) -> None:
        name = path.rpartition("/")[2] or path
        if self._call.is_busybox:
            await self._note(
                f"\r{name:<20.20} 100% |{'*' * 32}| {_short(total)}  0:00:00 ETA\n"
                + ("written to stdout" if is_stdout else f"'{path}' saved")
            )
            return
        stamp = format_moment("%Y-%m-%d %H:%M:%S", self._call.process.clock.now_s())
        where = "written to stdout" if is_stdout else f"'{path}' saved"
        await self._note(_dots(total) + f"\n{stamp} (1.00 MB/s) - {where} [{total}/{total}]\n")


def _dots(size: int) -> str:
    """GNU's progress: a dot for each kilobyte, fifty in a line."""
    lines = []
    for start in range(0, max(size, 1), 51_200):
        count = min(size - start, 51_200) // 1024
        dots = "".join(" " * (index % 10 == 0) + ("." if index < count else " ") for index in range(50))
        done = min(start + 51_200, size)
        lines.append(f"{start // 1024:6}K{dots}{done * 100 // max(size, 1):3}% 1.00M{'=0s' if done >= size else ' 0s'}\n")
    return "".join(lines)


def _short(size: int) -> str:
    return f"{size:5}" if size < 100_000 else f"{size // 1024:4}k" if size < 10_240_000 else f"{size >> 20:4}M"


PROGRAMS: dict[str, Applet] = {"wget": wget}
