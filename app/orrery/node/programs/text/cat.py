"""cat, tac, rev, nl and tee."""

import os
from typing import Final

from orrery.node.processes.program import Stream
from orrery.node.programs.call import Applet, Call
from orrery.node.programs.lines import LineReader, read_all
from orrery.node.programs.text.formats import WIDTH_MAX
from orrery.node.programs.text.numbers import number_of

_CAT_LONG: Final = {
    "number": "n",
    "number-nonblank": "b",
    "show-all": "A",
    "show-ends": "E",
    "show-tabs": "T",
    "show-nonprinting": "v",
    "squeeze-blank": "s",
}


def _visible(byte: int) -> bytes:
    if byte >= 128:
        return b"M-" + _visible(byte - 128)
    if byte in (9, 10):
        return bytes([byte])
    if byte < 32:
        return b"^" + bytes([byte + 64])
    return b"^?" if byte == 127 else bytes([byte])


_VISIBLE: Final = [_visible(byte) for byte in range(256)]
_VISIBLE[128 + 9], _VISIBLE[128 + 10] = b"M-^I", b"M-^J"


async def cat(call: Call) -> int:
    options = call.options("nbvteAu" if call.is_busybox else "nbvteAETsu", {} if call.is_busybox else _CAT_LONG)
    if not options.has("n", "b", "v", "t", "e", "A", "E", "T", "s"):

        async def copy(_: str, stream: Stream) -> None:
            await call.pump(stream, call.process.stdout)

        await call.each_input(options.operands, copy, busybox="can't open '{}'")
        return call.failed
    shows_ends = options.has("e", "E", "A")
    shows_tabs = options.has("t", "T", "A")
    shows_rest = options.has("v", "t", "e", "A")
    numbers, numbers_text, squeezes = options.has("n"), options.has("b"), options.has("s")
    number, is_blank = 0, False

    async def decorate(_: str, stream: Stream) -> None:
        nonlocal number, is_blank
        reader = LineReader(call.process, stream)
        while batch := await reader.batch():
            out: list[bytes] = []
            for line in batch:
                if squeezes and not line and is_blank:
                    continue
                is_blank = not line
                if shows_rest:
                    line = b"".join([_VISIBLE[byte] for byte in line])
                if shows_tabs:
                    line = line.replace(b"\t", b"^I")
                if (numbers_text and line) or (numbers and not numbers_text):
                    number += 1
                    line = b"%6d\t%b" % (number, line)
                out.append(line + b"$\n" if shows_ends else line + b"\n")
            if not reader.is_terminated and not (call.is_busybox and (numbers or numbers_text)):
                out[-1] = out[-1][: -2 if shows_ends else -1]
            await call.write(b"".join(out))

    await call.each_input(options.operands, decorate, busybox="can't open '{}'")
    return call.failed


async def tac(call: Call) -> int:
    options = call.options("", {})

    async def reverse(_: str, stream: Stream) -> None:
        data = await read_all(call.process, stream)
        lines = data.split(b"\n")
        tail = lines.pop()
        out = b"".join([line + b"\n" for line in reversed(lines)])
        await call.write(tail + out)
        call.process.allocate(-len(data))

    await call.each_input(options.operands, reverse, debian="failed to open '{}' for reading")
    return call.failed


async def rev(call: Call) -> int:
    options = call.options("", {})

    async def mirror(_: str, stream: Stream) -> None:
        reader = LineReader(call.process, stream)
        while batch := await reader.batch():
            text = b"\n".join([line.decode("utf-8", "surrogateescape")[::-1].encode("utf-8", "surrogateescape") for line in batch])
            await call.write(text + (b"\n" if reader.is_terminated else b""))

    await call.each_input(options.operands, mirror, debian="cannot open {}")
    return call.failed


async def nl(call: Call) -> int:
    options = call.options("b:i:s:v:w:pf:h:n:", {"body-numbering": "b", "number-separator": "s", "number-width": "w"})
    separator = (options.value("s") if options.value("s") is not None else "\t") or ""
    width, step = min(number_of(options.value("w") or "6"), WIDTH_MAX), number_of(options.value("i") or "1")
    number = number_of(options.value("v") or "1") - step
    style = options.value("b") or "t"
    filled = {"ln": "%-*d", "rz": "%0*d"}.get(options.value("n") or "rn", "%*d")

    async def count(_: str, stream: Stream) -> None:
        nonlocal number
        reader = LineReader(call.process, stream)
        while batch := await reader.batch():
            out: list[bytes] = []
            for line in batch:
                if style == "a" or (style == "t" and line):
                    number += step
                    out.append((filled % (width, number)).encode() + separator.encode() + line + b"\n")
                else:
                    out.append(b" " * (width + len(separator)) + line + b"\n")
            await call.write(b"".join(out))

    await call.each_input(options.operands, count)
    return call.failed


async def tee(call: Call) -> int:
    options = call.options("ai", {"append": "a", "ignore-interrupts": "i"})
    if options.has("i"):
        call.process.handle(2, lambda _: None)
    flags = os.O_WRONLY | os.O_CREAT | (os.O_APPEND if options.has("a") else os.O_TRUNC)
    sinks: list[Stream] = [call.process.stdout.share()]
    for path in options.operands:
        try:
            sinks.append(call.process.stdout.share() if path == "-" and call.is_busybox else call.process.files.open(path, flags))
        except OSError as error:
            await call.complain_of(error, path)
    try:
        while piece := await call.process.stdin.read():
            for sink in sinks:
                await sink.write(piece)
            await call.process.tick()
    finally:
        for sink in sinks:
            sink.close()
    return call.failed


PROGRAMS: dict[str, Applet] = {"cat": cat, "tac": tac, "rev": rev, "nl": nl, "tee": tee}
