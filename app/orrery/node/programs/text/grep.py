"""grep, egrep and fgrep."""

from typing import Final

from orrery.node.processes.program import Stream
from orrery.node.programs.call import Applet, Call, encode
from orrery.node.programs.faults import Fault, Misuse
from orrery.node.programs.lines import LineReader, read_all
from orrery.node.programs.options import Options
from orrery.node.programs.patterns.compile import Pattern, PatternError, PatternTooHard, compile_fixed, compile_pattern
from orrery.node.programs.patterns.glob import matches_glob
from orrery.node.programs.patterns.perl import compile_perl
from orrery.node.programs.reasons import reason
from orrery.node.programs.text.grep_lines import Printer, Search
from orrery.node.programs.text.numbers import is_digits

_LONG: Final = {"extended-regexp": "E", "fixed-strings": "F", "basic-regexp": "G", "perl-regexp": "P", "regexp": "e", "file": "f",
                "ignore-case": "i", "word-regexp": "w", "line-regexp": "x", "invert-match": "v", "max-count": "m", "line-number": "n",
                "with-filename": "H", "no-filename": "h", "only-matching": "o", "quiet": "q", "silent": "q", "no-messages": "s",
                "recursive": "r", "dereference-recursive": "R", "files-without-match": "L", "files-with-matches": "l", "count": "c",
                "after-context": "A", "before-context": "B", "context": "C", "text": "a", "byte-offset": "b", "color": "color::",
                "colour": "color::", "include": "include:", "exclude": "exclude:", "exclude-dir": "exclude-dir:",
                "line-buffered": "line-buffered", "null": "Z", "null-data": "z", "label": "label:",
                "directories": "d", "devices": "D", "binary-files": "binary:", "group-separator": "group:",
                "no-group-separator": "no-group", "initial-tab": "T", "binary": "U"}  # fmt: skip
_BUSYBOX_LETTERS: Final = "lnqvscFiHhe:f:LorRm:wxA:B:C:EaI"
_WITH_VALUE: Final = [[f"-{letter}"] for letter in "ABCmef"]
_LINES_PER_STEP: Final = 5000


def _with_context_option(arguments: list[str]) -> list[str]:
    """`-2` as `-C2`, unless it is the value of an option."""
    return [
        f"-C{word[1:]}" if word[:1] == "-" and is_digits(word[1:]) and arguments[index - 1 : index][:1] not in _WITH_VALUE else word
        for index, word in enumerate(arguments)
    ]


async def grep(call: Call) -> int:
    if not call.is_busybox:
        call.arguments = _with_context_option(call.arguments)
    options = call.options(_BUSYBOX_LETTERS if call.is_busybox else "EFGPe:f:iywxvm:nHhoqsrRLlcA:B:C:abZzTUId:D:", _LONG)
    operands = list(options.operands)
    try:
        search = await _prepare(call, options, operands)
    except OSError as error:
        raise Fault(f"{error.filename}: {reason(error)}", 2) from None
    is_recursive = options.has("r", "R") or _directory_action(options) == "recurse"
    if is_recursive and not operands and not call.is_busybox:
        operands = ["."]
    paths = operands or ["-"]
    search.with_name = options.has("H") or ((len(paths) > 1 or (is_recursive and _is_directory(call, paths))) and not options.has("h"))
    matched = False
    pending = list(reversed(paths))
    while pending:
        path = pending.pop()
        if is_recursive and path != "-" and call.process.files.is_directory(path):
            pending += reversed(_children(call, path, options))
            await call.process.tick()
            continue
        if path != "-" and not _is_included(path, options):
            continue
        if await _search_path(call, search, path, options):
            matched = search.has_matched = True
            if search.quiet:
                return 0
    if call.failed:
        return 2
    return 0 if matched else 1


def _directory_action(options: Options) -> str:
    action = options.value("d") or "read"
    if action not in ("read", "skip", "recurse"):
        words = f"invalid argument '{action}' for '--directories'\nValid arguments are:\n  - 'read'\n  - 'recurse'\n  - 'skip'"
        raise Misuse(words, 1)
    return action


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


async def _prepare(call: Call, options: Options, operands: list[str]) -> Search:
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
    return Search(
        patterns=await _compile(call, options, sources),
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
        as_text=call.is_busybox or options.has("a") or options.value("binary") == "text",
        skips_binary=not call.is_busybox and (options.has("I") or options.value("binary") == "without-match"),
        ends_names_by_nul=options.has("Z"),
        colors=not call.is_busybox and _colors(call, options),
        separator=_separator(options) if not call.is_busybox or before or after else None,
    )


def _colors(call: Call, options: Options) -> bool:
    when = options.value("color")
    return when is not None and (when in ("always", "yes", "force") or (when in ("", "auto", "tty") and call.process.stdout.is_terminal))


def _separator(options: Options) -> bytes | None:
    if not options.has("A", "B", "C"):
        return None
    return b"" if options.has("no-group") else encode(options.value("group") or "--")


