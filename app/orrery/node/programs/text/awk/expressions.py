"""Expressions of awk as closures. What must wait (getline, system, user functions) is evaluated beforehand by `statements.py` and comes in
through `Node("cell")`, so that everything here is plain Python without waits."""

import math
from collections.abc import Callable, Generator
from typing import Any, Final, TypeAlias

from orrery.node.programs.faults import Fault
from orrery.node.programs.text.awk.functions import PLAIN, check_count, general_substitute, substitute
from orrery.node.programs.text.awk.machine import PARTS_MAX, Machine
from orrery.node.programs.text.awk.records import to_bytes
from orrery.node.programs.text.awk.tree import Node
from orrery.node.programs.text.awk.values import UNSET, Input, Value, compare, to_number, to_text, to_truth

Closure: TypeAlias = Callable[[], Value]
Setter: TypeAlias = Callable[[Value], None]

LONG: Final = 65_536
BYTES_PER_TICK: Final = 4_096
"""So much of a text is copied in the time of one statement."""
PARTS_PER_STEP: Final = 2_000
"""A longer text is checked against the memory limit before it is made."""
_ARITHMETIC: Final[dict[str, Callable[[float, float], float]]] = {
    "+": lambda left, right: left + right,
    "-": lambda left, right: left - right,
    "*": lambda left, right: left * right,
}


