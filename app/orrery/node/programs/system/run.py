"""xargs, test and [, busybox itself."""

import stat
from collections.abc import Callable
from typing import Final

from orrery.node.processes.program import CHUNK_BYTES, Stream
from orrery.node.programs.call import Applet, Call, decode
from orrery.node.programs.faults import Fault, Misuse
from orrery.node.programs.flavours import BANNERS
from orrery.node.programs.options import Options
from orrery.node.programs.reasons import reason
from orrery.node.programs.text.numbers import is_digits, number_of

_LONG: Final = {"null": "0", "max-args": "n", "replace": "I", "no-run-if-empty": "r", "verbose": "t", "max-lines": "L", "max-procs": "P",
                "delimiter": "d", "arg-file": "a", "max-chars": "s", "interactive": "p", "exit": "x", "eof": "E"}  # fmt: skip
_LINE_MAX: Final = 131_072
_ARGUMENT_MAX: Final = 131_072


class _Words:
    """Splits standard input into arguments: blanks and quotes, or one delimiter, or whole lines."""

    def __init__(self, call: Call, stream: Stream, *, delimiter: bytes | None, lines: bool) -> None:
        self._call = call
        self._stream = stream
        self._delimiter = delimiter
        self._lines = lines
        self._rest = b""
        self._position = 0
        """Up to here `_rest` has been taken."""
        self._ended = False

    async def next(self) -> tuple[str, bool] | None:
        """The next argument and whether it ended a line."""
        while True:
            found = self._take()
            if found is not None:
                return found
            if self._ended:
                return None
            piece = await self._stream.read()
            if piece:
                self._rest = self._rest[self._position :] + piece
                self._position = 0
                if len(self._rest) > _ARGUMENT_MAX + CHUNK_BYTES:
                    raise Fault("argument line too long")
            else:
                self._ended = True

    def _take(self) -> tuple[str, bool] | None:
        if self._delimiter is not None:
            return self._delimited(self._delimiter)
        data = self._rest
        position = self._position
        while position < len(data) and data[position] in b" \t\n":
            position += 1
        out = bytearray()
        start = position
        while position < len(data):
            byte = data[position]
            if byte == 10 or (byte in b" \t" and not self._lines):
                end = position
                while end < len(data) and data[end] in b" \t":
                    end += 1
                ends_line = end < len(data) and data[end] == 10
                if end == len(data) and not self._ended:
                    return None
                self._position = end + ends_line
                return decode(bytes(out)), ends_line
            if byte in b"'\"":
                closing = data.find(bytes((byte,)), position + 1)
                newline = data.find(b"\n", position + 1)
                if (closing < 0 and (self._ended or newline >= 0)) or 0 <= newline < closing:
                    kind = "single" if byte == 39 else "double"
                    raise Fault(
                        f"unmatched {kind} quote"
                        if self._call.is_busybox
                        else f"unmatched {kind} quote; by default quotes are special to xargs unless you use the -0 option"
                    )
                if closing < 0:
                    return None
                out += data[position + 1 : closing]
                position = closing + 1
                continue
            if byte == 92 and position + 1 < len(data):
                position += 1
                byte = data[position]
            out.append(byte)
            position += 1
        if self._ended:
            self._position = len(data)
            if position > start:
                return decode(bytes(out)), True
        return None

    def _delimited(self, delimiter: bytes) -> tuple[str, bool] | None:
        end = self._rest.find(delimiter, self._position)
        if end < 0 and not (self._ended and self._position < len(self._rest)):
            return None
        word = self._rest[self._position : end if end >= 0 else len(self._rest)]
        self._position = end + len(delimiter) if end >= 0 else len(self._rest)
        return decode(word), True


def _count(call: Call, options: Options, letter: str) -> int:
    """How many words or lines a command gets; 0 for no limit."""
    text = options.value(letter)
    if text is None:
        return 0
    if not call.is_busybox and not is_digits(text):
        raise Misuse(f'invalid number "{text}" for -{letter} option')
    if number_of(text) < 1:
        words = f"number {text} is not in 1..2147483647 range" if call.is_busybox else f"value {text} for -{letter} option should be >= 1"
        raise Fault(words) if call.is_busybox else Misuse(words)
    return number_of(text)


