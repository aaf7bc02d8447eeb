"""Word expansion: from the parts of a word to fields, to one text, or to a pattern.

Order as POSIX has it: tilde, parameters, commands and arithmetic; then splitting; then pathnames. A word whose expansion needs none of
the slow machinery (constant, one plain variable, plain variables in quotes) gets a plan at its first use and never comes here again.
"""

from collections.abc import Callable, Sequence
from typing import Final, Protocol, TypeAlias

from orrery.node.processes.program import Process
from orrery.node.shell.arithmetic import ArithmeticFault, Subscript, compiled
from orrery.node.shell.braces import TooManyWords, expand_braces
from orrery.node.shell.errors import ShellError
from orrery.node.shell.fields import Fields, has_pattern, pattern_of, plain
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
from orrery.node.shell.pathnames import expand_pathname
from orrery.node.shell.patterns import is_pattern
from orrery.node.shell.variables import Variables


class Host(Protocol):
    """What an expansion needs of the shell."""

    flavour: Flavour
    variables: Variables
    process: Process
    arguments: list[str]
    features: set[str]
    no_glob: bool

    def special(self, name: str) -> str | None: ...
    async def substitute(self, body: Node | None) -> str: ...
    async def substitute_process(self, body: Node | None, direction: str) -> str: ...
    async def parameter(self, part: Parameter, *, quoted: bool) -> "Value": ...
    def number(self, name: str, subscript: Subscript) -> int: ...
    def assign_number(self, name: str, subscript: Subscript, value: int) -> None: ...
    def subscript(self, name: str, text: str) -> Subscript: ...
    def unset_error(self, name: str) -> ShellError: ...

    no_unset: bool


Value: TypeAlias = str | list[str] | Word | None
"""Of a parameter: text, the fields of $@ and its like, the word of ${x-word} still to be expanded, or nothing."""

Plan: TypeAlias = Callable[[Host], list[str] | None]
"""The fields of a word; None when this time the slow way has to be taken."""


def is_plain_name(part: Part) -> bool:
    """`$name` without an operator, of a variable or of a parameter that is one text."""
    return isinstance(part, Parameter) and not (
        part.operator or part.length or part.indirect or part.subscript or part.bad or part.name in ("@", "*")
    )


_SMALL: Final = 65_536
_FIELD_CHARS: Final = 32
"""What a field takes besides its text."""
_FIELDS_PER_LOOK: Final = 256
_CHARS_PER_TICK: Final = 256
_WORD_BYTES: Final = 64
_COPIES: Final = 4
"""How often a shell holds the text of a long word while it makes fields of it."""


def check_room(process: Process, size: int) -> None:
    """A text of so many characters is about to be made: a shell without the memory for it is killed before."""
    if size > _SMALL:
        process.allocate(size * _COPIES)
        process.allocate(-size * _COPIES)


def _slow(_: Host) -> None:
    return None


def _constant(text: str) -> Plan:
    fields = [text]
    return lambda _: fields


def _one_variable(name: str) -> Plan:
    def run(host: Host) -> list[str] | None:
        value = host.variables.values.get(name)
        if value is None:
            return None
        # IFS other than the default, blanks and patterns take the slow way.
        if value.isalnum():
            ifs = host.variables.values.get("IFS")
            return [value] if ifs is None or ifs == " \t\n" else None
        return None

    return run


def _text_getters(parts: Sequence[Part]) -> list[tuple[bool, str]] | None:
    getters: list[tuple[bool, str]] = []
    for part in parts:
        if isinstance(part, Quoted):
            getters.append((False, part.text))
        elif isinstance(part, Parameter) and is_plain_name(part):
            getters.append((True, part.name))
        else:
            return None
    return getters


def _join(getters: list[tuple[bool, str]]) -> Plan:
    def run(host: Host) -> list[str] | None:
        values = host.variables.values
        pieces: list[str] = []
        for is_name, text in getters:
            if not is_name:
                pieces.append(text)
                continue
            value = values.get(text)
            if value is None:
                value = host.special(text)
                if value is None:
                    if host.no_unset:
                        return None
                    continue
            pieces.append(value)
        if len(pieces) > 1:
            check_room(host.process, sum(map(len, pieces)))
        return ["".join(pieces)]

    return run


