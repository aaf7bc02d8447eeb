"""Serving files from the container's file system over HTTP, for nginx, httpd and busybox httpd."""

import os
import stat
from collections.abc import AsyncIterator, Callable
from typing import Final

from orrery.node.processes.program import Stat, Stream
from orrery.node.programs.call import Call
from orrery.node.programs.net.http import Request, Response
from orrery.node.programs.servers.service import http_date

TYPES: Final = {
    "html": "text/html", "htm": "text/html", "css": "text/css", "js": "application/javascript", "json": "application/json", "xml": "text/xml",
    "txt": "text/plain", "png": "image/png", "jpg": "image/jpeg", "jpeg": "image/jpeg", "gif": "image/gif", "svg": "image/svg+xml",
    "ico": "image/x-icon", "pdf": "application/pdf", "gz": "application/gzip", "zip": "application/zip", "wasm": "application/wasm",
    "woff2": "font/woff2", "mp4": "video/mp4",
}  # fmt: skip


def type_of(path: str, default: str = "application/octet-stream") -> str:
    return TYPES.get(path.rpartition(".")[2].lower(), default)


def clean(path: str) -> str | None:
    """A path without dots; None when it climbs out of the root."""
    parts: list[str] = []
    for part in path.split("/"):
        if part == "..":
            if not parts:
                return None
            parts.pop()
        elif part not in ("", "."):
            parts.append(part)
    return "/" + "/".join(parts) + ("/" if path.endswith("/") and parts else "")


async def _pieces(call: Call, stream: Stream, length: int) -> AsyncIterator[bytes]:
    try:
        while length > 0 and (piece := await stream.read(min(length, 65_536))):
            length -= len(piece)
            yield piece
            await call.process.tick()
    finally:
        stream.close()


def find_file(call: Call, root: str, path: str, index: tuple[str, ...]) -> tuple[int, str]:
    """A status and the file: 200, 301 (a directory without its slash), 403, 404."""
    cleaned = clean(path)
    if cleaned is None:
        return 400, ""
    files = call.process.files
    full = root.rstrip("/") + cleaned
    try:
        about = files.stat(full)
        if stat.S_ISDIR(about.mode):
            if not path.endswith("/"):
                return 301, full
            for name in index:
                if files.exists(full.rstrip("/") + "/" + name):
                    return 200, full.rstrip("/") + "/" + name
            return 403, full
        if path.endswith("/"):
            return 404, full
    except PermissionError:
        return 403, full
    except OSError:
        return 404, full
    return 200, full


def _nginx_tag(about: Stat) -> str:
    return f'"{int(about.modified_s):x}-{about.size:x}"'


def apache_tag(about: Stat) -> str:
    return f'"{about.size:x}-{int(about.modified_s * 1_000_000):x}"'


def file_response(
    call: Call,
    path: str,
    request: Request,
    default: str = "application/octet-stream",
    *,
    tag_of: Callable[[Stat], str] = _nginx_tag,
) -> Response:
    """The file as a stream; 403 or 404 when it cannot be read. `tag_of` is its ETag, as that server makes it."""
    files = call.process.files
    try:
        about = files.stat(path)
        stream = files.open(path, os.O_RDONLY)
    except PermissionError:
        return Response(403)
    except OSError:
        return Response(404)
    tag = tag_of(about)
    headers = [("Last-Modified", http_date(about.modified_s)), ("ETag", tag), ("Accept-Ranges", "bytes")]
    if request.header("If-None-Match") == tag:
        stream.close()
        return Response(304, headers=headers)
    if request.method == "HEAD":
        stream.close()
        return Response(200, headers=headers, type=type_of(path, default), pieces=_none(), length=about.size)
    return Response(200, headers=headers, type=type_of(path, default), pieces=_pieces(call, stream, about.size), length=about.size)


async def _none() -> AsyncIterator[bytes]:
    nothing: tuple[bytes, ...] = ()
    for piece in nothing:
        yield piece
