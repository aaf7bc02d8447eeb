"""awk's tokens. A slash begins a pattern or divides, by what stands before it."""

from dataclasses import dataclass
from typing import Final

from orrery.node.programs.text.escapes import unescape_one

KEYWORDS: Final = frozenset(
    [
        "BEGIN",
        "END",
        "function",
        "func",
        "if",
        "else",
        "while",
        "for",
        "do",
        "break",
        "continue",
        "next",
        "nextfile",
        "exit",
        "return",
        "delete",
        "in",
        "getline",
        "print",
        "printf",
    ]
)
FUNCTIONS: Final = frozenset(
    [
        "length",
        "substr",
        "index",
        "split",
        "sub",
        "gsub",
        "match",
        "sprintf",
        "sin",
        "cos",
        "atan2",
        "exp",
        "log",
        "sqrt",
        "int",
        "rand",
        "srand",
        "tolower",
        "toupper",
        "system",
        "close",
        "fflush",
        "systime",
        "strftime",
    ]
)
_BUSYBOX_FUNCTIONS: Final = FUNCTIONS | {"gensub", "and", "or", "xor", "lshift", "rshift", "compl"}
_OPERATORS: Final = (
    "**=", "&&", "||", "++", "--", "+=", "-=", "*=", "/=", "%=", "^=", "==", "<=", ">=", "!=", ">>", "**", "{", "}", "(", ")", "[", "]", ";",
    ",", "+", "-", "*", "/", "%", "^", "!", ">", "<", "|", "?", ":", "~", "$", "=",
)  # fmt: skip


class AwkSyntax(Exception):
    """The program does not parse."""

    def __init__(self, line: int, near: str, *, busybox: str = "Unexpected token", mawk: str = "") -> None:
        """`mawk`: what mawk says in place of `syntax error at or near`."""
        super().__init__(near)
        self.line = line
        self.near = near
        self.busybox = busybox
        self.mawk = mawk


@dataclass(slots=True)
class Token:
    kind: str
    """number, string, regex, name, call (a name right before a parenthesis), function, keyword, newline, end, or an operator itself."""
    text: str
    line: int
    value: float = 0.0


def tokens_of(source: str, *, is_busybox: bool = True) -> list[Token]:
    """`source` has one character per byte. ** and the functions over bits are busybox's; mawk does not know them."""
    return _Scanner(source, is_busybox=is_busybox).run()


