"""awk's expressions that may wait: getline, system, close, and calls of user functions, whose bodies are statements."""

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from typing import Final, TypeAlias

from orrery.node.programs.call import Call
from orrery.node.programs.faults import Fault
from orrery.node.programs.text.awk.expressions import Compiler
from orrery.node.programs.text.awk.functions import MATCHES_PER_STEP
from orrery.node.programs.text.awk.inputs import Inputs
from orrery.node.programs.text.awk.machine import Local, Machine, Untyped
from orrery.node.programs.text.awk.records import to_bytes
from orrery.node.programs.text.awk.tree import AwkProgram, Function, Node
from orrery.node.programs.text.awk.values import UNSET, Array, Input, Value, to_number, to_text, to_truth

_STACK_STEP: Final = 10
"""So many calls share one task; the next gets a fresh stack."""
_DEPTH_MAX: Final = 2000
_IN_STEPS: Final = ("gsub", "gensub", "split")
"""Built-in functions whose work grows with the text they are given."""
_SHORT: Final = frozenset(("and", "or", "ternary"))
Run: TypeAlias = Callable[[], Awaitable[str]]
"""A statement; what it returns is empty, or `break`, `continue`, `next`, `nextfile`, `exit`, `return`."""
Evaluate: TypeAlias = Callable[[], Awaitable[Value]]


class Leave(Exception):
    """exit inside a function."""


class Skip(Exception):
    """next or nextfile inside a function."""

    def __init__(self, signal: str) -> None:
        super().__init__(signal)
        self.signal = signal


