"""The tar format: headers written and read, long names of GNU and of pax."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Final

from orrery.node.programs.call import decode, encode

BLOCK: Final = 512
RECORD: Final = 20 * BLOCK
_TYPES: Final = {b"0": "f", b"\0": "f", b"7": "f", b"1": "h", b"2": "l", b"5": "d", b"3": "c", b"4": "b", b"6": "p"}


@dataclass(slots=True)
class Member:
    name: str
    kind: str
    mode: int = 0o644
    uid: int = 0
    gid: int = 0
    size: int = 0
    modified_s: float = 0.0
    link: str = ""
    owner: str = ""
    group: str = ""


def _octal(number: int, width: int) -> bytes:
    if number < 8 ** (width - 1):
        return b"%0*o\0" % (width - 1, number)
    return (0x80 << 8 * (width - 1) | number).to_bytes(width, "big")


def header_of(member: Member) -> bytes:
    kind = {"f": b"0", "h": b"1", "l": b"2", "d": b"5", "p": b"6", "c": b"3", "b": b"4", "L": b"L", "K": b"K"}[member.kind]
    name, link = encode(member.name), encode(member.link)
    block = bytearray(
        name[:100].ljust(100, b"\0") + _octal(member.mode, 8) + _octal(member.uid, 8) + _octal(member.gid, 8) + _octal(member.size, 12)
        + _octal(int(member.modified_s), 12) + b" " * 8 + kind + link[:100].ljust(100, b"\0") + b"ustar  \0"
        + encode(member.owner)[:31].ljust(32, b"\0") + encode(member.group)[:31].ljust(32, b"\0") + bytes(183)
    )  # fmt: skip
    block[148:156] = b"%06o\0 " % sum(block)
    long = b""
    for text, letter in ((name, "L"), (link, "K")):
        if len(text) > 100:
            long += header_of(Member("././@LongLink", letter, size=len(text) + 1)) + text + bytes(-len(text) % BLOCK or BLOCK)
    return long + bytes(block)


class Blocks:
    """Exact reads out of a stream of pieces."""

    def __init__(self, pieces: AsyncIterator[bytes]) -> None:
        self._pieces = pieces
        self._rest = b""
        self._taken = 0

    async def some(self, count: int) -> bytes:
        """At most `count` bytes, at least one; empty at the end."""
        if not self._rest:
            self._rest = await anext(self._pieces, b"")
        piece, self._rest = self._rest[:count], self._rest[count:]
        self._taken += len(piece)
        return piece

    async def exactly(self, count: int) -> bytes:
        out = b""
        while len(out) < count and (piece := await self.some(count - len(out))):
            out += piece
        return out

    async def skip(self, count: int) -> None:
        while count > 0 and (piece := await self.some(count)):
            count -= len(piece)

    async def finish_record(self) -> None:
        """Take the rest of the record that the last block is part of: GNU's tar reads by records."""
        await self.skip(-self._taken % RECORD)

    async def finish(self) -> None:
        """Take all there is, so that nobody writes into a pipe that is closed: so does BusyBox's tar."""
        while await self.some(RECORD):
            pass


def _number(data: bytes) -> int:
    if data[:1] and data[0] & 0x80:
        return int.from_bytes(data, "big") & ~(0x80 << 8 * (len(data) - 1))
    text = data.strip(b" \0")
    return int(text, 8) if text and not text.strip(b"01234567") else 0


def _text(data: bytes) -> str:
    return decode(data.split(b"\0", 1)[0])


async def members_of(blocks: Blocks) -> AsyncIterator[Member]:
    """Each member; its content is still to be read when it comes."""
    long_name = long_link = ""
    extra: dict[str, str] = {}
    seen = False
    while True:
        block = await blocks.exactly(BLOCK)
        if 0 < len(block) < BLOCK and not seen:
            raise ValueError(block)
        if len(block) < BLOCK or not block.strip(b"\0"):
            if len(block) < BLOCK and not seen:
                raise EOFError
            return
        stored = _number(block[148:156])
        if sum(block) - sum(block[148:156]) + 8 * 32 != stored:
            raise ValueError
        seen = True
        kind, size = block[156:157], _number(block[124:136])
        if kind in b"LKxg" and kind:
            data = await blocks.exactly(min(size, 1 << 20))
            await blocks.skip(-size % BLOCK)
            if kind == b"L":
                long_name = _text(data)
            elif kind == b"K":
                long_link = _text(data)
            elif kind == b"x":
                extra = _extended(data)
            continue
        prefix = _text(block[345:500]) if block[257:263] == b"ustar\0" else ""
        name = extra.get("path") or long_name or (f"{prefix}/{_text(block[:100])}" if prefix else _text(block[:100]))
        link = extra.get("linkpath") or long_link or _text(block[157:257])
        letter = _TYPES.get(kind, "f")
        if letter == "f" and name.endswith("/"):
            letter = "d"
        size = int(extra.get("size", size))
        yield Member(name, letter, _number(block[100:108]) & 0o7777, _number(block[108:116]), _number(block[116:124]),
                      size if letter == "f" else 0, float(extra.get("mtime", _number(block[136:148]))), link,
                      _text(block[265:297]), _text(block[297:329]))  # fmt: skip
        long_name = long_link = ""
        extra = {}


def _extended(data: bytes) -> dict[str, str]:
    found: dict[str, str] = {}
    while data:
        length, space, _ = data.partition(b" ")
        if not space or not length.isdigit() or int(length) <= len(length) + 1:
            break
        record = data[len(length) + 1 : int(length)].removesuffix(b"\n")
        key, _, value = record.partition(b"=")
        found[key.decode("utf-8", "replace")] = decode(value)
        data = data[int(length) :]
    return found
