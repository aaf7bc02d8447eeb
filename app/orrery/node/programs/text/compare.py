"""diff and cmp."""

import stat
from collections.abc import Sequence
from typing import Final

from orrery.node.programs.call import Applet, Call
from orrery.node.programs.disk.walking import base_name, join
from orrery.node.programs.faults import Misuse
from orrery.node.programs.lines import read_all
from orrery.node.programs.options import Options
from orrery.node.programs.patterns.glob import matches_glob
from orrery.node.programs.reasons import reason
from orrery.node.programs.system.moments import format_moment
from orrery.node.programs.text.diff_styles import Change, SideBySide, in_colors, in_context
from orrery.node.programs.text.numbers import is_digits, size_of

_LONG: Final = {"unified": "U::", "brief": "q", "recursive": "r", "ignore-case": "i", "ignore-all-space": "w", "ignore-space-change": "b",
                "ignore-blank-lines": "B", "report-identical-files": "s", "new-file": "N", "text": "a", "label": "L",
                "strip-trailing-cr": "scr", "side-by-side": "y", "color": "color::", "width": "W", "context": "C::",
                "suppress-common-lines": "scl", "left-column": "left", "normal": "normal", "minimal": "d", "speed-large-files": "d", "exclude": "x", "ignore-trailing-space": "Z"}  # fmt: skip
_WORK_MAX: Final = 4_000_000


async def _changes(call: Call, old: Sequence[bytes], new: Sequence[bytes]) -> list[Change]:
    """Myers' shortest edit script between what the ends do not share; beyond a limit of work, one big change."""
    start = 0
    while start < len(old) and start < len(new) and old[start] == new[start]:
        start += 1
    end = 0
    while end < min(len(old), len(new)) - start and old[-1 - end] == new[-1 - end]:
        end += 1
    left, right = old[start : len(old) - end], new[start : len(new) - end]
    if not left or not right:
        return [(start, start + len(left), start, start + len(right))] if left or right else []
    pairs = await _common(call, left, right)
    changes: list[Change] = []
    i = j = 0
    for x, y in [*pairs, (len(left), len(right))]:
        if (x, y) != (i, j):
            changes.append((start + i, start + x, start + j, start + y))
        i, j = x + 1, y + 1
    return changes


async def _common(call: Call, left: Sequence[bytes], right: Sequence[bytes]) -> list[tuple[int, int]]:
    """Pairs of equal lines, in order."""
    frontier = {1: 0}
    trace: list[dict[int, int]] = []
    work = 0
    for distance in range(len(left) + len(right) + 1):
        trace.append(dict(frontier))
        work += distance + 1
        await call.process.tick(distance + 1)
        call.process.allocate(distance * 64)
        if work > _WORK_MAX:
            return []
        for k in range(-distance, distance + 1, 2):
            down = k == -distance or (k != distance and frontier.get(k - 1, -1) < frontier.get(k + 1, -1))
            x = frontier.get(k + 1, 0) if down else frontier.get(k - 1, 0) + 1
            y = x - k
            while x < len(left) and y < len(right) and left[x] == right[y]:
                x, y = x + 1, y + 1
            frontier[k] = x
            if x >= len(left) and y >= len(right):
                call.process.allocate(-sum(range(distance + 1)) * 64)
                return _backtrack(trace, len(left), len(right))
    return []


def _backtrack(trace: list[dict[int, int]], x: int, y: int) -> list[tuple[int, int]]:
    pairs: list[tuple[int, int]] = []
    for distance in range(len(trace) - 1, -1, -1):
        frontier = trace[distance]
        k = x - y
        down = k == -distance or (k != distance and frontier.get(k - 1, -1) < frontier.get(k + 1, -1))
        previous_k = k + 1 if down else k - 1
        previous_x = frontier.get(previous_k, 0)
        previous_y = previous_x - previous_k
        while x > previous_x and y > previous_y and x > 0 and y > 0:
            x, y = x - 1, y - 1
            pairs.append((x, y))
        x, y = previous_x, previous_y
    return pairs[::-1]