def plan_word(word: Word, flavour: Flavour) -> Plan:
    """The fast way to expand a word, or `_slow`."""
    parts = word.parts
    if not parts:
        return lambda _: []
    first = parts[0]
    if all(isinstance(part, Literal | Quoted) for part in parts):
        literal = "".join([part.text for part in parts if isinstance(part, Literal)])
        is_tilde = isinstance(first, Literal) and first.text.startswith("~")
        if is_pattern(literal) or is_tilde or (flavour.is_bash and "{" in literal):
            return _slow
        return _constant("".join([part.text for part in parts if isinstance(part, Literal | Quoted)]))
    if len(parts) > 1:
        return _slow
    if isinstance(first, DoubleQuoted):
        getters = _text_getters(first.parts)
        return _slow if getters is None else _join(getters)
    if isinstance(first, Parameter) and is_plain_name(first):
        return _one_variable(first.name)
    return _slow


class Expander:
    """Expands the words of one shell."""

    def __init__(self, host: Host) -> None:
        self.host = host

    # --- what words become -------------------------------------------------------------------------------------------------

    async def words(self, words: Sequence[Word]) -> list[str]:
        """The fields of all words, for a command's arguments."""
        result: list[str] = []
        host = self.host
        for word in words:
            plan = word.plan
            if plan is None:
                plan = word.plan = plan_word(word, host.flavour)
            fields: list[str] | None = plan(host)
            result += await self._slow_fields(word) if fields is None else fields
        return result

    async def _slow_fields(self, word: Word) -> list[str]:
        if not self.host.flavour.is_bash:
            return await self._fields(word)
        result: list[str] = []
        try:
            words = expand_braces(word)
        except TooManyWords as problem:
            self.host.process.allocate(problem.count * _WORD_BYTES)  # Few live through this.
            raise ShellError(f"brace expansion: failed to allocate memory for `{problem.count}' elements", 1) from None
        for one in words:
            result += await self._fields(one)
            await self.host.process.tick()
        return result

    async def _fields(self, word: Word) -> list[str]:
        host = self.host
        fields = Fields(host.variables.get("IFS"), splits=True)
        await self._parts(self._with_tilde(word.parts, in_assignment=False), fields, quoted=False)
        check_room(host.process, fields.size + len(fields.done) * _FIELD_CHARS)
        result: list[str] = []
        for field in fields.finish():
            if not len(result) % _FIELDS_PER_LOOK:
                await host.process.tick(_FIELDS_PER_LOOK // 8)
            if not host.no_glob and has_pattern(field):
                names = expand_pathname(pattern_of(field), host.process.files, host.features)
                await host.process.tick(1 + len(names))
                if not names and "failglob" in host.features:
                    raise ShellError(f"no match: {plain(field)}", 1)
                result += names or ([] if "nullglob" in host.features else [plain(field)])
            else:
                result.append(plain(field))
        return result

    async def text(self, word: Word, *, in_assignment: bool = False) -> str:
        """One text: assignments, redirections, the subject of case."""
        parts = word.parts
        if not parts:
            return ""
        if len(parts) == 1:
            first = parts[0]
            if isinstance(first, Quoted) or (isinstance(first, Literal) and "~" not in first.text):
                return first.text
            if isinstance(first, Arithmetic):
                return str(await self.arithmetic(first.word))
        fields = Fields("", splits=False)
        await self._parts(self._with_tilde(parts, in_assignment=in_assignment), fields, quoted=False)
        check_room(self.host.process, fields.size)
        return " ".join([plain(field) for field in fields.finish()])

    async def pattern(self, word: Word) -> str:
        """A pattern, in which a backslash protects what was quoted."""
        fields = Fields("", splits=False)
        await self._parts(self._with_tilde(word.parts, in_assignment=False), fields, quoted=False)
        return " ".join([pattern_of(field) for field in fields.finish()])

    async def arithmetic(self, word: Word) -> int:
        """The value of an arithmetic expression; ShellError when it is none."""
        parts = word.parts
        if len(parts) == 1 and isinstance(parts[0], Quoted):
            text = parts[0].text
        else:
            fields = Fields("", splits=False)
            await self._parts(parts, fields, quoted=True)
            text = " ".join([plain(field) for field in fields.finish()])
        try:
            return compiled(text.lstrip() if self.host.flavour.is_bash else text, self.host.flavour)(self.host)
        except ArithmeticFault as fault:
            is_bash = self.host.flavour.is_bash
            raise ShellError(str(fault), 1 if is_bash else 2, only_line=True) from None

    # --- parts -------------------------------------------------------------------------------------------------------------

    async def _parts(self, parts: Sequence[Part], fields: Fields, *, quoted: bool, splits_literals: bool = False) -> None:
        for part in parts:
            if isinstance(part, Literal):
                if splits_literals:
                    await self._expand(fields, part.text)
                else:
                    fields.add(part.text, quoted=quoted)
            elif isinstance(part, Quoted):
                fields.add(part.text, quoted=True)
            elif isinstance(part, DoubleQuoted):
                await self._double_quoted(part, fields)
            elif isinstance(part, Parameter):
                await self._parameter(part, fields, quoted=quoted)
            else:
                text = await self._substituted(part)
                if quoted:
                    fields.add(text, quoted=True)
                else:
                    await self._expand(fields, text)

    async def _substituted(self, part: CommandSubstitution | Arithmetic | ProcessSubstitution) -> str:
        if isinstance(part, Arithmetic):
            return str(await self.arithmetic(part.word))
        if isinstance(part, ProcessSubstitution):
            return await self.host.substitute_process(part.body, part.direction)
        return await self.host.substitute(part.body)

    async def _double_quoted(self, part: DoubleQuoted, fields: Fields) -> None:
        # "$@" alone makes no field when there is nothing in it; every other pair of quotes makes one.
        if not any(isinstance(inner, Parameter) for inner in part.parts):
            fields.add("", quoted=True)
        await self._parts(part.parts, fields, quoted=True)

    async def _parameter(self, part: Parameter, fields: Fields, *, quoted: bool) -> None:
        host = self.host
        value: Value
        if not (part.operator or part.length or part.indirect or part.subscript or part.bad) and part.name not in ("@", "*"):
            value = host.variables.values.get(part.name)
            if value is None:
                value = host.special(part.name)
                if value is None and host.no_unset:
                    raise host.unset_error(part.name)
        else:
            value = await host.parameter(part, quoted=quoted)
        if isinstance(value, Word):
            await self._parts(self._with_tilde(value.parts, in_assignment=False), fields, quoted=quoted, splits_literals=not quoted)
        elif isinstance(value, list):
            await self._list(part, value, fields, quoted=quoted)
        elif quoted:
            fields.add(value or "", quoted=True)
        elif value:
            await self._expand(fields, value)

    async def _expand(self, fields: Fields, text: str) -> None:
        """An unquoted expansion; a long one is split in several steps."""
        if len(text) <= _SMALL:
            fields.expand(text)
            return
        for piece in fields.slices(text, _SMALL):
            fields.expand(piece)
            check_room(self.host.process, fields.size + len(fields.done) * _FIELD_CHARS)
            await self.host.process.tick(_SMALL // _CHARS_PER_TICK)

    async def _list(self, part: Parameter, values: list[str], fields: Fields, *, quoted: bool) -> None:
        """$@ and its like: one field each; "$*" is joined with the first character of IFS."""
        is_star = part.name == "*" or (part.subscript is not None and part.subscript.text == "*")
        joins = (quoted and is_star) or (is_star and not fields.splits)
        if joins:
            ifs = self.host.variables.get("IFS")
            separator = " " if ifs is None else ifs[:1]
            fields.add(separator.join(values), quoted=quoted)
            return
        for index, value in enumerate(values):
            if index:
                fields.end_field()
            if quoted:
                fields.add(value, quoted=True)
            else:
                await self._expand(fields, value)
            if not index % _FIELDS_PER_LOOK:
                check_room(self.host.process, fields.size + len(fields.done) * _FIELD_CHARS)
                await self.host.process.tick(_FIELDS_PER_LOOK // 8)

    # --- tilde -------------------------------------------------------------------------------------------------------------

    def _with_tilde(self, parts: Sequence[Part], *, in_assignment: bool) -> Sequence[Part]:
        """The parts with ~ and ~name replaced at the beginning, in assignments after colons too."""
        first = parts[0] if parts else None
        if not isinstance(first, Literal) or "~" not in first.text:
            return parts
        if not in_assignment:
            return (*self._tilde(first.text, is_last=len(parts) == 1), *parts[1:])
        result: list[Part] = []
        pieces = first.text.split(":")
        for index, piece in enumerate(pieces):
            if index:
                result.append(Literal(":"))
            result += self._tilde(piece, is_last=len(parts) == 1 or index < len(pieces) - 1)
        return (*result, *parts[1:])

    def _tilde(self, text: str, *, is_last: bool) -> list[Part]:
        if not text.startswith("~"):
            return [Literal(text)] if text else []
        name, slash, rest = text[1:].partition("/")
        if not slash and not is_last:
            return [Literal(text)]
        home = self._home(name)
        if home is None:
            return [Literal(text)]
        return [Quoted(home), *([Literal(slash + rest)] if slash else [])]

    def _home(self, name: str) -> str | None:
        variables = self.host.variables
        if not name:
            return variables.get("HOME")
        if self.host.flavour.is_bash and name in ("+", "-"):
            return variables.get("PWD" if name == "+" else "OLDPWD")
        try:
            lines = self.host.process.files.read("/etc/passwd").decode("utf-8", "replace").split("\n")
        except OSError:
            return None
        return next((line.split(":")[5] for line in lines if line.startswith(name + ":") and line.count(":") >= 6), None)
