"""printf and echo, in the manner of the three shells."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from orrery.node.shell.errors import CommandError
from orrery.node.shell.escapes import ansi_quoted, byte_length, decode, echo_text, encode
from orrery.node.shell.quoting import backslashed

if TYPE_CHECKING:
    from orrery.node.shell.shell import Shell

_DIRECTIVE: Final = re.compile(
    r"%(?P<flags>[-+ #0']*)(?P<width>\*|\d*)(?:\.(?P<precision>\*|\d*))?(?P<sizes>\([^)]*\)|[hlLjzt]*)(?P<kind>.)?", re.DOTALL
)
_DASH_DIRECTIVE: Final = re.compile(_DIRECTIVE.pattern.replace("[hlLjzt]*", ""), re.DOTALL)
_NUMBER: Final = re.compile(r"\s*([-+]?)(0[xX][0-9a-fA-F]+|[0-9]+)")
_FLOAT: Final = re.compile(
    r"\s*[-+]?(?:inf(?:inity)?|nan|0[xX][0-9a-fA-F]+|(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?)", re.IGNORECASE
)
_WIDTH_MAX: Final = 1_000_000
_TURNS_MAX: Final = 1_000_000


async def echo(shell: "Shell", arguments: list[str]) -> int:
    words = arguments[1:]
    newline, escapes = True, shell.flavour.is_dash
    while words and (words[0] == "-n" if shell.flavour.is_dash else _is_echo_option(words[0])):
        newline = newline and "n" not in words[0]
        if not shell.flavour.is_dash:
            for letter in words[0][1:]:
                escapes = letter == "e" if letter != "n" else escapes
        words = words[1:]
    escapes = escapes or "xpg_echo" in shell.features
    text = " ".join(words)
    if escapes and "\\" in text:
        text, is_cut = echo_text(text, is_plain=shell.flavour.is_dash)
        newline = newline and not is_cut
    await shell.process.stdout.write(encode(text + "\n" if newline else text))
    return 0


def _is_echo_option(word: str) -> bool:
    return len(word) > 1 and word[0] == "-" and all(letter in "neE" for letter in word[1:])


class _Printf:
    """One call: the arguments left, the output so far."""

    def __init__(self, shell: "Shell", arguments: list[str]) -> None:
        self.shell = shell
        self.arguments = arguments
        self.index = 0
        self.output: list[str] = []
        self.complaints: list[str] = []
        self.is_cut = False
        self.used = False

    def next(self) -> str | None:
        self.used = True
        if self.index < len(self.arguments):
            self.index += 1
            return self.arguments[self.index - 1]
        return None

    def run(self, template: str) -> None:
        """Once over the template, and again while arguments are left."""
        for _ in range(_TURNS_MAX):
            self.used = False
            self.once(template)
            if self.is_cut or self.index >= len(self.arguments) or not self.used:
                return

    def once(self, template: str) -> None:
        position = 0
        while position < len(template) and not self.is_cut:
            percent = template.find("%", position)
            end = len(template) if percent < 0 else percent
            if end > position:
                text, self.is_cut = self.escaped(template[position:end])
                self.output.append(text)
            if percent < 0 or self.is_cut:
                return
            if template.startswith("%%", percent):
                self.output.append("%")
                position = percent + 2
                continue
            match = (_DASH_DIRECTIVE if self.shell.flavour.is_dash else _DIRECTIVE).match(template, percent)
            assert match is not None
            position = match.end()
            self.directive(match)

    def escaped(self, text: str) -> tuple[str, bool]:
        r"""The template's own escapes: \c ends the output in dash and ash."""
        if "\\" not in text:
            return text, False
        cut = -1 if self.shell.flavour.is_bash else text.find("\\c")
        return (ansi_quoted(text[:cut]), True) if cut >= 0 else (ansi_quoted(text), False)

    def directive(self, match: "re.Match[str]") -> None:
        kind = match["kind"] or ""
        flags = match["flags"].replace("'", "")
        width = self.size(match["width"])
        if width < 0:
            flags, width = flags + "-", -width
        precision = self.size(match["precision"]) if match["precision"] is not None else None
        if precision is not None and precision < 0:
            precision = None
        formatter = _KINDS.get(kind)
        if formatter is None or (kind in "qT" and not self.shell.flavour.is_bash):
            raise self.bad_directive(match)
        if kind == "T":
            flags = match[0]
        self.output.append(formatter(self, flags, min(width, _WIDTH_MAX), precision, kind))

    def bad_directive(self, match: "re.Match[str]") -> CommandError:
        text, kind = match[0], match["kind"]
        if self.shell.flavour.is_bash:
            return CommandError(f"`{text[-1]}': invalid format character" if kind else f"`{text}': missing format character")
        if self.shell.flavour.is_dash:
            return CommandError(f"{text}: invalid directive" if kind else "missing format character", 2)
        sizes = match["sizes"] or ""
        rest = match.string[match.end() - len(kind or "") :]
        return CommandError(f"{text[: len(text) - len(kind or '') - len(sizes)]}{rest}: invalid format")

    def size(self, text: str) -> int:
        if text == "*":
            return self.integer(self.next() or "0")
        return int(text) if text else 0

    def complain(self, text: str, *, partly: bool) -> None:
        if self.shell.flavour.is_dash:
            self.complaints.append(f"{text}: {'not completely converted' if partly else 'expected numeric value'}")
        elif self.shell.flavour.is_ash:
            self.complaints.append(f"invalid number '{text}'")
        else:
            self.complaints.append(f"{text}: invalid number")

    def integer(self, text: str) -> int:
        if text[:1] in ("'", '"') and text:
            data = encode(text[1:])
            return ord(text[1]) if len(text) > 1 and self.shell.flavour.is_bash else data[0] if data else 0
        match = _NUMBER.match(text)
        if match is None:
            if text or self.shell.flavour.is_ash:
                self.complain(text, partly=False)
            return 0
        digits, end = match[2], match.end()
        if digits[:2] in ("0x", "0X"):
            value = int(digits, 16)
        elif digits.startswith("0"):
            octal = re.match("[0-7]*", digits)
            end -= len(digits) - (octal.end() if octal else 0)
            value = int(octal[0] if octal else "0", 8)
        else:
            value = int(digits)
        if end < len(text):
            self.complain(text, partly=True)
            if self.shell.flavour.is_ash:
                return 0
        return -value if match[1] == "-" else value

    def float(self, text: str) -> float:
        if text[:1] in ("'", '"') and len(text) > 1:
            return float(ord(text[1]))
        match = _FLOAT.match(text)
        if match is None:
            if text:
                self.complain(text, partly=False)
            return 0.0
        if match.end() < len(text):
            self.complain(text, partly=True)
        number = match[0].strip()
        return float(int(number, 16)) if number.lower().lstrip("+-").startswith("0x") else float(number)


