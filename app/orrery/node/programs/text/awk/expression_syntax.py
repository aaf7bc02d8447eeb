"""awk's expressions: the half of the recursive descent parser that needs no statements."""

from typing import Final

from orrery.node.programs.text.awk.tokens import AwkSyntax, Token, tokens_of
from orrery.node.programs.text.awk.tree import AwkProgram, Node

_COMPARISONS: Final = ("<", "<=", "==", "!=", ">", ">=")
_ASSIGNMENTS: Final = ("=", "+=", "-=", "*=", "/=", "%=", "^=")
_OPERANDS: Final = frozenset(("number", "string", "regex", "name", "call", "function", "$", "!", "(", "-", "+", "++", "--"))


class ExpressionParser:
    def __init__(self, source: str, *, is_busybox: bool = True) -> None:
        self._is_busybox = is_busybox
        self._tokens = tokens_of(source, is_busybox=is_busybox)
        self._loops = 0
        self._place = ""
        """`BEGIN`, `END` or `function` while in such a body."""
        self._at = 0
        self._program = AwkProgram()
        self._locals: frozenset[str] = frozenset()
        self._no_in = 0
        self._no_greater = 0
        self._depth = 0

    # Tokens.

    def _peek(self) -> Token:
        return self._tokens[self._at]

    def _next(self) -> Token:
        token = self._tokens[self._at]
        self._at += 1
        return token

    def _fault(self) -> AwkSyntax:
        return AwkSyntax(self._peek().line, self._peek().text)

    def _is(self, kind: str, text: str | None = None) -> bool:
        token = self._peek()
        return token.kind == kind and (text is None or token.text == text)

    def _take(self, kind: str, text: str | None = None) -> bool:
        if self._is(kind, text):
            self._at += 1
            return True
        return False

    def _want(self, kind: str) -> Token:
        if not self._is(kind):
            near = self._peek()
            raise AwkSyntax(near.line, near.text, mawk=f"missing ) near {near.text}" if kind == ")" and near.text == "}" else "")
        return self._next()

    def _newlines(self) -> None:
        while self._peek().kind == "newline":
            self._at += 1

    def _list(self, end: str = "") -> list[Node]:
        items: list[Node] = []
        self._newlines()
        while not (end and self._is(end)):
            items.append(self._expression())
            if not self._take(","):
                break
            self._newlines()
        return items

    # Expressions, lowest precedence first.

    def _uses_array(self, name: str) -> None:
        if name not in self._locals:
            self._program.arrays.add(name)

    def _name(self, name: str) -> Node:
        return Node("local" if name in self._locals else "global", (name,))

    def _expression(self) -> Node:
        self._depth += 1
        if self._depth > 150:
            raise self._fault()
        try:
            return self._ternary()
        finally:
            self._depth -= 1

    def _ternary(self) -> Node:
        condition = self._or()
        if self._take("?"):
            self._newlines()
            yes = self._ternary()
            self._newlines()
            self._want(":")
            self._newlines()
            return Node("ternary", (condition, yes, self._ternary()))
        if self._peek().kind in _ASSIGNMENTS and condition.kind in ("global", "local", "index", "field"):
            operator = self._next().kind
            self._newlines()
            return Node("assign", (condition, operator, self._ternary()))
        return condition

    def _or(self) -> Node:
        left = self._and()
        while self._take("||"):
            self._newlines()
            left = Node("or", (left, self._and()))
        return left

    def _and(self) -> Node:
        left = self._in()
        while self._take("&&"):
            self._newlines()
            left = Node("and", (left, self._in()))
        return left

    def _in(self) -> Node:
        left = self._match()
        while not self._no_in and self._take("keyword", "in"):
            name = self._want("name").text
            self._uses_array(name)
            left = Node("in", ([left], name))
        return left

    def _match(self) -> Node:
        left = self._comparison()
        while self._is("~") or (self._is("!") and self._tokens[self._at + 1].kind == "~"):
            negated = self._take("!")
            self._want("~")
            left = Node("nomatch" if negated else "match", (left, self._comparison()))
        return left

    def _comparison(self) -> Node:
        left = self._concatenation()
        if self._no_greater and self._is(">="):
            raise AwkSyntax(self._peek().line, "=")  # As upstream: the > begins a redirection.
        if self._peek().kind in _COMPARISONS and not (self._no_greater and self._is(">")):
            operator = self._next().kind
            right = self._concatenation()
            return Node("compare", (left, operator, right))
        if self._is("|") and self._tokens[self._at + 1].text == "getline":
            return self._piped(left)
        return left

    def _piped(self, left: Node) -> Node:
        while self._is("|") and self._tokens[self._at + 1].text == "getline":
            self._at += 2
            left = Node("pipeline", (left, self._target()))
        return left

    def _target(self) -> Node | None:
        """The variable a getline reads into."""
        if self._peek().kind in ("name", "$"):
            return self._postfix_base()
        return None

    def _concatenation(self) -> Node:
        left = self._additive()
        while self._peek().kind in _OPERANDS and not self._is("keyword", "in"):
            if (self._is("!") and self._tokens[self._at + 1].kind == "~") or self._peek().kind in ("-", "+"):
                break
            left = Node("concat", (left, self._additive()))
        if self._is("|") and self._tokens[self._at + 1].text == "getline":
            return self._piped(left)
        return left

    def _additive(self) -> Node:
        left = self._multiplicative()
        while self._peek().kind in ("+", "-"):
            operator = self._next().kind
            left = Node("arithmetic", (left, operator, self._multiplicative()))
        return left

    def _multiplicative(self) -> Node:
        left = self._unary()
        while self._peek().kind in ("*", "/", "%"):
            operator = self._next().kind
            left = Node("arithmetic", (left, operator, self._unary()))
        return left

    def _unary(self) -> Node:
        token = self._peek()
        if token.kind in ("!", "-", "+"):
            self._at += 1
            self._depth += 1
            if self._depth > 150:
                raise self._fault()
            operand = self._unary()
            self._depth -= 1
            return Node({"!": "not", "-": "minus", "+": "plus"}[token.kind], (operand,))
        return self._power()

    def _power(self) -> Node:
        base = self._postfix()
        if self._take("^"):
            exponent = self._unary() if self._peek().kind in ("-", "+", "!") else self._power()
            return Node("arithmetic", (base, "^", exponent))
        return base

    def _postfix(self) -> Node:
        if self._peek().kind in ("++", "--"):
            operator = self._next().kind
            return Node("before", (self._postfix_base(), operator))
        node = self._postfix_base()
        if self._peek().kind in ("++", "--") and node.kind in ("global", "local", "index", "field"):
            return Node("after", (node, self._next().kind))
        return node

    def _postfix_base(self) -> Node:
        token = self._next()
        if token.kind == "number":
            return Node("number", (token.value,))
        if token.kind == "string":
            return Node("string", (token.text,))
        if token.kind == "regex":
            return Node("regex", (token.text,))
        if token.kind == "$":
            if self._peek().kind in ("++", "--"):
                operator = self._next().kind
                return Node("field", (Node("before", (self._postfix_base(), operator)),))
            if self._take("-"):
                return Node("field", (Node("minus", (self._postfix_base(),)),))
            return Node("field", (self._postfix_base(),))
        if token.kind == "(":
            return self._grouped()
        if token.kind == "name":
            if self._take("["):
                self._uses_array(token.text)
                return Node("index", (token.text, self._subscript()))
            return self._name(token.text)
        if token.kind == "call":
            self._want("(")
            kept, self._no_greater = self._no_greater, 0
            arguments = self._list(")")
            self._no_greater = kept
            self._want(")")
            return Node("call", (token.text, arguments))
        if token.kind == "function":
            return self._builtin(token.text)
        if token.kind == "keyword" and token.text == "getline":
            target = self._target()
            source = None
            if self._take("<"):
                source = self._postfix_base()
            return Node("getline", (target, source))
        if token.kind in ("-", "+", "!"):
            self._at -= 1
            return self._unary()
        self._at -= 1
        raise self._fault()

    def _subscript(self) -> list[Node]:
        kept, self._no_greater = self._no_greater, 0
        items = self._list("]")
        self._no_greater = kept
        self._want("]")
        return items

    def _grouped(self) -> Node:
        kept, self._no_greater, kept_in, self._no_in = self._no_greater, 0, self._no_in, 0
        items = self._list(")")
        self._no_greater, self._no_in = kept, kept_in
        self._want(")")
        if len(items) == 1:
            return Node("group", (items[0],))
        if items and self._take("keyword", "in"):
            name = self._want("name").text
            self._uses_array(name)
            return Node("in", (items, name))
        raise self._fault()

    def _builtin(self, name: str) -> Node:
        arguments: list[Node] = []
        if self._take("("):
            kept, self._no_greater = self._no_greater, 0
            arguments = self._list(")")
            self._no_greater = kept
            self._want(")")
        elif name != "length":
            raise self._fault()
        if name == "split" and len(arguments) > 1 and arguments[1].kind in ("global", "local"):
            self._uses_array(arguments[1].parts[0])
        return Node("builtin", (name, arguments))
