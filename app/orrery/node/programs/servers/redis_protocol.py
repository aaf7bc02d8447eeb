"""redis' wire protocol as both ends read it: a server commands, a client replies and shows them."""

from typing import Final

from orrery.node.programs.net.http import BadMessage, Incoming

_BULK_MAX: Final = 8 << 20
_WORDS_MAX: Final = 100_000
_ESCAPED: Final = {7: b"\\a", 8: b"\\b", 9: b"\\t", 10: b"\\n", 13: b"\\r", 34: b'\\"', 92: b"\\\\"}


async def read_command(incoming: Incoming) -> list[bytes]:
    """A command as an array of bulk strings, or in one line."""
    line = await incoming.line()
    if not line.startswith(b"*"):
        return line.split()
    words: list[bytes] = []
    if not line[1:].isdigit() or int(line[1:]) > _WORDS_MAX:
        raise BadMessage
    for _ in range(int(line[1:])):
        size = await incoming.line()
        if not size.startswith(b"$") or not size[1:].isdigit() or int(size[1:]) > _BULK_MAX:
            raise BadMessage
        words.append(b"".join([piece async for piece in incoming.exactly(int(size[1:]))]))
        await incoming.line()
    return words


class OddReply(Exception):
    """Something that is no reply; the message is hiredis' own."""


async def read_reply(incoming: Incoming, *, plain: bool, indent: int = 0) -> bytes:
    """A reply as redis-cli shows it: bare when its output is no terminal."""
    line = await incoming.line()
    kind, rest = line[:1], line[1:]
    if kind == b"$":
        if rest == b"-1":
            return b"\n" if plain else b"(nil)\n"
        data = b"".join([piece async for piece in incoming.exactly(int(rest))])
        await incoming.line()
        return data + b"\n" if plain else b'"' + b"".join(_shown(byte) for byte in data) + b'"\n'
    if kind == b"*":
        return await _read_array(incoming, int(rest), plain=plain, indent=indent)
    if kind == b":":
        return rest + b"\n" if plain else b"(integer) " + rest + b"\n"
    if kind == b"-":
        return rest + b"\n\n" if plain else b"(error) " + rest + b"\n"
    if kind != b"+":
        raise OddReply(f'Protocol error, got "{kind.decode("latin-1")}" as reply type byte')
    return rest + b"\n"


async def _read_array(incoming: Incoming, count: int, *, plain: bool, indent: int) -> bytes:
    if count <= 0:
        return b"\n" if plain else b"(empty array)\n" if count == 0 else b"(nil)\n"
    width = len(str(count))
    out = b""
    for number in range(1, count + 1):
        lead = b"" if plain else b"%b%b) " % (b" " * indent if number > 1 else b"", str(number).rjust(width).encode())
        out += lead + await read_reply(incoming, plain=plain, indent=indent + width + 2)
    return out


def _shown(byte: int) -> bytes:
    if byte in _ESCAPED:
        return _ESCAPED[byte]
    return bytes([byte]) if 32 <= byte < 127 else b"\\x%02x" % byte
