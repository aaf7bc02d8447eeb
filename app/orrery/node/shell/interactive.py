"""Commands from standard input: a script that is piped in, or a person at a terminal with prompts."""

from typing import TYPE_CHECKING, Final

from orrery.node.processes.program import ignore
from orrery.node.shell.builtins.history import remember
from orrery.node.shell.errors import CommandError, Exit, Interrupted, LoopJump, Return, ShellError, SyntaxFault
from orrery.node.shell.escapes import decode
from orrery.node.shell.traps import SIGINT, SIGQUIT, SIGTERM

if TYPE_CHECKING:
    from orrery.node.shell.shell import Shell

_SIGTTIN, _SIGTTOU, _SIGTSTP = 21, 22, 20
_TEXT_MAX: Final = 16 * 1024 * 1024


class _Input:
    """Lines of standard input. bash reads no byte too many, so that commands find the rest; the others read blocks."""

    def __init__(self, shell: "Shell") -> None:
        self.shell = shell
        self.buffer = b""
        self.ended = False
        self.one_by_one = shell.flavour.is_bash

    async def line(self) -> str | None:
        while b"\n" not in self.buffer and not self.ended and len(self.buffer) < _TEXT_MAX:
            stdin = self.shell.process.descriptors.get(0)
            if stdin is None:
                self.ended = True
                break
            piece = await stdin.read(1 if self.one_by_one and not stdin.is_terminal else 1024)
            self.ended = not piece
            self.buffer += piece
        if not self.buffer:
            return None
        line, newline, self.buffer = self.buffer.partition(b"\n")
        return decode(line + newline)


async def run_stdin(shell: "Shell") -> int:
    """A script on standard input, one line after the other."""
    source = _Input(shell)
    line_number = 1
    while True:
        text = await source.line()
        if text is None:
            return shell.status
        text, more = await _whole_command(shell, source, text, line_number)
        parser = shell.parser_of(text, line_number)
        line_number += more
        while True:
            ended, node = await shell.parse(parser)
            if ended:
                break
            if node is not None and "noexec" not in shell.options:
                await shell.run(node)


async def _whole_command(shell: "Shell", source: _Input, text: str, line_number: int) -> tuple[str, int]:
    """Add lines until the text is whole; the text, and its number of lines."""
    count = 1
    while not _is_whole(shell, text, line_number):
        following = await source.line()
        if following is None:
            break
        text += following
        count += 1
        await shell.process.tick(10)
    return text, count


def _is_whole(shell: "Shell", text: str, line_number: int) -> bool:
    parser = shell.parser_of(text, line_number)
    try:
        while True:
            ended, _ = parser.next_command()
            if ended:
                return not parser.hit_end
    except SyntaxFault as fault:
        return not fault.at_end


# --- at a terminal ---------------------------------------------------------------------------------------------------------------


def prompt_text(shell: "Shell", name: str) -> str:
    """PS1 or PS2 before expansion; the default of the flavour."""
    text = shell.variables.get(name)
    if text is not None:
        return text
    if name == "PS2":
        return "> "
    if shell.flavour.is_bash:
        return r"\u@\h:\w\$ "
    sign = "#" if shell.process.uid == 0 else "$"
    return rf"\w {sign} " if shell.flavour.is_ash else f"{sign} "


async def _prompt(shell: "Shell", name: str) -> str:
    text = prompt_text(shell, name)
    if not shell.flavour.is_dash:
        text = _escapes(shell, text)
    xtrace, shell.xtrace = shell.xtrace, False
    try:
        return await shell.expander.text(shell.document_of(text))
    except (ShellError, SyntaxFault):
        return text
    finally:
        shell.xtrace = xtrace


