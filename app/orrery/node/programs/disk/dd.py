"""dd."""

import os
from typing import Final, cast

from orrery.node.processes.program import CHUNK_BYTES, OpenFile, Stream
from orrery.node.programs.call import Applet, Call
from orrery.node.programs.faults import Fault, Misuse
from orrery.node.programs.reasons import reason
from orrery.node.programs.text.numbers import size_of

_BUSYBOX_CONVERSIONS: Final = frozenset(["notrunc", "sync", "noerror", "fsync", "swab"])
_CONVERSIONS: Final = _BUSYBOX_CONVERSIONS | {
    "ascii", "ebcdic", "ibm", "block", "unblock", "lcase", "ucase", "sparse", "nocreat", "excl", "fdatasync",
}  # fmt: skip


async def dd(call: Call) -> int:
    given: dict[str, str] = {}
    for word in call.arguments:
        key, equals, value = word.partition("=")
        if not equals or key not in ("if", "of", "bs", "ibs", "obs", "count", "skip", "seek", "conv", "iflag", "oflag", "status"):
            raise Misuse("" if call.is_busybox else f"unrecognized operand '{word}'")
        given[key] = value
    sizes: dict[str, int] = {}
    for key in ("bs", "ibs", "obs", "count", "skip", "seek"):
        if key in given:
            size = size_of(given[key])
            if size is None:
                raise Fault(f"invalid number '{given[key]}'" if call.is_busybox else f"invalid number: '{given[key]}'")
            if key in ("bs", "ibs", "obs") and size == 0:
                raise Fault("number 0 is not in 1..9223372036854775807 range" if call.is_busybox else "invalid number: '0'")
            sizes[key] = size
    _check_words(call, given)
    return await _Dump(call, given, sizes).run()


def _check_words(call: Call, given: dict[str, str]) -> None:
    known = _BUSYBOX_CONVERSIONS if call.is_busybox else _CONVERSIONS
    for word in given.get("conv", "").split(",") if "conv" in given else []:
        if word not in known:
            raise Fault(f"invalid argument '{word}' to 'conv'") if call.is_busybox else Misuse(f"invalid conversion: '{word}'")
    status = given.get("status")
    if status is not None and status not in ("none", "noxfer", *(() if call.is_busybox else ("progress",))):
        raise Fault(f"invalid argument '{status}' to 'status'") if call.is_busybox else Misuse(f"invalid status level: '{status}'")