class Compiler:
    """Makes closures over one machine."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine

    def compile(self, node: Node) -> Closure:
        made: Closure = getattr(self, "_" + node.kind)(*node.parts)
        return made

    def many(self, nodes: list[Node]) -> list[Closure]:
        return [self.compile(node) for node in nodes]

    def truth(self, node: Node) -> Callable[[], bool]:
        closure = self.compile(node)
        return lambda: to_truth(closure())

    # Leaves.

    def _cell(self, cell: list[Value]) -> Closure:
        return lambda: cell[0]

    def _number(self, value: float) -> Closure:
        return lambda: value

    def _string(self, text: str) -> Closure:
        return lambda: text

    def _regex(self, source: str) -> Closure:
        machine = self._machine
        pattern = machine.pattern(source)
        return lambda: float(pattern.matches(to_bytes(machine.record())))

    def _group(self, inner: Node) -> Closure:
        return self.compile(inner)

    def _global(self, name: str) -> Closure:
        machine = self._machine
        if name == "NF":
            return lambda: machine.get("NF")
        variables = machine.variables
        return lambda: variables.get(name, UNSET)

    def _local(self, name: str) -> Closure:
        machine = self._machine
        return lambda: machine.get_local(name)

    def _field(self, number: Node) -> Closure:
        machine = self._machine
        if number.kind == "number":
            constant = float(number.parts[0])
            return lambda: machine.get_field(constant)
        closure = self.compile(number)
        return lambda: machine.get_field(to_number(closure()))

    def _index(self, name: str, subscript: list[Node]) -> Closure:
        machine, keys = self._machine, self.many(subscript)

        def get() -> Value:
            key = machine.subscript([key() for key in keys])
            array = machine.array(name)
            if key not in array:
                machine.store(array, key, UNSET)
            return array[key]

        return get

    # Places.

    def setter(self, node: Node) -> Setter:
        """What stores into a variable, a field or an element."""
        machine = self._machine
        if node.kind == "global":
            name = node.parts[0]
            if name == "NF":
                return lambda value: machine.set("NF", value)
            variables = machine.variables
            return lambda value: variables.__setitem__(name, value)
        if node.kind == "local":
            local = node.parts[0]
            return lambda value: machine.frame.__setitem__(local, value)
        if node.kind == "field":
            number = self.compile(node.parts[0])
            return lambda value: machine.set_field(to_number(number()), value)
        if node.kind == "index":
            name, keys = node.parts[0], self.many(node.parts[1])
            return lambda value: machine.store(machine.array(name), machine.subscript([key() for key in keys]), value)
        raise Fault("syntax error", 2)

    def _assign(self, place: Node, operator: str, value: Node) -> Closure:
        store, right = self.setter(place), self.compile(value)
        if operator == "=":

            def assign() -> Value:
                result = right()
                store(result)
                return result

            return assign
        left, apply = self.compile(place), self._operation(operator[:-1])

        def change() -> Value:
            result = apply(to_number(left()), to_number(right()))
            store(result)
            return result

        return change

    def _before(self, place: Node, operator: str) -> Closure:
        get, store, step = self.compile(place), self.setter(place), 1.0 if operator == "++" else -1.0

        def change() -> Value:
            result = to_number(get()) + step
            store(result)
            return result

        return change

    def _after(self, place: Node, operator: str) -> Closure:
        get, store, step = self.compile(place), self.setter(place), 1.0 if operator == "++" else -1.0

        def change() -> Value:
            result = to_number(get())
            store(result + step)
            return result

        return change

    # Operators.

    def _operation(self, operator: str) -> Callable[[float, float], float]:
        if operator in _ARITHMETIC:
            return _ARITHMETIC[operator]
        return {"/": self._divide, "%": self._modulo, "^": _power}[operator]

    def _divide(self, left: float, right: float) -> float:
        if right == 0:
            if not self._machine.call.is_busybox:
                return math.nan if left == 0 or math.isnan(left) else math.copysign(math.inf, left)
            raise Fault("cmd. line:1: Division by zero")
        return left / right

    def _modulo(self, left: float, right: float) -> float:
        if right == 0:
            if not self._machine.call.is_busybox:
                return math.copysign(math.nan, -1)
            raise Fault("cmd. line:1: Division by zero")
        return math.fmod(left, right)

    def _arithmetic(self, left: Node, operator: str, right: Node) -> Closure:
        first, second, apply = self.compile(left), self.compile(right), self._operation(operator)
        return lambda: apply(to_number(first()), to_number(second()))

    def _concat(self, left: Node, right: Node) -> Closure:
        machine = self._machine
        first, second = self.compile(left), self.compile(right)

        def join() -> Value:
            convert = to_text(machine.variables["CONVFMT"])
            head, tail = to_text(first(), convert), to_text(second(), convert)
            if len(head) + len(tail) > LONG:
                machine.call.check_memory(len(head) + len(tail))
                machine.owed += (len(head) + len(tail)) // BYTES_PER_TICK
            return head + tail

        return join

    def _compare(self, left: Node, operator: str, right: Node) -> Closure:
        first, second = self.compile(left), self.compile(right)
        holds: Callable[[int], bool] = {
            "<": lambda order: order < 0, "<=": lambda order: order <= 0, "==": lambda order: order == 0,
            "!=": lambda order: order != 0, ">": lambda order: order > 0, ">=": lambda order: order >= 0,
        }[operator]  # fmt: skip
        return lambda: float(holds(compare(first(), second())))

    def _match(self, left: Node, right: Node, *, negated: bool = False) -> Closure:
        machine, text = self._machine, self.compile(left)
        if right.kind == "regex":
            pattern = machine.pattern(right.parts[0])
            return lambda: float(pattern.matches(to_bytes(to_text(text()))) != negated)
        source = self.compile(right)
        return lambda: float(machine.pattern(to_text(source())).matches(to_bytes(to_text(text()))) != negated)

    def _nomatch(self, left: Node, right: Node) -> Closure:
        return self._match(left, right, negated=True)

    def _in(self, subscript: list[Node], name: str) -> Closure:
        machine, keys = self._machine, self.many(subscript)
        return lambda: float(machine.subscript([key() for key in keys]) in machine.array(name))

    def _not(self, operand: Node) -> Closure:
        inner = self.truth(operand)
        return lambda: float(not inner())

    def _minus(self, operand: Node) -> Closure:
        inner = self.compile(operand)
        return lambda: -to_number(inner())

    def _plus(self, operand: Node) -> Closure:
        inner = self.compile(operand)
        return lambda: to_number(inner())

    def _and(self, left: Node, right: Node) -> Closure:
        first, second = self.truth(left), self.truth(right)
        return lambda: float(first() and second())

    def _or(self, left: Node, right: Node) -> Closure:
        first, second = self.truth(left), self.truth(right)
        return lambda: float(first() or second())

    def _ternary(self, condition: Node, yes: Node, no: Node) -> Closure:
        test, first, second = self.truth(condition), self.compile(yes), self.compile(no)
        return lambda: first() if test() else second()

    # Functions.

    def _builtin(self, name: str, arguments: list[Node]) -> Closure:
        machine = self._machine
        special: dict[str, Callable[[list[Node]], Closure]] = {
            "split": self._split,
            "sub": self._sub,
            "gsub": self._gsub,
            "match": self._matched,
            "gensub": self._gensub,
        }
        if name in special:
            return special[name](arguments)
        if name == "length" and len(arguments) == 1 and arguments[0].kind in ("global", "local"):
            return self._length_of(arguments[0])
        if name not in PLAIN:
            raise Fault(f"{name}: not simulated by Orrery", 126)
        check_count(name, len(arguments))
        closures, function = self.many(arguments), PLAIN[name][1]
        return lambda: function(machine, [closure() for closure in closures])

    def _length_of(self, node: Node) -> Closure:
        """length of a variable, which may be an array."""
        machine, name, value = self._machine, node.parts[0], self.compile(node)

        def length() -> Value:
            if (name in machine.frame and isinstance(machine.frame[name], dict)) or (name not in machine.frame and name in machine.arrays):
                return float(len(machine.array(name)))
            return float(len(to_text(value())))

        return length

    def splitting(self, arguments: list[Node]) -> Callable[[], Generator[None, None, Value]]:
        """split as a calculation with pauses."""
        machine, text = self._machine, self.compile(arguments[0])
        name = arguments[1].parts[0]
        given = arguments[2] if len(arguments) > 2 else None
        separator = None if given is None or given.kind == "regex" else self.compile(given)

        def run() -> Generator[None, None, Value]:
            whole = to_text(text())
            if given is not None and given.kind == "regex":
                parts = machine.split_by(whole, given.parts[0]) if whole else []
            else:
                parts = machine.split(whole, to_text(separator() if separator else machine.variables["FS"]))
            if len(parts) > PARTS_MAX:
                raise Fault("out of memory", 2)
            array = machine.array(name)
            array.clear()
            for number, part in enumerate(parts, 1):
                if not number % PARTS_PER_STEP:
                    yield
                machine.store(array, str(number), Input(part))
            return float(len(parts))

        return run

    def _split(self, arguments: list[Node]) -> Closure:
        return self._at_once(self.splitting(arguments))

    def substitution(self, arguments: list[Node], *, every: bool) -> Callable[[], Generator[None, None, Value]]:
        """sub and gsub as a calculation with pauses."""
        machine = self._machine
        pattern = self._pattern(arguments[0])
        replacement = self.compile(arguments[1])
        place = arguments[2] if len(arguments) > 2 else Node("field", (Node("number", (0.0,)),))
        while place.kind == "group":
            place = place.parts[0]
        get = self.compile(place)
        store = self.setter(place) if place.kind in ("global", "local", "field", "index") else None

        def run() -> Generator[None, None, Value]:
            by, old = to_text(replacement()), to_text(get())
            if len(by) * len(old) > LONG:
                machine.call.check_memory((len(by) + 1) * (len(old) + 1) // (1 if every else len(old) + 1))
            text, count = yield from substitute(pattern(), by, old, every=every)
            if count and store is not None:
                store(text)
            return float(count)

        return run

    def _sub(self, arguments: list[Node]) -> Closure:
        return self._at_once(self.substitution(arguments, every=False))

    def _gsub(self, arguments: list[Node]) -> Closure:
        return self._at_once(self.substitution(arguments, every=True))

    def general_substitution(self, arguments: list[Node]) -> Callable[[], Generator[None, None, Value]]:
        """gensub, the same way."""
        pattern = self._pattern(arguments[0])
        place = arguments[3] if len(arguments) > 3 else Node("field", (Node("number", (0.0,)),))
        replacement, how, target = self.many([arguments[1], arguments[2], place])
        return lambda: general_substitute(pattern(), to_text(replacement()), to_text(how()), to_text(target()))

    def _gensub(self, arguments: list[Node]) -> Closure:
        return self._at_once(self.general_substitution(arguments))

    def _at_once(self, begin: Callable[[], Generator[None, None, Value]]) -> Closure:
        def run() -> Value:
            steps = begin()
            while True:
                try:
                    next(steps)
                except StopIteration as end:
                    result: Value = end.value
                    return result

        return run

    def _pattern(self, node: Node) -> Callable[[], Any]:
        machine = self._machine
        if node.kind == "regex":
            fixed = machine.pattern(node.parts[0])
            return lambda: fixed
        source = self.compile(node)
        return lambda: machine.pattern(to_text(source()))

    def _matched(self, arguments: list[Node]) -> Closure:
        machine, text, pattern = self._machine, self.compile(arguments[0]), self._pattern(arguments[1])

        def match() -> Value:
            spans = pattern().search(to_bytes(to_text(text())))
            start = float(spans[0][0] + 1) if spans else 0.0
            machine.variables["RSTART"] = start
            machine.variables["RLENGTH"] = float(spans[0][1] - spans[0][0]) if spans else -1.0
            return start

        return match


def _power(left: float, right: float) -> float:
    try:
        result = left**right
    except OverflowError:
        return math.inf
    except ZeroDivisionError:
        return math.inf
    return result if isinstance(result, float) else math.nan
