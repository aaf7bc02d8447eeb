"""The syntax tree of a shell script: what the parser makes and the interpreter runs. Nodes are shared by all subshells and never change."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeAlias


@dataclass(slots=True)
class Literal:
    """Text as written, without quotes: subject to pathname expansion, and a tilde may stand in it."""

    text: str


@dataclass(slots=True)
class Quoted:
    """Text that quotes or a backslash protect."""

    text: str


@dataclass(slots=True)
class DoubleQuoted:
    """Expansions inside double quotes: neither split nor matched against files."""

    parts: "tuple[Part, ...]"


@dataclass(slots=True)
class Parameter:
    """`$name` and `${name…}`. `operator` is one of - = ? + (with `colon`), # ## % %%, and bash's / // /# /% : ^ ^^ , ,, @ ; `length` and
    `indirect` stand for ${#x} and ${!x}. `subscript` is the part in brackets of an array."""

    name: str
    operator: str = ""
    colon: bool = False
    word: "Word | None" = None
    second: "Word | None" = None
    length: bool = False
    indirect: bool = False
    subscript: "Word | None" = None
    bad: str = ""
    """The text of a substitution that no rule covers: an error when it is reached, not when it is read."""


@dataclass(slots=True)
class CommandSubstitution:
    body: "Node | None"


@dataclass(slots=True)
class Arithmetic:
    """`$((…))`: the text inside, whose expansions come first."""

    word: "Word"


@dataclass(slots=True)
class ProcessSubstitution:
    """bash's <(…) and >(…)."""

    direction: str
    body: "Node | None"


Part: TypeAlias = Literal | Quoted | DoubleQuoted | Parameter | CommandSubstitution | Arithmetic | ProcessSubstitution


@dataclass(slots=True)
class Word:
    """One word; `text` is how it was written, for messages and for the names of reserved words; `plan` is the expansion's cache."""

    parts: tuple[Part, ...]
    text: str = ""
    plan: "Callable[[Any], list[str] | None] | None" = field(default=None, compare=False, repr=False)


@dataclass(slots=True)
class Assignment:
    """`name=value`; `append` for +=, `items` for an array (key, value), `subscript` for one element."""

    name: str
    value: Word
    append: bool = False
    subscript: Word | None = None
    items: "tuple[tuple[Word | None, Word], ...] | None" = None


@dataclass(slots=True)
class Redirect:
    """`operator` is < > >> <> >| <& >& << <<< &> &>> ; a here-document's body is in `target`."""

    operator: str
    descriptor: int
    target: Word
    line: int = 0
    variable: str = ""
    """bash's {name}> : the shell chooses the descriptor and tells its number there."""


@dataclass(slots=True)
class Simple:
    assignments: tuple[Assignment, ...]
    words: tuple[Word, ...]
    redirects: tuple[Redirect, ...]
    line: int


@dataclass(slots=True)
class Pipeline:
    commands: "tuple[Node, ...]"
    with_errors: tuple[bool, ...]
    """For each command but the last: whether |& joins its standard error too."""


@dataclass(slots=True)
class Not:
    body: "Node"


@dataclass(slots=True)
class Timed:
    """bash's `time` before a pipeline."""

    body: "Node | None"
    portable: bool


@dataclass(slots=True)
class AndOr:
    left: "Node"
    operator: str
    right: "Node"


@dataclass(slots=True)
class Background:
    body: "Node"
    text: str


@dataclass(slots=True)
class Coprocess:
    """bash's coproc [name] command."""

    name: str
    body: "Node"
    text: str


@dataclass(slots=True)
class Sequence:
    items: "tuple[Node, ...]"


@dataclass(slots=True)
class Subshell:
    body: "Node"


@dataclass(slots=True)
class Group:
    body: "Node"


@dataclass(slots=True)
class If:
    condition: "Node"
    then: "Node"
    otherwise: "Node | None"


@dataclass(slots=True)
class Loop:
    """while, and until when `until`."""

    condition: "Node"
    body: "Node"
    until: bool


@dataclass(slots=True)
class For:
    """`words` is None without `in`: the positional parameters. `is_select` for bash's select."""

    name: str
    words: tuple[Word, ...] | None
    body: "Node"
    line: int
    is_select: bool = False


@dataclass(slots=True)
class ArithmeticFor:
    start: Word
    condition: Word
    step: Word
    body: "Node"


@dataclass(slots=True)
class CaseItem:
    patterns: tuple[Word, ...]
    body: "Node | None"
    end: str
    """;; or bash's ;& (run the next body too) and ;;& (go on testing)."""


@dataclass(slots=True)
class Case:
    subject: Word
    items: tuple[CaseItem, ...]


@dataclass(slots=True)
class Function:
    name: str
    body: "Node"
    line: int = 0
    text: str = ""


@dataclass(slots=True)
class Redirected:
    """A compound command with redirections."""

    body: "Node"
    redirects: tuple[Redirect, ...]


@dataclass(slots=True)
class ArithmeticCommand:
    """bash's (( … ))."""

    word: Word


@dataclass(slots=True)
class ConditionUnary:
    operator: str
    operand: Word


@dataclass(slots=True)
class ConditionBinary:
    operator: str
    left: Word
    right: Word


@dataclass(slots=True)
class ConditionNot:
    body: "ConditionNode"


@dataclass(slots=True)
class ConditionJoin:
    operator: str
    left: "ConditionNode"
    right: "ConditionNode"


ConditionNode: TypeAlias = ConditionUnary | ConditionBinary | ConditionNot | ConditionJoin


@dataclass(slots=True)
class Condition:
    """bash's [[ … ]]."""

    body: ConditionNode
    line: int = field(default=0)


Node: TypeAlias = (
    Simple
    | Pipeline
    | Not
    | Timed
    | AndOr
    | Background
    | Coprocess
    | Sequence
    | Subshell
    | Group
    | If
    | Loop
    | For
    | ArithmeticFor
    | Case
    | Function
    | Redirected
    | ArithmeticCommand
    | Condition
)
