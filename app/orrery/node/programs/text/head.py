"""head and tail, following included."""

import errno
from collections import deque
from typing import Final, cast

from orrery.node.processes.program import CHUNK_BYTES, OpenFile, Stream
from orrery.node.programs.call import Applet, Call
from orrery.node.programs.faults import Fault
from orrery.node.programs.options import Options
from orrery.node.programs.reasons import reason
from orrery.node.programs.text.numbers import duration_s, is_digits, size_of

_LONG: Final = {"lines": "n", "bytes": "c", "quiet": "q", "silent": "q", "verbose": "v", "follow": "follow::", "retry": "retry",
                "sleep-interval": "s", "pid": "pid:", "zero-terminated": "z"}  # fmt: skip


_BUSYBOX_UNITS: Final = {"b": 512, "k": 1024, "m": 1 << 20}


def _old_style(arguments: list[str], *, is_busybox: bool) -> list[str]:
    """`-5` and `-20f` as `-n 5` and `-n 20 -f`; to busybox the letters are part of the number."""
    out: list[str] = []
    for index, argument in enumerate(arguments):
        body = argument[1:]
        if argument[:1] == "-" and body[:1].isdigit() and arguments[index - 1 : index] not in (["-n"], ["-c"]):
            digits = body if is_busybox else body[: len(body) - len(body.lstrip("0123456789"))]
            out += ["-n", digits]
            rest = body[len(digits) :]
            if rest:
                out.append("-" + rest)
        else:
            out.append(argument)
    return out


def _plus(arguments: list[str]) -> list[str]:
    """`+3` as `-n +3`, unless it is the value of an option."""
    return [
        f"-n{word}" if word[:1] == "+" and word[1:].isdigit() and arguments[index - 1 : index] not in (["-n"], ["-c"]) else word
        for index, word in enumerate(arguments)
    ]


def _count(call: Call, options: Options) -> tuple[str, int, bool]:
    """The sign that was given, the count, and whether bytes are counted."""
    letter = options.last("nc") or "n"
    text = options.value(letter)
    if text is None:
        return "", 10, False
    signs = ("-",) if call.name == "head" and call.is_busybox else ("+", "-")
    sign = text[:1] if text[:1] in signs else ""
    count = _busybox_size(text[len(sign) :]) if call.is_busybox else size_of(text[len(sign) :])
    if count is None:
        kind = "bytes" if letter == "c" else "lines"
        raise Fault(f"invalid number '{text}'" if call.is_busybox else f"invalid number of {kind}: '{text}'")
    return sign, count, letter == "c"


def _busybox_size(text: str) -> int | None:
    unit = _BUSYBOX_UNITS.get(text[-1:], 1)
    digits = text[:-1] if text[-1:] in _BUSYBOX_UNITS else text
    return int(digits) * unit if is_digits(digits) else None


class _Titles:
    """The `==> name <==` above each of several files."""

    def __init__(self, call: Call, options: Options, *, files: int) -> None:
        self._shown = (files > 1 or options.has("v")) and options.last("qv") != "q"
        self._call = call
        self._is_first = True

    async def show(self, path: str) -> None:
        if self._shown:
            name = "standard input" if path == "-" else path
            await self._call.print(("" if self._is_first else "\n") + f"==> {name} <==\n")
            self._is_first = False

    def skip(self) -> None:
        """A file that has no title counts as the first one all the same."""
        self._is_first = False


async def head(call: Call) -> int:
    call.arguments = _old_style(call.arguments, is_busybox=call.is_busybox)
    options = call.options("n:c:qv" if call.is_busybox else "n:c:qvz", _LONG)
    sign, count, is_bytes = _count(call, options)
    end = b"\0" if options.has("z") else b"\n"
    titles = _Titles(call, options, files=len(options.operands))

    async def show(path: str, stream: Stream) -> None:
        await titles.show(path)
        if sign == "-":
            await _all_but_last(call, stream, count, is_bytes=is_bytes, end=end)
        elif is_bytes:
            await _first_bytes(call, stream, count)
        else:
            await _first_lines(call, stream, count, end)

    for path in options.operands or ["-"]:
        await call.each_input([path], show, debian="cannot open '{}' for reading")
        if call.is_busybox:
            titles.skip()
    return call.failed


