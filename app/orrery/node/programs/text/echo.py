"""echo, printf, yes, true, false and clear."""

from typing import Final

from orrery.node.programs.call import Applet, Call, encode
from orrery.node.programs.faults import Misuse
from orrery.node.programs.text.escapes import unescape
from orrery.node.programs.text.formats import Formatter


async def echo(call: Call) -> int:
    ends, escapes = b"\n", False
    words = call.arguments
    while words and words[0][:1] == "-" and len(words[0]) > 1 and not words[0][1:].strip("neE"):
        for letter in words[0][1:]:
            if letter == "n":
                ends = b""
            else:
                escapes = letter == "e"
        words = words[1:]
    data = encode(" ".join(words))
    if escapes:
        data, stops = unescape(data, zero_octal=True)
        ends = b"" if stops else ends
    await call.write(data + ends)
    return 0


async def printf(call: Call) -> int:
    words = call.arguments[1:] if call.arguments[:1] == ["--"] else call.arguments
    if not words:
        raise Misuse("" if call.is_busybox else "missing operand")
    formatter = Formatter(words[1:], is_busybox=call.is_busybox)
    async for piece in formatter.pieces(encode(words[0])):
        await call.process.tick()
        await call.write(piece)
    for warning in formatter.warnings:
        await call.process.complain(f"{call.name}: {warning}")
    for complaint in formatter.complaints:
        await call.complain(complaint)
    return call.failed


async def yes(call: Call) -> int:
    line = encode(" ".join(call.arguments) or "y") + b"\n"
    block = line * max(1, 16_384 // len(line))
    while True:
        await call.process.stdout.write(block)
        await call.process.tick(16)


async def true(call: Call) -> int:
    return 0


async def false(call: Call) -> int:
    return 1


_CLEAR: Final = "\x1b[H\x1b[J"


async def clear(call: Call) -> int:
    if call.arguments and not call.is_busybox and call.arguments[0] not in ("-x", "-T", "-V"):
        await call.process.complain("Usage: clear [options]")
        return 1
    await call.print(_CLEAR if call.is_busybox else "\x1b[H\x1b[2J\x1b[3J")
    return 0


async def reset(call: Call) -> int:
    await call.print("\x1bc\x1b(B\x1b[m\x1b[J\x1b[?25h")
    return 0


PROGRAMS: dict[str, Applet] = {
    "echo": echo,
    "printf": printf,
    "yes": yes,
    "true": true,
    "false": false,
    "clear": clear,
    "reset": reset,
    ":": true,
}
