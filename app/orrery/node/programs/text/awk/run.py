"""awk: statements, functions and input, over the closures of `expressions.py`. Everything that may wait or loop is here."""

from collections.abc import Awaitable, Callable
from typing import Final, TypeAlias

from orrery.node.programs.call import Applet, Call, encode
from orrery.node.programs.faults import Fault, Misuse
from orrery.node.programs.lines import read_all
from orrery.node.programs.patterns.compile import PatternTooHard
from orrery.node.programs.reasons import reason
from orrery.node.programs.text.awk.expressions import Compiler
from orrery.node.programs.text.awk.machine import Local, Machine, Untyped
from orrery.node.programs.text.awk.records import RecordReader, cannot_open, decode, to_bytes
from orrery.node.programs.text.awk.syntax import AwkParser, AwkProgram, Function, Node, Rule
from orrery.node.programs.text.awk.tokens import AwkSyntax
from orrery.node.programs.text.awk.values import UNSET, Array, Input, Value, format_text, to_number, to_text, to_truth
from orrery.node.programs.text.escapes import unescape

_FLUSH_BYTES: Final = 32_768
_STACK_STEP: Final = 10
_DEPTH_MAX: Final = 2000
Run: TypeAlias = Callable[[], Awaitable[str]]
"""A statement; what it returns is empty, or `break`, `continue`, `next`, `nextfile`, `exit`, `return`."""
Evaluate: TypeAlias = Callable[[], Awaitable[Value]]
_SHORT: Final = frozenset(("and", "or", "ternary"))