async def xargs(call: Call) -> int:
    options = call.options("+0n:I:i::rtP:a:s:pxE:e::" if call.is_busybox else "+0n:I:i::rtL:P:d:a:s:pxE:e::", _LONG)
    command = list(options.operands) or ["echo"]
    marker = options.value("I") or ((options.value("i") or "{}") if options.has("i") else None)
    delimiter: bytes | None = b"\0" if options.has("0") else None
    if (text := options.value("d")) is not None:
        delimiter = text.encode().decode("unicode_escape").encode("latin-1") if "\\" in text else text.encode()
    source = options.value("a") or "-"
    try:
        stream = call.open(source)
    except OSError as error:
        await call.complain_of(error, source, busybox="can't open '{}'", debian="Cannot open input file '{}'")
        return 1
    size_max = (
        max(int(options.value("s") or 0) - sum(len(word) + 1 for word in command), 1) if is_digits(options.value("s") or "") else _LINE_MAX
    )
    words = _Words(call, stream, delimiter=delimiter, lines=marker is not None)
    limit, lines = _count(call, options, "n"), _count(call, options, "L")
    end_word = options.value("E") if delimiter is None else None
    ran = False
    batch: list[str] = []
    size = seen_lines = 0
    while (found := await words.next()) is not None:
        word, ends_line = found
        await call.process.tick()
        if word == end_word and end_word:
            break
        if marker is not None:
            if not await _execute(call, [part.replace(marker or "{}", word) for part in command], verbose=options.has("t")):
                return call.failed
            ran = True
            continue
        if batch and size + len(word) + 1 > size_max:
            if not await _execute(call, [*command, *batch], verbose=options.has("t")):
                return call.failed
            ran, batch, size, seen_lines = True, [], 0, 0
        batch.append(word)
        size += len(word) + 1
        seen_lines += ends_line
        if (limit and len(batch) >= limit) or (lines and seen_lines >= lines):
            if not await _execute(call, [*command, *batch], verbose=options.has("t")):
                return call.failed
            batch, size, seen_lines, ran = [], 0, 0, True
    if batch or (not ran and not options.has("r") and marker is None):
        await _execute(call, [*command, *batch], verbose=options.has("t"))
    return call.failed


async def _execute(call: Call, command: list[str], *, verbose: bool) -> bool:
    """Run one command; False when xargs must stop."""
    if verbose:
        await call.process.complain(" ".join(command))
    empty = call.process.files.open("/dev/null", 0)
    try:
        descriptors = {**call.process.descriptors, 0: empty}
        child = await call.process.spawn(command, descriptors=descriptors)
    except OSError as error:
        code = 127 if isinstance(error, FileNotFoundError) else 126
        await call.complain(f"{command[0]}: {reason(error)}", code)
        return False
    finally:
        empty.close()
    code = await child.wait()
    if code == 255:
        await call.complain(f"{command[0]}: exited with status 255; aborting", 124)
        return False
    if code >= 129 and code - 128 in range(1, 65) and child.signal is not None:
        await call.complain(f"{command[0]}: terminated by signal {code - 128}", 125)
        return False
    if code:
        call.failed = 123
    return True


class Test:
    """The expressions of test(1): by the number of words first, as POSIX has it, else by precedence."""

    def __init__(self, call: Call, words: list[str]) -> None:
        self._call = call
        self._words = words
        self._at = 0

    def result(self) -> bool:
        words = self._words
        if not words:
            return False
        if len(words) == 1:
            return bool(words[0])
        if len(words) == 2 and words[0] == "!":
            return not words[1]
        if len(words) == 3 and words[1] in _BINARY:
            return self._binary(words[0], words[1], words[2])
        if len(words) == 4 and words[0] == "!" and words[2] in _BINARY:
            return not self._binary(words[1], words[2], words[3])
        value = self._either()
        if self._at < len(words):
            raise self._syntax(words[self._at])
        return value

    def _syntax(self, word: str) -> Fault:
        if self._call.is_busybox:
            return Fault(f"{word}: unknown operand", 2)
        if len(self._words) == 2 and self._words[0].startswith("-"):
            return Fault(f"'{self._words[0]}': unary operator expected", 2)
        if len(self._words) == 2:
            return Fault(f"missing argument after '{self._words[1]}'", 2)
        if len(self._words) == 3:
            return Fault(f"'{self._words[1]}': binary operator expected", 2)
        return Fault(f"extra argument '{word}'", 2)

    def _either(self) -> bool:
        value = self._both()
        while self._at < len(self._words) and self._words[self._at] == "-o":
            self._at += 1
            value = self._both() or value
        return value

    def _both(self) -> bool:
        value = self._one()
        while self._at < len(self._words) and self._words[self._at] == "-a":
            self._at += 1
            value = self._one() and value
        return value

    def _one(self) -> bool:
        words, at = self._words, self._at
        if at >= len(words):
            raise Fault("argument expected" if self._call.is_busybox else f"missing argument after '{words[-1]}'", 2)
        if words[at] == "!":
            self._at += 1
            return not self._one()
        if at + 2 < len(words) and words[at + 1] in _BINARY:
            self._at += 3
            return self._binary(words[at], words[at + 1], words[at + 2])
        if words[at] == "(":
            self._at += 1
            value = self._either()
            if self._at >= len(words) or words[self._at] != ")":
                raise Fault("closing paren expected" if self._call.is_busybox else "')' expected", 2)
            self._at += 1
            return value
        if words[at] in _UNARY and at + 1 < len(words):
            self._at += 2
            return _UNARY[words[at]](self._call, words[at + 1])
        self._at += 1
        return bool(words[at])

    def _number(self, text: str) -> int:
        stripped = text.strip()
        if not is_digits(stripped.removeprefix("-").removeprefix("+")):
            raise Fault(f"{text}: bad number" if self._call.is_busybox else f"invalid integer '{text}'", 2)
        return int(stripped)

    def _binary(self, left: str, operator: str, right: str) -> bool:
        if operator in ("-nt", "-ot", "-ef"):
            return self._compare_files(left, operator, right)
        if operator in _STRINGS:
            return _STRINGS[operator](left, right)
        first, second = self._number(left), self._number(right)
        return {"-eq": first == second, "-ne": first != second, "-lt": first < second, "-le": first <= second, "-gt": first > second,
                "-ge": first >= second}[operator]  # fmt: skip

    def _compare_files(self, left: str, operator: str, right: str) -> bool:
        files = self._call.process.files
        first = files.stat(left) if files.exists(left) else None
        second = files.stat(right) if files.exists(right) else None
        if operator == "-ef":
            return first is not None and second is not None and (first.inode, first.device) == (second.inode, second.device)
        if operator == "-ot":
            first, second = second, first
        return first is not None and (second is None or first.modified_s > second.modified_s)