def _context(call: Call, options: Options, letter: str) -> int:
    text = options.value(letter) or options.value("C") or "0"
    if call.is_busybox and text.startswith("-"):
        raise Fault(f"invalid number '{text}'", 2)
    if not is_digits(text):
        raise Fault(f"invalid number '{text}'" if call.is_busybox else f"{text}: invalid context length argument", 2)
    return int(text)


async def _compile(call: Call, options: Options, sources: list[bytes]) -> list[Pattern]:
    kind = options.last("EFGP") or {"egrep": "E", "fgrep": "F"}.get(call.name, "G")
    if not call.is_busybox and len({key for key in "EFP" if options.has(key)}) > 1:
        raise Fault("conflicting matchers specified", 2)
    ignore_case = options.has("i", "y")
    whole = options.has("x")
    if kind == "F":
        return [compile_fixed(tuple(sources), ignore_case=ignore_case, is_whole_line=whole)] if sources else []
    patterns: list[Pattern] = []
    for source in sources:
        try:
            if kind == "P":
                patterns.append(compile_perl(source, ignore_case=ignore_case, is_whole_line=whole))
                continue
            await _check(call, source, kind)
            patterns.append(
                compile_pattern(
                    source,
                    extended=kind == "E",
                    ignore_case=ignore_case,
                    is_whole_line=whole,
                    refuses_bare_repeats=call.is_busybox,
                )
            )
        except PatternError as error:
            shown = source.decode("utf-8", "surrogateescape")
            raise Fault(f"bad regex '{shown}': {error}" if call.is_busybox else str(error), 2) from None
    return patterns


async def _check(call: Call, source: bytes, kind: str) -> None:
    """Mistakes that GNU's grep tells: a class without its second brackets, and a repetition of nothing."""
    if not call.is_busybox and kind == "E" and source[:1] in (b"*", b"+", b"?"):
        await call.process.complain(f"{call.name}: warning: {chr(source[0])} at start of expression")
    if not call.is_busybox and source[:2] in (b"[:", b"[.", b"[=") and source.find(source[1:2] + b"]") > 2:
        raise PatternError("character class syntax is [[:space:]], not [:space:]")


async def _search_path(call: Call, search: Search, path: str, options: Options) -> bool:
    try:
        stream = call.open(path)
    except IsADirectoryError:
        return await _is_a_directory(call, path, options)
    except OSError as error:
        if not search.silent:
            await call.complain_of(error, path, code=2)
        call.failed = 2
        return False
    name = options.value("label") or "(standard input)" if path == "-" else path
    try:
        return await _search_stream(call, search, name, stream)
    except IsADirectoryError:
        return await _is_a_directory(call, path, options)
    except PatternTooHard as error:
        await call.complain(str(error), 2)
        return False
    finally:
        stream.close()


async def _is_a_directory(call: Call, path: str, options: Options) -> bool:
    if call.is_busybox or _directory_action(options) == "skip":
        return False
    if options.has("s"):
        call.failed = 2
    else:
        await call.complain(f"{path}: Is a directory", 2)
    return False


async def _search_stream(call: Call, search: Search, name: str, stream: Stream) -> bool:
    printer = Printer(search, encode(name), follows=search.has_matched)
    reader = LineReader(call.process, stream, search.end, ends_at_nul=call.is_busybox)
    plain = not (search.quiet or search.lists or search.lists_without or search.counts)
    number = selected = offset = 0
    is_binary = False
    done = search.limit == 0
    while not done and (batch := await reader.batch()):
        out: list[bytes] = []
        for line in batch:
            number += 1
            if not done and search.selects(line):
                selected += 1
                if not plain and not search.counts:
                    done = True
                    break
                if plain:
                    is_binary = is_binary or (not search.as_text and b"\0" in line)
                    for shown in printer.match(line, number, offset):
                        out.append(shown)
                        if len(out) == _LINES_PER_STEP:
                            await call.write(b"".join(out))
                            await call.process.tick(_LINES_PER_STEP)
                            out.clear()
                if selected == search.limit:
                    done = True
                    if call.is_busybox or not search.after:
                        break
            elif plain:
                out += printer.other(line, number, offset)
            offset += len(line) + 1
        if is_binary and search.skips_binary:
            return False
        if is_binary:
            await call.process.complain(f"{call.name}: {name}: binary file matches")
            return True
        await call.write(b"".join(out))
    prefix = printer.name + printer.mark if search.with_name else b""
    if search.counts and not search.quiet and not search.lists and not search.lists_without:
        await call.write(prefix + b"%d\n" % selected)
    if (search.lists and selected) or (search.lists_without and not selected):
        await call.write(printer.name + (b"\0" if search.ends_names_by_nul else b"\n"))
    return (bool(selected) or (call.is_busybox and search.limit == 0)) != (search.lists_without and call.is_busybox)


PROGRAMS: dict[str, Applet] = {"grep": grep, "egrep": grep, "fgrep": grep}