class Awk:
    """One program over its inputs."""

    def __init__(self, call: Call, program: AwkProgram) -> None:
        self._call = call
        self._program = program
        self._machine = Machine(call)
        self._compiler = Compiler(self._machine)
        self._bodies: dict[str, Run] = {}
        self._code = 0
        self._result: Value = UNSET
        self._depth = 0
        self._reader: RecordReader | None = None
        self._arguments: list[str] = []
        self._used_files = False
        self._waiting: dict[int, bool] = {}

    def assign(self, text: str) -> None:
        """`name=value` of -v and of operands."""
        name, _, value = text.partition("=")
        self._machine.set(name, Input(decode(unescape(encode(value))[0])))

    async def run(self, operands: list[str], *, name: str) -> int:
        machine = self._machine
        for number, word in enumerate([name, *operands]):
            machine.array("ARGV")[str(number)] = Input(decode(encode(word)))
        machine.set("ARGC", float(len(operands) + 1))
        environment = machine.array("ENVIRON")
        for key, value in self._call.process.environment.items():
            environment[decode(encode(key))] = Input(decode(encode(value)))
        begins = [self._statement(body) for body in self._program.begins]
        rules = [(rule, self._rule(rule)) for rule in self._program.rules]
        ends = [self._statement(body) for body in self._program.ends]
        signal = ""
        for begin in begins:
            signal = await begin()
            if signal == "exit":
                break
        if signal != "exit" and (rules or ends):
            signal = await self._records(rules)
        if signal != "exit" or (rules or ends):
            for end in ends:
                if await end() == "exit":
                    break
        await machine.flush()
        await machine.channels.close_all()
        return self._code or self._call.failed

    async def leave(self) -> int:
        """The end from within a function: what was printed is written, END does not run."""
        await self._machine.flush()
        await self._machine.channels.close_all()
        return self._code

    # Input.

    async def _records(self, rules: list[tuple[Rule, Run]]) -> str:
        machine = self._machine
        while (record := await self._next_record()) is not None:
            machine.set_record(record)
            machine.variables["NR"] = to_number(machine.variables["NR"]) + 1
            machine.variables["FNR"] = to_number(machine.variables["FNR"]) + 1
            for _, run in rules:
                signal = await run()
                if signal == "exit":
                    return signal
                if signal == "nextfile":
                    self._reader = None
                if signal:
                    break
            if machine.out_bytes > _FLUSH_BYTES:
                await machine.flush()
            await self._call.process.tick()
        return ""

    async def _next_record(self) -> str | None:
        machine = self._machine
        while True:
            if self._reader is None and not await self._next_file():
                return None
            assert self._reader is not None
            try:
                if not self._reader.is_ready:
                    await machine.flush()
                record = await self._reader.next(to_text(machine.variables["RS"]))
            except IsADirectoryError as error:
                path = to_text(machine.variables["FILENAME"])
                await self._call.complain(
                    f"{path}: {reason(error)}" if self._call.is_busybox else f"read error ({reason(error)})",
                    1 if self._call.is_busybox else 2,
                )
                record = None
            if record is not None:
                return record
            self._reader.close()
            self._reader = None

    async def _next_file(self) -> bool:
        machine = self._machine
        arguments = machine.array("ARGV")
        position = int(to_number(machine.variables.get("ARGIND", 0.0)))
        while (position := position + 1) < int(to_number(machine.variables["ARGC"])):
            machine.variables["ARGIND"] = float(position)
            word = to_text(arguments.get(str(position), ""))
            head = word.partition("=")[0]
            if "=" in word and head.isidentifier() and head.isascii():
                self.assign(to_bytes(word).decode("utf-8", "surrogateescape"))
                continue
            if not word:
                continue
            self._used_files = True
            path = to_bytes(word).decode("utf-8", "surrogateescape")
            try:
                stream = self._call.open(path)
            except OSError as error:
                await cannot_open(self._call, path, error)
                if self._call.is_busybox:
                    continue
                await machine.flush()
                raise Fault("", 2) from None
            self._reader = RecordReader(self._call, stream)
            machine.variables["FILENAME"] = Input(word)
            machine.variables["FNR"] = 0.0
            return True
        if self._used_files:
            return False
        self._used_files = True
        self._reader = RecordReader(self._call, self._call.process.stdin.share())
        return True

    # Rules and statements.

    def _rule(self, rule: Rule) -> Run:
        body = self._statement(rule.body) if rule.body is not None else self._statement(Node("print", ([], "", None)))
        if rule.pattern is None:
            return body
        test = self._evaluator(rule.pattern)
        if rule.until is None:

            async def when() -> str:
                return await body() if to_truth(await test()) else ""

            return when
        until = self._evaluator(rule.until)

        async def between() -> str:
            if not rule.is_active:
                if not to_truth(await test()):
                    return ""
                rule.is_active = True
            if to_truth(await until()):
                rule.is_active = False
            return await body()

        return between

    def _statement(self, node: Node) -> Run:
        made: Run = getattr(self, "_" + node.kind)(*node.parts)
        return made

    def _block(self, statements: list[Node]) -> Run:
        runs = [self._statement(statement) for statement in statements]

        async def block() -> str:
            for run in runs:
                if signal := await run():
                    return signal
            return ""

        return runs[0] if len(runs) == 1 else block

    def _expression(self, node: Node) -> Run:
        if not self._waits(node):
            closure = self._compiler.compile(node)

            async def plain() -> str:
                closure()
                return ""

            return plain
        evaluate = self._evaluator(node)

        async def expression() -> str:
            await evaluate()
            return ""

        return expression

    def _if(self, condition: Node, yes: Node, no: Node | None) -> Run:
        test, first = self._evaluator(condition), self._statement(yes)
        second = self._statement(no) if no is not None else None

        async def choose() -> str:
            if to_truth(await test()):
                return await first()
            return await second() if second is not None else ""

        return choose

    def _while(self, condition: Node, body: Node) -> Run:
        return self._for(None, condition, None, body)

    def _for(self, first: Node | None, condition: Node | None, step: Node | None, body: Node) -> Run:
        begin = self._statement(first) if first is not None else None
        test = self._evaluator(condition) if condition is not None else None
        advance = self._statement(step) if step is not None else None
        run = self._statement(body)

        async def loop() -> str:
            if begin is not None:
                await begin()
            while test is None or to_truth(await test()):
                signal = await run()
                if signal == "break":
                    break
                if signal and signal != "continue":
                    return signal
                if advance is not None:
                    await advance()
                await self._turn()
            return ""

        return loop

    async def _turn(self) -> None:
        await self._call.process.tick()
        if self._machine.out_bytes > _FLUSH_BYTES:
            await self._machine.flush()

    def _do(self, body: Node, condition: Node) -> Run:
        run, test = self._statement(body), self._evaluator(condition)

        async def loop() -> str:
            while True:
                signal = await run()
                if signal == "break":
                    break
                if signal and signal != "continue":
                    return signal
                await self._turn()
                if not to_truth(await test()):
                    break
            return ""

        return loop

    def _forin(self, variable: Node, array: str, body: Node) -> Run:
        store, run = self._compiler.setter(variable), self._statement(body)

        async def loop() -> str:
            for key in list(self._machine.array(array)):
                store(Input(key))
                signal = await run()
                if signal == "break":
                    break
                if signal and signal != "continue":
                    return signal
                await self._turn()
            return ""

        return loop

    def _jump(self, signal: str) -> Run:
        async def jump() -> str:
            return signal

        return jump

    def _break(self) -> Run:
        return self._jump("break")

    def _continue(self) -> Run:
        return self._jump("continue")

    def _next(self) -> Run:
        return self._jump("next")

    def _nextfile(self) -> Run:
        return self._jump("nextfile")

    def _exit(self, value: Node | None) -> Run:
        evaluate = self._evaluator(value) if value is not None else None

        async def leave() -> str:
            if evaluate is not None:
                self._code = int(to_number(await evaluate())) & 255
            return "exit"

        return leave

    def _return(self, value: Node | None) -> Run:
        evaluate = self._evaluator(value) if value is not None else None

        async def leave() -> str:
            self._result = await evaluate() if evaluate is not None else UNSET
            return "return"

        return leave

    def _delete(self, name: str, subscript: list[Node] | None) -> Run:
        keys = [self._evaluator(node) for node in subscript] if subscript is not None else None

        async def delete() -> str:
            if keys is None:
                self._machine.array(name).clear()
            else:
                self._machine.array(name).pop(self._machine.subscript([await key() for key in keys]), None)
            return ""

        return delete

    def _print(self, arguments: list[Node], operator: str, target: Node | None) -> Run:
        values = [self._evaluator(node) for node in arguments]
        machine = self._machine
        plain = None if any(self._waits(node) for node in arguments) or target is not None else self._compiler.many(arguments)

        def joined(items: list[Value]) -> str:
            if not items:
                return machine.record() + to_text(machine.variables["ORS"])
            convert = to_text(machine.variables["OFMT"])
            return to_text(machine.variables["OFS"]).join([to_text(item, convert) for item in items]) + to_text(machine.variables["ORS"])

        if plain is not None:

            async def quick() -> str:
                machine.emit(joined([closure() for closure in plain]))
                return ""

            return quick
        return self._output(values, operator, target, joined)

    def _printf(self, arguments: list[Node], operator: str, target: Node | None) -> Run:
        values = [self._evaluator(node) for node in arguments]

        def formatted(items: list[Value]) -> str:
            return format_text(to_text(items[0]), items[1:]) if items else ""

        return self._output(values, operator, target, formatted)

    def _output(self, values: list[Evaluate], operator: str, target: Node | None, shape: Callable[[list[Value]], str]) -> Run:
        place = self._evaluator(target) if target is not None else None

        async def output() -> str:
            text = shape([await value() for value in values])
            if place is None:
                self._machine.emit(text)
                return ""
            name = to_text(await place())
            if name in ("/dev/stderr", "/dev/stdout", "-"):
                await self._machine.flush()
            try:
                stream = await self._machine.channels.output(operator, name)
            except OSError as error:
                raise Fault(f"{name}: {reason(error)}" if self._call.is_busybox else f'cannot open "{name}" ({reason(error)})', 2) from None
            await stream.write(to_bytes(text))
            return ""

        return output

    # Expressions that may wait.

    def _waits(self, node: Node) -> bool:
        """Whether an expression calls a user's function, reads, or runs a command."""
        known = self._waiting.get(id(node))
        if known is None:
            waits = node.kind in ("call", "getline", "pipeline") or (
                node.kind == "builtin" and node.parts[0] in ("system", "close", "fflush")
            )
            known = waits or any(self._waits(child) for child in _children(node))
            self._waiting[id(node)] = known
        return known

    def _evaluator(self, node: Node) -> Evaluate:
        if not self._waits(node):
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
        if node.kind in _SHORT:
            return self._short(node)
        return self._with_cells(node)

    def _short(self, node: Node) -> Evaluate:
        parts = [self._evaluator(part) for part in node.parts]

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
            if isinstance(part, Node) and self._waits(part):
                if part.kind in ("index", "field"):
                    return Node(part.kind, tuple(replaced(inner) for inner in part.parts))
                cell: list[Value] = [UNSET]
                waiting.append((self._evaluator(part), cell))
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
        source = self._evaluator(origin) if origin is not None else None
        store = self._compiler.setter(target) if target is not None else None
        machine = self._machine

        async def getline() -> Value:
            if source is None:
                record = await self._next_record()
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
        values = [self._evaluator(argument) for argument in arguments]

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
            raise Fault(
                "Call to undefined function" if self._call.is_busybox else f"function {name} never defined",
                1 if self._call.is_busybox else 2,
            )
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
        evaluate = self._evaluator(argument)

        async def of_value() -> Local:
            return await evaluate()

        return of_value

    async def _invoke(self, function: Function, frame: dict[str, Local]) -> Value:
        if function.name not in self._bodies:
            self._bodies[function.name] = self._statement(function.body)
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
            raise _Leave
        result, self._result = self._result, UNSET
        return result


