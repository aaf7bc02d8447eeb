"""awk: statements and rules, over the closures of `expressions.py` and the evaluators of `waiting.py`."""

from collections.abc import Callable
from typing import Final

from orrery.node.programs.call import Call, encode
from orrery.node.programs.faults import Fault
from orrery.node.programs.reasons import reason
from orrery.node.programs.text.awk.hashing import KEYS_PER_STEP, in_hash_order
from orrery.node.programs.text.awk.records import decode, to_bytes
from orrery.node.programs.text.awk.tree import AwkProgram, Node, Rule
from orrery.node.programs.text.awk.values import UNSET, Input, Value, to_number, to_text, to_truth
from orrery.node.programs.text.awk.waiting import Evaluate, Run, Skip, Waiting

_FLUSH_BYTES: Final = 32_768


class Awk(Waiting):
    """One program over its inputs."""

    def __init__(self, call: Call, program: AwkProgram) -> None:
        super().__init__(call, program)
        self._code = 0

    def assign(self, text: str) -> None:
        """`name=value` of -v."""
        self._inputs.assign(text)

    async def run(self, operands: list[str], *, name: str) -> int:
        machine = self._machine
        for number, word in enumerate([name, *operands]):
            machine.array("ARGV")[str(number)] = Input(decode(encode(word)))
        machine.set("ARGC", float(len(operands) + 1))
        environment = machine.array("ENVIRON")
        for key, value in self._call.process.environment.items():
            environment[decode(encode(key))] = Input(decode(encode(value)))
        begins = [self.statement(body) for body in self._program.begins]
        rules = [(rule, self._rule(rule)) for rule in self._program.rules]
        ends = [self.statement(body) for body in self._program.ends]
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
        while (record := await self._inputs.next()) is not None:
            machine.set_record(record)
            machine.variables["NR"] = to_number(machine.variables["NR"]) + 1
            machine.variables["FNR"] = to_number(machine.variables["FNR"]) + 1
            for _, run in rules:
                try:
                    signal = await run()
                except Skip as skip:
                    signal = skip.signal
                if signal == "exit":
                    return signal
                if signal == "nextfile":
                    self._inputs.skip_file()
                if signal:
                    break
            if machine.out_bytes > _FLUSH_BYTES:
                await machine.flush()
            await self._call.process.tick()
        return ""

    # Rules and statements.

    def _rule(self, rule: Rule) -> Run:
        body = self.statement(rule.body) if rule.body is not None else self.statement(Node("print", ([], "", None)))
        if rule.pattern is None:
            return body
        test = self.evaluator(rule.pattern)
        if rule.until is None:

            async def when() -> str:
                return await body() if to_truth(await test()) else ""

            return when
        until = self.evaluator(rule.until)

        async def between() -> str:
            if not rule.is_active:
                if not to_truth(await test()):
                    return ""
                rule.is_active = True
            if to_truth(await until()):
                rule.is_active = False
            return await body()

        return between

    def statement(self, node: Node) -> Run:
        made: Run = getattr(self, "_" + node.kind)(*node.parts)
        return made

    def _block(self, statements: list[Node]) -> Run:
        runs = [self.statement(statement) for statement in statements]

        async def block() -> str:
            for run in runs:
                if signal := await run():
                    return signal
            return ""

        return runs[0] if len(runs) == 1 else block

    def _expression(self, node: Node) -> Run:
        if not self.waits(node):
            closure = self._compiler.compile(node)

            async def plain() -> str:
                closure()
                return ""

            return plain
        evaluate = self.evaluator(node)

        async def expression() -> str:
            await evaluate()
            return ""

        return expression

    def _if(self, condition: Node, yes: Node, no: Node | None) -> Run:
        test, first = self.evaluator(condition), self.statement(yes)
        second = self.statement(no) if no is not None else None

        async def choose() -> str:
            if to_truth(await test()):
                return await first()
            return await second() if second is not None else ""

        return choose

    def _while(self, condition: Node, body: Node) -> Run:
        return self._for(None, condition, None, body)

    def _for(self, first: Node | None, condition: Node | None, step: Node | None, body: Node) -> Run:
        begin = self.statement(first) if first is not None else None
        test = self.evaluator(condition) if condition is not None else None
        advance = self.statement(step) if step is not None else None
        run = self.statement(body)

        async def loop() -> str:
            if begin is not None:
                await begin()
            while test is None or to_truth(await test()):
                if signal := await self._pass(run):
                    return _after_loop(signal)
                if advance is not None:
                    await advance()
            return ""

        return loop

    async def _pass(self, body: Run) -> str:
        """One pass through a loop's body; what it returns ends the loop."""
        signal = await body()
        await self._turn()
        return "" if signal == "continue" else signal

    async def _turn(self) -> None:
        owed, self._machine.owed = self._machine.owed, 0
        await self._call.process.tick(1 + owed)
        if self._machine.out_bytes > _FLUSH_BYTES:
            await self._machine.flush()

    def _do(self, body: Node, condition: Node) -> Run:
        run, test = self.statement(body), self.evaluator(condition)

        async def loop() -> str:
            while True:
                if signal := await self._pass(run):
                    return _after_loop(signal)
                if not to_truth(await test()):
                    break
            return ""

        return loop

    def _forin(self, variable: Node, array: str, body: Node) -> Run:
        store, run = self._compiler.setter(variable), self.statement(body)

        async def loop() -> str:
            for key in await self._keys(array):
                store(Input(key))
                if signal := await self._pass(run):
                    return _after_loop(signal)
            return ""

        return loop

    async def _keys(self, array: str) -> list[str]:
        keys = list(self._machine.array(array))
        for found in in_hash_order(keys, is_busybox=self._call.is_busybox):
            if found is not None:
                return found
            await self._call.process.tick(KEYS_PER_STEP)
        return keys

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
        evaluate = self.evaluator(value) if value is not None else None

        async def leave() -> str:
            if evaluate is not None:
                self._code = int(to_number(await evaluate())) & 255
            return "exit"

        return leave

    def _return(self, value: Node | None) -> Run:
        evaluate = self.evaluator(value) if value is not None else None

        async def leave() -> str:
            self._result = await evaluate() if evaluate is not None else UNSET
            return "return"

        return leave

    def _delete(self, name: str, subscript: list[Node] | None) -> Run:
        keys = [self.evaluator(node) for node in subscript] if subscript is not None else None

        async def delete() -> str:
            if keys is None:
                self._machine.array(name).clear()
            else:
                self._machine.array(name).pop(self._machine.subscript([await key() for key in keys]), None)
            return ""

        return delete

    def _print(self, arguments: list[Node], operator: str, target: Node | None) -> Run:
        values = [self.evaluator(node) for node in arguments]
        machine = self._machine
        plain = None if any(self.waits(node) for node in arguments) or target is not None else self._compiler.many(arguments)

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
        values = [self.evaluator(node) for node in arguments]
        machine = self._machine

        def formatted(items: list[Value]) -> str:
            return machine.format(to_text(items[0]), items[1:]) if items else ""

        return self._output(values, operator, target, formatted)

    def _output(self, values: list[Evaluate], operator: str, target: Node | None, shape: Callable[[list[Value]], str]) -> Run:
        place = self.evaluator(target) if target is not None else None

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


def _after_loop(signal: str) -> str:
    """What a loop's end means to the statement around it: break has done its work."""
    return "" if signal == "break" else signal
