"""find: tests, operators, -exec, -delete, -print0, -maxdepth and friends."""

import stat
from collections.abc import Callable
from typing import Final

from orrery.node.processes.program import Stat
from orrery.node.programs.call import Applet, Call, decode, encode
from orrery.node.programs.disk.find_walk import Plan, Test, run_command, walk
from orrery.node.programs.disk.findings import Found, formatted, listed
from orrery.node.programs.disk.modes import change_mode
from orrery.node.programs.disk.owners import find_group, find_user, group_names, user_names
from orrery.node.programs.disk.walking import base_name, directory_name
from orrery.node.programs.faults import Fault, Misuse
from orrery.node.programs.patterns.compile import PatternError, compile_pattern
from orrery.node.programs.patterns.glob import matches_glob
from orrery.node.programs.reasons import reason
from orrery.node.programs.text.escapes import unescape

_BATCH_MAX: Final = 2000
"""Paths per command of -exec … {} +."""


_NOT_BUSYBOX: Final = frozenset(
    ["-uid", "-gid", "-nouser", "-nogroup", "-execdir", "-true", "-false", "-iregex", "-mount", "-readable", "-writable", "-daystart",
     "-lname", "-ls", "-printf", "-warn", "-nowarn", "-noleaf", "-d", "-regextype"]
)  # fmt: skip


async def find(call: Call) -> int:
    words = list(call.arguments)
    follows = False
    while words and words[0] in ("-H", "-L", "-P"):
        follows = words.pop(0) == "-L"
    paths: list[str] = []
    while words and words[0][:1] != "-" and words[0] not in ("(", "!"):
        paths.append(words.pop(0))
    if words and words[0] == "-" and not call.is_busybox:
        paths.append(words.pop(0))
    plan = Plan()
    test = _Parser(call, words, plan, is_busybox=call.is_busybox).parse()
    for path in paths or ["."]:
        await walk(call, path, plan, test, follows=follows)
        if plan.quits:
            break
    for command, waiting in plan.batches:
        if waiting and await run_command(call, [*command, *waiting]):
            call.failed = 1
    return call.failed


