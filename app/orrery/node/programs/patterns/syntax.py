"""POSIX regular expressions, basic and extended with the GNU additions, parsed into a small tree over bytes.

Both back ends read the tree: RE2 (`patterns.compile`) and, for back-references, the bounded matcher in `backtrack.py`. As in the C locale
of a container, a character is a byte.
"""

from dataclasses import dataclass
from typing import Final, TypeAlias

ALL: Final = frozenset(range(256))
REPEAT_MAX: Final = 32_767
"""RE_DUP_MAX."""


class PatternError(ValueError):
    """The pattern is not one; the message is the C library's."""


@dataclass(frozen=True, slots=True)
class Bytes:
    """One byte out of a set."""

    members: frozenset[int]


@dataclass(frozen=True, slots=True)
class Sequence:
    parts: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Choice:
    branches: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Repeat:
    part: "Node"
    low: int
    high: int | None


@dataclass(frozen=True, slots=True)
class Group:
    number: int
    part: "Node"


@dataclass(frozen=True, slots=True)
class Reference:
    number: int


@dataclass(frozen=True, slots=True)
class Assertion:
    """One of ^ $ b B < > and the ends of the buffer, ` and '."""

    kind: str


Node: TypeAlias = Bytes | Sequence | Choice | Repeat | Group | Reference | Assertion

_UPPER: Final = frozenset(range(65, 91))
_LOWER: Final = frozenset(range(97, 123))
_DIGIT: Final = frozenset(range(48, 58))
_WORD: Final = _UPPER | _LOWER | _DIGIT | {95}
_SPACE: Final = frozenset(b" \t\n\v\f\r")
CLASSES: Final = {
    "alpha": _UPPER | _LOWER,
    "digit": _DIGIT,
    "alnum": _UPPER | _LOWER | _DIGIT,
    "upper": _UPPER,
    "lower": _LOWER,
    "space": _SPACE,
    "blank": frozenset(b" \t"),
    "punct": frozenset(range(33, 127)) - _UPPER - _LOWER - _DIGIT,
    "print": frozenset(range(32, 127)),
    "graph": frozenset(range(33, 127)),
    "cntrl": frozenset(range(32)) | {127},
    "xdigit": _DIGIT | frozenset(b"abcdefABCDEF"),
}
WORD: Final = _WORD
_ESCAPED_SETS: Final = {"w": _WORD, "W": ALL - _WORD, "s": _SPACE, "S": ALL - _SPACE}
_ESCAPED_BYTES: Final = {"n": 10, "t": 9, "r": 13, "f": 12, "v": 11, "a": 7}