async def _first_bytes(call: Call, stream: Stream, count: int) -> None:
    while count and (piece := await stream.read(min(count, CHUNK_BYTES))):
        await call.write(piece)
        count -= len(piece)
        await call.process.tick()


async def _first_lines(call: Call, stream: Stream, count: int, end: bytes) -> None:
    while count and (piece := await stream.read()):
        lines = piece.count(end)
        if lines >= count:
            place = 0
            for _ in range(count):
                place = piece.index(end, place) + 1
            await call.write(piece[:place])
            return
        await call.write(piece)
        count -= lines
        await call.process.tick()


async def _all_but_last(call: Call, stream: Stream, count: int, *, is_bytes: bool, end: bytes) -> None:
    held = b""
    while piece := await stream.read():
        held += piece
        call.process.allocate(len(piece))
        keep = _tail_start(held, count, is_bytes=is_bytes, end=end)
        await call.write(held[:keep])
        call.process.allocate(-keep)
        held = held[keep:]
        await call.process.tick()


def _tail_start(data: bytes, count: int, *, is_bytes: bool, end: bytes) -> int:
    """Where the last `count` lines or bytes begin."""
    if is_bytes:
        return max(0, len(data) - count)
    if count == 0:
        return len(data)
    position = len(data) - 1 if data.endswith(end) else len(data)
    for _ in range(count):
        position = data.rfind(end, 0, position)
        if position < 0:
            return 0
    return position + 1


def _tail_arguments(call: Call) -> list[str]:
    """The old forms `-5f` and `+5` made new ones. GNU's tail knows them only with one file or none."""
    words = call.arguments
    if call.is_busybox:
        return _plus(_old_style(words, is_busybox=True))
    if len(words) == 1 or (len(words) == 2 and words[1][:1] != "-") or words[1:] == ["-"]:
        return _plus(_old_style(words, is_busybox=False))
    for index, word in enumerate(words):
        if word == "--":
            break
        if word[:1] == "-" and word[1:2].isdigit() and words[index - 1 : index] not in (["-n"], ["-c"], ["-s"]):
            raise Fault(f"option used in invalid context -- {word[1]}")
    return words


async def tail(call: Call) -> int:
    call.arguments = _tail_arguments(call)
    options = call.options("n:c:qvfFs:" if call.is_busybox else "n:c:qvfFs:z", _LONG)
    sign, count, is_bytes = _count(call, options)
    end = b"\0" if options.has("z") else b"\n"
    follows = options.has("f", "F", "follow")
    by_name = options.has("F", "retry") or options.value("follow") == "name"
    paths = options.operands or ["-"]
    opened = await _opened(call, paths) if call.is_busybox else {}
    titles = _Titles(call, options, files=len(opened) if call.is_busybox else len(paths))
    followed: list[_Followed] = []
    for path in paths:
        one = _Followed(path, opened.get(path) or (None if call.is_busybox else await _open(call, path)))
        if one.stream is None:
            followed += [one] if follows and by_name else []
            continue
        await titles.show(path)
        try:
            await _show_tail(call, one.stream, count, from_start=sign == "+", is_bytes=is_bytes, end=end)
        except IsADirectoryError as error:
            await call.cannot_read(error, path)
            continue
        followed.append(one)
    if follows:
        await _follow(call, [one for one in followed if one.path != "-"], options, by_name=by_name, titles=titles)
    elif call.is_busybox and not opened:
        await call.complain("no files")
    for one in followed:
        if one.stream is not None:
            one.stream.close()
    return call.failed


async def _opened(call: Call, paths: list[str]) -> dict[str, Stream]:
    """busybox opens all files before it reads one."""
    streams = {path: await _open(call, path) for path in paths}
    return {path: stream for path, stream in streams.items() if stream is not None}


