"""How a program ends early: with a message, or with a word about how it is used."""


class Fault(Exception):
    """The program prints `name: message` and ends with `code`."""

    def __init__(self, message: str, code: int = 1) -> None:
        super().__init__(message)
        self.message = message
        self.code = code


class Misuse(Exception):
    """Wrong options or operands: busybox shows its usage, coreutils point to --help."""

    def __init__(self, message: str = "", code: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