class Parser:
    """One pattern's parse. `text` holds one character per byte (latin-1)."""

    def __init__(self, pattern: bytes, *, extended: bool, refuses_bare_repeats: bool = False) -> None:
        self._text = pattern.decode("latin-1")
        self._position = 0
        self._extended = extended
        self._refuses_bare_repeats = refuses_bare_repeats
        self._depth = 0
        self._closed: set[int] = set()
        self.groups = 0
        self.has_references = False

    def parse(self) -> Node:
        node = self._choice()
        if self._position < len(self._text):
            raise PatternError("Unmatched ) or \\)")
        return node

    def _at(self, token: str) -> bool:
        return self._text.startswith(token, self._position)

    def _choice(self) -> Node:
        bar = "|" if self._extended else "\\|"
        branches = [self._sequence()]
        while self._at(bar):
            self._position += len(bar)
            branches.append(self._sequence())
        return branches[0] if len(branches) == 1 else Choice(tuple(branches))

    def _sequence(self) -> Node:
        parts: list[Node] = []
        bar, close = ("|", ")") if self._extended else ("\\|", "\\)")
        while self._position < len(self._text) and not self._at(bar):
            if self._at(close) and (self._depth or not self._extended):
                break
            node = self._atom(is_first=not parts)
            parts.append(self._repeated(node))
        return parts[0] if len(parts) == 1 else Sequence(tuple(parts))

    def _atom(self, *, is_first: bool) -> Node:
        char = self._text[self._position]
        self._position += 1
        if char == "\\":
            return self._escape()
        if char == "[":
            return Bytes(self._bracket())
        if char == ".":
            return Bytes(ALL)
        if char == "^" and (self._extended or is_first):
            return Assertion("^")
        if char == "$" and (self._extended or self._is_end()):
            return Assertion("$")
        if self._extended and char == "(":
            return self._group()
        if self._extended and char in "*+?{" and is_first:
            if (char == "{" and self._interval_ahead()) or (char != "{" and self._refuses_bare_repeats):
                raise PatternError("Invalid preceding regular expression")
            if char != "{":
                return Sequence(())
        return Bytes(frozenset((ord(char),)))

    def _is_end(self) -> bool:
        return self._position == len(self._text) or self._at("\\)") or self._at("\\|")

    def _group(self) -> Node:
        self.groups += 1
        number = self.groups
        self._depth += 1
        if self._depth > 200:
            raise PatternError("Regular expression too big")
        inner = self._choice()
        close = ")" if self._extended else "\\)"
        if not self._at(close):
            raise PatternError("Unmatched ( or \\(")
        self._position += len(close)
        self._depth -= 1
        self._closed.add(number)
        return Group(number, inner)

    def _escape(self) -> Node:
        if self._position >= len(self._text):
            raise PatternError("Trailing backslash")
        char = self._text[self._position]
        self._position += 1
        if not self._extended and char == "(":
            return self._group()
        if not self._extended and char == "{":
            raise PatternError("Invalid preceding regular expression")
        if char in "123456789":
            if int(char) not in self._closed:
                raise PatternError("Invalid back reference")
            self.has_references = True
            return Reference(int(char))
        if char in _ESCAPED_SETS:
            return Bytes(_ESCAPED_SETS[char])
        if char in "bB<>`'":
            return Assertion(char)
        return Bytes(frozenset((_ESCAPED_BYTES.get(char, ord(char)),)))

    def _repeated(self, node: Node) -> Node:
        while self._position < len(self._text):
            bounds = self._quantifier()
            if bounds is None:
                break
            if isinstance(node, Assertion) and node.kind == "^" and not self._extended:
                return Sequence((node, self._repeated(Bytes(frozenset(b"*"))))) if bounds == (0, None) else node
            node = Repeat(node, *bounds)
        return node

    def _quantifier(self) -> tuple[int, int | None] | None:
        if self._at("*"):
            self._position += 1
            return 0, None
        prefix = "" if self._extended else "\\"
        for sign, bounds in (("+", (1, None)), ("?", (0, 1))):
            if self._at(prefix + sign):
                self._position += len(prefix) + 1
                return bounds
        if self._at(prefix + "{"):
            return self._interval(prefix)
        return None

    def _interval_ahead(self) -> bool:
        return self._text[self._position : self._position + 1].isdigit()

    def _interval(self, prefix: str) -> tuple[int, int | None] | None:
        start = self._position + len(prefix) + 1
        end = self._text.find(prefix + "}", start)
        body = self._text[start:end] if end >= 0 else ""
        low, comma, high = body.partition(",")
        is_valid = end >= 0 and (low.isdigit() or (not low and comma)) and (not high or high.isdigit())
        if not is_valid:
            if self._extended and not self._text[start : start + 1].isdigit():
                return None
            raise PatternError("Unmatched \\{" if end < 0 else "Invalid content of \\{\\}")
        self._position = end + len(prefix) + 1
        first = int(low or 0)
        last = first if not comma else int(high) if high else None
        if first > REPEAT_MAX or (last is not None and (last > REPEAT_MAX or last < first)):
            raise PatternError("Regular expression too big" if max(first, last or 0) > REPEAT_MAX else "Invalid content of \\{\\}")
        return first, last

    def _bracket(self) -> frozenset[int]:
        # GNU tells a bracket at the very end apart; other C libraries' words for both are the callers'.
        at_end = self._position >= len(self._text)
        unmatched = PatternError("Invalid regular expression" if at_end else "Unmatched [, [^, [:, [., or [=")
        negated = self._at("^")
        self._position += negated
        members: set[int] = set()
        is_first = True
        while True:
            if self._position >= len(self._text):
                raise unmatched
            if self._at("]") and not is_first:
                self._position += 1
                break
            is_first = False
            if self._at("[:"):
                end = self._text.find(":]", self._position + 2)
                if end < 0:
                    raise unmatched
                name = self._text[self._position + 2 : end]
                if name not in CLASSES:
                    raise PatternError("Invalid character class name")
                members |= CLASSES[name]
                self._position = end + 2
                continue
            low = self._bracket_char()
            if self._at("-") and self._position + 1 < len(self._text) and not self._at("-]"):
                self._position += 1
                high = self._bracket_char()
                if high < low:
                    raise PatternError("Invalid range end")
                members.update(range(low, high + 1))
            else:
                members.add(low)
        return ALL - members if negated else frozenset(members)

    def _bracket_char(self) -> int:
        for kind in (".", "="):
            if self._at("[" + kind):
                end = self._text.find(kind + "]", self._position + 2)
                name = self._text[self._position + 2 : end] if end >= 0 else ""
                if len(name) != 1:
                    raise PatternError("Invalid collation character")
                self._position = end + 2
                return ord(name)
        if self._position >= len(self._text):
            raise PatternError("Unmatched [, [^, [:, [., or [=")
        self._position += 1
        return ord(self._text[self._position - 1])
