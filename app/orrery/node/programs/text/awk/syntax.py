"""awk's grammar: a recursive descent parser that makes a tree of `Node`. Expressions are `expression_syntax`'s."""

from orrery.node.programs.text.awk.expression_syntax import ExpressionParser
from orrery.node.programs.text.awk.tokens import AwkSyntax, Token
from orrery.node.programs.text.awk.tree import AwkProgram, Function, Node, Rule


class AwkParser(ExpressionParser):
    def parse(self) -> AwkProgram:
        self._newlines()
        while self._peek().kind != "end":
            self._item()
            while self._peek().kind in ("newline", ";"):
                self._at += 1
        self._program.lines = self._peek().line
        return self._program

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
