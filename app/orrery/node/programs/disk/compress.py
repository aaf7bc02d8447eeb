"""gzip, gunzip, zcat."""

import errno
import os
import struct
import zlib
from collections.abc import AsyncIterator
from typing import Final

from orrery.node.processes.program import Process, Stream
from orrery.node.programs.call import Applet, Call, encode
from orrery.node.programs.disk.walking import base_name
from orrery.node.programs.options import Options
from orrery.node.programs.reasons import reason

_LONG: Final = {"stdout": "c", "to-stdout": "c", "decompress": "d", "uncompress": "d", "force": "f", "keep": "k", "test": "t", "list": "l",
                "quiet": "q", "verbose": "v", "fast": "1", "best": "9", "recursive": "r", "no-name": "n", "name": "N"}  # fmt: skip
_PIECE: Final = 65_536


class NotGzip(Exception):
    """The data is not what gzip makes; the message is for busybox and for GNU."""

    def __init__(self, busybox: str, gnu: str) -> None:
        super().__init__(gnu)
        self.busybox = busybox
        self.gnu = gnu


async def compressed(
    process: Process, pieces: AsyncIterator[bytes], level: int = 6, *, name: bytes = b"", modified_s: float = 0.0
) -> AsyncIterator[bytes]:
    """A gzip stream of the pieces. `name` and the moment of the file that was packed stand in its head when they are given."""
    packer = zlib.compressobj(level, zlib.DEFLATED, -15)
    check, size = zlib.crc32(b""), 0
    strength = {9: 2, 1: 4}.get(level, 0)
    yield struct.pack("<3sBIBB", b"\x1f\x8b\x08", 8 if name else 0, int(modified_s) & 0xFFFFFFFF, strength, 3) + (
        name + b"\0" if name else b""
    )
    async for piece in pieces:
        check, size = zlib.crc32(piece, check), size + len(piece)
        packed = packer.compress(piece)
        await process.tick(64)
        if packed:
            yield packed
    yield packer.flush() + struct.pack("<II", check, size & 0xFFFFFFFF)


async def decompressed(process: Process, pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """What gzip streams, one behind the other, hold; NotGzip when they are none."""
    unpacker = zlib.decompressobj(31)
    seen = False
    async for piece in pieces:
        data = piece
        while data:
            if unpacker.eof:
                data = data.lstrip(b"\0")
                if not data:
                    break
                unpacker = zlib.decompressobj(31)
            try:
                out = unpacker.decompress(data, _PIECE)
            except zlib.error:
                raise (
                    NotGzip("invalid magic", "not in gzip format")
                    if not seen
                    else NotGzip("corrupted data", "invalid compressed data--format violated")
                ) from None
            seen = True
            await process.tick(32)
            if out:
                yield out
            data = unpacker.unconsumed_tail or (unpacker.unused_data if unpacker.eof else b"")
    if not seen or not unpacker.eof:
        raise NotGzip("unexpected end of file", "unexpected end of file")


async def pieces_of(stream: Stream) -> AsyncIterator[bytes]:
    while piece := await stream.read():
        yield piece


async def gzip(call: Call) -> int:
    options = call.options("cdfkhtlqvrnN123456789", _LONG)
    name = call.name
    unpacks = options.has("d", "t") or name in ("gunzip", "zcat")
    if not call.is_busybox:
        call.name = "gzip"
    to_stdout = options.has("c") or name == "zcat" or not options.operands
    level = int(options.last("123456789") or 6)
    for path in options.operands or ["-"]:
        if path == "-":
            if not unpacks and call.process.stdout.is_terminal and not options.has("f"):
                await call.complain("compressed data not written to a terminal. Use -f to force compression.\nFor help, type: gzip -h")
                continue
            await _convert(call, path, call.process.stdin.share(), call.process.stdout.share(), unpacks=unpacks, level=level)
            continue
        await _file(call, path, options, unpacks=unpacks, to_stdout=to_stdout, level=level)
    return call.failed


async def _convert(
    call: Call, path: str, source: Stream, sink: Stream | None, *, unpacks: bool, level: int, is_named: bool = False
) -> bool:
    process = call.process
    name, modified_s = b"", 0.0
    if is_named:
        name, modified_s = encode(base_name(path)), process.files.stat(path).modified_s
    packed = compressed(process, pieces_of(source), level, name=name, modified_s=modified_s)
    stream = decompressed(process, pieces_of(source)) if unpacks else packed
    try:
        async for piece in stream:
            if sink is not None:
                await sink.write(piece)
    except NotGzip as error:
        shown = "stdin" if path == "-" else path
        if call.is_busybox:
            magic = "no gzip/bzip2/xz magic" if call.name == "zcat" else error.busybox
            await call.complain(magic if error.busybox == "invalid magic" else f"{shown}: {error.busybox}")
        else:
            await call.process.stderr.write(f"\ngzip: {shown}: {error.gnu}\n".encode())
            call.failed = 1
        return False
    finally:
        source.close()
        if sink is not None:
            sink.close()
    return True


async def _file(call: Call, path: str, options: Options, *, unpacks: bool, to_stdout: bool, level: int) -> None:
    files = call.process.files
    target = path + ".gz"
    if unpacks:
        if path.endswith((".gz", ".tgz", ".Z")):
            target = path.removesuffix(".gz").removesuffix(".Z") if not path.endswith(".tgz") else path.removesuffix(".tgz") + ".tar"
        elif not files.exists(path):
            shown = path if call.is_busybox else f"{path}.gz"
            await call.complain(f"{shown}: {reason(FileNotFoundError(errno.ENOENT, ''))}")
            return
        elif not to_stdout and not options.has("t"):
            await call.complain(f"{path}: unknown suffix {'-' if call.is_busybox else '--'} ignored", 1 if call.is_busybox else 2)
            return
    try:
        if files.is_directory(path):
            await call.complain(
                f"can't remove file '{path}': Is a directory" if call.is_busybox else f"{path} is a directory -- ignored",
                1 if call.is_busybox else 2,
            )
            return
        source = files.open(path, os.O_RDONLY)
    except OSError as error:
        await call.complain_of(error, path)
        return
    sink: Stream | None = None
    if to_stdout:
        sink = call.process.stdout.share()
    elif not options.has("t"):
        if files.exists(target) and not options.has("f"):
            source.close()
            await call.complain(f"can't open '{target}': File exists" if call.is_busybox else f"{target} already exists;\tnot overwritten")
            return
        sink = files.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, files.stat(path).mode & 0o777)
    is_named = not unpacks and not call.is_busybox and not options.has("n")
    is_good = await _convert(call, path, source, sink, unpacks=unpacks, level=level, is_named=is_named)
    if to_stdout or options.has("t"):
        return
    if not is_good:
        files.remove(target)
    elif not options.has("k"):
        files.set_modified(target, files.stat(path).modified_s)
        files.remove(path)


PROGRAMS: dict[str, Applet] = {"gzip": gzip, "gunzip": gzip, "zcat": gzip}
