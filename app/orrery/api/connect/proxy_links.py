"""Links of what comes through a proxy, so that they lead through it again: the Location of a redirection, and links in HTML pages.

Follows apimachinery's `util/proxy` transport: which attributes of which tags hold a URL, which URLs are the target's own, and how a
start tag is written again (names in lower case, values in double quotes). What is no start tag stays byte for byte.
"""

import html
import posixpath
import re
import zlib
from collections.abc import Callable, Mapping
from typing import Final
from urllib.parse import urlsplit, urlunsplit

PAGE_BYTES_MAX: Final = 8 * 1024 * 1024
"""Longer pages go through as they are."""

_URLS: Final[Mapping[str, frozenset[str]]] = {
    tag: frozenset(attributes.split())
    for tag, attributes in {
        "a": "href",
        "applet": "codebase",
        "area": "href",
        "audio": "src",
        "base": "href",
        "blockquote": "cite",
        "body": "background",
        "button": "formaction",
        "command": "icon",
        "del": "cite",
        "embed": "src",
        "form": "action",
        "frame": "longdesc src",
        "head": "profile",
        "html": "manifest",
        "iframe": "longdesc src",
        "img": "longdesc src usemap",
        "input": "src usemap formaction",
        "ins": "cite",
        "link": "href",
        "object": "classid codebase data usemap",
        "q": "cite",
        "script": "src",
        "source": "src",
        "video": "poster src",
    }.items()
}
_TEXT_ONLY: Final = frozenset(
    ("iframe", "noembed", "noframes", "noscript", "plaintext", "script", "style", "textarea", "title", "xmp"),
)
"""Elements whose content holds no tags."""
_OPENING: Final = re.compile(r"<!--|<([A-Za-z][^\s/>]*)")
_REST: Final = re.compile(r"((?:\"[^\"]*\"|'[^']*'|[^\"'>])*+)>", re.DOTALL)
_ATTRIBUTE: Final = re.compile(r"([^\s/=>][^\s/=>]*)(?:\s*=\s*(\"[^\"]*\"|'[^']*'|[^\s>\"']+))?")

Rewrite = Callable[[str], str]


def rewritten_url(url: str, prefix: str, *, target: str, host: str) -> str:
    """`url` of a page of `target` (its address and port) as who asked `host` must know it: below `prefix`."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return url
    if parts.netloc not in ("", target, host) or not parts.path.startswith("/"):
        return url
    path = parts.path
    if not path.startswith(prefix):
        path = posixpath.normpath(prefix + path) + ("/" if path.endswith("/") else "")
    scheme, netloc = (parts.scheme, host) if parts.netloc == host and host else ("", "")
    return urlunsplit((scheme, netloc, path, parts.query, parts.fragment))


def rewritten_page(body: bytes, encoding: str, rewrite: Rewrite) -> bytes:
    """An HTML page with its links rewritten; as it is when its content encoding is not known, or not true."""
    if encoding not in ("", "gzip"):
        return body
    try:
        page = _unzipped(body) if encoding else body
    except (zlib.error, ValueError):
        return body
    written = _rewritten_html(page.decode(errors="surrogateescape"), rewrite).encode(errors="surrogateescape")
    return _zipped(written) if encoding else written


def _unzipped(body: bytes) -> bytes:
    unzipper = zlib.decompressobj(wbits=31)
    page = unzipper.decompress(body, PAGE_BYTES_MAX)
    if unzipper.unconsumed_tail:
        raise ValueError("too long")
    return page


def _zipped(page: bytes) -> bytes:
    zipper = zlib.compressobj(wbits=31)
    return zipper.compress(page) + zipper.flush()


def _rewritten_html(page: str, rewrite: Rewrite) -> str:
    """One pass: what begins and does not end takes the rest of the page with it, unchanged."""
    pieces: list[str] = []
    position = 0
    while (opening := _OPENING.search(page, position)) is not None:
        if opening[1] is None:
            end = page.find("-->", opening.end())
            if end < 0:
                break
            pieces.append(page[position : end + 3])
            position = end + 3
            continue
        rest = _REST.match(page, opening.end())
        if rest is None:
            break
        name = opening[1].lower()
        pieces += (page[position : opening.start()], _start_tag(name, rest[1], rewrite))
        position = rest.end()
        if name in _TEXT_ONLY:
            found = re.compile(f"</{re.escape(name)}", re.IGNORECASE).search(page, position)
            stop = len(page) if found is None else found.start()
            pieces.append(page[position:stop])
            position = stop
    pieces.append(page[position:])
    return "".join(pieces)


def _start_tag(name: str, rest: str, rewrite: Rewrite) -> str:
    is_closed = rest.endswith("/")
    urls = _URLS.get(name, frozenset())
    written = [name]
    for attribute in _ATTRIBUTE.finditer(rest[:-1] if is_closed else rest):
        key, value = attribute[1].lower(), attribute[2] or ""
        value = html.unescape(value[1:-1] if value[:1] in ('"', "'") else value)
        written.append(f'{key}="{_escaped(rewrite(value) if key in urls else value)}"')
    return f"<{' '.join(written)}{'/' if is_closed else ''}>"


def _escaped(value: str) -> str:
    return html.escape(value, quote=False).replace('"', "&#34;").replace("'", "&#39;").replace("\r", "&#13;")