def _lines(data: bytes) -> list[bytes]:
    lines = data.split(b"\n")
    last = lines.pop()
    return lines + ([last + b"\n\\ No newline at end of file"] if last else [])


async def diff(call: Call) -> int:
    if not call.is_busybox:
        call.arguments = [f"-U{word[2:]}" if word[:2] == "-u" and is_digits(word[2:]) else word for word in call.arguments]
    options = call.options("abBdiL:NqrsS:tTU:uwp" if call.is_busybox else "abBdiL:NqrsS:tTuU:wycC:W:px:Z", _LONG)
    if len(options.operands) != 2:
        if call.is_busybox:
            raise Misuse(code=1)
        missing = "missing operand after '" + (options.operands[0] if options.operands else "diff") + "'"
        raise Misuse(missing if len(options.operands) < 2 else f"extra operand '{options.operands[2]}'")
    left, right = options.operands
    return await _pair(call, options, left, right, is_top=True)


async def _pair(call: Call, options: Options, left: str, right: str, *, is_top: bool) -> int:
    files = call.process.files
    kinds: list[bool] = []
    missing = [path for path in (left, right) if options.has("N") and path != "-" and not files.exists(path)]
    for path in (left, right):
        if path in missing and len(missing) < 2:
            kinds.append(False)
            continue
        try:
            kinds.append(path != "-" and stat.S_ISDIR(files.stat(path).mode))
        except OSError as error:
            await call.complain_of(error, path, busybox="can't stat '{}'", code=2)
            if call.is_busybox:
                return 2
    if len(kinds) < 2:
        return 2
    if all(kinds):
        return await _directories(call, options, left, right)
    if any(kinds):
        left, right = (join(left, base_name(right)), right) if kinds[0] else (left, join(right, base_name(left)))
        if not files.exists(left) or not files.exists(right):
            path = left if not files.exists(left) else right
            await call.complain(
                f"can't stat '{path}': No such file or directory" if call.is_busybox else f"{path}: No such file or directory", 2
            )
            return 1 if call.is_busybox else 2
    return await _files(call, options, left, right, titled=not is_top)


async def _directories(call: Call, options: Options, left: str, right: str) -> int:
    files = call.process.files
    names = sorted({*_listed(call, left, options), *_listed(call, right, options)})
    code = 0
    for name in names:
        if any(matches_glob(pattern, name) for pattern in options.values("x")):
            continue
        first, second = join(left, name), join(right, name)
        if options.has("N") and options.has("r"):
            is_tree = files.is_directory(first) or files.is_directory(second)
            code = max(code, await (_directories if is_tree else _titled_files)(call, options, first, second))
            continue
        for path, other, folder in ((first, second, left), (second, first, right)):
            if not files.exists(other) and not (call.is_busybox and options.has("r") and files.is_directory(path)):
                await call.print(f"Only in {folder}: {name}\n")
                code = max(code, 1)
        if not files.exists(first) or not files.exists(second):
            continue
        if files.is_directory(first) and files.is_directory(second):
            if options.has("r"):
                code = max(code, await _directories(call, options, first, second))
            else:
                await call.print(f"Common subdirectories: {first} and {second}\n")
            continue
        code = max(code, await _files(call, options, first, second, titled=True))
    return code


def _listed(call: Call, path: str, options: Options) -> Sequence[str]:
    return call.process.files.list(path) if not options.has("N") or call.process.files.exists(path) else []


async def _titled_files(call: Call, options: Options, left: str, right: str) -> int:
    return await _files(call, options, left, right, titled=True)


