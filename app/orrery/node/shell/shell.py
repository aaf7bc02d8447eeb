"""One shell: its state, and what the parts of it ask of each other. A subshell is a copy in a process of its own.

Running the tree is `interpreter`'s, expanding words `expansion`'s, single commands `commands`'. Everything here is state and messages.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Final

from orrery.node.processes.program import CHUNK_BYTES, Child, Process
from orrery.node.shell import traps as trap_names
from orrery.node.shell.arithmetic import NO_SUBSCRIPT, ArithmeticFault, Subscript, evaluate, parse_number
from orrery.node.shell.dynamic import define_dynamic
from orrery.node.shell.errors import Exit, Interrupted, LoopJump, Return, ShellError, SyntaxEnd, SyntaxFault
from orrery.node.shell.escapes import decode
from orrery.node.shell.expansion import Expander, Value
from orrery.node.shell.flavours import Flavour
from orrery.node.shell.forking import new_child
from orrery.node.shell.jobs import Jobs
from orrery.node.shell.messages import Messages
from orrery.node.shell.nodes import Function, Node, Parameter, Word
from orrery.node.shell.options import FEATURES_AT_START
from orrery.node.shell.parameters import expand_parameter, number_of
from orrery.node.shell.parser import Parser, parse_commands
from orrery.node.shell.scanner import Scanner
from orrery.node.shell.traps import Traps
from orrery.node.shell.variables import Variables

if TYPE_CHECKING:
    from orrery.node.shell.builtins.builtin import Builtin

_DEPTH_MAX: Final = 5000
_STACK_STEP: Final = 10
"""So many calls of functions share one task; the next gets a fresh stack."""
_CALL_BYTES: Final = 4096
"""What a call is accounted for, so that endless recursion meets the memory limit."""
_SEGMENTATION_FAULT: Final = 139


class Shell(Messages):
    """The state of a shell. Options are attributes, named as `set -o` names them in `option_names`."""

    def __init__(self, process: Process, flavour: Flavour, variables: Variables | None = None) -> None:
        self.process = process
        self.flavour = flavour
        self.variables = variables or Variables(flavour, process.environment)
        self.variables.charge = process.allocate
        self.expander = Expander(self)
        self.name = process.argv[0] if process.argv else "sh"
        self.applet = self.name.rpartition("/")[2].lstrip("-")
        self.arguments: list[str] = []
        self.status: int = 0
        self.substitution_status: int = 0
        self.pid: int = process.pid
        self.background: int | None = None
        self.options: set[str] = set()
        self.features: set[str] = set(FEATURES_AT_START) if flavour.is_bash else set()
        """bash's shopt."""
        self.errexit = self.no_unset = self.xtrace = self.no_glob = self.no_exec = False
        self.functions: dict[str, Function] = {}
        self.traps = Traps(process)
        self.jobs = Jobs(flavour)
        self.tested = 0
        self.loops = 0
        self.calls: list[str] = []
        self.call_lines: list[int] = []
        """The lines that the functions of `calls` were called from."""
        self.sourced = 0
        self.depth = 0
        self.line = 1
        self.script: str | None = None
        """The file that is being run, for messages; None for -c and standard input."""
        self.source = "-c"
        self.is_interactive = False
        self.is_subshell = False
        self.getopts_offset = 0
        self.getopts_index = "1"
        self.is_halted = False
        """No command is to run any more: set -n, or ^C while commands run."""
        self.interrupts = asyncio.Event()
        """^C at the prompt."""
        self.pipe_status: list[int] = [0]
        self.builtin_name = ""
        self.builtins: dict[str, Builtin] = {}
        self.hashed: dict[str, str] = {}
        self.directory_stack: list[str] = []
        self.aliases: dict[str, str] = {}
        self.context = ""
        """eval, or the file that . runs: messages name it."""
        self.last_text = ""
        self.typed: list[str] = []
        """What was typed at the prompt, for history."""
        self.command_text = ""
        """BASH_COMMAND."""
        self.match: list[str] = []
        define_dynamic(self)
        self.variables.on_change["PATH"] = self._path_changed

    # --- copies ------------------------------------------------------------------------------------------------------------

    def fork(self, process: Process) -> "Shell":
        """The same shell in a subshell's process."""
        copy = Shell(process, self.flavour, self.variables.fork())
        copy.name, copy.applet, copy.arguments = self.name, self.applet, list(self.arguments)
        copy.status, copy.pid, copy.background = self.status, self.pid, self.background
        copy.options, copy.features = set(self.options), set(self.features)
        copy.errexit, copy.no_unset, copy.xtrace, copy.no_glob = self.errexit, self.no_unset, self.xtrace, self.no_glob
        copy.functions = dict(self.functions)
        copy.traps = self.traps.fork(process, keeps_shown=self.flavour.is_bash, keeps_pseudo=self._traced_traps())
        copy.tested, copy.loops, copy.calls, copy.sourced = self.tested, self.loops, list(self.calls), self.sourced
        copy.call_lines = list(self.call_lines)
        copy.line, copy.script, copy.source = self.line, self.script, self.source
        copy.context, copy.no_exec, copy.is_halted = self.context, self.no_exec, self.no_exec
        copy.depth, copy.builtins, copy.is_subshell = self.depth, self.builtins, True
        copy.is_interactive = False
        copy.aliases, copy.directory_stack = self.aliases, list(self.directory_stack)
        copy.getopts_offset, copy.pipe_status, copy.match = self.getopts_offset, list(self.pipe_status), list(self.match)
        return copy

    def _traced_traps(self) -> set[int]:
        """The pseudo signals whose traps subshells and functions have, too."""
        kept = {trap_names.PSEUDO["ERR"]} if "errtrace" in self.options else set()
        return kept | ({trap_names.PSEUDO["DEBUG"], trap_names.PSEUDO["RETURN"]} if "functrace" in self.options else set())

    def forked(self, node: Node) -> Callable[[Process], Awaitable[int]]:
        """What a forked process runs for `node`."""

        errexit = self.errexit

        async def call(process: Process) -> int:
            copy = self.fork(process)
            copy.errexit = errexit
            return await copy.run_forked(node)

        return call

    async def run_forked(self, node: Node) -> int:
        """Run as the whole of a process, to its exit code."""
        return await self.until_exit(lambda: self.run(node, last=True))

    async def until_exit(self, body: Callable[[], Awaitable[int]]) -> int:
        """`body` as all that this shell does: jumps out of it end the shell, after its EXIT trap."""
        try:
            self.status = await body()
        except Exit as leaving:
            self.status = leaving.code
            if not leaving.run_trap:
                return leaving.code
        except (Return, Interrupted) as leaving:
            self.status = leaving.code
        except LoopJump:
            self.status = 0
        except ShellError as error:
            await self.report(error)
            self.status = error.code
        except RecursionError:
            return _SEGMENTATION_FAULT
        return await self.run_exit_trap()

    async def run_exit_trap(self) -> int:
        action = self.traps.actions.pop(trap_names.EXIT, None)
        if not action:
            return self.status
        status = self.status
        self.errexit = False if self.flavour.is_dash else self.errexit
        try:
            await self.run_text(action)
        except Exit as leaving:
            return leaving.code
        except (LoopJump, Return):
            pass
        except ShellError as error:
            await self.report(error)
            return error.code
        return status

    # --- running -----------------------------------------------------------------------------------------------------------

    async def run(self, node: Node, *, last: bool = False) -> int:
        """Run a node; `last` when nothing follows it in this process."""
        from orrery.node.shell.interpreter import run

        return await run(self, node, last=last)

    async def run_text(self, text: str, *, first_line: int | None = None, last: bool = False) -> int:
        """Parse and run a whole text, one line's list after the other; its exit code."""
        parser = self.parser_of(text, self.line if first_line is None else first_line)
        result = 0
        while True:
            start = parser.scanner.position
            is_shown = self.flavour.is_bash and "verbose" in self.options
            ended, node = await self.parse(parser)
            if is_shown and (shown := parser.scanner.text[start : parser.scanner.position].strip("\n")):
                await self.write_error(shown + "\n")
            if ended:
                return result
            if node is None or self.no_exec:
                continue
            result = await self.run(node, last=last and parser.at_end)

    def parser_of(self, text: str, first_line: int) -> Parser:
        """A parser that sees what shopt and alias change while its text runs."""
        parser = Parser.of(text, self.flavour, first_line)
        parser.scanner.features = self.features
        parser.aliases = self.aliases
        return parser

    async def parse(self, parser: Parser) -> tuple[bool, Node | None]:
        """The next command; a syntax error is told and ends the shell."""
        try:
            return parser.next_command()
        except SyntaxFault as fault:
            await self.complain_syntax(fault, parser.scanner)
            raise SyntaxEnd(1 if "identifier" in fault.message else fault.code, run_trap=not self.flavour.is_dash) from None

    async def deeper(self, body: Callable[[], Awaitable[int]]) -> int:
        """Run `body` one call deeper: on a fresh stack now and then, so that Python's own limit is not met."""
        self.depth += 1
        self.process.allocate(_CALL_BYTES)
        try:
            if self.depth > _DEPTH_MAX:
                raise Exit(_SEGMENTATION_FAULT, run_trap=False)
            if self.depth % _STACK_STEP:
                return await body()
            result: list[int] = []

            async def on_fresh_stack() -> None:
                result.append(await body())

            await self.process.first_of(on_fresh_stack())
            return result[0]
        finally:
            self.depth -= 1
            self.process.allocate(-_CALL_BYTES)

    async def substitute(self, body: Node | None) -> str:
        """The output of a command substitution without its final newlines."""
        if body is None:
            self.substitution_status = 0
            return ""
        reader, writer = self.process.pipe()
        # busybox forgets set -e in a substitution.
        forget = self.flavour.is_ash
        errexit, self.errexit = self.errexit, self.errexit and not forget
        try:
            child = await new_child(self, lambda: self.process.spawn_call(self.forked(body), descriptors={1: writer}))
        finally:
            writer.close()
            self.errexit = errexit
        pieces: list[bytes] = []
        held = 0
        try:
            while piece := await reader.read(CHUNK_BYTES):
                pieces.append(piece)
                held += len(piece)
                self.process.allocate(len(piece))
        finally:
            reader.close()
            self.process.allocate(-held)
        self.substitution_status = self.status = await child.wait()
        return decode(b"".join(pieces).replace(b"\0", b"")).rstrip("\n")

    async def substitute_process(self, body: Node | None, direction: str) -> str:
        """bash's <(…) and >(…): a named pipe that the command reads or writes."""
        path = f"/tmp/.sh-{self.process.pid}-{len(self.process.processes())}-{self.process.clock.random.getrandbits(32):08x}"
        self.process.files.make_fifo(path, 0o600)
        if body is not None:
            flags = 1 if direction == "<" else 0
            stream = self.process.files.open(path, flags)
            await new_child(self, lambda: self.process.spawn_call(self.forked(body), descriptors={1 if direction == "<" else 0: stream}))
            stream.close()
        return path

    # --- waiting -----------------------------------------------------------------------------------------------------------

    async def wait_child(self, child: Child, group: int = 0) -> int:
        """Wait for a child in the foreground. At a terminal its process group has the keyboard meanwhile."""
        terminal = self.process.terminal() if self.is_interactive else None
        if terminal is None:
            return await child.wait()
        terminal.foreground = group or child.pid
        try:
            code = await child.wait_change()
        finally:
            self.take_terminal()
        if code is None:
            job = self.jobs.add(child, self.last_text, group or child.pid)
            job.is_stopped = True
            await self.write_error("\n" + self.jobs.line(job) + "\n")
            return 148
        return code

    def foreground_group(self) -> int | None:
        """The process group of the next program: one of its own under job control."""
        return 0 if self.is_interactive else None

    def take_terminal(self) -> None:
        terminal = self.process.terminal() if self.is_interactive else None
        if terminal is not None:
            terminal.foreground = self.process.group

    def interrupt(self, _signal: int) -> None:
        """^C at an interactive shell."""
        self.interrupts.set()
        self.is_halted = True
        if self.traps.actions.get(trap_names.SIGINT):
            self.traps.receive(trap_names.SIGINT)

    def can_be_interrupted(self) -> bool:
        return bool(self.traps.actions) or self.is_interactive

    async def interrupted(self) -> None:
        """Wait for a trapped signal, or ^C."""
        if self.is_interactive:
            await self.process.first_of(self.traps.arrived.wait(), self.interrupts.wait())
        else:
            await self.traps.arrived.wait()

    # --- parameters --------------------------------------------------------------------------------------------------------

    def special(self, name: str) -> str | None:
        """A parameter that is no plain variable; None when it is not set."""
        if name.isdigit():
            index = int(name)
            if index == 0:
                return self.name
            return self.arguments[index - 1] if index <= len(self.arguments) else None
        getter = _SPECIAL.get(name)
        return getter(self) if getter else self.variables.get(name)

    def flags(self) -> str:
        """$-."""
        from orrery.node.shell.options import letters

        names = letters(self.flavour.name)
        if self.flavour.is_bash:
            return "".join(letter for letter in "himBHCaefbkmnptuvx" if names.get(letter) in self.options) + "c" * self.is_command
        order = "ubaCvxcsnmiIfe" if self.flavour.is_ash else "ubaCEVvxsnmiIfe"
        return "".join(letter for letter in order if (self.is_command if letter == "c" else names[letter] in self.options))

    @property
    def is_command(self) -> bool:
        """Whether this is sh -c."""
        return self.source == "-c"

    async def parameter(self, part: Parameter, *, quoted: bool) -> Value:
        return await expand_parameter(self, part, quoted=quoted)

    def unset_error(self, name: str) -> ShellError:
        if self.flavour.is_bash:
            shown = f"${name}" if name.isdigit() else name
            return ShellError(f"{shown}: unbound variable", 127 if not self.is_subshell and self.source == "-c" and not self.script else 1)
        return ShellError(f"{name}: parameter not set", 2)

    def subscript(self, name: str, text: str) -> Subscript:
        """The key or index that `text` is for this array."""
        target = self.variables.references.get(name, name)
        return text if target in self.variables.maps else evaluate(text, self)

    def number(self, name: str, subscript: Subscript) -> int:
        """A variable in arithmetic."""
        text = number_of(self, name, subscript)
        if text is None:
            if self.no_unset and self.flavour.is_bash:
                raise self.unset_error(name)
            return 0
        value = parse_number(text) if text.isalnum() else None
        if value is not None:
            return value
        return self._number_of_text(text.strip())

    def _number_of_text(self, text: str) -> int:
        if not text:
            return 0
        if self.flavour.is_dash:
            value = parse_number(text.lstrip("+-"))
            if value is None or not text.lstrip("+-")[:1].isdigit():
                raise ShellError(f"Illegal number: {text}", 2)
            return -value if text.startswith("-") else value
        self.depth += 1
        try:
            if self.depth > 900:
                raise ArithmeticFault("expression recursion level exceeded")
            return evaluate(text, self)
        finally:
            self.depth -= 1

    def assign_number(self, name: str, subscript: Subscript, value: int) -> None:
        if subscript == NO_SUBSCRIPT:
            self.variables.set(name, str(value))
            return
        name = self.variables.references.get(name, name)
        if isinstance(subscript, str):
            self.variables.check_writable(name)
            self.variables.set_element(name, self.variables.maps[name], subscript, str(value))
            return
        items = self.variables.make_array(name)
        index = subscript if subscript >= 0 or not items else max(items) + 1 + subscript
        self.variables.set_element(name, items, index, str(value))

    async def assign_element(self, name: str, subscript: Word, value: str, *, append: bool) -> None:
        """name[subscript]=value."""
        variables = self.variables
        name = variables.references.get(name, name)
        variables.check_writable(name)
        if name in variables.maps:
            key = await self.expander.text(subscript)
            named = variables.maps[name]
            variables.set_element(name, named, key, named.get(key, "") + value if append else value)
            return
        index = await self.expander.arithmetic(subscript)
        items = variables.make_array(name)
        if index < 0:
            index += max(items, default=-1) + 1
        if index < 0:
            raise ShellError(f"{name}[{subscript.text}]: bad array subscript", 1, only_line=True)
        variables.set_element(name, items, index, items.get(index, "") + value if append else value)

    def attributes(self, name: str) -> str:
        """${x@a} and declare -p's letters."""
        variables = self.variables
        letters = [
            ("a", name in variables.arrays),
            ("A", name in variables.maps),
            ("i", name in variables.integers),
            ("n", name in variables.references),
            ("l", variables.cases.get(name) == "l"),
            ("r", name in variables.readonly),
            ("u", variables.cases.get(name) == "u"),
            ("x", name in variables.exported),
        ]
        return "".join(letter for letter, present in letters if present)

    async def assign_text(self, target: str, value: str) -> None:
        """name=value, or name[subscript]=value, from a builtin."""
        if target.endswith("]") and "[" in target and self.flavour.is_bash:
            name, _, subscript = target[:-1].partition("[")
            await self.assign_element(name, self.word_of(subscript), value, append=False)
        else:
            self.variables.set(target, value)

    async def unset_element(self, name: str, key: str) -> None:
        variables = self.variables
        name = variables.references.get(name, name)
        variables.check_writable(name, builtin="unset")
        if name in variables.maps:
            variables.maps[name].pop(await self.expander.text(self.word_of(key)), None)
        elif name in variables.arrays:
            index = await self.expander.arithmetic(self.word_of(key))
            items = variables.arrays[name]
            items.pop(index if index >= 0 else max(items, default=-1) + 1 + index, None)

    def is_set(self, name: str) -> bool:
        """test -v."""
        if name.endswith("]") and "[" in name:
            base, _, key = name[:-1].partition("[")
            items: dict[str, str] = {str(one): value for one, value in self.variables.array(base).items()}
            return key in items
        return self.variables.get(name) is not None

    def evaluate(self, text: str) -> int:
        """Arithmetic on a text; ShellError when it is none."""
        try:
            return evaluate(text.lstrip(), self)
        except ArithmeticFault as fault:
            raise ShellError(str(fault), 1, only_line=True) from None

    def word_of(self, text: str) -> Word:
        """`text` read as one word."""
        scanner = Scanner(text, self.flavour, parse_commands, self.line)
        scanner.features = self.features
        return scanner.word()

    def document_of(self, text: str) -> Word:
        """`text` with expansions as in double quotes, for prompts."""
        return Scanner(text, self.flavour, parse_commands, self.line).document()

    def _path_changed(self, value: str | None) -> None:
        self.hashed.clear()
        if value is None:
            self.process.environment.pop("PATH", None)
        else:
            self.process.environment["PATH"] = value


def _joined(shell: Shell) -> str:
    return " ".join(shell.arguments)


_SPECIAL: Final[dict[str, Callable[[Shell], str | None]]] = {
    "?": lambda shell: str(shell.status),
    "#": lambda shell: str(len(shell.arguments)),
    "$": lambda shell: str(shell.pid),
    "!": lambda shell: None if shell.background is None else str(shell.background),
    "-": Shell.flags,
    "@": _joined,
    "*": _joined,
}
