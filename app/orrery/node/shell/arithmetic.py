"""The arithmetic of $((…)), let and (( )): text to closures over variables, in 64 bits with wrap-around, compiled once per text."""

import operator
import re
from collections.abc import Callable
from functools import lru_cache
from typing import Final, Protocol, TypeAlias

from orrery.node.shell.flavours import Flavour


class ArithmeticFault(Exception):
    """The message, worded for the flavour and without a prefix."""


class Names(Protocol):
    """The variables as arithmetic sees them."""

    flavour: Flavour

    def number(self, name: str, subscript: "Subscript") -> int: ...
    def assign_number(self, name: str, subscript: "Subscript", value: int) -> None: ...
    def subscript(self, name: str, text: str) -> "Subscript":
        """What stands between the brackets: the key of a map, the index of an array."""


Subscript: TypeAlias = int | str
"""An index, or the key of an associative array."""
Evaluate: TypeAlias = Callable[[Names], int]
NO_SUBSCRIPT: Final = -(1 << 70)

_TOKEN: Final = re.compile(
    r"\s*(?:(?P<number>0[xX][0-9a-fA-F]+|[0-9]+#[0-9a-zA-Z@_]+|[0-9][0-9a-zA-Z]*)|(?P<name>[A-Za-z_][A-Za-z0-9_]*)"
    r"|(?P<operator><<=|>>=|\*\*|\+\+|--|<<|>>|<=|>=|==|!=|&&|\|\||[-+*/%&^|]=|[-+*/%<>=!~&^|?:(),\[\]]))"
)
_DASH_TOKEN: Final = re.compile(_TOKEN.pattern.replace(r"|\*\*|\+\+|--|", "|"))
"""dash reads ** ++ and -- as two signs."""
_BINARY: Final[tuple[tuple[str, ...], ...]] = (
    ("|",),
    ("^",),
    ("&",),
    ("==", "!="),
    ("<", ">", "<=", ">="),
    ("<<", ">>"),
    ("+", "-"),
    ("*", "/", "%"),
)
_ASSIGNMENTS: Final = frozenset(["=", "+=", "-=", "*=", "/=", "%=", "&=", "^=", "|=", "<<=", ">>="])


def wrap(value: int) -> int:
    """`value` as a signed number of 64 bits."""
    if -0x8000000000000000 <= value <= 0x7FFFFFFFFFFFFFFF:
        return value
    return ((value + 0x8000000000000000) & 0xFFFFFFFFFFFFFFFF) - 0x8000000000000000


def _divide(left: int, right: int) -> int:
    quotient = abs(left) // abs(right)
    return quotient if (left < 0) == (right < 0) else -quotient


def _remainder(left: int, right: int) -> int:
    return left - right * _divide(left, right)


_OPERATIONS: Final[dict[str, Callable[[int, int], int]]] = {
    "|": operator.or_,
    "^": operator.xor,
    "&": operator.and_,
    "==": lambda a, b: int(a == b),
    "!=": lambda a, b: int(a != b),
    "<": lambda a, b: int(a < b),
    ">": lambda a, b: int(a > b),
    "<=": lambda a, b: int(a <= b),
    ">=": lambda a, b: int(a >= b),
    "<<": lambda a, b: wrap(a << (b & 63)),
    ">>": lambda a, b: a >> (b & 63),
    "+": lambda a, b: wrap(a + b),
    "-": lambda a, b: wrap(a - b),
    "*": lambda a, b: wrap(a * b),
    "/": _divide,
    "%": _remainder,
    "**": lambda a, b: wrap(pow(a, b, 1 << 64) if b > 64 else a**b),
}


def parse_number(text: str) -> int | None:
    """A constant: decimal, 0octal, 0xhex or base#digits; None when it is none."""
    try:
        if "#" in text:
            base, digits = text.split("#", 1)
            return _in_base(digits, int(base))
        if text[:2] in ("0x", "0X"):
            return wrap(int(text[2:], 16))
        if text.startswith("0") and len(text) > 1:
            return wrap(int(text, 8))
        return wrap(int(text))
    except ValueError:
        return None


def _in_base(digits: str, base: int) -> int:
    alphabet = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ@_"
    value = 0
    for char in digits.lower() if base <= 36 else digits:
        digit = alphabet.index(char)
        if digit >= base:
            raise ValueError(digits)
        value = value * base + digit
    return wrap(value)


