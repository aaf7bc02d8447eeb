"""Which programs there are. The kernel asks `find(name, family)`; a program's module is imported when it is first asked for.

`family` is `busybox`, `alpine` or `debian`, with the image's short name behind a colon where a program differs by image
(`debian:nginx`: docker-entrypoint.sh and the like). A module under this folder lists its programs in `PROGRAMS`.
"""

import importlib
from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from orrery.node.processes.program import Program
from orrery.node.programs.call import Applet, as_program
from orrery.node.programs.flavours import parse_family

_MODULES: Final[Mapping[str, str]] = {
    "disk.change": "chmod chown chgrp sync",
    "disk.copy": "cp mv install dd",
    "disk.find": "find",
    "disk.ls": "ls dir vdir",
    "disk.make": "mkdir touch ln link mktemp mkfifo truncate",
    "disk.paths": "basename dirname readlink realpath pwd",
    "disk.remove": "rm rmdir unlink",
    "disk.stat": "stat du df mount umount mountpoint",
    "system.environment": "env printenv which hostname uname arch nproc tty stty getent logger users who id whoami groups",
    "system.run": "xargs test [ busybox",
    "system.table": "ps kill killall pidof pgrep pkill free uptime top",
    "system.wait": "sleep usleep timeout watch nohup nice ionice setsid stdbuf date",
    "shells": "sh ash dash bash",
    "text.cat": "cat tac rev nl tee",
    "text.cut": "cut paste",
    "text.echo": "echo printf yes true false clear reset :",
    "text.grep": "grep egrep fgrep",
    "text.head": "head tail",
    "text.sed.run": "sed",
    "text.sequence": "seq expr factor",
    "text.sort": "sort uniq comm shuf",
    "text.translate": "tr wc",
}
"""Module under this folder to the names of its programs."""

HOMES: Final[Mapping[str, str]] = {name: module for module, names in _MODULES.items() for name in names.split()}


@lru_cache(maxsize=4096)
def find(name: str, family: str = "debian") -> Program | None:
    """The program of that name (without directories) in images of that family."""
    applet = find_applet(name)
    return None if applet is None else as_program(applet, parse_family(family), name)


def find_applet(name: str) -> Applet | None:
    """The same without a family: for programs that call one another in the same process."""
    if (home := HOMES.get(name)) is None:
        return None
    module = importlib.import_module(f"orrery.node.programs.{home}")
    programs: Mapping[str, Applet] = module.PROGRAMS
    return programs[name]
