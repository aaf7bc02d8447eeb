"""tr and wc."""

from typing import Final

from orrery.node.processes.program import Stream
from orrery.node.programs.call import Applet, Call, encode
from orrery.node.programs.faults import Fault, Misuse
from orrery.node.programs.patterns.syntax import CLASSES
from orrery.node.programs.text.escapes import unescape_one

_TR_LONG: Final = {"complement": "c", "delete": "d", "squeeze-repeats": "s", "truncate-set1": "t"}
_ORDERED: Final = {"upper": b"ABCDEFGHIJKLMNOPQRSTUVWXYZ", "lower": b"abcdefghijklmnopqrstuvwxyz"}


def _expand(call: Call, text: str, other_length: int = 0) -> bytes:
    """A set of tr written out."""
    data = encode(text)
    out = bytearray()
    position = 0
    while position < len(data):
        if data.startswith(b"[:", position) and (end := data.find(b":]", position + 2)) > 0:
            name = data[position + 2 : end].decode("latin-1")
            if name not in CLASSES and call.is_busybox:
                out += data[position : end + 2]
                position = end + 2
                continue
            if name not in CLASSES:
                raise Fault(f"invalid character class '{name}'")
            out += _ORDERED.get(name) or bytes(sorted(CLASSES[name]))
            position = end + 2
            continue
        if data.startswith(b"[=", position) and data[position + 3 : position + 5] == b"=]":
            out.append(data[position + 2])
            position += 5
            continue
        if (
            not call.is_busybox
            and data[position] == 91
            and data[position + 2 : position + 3] == b"*"
            and (end := data.find(b"]", position + 3)) > 0
        ):
            count = data[position + 3 : end]
            if not count or count.isdigit():
                times = int(count or b"0", 8 if count[:1] == b"0" else 10) if count else 0
                out += data[position + 1 : position + 2] * min(times or max(other_length - len(out), 0), 65_536)
                position = end + 1
                continue
        first, position = _char(data, position)
        if data[position : position + 1] == b"-" and position + 1 < len(data):
            last, after = _char(data, position + 1)
            if last < first and not call.is_busybox:
                shown = f"{chr(first)}-{chr(last)}"
                raise Fault(f"range-endpoints of '{shown}' are in reverse collating sequence order")
            out += bytes(range(first, last + 1))
            position = after
        else:
            out.append(first)
    return bytes(out)


def _char(data: bytes, position: int) -> tuple[int, int]:
    if data[position] != 92:
        return data[position], position + 1
    piece, after = unescape_one(data, position)
    if piece is None or len(piece) != 1:
        return (data[position + 1], position + 2) if position + 1 < len(data) else (92, position + 1)
    return piece[0], after


async def tr(call: Call) -> int:
    options = call.options("+cCdst", _TR_LONG)
    deletes, squeezes, operands = options.has("d"), options.has("s"), options.operands
    _check_operands(call, operands, deletes=deletes, squeezes=squeezes)
    source = _expand(call, operands[0])
    if options.has("c", "C"):
        members = frozenset(source)
        source = bytes(byte for byte in range(256) if byte not in members)
    target = _expand(call, operands[1], len(source)) if len(operands) > 1 else b""
    table: bytes | None = None
    if not deletes and target:
        if options.has("t"):
            source = source[: len(target)]
        padded = target + target[-1:] * (len(source) - len(target))
        mapping = bytearray(range(256))
        for old, new in zip(source, padded, strict=False):
            mapping[old] = new
        table = bytes(mapping)
    elif not deletes and len(operands) > 1:
        raise Fault("STRING2 cannot be empty" if call.is_busybox else "when not truncating set1, string2 must be non-empty")
    squeezed = frozenset(target if len(operands) > 1 else source) if squeezes else frozenset()
    last = -1
    while data := await call.process.stdin.read():
        data = data.translate(None, source) if deletes else data.translate(table) if table else data
        if squeezed:
            data, last = _squeeze(data, squeezed, last)
        await call.write(data)
        await call.process.tick(8)
    return 0


