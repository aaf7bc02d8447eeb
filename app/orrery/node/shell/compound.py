"""The compound commands of the grammar: if, loops, case, groups, and bash's (( )), [[ ]] and select."""

import re
from abc import abstractmethod
from typing import Final

from orrery.node.shell.errors import SyntaxFault
from orrery.node.shell.nodes import (
    ArithmeticCommand,
    ArithmeticFor,
    Case,
    CaseItem,
    Condition,
    ConditionBinary,
    ConditionJoin,
    ConditionNode,
    ConditionNot,
    ConditionUnary,
    For,
    Group,
    If,
    Literal,
    Loop,
    Node,
    Quoted,
    Redirect,
    Redirected,
    Sequence,
    Subshell,
    Word,
)
from orrery.node.shell.scanner import Scanner
from orrery.node.shell.tokens import Tokens

_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_CONDITION_OPERATORS: Final = frozenset(["=", "==", "!=", "=~", "-eq", "-ne", "-lt", "-le", "-gt", "-ge", "-nt", "-ot", "-ef"])
_UNARY: Final = re.compile(r"-[abcdefghknoprstuvwxzGLNORS]\Z")
_TRUE: Final = Word((Quoted("1"),), "1")


class CompoundMixin:
    """The part of the parser that knows compound commands."""

    def __init__(self, tokens: Tokens, scanner: Scanner) -> None:
        self.tokens = tokens
        self.scanner = scanner
        self.flavour = scanner.flavour

    @abstractmethod
    def peek_reserved(self, *, skip_newlines: bool = True) -> str: ...
    @abstractmethod
    def skip_newlines(self) -> None: ...
    @abstractmethod
    def expect(self, wanted: str) -> None: ...
    @abstractmethod
    def unexpected(self, wanted: str = "") -> SyntaxFault: ...
    @abstractmethod
    def body(self, *, may_be_empty: bool = False) -> Node: ...
    @abstractmethod
    def redirect(self) -> Redirect: ...

    def compound(self, name: str) -> Node:
        """The compound command that `name` begins, with its redirections."""
        line = self.tokens.take().line
        node = self._compound(name, line)
        redirects: list[Redirect] = []
        while self.tokens.peek().kind == "redirect":
            redirects.append(self.redirect())
        return Redirected(node, tuple(redirects)) if redirects else node

    def _compound(self, name: str, line: int) -> Node:
        if name == "if":
            return self._if()
        if name in ("while", "until"):
            condition = self.body()
            return Loop(condition, self._do_group(), name == "until")
        if name in ("for", "select"):
            return self._for(line, is_select=name == "select")
        if name == "case":
            return self._case()
        if name == "{":
            body = self.body()
            self.expect("}")
            return Group(body)
        if name == "[[":
            return self._condition(line)
        return self._parenthesis()

    def _parenthesis(self) -> Node:
        if self.flavour.is_bash and self.scanner.peek() == "(":
            position = self.scanner.position
            self.scanner.position += 1
            word = self.scanner.arithmetic()
            if word is not None:
                return ArithmeticCommand(word)
            self.scanner.position = position
        body = self.body()
        self.expect(")")
        return Subshell(body)

    def _do_group(self) -> Node:
        self.expect("do")
        body = self.body()
        self.expect("done")
        return body

    def _if(self) -> Node:
        """From after `if` or `elif` to the end."""
        condition = self.body()
        self.expect("then")
        then = self.body()
        name = self.peek_reserved()
        if name == "elif":
            self.tokens.take()
            return If(condition, then, self._if())
        otherwise = None
        if name == "else":
            self.tokens.take()
            otherwise = self.body()
        self.expect("fi")
        return If(condition, then, otherwise)

    # --- for ---------------------------------------------------------------------------------------------------------------

    def _for(self, line: int, *, is_select: bool) -> Node:
        if self.flavour.is_bash and not is_select and self.tokens.peek().text == "(":
            return self._arithmetic_for()
        token = self.tokens.take()
        if not token.is_bare or not _NAME.match(token.text):
            raise self._bad_variable(token.text)
        words: list[Word] | None = None
        if self.peek_reserved() == "in":
            self.tokens.take()
            words = []
            while (word := self.tokens.take()).word is not None:
                words.append(word.word)
            if word.kind != "newline" and word.text != ";":
                raise self.unexpected()
        elif self.tokens.peek().text == ";":
            self.tokens.take()
        if self.flavour.is_bash and self.peek_reserved() == "{":
            self.tokens.take()
            body = self.body()
            self.expect("}")
        else:
            body = self._do_group()
        return For(token.text, None if words is None else tuple(words), body, line, is_select)

    def _bad_variable(self, text: str) -> SyntaxFault:
        if self.flavour.is_bash:
            return SyntaxFault(f"`{text}': not a valid identifier", self.scanner.line)
        message = "Bad for loop variable" if self.flavour.is_dash else "bad for loop variable"
        return SyntaxFault(self.scanner.worded(message), self.scanner.line)

    def _arithmetic_for(self) -> Node:
        self.tokens.take()
        self.scanner.position += 1
        word = self.scanner.arithmetic()
        if word is None:
            raise self.unexpected()
        pieces = self._split_at_semicolons(word)
        if self.peek_reserved() == ";":
            self.tokens.take()
        if self.peek_reserved() == "{":
            self.tokens.take()
            body = self.body()
            self.expect("}")
        else:
            body = self._do_group()
        return ArithmeticFor(pieces[0], pieces[1] if pieces[1].text.strip() else _TRUE, pieces[2], body)

    def _split_at_semicolons(self, word: Word) -> list[Word]:
        pieces: list[Word] = [Word(())]
        for part in word.parts:
            if not isinstance(part, Quoted):
                pieces[-1] = Word((*pieces[-1].parts, part), pieces[-1].text + "$")
                continue
            for index, text in enumerate(part.text.split(";")):
                if index:
                    pieces.append(Word(()))
                pieces[-1] = Word((*pieces[-1].parts, Quoted(text)), pieces[-1].text + text)
        if len(pieces) != 3:
            raise self.unexpected()
        return pieces

    # --- case --------------------------------------------------------------------------------------------------------------

    def _case(self) -> Node:
        token = self.tokens.take()
        if token.word is None:
            raise self.unexpected("word")
        self.expect("in")
        items: list[CaseItem] = []
        while self.peek_reserved() != "esac":
            item = self._case_item()
            items.append(item)
            end = self.peek_reserved()
            if end == "esac":
                break
            self.tokens.take()
            if end not in (";;", ";&", ";;&"):
                raise self.unexpected(";;")
            item.end = end
        self.tokens.take()
        return Case(token.word, tuple(items))

    def _case_item(self) -> CaseItem:
        token = self.tokens.take()
        if token.text == "(" and token.kind == "operator":
            token = self.tokens.take()
        patterns: list[Word] = []
        while True:
            patterns.append(token.word or Word((Literal(token.text),), token.text))
            following = self.tokens.take()
            if following.kind != "operator" or following.text != "|":
                break
            token = self.tokens.take()
        if following.kind != "operator" or following.text != ")":
            raise self.unexpected("" if self.flavour.is_bash and token.kind == "end" else ")")
        body = self.body(may_be_empty=True)
        return CaseItem(tuple(patterns), None if isinstance(body, Sequence) and not body.items else body, ";;")

    # --- [[ … ]] -----------------------------------------------------------------------------------------------------------

    def _condition(self, line: int) -> Node:
        self.scanner.in_condition = True
        body = self._condition_or()
        token = self.tokens.take()
        self.scanner.in_condition = False
        if token.text != "]]":
            raise self._bad_condition("syntax error in conditional expression")
        return Condition(body, line)

    def _bad_condition(self, message: str) -> SyntaxFault:
        """bash gives up the line for these, without an exit code of its own."""
        return SyntaxFault(message, self.scanner.line, code=0 if self.tokens.last.kind != "end" and self.tokens.peek().kind != "end" else 2)

    def _condition_or(self) -> ConditionNode:
        left = self._condition_and()
        self.skip_newlines()
        while self.tokens.peek().text == "||":
            self.tokens.take()
            left = ConditionJoin("||", left, self._condition_and())
            self.skip_newlines()
        return left

    def _condition_and(self) -> ConditionNode:
        left = self._condition_term()
        self.skip_newlines()
        while self.tokens.peek().text == "&&":
            self.tokens.take()
            left = ConditionJoin("&&", left, self._condition_term())
            self.skip_newlines()
        return left

    def _condition_term(self) -> ConditionNode:
        self.skip_newlines()
        token = self.tokens.take()
        if token.text == "!" and token.kind == "word":
            return ConditionNot(self._condition_term())
        if token.text == "(" and token.kind == "operator":
            inner = self._condition_or()
            self.expect(")")
            return inner
        if token.word is None:
            raise self.unexpected()
        following = self.tokens.peek()
        if following.text in _CONDITION_OPERATORS and following.kind == "word":
            self.tokens.take()
            right = self._pattern_word() if following.text == "=~" else self.tokens.take().word
            if right is None:
                raise self.unexpected()
            return ConditionBinary(following.text, token.word, right)
        if following.kind == "redirect" and following.text in ("<", ">"):
            self.tokens.take()
            right = self.tokens.take().word
            if right is None:
                raise self.unexpected()
            return ConditionBinary(following.text, token.word, right)
        if _UNARY.match(token.text) and following.word is not None:
            self.tokens.take()
            if following.text == "]]":
                raise self._bad_condition("unexpected argument `]]' to conditional unary operator")
            return ConditionUnary(token.text, following.word)
        if following.kind in ("newline", "end"):
            raise self._bad_condition("unexpected token `newline', conditional binary operator expected")
        return ConditionUnary("-n", token.word)

    def _pattern_word(self) -> Word:
        """A regular expression after =~ : a word in which parentheses and bars are plain, up to a blank outside parentheses."""
        self.tokens.rewind()
        while self.scanner.peek() in (" ", "\t"):
            self.scanner.position += 1
        return self.scanner.regular_expression()
