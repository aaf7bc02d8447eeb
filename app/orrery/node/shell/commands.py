"""Simple commands: assignments, functions, builtins and programs, with their redirections and their errors."""

import errno
import os
from typing import TYPE_CHECKING, Final

from orrery.node.processes.program import Child, Process
from orrery.node.shell import redirections
from orrery.node.shell.assignments import assign, assignment_words, expand_value, trace_assignments
from orrery.node.shell.errors import CommandError, Exit, Interrupted, Return, ShellError
from orrery.node.shell.forking import new_child
from orrery.node.shell.jobs import signal_text
from orrery.node.shell.nodes import Assignment, Function, Node, Simple
from orrery.node.shell.traps import PSEUDO, run_pseudo_trap

if TYPE_CHECKING:
    from orrery.node.shell.builtins.builtin import Builtin
    from orrery.node.shell.shell import Shell

_SIGINT: Final = 130
_SIGTERM: Final = 143
_SILENT: Final = frozenset({130, 141})
DEBUG: Final = PSEUDO["DEBUG"]
RETURN: Final = PSEUDO["RETURN"]


async def run_simple(shell: "Shell", node: Simple, *, last: bool) -> int:
    """One simple command; its exit code, also in $?."""
    await shell.process.tick()
    if shell.is_halted:
        if shell.no_exec:
            return 0
        raise Interrupted(_SIGINT)
    shell.line = node.line
    shell.substitution_status = 0
    if DEBUG in shell.traps.actions and (not shell.calls or "functrace" in shell.options):
        shell.command_text = shell.text_of(node)
        await run_pseudo_trap(shell, DEBUG)
    try:
        if not node.words:
            await _assign_only(shell, node)
        else:
            builtin = shell.builtins.get(node.words[0].text)
            if builtin is not None and builtin.declares:
                arguments = await assignment_words(shell, node.words)
            else:
                arguments = await shell.expander.words(node.words)
            if arguments:
                shell.status = await _run_words(shell, node, arguments, last=last)
            else:
                await _assign_only(shell, node)
    except ShellError as error:
        await _failed(shell, error)
    except CommandError as error:
        await shell.report(error)
        shell.status = error.code
    if shell.status and not shell.tested:
        from orrery.node.shell.interpreter import check_errexit

        await check_errexit(shell)
    if shell.traps.pending:
        await shell.traps.run(shell)
    return shell.status


async def _failed(shell: "Shell", error: ShellError) -> None:
    """An error of expansion ends a shell that is not interactive; bash gives up some of them for the line only."""
    await shell.report(error)
    shell.status = error.code
    if shell.is_interactive:
        raise Interrupted(error.code)
    raise Exit(error.code)


async def _assign_only(shell: "Shell", node: Simple) -> None:
    """No command: redirections are tried, assignments stay."""
    if node.redirects:
        redirections.restore(shell, await redirections.apply(shell, node.redirects))
    if shell.xtrace:
        await trace_assignments(shell, node.assignments)
    else:
        for assignment in node.assignments:
            await assign(shell, assignment)
    shell.status = shell.substitution_status


async def _run_words(shell: "Shell", node: Simple, arguments: list[str], *, last: bool) -> int:
    name = arguments[0]
    builtin = shell.builtins.get(name)
    if builtin is not None and builtin.is_special and not shell.flavour.is_bash:
        return await _run_special(shell, node, arguments, builtin)
    function = shell.functions.get(name)
    if function is None and builtin is None:
        return await _run_program(shell, node, arguments, last=last)
    overlay = await _overlay(shell, node.assignments) if node.assignments else None
    if shell.xtrace:
        await _trace(shell, overlay, arguments)
    try:
        saved = await redirections.apply(shell, node.redirects) if node.redirects else None
    except CommandError as error:
        await shell.report(error)
        return error.code
    restore = _set_temporarily(shell, overlay) if overlay else None
    is_exec = builtin is not None and name == "exec" and function is None
    try:
        if function is not None:
            return await call_function(shell, function, arguments)
        assert builtin is not None
        code = await run_builtin(shell, builtin, arguments)
        if is_exec and saved is not None and code == 0:
            redirections.keep(saved)
            saved = None
        return code
    except CommandError as error:  # Told where the command's own redirections lead.
        await shell.report(error)
        return error.code
    finally:
        if restore is not None:
            restore.undo()
        if saved is not None:
            redirections.restore(shell, saved)


