"""One call of a program: its process, its options, and the few things nearly every program does with them.

Programs are `async def program(call: Call) -> int`. `as_program` makes the kernel's `Program` of one: it turns faults into messages and
exit codes, and a pipe that nobody reads into SIGPIPE.
"""

import functools
import os
from collections.abc import Awaitable, Callable, Generator, Mapping, Sequence
from typing import Final, TypeAlias, TypeVar

from orrery.node.processes.program import CHUNK_BYTES, Killed, Process, Program, Stream
from orrery.node.programs import busybox_options
from orrery.node.programs.faults import Fault, Misuse
from orrery.node.programs.flavours import BANNERS, Family, Flavour
from orrery.node.programs.options import NO_LONG, Options, parse_options
from orrery.node.programs.patterns.backtrack import PatternTooHard
from orrery.node.programs.quoting import COREUTILS, shell_escaped
from orrery.node.programs.reasons import reason
from orrery.node.programs.usages import debian_forms, debian_help, usage_of

SIGPIPE: Final = 13
T = TypeVar("T")
_CODE_2: Final = frozenset({"ls", "dir", "vdir", "sort", "grep", "egrep", "fgrep", "cmp", "diff", "awk", "tty", "test", "expr"})
"""Programs whose misuse ends with 2 instead of 1 in Debian."""
_CODE_125: Final = frozenset({"env", "nohup", "timeout", "chroot", "stdbuf", "nice"})
_HELP_ENDS_WITH: Final = {"hostname": 255}

_BUSYBOX_READ: Final = dict.fromkeys(("cat", "tac", "tail", "od", "hexdump", "tee"), "read error")
_BUSYBOX_SILENT: Final = frozenset(["sort", "cut"])
_DEBIAN_READ: Final = {
    "sort": "read failed: {}: {reason}",
    "head": "error reading '{}': {reason}",
    "tail": "error reading '{}': {reason}",
    "tac": "{}: read error: {reason}",
}
"""How a directory given as a file is told, where not simply `path: Is a directory`."""


def encode(text: str) -> bytes:
    """Arguments, names and variables as the bytes they came from."""
    return text.encode("utf-8", "surrogateescape")