class _Compiler:
    """Recursive descent over the tokens of one expression."""

    def __init__(self, text: str, flavour: Flavour) -> None:
        self.text = text
        self.flavour = flavour
        self.tokens: list[tuple[str, str, int]] = []
        self.index = 0
        position = 0
        pattern = _DASH_TOKEN if flavour.is_dash else _TOKEN
        end = len(text.rstrip())
        while position < end:
            match = pattern.match(text, position)
            if match is None:
                self.tokens.append(("bad", text[position:].lstrip(), position))
                break
            kind = match.lastgroup or ""
            self.tokens.append((kind, match[kind], match.start(kind)))
            position = match.end()
            if kind == "name" and flavour.is_bash and (closing := closing_bracket(text, position)):
                self.tokens.append(("subscript", text[position + 1 : closing], position))
                position = closing + 1

    def fault(self, message: str = "expecting primary") -> ArithmeticFault:
        if self.flavour.is_dash:
            return ArithmeticFault(f'arithmetic expression: {message}: "{self.text}"')
        if self.flavour.is_ash:
            return ArithmeticFault("arithmetic syntax error")
        index = min(self.index, len(self.tokens) - 1)
        at_end = self.index >= len(self.tokens)
        token = self.text[self.tokens[index][2] :] if self.tokens else ""
        if message == "expecting EOF":
            return ArithmeticFault(f'{self.text}: syntax error in expression (error token is "{token}")')
        if at_end and message == "expecting ')'":
            return ArithmeticFault(f'{self.text}: missing `)\' (error token is "{token}")')
        return ArithmeticFault(f'{self.text}: syntax error: operand expected (error token is "{token}")')

    def peek(self) -> str:
        return self.tokens[self.index][1] if self.index < len(self.tokens) and self.tokens[self.index][0] == "operator" else ""

    def kind(self, ahead: int) -> str:
        index = self.index + ahead
        return self.tokens[index][0] if index < len(self.tokens) else ""

    def take(self, text: str) -> bool:
        if self.peek() == text:
            self.index += 1
            return True
        return False

    def whole(self) -> Evaluate:
        if not self.tokens:
            if self.flavour.is_dash:
                raise self.fault()
            return lambda names: 0
        result = self.comma()
        if self.index < len(self.tokens):
            raise self.fault("expecting EOF")
        return result

    def comma(self) -> Evaluate:
        left = self.assignment()
        while not self.flavour.is_dash and self.take(","):
            left = _then(left, self.assignment())
        return left

    def assignment(self) -> Evaluate:
        start = self.index
        if start < len(self.tokens) and self.tokens[start][0] == "name":
            name = self.tokens[start][1]
            self.index += 1
            subscript = self.subscript()
            sign = self.peek()
            if sign in _ASSIGNMENTS:
                self.index += 1
                value = self.assignment()
                return _assign(name, subscript, self.operation(sign[:-1]) if sign != "=" else None, value)
            self.index = start
        return self.conditional()

    def subscript(self) -> str | None:
        if self.kind(0) != "subscript":
            return None
        self.index += 1
        return self.tokens[self.index - 1][1]

    def conditional(self) -> Evaluate:
        condition = self.logical("||")
        if not self.take("?"):
            return condition
        then = self.comma()
        if not self.take(":"):
            raise self.fault("expecting ':'")
        otherwise = self.assignment()
        return lambda names: then(names) if condition(names) else otherwise(names)

    def logical(self, sign: str) -> Evaluate:
        left = self.binary(0) if sign == "&&" else self.logical("&&")
        while self.take(sign):
            right = self.binary(0) if sign == "&&" else self.logical("&&")
            left = _both(left, right) if sign == "&&" else _either(left, right)
        return left

    def binary(self, level: int) -> Evaluate:
        if level == len(_BINARY):
            return self.power()
        left = self.binary(level + 1)
        while (sign := self.peek()) in _BINARY[level]:
            self.index += 1
            left = _apply(self.operation(sign), left, self.binary(level + 1))
        return left

    def operation(self, sign: str) -> Callable[[int, int], int]:
        if sign not in ("/", "%"):
            return _OPERATIONS[sign]
        function = _OPERATIONS[sign]
        text, flavour = self.text, self.flavour
        token = text[self.tokens[self.index][2] :] if self.index < len(self.tokens) else ""

        def checked(left: int, right: int) -> int:
            if right == 0:
                raise _division_by_zero(text, token, flavour)
            return function(left, right)

        return checked

    def power(self) -> Evaluate:
        base = self.unary()
        if self.flavour.is_dash or not self.take("**"):
            return base
        return _apply(_OPERATIONS["**"], base, self.power())

    def unary(self) -> Evaluate:
        sign = self.peek()
        if (
            sign in ("++", "--")
            and not self.flavour.is_dash
            and self.index + 1 < len(self.tokens)
            and self.tokens[self.index + 1][0] == "name"
        ):
            self.index += 1
            name = self.tokens[self.index][1]
            self.index += 1
            return _step(name, self.subscript(), 1 if sign == "++" else -1, before=True)
        if sign in ("+", "-", "!", "~", "++", "--"):
            self.index += 1
            inner = self.unary()
            return {
                "+": inner,
                "-": lambda names: wrap(-inner(names)),
                "!": lambda names: int(not inner(names)),
                "~": lambda names: ~inner(names),
                "++": inner,
                "--": inner,
            }[sign]
        return self.primary()

    def primary(self) -> Evaluate:
        if self.take("("):
            inner = self.comma()
            if not self.take(")"):
                raise self.fault("expecting ')'")
            return inner
        if self.index >= len(self.tokens):
            raise self.fault()
        kind, text, _ = self.tokens[self.index]
        if kind == "number":
            value = parse_number(text)
            if value is None and self.flavour.is_bash and text.isdigit():
                raise ArithmeticFault(f'{self.text.rstrip()}: value too great for base (error token is "{text}")')
            if value is None:
                raise self.fault("expecting EOF")
            self.index += 1
            return lambda names: value
        if kind == "name":
            self.index += 1
            subscript = self.subscript()
            sign = self.peek()
            if sign in ("++", "--") and not self.flavour.is_dash:
                self.index += 1
                return _step(text, subscript, 1 if sign == "++" else -1, before=False)
            return _variable(text, subscript)
        raise self.fault()


