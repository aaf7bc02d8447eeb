"""grep, egrep and fgrep."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from orrery.node.processes.program import Stream
from orrery.node.programs.call import Applet, Call, encode
from orrery.node.programs.faults import Fault, Misuse
from orrery.node.programs.lines import LineReader, read_all
from orrery.node.programs.options import Options
from orrery.node.programs.patterns.compile import Pattern, PatternError, PatternTooHard, compile_fixed, compile_pattern
from orrery.node.programs.patterns.glob import matches_glob
from orrery.node.programs.patterns.syntax import WORD
from orrery.node.programs.reasons import reason
from orrery.node.programs.text.numbers import is_digits

_LONG: Final = {"extended-regexp": "E", "fixed-strings": "F", "basic-regexp": "G", "perl-regexp": "P", "regexp": "e", "file": "f",
                "ignore-case": "i", "word-regexp": "w", "line-regexp": "x", "invert-match": "v", "max-count": "m", "line-number": "n",
                "with-filename": "H", "no-filename": "h", "only-matching": "o", "quiet": "q", "silent": "q", "no-messages": "s",
                "recursive": "r", "dereference-recursive": "R", "files-without-match": "L", "files-with-matches": "l", "count": "c",
                "after-context": "A", "before-context": "B", "context": "C", "text": "a", "byte-offset": "b", "color": "color::",
                "colour": "color::", "include": "include:", "exclude": "exclude:", "exclude-dir": "exclude-dir:",
                "line-buffered": "line-buffered", "null": "Z", "null-data": "z", "label": "label:"}  # fmt: skip
_LINES_PER_STEP: Final = 5000


@dataclass(slots=True)
class _Search:
    """What was asked for."""

    patterns: list[Pattern]
    inverts: bool
    words: bool
    only: bool
    counts: bool
    lists: bool
    lists_without: bool
    quiet: bool
    numbers: bool
    offsets: bool
    with_name: bool
    silent: bool
    before: int
    after: int
    limit: int
    end: bytes
    as_text: bool
    has_matched: bool = False
    """Whether a file before this one had a match: a line -- comes between their contexts."""

    def spans(self, line: bytes) -> Iterator[tuple[int, int]]:
        """All matches in a line, leftmost first, none overlapping."""
        position = 0
        while position <= len(line) and (span := self._first(line, position)) is not None:
            if span[1] > span[0]:
                yield span
            position = max(span[1], span[0] + 1)

    def selects(self, line: bytes) -> bool:
        if self.words:
            return (self._first(line, 0) is not None) != self.inverts
        for pattern in self.patterns:
            if pattern.matches(line):
                return not self.inverts
        return self.inverts

    def _first(self, line: bytes, start: int) -> tuple[int, int] | None:
        best: tuple[int, int] | None = None
        for pattern in self.patterns:
            span = self._word(pattern, line, start) if self.words else self._plain(pattern, line, start)
            if span is not None and (best is None or (span[0], -span[1]) < (best[0], -best[1])):
                best = span
        return best

    def _plain(self, pattern: Pattern, line: bytes, start: int) -> tuple[int, int] | None:
        spans = pattern.search(line, start)
        return spans[0] if spans else None

    def _word(self, pattern: Pattern, line: bytes, start: int) -> tuple[int, int] | None:
        while start <= len(line) and (spans := pattern.search(line, start)):
            begin, end = spans[0]
            if (begin == 0 or line[begin - 1] not in WORD) and (end == len(line) or line[end] not in WORD):
                return begin, end
            start = begin + 1
        return None


async def grep(call: Call) -> int:
    call.arguments = [f"-C{word[1:]}" if word[:1] == "-" and is_digits(word[1:]) else word for word in call.arguments]
    options = call.options("EFGPe:f:iywxvm:nHhoqsrRLlcA:B:C:abZzTU", _LONG)
    operands = list(options.operands)
    try:
        search = await _prepare(call, options, operands)
    except OSError as error:
        raise Fault(f"{error.filename}: {reason(error)}", 2) from None
    is_recursive = options.has("r", "R")
    if is_recursive and not operands:
        operands = ["."]
    paths = operands or ["-"]
    search.with_name = options.has("H") or ((len(paths) > 1 or (is_recursive and _is_directory(call, paths))) and not options.has("h"))
    matched = False
    pending = [(path, is_recursive) for path in reversed(paths)]
    while pending:
        path, is_top = pending.pop()
        if is_recursive and path != "-" and call.process.files.is_directory(path):
            pending += [(child, False) for child in reversed(_children(call, path, options))]
            await call.process.tick()
            continue
        if is_recursive and not is_top and not _is_included(path, options):
            continue
        if await _search_path(call, search, path, options):
            matched = search.has_matched = True
            if search.quiet:
                return 0
    if call.failed:
        return 2
    return 0 if matched else 1


def _is_directory(call: Call, paths: list[str]) -> bool:
    return any(path != "-" and call.process.files.is_directory(path) for path in paths)


def _children(call: Call, path: str, options: Options) -> list[str]:
    excluded = options.values("exclude-dir")
    children: list[str] = []
    for name in call.process.files.list(path):
        child = f"{path.rstrip('/')}/{name}" if path != "." or call.is_busybox else name
        if call.process.files.is_directory(child) and any(matches_glob(pattern, name) for pattern in excluded):
            continue
        children.append(child)
    return children


def _is_included(path: str, options: Options) -> bool:
    name = path.rpartition("/")[2]
    included = options.values("include")
    if included and not any(matches_glob(pattern, name) for pattern in included):
        return False
    return not any(matches_glob(pattern, name) for pattern in options.values("exclude"))


async def _prepare(call: Call, options: Options, operands: list[str]) -> _Search:
    sources = [encode(text) for text in options.values("e")]
    for path in options.values("f"):
        stream = call.open(path)
        data = await read_all(call.process, stream)
        stream.close()
        sources += data.removesuffix(b"\n").split(b"\n") if data else []
    if not options.has("e", "f"):
        if not operands:
            if call.is_busybox:
                raise Misuse
            raise Misuse(code=2)
        sources.append(encode(operands.pop(0)))
    sources = [line for source in sources for line in source.split(b"\n")]
    before = _context(call, options, "B")
    after = _context(call, options, "A")
    limit = options.value("m")
    if limit is not None and not is_digits(limit.removeprefix("-")):
        raise Fault(f"invalid number '{limit}'" if call.is_busybox else "invalid max count", 2)
    return _Search(
        patterns=_compile(call, options, sources),
        inverts=options.has("v"),
        words=options.has("w"),
        only=options.has("o"),
        counts=options.has("c"),
        lists=options.has("l"),
        lists_without=options.has("L"),
        quiet=options.has("q"),
        numbers=options.has("n"),
        offsets=options.has("b"),
        with_name=False,
        silent=options.has("s"),
        before=before,
        after=after,
        limit=int(limit) if limit and is_digits(limit) else -1,
        end=b"\0" if options.has("z") else b"\n",
        as_text=options.has("a"),
    )


def _context(call: Call, options: Options, letter: str) -> int:
    text = options.value(letter) or options.value("C") or "0"
    if not is_digits(text):
        raise Fault(f"invalid number '{text}'" if call.is_busybox else f"{text}: invalid context length argument", 2)
    return int(text)


def _compile(call: Call, options: Options, sources: list[bytes]) -> list[Pattern]:
    kind = options.last("EFGP") or {"egrep": "E", "fgrep": "F"}.get(call.name, "G")
    ignore_case = options.has("i", "y")
    whole = options.has("x")
    if kind == "F":
        return [compile_fixed(tuple(sources), ignore_case=ignore_case, is_whole_line=whole)] if sources else []
    if kind == "P":
        sources = [source.replace(b"\\d", b"[0-9]").replace(b"(?:", b"(") for source in sources]
    patterns: list[Pattern] = []
    for source in sources:
        try:
            patterns.append(compile_pattern(source, extended=kind in "EP", ignore_case=ignore_case, is_whole_line=whole))
        except PatternError as error:
            shown = source.decode("utf-8", "surrogateescape")
            raise Fault(f"bad regex '{shown}': {error}" if call.is_busybox else str(error), 2) from None
    return patterns


async def _search_path(call: Call, search: _Search, path: str, options: Options) -> bool:
    try:
        stream = call.open(path)
    except IsADirectoryError:
        return await _is_a_directory(call, path, silent=search.silent)
    except OSError as error:
        if not search.silent:
            await call.complain_of(error, path, code=2)
        call.failed = 2
        return False
    name = options.value("label") or "(standard input)" if path == "-" else path
    try:
        return await _search_stream(call, search, name, stream)
    except IsADirectoryError:
        return await _is_a_directory(call, path, silent=search.silent)
    except PatternTooHard as error:
        await call.complain(str(error), 2)
        return False
    finally:
        stream.close()


async def _is_a_directory(call: Call, path: str, *, silent: bool) -> bool:
    if silent:
        call.failed = 2
    elif not call.is_busybox:
        await call.complain(f"{path}: Is a directory", 2)
    return False


async def _search_stream(call: Call, search: _Search, name: str, stream: Stream) -> bool:
    printer = _Printer(search, encode(name), follows=search.has_matched)
    reader = LineReader(call.process, stream, search.end)
    plain = not (search.quiet or search.lists or search.lists_without or search.counts)
    number = selected = offset = 0
    is_binary = False
    done = search.limit == 0
    while not done and (batch := await reader.batch()):
        out: list[bytes] = []
        for line in batch:
            number += 1
            if search.selects(line):
                selected += 1
                if not plain and not search.counts:
                    done = True
                    break
                if plain:
                    is_binary = is_binary or (not call.is_busybox and not search.as_text and b"\0" in line)
                    for shown in printer.match(line, number, offset):
                        out.append(shown)
                        if len(out) == _LINES_PER_STEP:
                            await call.write(b"".join(out))
                            await call.process.tick(_LINES_PER_STEP)
                            out.clear()
                if selected == search.limit:
                    done = True
                    if not search.after:
                        break
            elif plain:
                out += printer.other(line, number, offset)
            offset += len(line) + 1
        if is_binary:
            await call.process.complain(f"{call.name}: {name}: binary file matches")
            return True
        await call.write(b"".join(out))
    prefix = encode(name) + b":" if search.with_name else b""
    if search.counts and not search.quiet and not search.lists and not search.lists_without:
        await call.write(prefix + b"%d\n" % selected)
    if (search.lists and selected) or (search.lists_without and not selected):
        await call.write(encode(name) + b"\n")
    return bool(selected) != search.lists_without


class _Printer:
    """Matching lines with their context, and the -- between groups."""

    def __init__(self, search: _Search, name: bytes, *, follows: bool = False) -> None:
        self._search = search
        self._follows = follows
        self._name = name
        self._before: deque[tuple[bytes, int, int]] = deque(maxlen=search.before) if search.before else deque(maxlen=0)
        self._after = 0
        self._last = 0

    def _line(self, line: bytes, number: int, offset: int, mark: bytes) -> bytes:
        search = self._search
        prefix = self._name + mark if search.with_name else b""
        if search.numbers:
            prefix += b"%d" % number + mark
        if search.offsets:
            prefix += b"%d" % offset + mark
        return prefix + line + search.end

    def match(self, line: bytes, number: int, offset: int) -> Iterator[bytes]:
        search = self._search
        if search.only:
            for start, end in () if search.inverts else search.spans(line):
                yield self._line(line[start:end], number, offset + start, b":")
            return
        if search.before or search.after:
            first = self._before[0][1] if self._before else number
            if (self._last and first > self._last + 1) or (self._follows and not self._last):
                yield b"--\n"
            for one in self._before:
                yield self._line(*one, b"-")
            self._before.clear()
        yield self._line(line, number, offset, b":")
        self._last, self._after = number, search.after

    def other(self, line: bytes, number: int, offset: int) -> list[bytes]:
        if self._after:
            self._after -= 1
            self._last = number
            return [self._line(line, number, offset, b"-")]
        if self._search.before:
            self._before.append((line, number, offset))
        return []


PROGRAMS: dict[str, Applet] = {"grep": grep, "egrep": grep, "fgrep": grep}
