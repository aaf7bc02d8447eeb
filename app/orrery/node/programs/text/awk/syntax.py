"""awk's grammar: a recursive descent parser that makes a tree of `Node`."""

from typing import Final

from orrery.node.programs.text.awk.tokens import AwkSyntax, Token, tokens_of
from orrery.node.programs.text.awk.tree import AwkProgram, Function, Node, Rule

_COMPARISONS: Final = ("<", "<=", "==", "!=", ">", ">=")
_ASSIGNMENTS: Final = ("=", "+=", "-=", "*=", "/=", "%=", "^=")
_OPERANDS: Final = frozenset(("number", "string", "regex", "name", "call", "function", "$", "!", "(", "-", "+", "++", "--"))


class AwkParser:
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

    def parse(self) -> AwkProgram:
        self._newlines()
        while self._peek().kind != "end":
            self._item()
            while self._peek().kind in ("newline", ";"):
                self._at += 1
        self._program.lines = self._peek().line
        return self._program

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

    # Items.

    def _item(self) -> None:
        if self._take("keyword", "function"):
            self._function()
            return
        if self._is("keyword", "BEGIN") or self._is("keyword", "END"):
            self._place = kind = self._next().text
            self._newlines()
            body = self._block()
            self._place = ""
            (self._program.begins if kind == "BEGIN" else self._program.ends).append(body)
            return
        pattern: Node | None = None
        until: Node | None = None
        if not self._is("{"):
            pattern = self._expression()
            if self._take(","):
                self._newlines()
                until = self._expression()
        action = self._block() if self._is("{") else None
        self._program.rules.append(Rule(pattern, until, action))

    def _function(self) -> None:
        token = self._next()
        if token.kind not in ("name", "call"):
            self._at -= 1
            raise self._fault()
        self._want("(")
        names: list[str] = []
        while not self._is(")"):
            names.append(self._want("name").text)
            if not self._take(","):
                break
            self._newlines()
        self._want(")")
        self._newlines()
        self._locals, self._place = frozenset(names), "function"
        self._program.functions[token.text] = Function(token.text, names, self._block())
        self._locals, self._place = frozenset(), ""

    def _block(self) -> Node:
        self._want("{")
        statements: list[Node] = []
        while True:
            while self._peek().kind in ("newline", ";"):
                self._at += 1
            if self._take("}"):
                return Node("block", (statements,))
            if self._is("end"):
                raise self._fault()
            statements.append(self._statement())

    # Statements.

    def _end_statement(self) -> None:
        if self._peek().kind in ("newline", ";"):
            self._at += 1
        elif not self._is("}") and not self._is("end"):
            raise self._fault()

    def _body(self) -> Node:
        self._newlines()
        if self._take(";"):
            return Node("block", ([],))
        return self._statement()

    def _loop_body(self) -> Node:
        self._loops += 1
        body = self._body()
        self._loops -= 1
        return body

    def _statement(self) -> Node:
        self._depth += 1
        if self._depth > 150:
            raise self._fault()
        try:
            return self._statement_inner()
        finally:
            self._depth -= 1

    def _statement_inner(self) -> Node:
        if self._is("{"):
            return self._block()
        token = self._peek()
        if token.kind == "keyword" and token.text in ("if", "while", "for", "do"):
            self._at += 1
            return {"if": self._if, "while": self._while, "for": self._for, "do": self._do}[token.text]()
        node = self._simple()
        self._end_statement()
        return node

    def _if(self) -> Node:
        self._want("(")
        condition = self._expression()
        self._want(")")
        yes = self._body()
        mark = self._at
        while self._peek().kind in ("newline", ";"):
            self._at += 1
        if self._take("keyword", "else"):
            return Node("if", (condition, yes, self._body()))
        self._at = mark
        return Node("if", (condition, yes, None))

    def _while(self) -> Node:
        self._want("(")
        condition = self._expression()
        self._want(")")
        return Node("while", (condition, self._loop_body()))

    def _do(self) -> Node:
        body = self._loop_body()
        while self._peek().kind in ("newline", ";"):
            self._at += 1
        if not self._take("keyword", "while"):
            raise self._fault()
        self._want("(")
        condition = self._expression()
        self._want(")")
        self._end_statement()
        return Node("do", (body, condition))

    def _for(self) -> Node:
        self._want("(")
        following = self._tokens[self._at : self._at + 4]
        if [token.kind for token in following] == ["name", "keyword", "name", ")"] and following[1].text == "in":
            variable, array = following[0].text, following[2].text
            self._at += 4
            self._uses_array(array)
            return Node("forin", (self._name(variable), array, self._loop_body()))
        first = None if self._is(";") else self._simple()
        self._want(";")
        self._newlines()
        condition = None if self._is(";") else self._expression()
        self._want(";")
        self._newlines()
        step = None if self._is(")") else self._simple()
        self._want(")")
        return Node("for", (first, condition, step, self._loop_body()))

    def _simple(self) -> Node:
        token = self._peek()
        if token.kind != "keyword" or token.text in ("getline", "in"):
            return Node("expression", (self._expression(),))
        self._at += 1
        if token.text in ("break", "continue", "next", "nextfile"):
            self._check_jump(token)
            return Node(token.text)
        if token.text == "return" and self._place != "function" and not self._is_busybox:
            raise AwkSyntax(token.line, token.text, mawk="return outside function body")
        if token.text in ("exit", "return"):
            value = None if self._peek().kind in ("newline", ";", "}", "end") else self._expression()
            return Node(token.text, (value,))
        if token.text == "delete":
            name = self._next().text
            self._uses_array(name)
            if self._take("["):
                subscript = self._subscript()
                return Node("delete", (name, subscript))
            return Node("delete", (name, None))
        if token.text in ("print", "printf"):
            return self._print(token.text)
        self._at -= 1
        raise self._fault()

    def _check_jump(self, token: Token) -> None:
        if token.text in ("break", "continue"):
            if not self._loops:
                mawk = f"{token.text} statement outside of loop"
                raise AwkSyntax(token.line, token.text, busybox=f"'{token.text}' not in a loop", mawk=mawk)
        elif self._place and not self._is_busybox:
            raise AwkSyntax(token.line, token.text, mawk=f"improper use of {token.text}")

    def _print(self, kind: str) -> Node:
        arguments: list[Node] = []
        ends = ("newline", ";", "}", ">", ">>", "|", "end")
        self._no_greater += 1
        try:
            if self._is("(") and self._closes_list(ends):
                self._at += 1
                self._no_greater, kept = 0, self._no_greater
                arguments = self._list(")")
                self._no_greater = kept
                self._want(")")
            elif self._peek().kind not in ends:
                arguments = self._list()
        finally:
            self._no_greater -= 1
        target = None
        operator = ""
        if self._peek().kind in (">", ">>", "|"):
            operator = self._next().kind
            self._no_greater += 1
            target = self._ternary()
            self._no_greater -= 1
        return Node(kind, (arguments, operator, target))

    def _closes_list(self, ends: tuple[str, ...]) -> bool:
        """Whether the parenthesis here encloses all arguments of a print."""
        depth, at = 0, self._at
        while at < len(self._tokens):
            kind = self._tokens[at].kind
            depth += kind in ("(", "[")
            depth -= kind in (")", "]")
            at += 1
            if depth == 0:
                return self._tokens[at].kind in ends
        return False

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
