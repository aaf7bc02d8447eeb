"""The shell's grammar by recursive descent: from tokens to the syntax tree, one complete command at a time.

Follows the order of decisions of the Almquist shells, so that the token they complain about is the one they complain about.
Compound commands are in `compound`, bash's [[ … ]] in `conditions`.
"""

import re
from collections.abc import Mapping
from typing import Final

from orrery.node.shell.arithmetic import closing_bracket
from orrery.node.shell.compound import CompoundMixin
from orrery.node.shell.errors import SyntaxFault
from orrery.node.shell.flavours import Flavour
from orrery.node.shell.nodes import (
    AndOr,
    Assignment,
    Background,
    Coprocess,
    Function,
    Literal,
    Node,
    Not,
    Part,
    Pipeline,
    Quoted,
    Redirect,
    Sequence,
    Simple,
    Timed,
    Word,
)
from orrery.node.shell.scanner import Scanner
from orrery.node.shell.tokens import Token, Tokens

RESERVED: Final = frozenset(
    ["!", "{", "}", "case", "do", "done", "elif", "else", "esac", "fi", "for", "if", "in", "then", "until", "while"]
)
_BASH_RESERVED: Final = RESERVED | {"[[", "coproc", "function", "select", "time"}
_LIST_ENDS: Final = frozenset({"}", "do", "done", "elif", "else", "esac", "fi", "then", ")", ";;", ";&", ";;&"})
_COMPOUND: Final = frozenset(["{", "case", "for", "if", "until", "while"])
_ASSIGNMENT: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(\+?)=")
_ELEMENT: Final = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)\[")
_KEY: Final = re.compile(r"\[((?:[^\]\[\n]|\[[^\]\n]*\])+)\]=")
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_DECLARATIONS: Final = frozenset(["declare", "export", "local", "readonly", "typeset"])
_DEPTH_MAX: Final = 120
"""Nested constructs; deeper ones would run into the limit of Python's own stack."""
_SPECIAL_BUILTINS: Final = frozenset(
    ["break", ":", ".", "continue", "eval", "exec", "exit", "export", "readonly", "return", "set", "shift", "times", "trap", "unset"]
)


def parse_commands(scanner: Scanner, closing: str) -> Node | None:
    """A command list inside a substitution, up to `closing` or the end."""
    scanner.depth += 1
    parser = Parser(scanner)
    node = parser.substitution(closing)
    scanner.depth -= 1
    return node


class Parser(CompoundMixin):
    """Reads one script. `next_command` gives one line's list after the other."""

    def __init__(self, scanner: Scanner) -> None:
        super().__init__(Tokens(scanner, parse_commands), scanner)
        self.in_substitution = False
        self.aliases: Mapping[str, str] = {}
        self._expanded: dict[str, int] = {}
        """Aliases that were put in, and how much text was left after each: within its own text none is put in again."""
        self._reserved = _BASH_RESERVED if self.flavour.is_bash else RESERVED

    @classmethod
    def of(cls, text: str, flavour: Flavour, first_line: int = 1) -> "Parser":
        return cls(Scanner(text, flavour, parse_commands, first_line))

    @property
    def hit_end(self) -> bool:
        return self.scanner.hit_end

    @property
    def at_end(self) -> bool:
        """Whether nothing but blanks is left."""
        return not self.scanner.text[self.scanner.position :].strip() and self.tokens.peek().kind in ("end", "newline")

    # --- what to call ------------------------------------------------------------------------------------------------------

    def next_command(self) -> tuple[bool, Node | None]:
        """Whether the text has ended, and the list of the next line (None for an empty one)."""
        token = self.tokens.peek()
        if token.kind == "end":
            return True, None
        try:
            return False, self.commands(stops_at_newline=True)
        except RecursionError:
            raise SyntaxFault("syntax error: nested too deeply", self.scanner.line) from None

    def substitution(self, closing: str) -> Node | None:
        """The body of a command substitution."""
        self.in_substitution = bool(closing)
        body = self.commands(may_be_empty=True)
        token = self.tokens.peek()
        if closing and token.text == ")" and token.kind == "operator":
            self.tokens.take()
            return body
        if closing or token.kind != "end":
            self.tokens.take()
            raise self.unexpected(")" if closing else "")
        return body

    # --- reserved words ----------------------------------------------------------------------------------------------------

    def peek_reserved(self, *, skip_newlines: bool = True) -> str:
        """The reserved word or operator that comes next, as a name; empty for anything else."""
        if skip_newlines:
            self.skip_newlines()
        token = self.tokens.peek()
        if token.kind == "operator":
            return token.text
        return token.text if token.is_bare and token.text in self._reserved else ""

    def skip_newlines(self) -> None:
        while self.tokens.peek().kind == "newline":
            self.tokens.take()

    def expect(self, wanted: str) -> None:
        """Take a reserved word or operator, or complain."""
        found = self.peek_reserved()
        self.tokens.take()
        if found != wanted:
            raise self.unexpected(wanted)

    def unexpected(self, wanted: str = "", token: Token | None = None) -> SyntaxFault:
        """The complaint about the token that was taken last."""
        token = token or self.tokens.last
        at_end = token.kind == "end"
        line = self.scanner.line
        if self.flavour.is_bash:
            return self._unexpected_in_bash(token, wanted, line)
        names = {"end": "end of file", "newline": "newline", "redirect": "redirection"}
        is_named = token.kind == "operator" or (token.is_bare and token.text in self._reserved)
        name = names.get(token.kind) or (f'"{token.text}"' if is_named else "word")
        expecting = f" (expecting {wanted if wanted == 'word' else chr(34) + wanted + chr(34)})" if wanted else ""
        if self.flavour.is_dash:
            return SyntaxFault(f"Syntax error: {name} unexpected{expecting}", line, at_end=at_end)
        return SyntaxFault(f"syntax error: unexpected {name}{expecting}", line, at_end=at_end)

    def _unexpected_in_bash(self, token: Token, wanted: str, line: int) -> SyntaxFault:
        if token.kind == "end":
            if wanted == ")" and self.in_substitution:
                return SyntaxFault("unexpected EOF while looking for matching `)'", line + 1, at_end=True)
            ends_line = self.scanner.text.endswith("\n")
            return SyntaxFault("syntax error: unexpected end of file", line + (not ends_line), at_end=True)
        shown = "newline" if token.kind == "newline" else token.text
        return SyntaxFault(f"syntax error near unexpected token `{shown}'", token.line, shows_line=True)

    # --- lists -------------------------------------------------------------------------------------------------------------

    def commands(self, *, stops_at_newline: bool = False, may_be_empty: bool = False) -> Node | None:
        """Pipelines joined by ; & and newlines. At the top it ends with its line, elsewhere before a closing word."""
        self.scanner.depth += 1
        if self.scanner.depth > _DEPTH_MAX:
            raise SyntaxFault("syntax error: nested too deeply", self.scanner.line)
        items: list[Node] = []
        while True:
            if self._list_ends(items, stops_at_newline=stops_at_newline, may_be_empty=may_be_empty):
                break
            start = self.tokens.peek().start
            node = self.and_or()
            separator = self.tokens.peek()
            if separator.kind == "operator" and separator.text in (";", "&"):
                self.tokens.take()
                if separator.text == "&":
                    node = Background(node, self.scanner.text[start : separator.start].strip())
            items.append(node)
            if separator.kind == "end":
                break
            if separator.kind == "newline" or separator.text in (";", "&"):
                continue
            if stops_at_newline:
                self.tokens.take()
                raise self.unexpected()
            break
        self.scanner.depth -= 1
        return items[0] if len(items) == 1 else Sequence(tuple(items)) if items else None

    def _list_ends(self, items: list[Node], *, stops_at_newline: bool, may_be_empty: bool) -> bool:
        if stops_at_newline:
            token = self.tokens.peek()
            if token.kind == "newline":
                self.tokens.take()
                return True
            return token.kind == "end"
        name = self.peek_reserved()
        token = self.tokens.peek()
        if token.kind == "end":
            return True
        return name in _LIST_ENDS and (bool(items) or may_be_empty)

    def body(self, *, may_be_empty: bool = False) -> Node:
        """A compound list inside a compound command."""
        return self.commands(may_be_empty=may_be_empty) or Sequence(())

    def and_or(self) -> Node:
        left = self.pipeline()
        while (token := self.tokens.peek()).kind == "operator" and token.text in ("&&", "||"):
            self.tokens.take()
            self.skip_newlines()
            left = AndOr(left, token.text, self.pipeline())
        return left

    def pipeline(self) -> Node:
        name = self.peek_reserved(skip_newlines=False)
        if name == "!":
            self.tokens.take()
            if not self.flavour.is_bash and self.peek_reserved(skip_newlines=False) == "!":
                self.tokens.take()
                raise self.unexpected()
            return Not(self.pipeline())
        if name == "time":
            return self._timed()
        commands = [self.command()]
        with_errors: list[bool] = []
        while (token := self.tokens.peek()).kind == "operator" and token.text in ("|", "|&"):
            self.tokens.take()
            self.skip_newlines()
            with_errors.append(token.text == "|&")
            commands.append(self.command())
        return commands[0] if len(commands) == 1 else Pipeline(tuple(commands), tuple(with_errors))

    def _timed(self) -> Node:
        self.tokens.take()
        portable = self.tokens.peek().text == "-p"
        if portable:
            self.tokens.take()
        following = self.tokens.peek()
        is_empty = following.kind in ("newline", "end") or following.text in (";", "&", ")")
        return Timed(None if is_empty else self.pipeline(), portable)

    def command(self) -> Node:
        """A simple or compound command, or a function's definition."""
        if self.aliases:
            self._expand_aliases()
        name = self.peek_reserved(skip_newlines=False)
        if name in _COMPOUND or name in ("(", "[[", "select"):
            return self.compound(name)
        if name == "function":
            return self._function_word()
        if name == "coproc":
            return self._coprocess()
        token = self.tokens.peek()
        if name or token.kind not in ("word", "redirect"):
            self.tokens.take()
            raise self.unexpected()
        return self.simple()

    def _expand_aliases(self) -> None:
        """Put the text of an alias in the place of its name."""
        scanner = self.scanner
        if self.flavour.is_bash and "expand_aliases" not in scanner.features:
            return
        while (token := self.tokens.peek()).is_bare and token.text in self.aliases:
            left = len(scanner.text) - scanner.position
            if left >= self._expanded.get(token.text, 0) > 0 and len(scanner.text) - token.start > self._expanded[token.text] - 1:
                return
            self._expanded[token.text] = left + 1
            after = scanner.text[scanner.position :]
            self.tokens.rewind()
            scanner.text = scanner.text[: token.start] + self.aliases[token.text] + after

    def _coprocess(self) -> Node:
        """`coproc command` or `coproc NAME compound`."""
        start = self.tokens.take().start
        token = self.tokens.peek()
        name = "COPROC"
        if token.is_bare and _NAME.match(token.text) and token.text not in self._reserved:
            self.tokens.take()
            if self.peek_reserved(skip_newlines=False) in (*_COMPOUND, "("):
                name = token.text
            else:
                self.scanner.position = token.start
                self.tokens.forget()
        body = self.command()
        return Coprocess(name, body, self.scanner.text[start : self.tokens.peek().start].strip())

    # --- simple commands ---------------------------------------------------------------------------------------------------

    def simple(self) -> Node:
        assignments: list[Assignment] = []
        words: list[Word] = []
        redirects: list[Redirect] = []
        line = self.tokens.peek().line
        while True:
            token = self.tokens.peek()
            if token.kind == "redirect":
                redirects.append(self.redirect())
            elif token.kind == "word" and token.word is not None:
                self.tokens.take()
                assignment = None if words else self.assignment(token.word)
                if assignment is not None:
                    assignments.append(assignment)
                else:
                    words.append(self._argument(token.word, words))
            elif token.text == "(" and len(words) == 1 and not assignments and not redirects:
                return self._function(words[0])
            else:
                break
        return Simple(tuple(assignments), tuple(words), tuple(redirects), line)

    def _argument(self, word: Word, before: list[Word]) -> Word:
        """An argument; `name=(…)` after declare and its like is one, too."""
        if not (self.flavour.is_bash and before and before[0].text in _DECLARATIONS and self.scanner.peek() == "("):
            return word
        if not word.text.endswith("=") or not _ASSIGNMENT.match(word.text):
            return word
        start = self.scanner.position
        self.array_items()
        return Word((*word.parts, Quoted(self.scanner.text[start : self.scanner.position])), word.text)

    def assignment(self, word: Word) -> Assignment | None:
        """`word` as an assignment, when it is one."""
        if not word.parts or not isinstance(word.parts[0], Literal):
            return None
        literal = word.parts[0].text
        match = _ASSIGNMENT.match(literal)
        if match is None:
            return self._element(word) if self.flavour.is_bash else None
        if match[1] and not self.flavour.is_bash:
            return None
        rest = literal[match.end() :]
        name = literal[: match.end() - 1].rstrip("+")
        parts: tuple[Part, ...] = ((Literal(rest),) if rest else ()) + word.parts[1:]
        value = Word(parts, word.text[match.end() :])
        items = None
        if self.flavour.is_bash and not value.parts and self.scanner.peek() == "(":
            items = self.array_items()
        return Assignment(name, value, bool(match[1]), items=items)

    def _element(self, word: Word) -> Assignment | None:
        """bash's name[subscript]=value, read again from its text."""
        match = _ELEMENT.match(word.text)
        end = closing_bracket(word.text, match.end() - 1) if match else 0
        if match is None or not end:
            return None
        rest = word.text[end + 1 :]
        append = rest.startswith("+=")
        if not append and not rest.startswith("="):
            return None
        subscript = self._word_of(word.text[match.end() : end])
        value = self._word_of(rest[2 if append else 1 :])
        return Assignment(match[1], value, append, subscript=subscript)

    def _word_of(self, text: str) -> Word:
        return Scanner(text, self.flavour, parse_commands, self.scanner.line, self.scanner.depth).word()

    def array_items(self) -> tuple[tuple[Word | None, Word], ...]:
        """The elements between parentheses."""
        self.tokens.take()
        items: list[tuple[Word | None, Word]] = []
        while True:
            self.skip_newlines()
            if key := _KEY.match(self.scanner.text, self.tokens.peek().start):
                items.append(self._keyed_item(key))
                continue
            token = self.tokens.take()
            if token.text == ")" and token.kind == "operator":
                return tuple(items)
            if token.kind == "end":
                raise self.scanner.unterminated(")", self.scanner.line)
            if token.word is None:
                raise self.unexpected()
            items.append((None, token.word))

    def _keyed_item(self, key: "re.Match[str]") -> tuple[Word, Word]:
        """[key]=value, whose key may have blanks."""
        self.tokens.rewind()
        self.scanner.position = key.end()
        return self._word_of(f'"{key[1]}"' if " " in key[1] and key[1][0] not in "'\"" else key[1]), self.scanner.word()

    def redirect(self) -> Redirect:
        token = self.tokens.take()
        target = self.tokens.take()
        if target.word is None:
            raise self.unexpected()
        descriptor = token.descriptor if token.descriptor is not None else 0 if token.text.startswith("<") else 1
        operator = "<<" if token.text == "<<-" else token.text
        redirect = Redirect(operator, descriptor, target.word, token.line, token.variable)
        if operator == "<<":
            self.tokens.expect_document(redirect, strip=token.text == "<<-")
        return redirect

    # --- functions ---------------------------------------------------------------------------------------------------------

    def _function(self, name: Word) -> Node:
        self.tokens.take()
        token = self.tokens.take()
        if token.text != ")" or token.kind != "operator":
            raise self.unexpected(")")
        if not self.flavour.is_bash and (not _NAME.match(name.text) or name.text in _SPECIAL_BUILTINS):
            raise SyntaxFault(self.scanner.worded("Bad function name" if self.flavour.is_dash else "bad function name"), self.scanner.line)
        self.skip_newlines()
        start, line = self.tokens.peek().start, self.scanner.line
        body = self.command()
        return Function(name.text, body, line, self.scanner.text[start : self.tokens.peek().start].strip())

    def _function_word(self) -> Node:
        """bash's `function name [()] body`."""
        self.tokens.take()
        token = self.tokens.take()
        if token.kind != "word":
            raise self.unexpected()
        if self.tokens.peek().text == "(":
            self.tokens.take()
            self.expect(")")
        self.skip_newlines()
        start, line = self.tokens.peek().start, self.scanner.line
        body = self.command()
        return Function(token.text, body, line, self.scanner.text[start : self.tokens.peek().start].strip())
