"""sed: runs a script over files, streaming."""

import os
from typing import Final

from orrery.node.processes.program import Stream
from orrery.node.programs.call import Applet, Call, decode, encode
from orrery.node.programs.faults import Fault, Misuse
from orrery.node.programs.lines import read_all
from orrery.node.programs.patterns.compile import Pattern, PatternTooHard
from orrery.node.programs.reasons import reason
from orrery.node.programs.text.numbers import is_digits
from orrery.node.programs.text.sed.busybox import NOWHERE, BusyboxParser
from orrery.node.programs.text.sed.replace import MATCHES_PER_STEP, replace, unambiguous
from orrery.node.programs.text.sed.script import Address, Command, Script, ScriptParser, Substitution
from orrery.node.programs.text.sed.source import Source

_LONG: Final = {"quiet": "n", "silent": "n", "expression": "e", "file": "f", "in-place": "i", "regexp-extended": "E", "separate": "s",
                "null-data": "z", "unbuffered": "u", "line-length": "l", "posix": "posix", "debug": "debug"}  # fmt: skip
_BUSYBOX_LONG: Final = {"in-place": "i", "regexp-extended": "E", "quiet": "n", "silent": "n", "expression": "e", "file": "f"}
_FLUSH_BYTES: Final = 32_768


class _Editor:
    """The pattern space, the hold space and what a cycle does."""

    def __init__(self, call: Call, script: Script, *, quiet: bool, end: bytes, width: int) -> None:
        self._call = call
        self._commands = script.commands
        self._quiet = quiet or script.is_quiet
        self._end = end
        self._width = width
        self._hold = b""
        self._space = b""
        self._line = 0
        self._substituted = False
        self._previous: Pattern | None = None
        self._appended: list[tuple[str, bytes]] = []
        self._files: dict[str, Stream] = {}
        self._read_files: dict[str, Source] = {}
        self._out: list[bytes] = []
        self._out_bytes = 0
        self._sink: Stream = call.process.stdout
        self._source = Source(call, [], end)
        self._owes_newline = False
        self.quits: int | None = None

    def start_over(self) -> None:
        """Lines are counted from 1 in the next file."""
        self._line = 0

    async def edit(self, source: Source, sink: Stream) -> None:
        """Run the script over all lines of a source."""
        self._sink = sink
        self._source = source
        self._owes_newline = False
        again = False
        while self.quits is None:
            if not again:
                line = await source.next()
                await self._report(source)
                if line is None:
                    break
                self._space = line
                self._line += 1
            again = await self._cycle()
            await self._call.process.tick()
        await self._report(source)
        await self.flush()
        source.close()

    async def _report(self, source: Source) -> None:
        for path, why in source.failures:
            words = f"{path}: {why}" if self._call.is_busybox else f"can't read {path}: {why}"
            await self._call.complain(words, 1 if self._call.is_busybox else 2)
        source.failures.clear()

    async def flush(self) -> None:
        if self._out:
            data = b"".join(self._out)
            self._out.clear()
            self._out_bytes = 0
            await self._sink.write(data)

    def close(self) -> None:
        for stream in self._files.values():
            stream.close()
        for source in self._read_files.values():
            source.close()

    async def _emit(self, data: bytes, *, newline: bool = True) -> None:
        if self._owes_newline:
            data = self._end + data
            self._owes_newline = False
        if newline:
            data += self._end
        self._out.append(data)
        self._out_bytes += len(data)
        if self._out_bytes > _FLUSH_BYTES or self._source.is_waiting:
            await self.flush()

    async def _print_space(self) -> None:
        has_newline = self._source.has_newline or not await self._source.is_last()
        await self._emit(self._space, newline=has_newline)
        self._owes_newline = not has_newline

    async def _end_cycle(self, *, prints: bool) -> None:
        if prints and not self._quiet:
            await self._print_space()
        for kind, data in self._appended:
            await self._append(kind, data)
        self._appended.clear()

    async def _append(self, kind: str, data: bytes) -> None:
        if kind == "a":
            await self._emit(data.removesuffix(b"\n"))
            return
        if kind == "R":
            if (line := await self._next_line_of(decode(data))) is not None:
                await self._emit(line)
            return
        try:
            stream = self._call.open(decode(data))
        except OSError:
            return  # As the real one: a file that cannot be read is an empty file.
        text = await read_all(self._call.process, stream)
        stream.close()
        if text:
            await self._emit(text, newline=False)

    async def _next_line_of(self, path: str) -> bytes | None:
        """R reads a file line by line, one at each time."""
        if path not in self._read_files:
            self._read_files[path] = Source(self._call, [path], self._end)
        return await self._read_files[path].next()

    async def _cycle(self) -> bool:
        """One line. True when the next cycle starts without a new line (D)."""
        commands = self._commands
        at = 0
        while at < len(commands):
            command = commands[at]
            at += 1
            name = command.name
            if name == ":" or name == "}":
                continue
            if not await self._selected(command):
                if name == "{":
                    at = await self._jump(command)
                continue
            if name in "btT":
                if name == "b" or (name == "t") == self._substituted:
                    at = await self._jump(command)
                    await self._call.process.tick()
                if name != "b":
                    self._substituted = False
                continue
            if name == "{":
                continue
            action = await self._act(command)
            if action == "next":
                return False
            if action == "again":
                return True
        await self._end_cycle(prints=True)
        self._substituted = False
        return False

    async def _jump(self, command: Command) -> int:
        if command.target == NOWHERE:
            await self.flush()
            raise Fault("unterminated {" if command.name == "{" else f"can't find label for jump to '{command.label}'")
        return command.target

    async def _selected(self, command: Command) -> bool:
        if command.first is None:
            return not command.is_negated
        if command.second is None:
            return await self._matches(command.first) != command.is_negated
        return await self._in_range(command, command.first, command.second) != command.is_negated

    async def _in_range(self, command: Command, first: Address, second: Address) -> bool:
        if command.is_active:
            if command.end_line >= 0:
                command.is_active = self._line < command.end_line
                return self._line <= command.end_line
            if await self._matches(second):
                command.is_active = False
            return True
        starts_at_zero = first.line == 0 and first.step < 0 and not self._call.is_busybox
        if starts_at_zero and self._line == 1:
            command.is_active = not await self._matches(second)
            return True
        if not await self._matches(first):
            return False
        command.end_line = -1
        if second.line >= 0 and second.step < 0:
            command.end_line = second.line
        elif second.plus >= 0:
            command.end_line = self._line + second.plus
        elif second.multiple >= 0:
            command.end_line = (self._line // second.multiple + 1) * second.multiple if second.multiple else self._line
        command.is_active = command.end_line < 0 or command.end_line > self._line
        if second.is_last and await self._source.is_last():
            command.is_active = False
        return True

    async def _matches(self, address: Address) -> bool:
        if address.is_last:
            return await self._source.is_last()
        if address.step >= 0:
            if address.step == 0:
                return self._line == address.line
            return self._line >= address.line and (self._line - address.line) % address.step == 0
        if address.line >= 0:
            return self._line == address.line
        return self._pattern(address.pattern).matches(self._space)

    def _pattern(self, pattern: Pattern | None) -> Pattern:
        if pattern is None:
            if self._previous is None:
                raise Fault("no previous regexp" if self._call.is_busybox else "-e expression #1, char 0: no previous regular expression")
            return self._previous
        self._previous = pattern
        return pattern

    async def _act(self, command: Command) -> str:
        name = command.name
        if name == "s":
            assert command.substitution is not None
            await self._substitute(command.substitution)
        elif name == "p":
            await (self._emit(self._space) if self._call.is_busybox else self._print_space())
        elif name == "d":
            await self._end_cycle(prints=False)
            return "next"
        elif name in "DPNn":
            return await self._line_action(name)
        elif name in "gGhHxyz":
            self._space_action(name, command)
        elif name in "aic":
            return await self._text_action(name, command)
        elif name in "qQ":
            self.quits = command.number
            await self._end_cycle(prints=name == "q")
            return "next"
        elif name == "=":
            await self._emit(b"%d" % self._line)
        elif name == "l" and not self._call.is_busybox:
            await self._emit(unambiguous(self._space, self._width if command.number < 0 else command.number))
        elif name in "rR":
            self._appended.append((name, encode(command.label)))
        elif name in "wW":
            await self._write_file(command.label, self._space if name == "w" else self._space.split(b"\n", 1)[0])
        elif name == "F":
            await self._emit(encode(self._source.path))
        return ""

    async def _line_action(self, name: str) -> str:
        if name == "P":
            await self._emit(self._space.split(b"\n", 1)[0])
            return ""
        if name == "D":
            _head, newline, rest = self._space.partition(b"\n")
            await self._end_cycle(prints=False)
            self._space = rest
            return "again" if newline else "next"
        if await self._source.is_last():
            # DIFFERS: upstream POSIX drops the space when N finds no line; GNU sed and busybox print it, and so do we.
            await self._end_cycle(prints=True)
            self.quits = 0
            return "next"
        if name == "n":
            await self._end_cycle(prints=True)
        else:
            for kind, data in self._appended:
                await self._append(kind, data)
            self._appended.clear()
        line = await self._source.next() or b""
        self._line += 1
        self._space = line if name == "n" else self._space + self._end + line
        return ""

    def _space_action(self, name: str, command: Command) -> None:
        if name == "g":
            self._space = self._hold
        elif name == "G":
            self._call.check_memory(len(self._space) + len(self._hold))
            self._space = self._space + self._end + self._hold
        elif name == "h":
            self._hold = self._space
        elif name == "H":
            self._call.check_memory(len(self._space) + len(self._hold))
            self._hold = self._hold + self._end + self._space
        elif name == "x":
            self._space, self._hold = self._hold, self._space
        elif name == "y":
            self._space = self._space.translate(command.table)
        else:
            self._space = b""

    async def _text_action(self, name: str, command: Command) -> str:
        if name == "a":
            if command.text != b"\n" or self._call.is_busybox:
                self._appended.append(("a", command.text))
            return ""
        if name == "i":
            await self._emit(command.text.removesuffix(b"\n"))
            return ""
        if command.second is None or command.is_negated or not command.is_active:
            await self._emit(command.text.removesuffix(b"\n"))
        await self._end_cycle(prints=False)
        return "next"

    async def _write_file(self, path: str, data: bytes) -> None:
        if path == "/dev/stdout":
            await self._emit(data)
            return
        if path not in self._files:
            self._files[path] = self._call.process.files.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        await self._files[path].write(data + b"\n")

    async def _substitute(self, what: Substitution) -> None:
        pattern = self._pattern(what.pattern)
        replaced = await self._call.process_steps(replace(pattern, what, self._space), MATCHES_PER_STEP)
        if replaced is None:
            return
        self._call.process.allocate(len(replaced) - len(self._space))
        self._space = replaced
        self._substituted = True
        if what.prints:
            await self._emit(self._space)
        if what.path:
            await self._write_file(what.path, self._space)


async def sed(call: Call) -> int:
    options = call.options("nrEe:f:i::" if call.is_busybox else "nrEe:f:i::szul:", _BUSYBOX_LONG if call.is_busybox else _LONG)
    operands = list(options.operands)
    parser = (BusyboxParser if call.is_busybox else ScriptParser)(extended=options.has("r", "E"))
    pieces: list[bytes] = []
    for key, value in options.given:
        if key == "e":
            if pieces and pieces[-1].endswith(b"\\"):
                pieces[-1] += b"\n" + encode(value)
            else:
                pieces.append(encode(value))
        elif key == "f":
            pieces.append(await _script_file(call, value))
    if not pieces:
        if not operands:
            if not call.is_busybox:
                await call.process.complain("Usage: sed [OPTION]... {script-only-if-no-other-script} [input-file]...")
                return 1
            raise Misuse
        pieces.append(encode(operands.pop(0)))
    for piece in pieces:
        parser.add(piece)
    end = b"\0" if options.has("z") else b"\n"
    editor = _Editor(call, parser.finish(), quiet=options.has("n"), end=end, width=_line_length(options.value("l") or "70"))
    try:
        if options.has("i"):
            for path in operands:
                await _in_place(call, editor, path, options.value("i") or "", end)
        elif options.has("s"):
            for path in operands or ["-"]:
                editor.start_over()
                await editor.edit(_source(call, [path], end), call.process.stdout)
        else:
            await editor.edit(_source(call, operands or ["-"], end), call.process.stdout)
    except PatternTooHard as error:
        raise Fault(str(error)) from None
    finally:
        editor.close()
    return editor.quits or call.failed


def _line_length(text: str) -> int:
    if not is_digits(text):
        raise Misuse(f"invalid line length: {text}")
    return int(text)


def _source(call: Call, paths: list[str], end: bytes) -> Source:
    return Source(call, paths, end)


async def _script_file(call: Call, path: str) -> bytes:
    try:
        stream = call.open(path)
    except OSError as error:
        if call.is_busybox:
            raise Fault(f"{path}: {reason(error)}") from None
        raise Fault(f"couldn't open file {path}: {reason(error)}", 4) from None
    data = await read_all(call.process, stream)
    stream.close()
    return data.removesuffix(b"\n")


async def _in_place(call: Call, editor: _Editor, path: str, suffix: str, end: bytes) -> None:
    files = call.process.files
    if files.is_directory(path):
        await call.complain(f"couldn't edit {path}: not a regular file", 4)
        return
    source = _source(call, [path], end)
    if not files.exists(path):
        await editor.edit(source, call.process.stdout)
        return
    mode = files.stat(path).mode & 0o7777
    name = "".join(call.process.clock.random.choices("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", k=6))
    folder = path.rpartition("/")[0] if "/" in path else "."
    temporary = f"{folder or '/'}/sed{name}"
    try:
        sink = files.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        words = (
            f"can't create temp file {temporary}: {reason(error)}"
            if call.is_busybox
            else f"couldn't open temporary file {temporary}: {reason(error)}"
        )
        raise Fault(words, 1 if call.is_busybox else 4) from None
    try:
        await editor.edit(source, sink)
    finally:
        sink.close()
    files.change_mode(temporary, mode)
    if suffix:
        files.rename(path, path + suffix if "*" not in suffix else suffix.replace("*", path))
    try:
        files.rename(temporary, path)
    except OSError as error:
        files.remove(temporary)
        raise Fault(f"cannot rename {temporary}: {reason(error)}", 4) from None


PROGRAMS: dict[str, Applet] = {"sed": sed}
