"""Counts, sizes and durations as programs accept them."""

from typing import Final

from orrery.node.programs.faults import Fault

_SUFFIXES: Final = {"b": 512, "c": 1, "w": 2, "k": 1024, "K": 1024, "m": 1 << 20, "M": 1 << 20, "g": 1 << 30, "G": 1 << 30, "T": 1 << 40}
_DECIMAL: Final = {"kB": 1000, "KB": 1000, "MB": 1000**2, "GB": 1000**3, "KiB": 1024, "MiB": 1 << 20, "GiB": 1 << 30}
_SECONDS: Final = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "": 1.0}


def size_of(text: str) -> int | None:
    """A count with b, k, M … behind it; None when it is none."""
    for suffix, factor in (*_DECIMAL.items(), *_SUFFIXES.items()):
        if text.endswith(suffix) and is_digits(text[: -len(suffix)]):
            return int(text[: -len(suffix)]) * factor
    return int(text) if is_digits(text) else None


def is_digits(text: str) -> bool:
    """Only ASCII digits, and few enough to be a number."""
    return text.isascii() and text.isdigit() and len(text) < 20


def duration_s(text: str) -> float | None:
    """`5`, `1.5m`, `2h`, `infinity`; None when it is none."""
    if text.lower() in ("infinity", "inf"):
        return float("inf")
    suffix = text[-1:] if text[-1:] in "smhd" else ""
    digits = text.removesuffix(suffix)
    if not digits or digits.strip("0123456789.") or digits.count(".") > 1 or digits == ".":
        return None
    return float(digits) * _SECONDS[suffix]


def number_of(text: str) -> int:
    """A plain count; a Fault in busybox's words when it is none."""
    if not is_digits(text.removeprefix("-").removeprefix("+")):
        raise Fault(f"invalid number '{text}'")
    return int(text)