async def _run_special(shell: "Shell", node: Simple, arguments: list[str], builtin: "Builtin") -> int:
    """A special builtin: assignments before it stay, its errors end the shell."""
    overlay = {}
    for assignment in node.assignments:
        overlay[assignment.name] = await expand_value(shell, assignment)
        shell.variables.set(assignment.name, overlay[assignment.name])
        if arguments[0] == "exec":
            shell.variables.export(assignment.name)
    if shell.xtrace:
        await _trace(shell, overlay, arguments)
    try:
        saved = await redirections.apply(shell, node.redirects) if node.redirects else []
    except CommandError as error:
        raise ShellError(error.message, error.code) from None
    is_exec = arguments[0] == "exec"
    try:
        code = await run_builtin(shell, builtin, arguments)
        if is_exec and code == 0:
            redirections.keep(saved)
            saved = []
        return code
    except (CommandError, ShellError) as error:
        await shell.report(error)
        raise ShellError("", error.code) from None
    finally:
        redirections.restore(shell, saved)


async def run_builtin(shell: "Shell", builtin: "Builtin", arguments: list[str]) -> int:
    """A builtin's exit code; its broken pipe is a signal, its write error a message."""
    try:
        return await builtin.run(shell, arguments)
    except BrokenPipeError:
        raise
    except OSError as error:
        reason = os.strerror(error.errno or errno.EIO)
        if shell.flavour.is_dash:
            await shell.complain(f"{arguments[0]}: I/O error", arguments[0])
        elif shell.flavour.is_ash:
            await shell.write_error(f"{shell.applet}: write error: {reason}\n")
        else:
            await shell.complain(f"write error: {reason}", arguments[0])
        return 1


async def _trace(shell: "Shell", overlay: dict[str, str] | None, arguments: list[str]) -> None:
    from orrery.node.shell.quoting import traced

    if overlay and shell.flavour.is_bash:
        for name, value in overlay.items():
            await shell.trace_raw(f"{name}={traced(value, shell.flavour) if value else ''}")
        overlay = None
    start = "".join(f"{name}={traced(value, shell.flavour) if value else ''} " for name, value in (overlay or {}).items())
    await shell.trace_raw(start + " ".join(traced(word, shell.flavour) for word in arguments))


async def _overlay(shell: "Shell", assignments: tuple[Assignment, ...]) -> dict[str, str]:
    overlay: dict[str, str] = {}
    values = shell.variables.values
    before: dict[str, str | None] = {}
    try:
        for assignment in assignments:
            name = assignment.name
            shell.variables.check_writable(name)
            overlay[name] = await expand_value(shell, assignment)
            # The next assignment already sees this one.
            before.setdefault(name, values.get(name))
            values[name] = overlay[name]
    finally:
        for name, value in before.items():
            if value is None:
                values.pop(name, None)
            else:
                values[name] = value
    return overlay


class _Temporary:
    """Variables that are set for one builtin or function."""

    def __init__(self, shell: "Shell", overlay: dict[str, str]) -> None:
        self.variables = shell.variables
        self.before = {name: (self.variables.values.get(name), name in self.variables.exported) for name in overlay}
        for name, value in overlay.items():
            self.variables.set(name, value)
            self.variables.export(name)

    def undo(self) -> None:
        for name, (value, exported) in self.before.items():
            if value is None:
                self.variables.values.pop(name, None)
            else:
                self.variables.values[name] = value
            if not exported:
                self.variables.unexport(name)
            if name in self.variables.on_change:
                self.variables.on_change[name](value)
            self.variables.forget_environment()


def _set_temporarily(shell: "Shell", overlay: dict[str, str]) -> _Temporary:
    return _Temporary(shell, overlay)


async def call_function(shell: "Shell", function: Function, arguments: list[str]) -> int:
    """Run a function's body with its own positional parameters and locals."""
    caller, shell.arguments = shell.arguments, arguments[1:]
    loops = shell.loops
    if not shell.flavour.is_ash:
        shell.loops = 0
    shell.calls.append(function.name)
    shell.call_lines.append(shell.line)
    shell.variables.enter()

    async def body() -> int:
        return await shell.run(function.body)

    try:
        code = await shell.deeper(body)
    except Return as returning:
        code = returning.code
    finally:
        shell.variables.leave()
        shell.calls.pop()
        shell.call_lines.pop()
        shell.arguments, shell.loops = caller, loops
    if RETURN in shell.traps.actions and "functrace" in shell.options:
        await run_pseudo_trap(shell, RETURN)
    return code


# --- programs --------------------------------------------------------------------------------------------------------------------