_STRINGS: Final[dict[str, Callable[[str, str], bool]]] = {
    "=": lambda left, right: left == right,
    "==": lambda left, right: left == right,
    "!=": lambda left, right: left != right,
    "<": lambda left, right: left < right,
    ">": lambda left, right: left > right,
}
_BINARY: Final = frozenset({*_STRINGS, "-eq", "-ne", "-lt", "-le", "-gt", "-ge", "-nt", "-ot", "-ef"})


def _kind(check: Callable[[int], bool], *, follow: bool = True) -> Callable[[Call, str], bool]:
    def test(call: Call, path: str) -> bool:
        try:
            return check(call.process.files.stat(path, follow=follow).mode)
        except OSError:
            return False

    return test


def _size(call: Call, path: str) -> bool:
    try:
        return call.process.files.stat(path).size > 0
    except OSError:
        return False


def _terminal(call: Call, text: str) -> bool:
    stream = call.process.descriptors.get(int(text)) if text.isdigit() else None
    return stream is not None and stream.is_terminal


_UNARY: Final[dict[str, Callable[[Call, str], bool]]] = {
    "-n": lambda _, text: bool(text),
    "-z": lambda _, text: not text,
    "-e": lambda call, path: call.process.files.exists(path),
    "-a": lambda call, path: call.process.files.exists(path),
    "-f": _kind(stat.S_ISREG),
    "-d": _kind(stat.S_ISDIR),
    "-h": _kind(stat.S_ISLNK, follow=False),
    "-L": _kind(stat.S_ISLNK, follow=False),
    "-p": _kind(stat.S_ISFIFO),
    "-S": _kind(stat.S_ISSOCK),
    "-b": _kind(stat.S_ISBLK),
    "-c": _kind(stat.S_ISCHR),
    "-u": _kind(lambda mode: bool(mode & stat.S_ISUID)),
    "-g": _kind(lambda mode: bool(mode & stat.S_ISGID)),
    "-k": _kind(lambda mode: bool(mode & stat.S_ISVTX)),
    "-s": _size,
    "-r": lambda call, path: call.process.files.access(path, 4),
    "-w": lambda call, path: call.process.files.access(path, 2),
    "-x": lambda call, path: call.process.files.access(path, 1),
    "-t": _terminal,
    "-O": lambda call, path: call.process.files.exists(path) and call.process.files.stat(path).uid == call.process.uid,
    "-G": lambda call, path: call.process.files.exists(path) and call.process.files.stat(path).gid == call.process.gid,
}


async def test(call: Call) -> int:
    words = list(call.arguments)
    if call.name == "[":
        if words[-1:] != ["]"]:
            raise Fault("missing ]" if call.is_busybox else "missing ']'", 2)
        words.pop()
    return 0 if Test(call, words).result() else 1


async def busybox(call: Call) -> int:
    """`busybox NAME …` runs an applet; without a name it lists them."""
    from orrery.node.programs.registry import HOMES, find_applet

    names = sorted(name for name, home in HOMES.items() if not home.startswith("servers") and name.isascii() and name != "busybox")
    if not call.arguments:
        listed = ", ".join(names)
        await call.print(
            f"{BANNERS[call.family.flavour]}\nUsage: busybox [function [arguments]...]\n\nCurrently defined functions:\n\t{listed}\n"
        )
        return 0
    if call.arguments[0] == "--list":
        await call.print("".join(name + "\n" for name in names))
        return 0
    name = call.arguments[0].rpartition("/")[2]
    applet = find_applet(name)
    if applet is None:
        await call.process.complain(f"{name}: applet not found")
        return 127
    try:
        return await call.process.replace(call.arguments)
    except OSError:
        return await applet(Call(call.process, call.family, name, call.arguments[1:]))


PROGRAMS: dict[str, Applet] = {"xargs": xargs, "test": test, "[": test, "busybox": busybox}
