"""What find has found, and how -ls and -printf print it."""

import re
import stat
from dataclasses import dataclass
from typing import Final

from orrery.node.processes.program import Stat
from orrery.node.programs.call import Call
from orrery.node.programs.disk.modes import mode_text
from orrery.node.programs.disk.owners import group_names, user_names
from orrery.node.programs.disk.walking import base_name, directory_name
from orrery.node.programs.system.moments import format_moment

_DIRECTIVE: Final = re.compile(r"%([-0+ #]*)(\d{0,4})(\.\d{1,4})?(T(?=.)|[A-SU-Za-z%])((?<=T).)?")


@dataclass(slots=True)
class Found:
    path: str
    about: Stat
    depth: int
    start: str
    prunes: bool = False


def listed(call: Call, found: Found) -> str:
    """The line of -ls."""
    about = found.about
    users, groups = user_names(call), group_names(call)
    owner, group = users.get(about.uid, str(about.uid)), groups.get(about.gid, str(about.gid))
    moment = format_moment("%b %e %H:%M", about.modified_s)
    blocks = -(-about.size // 4096) * 4
    return (
        f"{about.inode:9} {blocks:6} {mode_text(about.mode)} {about.links:3} {owner:<8} {group:<8} {about.size:8} {moment} {found.path}\n"
    )


def formatted(call: Call, template: str, found: Found) -> str:
    """What -printf prints of a template, its backslashes still in it."""
    about = found.about
    values = _values(call, found)

    def filled(match: re.Match[str]) -> str:
        flags, width, precision, letter, kind = match.groups()
        if letter == "T":
            text = f"{about.modified_s:.10f}" if kind == "@" else format_moment("%" + kind, about.modified_s)
        elif letter in values:
            text = values[letter]
        else:
            return match[0]
        text = text[: int(precision[1:])] if precision else text
        size = int(width or 0)
        return text.ljust(size) if "-" in flags else text.rjust(size, "0" if "0" in flags else " ")

    return _DIRECTIVE.sub(filled, template)


def _values(call: Call, found: Found) -> dict[str, str]:
    about, path = found.about, found.path
    users, groups = user_names(call), group_names(call)
    return {
        "p": path,
        "f": base_name(path),
        "h": directory_name(path),
        "P": path[len(found.start) :].lstrip("/"),
        "H": found.start,
        "d": str(found.depth),
        "s": str(about.size),
        "m": f"{about.mode & 0o7777:o}",
        "M": mode_text(about.mode),
        "u": users.get(about.uid, str(about.uid)),
        "g": groups.get(about.gid, str(about.gid)),
        "U": str(about.uid),
        "G": str(about.gid),
        "i": str(about.inode),
        "n": str(about.links),
        "t": format_moment("%a %b %e %H:%M:%S.%N %Y", about.modified_s),
        "%": "%",
        "y": mode_text(about.mode)[0].replace("-", "f"),
        "k": str(-(-about.size // 1024)),
        "b": str(-(-about.size // 512)),
        "l": call.process.files.read_link(path) if stat.S_ISLNK(about.mode) else "",
    }