class _Dump:
    """One run of dd."""

    def __init__(self, call: Call, given: dict[str, str], sizes: dict[str, int]) -> None:
        self._call = call
        self._given = given
        self._block = max(sizes.get("bs", sizes.get("ibs", 512)), 1)
        self._sizes = sizes
        self._full = self._partial = self._bytes = 0

    async def run(self) -> int:
        call, given = self._call, self._given
        started_s = call.process.clock.now_s()
        source, sink = self._open("if"), self._open("of")
        try:
            await self._position(source, sink)
            await self._copy(source, sink)
        except OSError as error:
            path = given.get("of", "standard output")
            await call.complain(f"error writing '{path}': {reason(error)}")
        finally:
            source.close()
            sink.close()
        await self._report(call.process.clock.now_s() - started_s)
        return call.failed

    def _open(self, key: str) -> Stream:
        call, path = self._call, self._given.get(key)
        if path is None:
            return (call.process.stdin if key == "if" else call.process.stdout).share()
        keeps = "notrunc" in self._given.get("conv", "") or "append" in self._given.get("oflag", "") or "seek" in self._sizes
        flags = os.O_RDONLY if key == "if" else os.O_WRONLY | os.O_CREAT | (0 if keeps else os.O_TRUNC)
        if key == "of" and "append" in self._given.get("oflag", ""):
            flags |= os.O_APPEND
        try:
            return call.process.files.open(path, flags)
        except OSError as error:
            raise Fault(
                f"can't open '{path}': {reason(error)}" if call.is_busybox else f"failed to open '{path}': {reason(error)}"
            ) from None

    async def _position(self, source: Stream, sink: Stream) -> None:
        left = self._sizes.get("skip", 0) * (1 if "skip_bytes" in self._given.get("iflag", "") else self._block)
        while left > 0 and (piece := await source.read(min(left, CHUNK_BYTES))):
            left -= len(piece)
            await self._call.process.tick()
        seek = self._sizes.get("seek", 0)
        if seek and hasattr(sink, "seek"):
            file = cast(OpenFile, sink)
            offset = seek * (self._sizes.get("bs") or self._sizes.get("obs", 512))
            if "notrunc" not in self._given.get("conv", ""):
                file.truncate(offset)
            file.seek(offset)

    async def _copy(self, source: Stream, sink: Stream) -> None:
        count = self._sizes.get("count")
        in_bytes = "count_bytes" in self._given.get("iflag", "")
        left = (count if in_bytes else count * self._block) if count is not None else -1
        full = "fullblock" in self._given.get("iflag", "")
        pads = "sync" in self._given.get("conv", "").split(",")
        block = 0
        while left:
            wanted = self._block - block if left < 0 else min(self._block - block, left)
            piece = await source.read(min(wanted, CHUNK_BYTES))
            if piece:
                await sink.write(self._converted(piece))
                self._bytes += len(piece)
                block += len(piece)
            await self._call.process.tick()
            ended = not piece
            short = len(piece) < min(wanted, CHUNK_BYTES) and not full
            if block == self._block:
                self._full += 1
                block = 0
            elif block and (ended or short):
                self._partial += 1
                if pads:
                    await sink.write(bytes(self._block - block))
                if left > 0 and not in_bytes:
                    left -= self._block - block
                block = 0
            if ended:
                return
            if left > 0:
                left -= len(piece)
        if block:
            self._partial += 1

    def _converted(self, piece: bytes) -> bytes:
        words = self._given.get("conv", "").split(",")
        return piece.upper() if "ucase" in words else piece.lower() if "lcase" in words else piece

    async def _report(self, elapsed_s: float) -> None:
        status = self._given.get("status", "")
        if status == "none":
            return
        records = f"{self._full}+{self._partial}"
        text = f"{records} records in\n{records} records out\n"
        if status != "noxfer":
            rate = self._bytes / elapsed_s if elapsed_s > 0 else 0.0
            text += self._busybox_rate(elapsed_s, rate) if self._call.is_busybox else self._gnu_rate(elapsed_s, rate)
        await self._call.process.stderr.write(text.encode())

    def _busybox_rate(self, elapsed_s: float, rate: float) -> str:
        def scaled(value: float) -> str:
            for unit in ("B", "KB", "MB"):
                if value < 1024:
                    return f"{value:.1f}{unit}" if unit != "B" else f"{value:.0f}B"
                value /= 1024
            return f"{value:.1f}GB"

        return f"{self._bytes} bytes ({scaled(self._bytes)}) copied, {elapsed_s:f} seconds, {scaled(rate)}/s\n"

    def _gnu_rate(self, elapsed_s: float, rate: float) -> str:
        def scaled(value: float, base: int, units: tuple[str, ...]) -> str:
            for unit in units:
                if value < base:
                    return f"{value:.1f} {unit}" if value < 10 and unit not in ("B",) else f"{value:.0f} {unit}"
                value /= base
            return f"{value:.1f} T{units[-1][1:]}"

        words = f"{self._bytes} byte{'' if self._bytes == 1 else 's'}"
        if self._bytes >= 1000:
            words += f" ({scaled(self._bytes, 1000, ('B', 'kB', 'MB', 'GB'))}"
            words += f", {scaled(self._bytes, 1024, ('B', 'KiB', 'MiB', 'GiB'))})" if self._bytes >= 1024 else ")"
        return f"{words} copied, {elapsed_s:g} s, {scaled(rate, 1000, ('B', 'kB', 'MB', 'GB'))}/s\n"


PROGRAMS: dict[str, Applet] = {"dd": dd}
