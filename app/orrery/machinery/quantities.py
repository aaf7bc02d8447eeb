"""Amounts of resources: `500m`, `1.5Gi`, `1e3`. Parsing, comparing, and the canonical spelling a server answers with.

Follows apimachinery's `api/resource`: the smallest step is a billionth (rounded up), the spelling keeps the family of suffixes
it was written in (decimal, binary, exponent) unless that would lose precision.
"""

import re
from functools import lru_cache
from typing import Final, NamedTuple

NANO: Final = 10**9

_SYNTAX: Final = "^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$"
_match: Final = re.compile(r"([+-]?)([0-9]*)(?:\.([0-9]*))?([eEinumkKMGTP]*[-+]?[0-9]*)").fullmatch

_DECIMAL: Final = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_BINARY: Final = {"Ki": 10, "Mi": 20, "Gi": 30, "Ti": 40, "Pi": 50, "Ei": 60}
_DECIMAL_SUFFIXES: Final = {exponent: suffix for suffix, exponent in _DECIMAL.items()}
_BINARY_SUFFIXES: Final = ("", *_BINARY)

_BINARY_MAX: Final = (2**63 - 1) * NANO
_EXPONENT_MAX: Final = 60
"""Exponents beyond this are cut: no amount that large is ever told from another, and powers of ten cost memory."""


class QuantityError(ValueError):
    """The text is no quantity; the message is upstream's."""


class Quantity(NamedTuple):
    """A parsed amount. `nano` is exact, in billionths."""

    nano: int
    family: str
    """`decimal`, `binary` or `exponent`: the suffixes it was written with."""
    text: str
    """The canonical spelling."""

    @property
    def value(self) -> int:
        """In whole units, rounded away from zero."""
        return _scaled(self.nano, NANO)

    @property
    def milli(self) -> int:
        """In thousandths, rounded away from zero."""
        return _scaled(self.nano, 10**6)


def _scaled(nano: int, unit: int) -> int:
    return -(-nano // unit) if nano >= 0 else nano // unit


@lru_cache(maxsize=4096)
def parse(text: str) -> Quantity:
    """The amount; QuantityError when it is none.

    >>> parse("1.5Gi").text, parse("0.5").milli, parse("1024Mi").text
    ('1536Mi', 500, '1Gi')
    """
    found = _match(text)
    if not text or found is None:
        raise QuantityError(f"quantities must match the regular expression '{_SYNTAX}'")
    sign, whole, fraction, suffix = found.groups()
    fraction = fraction or ""
    family, base, exponent = _interpret(suffix)
    digits = int(whole + fraction or "0")
    if base == 2:
        nano = _divided(digits * 2**exponent * NANO, 10 ** len(fraction))
        nano = min(nano, _BINARY_MAX)
    else:
        power = max(min(exponent, _EXPONENT_MAX), -_EXPONENT_MAX) - len(fraction) + 9
        nano = digits * 10**power if power >= 0 else _divided(digits, 10**-power)
    if sign == "-":
        nano = -nano
    if _is_canonical(whole.lstrip("0"), fraction, suffix, exponent=exponent, base=base):
        return Quantity(nano, family, text)
    return Quantity(nano, family, spell(nano, family))


def of_nano(nano: int, family: str = "decimal") -> Quantity:
    """The amount of that many billionths, spelled with the suffixes of a family."""
    return Quantity(nano, family, spell(nano, family))


def _divided(number: int, divisor: int) -> int:
    """Rounded up, so that a wish for very little is not a wish for nothing."""
    return -(-number // divisor)


def _interpret(suffix: str) -> tuple[str, int, int]:
    if suffix in _DECIMAL:
        return "decimal", 10, _DECIMAL[suffix]
    if suffix in _BINARY:
        return "binary", 2, _BINARY[suffix]
    if len(suffix) > 1 and suffix[0] in "eE":
        try:
            return "exponent", 10, int(suffix[1:])
        except ValueError:
            pass
    raise QuantityError("unable to parse quantity's suffix")


def _is_canonical(whole: str, fraction: str, suffix: str, *, exponent: int, base: int) -> bool:
    """Whether upstream's fast path keeps the text as it was written."""
    digits = whole + fraction
    if not whole or len(digits) > 15:
        return False
    if base == 2:
        return not fraction and int(digits) & 7 != 0 and len(whole) + exponent * 3 // 10 <= 14
    return len(fraction) <= 9 + exponent and (exponent - len(fraction)) % 3 == 0 and not digits.endswith("000")


def spell(nano: int, family: str = "decimal") -> str:
    """The canonical spelling of an amount in a family of suffixes."""
    if nano == 0:
        return "0"
    if family == "binary" and nano % NANO == 0 and abs(nano) >= 1024 * NANO:
        number, power = nano // NANO, 0
        while number % 1024 == 0 and power < 6:
            number, power = number // 1024, power + 1
        return f"{number}{_BINARY_SUFFIXES[power]}"
    exponent = -9
    while nano % 1000 == 0:
        nano, exponent = nano // 1000, exponent + 3
    if family == "exponent" or exponent not in _DECIMAL_SUFFIXES:
        return f"{nano}e{exponent}" if exponent else str(nano)
    return f"{nano}{_DECIMAL_SUFFIXES[exponent]}"


def round_up_milli(text: str) -> str:
    """The amount with nothing below thousandths, as defaults of resource lists have it."""
    amount = parse(text)
    if amount.nano % 10**6 == 0:
        return amount.text
    return spell(amount.milli * 10**6, amount.family)