_Formatter = Callable[[_Printf, str, int, "int | None", str], str]


def _padded(text: str, flags: str, width: int) -> str:
    missing = width - byte_length(text)
    if missing <= 0:
        return text
    return text + " " * missing if "-" in flags else " " * missing + text


def _string(printf: _Printf, flags: str, width: int, precision: int | None, _kind: str) -> str:
    text = printf.next() or ""
    if precision is not None:
        text = decode(encode(text)[:precision])
    return _padded(text, flags, width)


def _escaped_string(printf: _Printf, flags: str, width: int, precision: int | None, _kind: str) -> str:
    text = re.sub(r"\\([1-7][0-7]{0,2})", r"\\0\1", printf.next() or "")
    text, cut = echo_text(text, is_plain=printf.shell.flavour.is_dash)
    printf.is_cut = cut
    return _padded(text if precision is None else text[:precision], flags, width)


def _character(printf: _Printf, flags: str, width: int, _precision: int | None, _kind: str) -> str:
    return _padded(decode(encode(printf.next() or "")[:1]), flags, width)


def _quoted(printf: _Printf, flags: str, width: int, _precision: int | None, _kind: str) -> str:
    return _padded(backslashed(printf.next() or ""), flags, width)


def _time(printf: _Printf, flags: str, _width: int, _precision: int | None, _kind: str) -> str:
    inner = flags[flags.find("(") + 1 : flags.rfind(")")] or "%X"
    text = printf.next()
    now_s = printf.shell.process.clock.now_s()
    seconds = now_s if text in (None, "-1", "-2") else printf.integer(text or "0")
    return datetime.fromtimestamp(seconds, UTC).strftime(inner)


def _integer(printf: _Printf, flags: str, width: int, precision: int | None, kind: str) -> str:
    value = printf.integer(printf.next() or "")
    if kind not in "di":
        value &= 0xFFFFFFFFFFFFFFFF
    digits = {"d": "d", "i": "d", "u": "d", "o": "o", "x": "x", "X": "X"}[kind]
    text = format(abs(value), digits)
    if precision is not None:
        text = text.zfill(min(precision, _WIDTH_MAX))
    start = "-" if value < 0 else "+" if "+" in flags and kind in "di" else " " if " " in flags and kind in "di" else ""
    if "#" in flags and value:
        start += {"x": "0x", "X": "0X", "o": "0"}.get(kind, "")
    if "0" in flags and "-" not in flags and precision is None:
        text = text.zfill(width - len(start))
    return _padded(start + text, flags, width)


def _float(printf: _Printf, flags: str, width: int, precision: int | None, kind: str) -> str:
    value = printf.float(printf.next() or "")
    if kind in "aA":
        return _padded(value.hex(), flags, width)
    allowed = "".join(sorted(set(flags) & set("-+ #0")))
    return f"%{allowed}{width or ''}.{min(6 if precision is None else precision, 500)}{kind}" % value


_KINDS: Final[dict[str, _Formatter]] = {
    "s": _string,
    "b": _escaped_string,
    "c": _character,
    "q": _quoted,
    "T": _time,
    **dict.fromkeys("diouxX", _integer),
    **dict.fromkeys("eEfFgGaA", _float),
}


async def printf(shell: "Shell", arguments: list[str]) -> int:
    words = arguments[1:]
    target = ""
    if shell.flavour.is_bash and words[:1] == ["-v"] and len(words) > 1:
        target, words = words[1], words[2:]
    if words[:1] == ["--"]:
        words = words[1:]
    if not words:
        return await _usage(shell)
    run = _Printf(shell, words[1:])
    code = 0
    try:
        run.run(words[0])
    except CommandError as error:
        run.complaints.append(error.message)
        code = error.code
    for complaint in run.complaints:
        await shell.complain_applet(complaint, "printf")
        code = code or 1
    text = "".join(run.output)
    if target:
        await shell.assign_text(target, text)
    elif text:
        await shell.process.stdout.write(encode(text))
    return code


async def _usage(shell: "Shell") -> int:
    if shell.flavour.is_dash:
        await shell.complain("usage: printf format [arg ...]", "printf")
        return 2
    if shell.flavour.is_ash:
        await shell.write_error(f"{shell.applet}: usage: printf FORMAT [ARGUMENT...]\n")
        return 2
    await shell.write_error("printf: usage: printf [-v var] format [arguments]\n")
    return 2
