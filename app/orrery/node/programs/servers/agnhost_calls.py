"""What agnhost's subcommands share: flags, durations, klog's lines, serving and asking over HTTP."""

import re
from collections.abc import Awaitable, Callable
from typing import Final, TypeAlias

from orrery.node.programs.call import Call, encode
from orrery.node.programs.faults import Fault
from orrery.node.programs.net.http import BadMessage, Incoming, Request, Response, header
from orrery.node.programs.reasons import reason
from orrery.node.programs.servers.service import serve_http
from orrery.node.programs.system.moments import format_moment

Options: TypeAlias = dict[str, str]
_PARTS: Final = re.compile(r"(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)")
_UNITS: Final = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_BODY_MAX: Final = 1 << 20


def read_options(words: list[str]) -> tuple[Options, list[str]]:
    """pflag's: --name=value, --name value, -t value; a flag without a value is true."""
    found: Options = {}
    operands: list[str] = []
    rest = list(words)
    while rest:
        word = rest.pop(0)
        if not word.startswith("-") or word == "-":
            operands.append(word)
            continue
        name, equals, value = word.lstrip("-").partition("=")
        found[name] = value if equals else rest.pop(0) if rest and not rest[0].startswith("-") else "true"
    return found, operands


def number(options: Options, name: str, default: int) -> int:
    text = options.get(name, "")
    return int(text) if text.lstrip("-").isdigit() else default


def duration(text: str) -> float | None:
    """Seconds of a Go duration, None for what is none."""
    if text == "0":
        return 0.0
    parts = _PARTS.findall(text)
    if not text or "".join(count + unit for count, unit in parts) != text:
        return None
    return sum(float(count) * _UNITS[unit] for count, unit in parts)


async def log(call: Call, text: str, *, level: str = "I", place: str = "log.go:245") -> None:
    stamp = format_moment("%m%d %H:%M:%S.%N", call.process.clock.now_s())[:-3]
    await call.process.complain(f"{level}{stamp}{call.process.pid:8} {place}] {text}")


async def serve(
    call: Call,
    port: int,
    answer: Callable[[Request], Awaitable[Response]],
    written: Callable[[Request, Response], Awaitable[None]] | None = None,
) -> None:
    """Answer for ever; a port that is taken ends the program."""
    try:
        await serve_http(call, port, answer, log=written)
    except OSError as error:
        raise Fault(f"listen tcp :{port}: bind: {reason(error).lower()}") from None


async def get(call: Call, host: str, port: int, target: str, *, timeout_s: float, headers: str = "") -> tuple[int, str]:
    """Status and body of a GET. OSError, EOFError when there is no answer."""
    connection = await call.process.network.connect(host, port, timeout_s=timeout_s)
    try:
        request = f"GET {target} HTTP/1.1\r\nHost: {host}:{port}\r\nUser-Agent: Go-http-client/1.1\r\nConnection: close\r\n{headers}\r\n"
        await connection.write(encode(request))
        incoming = Incoming(connection)
        words = (await incoming.line()).split()
        got = await incoming.headers()
        length = header(got, "Content-Length") or ""
        is_chunked = (header(got, "Transfer-Encoding") or "").lower() == "chunked"
        pieces = incoming.chunked() if is_chunked else incoming.exactly(min(int(length), _BODY_MAX) if length.isdigit() else 0)
        body = b"".join([piece async for piece in pieces])
        return (int(words[1]) if len(words) > 1 and words[1].isdigit() else 0), body.decode("utf-8", "replace")
    except BadMessage:
        raise EOFError from None
    finally:
        connection.close()
