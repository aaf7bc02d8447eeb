"""What is wrong with a JSON text, in the words of Go's `encoding/json` scanner, which clients see in error messages."""

from typing import Final

_END: Final = "unexpected end of JSON input"
_SPACE: Final = b" \t\r\n"
_DIGITS: Final = b"0123456789"
_HEX: Final = b"0123456789abcdefABCDEF"
_NAMES: Final = {"{": "object", "[": "array", '"': "string", "t": "bool", "f": "bool", "n": "null"}
_DEPTH_MAX: Final = 10_000


class _SyntaxError(Exception):
    """Carries Go's message."""


def _quoted(byte: int) -> str:
    char = chr(byte)
    if char == "'":
        return r"'\''"
    if char == '"':
        return "'\"'"
    if char == "\\":
        return r"'\\'"
    names = {"\a": r"\a", "\b": r"\b", "\f": r"\f", "\n": r"\n", "\r": r"\r", "\t": r"\t", "\v": r"\v"}
    if char in names:
        return f"'{names[char]}'"
    if not char.isprintable():
        return f"'\\x{byte:02x}'" if byte < 0x80 else f"'\\u{byte:04x}'"
    return f"'{char}'"


def json_syntax_error(data: bytes) -> str:
    """Go's message about the first mistake in `data`; empty when it is well formed."""
    try:
        _Scanner(data).document()
    except _SyntaxError as error:
        return str(error)
    return ""


def json_kind(data: bytes) -> str:
    """What Go calls the value in a well-formed text: object, array, string, bool, null or number."""
    return _NAMES.get(chr(data.lstrip(_SPACE)[0]), "number")


class _Scanner:
    """Reads one document; nesting is a stack, not recursion, so depth costs nothing."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def document(self) -> None:
        closers: list[int] = []
        while True:
            opened = self._value(closers)
            if not opened:
                self._close(closers)
            if not closers:
                break
        if (byte := self._skip()) is not None:
            raise self._bad(byte, "after top-level value")

    def _value(self, closers: list[int]) -> bool:
        """Read a value, or open a container and stop before its first value. Whether a value is still to come."""
        byte = self._need()
        if byte == 0x7B:
            self._open(closers, 0x7D)
            if self._need() == 0x7D:
                return False
            self._key()
            return True
        if byte == 0x5B:
            self._open(closers, 0x5D)
            return self._need() != 0x5D
        if byte == 0x22:
            self._string()
        elif byte in b"-0123456789":
            self._number()
        elif byte in b"tfn":
            self._literal({0x74: b"true", 0x66: b"false", 0x6E: b"null"}[byte])
        else:
            raise self._bad(byte, "looking for beginning of value")
        return False

    def _open(self, closers: list[int], closer: int) -> None:
        closers.append(closer)
        self.at += 1
        if len(closers) > _DEPTH_MAX:
            raise _SyntaxError("exceeded max depth")

    def _close(self, closers: list[int]) -> None:
        """After a value: close what ends here, or step over the comma to the next value."""
        while closers:
            byte = self._need()
            if byte == closers[-1]:
                closers.pop()
                self.at += 1
                continue
            where = "after object key:value pair" if closers[-1] == 0x7D else "after array element"
            if byte != 0x2C:
                raise self._bad(byte, where)
            self.at += 1
            if closers[-1] == 0x7D:
                self._key()
            return

    def _key(self) -> None:
        byte = self._need()
        if byte != 0x22:
            raise self._bad(byte, "looking for beginning of object key string")
        self._string()
        byte = self._need()
        if byte != 0x3A:
            raise self._bad(byte, "after object key")
        self.at += 1

    def _string(self) -> None:
        self.at += 1
        while (byte := self._next("")) != 0x22:
            if byte < 0x20:
                raise self._bad(byte, "in string literal")
            if byte == 0x5C:
                self._escape()

    def _escape(self) -> None:
        where = "in string escape code"
        byte = self._next(where)
        if byte == 0x75:
            where = "in \\u hexadecimal character escape"
            for _ in range(4):
                if (digit := self._next(where)) not in _HEX:
                    raise self._bad(digit, where)
        elif byte not in b'bfnrt\\/"':
            raise self._bad(byte, where)

    def _number(self) -> None:
        if self.data[self.at] == 0x2D:
            self.at += 1
            self._expect_digit("in numeric literal")
        if self.data[self.at] == 0x30:
            self.at += 1
        else:
            self._digits()
        if self._peek() == 0x2E:
            self.at += 1
            self._expect_digit("after decimal point in numeric literal")
            self._digits()
        if self._peek() in (0x65, 0x45):
            self.at += 1
            if self._peek() in (0x2B, 0x2D):
                self.at += 1
            self._expect_digit("in exponent of numeric literal")
            self._digits()

    def _expect_digit(self, where: str) -> None:
        byte = self._peek()
        if byte is None:
            raise self._bad(0x20, where)
        if byte not in _DIGITS:
            raise self._bad(byte, where)

    def _digits(self) -> None:
        while (byte := self._peek()) is not None and byte in _DIGITS:
            self.at += 1

    def _literal(self, word: bytes) -> None:
        for expected in word:
            where = f"in literal {word.decode()} (expecting {_quoted(expected)})"
            if (byte := self._next(where)) != expected:
                raise self._bad(byte, where)

    def _skip(self) -> int | None:
        data, size = self.data, len(self.data)
        while self.at < size:
            byte = data[self.at]
            if byte not in _SPACE:
                return byte
            self.at += 1
        return None

    def _need(self) -> int:
        byte = self._skip()
        if byte is None:
            raise _SyntaxError(_END)
        return byte

    def _peek(self) -> int | None:
        return self.data[self.at] if self.at < len(self.data) else None

    def _next(self, where: str) -> int:
        """The next byte of a token; Go reads a space at the end of the text, which only a string can take (`where` empty)."""
        byte = self._peek()
        if byte is None:
            raise self._bad(0x20, where) if where else _SyntaxError(_END)
        self.at += 1
        return byte

    @staticmethod
    def _bad(byte: int, where: str) -> _SyntaxError:
        return _SyntaxError(f"invalid character {_quoted(byte)} {where}")
