"""awk's main input: the operands one after the other, assignments between them, standard input when there is no file."""

from orrery.node.programs.call import Call, encode
from orrery.node.programs.faults import Fault
from orrery.node.programs.reasons import reason
from orrery.node.programs.text.awk.machine import Machine
from orrery.node.programs.text.awk.records import RecordReader, cannot_open, decode, to_bytes
from orrery.node.programs.text.awk.values import Input, to_number, to_text
from orrery.node.programs.text.escapes import unescape


class Inputs:
    """Records of all files."""

    def __init__(self, call: Call, machine: Machine) -> None:
        self._call = call
        self._machine = machine
        self._reader: RecordReader | None = None
        self._used_files = False

    def assign(self, text: str) -> None:
        """`name=value` of -v and of operands."""
        name, _, value = text.partition("=")
        self._machine.set(name, Input(decode(unescape(encode(value))[0])))

    def skip_file(self) -> None:
        """The next record comes from the next file."""
        if self._reader is not None:
            self._reader.close()
        self._reader = None

    async def next(self) -> str | None:
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
                await self._call.complain(
                    f"cmd. line:1: {reason(error)}" if self._call.is_busybox else f"read error ({reason(error)})",
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
                await machine.flush()
                raise Fault("", 1 if self._call.is_busybox else 2) from None
            self._reader = RecordReader(self._call, stream)
            machine.variables["FILENAME"] = Input(word)
            machine.variables["FNR"] = 0.0
            return True
        if self._used_files:
            return False
        self._used_files = True
        self._reader = RecordReader(self._call, self._call.process.stdin.share())
        return True