class _Scanner:
    def __init__(self, source: str, *, is_busybox: bool) -> None:
        self._is_busybox = is_busybox
        self._operators = _OPERATORS if is_busybox else tuple(one for one in _OPERATORS if not one.startswith("**"))
        self._functions = _BUSYBOX_FUNCTIONS if is_busybox else FUNCTIONS
        self._source = source
        self._at = 0
        self._line = 1
        self._tokens: list[Token] = []

    def run(self) -> list[Token]:
        while True:
            self._skip()
            if self._at >= len(self._source):
                self._add("newline", "\n")
                self._add("end", "")
                return self._tokens
            self._one()

    def _add(self, kind: str, text: str, value: float = 0.0) -> None:
        self._tokens.append(Token(kind, text, self._line, value))

    def _skip(self) -> None:
        source = self._source
        while self._at < len(source):
            char = source[self._at]
            if char in " \t\r":
                self._at += 1
            elif char == "\\" and source[self._at + 1 : self._at + 2] in ("\n", "\r"):
                self._at = source.find("\n", self._at) + 1
                self._line += 1
            elif char == "#":
                end = source.find("\n", self._at)
                self._at = len(source) if end < 0 else end
            else:
                return

    def _one(self) -> None:
        source, char = self._source, self._source[self._at]
        if char == "\n":
            self._add("newline", "\n")
            self._at += 1
            self._line += 1
        elif char == '"':
            self._string()
        elif char.isdigit() or (char == "." and source[self._at + 1 : self._at + 2].isdigit()):
            self._number()
        elif (char.isalpha() and char.isascii()) or char == "_":
            self._word()
        elif char == "/" and self._wants_operand():
            self._regex()
        else:
            operator = next((one for one in self._operators if source.startswith(one, self._at)), None)
            if operator is None:
                raise AwkSyntax(self._line, char, mawk=f"unexpected character '{char}'")
            self._at += len(operator)
            normal = {"**": "^", "**=": "^="}.get(operator, operator)
            self._add(normal, normal)

    def _wants_operand(self) -> bool:
        if not self._tokens:
            return True
        last = self._tokens[-1]
        if last.kind in ("number", "string", "regex", "name", ")", "]", "$", "++", "--"):
            return False
        return not (last.kind == "function" and last.text == "length")

    def _string(self) -> None:
        source, out = self._source, []
        position = self._at + 1
        while True:
            if position >= len(source) or source[position] == "\n":
                shown = source[self._at : position][:11]
                raise AwkSyntax(self._line, shown, busybox="Unexpected end of string", mawk=f"runaway string constant {shown} ...")
            char = source[position]
            if char == '"':
                break
            if char == "\\" and position + 1 < len(source):
                following = source[position + 1]
                if following == "\n":
                    position += 2
                    self._line += 1
                    continue
                if following == '"' or (following == "/" and self._is_busybox):
                    out.append(following)
                    position += 2
                    continue
                data = source[position : position + 5].encode("latin-1")
                piece, used = unescape_one(data, 0) if following != "c" else (b"\\c", 2)
                out.append((piece or b"").decode("latin-1"))
                position += min(used, len(data))
                continue
            out.append(char)
            position += 1
        self._at = position + 1
        self._add("string", "".join(out))

    def _number(self) -> None:
        source, start = self._source, self._at
        if self._is_busybox and source.startswith(("0x", "0X"), start):
            end = start + 2
            while end < len(source) and source[end] in "0123456789abcdefABCDEF":
                end += 1
            if end > start + 2:
                self._at = end
                self._add("number", source[start:end], float(int(source[start:end], 16)))
                return
        end = start
        while end < len(source) and (source[end].isdigit() or source[end] == "."):
            end += 1
        if source[end : end + 1] in ("e", "E"):
            exponent = end + 1
            if source[exponent : exponent + 1] in ("+", "-"):
                exponent += 1
            if source[exponent : exponent + 1].isdigit():
                while exponent < len(source) and source[exponent].isdigit():
                    exponent += 1
                end = exponent
        text = source[start:end]
        if text.count(".") > 1:
            end = start + text.index(".", text.index(".") + 1)
            text = source[start:end]
        self._at = end
        is_octal = self._is_busybox and text[0] == "0" and not text.strip("01234567")
        self._add("number", text, float(int(text, 8)) if is_octal else float(text))

    def _word(self) -> None:
        source, start = self._source, self._at
        end = start
        while end < len(source) and ((source[end].isalnum() and source[end].isascii()) or source[end] == "_"):
            end += 1
        word = source[start:end]
        self._at = end
        if word in KEYWORDS:
            self._add("keyword", "function" if word == "func" else word)
        elif word in self._functions:
            self._add("function", word)
        else:
            self._add("call" if source[end : end + 1] == "(" else "name", word)

    def _regex(self) -> None:
        source, position = self._source, self._at + 1
        in_bracket = False
        out: list[str] = []
        while True:
            char = source[position : position + 1]
            if not char or char == "\n":
                if self._is_busybox and in_bracket and (end := source.find("/", self._at + 1)) > 0:
                    out, position = [source[self._at + 1 : end]], end
                    break
                shown = source[self._at : position][:11]
                raise AwkSyntax(self._line, shown, mawk=f"runaway regular expression {shown} ...")
            if char == "\\" and position + 1 < len(source):
                out.append("/" if source[position + 1] == "/" else source[position : position + 2])
                position += 2
                continue
            if char == "[" and not in_bracket:
                in_bracket = True
                if source[position + 1 : position + 2] == "^":
                    out.append(char)
                    position += 1
                    char = "^"
                if source[position + 1 : position + 2] == "]":
                    out.append(char)
                    position += 1
                    char = "]"
            elif char == "[" and source[position + 1 : position + 2] == ":":
                end = source.find(":]", position)
                if end > 0:
                    out.append(source[position : end + 2])
                    position = end + 2
                    continue
            elif char == "]":
                in_bracket = False
            elif char == "/" and not in_bracket:
                break
            out.append(char)
            position += 1
        self._at = position + 1
        self._add("regex", "".join(out))
