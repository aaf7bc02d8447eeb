"""What an awk program works on: variables, arrays, the record and its fields."""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Final, TypeAlias

from orrery.node.programs.call import Call
from orrery.node.programs.faults import Fault
from orrery.node.programs.patterns.compile import Pattern, PatternError, compile_pattern
from orrery.node.programs.text.awk.records import Channels, to_bytes
from orrery.node.programs.text.awk.values import UNSET, Array, FormatError, Input, Value, format_text, to_number, to_text

_BRACES: Final = re.compile(rb"((?:\\.|\[\^?\]?[^]]*\]|[^{}\\[])*)([{}])", re.DOTALL)
FIELDS_MAX: Final = 100_000
PARTS_MAX: Final = 100_000
"""split makes no more elements than this."""


_MAWK_WORDS: Final = {"Unmatched ( or \\(": "missing ')'", "Invalid preceding regular expression": "missing operand"}


@lru_cache(maxsize=256)
def _without_intervals(source: bytes) -> bytes:
    """mawk knows no {n,m}: braces are letters to it."""
    return _BRACES.sub(rb"\1\\\2", source) if b"{" in source else source


class Untyped:
    """An argument that has no value yet: it becomes an array where the function uses it as one."""

    __slots__ = ("bind",)

    def __init__(self, bind: Callable[[Array], None]) -> None:
        self.bind = bind


Local: TypeAlias = "Value | Array | Untyped"


