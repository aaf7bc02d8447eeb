"""seq, expr and factor."""

from typing import Final

from orrery.node.programs.call import Applet, Call, encode
from orrery.node.programs.faults import Fault, Misuse
from orrery.node.programs.patterns.compile import PatternError, compile_pattern
from orrery.node.programs.text.formats import WIDTH_MAX, float_text


def _decimals(text: str) -> int:
    return len(text.partition(".")[2]) if "e" not in text.lower() else 6


async def seq(call: Call) -> int:
    words, separator, is_wide, template = list(call.arguments), "\n", False, ""
    while words and words[0][:1] == "-" and not words[0][1:2].isdigit() and words[0][1:2] not in (".", ""):
        word = words.pop(0)
        if word == "-w" or (word == "--equal-width" and not call.is_busybox):
            is_wide = True
        elif word[:2] == "-s" or (word[:2] == "-f" and not call.is_busybox):
            value = word[2:] or (words.pop(0) if words else "")
            separator, template = (value, template) if word[1] == "s" else (separator, value)
        elif call.is_busybox and word[:2] == "--" and word != "--":
            raise Misuse(f"unrecognized option '{word}'")
        elif word.startswith("--separator="):
            separator = word.partition("=")[2]
        elif word != "--":
            raise Misuse(f"invalid option -- '{word[1:2]}'")
    if not 1 <= len(words) <= 3:
        raise Misuse("" if call.is_busybox else "missing operand" if not words else f"extra operand '{words[3]}'")
    values: list[float] = []
    for word in words:
        try:
            values.append(float(word))
            if not -1e300 < values[-1] < 1e300:
                raise ValueError(word)
        except ValueError:
            raise (Misuse() if call.is_busybox else Misuse(f"invalid floating point argument: '{word}'")) from None
    first = values[0] if len(values) > 1 else 1.0
    step = values[1] if len(values) > 2 else 1.0
    if step == 0:
        raise Misuse("" if call.is_busybox else f"invalid Zero increment value: '{words[1]}'")
    decimals = max(
        _decimals(word) if "e" not in word.lower() else 0
        for word in (words[:2] if len(words) > 2 else words[:1] if len(words) > 1 else []) or ["1"]
    )
    width = max(len(f"{value:.{decimals}f}") for value in (first, values[-1])) if is_wide else 0
    await _print_sequence(call, first, step, values[-1], decimals, width, separator, template)
    return 0


async def _print_sequence(
    call: Call, first: float, step: float, last: float, decimals: int, width: int, separator: str, template: str
) -> None:
    index, out, between = 0, [], ""
    scale = 10**decimals
    start_scaled, step_scaled, last_scaled = round(first * scale), round(step * scale), last * scale
    while True:
        scaled = start_scaled + index * step_scaled
        if scaled > last_scaled + 1e-9 if step > 0 else scaled < last_scaled - 1e-9:
            break
        text = str(scaled) if not decimals else f"{scaled / scale:.{decimals}f}"
        if width:
            sign = "-" if text.startswith("-") else ""
            text = sign + text.removeprefix("-").rjust(width - len(sign), "0")
        if template:
            text = _apply(template, scaled / scale)
        out.append(between + text)
        between = separator
        index += 1
        if len(out) >= 4096:
            await call.print("".join(out))
            await call.process.tick(len(out))
            out = []
    await call.print("".join(out) + ("\n" if index else ""))


def _apply(template: str, value: float) -> str:
    start = template.find("%")
    end = start + 1
    while end < len(template) and template[end] not in "eEfFgGa%":
        end += 1
    if start < 0 or end >= len(template):
        raise Fault(f"format '{template}' has no % directive")
    body = template[start + 1 : end]
    flags = body[: len(body) - len(body.lstrip("-+ #0"))]
    width, _, precision = body[len(flags) :].partition(".")
    text = float_text(value, flags, min(int(width[:9] or 0), WIDTH_MAX), int(precision[:4]) if precision.isdigit() else None, template[end])
    return template[:start] + text + template[end + 1 :]