def decode(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


class Call:
    """What a program was started with. `name` is the name it was called by, without directories."""

    __slots__ = ("arguments", "failed", "family", "name", "process")

    def __init__(self, process: Process, family: Family, name: str, arguments: Sequence[str]) -> None:
        self.process = process
        self.family = family
        self.name = name
        self.arguments = list(arguments)
        self.failed = 0
        """The exit code so far, for programs that go on after an error."""

    @property
    def is_busybox(self) -> bool:
        return self.family.flavour.is_busybox

    def options(self, spec: str, long: Mapping[str, str] = NO_LONG, *, minimum: int = 0, maximum: int | None = None) -> Options:
        """Parse by a getopt string; too few or too many operands are a misuse."""
        if self.is_busybox:
            busybox_options.check_long(self.name, self.arguments, is_musl=self.family.flavour is Flavour.ALPINE)
            spec, long = busybox_options.letters(self.name, spec), busybox_options.long_options(self.name, long)
        options = parse_options(self.arguments, spec, long, is_musl=self.family.flavour is Flavour.ALPINE)
        count = len(options.operands)
        if count < minimum:
            raise Misuse("" if self.is_busybox else self._missing(options.operands))
        if maximum is not None and count > maximum:
            raise Misuse("" if self.is_busybox else f"extra operand '{options.operands[maximum]}'")
        return options

    def _missing(self, operands: Sequence[str]) -> str:
        return f"missing operand after '{operands[-1]}'" if operands else "missing operand"

    async def write(self, data: bytes) -> None:
        if data:
            await self.process.stdout.write(data)

    async def print(self, text: str) -> None:
        await self.process.stdout.write(encode(text))

    async def complain(self, message: str, code: int = 1) -> None:
        """Print `name: message`; the program will end with `code`."""
        self.failed = code
        await self.process.stderr.write(encode(f"{self.name}: {message}\n"))

    async def complain_of(self, error: OSError, path: str, *, busybox: str = "{}", debian: str = "{}", code: int = 1) -> None:
        """Print `name: path: reason`, the path put into the family's words."""
        words = busybox.format(path) if self.is_busybox else self._debian_words(debian, path)
        await self.complain(f"{words}: {reason(error)}", code)

    def _debian_words(self, words: str, path: str) -> str:
        """Where a path stands in quotes, they are a shell's; where it stands alone, only one that needs them has quotes."""
        if self.name not in COREUTILS:
            return words.format(path)
        if "'{}'" in words:
            return words.replace("'{}'", shell_escaped(path, always=True))
        return words.replace("{}", shell_escaped(path, also=":"))

    def open(self, path: str) -> Stream:
        """A file to read; `-` is standard input."""
        return self.process.stdin.share() if path == "-" else self.process.files.open(path, os.O_RDONLY)

    async def each_input(
        self,
        operands: Sequence[str],
        use: Callable[[str, Stream], Awaitable[None]],
        *,
        busybox: str = "{}",
        debian: str = "{}",
        code: int = 1,
    ) -> None:
        """Call `use` with each operand opened, standard input when there is none; complain of those that cannot be opened or read."""
        for path in operands or ("-",):
            try:
                stream = self.open(path)
            except IsADirectoryError as error:
                await self.cannot_read(error, path, code)
                continue
            except OSError as error:
                await self.complain_of(error, path, busybox=busybox, debian=debian, code=code)
                continue
            try:
                await use(path, stream)
            except IsADirectoryError as error:
                await self.cannot_read(error, path, code)
            finally:
                stream.close()

    async def cannot_read(self, error: OSError, path: str, code: int = 1) -> None:
        """A file is there but is a directory, which shows at the first read."""
        if self.is_busybox and self.name in _BUSYBOX_SILENT:
            return
        if self.is_busybox and self.name == "head":
            await self.complain(f"{path}: Input/output error", code)
        elif self.is_busybox and self.name.endswith("sum"):
            await self.complain(f"can't read '{path}': {reason(error)}", code)
        elif self.is_busybox:
            await self.complain(f"{_BUSYBOX_READ.get(self.name, path)}: {reason(error)}".replace("{}", path), code)
        else:
            words = self._debian_words(_DEBIAN_READ.get(self.name, "{}: {reason}").replace("{reason}", reason(error)), path)
            await self.complain(words, code)

    def check_memory(self, count: int) -> None:
        """A value of `count` bytes is about to be made: over the container's limit the process is killed for it."""
        if count > CHUNK_BYTES:
            self.process.allocate(count)
            self.process.allocate(-count)

    async def process_steps(self, steps: Generator[None, None, T], ticks: int) -> T:
        """Run a long calculation to its result, letting others go on at each of its pauses."""
        while True:
            try:
                next(steps)
            except StopIteration as end:
                result: T = end.value
                return result
            await self.process.tick(ticks)

    async def pump(self, source: Stream, sink: Stream) -> int:
        """Copy a stream to its end; returns the bytes copied."""
        total = 0
        while piece := await source.read(CHUNK_BYTES):
            await sink.write(piece)
            total += len(piece)
            await self.process.tick()
        return total


Applet: TypeAlias = Callable[[Call], Awaitable[int]]


def as_program(applet: Applet, family: Family, name: str) -> Program:
    """The kernel's view of an applet."""
    return functools.partial(_run, applet, family, name)


async def _run(applet: Applet, family: Family, name: str, process: Process) -> int:
    call = Call(process, family, process.argv[0].rpartition("/")[2] or name, process.argv[1:])
    if call.name == "busybox":
        call.name = name
    return await run_applet(applet, call)


async def run_applet(applet: Applet, call: Call) -> int:
    """Run to the end, with faults told on standard error."""
    try:
        if call.arguments == ["--help"] and await _helped(call):
            return _HELP_ENDS_WITH.get(call.name, 0) if not call.is_busybox else 0
        return await applet(call)
    except BrokenPipeError:
        raise Killed(SIGPIPE) from None
    except Fault as fault:
        await call.complain(fault.message)
        return fault.code
    except Misuse as misuse:
        if not call.is_busybox and call.arguments == ["--help"]:
            await call.print(debian_help(call.name))
            return 0
        return await _misused(call, misuse)
    except PatternTooHard as error:
        await call.complain(str(error))
        return 2
    except OSError as error:
        where = f"{error.filename}: " if isinstance(error.filename, str) else ""
        await call.complain(where + reason(error))
        return 1


async def _helped(call: Call) -> bool:
    if call.is_busybox and usage_of(call.name):
        await call.process.stderr.write(_usage(call))
        return True
    if not call.is_busybox and debian_forms(call.name):
        await call.print(debian_help(call.name))
        return True
    return False


def _usage(call: Call) -> bytes:
    usage = usage_of(call.name) or f"{call.name} [ARG]..."
    return encode(f"{BANNERS[call.family.flavour]}\n\nUsage: {usage}\n")


async def _misused(call: Call, misuse: Misuse) -> int:
    if misuse.message:
        await call.complain(misuse.message)
    if call.is_busybox:
        await call.process.stderr.write(_usage(call))
        return misuse.code or (2 if call.name in {"grep", "egrep", "fgrep", "sort"} else 1)
    if call.name == "sed":
        await call.process.complain("Usage: sed [OPTION]... {script-only-if-no-other-script} [input-file]...")
        return 1
    if call.name == "hostname":
        await call.print(debian_help(call.name))
        return _HELP_ENDS_WITH[call.name]
    usage = "Usage: grep [OPTION]... PATTERNS [FILE]...\n" if call.name == "grep" else ""
    prefix = f"{call.name}: " if call.name in ("diff", "cmp") else ""
    await call.process.complain(f"{prefix}{usage}Try '{call.name} --help' for more information.")
    return misuse.code or (2 if call.name in _CODE_2 else 125 if call.name in _CODE_125 else 1)