async def _run_program(shell: "Shell", node: Simple, arguments: list[str], *, last: bool) -> int:
    overlay = await _overlay(shell, node.assignments) if node.assignments else None
    if shell.xtrace:
        await _trace(shell, overlay, arguments)
    try:
        saved = await redirections.apply(shell, node.redirects) if node.redirects else []
    except CommandError as error:
        await shell.report(error)
        return error.code
    environment = shell.variables.environment()
    if overlay:
        environment = {**environment, **overlay}
    is_last = last and not shell.traps.actions.get(0) and not shell.traps.pending and not shell.jobs.items
    if shell.flavour.is_bash:
        environment = _as_bash_tells(shell, environment, arguments[0], is_last=is_last and not shell.is_subshell)
    try:
        if is_last:
            return await replace(shell, arguments, environment)
        return await spawn(shell, arguments, environment, node)
    finally:
        redirections.restore(shell, saved)


def _as_bash_tells(shell: "Shell", environment: dict[str, str], name: str, *, is_last: bool) -> dict[str, str]:
    """bash names the program in `_`, and one that takes its place is a level further out."""
    told = {**environment, "_": name if "/" in name else shell.process.find_program(name) or name}
    if is_last and (level := told.get("SHLVL", "")).isdigit():
        told["SHLVL"] = str(max(int(level) - 1, 0))
    return told


async def replace(shell: "Shell", arguments: list[str], environment: dict[str, str], *, builtin: str = "") -> int:
    """Run a program in the shell's place; does not come back when it was found."""
    try:
        code = await shell.process.replace(arguments, environment=environment)
    except OSError as error:
        if error.errno == errno.ENOEXEC and not builtin:
            return await _run_as_script(shell, arguments, environment, shell.process)
        if error.filename is not None and error.filename not in (arguments[0], "") and not _is_search(error, arguments[0]):
            raise
        return await not_started(shell, arguments[0], error, builtin)
    raise Exit(code, run_trap=False)


def _is_search(error: OSError, name: str) -> bool:
    return str(error.filename).endswith("/" + name)


async def spawn(shell: "Shell", arguments: list[str], environment: dict[str, str], node: Node) -> int:
    """Run a program as a child and wait for it."""
    group = shell.foreground_group()
    try:
        child = await new_child(shell, lambda: shell.process.spawn(arguments, environment=environment, group=group))
    except OSError as error:
        if error.errno == errno.ENOEXEC:
            return await _script_in_child(shell, arguments, environment, node)
        return await not_started(shell, arguments[0], error)
    return await wait_foreground(shell, child, node)


async def _script_in_child(shell: "Shell", arguments: list[str], environment: dict[str, str], node: Node) -> int:
    """A text file without `#!` is a script for the same kind of shell."""

    async def call(process: Process) -> int:
        return await _run_as_script(shell, arguments, environment, process)

    return await wait_foreground(shell, await new_child(shell, lambda: shell.process.spawn_call(call)), node)


async def _run_as_script(shell: "Shell", arguments: list[str], environment: dict[str, str], process: Process) -> int:
    from orrery.node.shell.main import run_script

    path = shell.process.find_program(arguments[0]) or arguments[0]
    code = await run_script(process, shell.flavour, path, arguments, environment)
    if process is shell.process:
        raise Exit(code, run_trap=False)
    return code


async def not_started(shell: "Shell", name: str, error: OSError, builtin: str = "") -> int:
    """Tell why a program did not start: 127 when it is not there, 126 when it cannot be run."""
    is_missing = error.errno in (errno.ENOENT, errno.ENOTDIR)
    code = 127 if is_missing else 126
    reason = os.strerror(error.errno or errno.EIO)
    if shell.flavour.is_bash:
        if is_missing and "/" not in name:
            reason = "not found" if builtin else "command not found"
        elif error.errno == errno.EACCES and shell.process.files.is_directory(name):
            reason = "Is a directory"
        elif builtin and error.errno == errno.EACCES and "/" in name:
            await shell.complain(f"{name}: {reason}", builtin)
            await shell.complain(f"{builtin}: {name}: cannot execute: {reason}")
            return code
        elif is_missing and shell.process.files.exists(name):
            reason = "cannot execute: required file not found"
    elif is_missing:
        reason = "not found" if name else "Permission denied"
    await shell.complain(f"{name}: {reason}", builtin)
    return code


async def wait_foreground(shell: "Shell", child: Child, node: Node, group: int = 0) -> int:
    """Wait for a child; one that a signal ended is told about."""
    shell.last_text = shell.text_of(node)
    code = await shell.wait_child(child, group)
    signal = child.signal
    if signal is not None and code not in _SILENT:
        text = signal_text(code)
        if shell.flavour.is_bash and not shell.is_interactive and code != _SIGTERM:
            await shell.write_error(f"{shell.prefix()}{child.pid:>5} {text:<23} {shell.text_of(node)}\n")
        else:
            await shell.write_error(f"{text}\n")
    elif signal == 2 and shell.is_interactive:
        await shell.write_error("\n")
        raise Interrupted(code)
    return code
