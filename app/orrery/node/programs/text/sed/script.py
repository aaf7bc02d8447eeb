"""A sed script as data: addresses, commands, substitutions. Parsed once, by GNU sed's grammar and in its words; see busybox.py for the other."""

from dataclasses import dataclass, field
from typing import Final, NoReturn

from orrery.node.programs.faults import Fault
from orrery.node.programs.patterns.compile import Pattern, PatternError, compile_pattern

_WITHOUT_ADDRESS: Final = b":}#"
_TEXT: Final = b"aic"
_LABEL: Final = b"btT:"
_FILE: Final = b"rwRW"
_PLAIN: Final = b"=dDgGhHnNpPxzFv"


@dataclass(slots=True)
class Address:
    """A line number, `$`, a pattern, or a step; for a second address also `+N` and `~N`."""

    line: int = -1
    is_last: bool = False
    pattern: Pattern | None = None
    uses_previous: bool = False
    step: int = -1
    plus: int = -1
    multiple: int = -1


@dataclass(slots=True)
class Substitution:
    pattern: Pattern | None
    """None: the pattern used last."""
    parts: tuple[bytes | int | str, ...]
    """Literal bytes, numbers of groups, and the letters U L u l E."""
    nth: int = 1
    is_global: bool = False
    prints: bool = False
    path: str = ""
    evaluates: bool = False


@dataclass(slots=True)
class Command:
    name: str
    first: Address | None = None
    second: Address | None = None
    is_negated: bool = False
    text: bytes = b""
    label: str = ""
    number: int = 0
    substitution: Substitution | None = None
    table: bytes = b""
    target: int = 0
    """Where a branch or the end of a block is."""
    is_active: bool = False
    """Inside a range of two addresses."""
    end_line: int = -1


@dataclass(slots=True)
class Script:
    commands: list[Command] = field(default_factory=list)
    is_quiet: bool = False