class _Leave(Exception):
    """exit inside a function."""


def _children(node: Node) -> list[Node]:
    found: list[Node] = []
    for part in node.parts:
        if isinstance(part, Node):
            found.append(part)
        elif isinstance(part, list):
            found += [item for item in part if isinstance(item, Node)]
    return found


async def awk(call: Call) -> int:
    options = call.options("+F:v:f:e:W:", {"field-separator": "F", "assign": "v", "file": "f"})
    operands = list(options.operands)
    sources: list[str] = []
    for path in options.values("f"):
        try:
            stream = call.open(path)
        except OSError as error:
            raise Fault(
                f"can't open '{path}': {reason(error)}" if call.is_busybox else f"cannot open {path} ({reason(error)})",
                1 if call.is_busybox else 2,
            ) from None
        sources.append(decode(await read_all(call.process, stream)))
        stream.close()
    sources += [decode(encode(text)) for text in options.values("e")]
    if not sources:
        if not operands:
            if call.is_busybox:
                raise Misuse
            await call.process.complain("Usage: mawk [Options] [Program] [file ...]")
            return 2
        sources.append(decode(encode(operands.pop(0))))
    try:
        program = AwkParser("\n".join(sources)).parse()
    except AwkSyntax as error:
        near = error.near.replace("\n", "newline") or "end of file"
        if call.is_busybox:
            raise Fault(f"cmd. line:{error.line}: Unexpected token") from None
        if not error.near:
            raise Fault(f"line {error.line}: missing }} near end of file", 2) from None
        raise Fault(f"line {error.line}: syntax error at or near {near}", 2) from None
    machine = Awk(call, program)
    if (separator := options.value("F")) is not None:
        machine.assign("FS=" + ("\\t" if separator == "t" else separator))
    for text in options.values("v"):
        machine.assign(text)
    return await _finish(call, machine, operands)


async def _finish(call: Call, machine: Awk, operands: list[str]) -> int:
    try:
        return await machine.run(operands, name="awk" if call.is_busybox else call.name)
    except _Leave:
        return await machine.leave()
    except PatternTooHard as error:
        raise Fault(str(error), 2) from None
    except Fault as fault:
        if not fault.message:
            return fault.code
        await machine.leave()
        raise


PROGRAMS: dict[str, Applet] = {"awk": awk, "mawk": awk, "gawk": awk}
