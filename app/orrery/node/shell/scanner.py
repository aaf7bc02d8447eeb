"""From characters to words: quoting and the expansions inside a word. The grammar is `parser`'s; here-documents are `tokens`'."""

import re
from collections.abc import Callable, Set
from typing import Final

from orrery.node.shell.errors import SyntaxFault
from orrery.node.shell.escapes import ansi_quoted
from orrery.node.shell.flavours import Flavour
from orrery.node.shell.nodes import (
    Arithmetic,
    CommandSubstitution,
    DoubleQuoted,
    Literal,
    Node,
    Parameter,
    Part,
    ProcessSubstitution,
    Quoted,
    Word,
)

_PLAIN: Final = re.compile(r"[^\s;&|<>()\\'\"$`]+|[^\S \t\n]+")
_PLAIN_BRACE: Final = re.compile(r"[^\\'\"$`}]+")
_PLAIN_QUOTED: Final = re.compile(r'[^\\"$`]+')
_PLAIN_QUOTED_BRACE: Final = re.compile(r'[^\\"$`}]+')
_PLAIN_DOCUMENT: Final = re.compile(r"[^\\$`]+")
_PLAIN_ARITHMETIC: Final = re.compile(r"[^\\$`()]+")
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_BRACE_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*|[0-9]+|[@*#?$!-]")
_SPECIAL: Final = "@*#?$!-0123456789"
_PLAIN_GROUP: Final = re.compile(r"[^\s|()\\'\"$`]+")
_END_OF_GROUP: Final = frozenset("|) \t\n;&<>(")
_END_OF_WORD: Final = frozenset(" \t\n;&|<>()")

SubParser = Callable[["Scanner", str], Node | None]
"""Parses a command list from the scanner's place up to a closing parenthesis (")") or the end ("")."""


class Scanner:
    """A place in the text. Everything here moves `position` forward."""

    def __init__(self, text: str, flavour: Flavour, parse_commands: SubParser, first_line: int = 1, depth: int = 0) -> None:
        self.text = text
        self.position = 0
        self.flavour = flavour
        self.hit_end = False
        """A here-document or a continued line ended with the text: more of it may come."""
        self.depth = depth
        self.in_condition = False
        """Within [[ … ]], where patterns are extended ones without being asked for."""
        self.features: Set[str] = frozenset()
        """bash's of shopt, as they are when a word is read."""
        self._parse_commands = parse_commands
        self._first_line = first_line
        self._counted = (0, first_line)

    @property
    def line(self) -> int:
        """The number of the line that `position` is on."""
        position, line = self._counted
        if self.position < position:
            position, line = 0, self._first_line
        line += self.text.count("\n", position, self.position)
        self._counted = (self.position, line)
        return line

    def source_line(self) -> str:
        """The text of the current line, as bash shows it."""
        end = self.position - 1 if self.text[self.position - 1 : self.position] == "\n" else self.position
        start = self.text.rfind("\n", 0, end) + 1
        stop = self.text.find("\n", end)
        return self.text[start : stop if stop >= 0 else len(self.text)]

    def unterminated(self, closing: str, line: int) -> SyntaxFault:
        """The text ended inside quotes or a substitution."""
        if self.flavour.is_bash:
            return SyntaxFault(f"unexpected EOF while looking for matching `{closing}'", line, at_end=True)
        first = str.upper if self.flavour.is_dash else str.lower
        if closing == "`":
            return SyntaxFault(self.worded("EOF in backquote substitution"), self.line, at_end=True)
        if closing in "}":
            expected = "Missing '}'" if self.flavour.is_dash else "missing '}'"
            return SyntaxFault(self.worded(expected), self.line, at_end=True)
        word = "nterminated quoted string"
        return SyntaxFault(self.worded(first("u") + word), self.line, at_end=True)

    def worded(self, message: str) -> str:
        return f"{'Syntax' if self.flavour.is_dash else 'syntax'} error: {message}"

    def peek(self) -> str:
        return self.text[self.position : self.position + 1]

    # --- words -------------------------------------------------------------------------------------------------------------

    def word(self) -> Word:
        """The word that begins here."""
        start = self.position
        parts = self._parts(_PLAIN, _END_OF_WORD)
        return Word(tuple(parts), self.text[start : self.position])

    def _parts(self, plain: "re.Pattern[str]", ends: frozenset[str]) -> list[Part]:
        """Unquoted context: parts up to one of `ends` or the end of the text."""
        text = self.text
        parts: list[Part] = []
        literal: list[str] = []
        while self.position < len(text):
            match = plain.match(text, self.position)
            if match:
                literal.append(match[0])
                self.position = match.end()
                continue
            char = text[self.position]
            if char == "(" and literal and self._extends(literal[-1]):
                parts += [Literal("".join(literal)), *self._group()]
                literal.clear()
                continue
            if char in ends and not (char in "<>" and self._starts_process_substitution()):
                break
            part = self._special(char, in_quotes=False)
            if part is None:
                continue
            if isinstance(part, str):
                literal.append(part)
                continue
            if literal:
                parts.append(Literal("".join(literal)))
                literal.clear()
            parts.append(part)
        if literal:
            parts.append(Literal("".join(literal)))
        return parts

    def _extends(self, before: str) -> bool:
        """Whether a parenthesis after `before` belongs to an extended pattern."""
        return before[-1] in "?*+@!" and ("extglob" in self.features or self.in_condition)

    def _group(self) -> list[Part]:
        """The parenthesis of an extended pattern, with its alternatives."""
        line = self.line
        parts: list[Part] = [Literal("(")]
        self.position += 1
        while self.peek() != ")":
            if not self.peek():
                raise self.unterminated(")", line)
            if self.peek() in "| \t\n;&<>(":
                parts.append(Literal(self.peek()))
                self.position += 1
            parts += self._parts(_PLAIN_GROUP, _END_OF_GROUP)
        self.position += 1
        return [*parts, Literal(")")]

    def regular_expression(self) -> Word:
        """The operand of =~ : parentheses and bars are plain in it, and blanks inside parentheses."""
        start, depth = self.position, 0
        parts: list[Part] = []
        while (char := self.peek()) and not (char in " \t\n" and depth <= 0):
            if char in " \t\n;&|<>()":
                depth += (char == "(") - (char == ")")
                parts.append(Literal(char))
                self.position += 1
            else:
                parts += self._parts(_PLAIN, _END_OF_WORD)
        return Word(tuple(parts), self.text[start : self.position])

    def _starts_process_substitution(self) -> bool:
        return self.flavour.is_bash and self.text.startswith("(", self.position + 1)

    def _special(self, char: str, *, in_quotes: bool) -> Part | str | None:
        """What a character with a meaning begins; a string is literal text, None is nothing at all (a continued line)."""
        if char == "$":
            return self._dollar(in_quotes=in_quotes)
        if char == "`":
            return self._backquoted(in_quotes=in_quotes)
        if char == "\\":
            return self._backslash()
        if char == "'":
            return self._single_quoted()
        if char == '"':
            return self._double_quoted()
        if char in "<>" and self._starts_process_substitution():
            self.position += 2
            return ProcessSubstitution(char, self._commands_until_parenthesis())
        self.position += 1
        return char

    def _backslash(self) -> Part | str | None:
        following = self.text[self.position + 1 : self.position + 2]
        self.position += 2
        if following == "\n":
            self.hit_end = self.hit_end or self.position >= len(self.text)
            return None
        if not following:
            self.position = len(self.text)
            return Quoted("\\")
        return Quoted(following)

    def _single_quoted(self) -> Part:
        end = self.text.find("'", self.position + 1)
        if end < 0:
            line = self.line
            self.position = len(self.text)
            raise self.unterminated("'", line)
        part = Quoted(self.text[self.position + 1 : end])
        self.position = end + 1
        return part

    def _double_quoted(self) -> Part:
        line = self.line
        self.position += 1
        parts = self._quoted_parts(_PLAIN_QUOTED, '"', line)
        self.position += 1
        return DoubleQuoted(tuple(parts))

    def _quoted_parts(self, plain: "re.Pattern[str]", closing: str, line: int, extra: str = "") -> list[Part]:
        """Double-quote context: parts up to `closing` (an empty one: to the end of the text)."""
        text = self.text
        parts: list[Part] = []
        literal: list[str] = []
        while True:
            if self.position >= len(text):
                if closing:
                    raise self.unterminated(closing, line)
                break
            match = plain.match(text, self.position)
            if match:
                literal.append(match[0])
                self.position = match.end()
                continue
            char = text[self.position]
            if char == closing:
                break
            part = self._special_in_quotes(char, closing, extra)
            if isinstance(part, str):
                literal.append(part)
                continue
            if literal:
                parts.append(Quoted("".join(literal)))
                literal.clear()
            parts.append(part)
        if literal:
            parts.append(Quoted("".join(literal)))
        return parts

    def _special_in_quotes(self, char: str, closing: str, extra: str) -> Part | str:
        if char == "$":
            return self._dollar(in_quotes=True)
        if char == "`":
            return self._backquoted(in_quotes=True)
        if char == "\\":
            following = self.text[self.position + 1 : self.position + 2]
            self.position += 2 if following else 1
            if following == "\n":
                return ""
            is_escape = following != "" and following in '$`"\\' + extra and (following != '"' or closing != "")
            return following if is_escape else "\\" + following
        if char == '"' and closing == "}":
            return self._double_quoted()
        self.position += 1
        return char

    def document(self) -> Word:
        """The whole text as the body of a here-document whose delimiter was not quoted."""
        return Word(tuple(self._quoted_parts(_PLAIN_DOCUMENT, "", self.line)))

    # --- dollar ------------------------------------------------------------------------------------------------------------

    def _dollar(self, *, in_quotes: bool) -> Part | str:
        text = self.text
        following = text[self.position + 1 : self.position + 2]
        match = _NAME.match(text, self.position + 1)
        if match:
            self.position = match.end()
            return Parameter(match[0])
        if following and following in _SPECIAL:
            self.position += 2
            return Parameter(following)
        if following == "{":
            self.position += 2
            return self._braced(in_quotes=in_quotes)
        if following == "(":
            return self._parenthesized()
        if following == "'" and not in_quotes and not self.flavour.is_dash:
            return self._ansi_quoted()
        if following == '"' and not in_quotes and self.flavour.is_bash:
            self.position += 1
            return self._double_quoted()
        self.position += 1
        return "$"

    def _ansi_quoted(self) -> Part:
        line = self.line
        end = self.position + 2
        while end < len(self.text) and self.text[end] != "'":
            end += 2 if self.text[end] == "\\" else 1
        if end >= len(self.text):
            self.position = len(self.text)
            raise self.unterminated("'", line)
        part = Quoted(ansi_quoted(self.text[self.position + 2 : end]))
        self.position = end + 1
        return part

    def _parenthesized(self) -> Part:
        start = self.position
        if self.text.startswith("((", start + 1):
            self.position += 3
            word = self.arithmetic()
            if word is not None:
                return Arithmetic(word)
            self.position = start
        self.position += 2
        return CommandSubstitution(self._commands_until_parenthesis())

    def _commands_until_parenthesis(self) -> Node | None:
        return self._parse_commands(self, ")")

    def arithmetic(self) -> Word | None:
        """The inside of `((…))` and its end; None when a parenthesis closes too early, so that it is something else."""
        parts: list[Part] = []
        literal: list[str] = []
        depth = 0
        start, line, text = self.position, self.line, self.text
        while self.position < len(text):
            match = _PLAIN_ARITHMETIC.match(text, self.position)
            if match:
                literal.append(match[0].replace('"', "") if self.flavour.is_bash else match[0])
                self.position = match.end()
                continue
            char = text[self.position]
            if char == ")" and depth == 0:
                if not text.startswith("))", self.position):
                    if self.flavour.is_bash:
                        return None
                    raise self._unclosed_arithmetic(line)
                break
            depth += (char == "(") - (char == ")")
            part = self._special_in_quotes(char, ")", "")
            if isinstance(part, str):
                literal.append(part)
                continue
            parts += [Quoted("".join(literal)), part]
            literal.clear()
        if self.position >= len(text):
            raise self._unclosed_arithmetic(line)
        parts.append(Quoted("".join(literal)))
        inner = text[start : self.position]
        self.position += 2
        return Word(tuple(parts), inner)

    def _unclosed_arithmetic(self, line: int) -> SyntaxFault:
        if self.flavour.is_bash:
            return SyntaxFault("unexpected EOF while looking for matching `)'", line, at_end=True)
        return SyntaxFault(self.worded("Missing '))'" if self.flavour.is_dash else "missing '))'"), self.line, at_end=True)

    def _backquoted(self, *, in_quotes: bool) -> Part:
        line = self.line
        self.position += 1
        text = self.text
        inner: list[str] = []
        while True:
            if self.position >= len(text):
                raise self.unterminated("`", line)
            char = text[self.position]
            self.position += 1
            if char == "`":
                break
            if char == "\\" and self.position < len(text) and text[self.position] in ('$`\\"' if in_quotes else "$`\\"):
                char = text[self.position]
                self.position += 1
            inner.append(char)
        scanner = Scanner("".join(inner), self.flavour, self._parse_commands, line, self.depth + 1)
        scanner.features = self.features
        return CommandSubstitution(self._parse_commands(scanner, ""))

    # --- ${…} --------------------------------------------------------------------------------------------------------------

    def _braced(self, *, in_quotes: bool) -> Part:
        start, line = self.position, self.line
        part = self._parameter(in_quotes=in_quotes, line=line)
        if part is None or self.peek() != "}":
            self.position = start
            self._brace_word(line, in_quotes=in_quotes)
            part = Parameter("", bad=self.text[start - 2 : self.position + 1])
        self.position += 1
        return part

    def _parameter(self, *, in_quotes: bool, line: int) -> Parameter | None:
        """What stands between the braces; None when it begins like no expansion."""
        length = indirect = False
        if self.peek() == "#" and self._is_length():
            length = True
            self.position += 1
        elif self.peek() == "!" and self.flavour.is_bash and _NAME.match(self.text, self.position + 1):
            indirect = True
            self.position += 1
        match = _BRACE_NAME.match(self.text, self.position)
        if not match:
            return None
        self.position = match.end()
        part = Parameter(match[0], length=length, indirect=indirect)
        if self.flavour.is_bash and self.peek() == "[":
            part.subscript = self._subscript()
        if self.peek() != "}" and not length:
            self._operator(part, line, in_quotes=in_quotes)
        return part

    def _is_length(self) -> bool:
        """Whether ${# begins the length of a parameter rather than the number of positional parameters."""
        match = _BRACE_NAME.match(self.text, self.position + 1)
        return bool(match) and self.text[match.end() : match.end() + 1] in ("}", "[") if match else False

    def _subscript(self) -> Word:
        self.position += 1
        start = self.position
        parts = self._parts(re.compile(r"[^\\'\"$`\]]+"), frozenset("]"))
        word = Word(tuple(parts), self.text[start : self.position])
        self.position += 1
        return word

    def _operator(self, part: Parameter, line: int, *, in_quotes: bool) -> None:
        text = self.text
        char = self.peek()
        if char == ":" and text[self.position + 1 : self.position + 2] in ("-", "=", "?", "+"):
            part.colon = True
            self.position += 1
            char = self.peek()
        if char and char in "-=?+":
            part.operator = char
            self.position += 1
            part.word = self._brace_word(line, in_quotes=in_quotes)
        elif char and char in "#%":
            part.operator = char * 2 if text.startswith(char * 2, self.position) else char
            self.position += len(part.operator)
            part.word = self._brace_word(line, in_quotes=False)
        elif not self.flavour.is_dash:
            self._extended_operator(part, char, line, in_quotes=in_quotes)

    def _extended_operator(self, part: Parameter, char: str, line: int, *, in_quotes: bool) -> None:
        if char == ":":
            self.position += 1
            part.operator = ":"
            part.word = self._until("}:", line)
            if self.peek() == ":":
                self.position += 1
                part.second = self._until("}", line)
        elif char == "/":
            following = self.text[self.position + 1 : self.position + 2]
            anchored = self.flavour.is_bash and following in ("#", "%")
            part.operator = "/" + following if following == "/" or anchored else "/"
            self.position += len(part.operator)
            part.word = self._until("}/", line)
            if self.peek() == "/":
                self.position += 1
                part.second = self._brace_word(line, in_quotes=False)
        elif self.flavour.is_bash and char and char in "^,":
            part.operator = char * 2 if self.text.startswith(char * 2, self.position) else char
            self.position += len(part.operator)
            part.word = self._brace_word(line, in_quotes=False)
        elif self.flavour.is_bash and (char == "@" or (part.indirect and char == "*")):
            self.position += 1
            part.operator = "@"
            part.word = self._brace_word(line, in_quotes=in_quotes)

    def _until(self, ends: str, line: int) -> Word:
        """A word of a brace expansion that one of `ends` closes."""
        start = self.position
        plain = re.compile("[^\\\\'\"$`" + re.escape(ends) + "]+")
        parts = self._parts(plain, frozenset(ends))
        if self.position >= len(self.text):
            raise self.unterminated("}", line)
        return Word(tuple(parts), self.text[start : self.position])

    def _brace_word(self, line: int, *, in_quotes: bool) -> Word:
        start = self.position
        if in_quotes:
            parts = self._quoted_parts(_PLAIN_QUOTED_BRACE, "}", line, extra="}")
        else:
            parts = self._parts(_PLAIN_BRACE, frozenset("}"))
            if self.position >= len(self.text):
                raise self.unterminated("}", line)
        return Word(tuple(parts), self.text[start : self.position])
