"""md5sum, sha*sum, cksum, base64, base32."""

import base64 as codecs
import binascii
import hashlib
from collections.abc import Callable
from typing import Any, Final

from orrery.node.processes.program import Stream
from orrery.node.programs.call import Applet, Call
from orrery.node.programs.faults import Fault, Misuse
from orrery.node.programs.lines import read_all
from orrery.node.programs.text.numbers import is_digits

_LONG: Final = {"check": "c", "quiet": "quiet", "status": "s", "warn": "w", "binary": "b", "text": "t", "tag": "tag", "strict": "strict",
                "ignore-missing": "im", "zero": "z"}  # fmt: skip
_KINDS: Final[dict[str, Callable[[], Any]]] = {
    "md5sum": lambda: hashlib.md5(usedforsecurity=False),
    "sha1sum": lambda: hashlib.sha1(usedforsecurity=False),
    "sha224sum": hashlib.sha224,
    "sha256sum": hashlib.sha256,
    "sha384sum": hashlib.sha384,
    "sha512sum": hashlib.sha512,
}


async def _digest(call: Call, kind: str, stream: Stream) -> str:
    digest = _KINDS[kind]()
    while piece := await stream.read():
        digest.update(piece)
        await call.process.tick(8)
    return str(digest.hexdigest())


async def sum_(call: Call) -> int:
    options = call.options("cbtsw" if call.is_busybox else "cbtswz", _LONG)
    kind = call.name if call.name in _KINDS else "md5sum"
    if options.has("c"):
        return await _check(call, kind, options.operands, quiet=options.has("s"), only_bad=options.has("quiet"))

    async def show(path: str, stream: Stream) -> None:
        digest = await _digest(call, kind, stream)
        end = "\0" if options.has("z") else "\n"
        tagged = f"{kind.removesuffix('sum').upper()} ({path}) = {digest}"
        mark = "*" if options.has("b") and not call.is_busybox else " "
        await call.print((tagged if options.has("tag") else f"{digest} {mark}{path}") + end)

    if options.has("quiet"):
        raise Misuse("the --quiet option is meaningful only when verifying checksums")
    await call.each_input(options.operands, show, busybox="can't open '{}'")
    return call.failed


async def _check(call: Call, kind: str, paths: list[str], *, quiet: bool, only_bad: bool) -> int:
    bad = missing = total = 0
    for path in paths or ["-"]:
        try:
            stream = call.open(path)
        except OSError as error:
            await call.complain_of(error, path)
            continue
        text = (await read_all(call.process, stream)).decode("utf-8", "surrogateescape")
        stream.close()
        found = 0
        for line in text.splitlines():
            wanted, _, name = line.partition("  ")
            if not name:
                wanted, _, name = line.partition(" *")
            if not name or (not call.is_busybox and len(wanted) != _KINDS[kind]().digest_size * 2):
                bad += call.is_busybox
                continue
            found += 1
            result = await _verify(call, kind, wanted, name)
            bad += result == "FAILED"
            missing += result == "FAILED open or read"
            if not quiet and not (only_bad and result == "OK"):
                await call.print(f"{name}: {result if not call.is_busybox else result.split()[0]}\n")
        total += len(text.splitlines())
        if not found and not call.is_busybox:
            raise Fault(("'standard input'" if path == "-" else path) + ": no properly formatted checksum lines found")
    if bad or missing:
        if call.is_busybox:
            await call.complain(f"WARNING: {bad + missing} of {total} computed checksums did NOT match")
        else:
            if missing:
                await call.complain(f"WARNING: {missing} listed file{'' if missing == 1 else 's'} could not be read")
            if bad:
                await call.complain(f"WARNING: {bad} computed checksum{'' if bad == 1 else 's'} did NOT match")
    return 1 if bad or missing else call.failed


async def _verify(call: Call, kind: str, wanted: str, name: str) -> str:
    try:
        stream = call.open(name)
    except OSError as error:
        await call.complain_of(error, name, busybox="can't open '{}'")
        return "FAILED open or read"
    digest = await _digest(call, kind, stream)
    stream.close()
    return "OK" if digest == wanted.lower() else "FAILED"


def _crc_table() -> list[int]:
    table: list[int] = []
    for byte in range(256):
        value = byte << 24
        for _ in range(8):
            value = (value << 1 ^ 0x04C11DB7 if value & 0x80000000 else value << 1) & 0xFFFFFFFF
        table.append(value)
    return table


