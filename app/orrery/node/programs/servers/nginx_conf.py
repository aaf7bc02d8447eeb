"""The syntax of nginx's configuration: directives, blocks, quotes, comments."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from orrery.node.programs.servers.nginx_directives import KNOWN

_FREE: Final = frozenset({"map", "geo", "types", "split_clients", "charset_map", "match"})
"""Blocks whose words are their own."""
_BLOCKS: Final = frozenset({"events", "http", "server", "location", "upstream", "types", "map", "geo", "if", "limit_except"})
_WITHIN: Final = ("http", "server", "location", "if")
_PLACES: Final = {
    **dict.fromkeys(("http", "events", "mail", "user", "worker_processes", "pid", "daemon", "load_module"), ("main",)),
    "stream": ("main",),
    "worker_connections": ("events",),
    "server": ("http", "upstream", "stream", "mail"),
    "upstream": ("http", "stream"),
    "location": ("server", "location"),
    "listen": ("server",),
    "server_name": ("server",),
    "proxy_pass": ("location", "if", "limit_except", "server"),
    "return": ("server", "location", "if"),
    "try_files": ("server", "location"),
    "alias": ("location",),
    **dict.fromkeys(("root", "index", "add_header", "error_page", "access_log"), _WITHIN),
}
"""Where the directives that people misplace may stand."""


class ConfError(Exception):
    """The configuration is wrong; the message is nginx's."""


@dataclass(slots=True)
class Directive:
    name: str
    words: list[str]
    block: "list[Directive] | None" = None
    place: str = ""
    """File and line, as messages name it."""


def parse_conf(text: str, path: str) -> list[Directive]:
    """The directives of one file."""
    tokens = _tokens(text, path) if len(text) <= _KEPT_CHARS else _read(text, path)
    tree: list[Directive] = []
    stack: list[list[Directive]] = [tree]
    words: list[str] = []
    for token, line, is_word in tokens:
        if is_word:
            words.append(token)
            continue
        if token == "}":
            if words:
                raise ConfError(f'unexpected "}}" in {path}:{line}')
            if len(stack) == 1:
                raise ConfError(f'unexpected "}}" in {path}:{line}')
            stack.pop()
            continue
        if not words:
            raise ConfError(f'unexpected "{token}" in {path}:{line}')
        directive = Directive(words[0], words[1:], [] if token == "{" else None, f"{path}:{line}")
        stack[-1].append(directive)
        if directive.block is not None:
            stack.append(directive.block)
        words = []
    if len(stack) > 1 or words:
        lines = text.count("\n") + 1
        expected = '";" or "}"' if words else '"}"'
        raise ConfError(f"unexpected end of file, expecting {expected} in {path}:{lines}")
    return tree


def check(one: Directive, parent: str) -> None:
    """ConfError for a directive that there is not, or that does not stand where it may. `parent`: the block around it, `main` for none."""
    if parent in _FREE:
        return
    if one.name not in KNOWN:
        raise ConfError(f'unknown directive "{one.name}" in {one.place}')
    if parent not in _PLACES.get(one.name, (parent,)):
        raise ConfError(f'"{one.name}" directive is not allowed here in {one.place}')
    if one.name in _BLOCKS and one.block is None and parent != "upstream":
        raise ConfError(f'directive "{one.name}" has no opening "{{" in {one.place}')


_KEPT_CHARS: Final = 16_384


@lru_cache(maxsize=32)  # A thousand containers of one image begin with the same two files.
def _tokens(text: str, path: str) -> list[tuple[str, int, bool]]:
    return _read(text, path)


def _read(text: str, path: str) -> list[tuple[str, int, bool]]:
    out: list[tuple[str, int, bool]] = []
    position, line = 0, 1
    while position < len(text):
        char = text[position]
        if char == "\n":
            line += 1
            position += 1
        elif char.isspace():
            position += 1
        elif char == "#":
            end = text.find("\n", position)
            position = len(text) if end < 0 else end
        elif char in "{};":
            out.append((char, line, False))
            position += 1
        elif char in "\"'":
            end = position + 1
            while end < len(text) and text[end] != char:
                end += 2 if text[end] == "\\" else 1
            if end >= len(text):
                raise ConfError(f'unexpected end of file, expecting "{char}" in {path}:{line}')
            word = text[position + 1 : end]
            out.append((word.replace("\\" + char, char), line, True))
            line += word.count("\n")
            position = end + 1
        else:
            end = position
            while end < len(text) and not text[end].isspace() and text[end] not in ";" and not (text[end] == "{" and text[end - 1] != "$"):
                end += 1
            out.append((text[position:end], line, True))
            position = end
    return out
