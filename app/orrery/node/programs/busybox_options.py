"""Where busybox's programs take fewer options than the ones of Debian: long ones only some, and not every letter. From its sources."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Final

from orrery.node.programs.faults import Misuse
from orrery.node.programs.usages import usage_of

_WITH_LONG: Final = frozenset(
    [
        "gzip",
        "gunzip",
        "zcat",
        "tar",
        "chown",
        "chgrp",
        "cp",
        "env",
        "expand",
        "unexpand",
        "install",
        "mkdir",
        "mktemp",
        "mv",
        "nl",
        "nproc",
        "od",
        "rmdir",
        "touch",
        "uname",
        "cmp",
        "sed",
        "wget",
        "adduser",
        "addgroup",
    ]
)
_DIFF_LONG: Final = ["ignore-case", "ignore-all-space", "ignore-space-change", "ignore-blank-lines", "new-file", "text", "label", "recursive",
                     "unified", "brief", "report-identical-files"]  # fmt: skip
_SOME_LONG: Final[Mapping[str, frozenset[str]]] = {
    "date": frozenset(["rfc-822", "rfc-2822", "utc", "date", "reference", "set"]), "diff": frozenset(_DIFF_LONG),
    "ls": frozenset(["full-time", "group-directories-first", "color"]), "grep": frozenset(["color"]), "egrep": frozenset(["color"]), "fgrep": frozenset(["color"]), "xargs": frozenset(["no-run-if-empty"]),
}  # fmt: skip
_LETTERS_ONLY: Final = frozenset(["head", "awk"])
_LACKS: Final = {
    "grep": "byPZTU", "egrep": "byPZTU", "fgrep": "byPZTU", "uniq": "D", "tr": "t", "xxd": "u", "diff": "yc", "rm": "dI",
    "mv": "u", "readlink": "em", "sort": "R", "nl": "nfhd",
}  # fmt: skip


def check_long(name: str, arguments: Sequence[str], *, is_musl: bool) -> None:
    """Programs that read their letters only take a long option for the letter -."""
    if name not in _LETTERS_ONLY:
        return
    for word in arguments:
        if word == "--" or word[:1] != "-":
            return
        if word[:2] == "--":
            raise Misuse("unrecognized option: -" if is_musl else "invalid option -- '-'")


def long_options(name: str, long: Mapping[str, str]) -> Mapping[str, str]:
    """Those of `long` that busybox's program of that name knows; programs that are none of busybox's (curl in Alpine) know all."""
    if name in _WITH_LONG or not long or usage_of(name) is None:
        return long
    known = _SOME_LONG.get(name, frozenset())
    return {option: letter for option, letter in long.items() if option in known}


@lru_cache(maxsize=256)
def letters(name: str, spec: str) -> str:
    """A getopt string without the letters that busybox's program lacks."""
    for letter in _LACKS.get(name, ""):
        place = spec.find(letter)
        if place >= 0:
            end = place + 1
            while spec[end : end + 1] == ":":
                end += 1
            spec = spec[:place] + spec[end:]
    return spec