async def _files(call: Call, options: Options, left: str, right: str, *, titled: bool) -> int:
    data: list[bytes] = []
    for path in (left, right):
        if options.has("N") and path != "-" and not call.process.files.exists(path):
            data.append(b"")
            continue
        try:
            stream = call.open(path)
            data.append(await read_all(call.process, stream))
            stream.close()
        except OSError as error:
            await call.complain(f"{path}: {reason(error)}", 2)
            return 2
    if data[0] == data[1] and not (options.has("y") and not options.has("scl")):
        if options.has("s") and not call.is_busybox:
            await call.print(f"Files {left} and {right} are identical\n")
        return 0
    if options.has("q") or b"\0" in data[0] or b"\0" in data[1]:
        kind = "Files" if options.has("q") or call.is_busybox else "Binary files"
        await call.print(f"{kind} {left} and {right} differ\n")
        return 1
    old, new = _lines(data[0]), _lines(data[1])
    keys = [[_key(line, options) for line in side] for side in (old, new)]
    changes = await _changes(call, keys[0], keys[1])
    if options.has("B"):
        changes = [one for one in changes if any(line.strip() for line in [*old[one[0] : one[1]], *new[one[2] : one[3]]])]
    call.process.allocate(-len(data[0]) - len(data[1]))
    if not changes and not options.has("y"):
        return 0
    if titled and not call.is_busybox and changes:
        flags = " ".join(word for word in call.arguments if word.startswith("-"))
        await call.print(f"diff {flags} {left} {right}\n")
    if call.is_busybox or options.has("u", "U"):
        width = options.value("U")
        await _unified(call, options, (left, right), (old, new), changes, int(width) if width and width.isdigit() else 3)
    elif options.has("c", "C"):
        width = options.value("C") or "3"
        titles = [f"{mark} {name}\n".encode() for mark, name in zip(("***", "---"), _names(call, options, (left, right)), strict=True)]
        await _write(call, options, b"".join([*titles, *in_context(old, new, changes, int(width) if width.isdigit() else 3)]))
    elif options.has("y"):
        width = options.value("W") or "130"
        columns = SideBySide(int(width) if is_digits(width) else 130, suppresses_common=options.has("scl"), left_only=options.has("left"))
        await call.write(b"".join(columns.lines(old, new, changes)))
        return 1 if changes else 0
    else:
        await _normal(call, options, old, new, changes)
    return 1


def _names(call: Call, options: Options, paths: tuple[str, str]) -> list[str]:
    """What stands in a context diff's title: the labels given, else path and date."""
    labels = options.values("L")
    files, now_s = call.process.files, call.process.clock.now_s()
    moments = [now_s if path == "-" else files.stat(path).modified_s if files.exists(path) else 0.0 for path in paths]
    dated = [f"{path}\t{format_moment('%a %b %e %H:%M:%S %Y', moment)}" for path, moment in zip(paths, moments, strict=True)]
    return [*labels[:2], *dated[len(labels) :]]


def _key(line: bytes, options: Options) -> bytes:
    if options.has("w"):
        line = b"".join(line.split())
    elif options.has("b"):
        line = b" ".join(line.split())
    elif options.has("Z"):
        line = line.rstrip()
    return line.lower() if options.has("i") else line


async def _write(call: Call, options: Options, text: bytes) -> None:
    """A diff, in colours when they were asked for."""
    when = options.value("color")
    is_colored = when == "always" or (when in ("", "auto") and call.process.stdout.is_terminal)
    await call.write(in_colors(text) if is_colored else text)


async def _normal(call: Call, options: Options, old: list[bytes], new: list[bytes], changes: list[Change]) -> None:
    def span(start: int, end: int) -> str:
        return f"{start + 1},{end}" if end - start > 1 else f"{end}" if end > start else f"{start}"

    out: list[bytes] = []
    for a, b, c, d in changes:
        letter = "a" if a == b else "d" if c == d else "c"
        out.append(f"{span(a, b)}{letter}{span(c, d)}\n".encode())
        out += [b"< " + line + b"\n" for line in old[a:b]]
        if letter == "c":
            out.append(b"---\n")
        out += [b"> " + line + b"\n" for line in new[c:d]]
    await _write(call, options, b"".join(out))


