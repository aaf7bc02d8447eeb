"""Names and numbers of signals."""

from typing import Final

NAMES: Final = {
    1: "HUP", 2: "INT", 3: "QUIT", 4: "ILL", 5: "TRAP", 6: "ABRT", 7: "BUS", 8: "FPE", 9: "KILL", 10: "USR1", 11: "SEGV", 12: "USR2",
    13: "PIPE", 14: "ALRM", 15: "TERM", 16: "STKFLT", 17: "CHLD", 18: "CONT", 19: "STOP", 20: "TSTP", 21: "TTIN", 22: "TTOU", 23: "URG",
    24: "XCPU", 25: "XFSZ", 26: "VTALRM", 27: "PROF", 28: "WINCH", 29: "POLL", 30: "PWR", 31: "SYS",
}  # fmt: skip
_NUMBERS: Final = {name: number for number, name in NAMES.items()} | {"IO": 29, "CLD": 17, "IOT": 6, "EXIT": 0}


def signal_number(text: str) -> int | None:
    """By number or by name, with SIG or without, in either case."""
    if text.isascii() and text.isdigit():
        return int(text) if int(text) <= 64 else None
    return _NUMBERS.get(text.upper().removeprefix("SIG"))
