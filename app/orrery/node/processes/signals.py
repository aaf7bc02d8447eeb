"""Signals: numbers, names, and what happens to a process that has said nothing about one."""

from typing import Final

SIGHUP, SIGINT, SIGQUIT, SIGKILL, SIGPIPE, SIGTERM, SIGCHLD, SIGCONT, SIGSTOP, SIGTSTP, SIGWINCH = 1, 2, 3, 9, 13, 15, 17, 18, 19, 20, 28

_NAMES: Final = """
HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM STKFLT CHLD CONT STOP TSTP TTIN TTOU URG XCPU XFSZ VTALRM PROF
WINCH POLL PWR SYS
"""
NAMES: Final[dict[int, str]] = dict(enumerate(_NAMES.split(), 1))
"""Without SIG."""
IGNORED: Final = frozenset({SIGCHLD, SIGCONT, 23, SIGWINCH})
STOPPING: Final = frozenset({SIGSTOP, SIGTSTP, 21, 22})
UNSTOPPABLE: Final = frozenset({SIGKILL, SIGSTOP})
HIGHEST: Final = 64


def signal_number(text: str) -> int | None:
    """`TERM`, `SIGTERM`, `term` or `15`; None when there is no such signal."""
    if text.isdigit():
        return int(text) if int(text) <= HIGHEST else None
    name = text.upper().removeprefix("SIG")
    return next((number for number, known in NAMES.items() if known == name), None)
