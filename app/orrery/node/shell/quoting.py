"""Values written so that a shell reads them back: for set, export -p, trap, declare -p, printf %q and set -x."""

import re
from typing import Final

from orrery.node.shell.flavours import Flavour

_SAFE: Final = re.compile(r"[A-Za-z0-9_@%+=:,./-]+\Z")
_SAFE_TRACE: Final = re.compile(r"[^\s'\"\\$`&|;<>()*?\[\]!{}~#^]+\Z")
_ASH_UNSAFE: Final = re.compile(r"[^-+,./0-9:@A-Z\]^_a-z]")
RESERVED: Final = frozenset(
    ["!", "{", "}", "case", "do", "done", "elif", "else", "esac", "fi", "for", "if", "in", "then", "until", "while", "function"]
)
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f\udc80-\udcff]")
_BACKSLASHED: Final = re.compile(r"([^A-Za-z0-9_@%+=:,./-])")
_NAMED: Final = {"\n": "\\n", "\t": "\\t", "\r": "\\r", "\a": "\\a", "\b": "\\b", "\f": "\\f", "\v": "\\v", "\x1b": "\\E"}


def single_quoted(text: str) -> str:
    """Always in single quotes, as dash and ash print values: 'it'"'"'s'."""
    if not text:
        return "''"
    pieces = re.split(r"('+)", text)
    return "".join(f'"{piece}"' if piece.startswith("'") else f"'{piece}'" for piece in pieces if piece)


def bash_quoted(text: str) -> str:
    r"""In single quotes with '\'' inside, or $'…' when there are control characters."""
    if _CONTROL.search(text):
        return "$'" + _CONTROL.sub(_control, text.replace("\\", "\\\\").replace("'", "\\'")) + "'"
    return "'" + text.replace("'", "'\\''") + "'"


def _control(match: "re.Match[str]") -> str:
    char = match[0]
    return _NAMED.get(char) or f"\\{ord(char) & 255:03o}"


def bash_value(text: str) -> str:
    """As bash's `set` prints a value: quoted only where needed."""
    return text if text and _SAFE_TRACE.match(text) else "" if not text else bash_quoted(text)


def bash_declared(text: str) -> str:
    """As declare -p and export -p print a value."""
    if _CONTROL.search(text):
        return bash_quoted(text)
    return '"' + re.sub(r'(["\\$`])', r"\\\1", text) + '"'


def backslashed(text: str) -> str:
    """printf %q."""
    if not text:
        return "''"
    if _CONTROL.search(text):
        return bash_quoted(text)
    return text if _SAFE.match(text) else _BACKSLASHED.sub(r"\\\1", text)


def traced(text: str, flavour: Flavour) -> str:
    """A word as set -x shows it."""
    if flavour.is_dash:
        return text
    if flavour.is_ash:
        return single_quoted(text) if _ASH_UNSAFE.search(text) or text in RESERVED else text
    return text if text and _SAFE_TRACE.match(text) else bash_quoted(text)