async def _unified(
    call: Call, options: Options, names: tuple[str, str], sides: tuple[list[bytes], list[bytes]], changes: list[Change], width: int
) -> None:
    old, new = sides
    labels = options.values("L")
    out = [
        f"{mark} {labels[index] if index < len(labels) else _titled(call, names[index])}\n".encode()
        for index, mark in enumerate(("---", "+++"))
    ]
    hunk: list[Change] = []
    for one in [*changes, None]:
        if hunk and (one is None or one[0] - hunk[-1][1] > 2 * width):
            out += _hunk(old, new, hunk, width)
            hunk = []
        if one is not None:
            hunk.append(one)
    await _write(call, options, b"".join(out))


def _titled(call: Call, path: str) -> str:
    if call.is_busybox:
        return path if call.process.files.exists(path) or path == "-" or not path.count("/") else "/dev/null"
    files = call.process.files
    seconds = call.process.clock.now_s() if path == "-" else files.stat(path).modified_s if files.exists(path) else 0.0
    return f"{path}\t{format_moment('%Y-%m-%d %H:%M:%S.%N +0000', seconds)}"


def _hunk(old: list[bytes], new: list[bytes], changes: list[Change], width: int) -> list[bytes]:
    start, end = max(changes[0][0] - width, 0), min(changes[-1][1] + width, len(old))
    new_start = changes[0][2] - (changes[0][0] - start)
    new_end = changes[-1][3] + (end - changes[-1][1])

    def span(first: int, last: int) -> str:
        return f"{first + 1}" if last - first == 1 else f"{first + (last > first)},{last - first}"

    out = [f"@@ -{span(start, end)} +{span(new_start, new_end)} @@\n".encode()]
    position = start
    for a, b, c, d in changes:
        out += [b" " + line + b"\n" for line in old[position:a]]
        out += [b"-" + line + b"\n" for line in old[a:b]]
        out += [b"+" + line + b"\n" for line in new[c:d]]
        position = b
    return out + [b" " + line + b"\n" for line in old[position:end]]


async def cmp(call: Call) -> int:
    options = call.options("sln:" if call.is_busybox else "sln:bi:", {"silent": "s", "quiet": "s", "verbose": "l", "bytes": "n"})
    if not options.operands:
        raise Misuse("" if call.is_busybox else "missing operand after 'cmp'")
    left, right = options.operands[0], options.operands[1] if len(options.operands) > 1 else "-"
    skips = [size_of(text) or 0 for text in (*options.operands[2:4], "0", "0")[:2]]
    streams = []
    for path in (left, right):
        try:
            streams.append(call.open(path))
        except OSError as error:
            if not options.has("s"):
                await call.complain_of(error, path)
            return 2
    first, second = [(await read_all(call.process, stream))[skip:] for stream, skip in zip(streams, skips, strict=True)]
    limit = options.value("n")
    if limit and limit.isdigit():
        first, second = first[: int(limit)], second[: int(limit)]
    shared = min(len(first), len(second))
    different = [index for index in range(shared) if first[index] != second[index]] if first[:shared] != second[:shared] else []
    await call.process.tick(shared // 64 + 1)
    if options.has("s"):
        return 0 if first == second else 1
    if options.has("l"):
        width = 1 if call.is_busybox else len(str(max(len(first), len(second))))
        await call.print("".join(f"{index + 1:>{width}} {first[index]:3o} {second[index]:3o}\n" for index in different))
    elif different:
        index = different[0]
        line = first.count(b"\n", 0, index) + 1
        await call.print(f"{left} {right} differ: char {index + 1}, line {line}\n")
        return 1
    if len(first) != len(second):
        shorter = left if len(first) < len(second) else right
        line = first.count(b"\n", 0, shared)
        extra = (
            ""
            if call.is_busybox
            else " which is empty"
            if not shared
            else f" after byte {shared}"
            + ("" if options.has("l") else f", line {line}" if first[:shared].endswith(b"\n") else f", in line {line + 1}")
        )
        await call.process.complain(f"cmp: EOF on {shorter}{extra}")
        return 1
    return 1 if different else 0


PROGRAMS: dict[str, Applet] = {"diff": diff, "cmp": cmp}
