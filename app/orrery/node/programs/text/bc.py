"""bc: arithmetic of any precision with scale; variables, comparisons, if and while, the functions of -l."""

import decimal
import math
from typing import Final

from orrery.node.programs.call import Applet, Call
from orrery.node.programs.faults import Fault
from orrery.node.programs.lines import read_all
from orrery.node.programs.reasons import reason

_DIGITS_MAX: Final = 5000
_OPERATORS: Final = ("<=", ">=", "==", "!=", "&&", "||", "+=", "-=", "*=", "/=", "%=", "^=", "++", "--")
_LEVELS: Final = (("||",), ("&&",), ("<", ">", "<=", ">=", "==", "!="), ("+", "-"), ("*", "/", "%"))


class _Quit(Exception):
    pass


class _Wrong(Exception):
    """Said, and the calculation goes on with the next line."""


Number = tuple[int, int]
"""Digits and scale: the value is digits / 10**scale."""


def _at_scale(number: Number, scale: int) -> int:
    digits, own = number
    if scale >= own:
        whole: int = digits * 10 ** (scale - own)
        return whole
    quotient: int = abs(digits) // 10 ** (own - scale)
    return quotient if digits >= 0 else -quotient


def _text(number: Number) -> str:
    digits, scale = number
    body = str(abs(digits)).rjust(scale + 1, "0")
    text = body if not scale else (body[:-scale].lstrip("0") or "") + "." + body[-scale:]
    if digits == 0:
        return "0"
    return ("-" if digits < 0 else "") + text