class Machine:
    """State of one run."""

    def __init__(self, call: Call) -> None:
        self.call = call
        self.variables: dict[str, Value] = {
            "FS": " ", "OFS": " ", "ORS": "\n", "RS": "\n", "NR": 0.0, "FNR": 0.0, "SUBSEP": "\x1c", "CONVFMT": "%.6g", "OFMT": "%.6g",
            "RSTART": 0.0, "RLENGTH": -1.0, "FILENAME": UNSET,
        }  # fmt: skip
        self.arrays: dict[str, Array] = {}
        self.frame: dict[str, Local] = {}
        self.channels = Channels(call)
        self.out: list[bytes] = []
        self.out_bytes = 0
        self.owed = 0
        """Ticks of work that was done without a pause, for the next one."""
        self.random = call.process.clock.random
        self.seed = 0.0
        self._record: str | None = ""
        self._fields: list[str] | None = []

    # Record and fields.

    def set_record(self, text: str) -> None:
        self._record = text
        self._fields = None

    def fields(self) -> list[str]:
        if self._fields is None:
            self._fields = self.split(self._record or "", self._separator())
        return self._fields

    def _separator(self) -> str:
        return to_text(self.variables["FS"])

    def record(self) -> str:
        if self._record is None:
            self._record = to_text(self.variables["OFS"]).join(self._fields or [])
        return self._record

    def get_field(self, number: float) -> Value:
        index = int(number)
        if index == 0:
            return Input(self.record())
        if index < 0:
            if self.call.is_busybox:
                raise Fault("cmd. line:1: Access to negative field")
            raise self.run_error(f"negative field index ${index}")
        fields = self.fields()
        return Input(fields[index - 1]) if index <= len(fields) else UNSET

    def set_field(self, number: float, value: Value) -> None:
        index = int(number)
        text = to_text(value, to_text(self.variables["CONVFMT"]))
        if index == 0:
            self.set_record(text)
            return
        if not 0 < index <= FIELDS_MAX:
            raise Fault(f"trying to access out of range field {index}", 2)
        fields = self.fields()
        while len(fields) < index:
            fields.append("")
        fields[index - 1] = text
        self._record = None

    def set_count(self, number: float) -> None:
        count = max(min(int(number), FIELDS_MAX), 0)
        fields = self.fields()
        del fields[count:]
        while len(fields) < count:
            fields.append("")
        self._record = None

    def split(self, text: str, separator: str) -> list[str]:
        if separator == " ":
            return text.split(None, PARTS_MAX)
        if not text:
            return []
        if self.variables["RS"] == "" and separator != "\n":
            return [part for line in text.split("\n") for part in (self.split_by(line, separator) or [""])]
        return self.split_by(text, separator)

    def split_by(self, text: str, separator: str) -> list[str]:
        if not separator:
            return list(text[: PARTS_MAX + 1])
        if len(separator) == 1 and separator not in " \\":
            return text.split(separator, PARTS_MAX) if text else []
        pattern, data = self.pattern(separator), to_bytes(text)
        parts: list[str] = []
        position = start = 0
        while position <= len(data) and len(parts) <= PARTS_MAX and (spans := pattern.search(data, position)):
            begin, end = spans[0]
            if end == begin:
                position = end + 1
                continue
            parts.append(text[start:begin])
            start = position = end
        return [*parts, text[start:]]

    def pattern(self, source: str) -> Pattern:
        if self.call.is_busybox:
            try:
                return compile_pattern(to_bytes(source), extended=True, refuses_bare_repeats=True)
            except PatternError as error:
                raise Fault(f"bad regex '{source}': {error}") from None
        try:
            return compile_pattern(_without_intervals(to_bytes(source)), extended=True, refuses_bare_repeats=True)
        except PatternError as error:
            words = _MAWK_WORDS.get(str(error), str(error))
            raise Fault(f"line 1: regular expression compile failed ({words})\n{source}", 2) from None

    def run_error(self, message: str) -> Fault:
        """mawk tells where in its input it was."""
        name, file, total = (to_text(self.variables[key]) for key in ("FILENAME", "FNR", "NR"))
        return Fault(f'run time error: {message}\n\tFILENAME="{name}" FNR={file} NR={total}', 2)

    def format(self, template: str, values: list[Value]) -> str:
        """printf and sprintf."""
        try:
            return format_text(template, values, is_busybox=self.call.is_busybox)
        except FormatError as error:
            if self.call.is_busybox:
                raise Fault(f"cmd. line:1: {error}") from None
            self.emit(error.before)
            raise self.run_error(f'not enough arguments passed to printf("{template}")') from None

    # Variables.

    def get(self, name: str) -> Value:
        if name == "NF":
            return float(len(self.fields()))
        return self.variables.get(name, UNSET)

    def set(self, name: str, value: Value) -> None:
        if name == "NF":
            self.set_count(to_number(value))
        else:
            self.variables[name] = value

    def get_local(self, name: str) -> Value:
        value = self.frame[name]
        if isinstance(value, dict):
            raise Fault(f"type error in arg to {name}", 2)
        return UNSET if isinstance(value, Untyped) else value

    def array(self, name: str) -> Array:
        """A global array, or a parameter used as one."""
        if name in self.frame:
            value = self.frame[name]
            if isinstance(value, dict):
                return value
            fresh: Array = {}
            if isinstance(value, Untyped):
                value.bind(fresh)
            elif value is not UNSET:
                raise Fault(f"can't use {name} as an array" if not self.call.is_busybox else "Not an array", 2)
            self.frame[name] = fresh
            return fresh
        found = self.arrays.get(name)
        if found is None:
            found = self.arrays[name] = {}
        return found

    def subscript(self, values: list[Value]) -> str:
        if len(values) == 1:
            value = values[0]
            return value if isinstance(value, str) else to_text(value, to_text(self.variables["CONVFMT"]))
        return to_text(self.variables["SUBSEP"]).join([to_text(value) for value in values])

    def store(self, array: Array, key: str, value: Value) -> None:
        if key not in array:
            self.call.process.allocate(len(key) + 96)
        array[key] = value

    # Output.

    def emit(self, text: str) -> None:
        data = to_bytes(text)
        self.out.append(data)
        self.out_bytes += len(data)

    async def flush(self) -> None:
        if self.out:
            data = b"".join(self.out)
            self.out.clear()
            self.out_bytes = 0
            await self.call.process.stdout.write(data)