async def _open(call: Call, path: str) -> Stream | None:
    try:
        return call.open(path)
    except OSError as error:
        await call.complain_of(error, path, busybox="can't open '{}'", debian="cannot open '{}' for reading")
        return None


async def _show_tail(call: Call, stream: Stream, count: int, *, from_start: bool, is_bytes: bool, end: bytes) -> None:
    if from_start:
        await _skip(call, stream, max(count - 1, 0), is_bytes=is_bytes, end=end)
        await call.pump(stream, call.process.stdout)
        return
    held: deque[tuple[bytes, int]] = deque()
    units = 0
    while piece := await stream.read():
        size = len(piece) if is_bytes else piece.count(end)
        held.append((piece, size))
        call.process.allocate(len(piece))
        units += size
        while units - held[0][1] > count:
            dropped, size = held.popleft()
            units -= size
            call.process.allocate(-len(dropped))
        await call.process.tick()
    data = b"".join([piece for piece, _ in held])
    await call.write(data[_tail_start(data, count, is_bytes=is_bytes, end=end) :])
    call.process.allocate(-len(data))


async def _skip(call: Call, stream: Stream, count: int, *, is_bytes: bool, end: bytes) -> None:
    while count and (piece := await stream.read()):
        units = len(piece) if is_bytes else piece.count(end)
        if units < count:
            count -= units
            continue
        place = count
        if not is_bytes:
            place = 0
            for _ in range(count):
                place = piece.index(end, place) + 1
        await call.write(piece[place:])
        return


class _Followed:
    """A file that is followed; by name it may come and go."""

    def __init__(self, path: str, stream: Stream | None) -> None:
        self.path = path
        self.stream = stream
        self.inode = 0


async def _follow(call: Call, files: list[_Followed], options: Options, *, by_name: bool, titles: _Titles) -> None:
    interval_s = duration_s(options.value("s") or "1") or 1.0
    last: _Followed | None = files[-1] if files else None
    if not files:
        if not call.is_busybox or options.operands:
            await call.complain("no files" if call.is_busybox else "no files remaining")
        return
    for one in files:
        one.inode = _inode(call, one.path)
    while True:
        for one in files:
            if by_name:
                await _reopen(call, one)
            if one.stream is None:
                continue
            await _notice_truncation(call, one)
            while piece := await one.stream.read():
                if one is not last:
                    await titles.show(one.path)
                    last = one
                await call.write(piece)
        try:
            await call.process.sleep(interval_s)
        except InterruptedError:
            continue


def _inode(call: Call, path: str) -> int:
    try:
        return call.process.files.stat(path).inode
    except OSError:
        return 0


async def _notice_truncation(call: Call, one: _Followed) -> None:
    stream = one.stream
    if not hasattr(stream, "seek") or stream is None:
        return
    file = cast(OpenFile, stream)
    try:
        position = file.tell()
        size = file.seek(0, 2)
    except OSError:
        return
    if size < position:
        if not call.is_busybox:
            await call.process.complain(f"tail: {one.path}: file truncated")
        file.seek(0)
    else:
        file.seek(position)


async def _reopen(call: Call, one: _Followed) -> None:
    inode = _inode(call, one.path)
    if inode == one.inode and (inode == 0 or one.stream is not None):
        return
    if inode == 0:
        one.inode = 0
        if one.stream is not None:
            missing = reason(FileNotFoundError(errno.ENOENT, ""))
            words = f"{one.path} has been renamed or deleted" if call.is_busybox else f"'{one.path}' has become inaccessible"
            await call.process.complain(f"tail: {words}: {missing}")
        return
    try:
        fresh = call.open(one.path)
    except OSError:
        return
    if one.stream is not None:
        one.stream.close()
    if call.is_busybox:
        what = "has been replaced" if one.stream is not None else "has appeared"
        await call.process.complain(f"tail: {one.path} {what}; following end of new file")
    else:
        what = "has been replaced" if one.stream is not None and one.inode else "has appeared"
        await call.process.complain(f"tail: '{one.path}' {what};  following new file")
    one.stream, one.inode = fresh, inode


PROGRAMS: dict[str, Applet] = {"head": head, "tail": tail}
