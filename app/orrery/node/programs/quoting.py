"""Names as coreutils write them in messages and listings: as they are where a shell would read them so, else in a shell's quotes.

The locale of images is C, where a byte beyond ASCII is no letter.
"""

import re
from typing import Final

_NAMES: Final = (
    "base32 base64 basename cat chgrp chmod chown cksum comm cp csplit cut date dd df dirname du expand expr factor fold head install join"
    " link ln ls dir vdir md5sum mkdir mkfifo mktemp mv nl nohup od paste pr readlink realpath rm rmdir seq sha1sum sha224sum sha256sum"
    " sha384sum sha512sum shred shuf sort split stat stty sum sync tac tail tee test touch tr truncate tsort unexpand uniq unlink wc"
)
COREUTILS: Final = frozenset(_NAMES.split())
"""The programs that quote so; the rest of Debian's (grep, sed, find, tar …) show names as they are."""

_SPECIAL: Final = re.compile(r"[\s\"'\\$`&|;<>()*?\[=!^\x00-\x1f\x7f-\U0010ffff]|^[~#]|^[{}]\Z|^\Z")
_UNPRINTABLE: Final = re.compile(rb"[\x00-\x1f\x7f-\xff]+")
_NAMED: Final = {7: "\\a", 8: "\\b", 9: "\\t", 10: "\\n", 11: "\\v", 12: "\\f", 13: "\\r"}


def shell_escaped(text: str, *, always: bool = False, also: str = "") -> str:
    """In quotes where a shell needs them, `always`, or where one of the characters of `also` is in the text."""
    if not always and not _SPECIAL.search(text) and not any(char in text for char in also):
        return text
    data = text.encode("utf-8", "surrogateescape")
    if _UNPRINTABLE.search(data):
        return _with_escapes(data)
    if "'" in text and not any(char in text for char in '"\\$`!'):
        return f'"{text}"'
    return "'" + text.replace("'", "'\\''") + "'"


def _with_escapes(data: bytes) -> str:
    """`'a'$'\\t''b'`: bytes that are no printable characters stand between quotes of their own."""
    head = _UNPRINTABLE.split(data, maxsplit=1)[0]
    again = b"'" in head and not any(byte in head for byte in b'"\\$`!')
    out, position = ["'''" if again else "'"], 0  # As upstream: it had begun with other quotes, and begins again.
    for match in _UNPRINTABLE.finditer(data):
        out.append(_plain(data[position : match.start()]))
        escapes = "".join(_NAMED.get(byte) or f"\\{byte:03o}" for byte in match[0])
        out.append(f"'$'{escapes}'")
        position = match.end()
        if position < len(data):
            out.append("'")
    out.append(_plain(data[position:]) + ("'" if position < len(data) else ""))
    return "".join(out)


def _plain(data: bytes) -> str:
    return data.decode("ascii").replace("'", "'\\''")