def _division_by_zero(text: str, token: str, flavour: Flavour) -> ArithmeticFault:
    if flavour.is_dash:
        return ArithmeticFault(f'arithmetic expression: division by zero: "{text}"')
    return ArithmeticFault("divide by zero" if flavour.is_ash else f'{text}: division by 0 (error token is "{token}")')


def _then(left: Evaluate, right: Evaluate) -> Evaluate:
    def run(names: Names) -> int:
        left(names)
        return right(names)

    return run


def _both(left: Evaluate, right: Evaluate) -> Evaluate:
    return lambda names: int(bool(left(names)) and bool(right(names)))


def _either(left: Evaluate, right: Evaluate) -> Evaluate:
    return lambda names: int(bool(left(names)) or bool(right(names)))


def _apply(function: Callable[[int, int], int], left: Evaluate, right: Evaluate) -> Evaluate:
    return lambda names: function(left(names), right(names))


def _variable(name: str, subscript: str | None) -> Evaluate:
    if subscript is None:
        return lambda names: names.number(name, NO_SUBSCRIPT)
    return lambda names: names.number(name, names.subscript(name, subscript))


def _assign(name: str, subscript: str | None, function: Callable[[int, int], int] | None, value: Evaluate) -> Evaluate:
    def run(names: Names) -> int:
        index = NO_SUBSCRIPT if subscript is None else names.subscript(name, subscript)
        result = value(names) if function is None else function(names.number(name, index), value(names))
        names.assign_number(name, index, result)
        return result

    return run


def _step(name: str, subscript: str | None, change: int, *, before: bool) -> Evaluate:
    def run(names: Names) -> int:
        index = NO_SUBSCRIPT if subscript is None else names.subscript(name, subscript)
        old = names.number(name, index)
        names.assign_number(name, index, wrap(old + change))
        return wrap(old + change) if before else old

    return run


def closing_bracket(text: str, start: int) -> int:
    """Where the bracket that opens at `start` closes; 0 when there is none."""
    depth = 0
    for position in range(start, len(text)) if text.startswith("[", start) else ():
        depth += (text[position] == "[") - (text[position] == "]")
        if not depth:
            return position
    return 0


@lru_cache(maxsize=2048)
def compiled(text: str, flavour: Flavour) -> Evaluate:
    """The expression as a function of the variables; ArithmeticFault when it is none."""
    try:
        return _Compiler(text.lstrip() if flavour.is_bash else text, flavour).whole()
    except RecursionError:
        raise ArithmeticFault("expression recursion level exceeded") from None


def evaluate(text: str, names: Names) -> int:
    return compiled(text, names.flavour)(names)
