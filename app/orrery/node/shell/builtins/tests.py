"""test and [ : a recursive descent with one look ahead, as the shells do it, and their three sets of complaints."""

import re
from typing import TYPE_CHECKING, Final

from orrery.node.processes.program import Stat
from orrery.node.shell.errors import CommandError
from orrery.node.shell.escapes import encode

if TYPE_CHECKING:
    from orrery.node.shell.shell import Shell

_NUMBER: Final = re.compile(r"\s*[-+]?[0-9]+\s*\Z")
_NUMERIC: Final = frozenset(["-eq", "-ne", "-lt", "-le", "-gt", "-ge"])
_FILES: Final = frozenset(["-nt", "-ot", "-ef"])
_STRINGS: Final = frozenset(["=", "!=", "<", ">"])
_UNARY: Final = frozenset("-" + letter for letter in "bcdefghkLnOGprsStuwxz")
_BASH_UNARY: Final = _UNARY | {"-a", "-o", "-v", "-N", "-R"}
_TYPES: Final = {"-b": 0o060000, "-c": 0o020000, "-d": 0o040000, "-f": 0o100000, "-p": 0o010000, "-S": 0o140000}
_BITS: Final = {"-u": 0o4000, "-g": 0o2000, "-k": 0o1000}


def _stat(shell: "Shell", path: str, *, follow: bool = True) -> Stat | None:
    try:
        return shell.process.files.stat(path, follow=follow)
    except OSError:
        return None


def unary_test(shell: "Shell", operator: str, operand: str) -> bool:
    """-n and its like."""
    if operator == "-n":
        return operand != ""
    if operator == "-z":
        return operand == ""
    if operator == "-t":
        stream = shell.process.descriptors.get(int(operand)) if operand.isdigit() else None
        return stream is not None and stream.is_terminal
    if operator == "-v":
        return shell.is_set(operand)
    if operator == "-o":
        return operand in shell.options
    if operator == "-R":
        return operand in shell.variables.references
    return _file_test(shell, operator, operand)


def _file_test(shell: "Shell", operator: str, path: str) -> bool:
    if operator in ("-r", "-w", "-x"):
        return shell.process.files.access(path, {"-r": 4, "-w": 2, "-x": 1}[operator])
    stat = _stat(shell, path, follow=operator not in ("-h", "-L"))
    if stat is None:
        return False
    if operator in _TYPES:
        return stat.mode & 0o170000 == _TYPES[operator]
    if operator in _BITS:
        return bool(stat.mode & _BITS[operator])
    if operator in ("-h", "-L"):
        return stat.mode & 0o170000 == 0o120000
    if operator == "-s":
        return stat.size > 0
    if operator in ("-O", "-G"):
        return stat.uid == shell.process.uid if operator == "-O" else stat.gid == shell.process.gid
    return True


def compare_numbers(operator: str, left: int, right: int) -> bool:
    return {
        "-eq": left == right,
        "-ne": left != right,
        "-lt": left < right,
        "-le": left <= right,
        "-gt": left > right,
        "-ge": left >= right,
    }[operator]


def compare_files(shell: "Shell", operator: str, left: str, right: str) -> bool:
    one, other = _stat(shell, left), _stat(shell, right)
    if operator == "-ef":
        return one is not None and other is not None and (one.inode, one.device) == (other.inode, other.device)
    if one is None or other is None:
        is_bash = shell.flavour.is_bash
        return is_bash and (one is not None if operator == "-nt" else other is not None)
    return one.modified_s > other.modified_s if operator == "-nt" else one.modified_s < other.modified_s