async def cksum(call: Call) -> int:
    options = call.options("a:", {"algorithm": "a"})
    table = _crc_table()

    async def show(path: str, stream: Stream) -> None:
        value = size = 0
        while piece := await stream.read():
            for byte in piece:
                value = (value << 8 & 0xFFFFFFFF) ^ table[value >> 24 ^ byte]
            size += len(piece)
            await call.process.tick(2000)
        left = size
        while left:
            value = (value << 8 & 0xFFFFFFFF) ^ table[value >> 24 ^ left & 255]
            left >>= 8
        name = f" {path}" if options.operands else ""
        await call.print(f"{~value & 0xFFFFFFFF} {size}{name}\n")

    await call.each_input(options.operands, show, busybox="can't open '{}'")
    return call.failed


async def base64(call: Call) -> int:
    options = call.options("dDiw:", {"decode": "d", "ignore-garbage": "i", "wrap": "w"})
    if len(options.operands) > 1:
        raise Misuse("" if call.is_busybox else f"extra operand '{options.operands[1]}'")
    width_text = options.value("w") or "76"
    if not is_digits(width_text):
        raise Fault(f"invalid number '{width_text}'" if call.is_busybox else f"invalid wrap size: '{width_text}'")
    is_32 = call.name == "base32"

    async def convert(_: str, stream: Stream) -> None:
        if options.has("d", "D"):
            await _decode(call, stream, is_32=is_32, ignores=options.has("i"))
        else:
            await _encode(call, stream, int(width_text), is_32=is_32)

    await call.each_input(options.operands, convert)
    return call.failed


async def _encode(call: Call, stream: Stream, width: int, *, is_32: bool) -> None:
    rest, column = b"", 0
    step = 5 if is_32 else 3
    convert = codecs.b32encode if is_32 else codecs.b64encode
    ended = False
    while not ended:
        piece = await stream.read()
        ended = not piece
        rest += piece
        cut = len(rest) if ended else len(rest) // step * step
        text, rest = convert(rest[:cut]), rest[cut:]
        if not width:
            await call.write(text)
            continue
        out: list[bytes] = []
        position = 0
        while position < len(text):
            line = text[position : position + width - column]
            out.append(line)
            column += len(line)
            position += len(line)
            if column == width:
                out.append(b"\n")
                column = 0
        await call.write(b"".join(out))
        await call.process.tick(len(out) + 1)
    if column and width:
        await call.write(b"\n")


async def _decode(call: Call, stream: Stream, *, is_32: bool, ignores: bool) -> None:
    alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567=" if is_32 else b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="
    garbage = bytes(byte for byte in range(256) if byte not in alphabet)
    step = 8 if is_32 else 4
    rest = b""
    wrong = False
    while (piece := await stream.read()) and not wrong:
        cleaned = piece.translate(None, garbage if ignores or call.is_busybox else b"\r\n")
        bad = None if ignores else next((index for index, byte in enumerate(cleaned) if byte not in alphabet), None)
        if call.is_busybox:
            wrong = len(piece.translate(None, garbage + b"\n\r \t")) != len(piece.translate(None, b"\n\r \t"))
        if bad is not None:
            cleaned, wrong = cleaned[:bad], True
        rest += cleaned
        cut = len(rest) // step * step
        await call.write(_decoded(rest[:cut], is_32=is_32))
        rest = rest[cut:]
        await call.process.tick(8)
    if rest and not is_32 and not call.is_busybox:
        await call.write(_decoded(rest + b"=" * (-len(rest) % 4), is_32=False) if len(rest) % 4 > 1 else b"")
        wrong = True
    if wrong and call.is_busybox and not rest:
        return
    if wrong or rest:
        raise Fault(
            "truncated input" if call.is_busybox and not wrong else "truncated base64 input" if call.is_busybox else "invalid input"
        )


def _decoded(text: bytes, *, is_32: bool) -> bytes:
    out: list[bytes] = []
    for part in text.replace(b"=", b"= ").split() if b"=" in text[:-2] else [text]:
        try:
            out.append(codecs.b32decode(part) if is_32 else codecs.b64decode(part))
        except binascii.Error:
            break
    return b"".join(out)


PROGRAMS: dict[str, Applet] = {**dict.fromkeys(_KINDS, sum_), "cksum": cksum, "base64": base64, "base32": base64}
