"""busybox's grammar of a sed script, looser than GNU's: commands need no separator, braces need no partner, wrong addresses mean nothing."""

from typing import Final, NoReturn

from orrery.node.programs.faults import Fault
from orrery.node.programs.text.sed.script import Address, Command, Script, ScriptParser, Substitution

_COMMANDS: Final = b"saicrw:btTydDgGhHlnNpPqx={}"
_BETWEEN: Final = b"; \t\r\n\v\f"
_SPACES: Final = b" \t\r\n\v\f"
NOWHERE: Final = -2
"""The target of a jump to a label that does not exist, and of a block without an end: both are told when the command is reached."""


class BusyboxParser(ScriptParser):
    _case_letters = ""

    def _wrong(self, gnu: str, busybox: str = "") -> NoReturn:
        raise Fault((busybox or gnu).replace("Unmatched ) or \\)", "Unmatched ( or \\("))  # The words of regcomp.

    def add(self, text: bytes) -> None:
        self._text, self._at = text, 0
        while True:
            self._skip(_BETWEEN)
            if self._at >= len(self._text):
                return
            if self._peek() == 35:
                self.script.is_quiet = self.script.is_quiet or self._text[self._at + 1 : self._at + 2] == b"n"
                self._to_end_of_line()
            else:
                self._command()

    def finish(self) -> Script:
        commands = self.script.commands
        labels = {command.label: index for index, command in reversed(list(enumerate(commands))) if command.name == ":"}
        for index in self._blocks:
            commands[index].target = NOWHERE
        for command in commands:
            if command.name in ("b", "t", "T"):
                command.target = labels.get(command.label, NOWHERE) if command.label else len(commands)
        return self.script

    def _command(self) -> None:
        command = Command("")
        command.first = self._address(is_second=False)
        if self._peek() == 44:
            self._at += 1
            command.second = self._address(is_second=True)
            if command.second is None:
                self._wrong("no address after comma")
            command.first = command.first or Address(line=0)
        elif command.first is not None and command.first.line == 0:
            command.first = None  # As upstream: no line has the number, and no number means all lines.
        self._skip(_SPACES)
        if self._peek() == 33:
            command.is_negated = True
            self._at += 1
            self._skip(_SPACES)
        letter = self._peek()
        if letter < 0:
            self._wrong("missing command")
        self._at += 1
        command.name = chr(letter)
        self._rest(command, letter)
        self.script.commands.append(command)

    def _rest(self, command: Command, letter: int) -> None:
        if letter not in _COMMANDS:
            self._wrong(f"unsupported command {chr(letter)}")
        if letter in b"air" and command.second is not None:
            self._wrong(f"command '{chr(letter)}' uses only one address")
        if letter == 123:
            self._blocks.append(len(self.script.commands))
        elif letter == 125:
            if self._blocks:
                self.script.commands[self._blocks.pop()].target = len(self.script.commands)
        elif letter in b"aic":
            self._text_argument(command)
        elif letter in b":btT":
            self._label(command, letter)
        elif letter in b"rw":
            self._skip(_SPACES)
            command.label = self._to_end_of_line().decode("utf-8", "surrogateescape")
            if not command.label:
                self._wrong("empty filename")
        elif letter == 115:
            self._substitute(command)
        elif letter == 121:
            self._transliterate(command)

    def _address(self, *, is_second: bool) -> Address | None:
        char = self._peek()
        if 48 <= char <= 57:
            return Address(line=self._number())
        if is_second and char == 43 and self._text[self._at + 1 : self._at + 2].isdigit():
            self._at += 1
            return Address(plus=self._number())
        return None if char in (43, 126) else self._other_address(char)

    def _text_argument(self, command: Command) -> None:
        self._skip(b" \t")
        if self._peek() in (92, 10):
            self._at += 1
            if self._text[self._at - 1 : self._at + 1] == b"\\\n":
                self._at += 1
        command.text = self._escaped_text() + b"\n"

    def _label(self, command: Command, letter: int) -> None:
        self._skip(_SPACES)
        start = self._at
        while self._peek() >= 0 and self._peek() not in _BETWEEN:
            self._at += 1
        command.label = self._text[start : self._at].decode("latin-1")

    def _address_flags(self) -> tuple[bool, bool]:
        return False, False

    def _check_references(self, what: Substitution) -> None:
        """A group that the pattern has not is empty."""

    def _flags(self, what: Substitution, source: bytes) -> tuple[bool, bool]:
        fold = False
        while (char := self._peek()) not in (-1, 10, 59, 125, 35):
            self._at += 1
            if 48 <= char <= 57:
                self._at -= 1
                number = self._number()
                if not source.startswith(b"^"):
                    what.nth, what.is_global = max(number, 1), number == 0
            elif char == 103:
                what.nth, what.is_global = 1, True
            elif char == 112:
                what.prints = True
            elif char in b"iI":
                fold = True
            elif char == 119:
                self._skip(_SPACES)
                what.path = self._to_end_of_line().decode("utf-8", "surrogateescape")
            elif char not in _SPACES:
                self._wrong("bad option in substitution expression")
        return fold, False

    def _table(self, old: bytes, new: bytes) -> bytes:
        """The longer side's rest means nothing; of a byte that is there twice, the first counts."""
        table = bytearray(range(256))
        for before, after in reversed(list(zip(old, new, strict=False))):
            table[before] = after
        return bytes(table)