def _check_operands(call: Call, operands: list[str], *, deletes: bool, squeezes: bool) -> None:
    if not operands:
        raise Misuse("" if call.is_busybox else "missing operand")
    needs_two = (deletes and squeezes) or (not deletes and not squeezes)
    if needs_two and len(operands) < 2 and not call.is_busybox:
        why = "deleting and squeezing repeats" if deletes else "translating"
        raise Misuse(f"missing operand after '{operands[0]}'\nTwo strings must be given when {why}.")
    if call.is_busybox and len(operands) > 2:
        raise Misuse
    if not call.is_busybox and deletes and not squeezes and len(operands) == 2:
        raise Misuse(f"extra operand '{operands[1]}'\nOnly one string may be given when deleting without squeezing repeats.")
    if not call.is_busybox and len(operands) > 2:
        raise Misuse(f"extra operand '{operands[-1]}'")


def _squeeze(data: bytes, members: frozenset[int], last: int) -> tuple[bytes, int]:
    out = bytearray()
    for byte in data:
        if byte != last or byte not in members:
            out.append(byte)
        last = byte
    return bytes(out), last


async def wc(call: Call) -> int:
    long = {"lines": "l", "words": "w", "bytes": "c", "chars": "m", "max-line-length": "L"}
    options = call.options("lwcmL", long)
    shown = [letter for letter in "lwmcL" if options.has(letter)] or ["l", "w", "c"]
    rows: list[tuple[dict[str, int], str]] = []

    width = 0 if len(shown) == 1 and len(options.operands) < 2 else 9

    async def count(path: str, stream: Stream) -> None:
        rows.append((await _counts(call, stream, frozenset(shown)), path if options.operands else ""))
        if call.is_busybox:
            await _print_counts(call, [rows[-1]], shown, width)

    for path in options.operands or ["-"]:
        await call.each_input([path], count)
        if path != "-" and call.process.files.is_directory(path):
            rows.append((dict.fromkeys("lwmcL", 0), path))
            if call.is_busybox:
                await _print_counts(call, [rows[-1]], shown, width)
    total = {letter: sum(row[letter] for row, _ in rows) for letter in shown}
    if "L" in total:
        total["L"] = max((row["L"] for row, _ in rows), default=0)
    if call.is_busybox:
        if len(options.operands) > 1:
            await _print_counts(call, [(total, "total")], shown, width)
        return call.failed
    if len(options.operands) > 1:
        rows.append((total, "total"))
    await _print_counts(call, rows, shown, _debian_width(call, options.operands, shown, total))
    return call.failed


def _debian_width(call: Call, operands: list[str], shown: list[str], total: dict[str, int]) -> int:
    """Coreutils size the columns by the sizes of the files, and by 7 when something is not a file."""
    if len(shown) == 1 and len(operands) <= 1:
        return 1
    sizes = 0
    for path in operands or ["-"]:
        try:
            sizes += call.process.files.stat(path).size if path != "-" else 10**6
        except OSError:
            continue
        if call.process.files.is_directory(path):
            return 7
    return len(str(sizes)) if operands and "-" not in operands else 7


async def _print_counts(call: Call, rows: list[tuple[dict[str, int], str]], shown: list[str], width: int) -> None:
    lines: list[str] = []
    for row, name in rows:
        numbers = [str(row[letter]).rjust(width) for letter in shown]
        if call.is_busybox and len(shown) > 1:
            lines.append(" ".join(numbers) + (f" {name}" if name else ""))
        else:
            lines.append(" ".join([*numbers, *([name] if name else [])]))
    await call.print("".join(line + "\n" for line in lines))


async def _counts(call: Call, stream: Stream, wanted: frozenset[str]) -> dict[str, int]:
    row = dict.fromkeys("lwcmL", 0)
    in_word = False
    column = 0
    while piece := await stream.read():
        row["l"] += piece.count(b"\n")
        row["c"] += len(piece)
        if "m" in wanted:
            row["m"] += len(piece)
        if "w" in wanted:
            row["w"] += len(piece.split()) - (in_word and not piece[:1].isspace())
            in_word = not piece[-1:].isspace()
        if "L" in wanted:
            lines = piece.split(b"\n")
            row["L"] = max(row["L"], column + len(lines[0]), *(len(line) for line in lines[1:]), 0)
            column = len(lines[-1]) + (column if len(lines) == 1 else 0)
        await call.process.tick(8)
    return row


PROGRAMS: dict[str, Applet] = {"tr": tr, "wc": wc}