class _Test:
    """One expression."""

    def __init__(self, shell: "Shell", arguments: list[str]) -> None:
        self.shell = shell
        self.flavour = shell.flavour
        self.arguments = arguments
        self.index = 0
        self.unary = _BASH_UNARY if self.flavour.is_bash else _UNARY

    def at(self, offset: int = 0) -> str | None:
        index = self.index + offset
        return self.arguments[index] if index < len(self.arguments) else None

    def is_binary(self, text: str | None) -> bool:
        return text is not None and (text in _STRINGS or text in _NUMERIC or text in _FILES or (text == "==" and not self.flavour.is_dash))

    def whole(self) -> bool:
        count = len(self.arguments)
        if count == 0:
            return False
        if count == 1:
            return self.arguments[0] != ""
        if count == 3 and self.is_binary(self.arguments[1]):
            return self.binary()
        if count == 4 and self.arguments[0] == "!" and self.is_binary(self.arguments[2]):
            self.index = 1
            return not self.binary()
        result = self.either()
        if self.index < count:
            raise self.leftover()
        return result

    def leftover(self) -> CommandError:
        before, here = self.arguments[self.index - 1], self.arguments[self.index]
        if self.flavour.is_dash:
            return CommandError(f"{before}: unexpected operator", 2)
        if self.flavour.is_ash:
            return CommandError(f"{here}: unknown operand", 2)
        if len(self.arguments) == 2:
            return CommandError(f"{before}: unary operator expected", 2)
        return CommandError(f"{here}: binary operator expected" if len(self.arguments) == 3 else "too many arguments", 2)

    def either(self) -> bool:
        result = self.both()
        while self.at() == "-o":
            self.index += 1
            result = self.both() or result
        return result

    def both(self) -> bool:
        result = self.negated()
        while self.at() == "-a":
            self.index += 1
            result = self.negated() and result
        return result

    def negated(self) -> bool:
        if self.at() == "!" and self.at(1) is not None and not (self.is_binary(self.at(1)) and self.at(2) is not None):
            self.index += 1
            return not self.negated()
        return self.primary()

    def primary(self) -> bool:
        token = self.at()
        if token is None:
            raise self.missing()
        if token == "(" and self.at(1) is not None and not (self.is_binary(self.at(1)) and self.at(2) is not None):
            return self.parenthesized()
        if self.is_binary(self.at(1)):
            return self.binary()
        if token in self.unary and self.at(1) is not None:
            self.index += 2
            return unary_test(self.shell, token, self.arguments[self.index - 1])
        self.index += 1
        return token != ""

    def missing(self) -> CommandError:
        return CommandError("argument expected", 2)

    def parenthesized(self) -> bool:
        self.index += 1
        if self.at() == ")":
            self.index += 1
            return False
        result = self.either()
        if self.at() != ")":
            raise CommandError("`)' expected" if self.flavour.is_bash else "closing paren expected", 2)
        self.index += 1
        return result

    def binary(self) -> bool:
        left, operator, right = self.at(), self.at(1), self.at(2)
        if left is None or operator is None or right is None:
            if self.flavour.is_bash:
                raise CommandError(f"{left}: unary operator expected" if len(self.arguments) == 2 else "argument expected", 2)
            raise CommandError(f"{operator}: argument expected", 2)
        self.index += 3
        if operator in ("=", "=="):
            return left == right
        if operator == "!=":
            return left != right
        if operator in ("<", ">"):
            return encode(left) < encode(right) if operator == "<" else encode(left) > encode(right)
        if operator in _NUMERIC:
            return compare_numbers(operator, self.number(left), self.number(right))
        return compare_files(self.shell, operator, left, right)

    def number(self, text: str) -> int:
        try:
            return int(text) if text.isdigit() or _NUMBER.match(text) else self._bad(text)
        except ValueError:
            return self._bad(text)

    def _bad(self, text: str) -> int:
        if self.flavour.is_dash:
            raise CommandError(f"Illegal number: {text}", 2)
        if self.flavour.is_ash:
            raise CommandError(f"{text}: bad number" if text else "bad number", 2)
        raise CommandError(f"{text}: integer expression expected", 2)


async def run_test(shell: "Shell", arguments: list[str]) -> int:
    """0 when the expression holds, 1 when not, 2 when it is none."""
    name = arguments[0]
    operands = arguments[1:]
    try:
        if name in ("[", "[["):
            if not operands or operands[-1] != ("]" if name == "[" else "]]"):
                raise CommandError("missing `]'" if shell.flavour.is_bash else f"missing {']' if name == '[' else ']]'}", 2)
            operands = operands[:-1]
        return 0 if _Test(shell, operands).whole() else 1
    except CommandError as error:
        await shell.complain_applet(error.message, name)
        return error.code