class ScriptParser:
    """Parses one or several pieces of script into one list of commands."""

    _case_letters = "ULulE"

    def __init__(self, *, extended: bool) -> None:
        self._extended = extended
        self._text = b""
        self._at = 0
        self._expression = 0
        self._blocks: list[int] = []
        self.script = Script()

    def _wrong(self, gnu: str, busybox: str = "") -> NoReturn:
        raise Fault(f"-e expression #{self._expression}, char {self._at}: {gnu}")

    def add(self, text: bytes) -> None:
        """One -e or -f, or the script operand."""
        self._text, self._at = text, 0
        self._expression += 1
        if self._expression == 1 and (text == b"#n" or text.startswith(b"#n\n")):
            self.script.is_quiet = True
        while True:
            self._skip(b" \t\n;")
            if self._at >= len(self._text):
                return
            self._command()

    def finish(self) -> Script:
        """Resolve labels; complain of blocks that are open."""
        if self._blocks:
            self._at = 0
            self._wrong("unmatched `{'")
        labels = {command.label: index for index, command in enumerate(self.script.commands) if command.name == ":"}
        for command in self.script.commands:
            if command.name in ("b", "t", "T"):
                if command.label and command.label not in labels:
                    raise Fault(f"can't find label for jump to `{command.label}'", 4)
                command.target = labels.get(command.label, len(self.script.commands)) if command.label else len(self.script.commands)
        return self.script

    def _skip(self, chars: bytes) -> None:
        while self._at < len(self._text) and self._text[self._at] in chars:
            self._at += 1

    def _peek(self) -> int:
        return self._text[self._at] if self._at < len(self._text) else -1

    def _command(self) -> None:
        command = Command("")
        command.first = self._address(is_second=False)
        if command.first is not None:
            self._skip(b" \t")
            if self._peek() == 44:
                self._at += 1
                self._skip(b" \t")
                command.second = self._address(is_second=True)
                if command.second is None:
                    self._at = min(self._at + 1, len(self._text))
                    self._wrong("unexpected `,'")
        self._skip(b" \t")
        while self._peek() == 33:
            self._at += 1
            if command.is_negated:
                self._wrong("multiple `!'s")
            command.is_negated = True
            self._skip(b" \t")
        letter = self._peek()
        if letter < 0:
            self._wrong("missing command")
        self._at += 1
        command.name = chr(letter)
        if command.first is not None and command.first.line == 0 and command.first.step < 0:
            self._check_zero(command.second)
        if letter in _WITHOUT_ADDRESS and command.first is not None:
            self._refuse_address(letter)
        self._rest(command, letter)
        if command.name != "#":
            self.script.commands.append(command)

    def _check_zero(self, second: Address | None) -> None:
        """Only a pattern may end what begins before the first line."""
        if second is None or not (second.pattern is not None or second.uses_previous):
            self._wrong("invalid usage of line address 0")

    def _refuse_address(self, letter: int) -> NoReturn:
        words = {58: ": doesn't want any addresses", 125: "unexpected `}'", 35: "comments don't accept any addresses"}
        self._wrong(words[letter])

    def _rest(self, command: Command, letter: int) -> None:
        if letter == 35:
            end = self._text.find(b"\n", self._at)
            self._at = len(self._text) if end < 0 else end
        elif letter == 123:
            self._blocks.append(len(self.script.commands))
        elif letter == 125:
            if not self._blocks:
                self._wrong("unexpected `}'")
            self.script.commands[self._blocks.pop()].target = len(self.script.commands)
            self._end()
        elif letter in _TEXT:
            self._text_argument(command)
        elif letter in _LABEL:
            self._label(command, letter)
        elif letter in _FILE:
            self._skip(b" \t")
            command.label = self._to_end_of_line().decode("utf-8", "surrogateescape")
            if not command.label:
                self._wrong("missing filename in r/R/w/W commands")
        elif letter == 115:
            self._substitute(command)
        elif letter == 121:
            self._transliterate(command)
        elif letter in b"qQlL":
            self._skip(b" \t")
            command.number = self._number() if 48 <= self._peek() <= 57 else -1 if letter in b"lL" else 0
            self._end()
        elif letter == 101:
            command.text = self._to_end_of_line().strip()
        elif letter in _PLAIN:
            self._end()
        else:
            self._wrong(f"unknown command: `{chr(letter)}'")

    def _end(self) -> None:
        self._skip(b" \t")
        if self._peek() in (-1, 10, 59):
            self._at += 1
        elif self._peek() not in (125, 35):
            self._at += 1
            self._wrong("extra characters after command")

    def _to_end_of_line(self) -> bytes:
        end = self._text.find(b"\n", self._at)
        end = len(self._text) if end < 0 else end
        piece, self._at = self._text[self._at : end], end
        return piece

    def _number(self) -> int:
        start = self._at
        while 48 <= self._peek() <= 57:
            self._at += 1
        return int(self._text[start : self._at][:18])

    def _address(self, *, is_second: bool) -> Address | None:
        char = self._peek()
        if 48 <= char <= 57:
            line = self._number()
            if self._peek() == 126:
                self._at += 1
                return Address(line=line, step=self._number() if 48 <= self._peek() <= 57 else 0)
            return Address(line=line)
        if is_second and char in (43, 126):
            self._at += 1
            number = self._number() if 48 <= self._peek() <= 57 else 0
            return Address(plus=number) if char == 43 else Address(multiple=number)
        return self._other_address(char)

    def _other_address(self, char: int) -> Address | None:
        """The last line, or a pattern."""
        if char == 36:
            self._at += 1
            return Address(is_last=True)
        if char == 47 or char == 92:
            self._at += 1 + (char == 92)
            source = self._delimited(self._text[self._at - 1], what="address regex")
            fold, multiline = self._address_flags()
            return Address(pattern=self._compile(source, fold=fold, multiline=multiline), uses_previous=not source)
        return None

    def _address_flags(self) -> tuple[bool, bool]:
        start = self._at
        self._skip(b"IM")
        return 73 in self._text[start : self._at], 77 in self._text[start : self._at]

    def _compile(self, source: bytes, *, fold: bool, multiline: bool) -> Pattern | None:
        if not source:
            return None
        try:
            return compile_pattern(source, extended=self._extended, ignore_case=fold, is_multiline=multiline, refuses_bare_repeats=True)
        except PatternError as error:
            shown = source.decode("utf-8", "surrogateescape")
            self._wrong(str(error), f"bad regex '{shown}': {error}")

    def _delimited(self, delimiter: int, *, what: str, is_pattern: bool = True) -> bytes:
        """Up to the next delimiter that is neither escaped nor in brackets."""
        out = bytearray()
        while True:
            char = self._peek()
            if char < 0 or (char == 10 and is_pattern):
                self._wrong(f"unterminated {what}", f"unmatched '{chr(delimiter)}'")
            self._at += 1
            if char == delimiter:
                return bytes(out)
            if char == 92:
                following = self._peek()
                self._at += 1
                if following == delimiter:
                    out.append(following)
                elif (following == 110 and is_pattern) or (following == 10 and is_pattern):
                    out.append(10)
                elif following >= 0:
                    out += bytes((92, following))
            elif char == 91 and is_pattern:
                out.append(char)
                self._bracket(out)
            else:
                out.append(char)

    def _bracket(self, out: bytearray) -> None:
        if self._peek() == 94:
            out.append(94)
            self._at += 1
        if self._peek() == 93:
            out.append(93)
            self._at += 1
        while (char := self._peek()) not in (-1, 93):
            if char == 91 and self._text[self._at + 1 : self._at + 2] in (b":", b".", b"="):
                end = self._text.find(self._text[self._at + 1 : self._at + 2] + b"]", self._at + 2)
                if end > 0:
                    out += self._text[self._at : end + 2]
                    self._at = end + 2
                    continue
            if char == 92 and self._text[self._at + 1 : self._at + 2] in (b"n", b"t"):
                out.append(10 if self._text[self._at + 1] == 110 else 9)
                self._at += 2
                continue
            out.append(char)
            self._at += 1

    def _text_argument(self, command: Command) -> None:
        self._skip(b" \t")
        if self._peek() < 0:
            self._wrong("expected \\ after `a', `c' or `i'")
        if self._peek() == 92:
            self._at += 1
            after = self._at
            self._skip(b" \t")
            self._at = self._at + 1 if self._peek() == 10 else after
        command.text = self._escaped_text() + b"\n"

    def _escaped_text(self) -> bytes:
        """Up to the end of the line; a backslash keeps what follows it, a newline too, and is dropped at the very end."""
        out = bytearray()
        while (char := self._peek()) not in (-1, 10):
            self._at += 1
            if char == 92:
                if self._peek() < 0:
                    break
                char = 9 if self._peek() == 116 else self._peek()
                self._at += 1
            out.append(char)
        return bytes(out)

    def _label(self, command: Command, letter: int) -> None:
        self._skip(b" \t")
        start = self._at
        ends = b"\n;" if letter == 58 else b"\n;}"
        while self._peek() >= 0 and self._peek() not in ends:
            self._at += 1
        command.label = self._text[start : self._at].strip().decode("latin-1")
        if letter == 58 and not command.label:
            self._wrong('":" lacks a label')

    def _delimiter(self, name: str) -> int:
        delimiter = self._peek()
        if delimiter < 0:
            self._wrong(f"unterminated `{name}' command", "bad format in substitution expression")
        self._at += 1
        return delimiter

    def _substitute(self, command: Command) -> None:
        delimiter = self._delimiter("s")
        source = self._delimited(delimiter, what="`s' command")
        replacement = self._replacement(delimiter)
        substitution = Substitution(None, replacement)
        fold, multiline = self._flags(substitution, source)
        substitution.pattern = self._compile(source, fold=fold, multiline=multiline)
        self._check_references(substitution)
        command.substitution = substitution

    def _check_references(self, what: Substitution) -> None:
        groups = what.pattern.groups if what.pattern is not None else 9
        for part in what.parts:
            if isinstance(part, int) and part > groups:
                self._wrong(f"invalid reference \\{part} on `s' command's RHS")

    def _flags(self, what: Substitution, source: bytes) -> tuple[bool, bool]:
        """What stands behind the last delimiter. Returns whether case is ignored and whether ^ and $ mean lines."""
        fold = multiline = counts = False
        while (char := self._peek()) not in (-1, 10, 59, 125, 35):
            self._at += 1
            if (char == 103 and what.is_global) or (char == 112 and what.prints):
                self._wrong(f"multiple `{chr(char)}' options to `s' command")
            if char == 103:
                what.is_global = True
            elif char == 112:
                what.prints = True
            elif char in (73, 105):
                fold = True
            elif char in (77, 109):
                multiline = True
            elif 48 <= char <= 57:
                self._at -= 1
                number = self._number()
                if counts or number == 0:
                    self._wrong("multiple number options to `s' command" if counts else "number option to `s' command may not be zero")
                what.nth, counts = number, True
            elif char == 119:
                self._skip(b" \t")
                what.path = self._to_end_of_line().decode("utf-8", "surrogateescape")
            elif char not in (32, 9, 13):
                self._wrong("unknown option to `s'")
        return fold, multiline

    def _replacement(self, delimiter: int) -> tuple[bytes | int | str, ...]:
        parts: list[bytes | int | str] = []
        out = bytearray()

        def flush(part: int | str) -> None:
            if out:
                parts.append(bytes(out))
                out.clear()
            parts.append(part)

        while True:
            char = self._peek()
            if char < 0:
                self._wrong("unterminated `s' command", f"unmatched '{chr(delimiter)}'")
            self._at += 1
            if char == delimiter:
                break
            if char == 38:
                flush(0)
            elif char != 92:
                out.append(char)
            else:
                escaped = self._peek()
                self._at += 1
                if 48 <= escaped <= 57:
                    flush(escaped - 48)
                elif escaped >= 0 and chr(escaped) in self._case_letters:
                    flush(chr(escaped))
                elif escaped >= 0:
                    out.append({110: 10, 116: 9, 114: 13, 102: 12, 118: 11, 97: 7}.get(escaped, escaped))
        if out:
            parts.append(bytes(out))
        return tuple(parts)

    def _transliterate(self, command: Command) -> None:
        delimiter = self._delimiter("y")
        sides: list[bytes] = []
        for _ in range(2):
            raw = self._delimited(delimiter, what="`y' command", is_pattern=False)
            sides.append(raw.replace(b"\\n", b"\n").replace(b"\\t", b"\t").replace(b"\\\\", b"\\"))
        command.table = self._table(*sides)

    def _table(self, old: bytes, new: bytes) -> bytes:
        if len(old) != len(new):
            self._wrong("strings for `y' command are different lengths")
        table = bytearray(range(256))
        for before, after in zip(old, new, strict=True):
            table[before] = after
        self._end()
        return bytes(table)