class _Calculator:
    def __init__(self, call: Call, *, has_library: bool) -> None:
        self._call = call
        self._variables: dict[str, Number] = {}
        self._scale = 20 if has_library else 0
        self._library = has_library
        self._tokens: list[str] = []
        self._at = 0
        self._last: Number = (0, 0)
        self._base = 10

    async def run(self, text: str) -> None:
        for line in text.replace(";", "\n").split("\n"):
            self._tokens, self._at = self._split(line), 0
            if not self._tokens:
                continue
            try:
                await self._statement()
            except _Wrong as wrong:
                await self._call.process.complain(
                    f"bc: {wrong}" if self._call.is_busybox else f"Runtime error (func=(main), adr=3): {wrong}"
                )
                if self._call.is_busybox:
                    raise Fault("", 1) from None
            await self._call.process.tick()

    def _split(self, line: str) -> list[str]:
        tokens: list[str] = []
        position = 0
        line = line.partition("#")[0]
        while position < len(line):
            char = line[position]
            if char.isspace():
                position += 1
                continue
            end = position + 1
            if char.isdigit() or char == ".":
                while end < len(line) and (line[end].isdigit() or line[end] == "."):
                    end += 1
            elif char.isalpha():
                while end < len(line) and (line[end].isalnum() or line[end] == "_"):
                    end += 1
            elif char == '"':
                end = line.find('"', end) + 1 or len(line)
            elif line[position : position + 2] in _OPERATORS:
                end = position + 2
            tokens.append(line[position:end])
            position = end
        return tokens

    def _peek(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def _next(self) -> str:
        token = self._peek()
        self._at += 1
        return token

    async def _statement(self) -> None:
        first = self._peek()
        if first == "quit" or first == "halt":
            raise _Quit
        if first.startswith('"'):
            await self._call.print(first.strip('"'))
            return
        if first == "print":
            self._at += 1
            while self._peek():
                token = self._peek()
                if token.startswith('"'):
                    await self._call.print(self._next().strip('"').replace("\\n", "\n"))
                elif token == ",":
                    self._at += 1
                else:
                    await self._call.print(_text(self._value(0)))
            return
        is_assignment = (
            first.isalpha() and self._at + 1 < len(self._tokens) and self._tokens[1] in ("=", "+=", "-=", "*=", "/=", "%=", "^=")
        )
        result = self._value(-1)
        if self._peek():
            raise self._syntax()
        if not is_assignment:
            self._last = result
            await self._call.print(self._shown(result) + "\n")

    def _syntax(self) -> Fault:
        if self._call.is_busybox:
            return Fault(f"bad token at '{self._peek()}'" if self._peek() else "bad expression")
        return Fault("syntax error")

    def _shown(self, number: Number) -> str:
        if self._base == 10 or number[1]:
            return _text(number)
        digits, out = abs(number[0]), ""
        while digits:
            digits, digit = divmod(digits, self._base)
            out = "0123456789ABCDEF"[digit % 16] + out
        return ("-" if number[0] < 0 else "") + (out or "0")

    def _value(self, level: int) -> Number:
        if level < 0:
            name = self._peek()
            if name.isidentifier() and self._at + 1 < len(self._tokens):
                operator = self._tokens[self._at + 1]
                if operator == "=" or (len(operator) == 2 and operator[1] == "=" and operator[0] in "+-*/%^"):
                    self._at += 2
                    value = self._value(-1)
                    value = value if operator == "=" else self._apply(operator[0], self._get(name), value)
                    self._set(name, value)
                    return value
            return self._value(0)
        if level == len(_LEVELS):
            return self._power()
        left = self._value(level + 1)
        while self._peek() in _LEVELS[level]:
            operator = self._next()
            left = self._apply(operator, left, self._value(level + 1))
        return left

    def _power(self) -> Number:
        if self._peek() == "-":
            self._at += 1
            digits, scale = self._power()
            return -digits, scale
        if self._peek() == "!":
            self._at += 1
            return (int(self._power()[0] == 0), 0)
        base = self._primary()
        if self._peek() == "^":
            self._at += 1
            return self._apply("^", base, self._power())
        return base

    def _primary(self) -> Number:
        token = self._next()
        if token == "(":
            inner = self._value(-1)
            if self._next() != ")":
                raise self._syntax()
            return inner
        if token[:1].isdigit() or token[:1] == ".":
            whole, _, fraction = token.partition(".")
            if "." in fraction or len(token) > _DIGITS_MAX:
                raise self._syntax()
            return int((whole or "0") + fraction), len(fraction)
        if token == "." or token == "last":
            return self._last
        if token[:1].isalpha():
            return self._function(token) if self._peek() == "(" else self._get(token)
        self._at -= 1
        raise self._syntax()

    def _get(self, name: str) -> Number:
        return {"scale": (self._scale, 0), "obase": (self._base, 0), "ibase": (10, 0)}.get(name) or self._variables.get(name, (0, 0))

    def _set(self, name: str, value: Number) -> None:
        if name == "scale":
            self._scale = min(max(_at_scale(value, 0), 0), 1000)
        elif name == "obase":
            self._base = min(max(_at_scale(value, 0), 2), 16)
        elif name != "ibase":
            self._variables[name] = value

    def _function(self, name: str) -> Number:
        self._at += 1
        value = self._value(-1)
        if self._next() != ")":
            raise self._syntax()
        if name == "sqrt":
            if value[0] < 0:
                raise _Wrong("Square root of a negative number" if not self._call.is_busybox else "negative number")
            scale = max(self._scale, value[1])
            return math.isqrt(_at_scale(value, 2 * scale)), scale
        if name == "length":
            return len(str(abs(value[0]))), 0
        if name == "scale":
            return value[1], 0
        if self._library and name in ("s", "c", "a", "l", "e"):
            return self._transcendental(name, value)
        raise _Wrong(f"Function {name} not defined." if not self._call.is_busybox else f"undefined function {name}()")

    def _transcendental(self, name: str, value: Number) -> Number:
        with decimal.localcontext() as context:
            context.prec = min(self._scale + 30, 200)
            x = decimal.Decimal(value[0]).scaleb(-value[1])
            if name == "e":
                result = min(x, decimal.Decimal(10_000)).exp()
            elif name == "l":
                if x <= 0:
                    raise _Wrong("bad logarithm")
                result = x.ln()
            else:
                result = _series(name, x)
            return int(result.scaleb(self._scale).to_integral_value(decimal.ROUND_DOWN)), self._scale

    def _apply(self, operator: str, left: Number, right: Number) -> Number:
        scale = max(left[1], right[1])
        first, second = _at_scale(left, scale), _at_scale(right, scale)
        if operator in ("+", "-"):
            return first + second if operator == "+" else first - second, scale
        if operator == "*":
            wanted = min(left[1] + right[1], max(self._scale, left[1], right[1]))
            return _at_scale((left[0] * right[0], left[1] + right[1]), wanted), wanted
        if operator in ("/", "%"):
            if second == 0:
                raise _Wrong("divide by zero" if self._call.is_busybox else "Divide by zero")
            quotient = abs(first) * 10**self._scale // abs(second) * (1 if (first < 0) == (second < 0) else -1)
            if operator == "/":
                return quotient, self._scale
            wide = max(self._scale + right[1], left[1])
            return _at_scale(left, wide) - _at_scale((quotient * right[0], self._scale + right[1]), wide), wide
        if operator == "^":
            return self._raised(left, _at_scale(right, 0))
        held = {"<": first < second, ">": first > second, "<=": first <= second, ">=": first >= second, "==": first == second,
                "!=": first != second, "&&": bool(first and second), "||": bool(first or second)}[operator]  # fmt: skip
        return int(held), 0

    def _raised(self, base: Number, exponent: int) -> Number:
        if abs(exponent) * max(len(str(abs(base[0]))), 1) > 4 * _DIGITS_MAX:
            raise _Wrong("exponent too large in raise")
        if exponent >= 0:
            wanted = min(base[1] * exponent, max(self._scale, base[1]))
            return _at_scale((base[0] ** exponent, base[1] * exponent), wanted), wanted
        if base[0] == 0:
            raise _Wrong("divide by zero" if self._call.is_busybox else "Divide by zero")
        power = base[0] ** -exponent
        return 10 ** (self._scale + base[1] * -exponent) // abs(power) * (1 if power > 0 else -1), self._scale


def _series(name: str, x: decimal.Decimal) -> decimal.Decimal:
    """Sine, cosine, arc tangent."""
    if name == "a":
        if abs(x) > 1:
            half_pi = 2 * _series("a", decimal.Decimal(1))
            return (half_pi if x > 0 else -half_pi) - _series("a", 1 / x)
        if abs(x) > decimal.Decimal("0.3"):
            return 2 * _series("a", x / (1 + (1 + x * x).sqrt()))
    else:
        pi = 4 * _series("a", decimal.Decimal(1))
        x = x % (2 * pi)
    term = decimal.Decimal(1) if name == "c" else x
    total, number = term, 0 if name == "c" else 1
    for _ in range(400):
        number += 2
        term = -term * x * x if name == "a" else -term * x * x / (number * (number - 1))
        step = term / number if name == "a" else term
        if abs(step) < decimal.Decimal(10) ** -(decimal.getcontext().prec - 2):
            break
        total += step
    return total


async def bc(call: Call) -> int:
    options = call.options("ilqsvw", {"mathlib": "l", "quiet": "q", "interactive": "i", "standard": "s", "warn": "w"})
    calculator = _Calculator(call, has_library=options.has("l"))
    try:
        for path in [*options.operands, "-"]:
            try:
                stream = call.open(path)
            except OSError as error:
                raise Fault(f"can't open '{path}': {reason(error)}" if call.is_busybox else f"File {path} is unavailable.") from None
            text = (await read_all(call.process, stream)).decode("utf-8", "replace")
            stream.close()
            whole, newline, rest = text.rpartition("\n")
            if rest and not call.is_busybox:
                await calculator.run(whole)
                await call.process.complain(f"(standard_in) {whole.count(newline or ' ') + 1}: syntax error")
            else:
                await calculator.run(text)
    except _Quit:
        return 0
    except Fault as fault:
        if not fault.message:
            return fault.code
        raise
    return 0


PROGRAMS: dict[str, Applet] = {"bc": bc}
