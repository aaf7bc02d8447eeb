"""The syntax of nginx's configuration: directives, blocks, quotes, comments."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final


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
        if len(stack) == 1 and path.endswith("nginx.conf") and words[0] not in _MAIN:
            raise ConfError(f'unknown directive "{words[0]}" in {path}:{line}')
        stack[-1].append(directive)
        if directive.block is not None:
            stack.append(directive.block)
        words = []
    if len(stack) > 1 or words:
        lines = text.count("\n") + 1
        expected = '";" or "}"' if words else '"}"'
        raise ConfError(f"unexpected end of file, expecting {expected} in {path}:{lines}")
    return tree


_MAIN = frozenset(
    [
        "user",
        "worker_processes",
        "error_log",
        "pid",
        "events",
        "http",
        "stream",
        "mail",
        "include",
        "load_module",
        "daemon",
        "master_process",
        "worker_rlimit_nofile",
        "env",
        "pcre_jit",
        "worker_cpu_affinity",
        "worker_priority",
        "working_directory",
        "lock_file",
        "timer_resolution",
        "thread_pool",
        "debug_points",
        "worker_shutdown_timeout",
    ]
)


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