class _Expression:
    """The grammar of expr(1), lowest precedence first: | & comparison + - * / % : ( )."""

    _LEVELS: Final = (("|",), ("&",), ("=", "==", "!=", "<", "<=", ">", ">="), ("+", "-"), ("*", "/", "%"), (":",))

    def __init__(self, words: list[str], *, is_busybox: bool) -> None:
        self._words = words
        self._at = 0
        self._busybox = is_busybox

    def value(self) -> str:
        result = self._level(0)
        if self._at < len(self._words):
            raise Fault("syntax error" if self._busybox else f"syntax error: unexpected argument '{self._words[self._at]}'", 2)
        return result

    def _next(self) -> str:
        if self._at >= len(self._words):
            last = self._words[-1] if self._words else ""
            raise Fault("syntax error" if self._busybox else f"syntax error: missing argument after '{last}'", 2)
        self._at += 1
        return self._words[self._at - 1]

    def _level(self, level: int) -> str:
        if level == len(self._LEVELS):
            return self._operand()
        left = self._level(level + 1)
        while self._at < len(self._words) and self._words[self._at] in self._LEVELS[level]:
            operator = self._next()
            left = self._apply(operator, left, self._level(level + 1))
        return left

    def _operand(self) -> str:
        word = self._next()
        if word == "(":
            inner = self._level(0)
            if self._at >= len(self._words) or self._next() != ")":
                raise Fault("syntax error" if self._busybox else "syntax error: expecting ')'", 2)
            return inner
        if word == "length":
            return str(len(encode(self._operand())))
        if word == "match":
            text = self._operand()
            return self._match(text, self._operand())
        if word == "substr":
            text, start, count = self._operand(), self._integer(self._operand()), self._integer(self._operand())
            return text[start - 1 : start - 1 + count] if start > 0 and count > 0 else ""
        if word == "index":
            text, chars = self._operand(), self._operand()
            return str(min((text.find(char) + 1 for char in chars if char in text), default=0))
        if word == "+":
            return self._next()
        return word

    def _apply(self, operator: str, left: str, right: str) -> str:
        if operator == ":":
            return self._match(left, right)
        if operator == "|":
            return left if left not in ("", "0") else right if right not in ("",) else "0"
        if operator == "&":
            return left if left not in ("", "0") and right not in ("", "0") else "0"
        if operator in ("=", "==", "!=", "<", "<=", ">", ">="):
            return self._compare(operator, left, right)
        first, second = self._integer(left), self._integer(right)
        if operator in "/%":
            if second == 0:
                raise Fault("division by zero", 2)
            quotient = abs(first) // abs(second) * (1 if (first < 0) == (second < 0) else -1)
            return str(quotient if operator == "/" else first - quotient * second)
        return str(first + second if operator == "+" else first - second if operator == "-" else first * second)

    def _compare(self, operator: str, left: str, right: str) -> str:
        numbers = _is_integer(left) and _is_integer(right)
        order = (int(left) > int(right)) - (int(left) < int(right)) if numbers else (left > right) - (left < right)
        results = {"=": order == 0, "==": order == 0, "!=": order != 0, "<": order < 0, "<=": order <= 0, ">": order > 0, ">=": order >= 0}
        return "1" if results[operator] else "0"

    def _integer(self, text: str) -> int:
        if not _is_integer(text):
            raise Fault("non-integer argument" if not self._busybox else "non-numeric argument", 2)
        return int(text)

    def _match(self, text: str, pattern: str) -> str:
        try:
            compiled = compile_pattern(b"^" + encode(pattern.removeprefix("^")))
        except PatternError as error:
            raise Fault(f"bad regex '{pattern}': {error}" if self._busybox else str(error), 2) from None
        data = encode(text)
        spans = compiled.search(data)
        if compiled.groups:
            return data[slice(*spans[1])].decode("utf-8", "surrogateescape") if spans and spans[1][0] >= 0 else ""
        return str(spans[0][1]) if spans else "0"


def _is_integer(text: str) -> bool:
    digits = text.removeprefix("-")
    return digits.isascii() and digits.isdigit() and len(digits) < 1000


async def expr(call: Call) -> int:
    words = call.arguments[1:] if call.arguments[:1] == ["--"] else call.arguments
    if not words:
        raise Fault("too few arguments", 2) if call.is_busybox else Misuse("missing operand", 2)
    result = _Expression(words, is_busybox=call.is_busybox).value()
    await call.print(result + "\n")
    return 1 if result in ("", "0") or (_is_integer(result) and int(result) == 0) else 0


async def factor(call: Call) -> int:
    for word in call.arguments:
        if not word.isascii() or not word.isdigit() or len(word) > 14:
            if call.is_busybox:
                raise Misuse
            await call.complain(f"'{word}' is not a valid positive integer")
            continue
        value, divisor, factors = int(word), 2, []
        while divisor * divisor <= value:
            while value % divisor == 0:
                factors.append(str(divisor))
                value //= divisor
            divisor += 1 if divisor == 2 else 2
            await call.process.tick()
        if value > 1:
            factors.append(str(value))
        await call.print(f"{int(word)}: {' '.join(factors)}".rstrip() + "\n")
    return call.failed


PROGRAMS: dict[str, Applet] = {"seq": seq, "expr": expr, "factor": factor}