class _Parser:
    """Expressions by precedence: , -o -a !."""

    def __init__(self, call: Call, words: list[str], plan: Plan, *, is_busybox: bool) -> None:
        self._call = call
        self._words = words
        self._at = 0
        self._plan = plan
        self._busybox = is_busybox
        self._opened = 0
        self._extended = False

    def parse(self) -> Test:
        test = self._any() if self._words else None
        if self._at < len(self._words):
            if self._busybox and self._peek() == ")":
                raise Misuse("unrecognized: )")
            raise self._refusal(self._words[self._at])
        if self._plan.acts and test is not None:
            return test

        async def shown(found: Found) -> bool:
            if test is None or await test(found):
                await self._call.print(found.path + "\n")
            return True

        return shown

    def _refusal(self, word: str) -> Exception:
        if self._busybox:
            return Misuse(f"unrecognized: {word}")
        if word.startswith("-"):
            if word in ("-a", "-o", "-and", "-or"):
                return Fault(f"invalid expression; you have used a binary operator '{word}' with nothing before it.")
            return Fault(f"unknown predicate `{word}'")
        if word == ")":
            return Fault("invalid expression; you have used a binary operator ')' with nothing before it.")
        before = next((one for one in reversed(self._words[: self._at - 1]) if one[:1] in "-("), "")
        hint = f"\nfind: possible unquoted pattern after predicate `{before}'?" if before else ""
        return Fault(f"paths must precede expression: `{word}'{hint}")

    def _peek(self) -> str:
        return self._words[self._at] if self._at < len(self._words) else ""

    def _value(self, option: str) -> str:
        if self._at >= len(self._words):
            raise Fault(f"{option} requires an argument" if self._busybox else f"missing argument to `{option}'")
        self._at += 1
        return self._words[self._at - 1]

    def _any(self) -> Test:
        branches = [self._all(is_first=True)]
        while self._peek() in ("-o", "-or"):
            self._at += 1
            branches.append(self._all(is_first=False))
        if len(branches) == 1:
            return branches[0]

        async def test(found: Found) -> bool:
            for branch in branches:
                if await branch(found):
                    return True
            return False

        return test

    def _all(self, *, is_first: bool) -> Test:
        parts = [] if self._busybox else [self._one()]
        while (word := self._peek()) and word not in ("-o", "-or") and not (word == ")" and self._opened):
            if word in ("-a", "-and"):
                self._at += 1
                if self._busybox:
                    continue
            parts.append(self._one())
        if not parts:
            return _plain(lambda _: is_first)  # As busybox has it: nothing to test is true, but not behind an -o.
        if len(parts) == 1:
            return parts[0]

        async def test(found: Found) -> bool:
            for part in parts:
                if not await part(found):
                    return False
            return True

        return test

    def _one(self) -> Test:
        word = self._peek()
        if not word:
            last = self._words[-1]
            if self._busybox:
                return _plain(lambda _: False)  # A ! with nothing behind it.
            if last == "(":
                why = "expected to find a ')' but didn't see one. Perhaps you need an extra predicate after '('"
                raise Fault(f"invalid expression; {why}")
            raise Fault(f"expected an expression after '{last}'")
        self._at += 1
        if word in ("!", "-not"):
            inner = self._one()

            async def negated(found: Found) -> bool:
                return not await inner(found)

            return negated
        if word == "(":
            self._check_closed()
            self._opened += 1
            if self._peek() == ")" and not self._busybox:
                raise Fault("invalid expression; empty parentheses are not allowed.")
            inner = self._any()
            if self._peek() != ")":
                raise Fault("invalid expression; I was expecting to find a ')' somewhere but did not see one.")
            self._at += 1
            self._opened -= 1
            return inner
        primary = self._primary(word)
        if primary is None:
            raise self._refusal(word)
        return primary

    def _check_closed(self) -> None:
        """busybox looks for the other parenthesis first."""
        depth = 1
        for word in self._words[self._at :]:
            depth += (word == "(") - (word == ")")
            if depth == 0:
                return
        if self._busybox:
            raise Fault("unpaired '('")

    def _primary(self, word: str) -> Test | None:
        if self._busybox and word in _NOT_BUSYBOX:
            return None
        return self._setting(word) or self._name_test(word) or self._stat_test(word) or self._action(word)

    def _setting(self, word: str) -> Test | None:
        plan = self._plan
        if word in ("-maxdepth", "-mindepth"):
            text = self._value(word)
            if not text.isdigit():
                raise Fault(
                    f"invalid number '{text}'"
                    if self._busybox
                    else f"Expected a positive decimal integer argument to {word}, but got '{text}'"
                )
            if word == "-maxdepth":
                plan.most = int(text)
            else:
                plan.least = int(text)
        elif word in ("-depth", "-d"):
            plan.depth_first = True
        elif word in ("-xdev", "-mount"):
            plan.stays = True
        elif word == "-regextype":
            self._extended = "ext" in (kind := self._value(word)) or kind in ("egrep", "awk", "gnu-awk", "posix-egrep")
        elif word not in ("-follow", "-noleaf", "-true", "-daystart", "-warn", "-nowarn"):
            return None
        return _plain(lambda _: True)

    def _name_test(self, word: str) -> Test | None:
        if word in ("-name", "-iname"):
            pattern, fold = self._value(word), word == "-iname"
            return _plain(lambda found: matches_glob(pattern, base_name(found.path), ignore_case=fold))
        if word in ("-path", "-ipath", "-wholename"):
            pattern, fold = self._value(word), word == "-ipath"
            return _plain(lambda found: matches_glob(pattern, found.path, ignore_case=fold))
        if word in ("-regex", "-iregex"):
            text = self._value(word)
            try:
                regex = compile_pattern(encode(text), extended=self._extended, ignore_case=word == "-iregex", is_whole_line=True)
            except PatternError as error:
                raise Fault(f"bad regex '{text}': {error}" if self._busybox else str(error)) from None
            return _plain(lambda found: regex.matches(encode(found.path)))
        if word == "-lname":
            pattern, files = self._value(word), self._call.process.files
            return _plain(lambda found: stat.S_ISLNK(found.about.mode) and matches_glob(pattern, files.read_link(found.path)))
        return None

    def _reference(self, path: str) -> Stat:
        try:
            return self._call.process.files.stat(path)
        except OSError as error:
            raise Fault(f"can't stat '{path}': {reason(error)}" if self._call.is_busybox else f"'{path}': {reason(error)}") from None

    def _stat_test(self, word: str) -> Test | None:
        call = self._call
        if word in ("-type", "-xtype"):
            kinds = {
                "f": stat.S_IFREG,
                "d": stat.S_IFDIR,
                "l": stat.S_IFLNK,
                "p": stat.S_IFIFO,
                "s": stat.S_IFSOCK,
                "c": stat.S_IFCHR,
                "b": stat.S_IFBLK,
            }
            text = self._value(word)
            letters = text.split(",")
            if any(letter not in kinds for letter in letters):
                raise Fault(f"invalid argument '{text}' to '{word}'" if self._busybox else f"Unknown argument to {word}: {text[:1]}")
            wanted = {kinds[letter] for letter in letters}
            return _plain(lambda found: stat.S_IFMT(found.about.mode) in wanted)
        if word == "-empty":
            return _plain(
                lambda found: (
                    not call.process.files.list(found.path)
                    if stat.S_ISDIR(found.about.mode)
                    else found.about.size == 0 and stat.S_ISREG(found.about.mode)
                )
            )
        if word in ("-mtime", "-mmin", "-atime", "-amin", "-ctime", "-cmin"):
            unit = 60 if word.endswith("min") else 86400
            compare = self._number(word)
            return _plain(lambda found: compare(int((call.process.clock.now_s() - found.about.modified_s) // unit)))
        if word in ("-links", "-inum"):
            compare = self._number(word)
            return _plain(lambda found: compare(found.about.links if word == "-links" else found.about.inode))
        if word == "-size":
            return self._size()
        if word == "-samefile":
            same = self._reference(self._value(word))
            return _plain(lambda found: (found.about.inode, found.about.device) == (same.inode, same.device))
        if word == "-newer":
            moment = self._reference(self._value(word)).modified_s
            return _plain(lambda found: found.about.modified_s > moment)
        if word == "-perm":
            return self._perm()
        if word in ("-user", "-group", "-uid", "-gid"):
            return self._owner(word)
        if word in ("-nouser", "-nogroup"):
            known = user_names(call) if word == "-nouser" else group_names(call)
            return _plain(lambda found: (found.about.uid if word == "-nouser" else found.about.gid) not in known)
        if word in ("-readable", "-writable", "-executable"):
            wanted_access = {"-readable": 4, "-writable": 2, "-executable": 1}[word]
            return _plain(lambda found: call.process.files.access(found.path, wanted_access))
        return None

    def _number(self, word: str) -> Callable[[int], bool]:
        text = self._value(word)
        digits = text.lstrip("+-")
        if not digits.isdigit() or len(text) - len(digits) > 1:
            raise Fault(f"invalid number '{text}'" if self._busybox else f"invalid argument `{text}' to `{word}'")
        number = int(digits)
        if text[0] == "+":
            return lambda value: value > number
        if text[0] == "-":
            return lambda value: value < number
        return lambda value: value == number

    def _size(self) -> Test:
        units = {"b": 512, "c": 1, "w": 2, "k": 1024, "M": 1 << 20, "G": 1 << 30}
        text = self._words[self._at] if self._at < len(self._words) else ""
        unit = units.get(text[-1:], 0)
        if not self._busybox and text and not unit and not text[-1:].isdigit():
            raise Fault(f"invalid -size type `{text[-1]}'")
        if unit:
            self._words[self._at] = text[:-1]
        sign = text[:1]
        compare = self._number("-size")
        if self._busybox:
            size = int(text.lstrip("+-").rstrip("bcwkMG")) * (unit or 512)
            if sign not in ("+", "-"):
                return _plain(lambda found: found.about.size == size)
            return _plain(lambda found: found.about.size > size if sign == "+" else found.about.size < size)
        return _plain(lambda found: compare(-(-found.about.size // (unit or 512))))

    def _perm(self) -> Test:
        text = self._value("-perm")
        kind = text[:1] if text[:1] in "-/+" and text[1:] else ""
        bits = change_mode(text[len(kind) :], 0, 0)
        if bits is None:
            raise Fault(f"invalid mode '{text}'")
        if kind == "-":
            return _plain(lambda found: found.about.mode & bits == bits)
        if kind:
            return _plain(lambda found: bool(found.about.mode & bits) or not bits)
        return _plain(lambda found: found.about.mode & 0o7777 == bits)

    def _owner(self, word: str) -> Test:
        text = self._value(word)
        is_user = word in ("-user", "-uid")
        number = find_user(self._call, text) if is_user else find_group(self._call, text)
        if number is None:
            kind = "user" if is_user else "group"
            raise Fault(f"unknown {kind} {text}" if self._busybox else f"'{text}' is not the name of a known {kind}")
        return _plain(lambda found: (found.about.uid if is_user else found.about.gid) == number)

    def _action(self, word: str) -> Test | None:
        call, plan = self._call, self._plan
        if word == "-prune":

            def prune(found: Found) -> bool:
                found.prunes = True
                return True

            return _plain(prune)
        if word == "-false":
            return _plain(lambda _: False)
        plan.acts = True
        if word in ("-print", "-print0"):
            end = "\0" if word == "-print0" else "\n"

            async def show(found: Found) -> bool:
                await call.print(found.path + end)
                return True

            return show
        if word == "-quit":

            def quit_now(_: Found) -> bool:
                plan.quits = True
                return True

            return _plain(quit_now)
        if word == "-delete":
            plan.depth_first = True
            return self._delete
        if word in ("-exec", "-ok", "-execdir"):
            return self._exec(word)
        if word == "-ls":

            async def show_long(found: Found) -> bool:
                await call.print(listed(call, found))
                return True

            return show_long
        if word == "-printf" and not self._busybox:
            return self._printf(self._value(word))
        return None

    async def _delete(self, found: Found) -> bool:
        files = self._call.process.files
        if found.path == ".":
            return True
        try:
            (files.remove_directory if stat.S_ISDIR(found.about.mode) else files.remove)(found.path)
        except OSError as error:
            await self._call.complain_of(error, found.path, debian="cannot delete '{}'")
            return False
        return True

    def _exec(self, word: str) -> Test:
        command: list[str] = []
        while self._at < len(self._words) and not (
            self._words[self._at] == ";" or (self._words[self._at] == "+" and command[-1:] == ["{}"])
        ):
            command.append(self._words[self._at])
            self._at += 1
        if self._at >= len(self._words) or not command:
            raise Fault(f"{word} requires an argument" if self._busybox else f"missing argument to `{word}'")
        self._at += 1
        call = self._call
        if self._words[self._at - 1] == "+":
            waiting: list[str] = []
            self._plan.batches.append((command[:-1], waiting))

            async def collect(found: Found) -> bool:
                waiting.append(found.path)
                if len(waiting) >= _BATCH_MAX:
                    if await run_command(call, [*command[:-1], *waiting]):
                        call.failed = 1
                    waiting.clear()
                return True

            return collect

        async def run(found: Found) -> bool:
            path = f"./{base_name(found.path)}" if word == "-execdir" else found.path
            filled = [part.replace("{}", path) for part in command]
            if word == "-ok":
                await call.process.stderr.write(
                    encode(f"{' '.join(filled)} ?" if self._busybox else f"< {command[0]} ... {found.path} > ? ")
                )
                if not decode(await call.process.stdin.read(1024)).lower().startswith("y"):
                    return False
            return await run_command(call, filled, directory_name(found.path) if word == "-execdir" else None) == 0

        return run

    def _printf(self, template: str) -> Test:
        async def show(found: Found) -> bool:
            await self._call.write(unescape(encode(formatted(self._call, template, found)))[0])
            return True

        return show


def _plain(test: Callable[[Found], bool]) -> Test:
    async def asynchronous(found: Found) -> bool:
        return test(found)

    return asynchronous


PROGRAMS: dict[str, Applet] = {"find": find}