def _escapes(shell: "Shell", text: str) -> str:
    r"""\u \h \w and their like."""
    if "\\" not in text:
        return text
    directory = shell.variables.get("PWD") or "/"
    home = shell.variables.get("HOME") or ""
    is_below = home not in ("", "/") and (directory == home or directory.startswith(home + "/"))
    short = "~" + directory[len(home) :] if is_below else directory
    values = {
        "u": _user(shell),
        "h": shell.process.network.hostname.partition(".")[0],
        "H": shell.process.network.hostname,
        "w": short,
        "W": short if short in ("/", "~") else short.rpartition("/")[2],
        "$": "#" if shell.process.uid == 0 else "$",
        "s": shell.applet,
        "n": "\n",
        "r": "\r",
        "a": "\a",
        "e": "\x1b",
        "[": "",
        "]": "",
        "\\": "\\\\",
        "v": "5.2",
        "j": str(len(shell.jobs.items)),
        "!": "1",
        "#": "1",
    }
    result: list[str] = []
    index = 0
    while index < len(text):
        if text[index] == "\\" and index + 1 < len(text):
            result.append(values.get(text[index + 1], text[index : index + 2]))
            index += 2
        else:
            result.append(text[index])
            index += 1
    return "".join(result)


def _user(shell: "Shell") -> str:
    uid = str(shell.process.uid)
    try:
        for line in decode(shell.process.files.read("/etc/passwd")).splitlines():
            fields = line.split(":")
            if len(fields) > 2 and fields[2] == uid:
                return fields[0]
    except OSError:
        pass
    return "root" if uid == "0" else "I have no name!" if shell.flavour.is_bash else "?"


async def run_interactive(shell: "Shell") -> int:
    """Prompt, read, run, until the end of input or exit."""
    process = shell.process
    for signal in (SIGQUIT, SIGTERM, _SIGTTIN, _SIGTTOU, _SIGTSTP):
        process.handle(signal, ignore)
    process.handle(SIGINT, shell.interrupt)
    shell.options.add("interactive")
    shell.options.add("monitor")
    shell.features.add("expand_aliases")
    shell.take_terminal()
    source = _Input(shell)
    if shell.flavour.is_ash:
        await _greet(shell)
    while True:
        await _tell_jobs(shell)
        try:
            text = await _read_command(shell, source)
        except Interrupted:
            shell.status = 130
            continue
        if text is None:
            await _say_goodbye(shell)
            return shell.status
        await _run_line(shell, text)


async def _greet(shell: "Shell") -> None:
    """busybox says nothing more than a prompt when it is no login shell."""
    if shell.name.startswith("-"):
        await shell.write_error("\n")


async def _say_goodbye(shell: "Shell") -> None:
    if shell.flavour.is_bash:
        await shell.write_error("exit\n")
    elif shell.flavour.is_dash:
        await shell.write_error("\n")


async def _read_command(shell: "Shell", source: _Input) -> str | None:
    """A whole command; None at the end of input. Interrupted on ^C."""
    await shell.write_error(await _prompt(shell, "PS1"))
    text = await _interruptible_line(shell, source)
    if text is None:
        return None
    while not _is_whole(shell, text, 1):
        await shell.write_error(await _prompt(shell, "PS2"))
        following = await _interruptible_line(shell, source)
        if following is None:
            break
        text += following
    return text


async def _interruptible_line(shell: "Shell", source: _Input) -> str | None:
    result: list[str | None] = []

    async def read() -> None:
        result.append(await source.line())

    shell.interrupts.clear()
    await shell.process.first_of(read(), shell.interrupts.wait())
    if result:
        return result[0]
    source.buffer = b""
    await shell.write_error("\n")
    raise Interrupted(130)


async def _run_line(shell: "Shell", text: str) -> None:
    shell.interrupts.clear()
    shell.is_halted = False
    remember(shell, text)
    parser = shell.parser_of(text, 1)
    try:
        while True:
            ended, node = parser.next_command()
            if ended:
                return
            if node is not None:
                await shell.run(node)
    except SyntaxFault as fault:
        await shell.complain_syntax(fault, parser.scanner)
        shell.status = 2
    except (ShellError, CommandError) as error:
        await shell.report(error)
        shell.status = error.code
    except Interrupted as cut:
        shell.is_halted = False
        shell.status = cut.code
    except (LoopJump, Return):
        pass
    except Exit:
        raise
    finally:
        shell.take_terminal()


async def _tell_jobs(shell: "Shell") -> None:
    """Jobs that ended since the last prompt."""
    for job in list(shell.jobs.items):
        if job.code is not None:
            await shell.write_error(shell.jobs.line(job) + "\n")
            shell.jobs.forget(job)
