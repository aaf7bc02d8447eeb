"""What interrupts the run of a script: errors of syntax and expansion, and the jumps of break, continue, return and exit."""


class SyntaxFault(Exception):
    """The text is no script. `message` is worded by the parser for its flavour; `token` is what bash quotes beside the line."""

    def __init__(self, message: str, line: int, *, at_end: bool = False, shows_line: bool = False, code: int = 2) -> None:
        super().__init__(message)
        self.message = message
        self.line = line
        self.at_end = at_end
        self.shows_line = shows_line
        self.code = code


class ShellError(Exception):
    """Ends a non-interactive shell: a failed expansion or special builtin. The message has no prefix yet; an empty one was told."""

    def __init__(self, message: str, code: int = 2, *, builtin: str = "", only_line: bool = False) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.builtin = builtin
        self.only_line = only_line
        """bash gives up the current line or list only, and goes on."""


class CommandError(Exception):
    """An error that ends one command: of a redirection or an ordinary builtin."""

    def __init__(self, message: str, code: int = 1, *, builtin: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.builtin = builtin


class LoopJump(Exception):
    """break or continue, with the number of loops still to leave."""

    def __init__(self, count: int) -> None:
        super().__init__(count)
        self.count = count


class Break(LoopJump):
    """Leave `count` loops."""


class Continue(LoopJump):
    """Leave `count` - 1 loops and go on with the next turn of that one."""


class Return(Exception):
    """return from a function or a sourced script."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class Exit(Exception):
    """exit: the shell ends after its EXIT trap. `run_trap` is off when the trap itself exits or the shell was replaced."""

    def __init__(self, code: int, *, run_trap: bool = True) -> None:
        super().__init__(code)
        self.code = code
        self.run_trap = run_trap


class SyntaxEnd(Exit):
    """A syntax error was told; bash's eval goes on after it."""


class Interrupted(Exception):
    """An interactive shell goes back to its prompt: after ^C, or an error that would end a script."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code
