"""Writing answers: bytes to the raw ASGI `send`, JSON and YAML as upstream prints them, and errors as `Status`.

Everything goes out in one `http.response.body` where it fits; no middleware sees or buffers it.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, MutableMapping, Sequence
from typing import Any, Final

import orjson

from orrery.api.negotiation import JSON, Format
from orrery.machinery.errors import ApiError, InternalError
from orrery.machinery.objects import FrozenObject

Message = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Header = tuple[bytes, bytes]

_LOG: Final = logging.getLogger("orrery.api")

OFF_LOOP_BYTES_MIN: Final = 64 * 1024
"""Slow encodings of more than this are done in a thread."""

CONTENT_TYPES: Final[dict[str, Header]] = {
    "json": (b"content-type", b"application/json"),
    "yaml": (b"content-type", b"application/yaml"),
}
NO_CACHE: Final[Header] = (b"cache-control", b"no-cache, private")
PLAIN_HEADERS: Final[tuple[Header, ...]] = (
    NO_CACHE,
    (b"content-type", b"text/plain; charset=utf-8"),
    (b"x-content-type-options", b"nosniff"),
)


async def send_bytes(send: Send, status: int, headers: Iterable[Header], body: bytes) -> None:
    await send(
        {"type": "http.response.start", "status": status, "headers": [*headers, (b"content-length", b"%d" % len(body))]},
    )
    await send({"type": "http.response.body", "body": body})


async def send_text(send: Send, status: int, text: str) -> None:
    await send_bytes(send, status, PLAIN_HEADERS, text.encode())


async def send_page_not_found(send: Send) -> None:
    """The answer of Go's own router to a path nobody registered."""
    await send_text(send, 404, "404 page not found\n")


def encode_json(obj: Any, *, pretty: bool) -> bytes:
    if pretty:
        return orjson.dumps(obj, option=orjson.OPT_INDENT_2)
    return orjson.dumps(obj, option=orjson.OPT_APPEND_NEWLINE)


def encode_yaml(obj: Any) -> bytes:
    from orrery.api.yaml_output import dump  # PyYAML costs start-up time that most runs never need.

    return dump(obj)


async def encode_body(body: bytes, wanted: Format) -> bytes:
    """A record's bytes in the wanted format; the plain case only adds the newline."""
    if wanted.encoding == "yaml":
        return await off_loop(lambda: encode_yaml(orjson.loads(body)), len(body))
    if wanted.pretty:
        return encode_json(orjson.loads(body), pretty=True)
    return body + b"\n"


async def encode_object(obj: Any, wanted: Format) -> bytes:
    """A made-up object (a Table, a Status, a document) in the wanted format."""
    if wanted.encoding == "yaml":
        return await off_loop(lambda: encode_yaml(obj), OFF_LOOP_BYTES_MIN)
    return encode_json(obj, pretty=wanted.pretty)


async def off_loop(work: Callable[[], bytes], size: int) -> bytes:
    """Run slow encoding of `size` bytes in a thread, unless it is short."""
    return await asyncio.to_thread(work) if size > OFF_LOOP_BYTES_MIN else work()


def warning_headers(warnings: Sequence[str]) -> list[Header]:
    """Upstream's `Warning: 299 - "text"`, one header per text, each text once."""
    return [(b"warning", f'299 - "{_quoted(text)}"'.encode()) for text in dict.fromkeys(warnings)]


def _quoted(text: str) -> str:
    printable = "".join(char if char.isprintable() else " " for char in text)
    return printable.replace("\\", "\\\\").replace('"', '\\"')


async def send_error(send: Send, error: ApiError, wanted: Format = JSON, warnings: Sequence[str] = ()) -> None:
    """One `Status`. Go escapes `<`, `>` and `&` in JSON, and so do we where a message is compared."""
    status = error.status()
    body = await encode_object(status, wanted)
    if wanted.encoding == "json":
        body = body.replace(b"<", b"\\u003c").replace(b">", b"\\u003e").replace(b"&", b"\\u0026")
    headers = [NO_CACHE, CONTENT_TYPES[wanted.encoding], *warning_headers(warnings), *_retry_after(status)]
    await send_bytes(send, error.code, headers, body)


def _retry_after(status: FrozenObject) -> list[Header]:
    seconds = (status.get("details") or {}).get("retryAfterSeconds")
    return [(b"retry-after", str(seconds).encode())] if seconds else []


def unexpected(error: Exception) -> ApiError:
    """What a client is told about a fault of ours; the log gets the rest."""
    _LOG.error("a request failed", exc_info=error)
    return InternalError("an unexpected fault, which the server's log describes")
