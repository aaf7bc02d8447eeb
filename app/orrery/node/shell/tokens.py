"""From words and operators to tokens, with here-documents read where their line ends."""

import re
from dataclasses import dataclass
from typing import Final

from orrery.node.shell.flavours import Flavour
from orrery.node.shell.nodes import DoubleQuoted, Literal, Part, Quoted, Redirect, Word
from orrery.node.shell.scanner import Scanner, SubParser

_BLANK: Final = re.compile(r"(?:[ \t]|\\\n)+")
_COMMENT: Final = re.compile(r"#[^\n]*")
_OPERATORS: Final = ("&&", "||", ";;", "|", "&", ";", "(", ")")
_BASH_OPERATORS: Final = (";;&", ";&", "&&", "||", ";;", "|&", "|", "&", ";", "(", ")")
_REDIRECTS: Final = ("<<-", "<<", ">>", "<&", ">&", "<>", ">|", "<", ">")
_ASH_REDIRECTS: Final = ("&>>", "&>", *_REDIRECTS)
_BASH_REDIRECTS: Final = ("<<<", *_ASH_REDIRECTS)
_VARIABLE: Final = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}(?=[<>])")
_DESCRIPTOR: Final = re.compile(r"[0-9]+(?=[<>])")

OPERATORS: Final = {"dash": _OPERATORS, "ash": _OPERATORS, "bash": _BASH_OPERATORS}
REDIRECTS: Final = {"dash": _REDIRECTS, "ash": _ASH_REDIRECTS, "bash": _BASH_REDIRECTS}


@dataclass(slots=True)
class Token:
    """`kind` is word, operator, redirect, newline or end; `text` the operator or the word as written."""

    kind: str
    text: str
    line: int
    start: int
    word: Word | None = None
    descriptor: int | None = None
    variable: str = ""

    @property
    def is_bare(self) -> bool:
        """A word without quotes or expansions: it may be reserved."""
        return self.word is not None and len(self.word.parts) == 1 and isinstance(self.word.parts[0], Literal)


def unquoted_text(parts: tuple[Part, ...]) -> tuple[str, bool]:
    """A here-document's delimiter, and whether any of it was quoted."""
    text, quoted = "", False
    for part in parts:
        if isinstance(part, Literal):
            text += part.text
        elif isinstance(part, Quoted):
            text, quoted = text + part.text, True
        elif isinstance(part, DoubleQuoted):
            text, quoted = text + unquoted_text(part.parts)[0], True
    return text, quoted


class Tokens:
    """The tokens of a text, with one to look at ahead."""

    def __init__(self, scanner: Scanner, parse_commands: SubParser) -> None:
        self.scanner = scanner
        self.flavour: Flavour = scanner.flavour
        self._operators = OPERATORS[self.flavour.name]
        self._redirects = REDIRECTS[self.flavour.name]
        self._parse_commands = parse_commands
        self._next: Token | None = None
        self._documents: list[tuple[Redirect, str, bool, bool]] = []
        self.last = Token("newline", "\n", 1, 0)

    def peek(self) -> Token:
        if self._next is None:
            self._next = self._read()
        return self._next

    def take(self) -> Token:
        token = self.peek()
        self._next = None
        self.last = token
        return token

    def forget(self) -> None:
        """Read again from where the scanner stands now."""
        self._next = None

    def rewind(self) -> None:
        """Forget the token that was looked at, so that the scanner stands before it."""
        if self._next is not None:
            self.scanner.position = self._next.start
            self._next = None

    def expect_document(self, redirect: Redirect, *, strip: bool) -> None:
        """A here-document's body begins at the next line."""
        delimiter, quoted = unquoted_text(redirect.target.parts)
        self._documents.append((redirect, delimiter, quoted, strip))

    def finish_documents(self) -> None:
        """Read the bodies that are still due: their line, or the text, has ended."""
        documents, self._documents = self._documents, []
        for redirect, delimiter, quoted, strip in documents:
            redirect.target = self._document(delimiter, quoted=quoted, strip=strip)

    def _read(self) -> Token:
        scanner = self.scanner
        text = scanner.text
        self._skip_blanks()
        start = scanner.position
        if start >= len(text):
            if self._documents:
                scanner.hit_end = True
                self.finish_documents()
            return Token("end", "", scanner.line, start)
        char = text[start]
        if char == "\n":
            line = scanner.line
            scanner.position += 1
            self.finish_documents()
            return Token("newline", "\n", line, start)
        return self._operator(start, char) or self._word(start)

    def _skip_blanks(self) -> None:
        scanner = self.scanner
        if match := _BLANK.match(scanner.text, scanner.position):
            scanner.position = match.end()
            if match.end() == len(scanner.text) and match[0].endswith("\n"):
                scanner.hit_end = True
        if match := _COMMENT.match(scanner.text, scanner.position):
            scanner.position = match.end()

    def _operator(self, start: int, char: str) -> Token | None:
        scanner = self.scanner
        text = scanner.text
        if char in "<>" and self.flavour.is_bash and text.startswith("(", start + 1):
            return None
        descriptor = None
        variable = ""
        if char == "{" and self.flavour.is_bash and (match := _VARIABLE.match(text, start)):
            variable, start_of_operator = match[1], match.end()
        elif char.isdigit() and (match := _DESCRIPTOR.match(text, start)):
            descriptor = int(match[0])
            start_of_operator = match.end()
        else:
            start_of_operator = start
        if text[start_of_operator] in "<>&":
            for operator in self._redirects:
                if text.startswith(operator, start_of_operator):
                    scanner.position = start_of_operator + len(operator)
                    return Token("redirect", operator, scanner.line, start, descriptor=descriptor, variable=variable)
        if char in ";&|()":
            operator = next(operator for operator in self._operators if text.startswith(operator, start))
            scanner.position += len(operator)
            return Token("operator", operator, scanner.line, start)
        return None

    def _word(self, start: int) -> Token:
        line = self.scanner.line
        word = self.scanner.word()
        only = word.parts[0] if len(word.parts) == 1 else None
        return Token("word", only.text if isinstance(only, Literal) else word.text, line, start, word=word)

    def _document(self, delimiter: str, *, quoted: bool, strip: bool) -> Word:
        scanner = self.scanner
        text = scanner.text
        lines: list[str] = []
        first_line = scanner.line
        while True:
            if scanner.position >= len(text):
                scanner.hit_end = True
                break
            line = self._document_line(joined=not quoted)
            stripped = line.lstrip("\t") if strip else line
            if stripped.rstrip("\n") == delimiter and "\n" not in stripped[:-1]:
                break
            lines.append(stripped)
        body = "".join(lines)
        if self.flavour.is_bash and scanner.hit_end and body and not body.endswith("\n"):
            body += "\n"
        if quoted:
            return Word((Quoted(body),))
        return Scanner(body, self.flavour, self._parse_commands, first_line, scanner.depth + 1).document()

    def _document_line(self, *, joined: bool) -> str:
        """One line of a body; a backslash at its end joins the next one when `joined`."""
        scanner = self.scanner
        start = scanner.position
        while True:
            end = scanner.text.find("\n", scanner.position)
            scanner.position = len(scanner.text) if end < 0 else end + 1
            raw = scanner.text[start : scanner.position]
            backslashes = len(raw[:-1]) - len(raw[:-1].rstrip("\\"))
            if not (joined and end >= 0 and backslashes % 2 and scanner.position < len(scanner.text)):
                return raw
