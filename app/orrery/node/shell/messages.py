"""What a shell says: prefixes of messages in the manner of dash, ash and bash, complaints, and the trace of set -x."""

from orrery.node.processes.program import Process
from orrery.node.shell.errors import CommandError, ShellError, SyntaxFault
from orrery.node.shell.escapes import encode
from orrery.node.shell.expansion import Expander
from orrery.node.shell.flavours import Flavour
from orrery.node.shell.nodes import Node, Simple, Subshell, Word
from orrery.node.shell.quoting import traced
from orrery.node.shell.scanner import Scanner
from orrery.node.shell.variables import Variables


class Messages:
    """The part of a shell that writes to standard error."""

    process: Process
    flavour: Flavour
    variables: Variables
    expander: Expander
    name: str
    applet: str
    line: int
    script: str | None
    source: str
    context: str
    sourced: int
    is_interactive: bool
    xtrace: bool
    calls: list[str]
    """The functions that are being run."""

    def document_of(self, text: str) -> Word:
        """A prompt as a word with expansions."""
        raise NotImplementedError

    async def write_error(self, text: str) -> None:
        stream = self.process.descriptors.get(2)
        if stream is not None:
            try:
                await stream.write(encode(text))
            except OSError:
                return

    def prefix(self, builtin: str = "") -> str:
        """What stands before a message."""
        builtin = builtin or ("" if self.flavour.is_bash else self.context)
        middle = f"{builtin}: " if builtin else ""
        if self.flavour.is_dash:
            return f"{self.name}: {self.line}: {middle}"
        if self.flavour.is_bash:
            where = "" if self.is_interactive else f"line {self.line}: "
            inside = ("environment" if self.source == "-c" else "main") if self.calls and not self.is_interactive else ""
            return f"{self.script or inside or self.name}: {where}{middle}"
        if self.script is not None or builtin:
            where = "" if self.is_interactive else f"line {self.line}: "
            return f"{self.script or self.name}: {middle}{where}"
        return f"{self.name}: "

    async def complain(self, message: str, builtin: str = "") -> None:
        await self.write_error(f"{self.prefix(builtin)}{message}\n")

    async def complain_applet(self, message: str, builtin: str) -> None:
        """As test, printf and kill do: busybox names its applet only."""
        if self.flavour.is_ash:
            await self.write_error(f"{self.applet}: {message}\n")
        else:
            await self.complain(message, builtin)

    async def report(self, error: ShellError | CommandError) -> None:
        if error.message:
            await self.complain(error.message, error.builtin)

    async def complain_syntax(self, fault: SyntaxFault, scanner: Scanner) -> None:
        if self.flavour.is_bash:
            source = "-c: " if self.source == "-c" and not self.is_interactive and not self.sourced else ""
            source = f"{self.context}: " if self.context else source
            where = "" if self.is_interactive or self.source == "stdin" else f"line {fault.line}: "
            start = f"{self.script or self.name}: {source}{where}"
            await self.write_error(f"{start}{fault.message}\n")
            if fault.shows_line:
                await self.write_error(f"{start}`{scanner.source_line()}'\n")
            return
        if self.flavour.is_dash:
            await self.write_error(f"{self.name}: {fault.line}: {self.context + ': ' if self.context else ''}{fault.message}\n")
            return
        where = f"line {fault.line}: " if self.script is not None or self.context else ""
        where = f"{self.context}: {where}" if self.context else where
        await self.write_error(f"{self.script or self.name}: {where}{fault.message}\n")

    def text_of(self, node: Node) -> str:
        """A command as bash's messages show it."""
        if isinstance(node, Simple):
            return " ".join([*[f"{one.name}={one.value.text}" for one in node.assignments], *[word.text for word in node.words]])
        return f"( {self.text_of(node.body)} )" if isinstance(node, Subshell) else ""

    async def trace(self, words: list[str]) -> None:
        """set -x: words, quoted where the flavour does."""
        await self.trace_raw(" ".join(traced(word, self.flavour) for word in words))

    async def trace_raw(self, text: str) -> None:
        prompt = self.variables.get("PS4")
        xtrace, self.xtrace = self.xtrace, False
        start = "+ " if prompt is None else await self.expander.text(self.document_of(prompt))
        self.xtrace = xtrace
        await self.write_error(start + text + "\n")