class Waiting(ABC):
    """Makes evaluators over one machine; statements come from the class that builds on it."""

    def __init__(self, call: Call, program: AwkProgram) -> None:
        self._call = call
        self._program = program
        self._machine = Machine(call)
        self._compiler = Compiler(self._machine)
        self._inputs = Inputs(call, self._machine)
        self._bodies: dict[str, Run] = {}
        self._result: Value = UNSET
        self._depth = 0
        self._known: dict[int, bool] = {}

    @abstractmethod
    def statement(self, node: Node) -> Run:
        """What runs a statement."""

    def waits(self, node: Node) -> bool:
        """Whether an expression calls a user's function, reads, or runs a command."""
        known = self._known.get(id(node))
        if known is None:
            waits = node.kind in ("call", "getline", "pipeline") or (
                node.kind == "builtin" and node.parts[0] in ("system", "close", "fflush", *_IN_STEPS)
            )
            known = waits or any(self.waits(child) for child in _children(node))
            self._known[id(node)] = known
        return known

    def evaluator(self, node: Node) -> Evaluate:
        if not self.waits(node):
            closure = self._compiler.compile(node)

            async def plain() -> Value:
                return closure()

            return plain
        if node.kind == "call":
            return self._call_function(node.parts[0], node.parts[1])
        if node.kind in ("getline", "pipeline"):
            return self._getline(node)
        if node.kind == "builtin" and node.parts[0] in ("system", "close", "fflush"):
            return self._command(node.parts[0], node.parts[1])
        if node.kind == "builtin" and node.parts[0] in _IN_STEPS and not any(self.waits(child) for child in _children(node)):
            return self._in_steps(node.parts[0], node.parts[1])
        if node.kind in _SHORT:
            return self._short(node)
        return self._with_cells(node)

    def _in_steps(self, name: str, arguments: list[Node]) -> Evaluate:
        compiler = self._compiler
        if name == "split":
            begin = compiler.splitting(arguments)
        elif name == "gsub":
            begin = compiler.substitution(arguments, every=True)
        else:
            begin = compiler.general_substitution(arguments)

        async def run() -> Value:
            return await self._call.process_steps(begin(), MATCHES_PER_STEP)

        return run

    def _short(self, node: Node) -> Evaluate:
        parts = [self.evaluator(part) for part in node.parts]

        async def both() -> Value:
            return float(to_truth(await parts[0]()) and to_truth(await parts[1]()))

        async def either() -> Value:
            return float(to_truth(await parts[0]()) or to_truth(await parts[1]()))

        async def choice() -> Value:
            return await (parts[1] if to_truth(await parts[0]()) else parts[2])()

        return {"and": both, "or": either, "ternary": choice}[node.kind]

    def _with_cells(self, node: Node) -> Evaluate:
        """Evaluate the parts that wait first, then the rest as a closure over their results."""
        waiting: list[tuple[Evaluate, list[Value]]] = []

        def replaced(part: object) -> object:
            if isinstance(part, Node) and self.waits(part):
                if part.kind in ("index", "field"):
                    return Node(part.kind, tuple(replaced(inner) for inner in part.parts))
                cell: list[Value] = [UNSET]
                waiting.append((self.evaluator(part), cell))
                return Node("cell", (cell,))
            if isinstance(part, list):
                return [replaced(item) for item in part]
            return part

        closure = self._compiler.compile(Node(node.kind, tuple(replaced(part) for part in node.parts)))

        async def evaluate() -> Value:
            results = [await evaluator() for evaluator, _ in waiting]
            for (_, cell), result in zip(waiting, results, strict=True):
                cell[0] = result
            return closure()

        return evaluate

    def _getline(self, node: Node) -> Evaluate:
        is_command = node.kind == "pipeline"
        origin, target = node.parts if is_command else reversed(node.parts)
        source = self.evaluator(origin) if origin is not None else None
        store = self._compiler.setter(target) if target is not None else None
        machine = self._machine

        async def getline() -> Value:
            if source is None:
                record = await self._inputs.next()
            else:
                await machine.flush()
                reader = await machine.channels.input(to_text(await source()), is_command=node.kind == "pipeline")
                if reader is None:
                    return -1.0
                try:
                    record = await reader.next(to_text(machine.variables["RS"]))
                except OSError:
                    return -1.0
            if record is None:
                return 0.0
            if source is None or node.kind == "pipeline":
                machine.variables["NR"] = to_number(machine.variables["NR"]) + 1
            if source is None:
                machine.variables["FNR"] = to_number(machine.variables["FNR"]) + 1
            if store is None:
                machine.set_record(record)
            else:
                store(Input(record))
            await self._call.process.tick()
            return 1.0

        return getline

    def _command(self, name: str, arguments: list[Node]) -> Evaluate:
        values = [self.evaluator(argument) for argument in arguments]

        async def run() -> Value:
            await self._machine.flush()
            texts = [to_text(await value()) for value in values]
            if name == "close":
                return await self._machine.channels.close(texts[0])
            if name == "system":
                child = await self._call.process.spawn(["sh", "-c", to_bytes(texts[0]).decode("utf-8", "surrogateescape")])
                return float(await child.wait())
            return 0.0

        return run

    # User functions.

    def _call_function(self, name: str, arguments: list[Node]) -> Evaluate:
        function = self._program.functions.get(name)
        if function is None:
            if self._call.is_busybox:
                raise Fault("cmd. line:1: Call to undefined function")
            raise Fault(f"line {self._program.lines + 1}: function {name} never defined", 2)
        if len(arguments) > len(function.parameters):
            raise Fault(f"function {name} called with too many args" if not self._call.is_busybox else "Too many arguments", 2)
        binders = [self._binder(argument) for argument in arguments]

        async def run() -> Value:
            frame: dict[str, Local] = {}
            for parameter, binder in zip(function.parameters, binders, strict=False):
                frame[parameter] = await binder()
            for parameter in function.parameters[len(binders) :]:
                frame[parameter] = UNSET
            return await self._invoke(function, frame)

        return run

    def _binder(self, argument: Node) -> Callable[[], Awaitable[Local]]:
        """What a parameter is bound to: an array as itself, a variable without a value as what may become one."""
        machine = self._machine
        if argument.kind == "global":
            name = argument.parts[0]

            async def of_global() -> Local:
                if name in machine.arrays or name in self._program.arrays:
                    return machine.array(name)
                value = machine.get(name)
                return Untyped(lambda array: machine.arrays.__setitem__(name, array)) if value is UNSET else value

            return of_global
        if argument.kind == "local":
            local = argument.parts[0]

            async def of_local() -> Local:
                value, frame = machine.frame[local], machine.frame
                if value is UNSET:
                    return Untyped(lambda array: frame.__setitem__(local, array))
                if isinstance(value, Untyped):
                    outer = value

                    def bind(array: Array) -> None:
                        outer.bind(array)
                        frame[local] = array

                    return Untyped(bind)
                return value

            return of_local
        evaluate = self.evaluator(argument)

        async def of_value() -> Local:
            return await evaluate()

        return of_value

    async def _invoke(self, function: Function, frame: dict[str, Local]) -> Value:
        if function.name not in self._bodies:
            self._bodies[function.name] = self.statement(function.body)
        body, machine = self._bodies[function.name], self._machine
        outer, machine.frame = machine.frame, frame
        self._depth += 1
        if self._depth > _DEPTH_MAX:
            raise Fault("function call nesting too deep", 2)
        self._result = UNSET
        signals: list[str] = []

        async def run() -> None:
            signals.append(await body())

        try:
            await self._call.process.tick()
            if self._depth % _STACK_STEP:
                await run()
            else:
                await self._call.process.first_of(run())
        finally:
            self._depth -= 1
            machine.frame = outer
        if signals[0] == "exit":
            raise Leave
        if signals[0] in ("next", "nextfile"):
            raise Skip(signals[0])
        result, self._result = self._result, UNSET
        return result


def _children(node: Node) -> list[Node]:
    found: list[Node] = []
    for part in node.parts:
        if isinstance(part, Node):
            found.append(part)
        elif isinstance(part, list):
            found += [item for item in part if isinstance(item, Node)]
    return found
