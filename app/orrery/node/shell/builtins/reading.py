"""read and mapfile."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from orrery.node.processes.program import Stream
from orrery.node.shell.errors import CommandError, ShellError
from orrery.node.shell.escapes import decode
from orrery.node.shell.fields import split_for_read
from orrery.node.shell.variables import ELEMENT_BYTES

if TYPE_CHECKING:
    from orrery.node.shell.shell import Shell

_BLOCK: Final = 4096
_TIMED_OUT: Final = 142
_BYTES_PER_CHARACTER: Final = 64
"""What a byte takes here while its line is read."""


@dataclass
class _Options:
    raw: bool = False
    prompt: str = ""
    timeout_s: float | None = None
    count: int | None = None
    exact: bool = False
    array: str = ""
    delimiter: bytes = b"\n"
    descriptor: int = 0
    silent: bool = False
    names: list[str] = field(default_factory=list)


_LETTERS: Final = {"dash": "rp:", "ash": "rp:t:n:d:su:", "bash": "ersp:t:n:N:d:a:u:i:"}


def _parse(shell: "Shell", words: list[str]) -> _Options:
    from orrery.node.shell.builtins.getopt import parse_letters

    options = _Options()
    parsed, options.names = parse_letters(shell, "read", words, _LETTERS[shell.flavour.name])
    setters: dict[str, Callable[[str], None]] = {
        "p": lambda value: setattr(options, "prompt", value),
        "t": lambda value: setattr(options, "timeout_s", _seconds(value)),
        "n": lambda value: setattr(options, "count", _count(value)),
        "a": lambda value: setattr(options, "array", value),
        "d": lambda value: setattr(options, "delimiter", value[:1].encode("utf-8", "surrogateescape") or b"\0"),
        "u": lambda value: setattr(options, "descriptor", _count(value)),
    }
    for letter, value in parsed:
        if letter == "r":
            options.raw = True
        elif letter == "s":
            options.silent = True
        elif letter == "N":
            options.count, options.exact = _count(value), True
        elif letter in setters:
            setters[letter](value)
    return options


def _seconds(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise CommandError(f"{text}: invalid timeout specification", builtin="read") from None


def _count(text: str) -> int:
    if not text.isdigit():
        raise CommandError(f"{text}: invalid number", builtin="read")
    return int(text)


def _seek_of(stream: Stream) -> Callable[[int, int], int] | None:
    """How to move in a stream; None for pipes and terminals."""
    seek: Callable[[int, int], int] | None = getattr(stream, "seek", None)
    try:
        if seek is not None:
            seek(0, 1)
    except OSError:
        return None
    return seek


class _Reader:
    """Bytes of a stream one by one; ahead only where what is too much can be given back."""

    def __init__(self, stream: Stream) -> None:
        self.stream = stream
        self.seek = _seek_of(stream)
        self.block = b""
        self.position = 0

    async def byte(self) -> bytes:
        if self.position >= len(self.block):
            self.block = await self.stream.read(_BLOCK if self.seek else 1)
            self.position = 0
        found = self.block[self.position : self.position + 1]
        self.position += 1
        return found

    def give_back(self) -> None:
        left = len(self.block) - self.position
        if self.seek and left > 0:
            self.seek(-left, 1)


async def _line(shell: "Shell", options: _Options, into: list[tuple[bytes, bool]]) -> bool:
    """Read up to the delimiter; whether it was found. A backslash quotes and joins lines unless `raw`."""
    stream = shell.process.descriptors.get(options.descriptor)
    if stream is None:
        return False
    reader = _Reader(stream)
    held = zeros = 0
    try:
        escaped = False
        while options.count is None or len(into) < options.count:
            byte = await reader.byte()
            if not byte:
                return False
            if escaped:
                escaped = False
                if byte != b"\n":
                    into.append((byte, True))
                continue
            if byte == b"\\" and not options.raw:
                escaped = True
                continue
            if byte == options.delimiter and not options.exact:
                return True
            if byte != b"\0":
                into.append((byte, False))
            else:
                zeros += 1
                if not zeros % 64:
                    await shell.process.tick()
                continue
            if not len(into) % 64:
                await shell.process.tick()
            if not len(into) % _BLOCK:
                shell.process.allocate(_BLOCK * _BYTES_PER_CHARACTER)
                held += _BLOCK * _BYTES_PER_CHARACTER
        return True
    except InterruptedError:
        return False
    finally:
        reader.give_back()
        shell.process.allocate(-held)


def _characters(line: list[tuple[bytes, bool]]) -> list[tuple[str, bool]]:
    """Bytes as characters, each with its quoting."""
    text = decode(b"".join([byte for byte, _ in line]))
    if len(text) == len(line):
        return list(zip(text, [quoted for _, quoted in line], strict=True))
    result: list[tuple[str, bool]] = []
    index = 0
    for char in text:
        result.append((char, line[index][1]))
        index += len(char.encode("utf-8", "surrogateescape"))
    return result


async def _timed_line(shell: "Shell", options: _Options, into: list[tuple[bytes, bool]]) -> tuple[bool, bool]:
    """Whether a whole line was read, and whether time or a signal cut it short."""
    outcome: list[bool] = []

    async def read() -> None:
        outcome.append(await _line(shell, options, into))

    waits = [read(), shell.interrupted()]
    if options.timeout_s is not None:
        waits.append(_after(shell, options.timeout_s))
    await shell.process.first_of(*waits)
    return (outcome[0], False) if outcome else (False, True)


async def _after(shell: "Shell", seconds: float) -> None:
    await shell.process.clock.sleep(seconds)


async def read(shell: "Shell", arguments: list[str]) -> int:
    options = _parse(shell, arguments[1:])
    if shell.flavour.is_dash and not options.names:
        raise CommandError("arg count", 2, builtin="read")
    for name in options.names:
        if not name.partition("[")[0].isidentifier() and shell.flavour.is_bash:
            raise CommandError(f"`{name}': not a valid identifier", 1, builtin="read")
        if not name.isidentifier() and not shell.flavour.is_bash:
            if shell.flavour.is_ash:
                await shell.write_error(f"{shell.applet}: read: '{name}': bad variable name\n")
                return 1
            raise CommandError(f"{name}: bad variable name", 2, builtin="read")
    stream = shell.process.descriptors.get(options.descriptor)
    if options.prompt and stream is not None and stream.is_terminal:
        await shell.write_error(options.prompt)
    line: list[tuple[bytes, bool]] = []
    needs_race = options.timeout_s is not None or bool(shell.traps.actions) or shell.is_interactive
    if needs_race:
        found, cut = await _timed_line(shell, options, line)
    else:
        found, cut = await _line(shell, options, line), False
    try:
        await _store(shell, options, _characters(line))
    except ShellError as error:
        raise CommandError(error.message, error.code, builtin="" if shell.flavour.is_bash else "read") from None
    if cut:
        return 1 if shell.flavour.is_ash else _TIMED_OUT
    return 0 if found else 1


async def _store(shell: "Shell", options: _Options, text: list[tuple[str, bool]]) -> None:
    ifs = shell.variables.get("IFS")
    ifs = " \t\n" if ifs is None else ifs
    if options.array:
        items = split_for_read(text, ifs, len(text) + 1)
        shell.variables.set_array(options.array, dict(enumerate(items)))
        shell.variables.values.pop(options.array, None)
        return
    if not options.names:
        shell.variables.set("REPLY", "".join([char for char, _ in text]))
        return
    whole = options.exact
    fields = ["".join([char for char, _ in text])] if whole else split_for_read(text, ifs, len(options.names))
    for index, name in enumerate(options.names):
        await shell.assign_text(name, fields[index] if index < len(fields) else "")


async def mapfile(shell: "Shell", arguments: list[str]) -> int:
    """bash's mapfile and readarray: lines into an array."""
    from orrery.node.shell.builtins.getopt import parse_letters

    parsed, names = parse_letters(shell, "mapfile", arguments[1:], "td:n:O:s:u:C:c:")
    given = dict(parsed)
    delimiter = given.get("d", "\n")[:1].encode() or b"\0"
    options = _Options(raw=True, delimiter=delimiter, descriptor=int(given.get("u", "0")))
    limit = int(given.get("n", "0"))
    skip = int(given.get("s", "0"))
    lines = await _lines(shell, options, limit=limit and limit + skip, strips="t" in given)
    name = names[0] if names else "MAPFILE"
    start = int(given.get("O", "0"))
    shell.variables.values.pop(name, None)
    shell.variables.set_array(name, dict(enumerate(lines[skip:], start)))
    return 0


async def _lines(shell: "Shell", options: _Options, *, limit: int, strips: bool) -> list[str]:
    """At most `limit` lines (0: all); what they take is counted while they are read."""
    lines: list[str] = []
    held, found = 0, True
    try:
        while found and (not limit or len(lines) < limit):
            line: list[tuple[bytes, bool]] = []
            found = await _line(shell, options, line)
            if line or found:
                text = decode(b"".join([byte for byte, _ in line]))
                lines.append(text if strips or not found else text + options.delimiter.decode())
                held += len(text) + ELEMENT_BYTES
                shell.process.allocate(len(text) + ELEMENT_BYTES)
            await shell.process.tick()
    finally:
        shell.process.allocate(-held)
    return lines
