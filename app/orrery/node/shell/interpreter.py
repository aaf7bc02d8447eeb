"""Runs the syntax tree: one handler per kind of node. Single commands are `commands`'s.

`last` says that nothing follows in this process, so that a program may take its place. `shell.tested` is above zero where a failure is
asked about, so that set -e does not end the shell.
"""

from collections.abc import Awaitable, Mapping
from typing import TYPE_CHECKING, Any, Final, Protocol

from orrery.node.processes.program import Process, Stream, ignore
from orrery.node.shell import redirections
from orrery.node.shell.commands import run_simple, wait_foreground
from orrery.node.shell.conditions import described, run_condition
from orrery.node.shell.errors import Break, CommandError, Continue, Exit, Interrupted, ShellError
from orrery.node.shell.forking import new_child
from orrery.node.shell.nodes import (
    AndOr,
    ArithmeticCommand,
    ArithmeticFor,
    Background,
    Case,
    Condition,
    Coprocess,
    For,
    Function,
    Group,
    If,
    Loop,
    Node,
    Not,
    Pipeline,
    Redirected,
    Sequence,
    Simple,
    Subshell,
    Timed,
)
from orrery.node.shell.patterns import matches
from orrery.node.shell.traps import PSEUDO, SIGINT, SIGQUIT, run_pseudo_trap

if TYPE_CHECKING:
    from orrery.node.shell.shell import Shell


class Handler(Protocol):
    """Runs one kind of node."""

    def __call__(self, shell: "Shell", node: Any, *, last: bool) -> Awaitable[int]: ...


async def run(shell: "Shell", node: Node, *, last: bool) -> int:
    return await HANDLERS[type(node)](shell, node, last=last)


async def check_errexit(shell: "Shell") -> None:
    """After a command that set -e is about."""
    if shell.status and not shell.tested:
        if PSEUDO["ERR"] in shell.traps.actions and (not shell.calls or "errtrace" in shell.options):
            await run_pseudo_trap(shell, PSEUDO["ERR"])
        if shell.errexit:
            raise Exit(shell.status)


async def _sequence(shell: "Shell", node: Sequence, *, last: bool) -> int:
    items = node.items
    if not items:
        return 0
    for item in items[:-1]:
        await HANDLERS[type(item)](shell, item, last=False)
    return await HANDLERS[type(items[-1])](shell, items[-1], last=last)


async def _and_or(shell: "Shell", node: AndOr, *, last: bool) -> int:
    shell.tested += 1
    try:
        status = await HANDLERS[type(node.left)](shell, node.left, last=False)
    finally:
        shell.tested -= 1
    if (status == 0) == (node.operator == "&&"):
        return await HANDLERS[type(node.right)](shell, node.right, last=last)
    return status


async def _not(shell: "Shell", node: Not, *, last: bool) -> int:
    shell.tested += 1
    try:
        status = await run(shell, node.body, last=False)
    finally:
        shell.tested -= 1
    shell.status = int(status == 0)
    return shell.status


async def _if(shell: "Shell", node: If, *, last: bool) -> int:
    shell.tested += 1
    try:
        status = await HANDLERS[type(node.condition)](shell, node.condition, last=False)
    finally:
        shell.tested -= 1
    if status == 0:
        return await HANDLERS[type(node.then)](shell, node.then, last=last)
    if node.otherwise is not None:
        return await HANDLERS[type(node.otherwise)](shell, node.otherwise, last=last)
    shell.status = 0
    return 0


async def as_loop(shell: "Shell", turns: Awaitable[int]) -> int:
    """Run all turns of a loop to its exit code; a `break` of this loop ends them."""
    shell.loops += 1
    try:
        result = await turns
    except Break as jump:
        if jump.count > 1:
            raise Break(jump.count - 1) from None
        result = 0
    finally:
        shell.loops -= 1
    shell.status = result
    return result


async def one_turn(shell: "Shell", body: Node) -> int:
    """A loop's body once; a `continue` of this loop ends it."""
    try:
        result = await HANDLERS[type(body)](shell, body, last=False)
    except Continue as jump:
        if jump.count > 1:
            raise Continue(jump.count - 1) from None
        result = 0
    await shell.process.tick()
    if shell.is_halted and not shell.no_exec:
        raise Interrupted(130)
    return result


async def _loop(shell: "Shell", node: Loop, *, last: bool) -> int:
    condition = HANDLERS[type(node.condition)]

    async def turns() -> int:
        result = 0
        while True:
            shell.tested += 1
            try:
                status = await condition(shell, node.condition, last=False)
            finally:
                shell.tested -= 1
            if (status == 0) == node.until:
                return result
            result = await one_turn(shell, node.body)

    return await as_loop(shell, turns())


async def _for(shell: "Shell", node: For, *, last: bool) -> int:
    words = list(shell.arguments) if node.words is None else await shell.expander.words(node.words)
    if node.is_select:
        from orrery.node.shell.select import select_turns

        return await as_loop(shell, select_turns(shell, node, words))

    async def turns() -> int:
        result = 0
        for word in words:
            if shell.xtrace and shell.flavour.is_bash:
                await shell.trace(["for", node.name, "in", *[one.text for one in node.words or ()]])
            shell.variables.set(node.name, word)
            result = await one_turn(shell, node.body)
        return result

    return await as_loop(shell, turns())


async def _arithmetic_for(shell: "Shell", node: ArithmeticFor, *, last: bool) -> int:
    async def turns() -> int:
        result = 0
        while await shell.expander.arithmetic(node.condition):
            result = await one_turn(shell, node.body)
            await shell.expander.arithmetic(node.step)
        return result

    await shell.expander.arithmetic(node.start)
    return await as_loop(shell, turns())


async def _case(shell: "Shell", node: Case, *, last: bool) -> int:
    if shell.xtrace and shell.flavour.is_bash:
        await shell.trace_raw(f"case {node.subject.text} in")
    subject = await shell.expander.text(node.subject)
    shell.status = shell.substitution_status = 0
    falls_through = False
    for item in node.items:
        if not falls_through and not await _item_matches(shell, item.patterns, subject):
            continue
        falls_through = False
        if item.body is not None:
            await run(shell, item.body, last=last and item.end == ";;")
        else:
            shell.status = 0
        if item.end == ";;":
            break
        falls_through = item.end == ";&"
    return shell.status


async def _item_matches(shell: "Shell", patterns: tuple[Any, ...], subject: str) -> bool:
    for pattern in patterns:
        if matches(await shell.expander.pattern(pattern), subject):
            return True
    return False


async def _group(shell: "Shell", node: Group, *, last: bool) -> int:
    return await HANDLERS[type(node.body)](shell, node.body, last=last)


async def _subshell(shell: "Shell", node: Subshell, *, last: bool) -> int:
    if last and shell.is_subshell and not shell.traps.actions:
        return await run(shell, node.body, last=True)
    child = await fork(shell, node.body)
    if child is None:
        return shell.status
    shell.status = await wait_foreground(shell, child, node)
    await check_errexit(shell)
    if shell.traps.pending:
        await shell.traps.run(shell)
    return shell.status


async def fork(shell: "Shell", node: Node, descriptors: Mapping[int, Stream | None] | None = None, group: int | None = None) -> Any:
    """A process that runs `node`; ShellError when there can be no more."""
    group = shell.foreground_group() if group is None else group
    body = shell.forked(node)
    return await new_child(shell, lambda: shell.process.spawn_call(body, descriptors=descriptors, group=group))


async def _pipeline(shell: "Shell", node: Pipeline, *, last: bool) -> int:
    children = await _start(shell, node)
    leader = children[0].pid
    codes = [await wait_foreground(shell, child, command, leader) for child, command in zip(children, node.commands, strict=True)]
    shell.pipe_status = codes
    shell.status = codes[-1]
    if "pipefail" in shell.options:
        shell.status = next((code for code in reversed(codes) if code), 0)
    if shell.flavour.is_bash:
        shell.variables.arrays["PIPESTATUS"] = {index: str(code) for index, code in enumerate(codes)}
    await check_errexit(shell)
    if shell.traps.pending:
        await shell.traps.run(shell)
    return shell.status


async def _start(shell: "Shell", node: Pipeline) -> list[Any]:
    """All commands at once, each reading what the one before writes."""
    children: list[Any] = []
    reader: Stream | None = None
    try:
        for index, command in enumerate(node.commands):
            descriptors: dict[int, Stream | None] = {} if reader is None else {0: reader}
            following, writer = shell.process.pipe() if index < len(node.commands) - 1 else (None, None)
            if writer is not None:
                descriptors[1] = writer
                if node.with_errors[index]:
                    descriptors[2] = writer
            try:
                group = children[0].pid if children and shell.is_interactive else None
                children.append(await fork(shell, command, descriptors, group))
            finally:
                if reader is not None:
                    reader.close()
                if writer is not None:
                    writer.close()
                reader = following
    except BaseException:
        if reader is not None:
            reader.close()
        raise
    return children


async def _background(shell: "Shell", node: Background, *, last: bool) -> int:
    descriptors: dict[int, Stream | None] = {}
    null: Stream | None = None
    if not shell.is_interactive and "monitor" not in shell.options:
        try:
            null = shell.process.files.open("/dev/null", 0)
            descriptors[0] = null
        except OSError:
            descriptors = {}
    is_controlled = shell.is_interactive or "monitor" in shell.options
    body = shell.forked(node.body)

    async def call(process: Process) -> int:
        if not is_controlled:
            for signal in (SIGINT, SIGQUIT):
                process.handle(signal, ignore)
        return await body(process)

    child = await new_child(shell, lambda: shell.process.spawn_call(call, descriptors=descriptors, group=0 if is_controlled else None))
    if null is not None:
        null.close()
    job = shell.jobs.add(child, node.text, child.pid if is_controlled else 0)
    shell.background = child.pid
    if shell.is_interactive:
        await shell.write_error(f"[{job.number}] {child.pid}\n" if shell.flavour.is_bash else "")
    shell.status = 0
    return 0


async def _coprocess(shell: "Shell", node: Coprocess, *, last: bool) -> int:
    """bash's coproc: a job whose ends of two pipes are descriptors 63 and 60, told in an array."""
    from_child, child_output = shell.process.pipe()
    child_input, to_child = shell.process.pipe()
    descriptors: dict[int, Stream | None] = {0: child_input, 1: child_output}
    child = await fork(shell, node.body, descriptors)
    child_input.close()
    child_output.close()
    for number, stream in ((63, from_child), (60, to_child)):
        redirections.put(shell, number, stream, [])
    shell.variables.set_array(node.name, {0: "63", 1: "60"})
    shell.variables.set(f"{node.name}_PID", str(child.pid))
    shell.jobs.add(child, node.text)
    shell.background = child.pid
    shell.status = 0
    return 0


async def _function(shell: "Shell", node: Function, *, last: bool) -> int:
    shell.functions[node.name] = node
    shell.status = 0
    return 0


async def _redirected(shell: "Shell", node: Redirected, *, last: bool) -> int:
    try:
        saved = await redirections.apply(shell, node.redirects)
    except CommandError as error:
        await shell.report(error)
        # busybox redirects in the subshell already, where an error ends it with 2.
        shell.status = 2 if shell.flavour.is_ash and isinstance(node.body, Subshell) else error.code
        await check_errexit(shell)
        return shell.status
    try:
        return await run(shell, node.body, last=False)
    finally:
        redirections.restore(shell, saved)


async def _arithmetic_command(shell: "Shell", node: ArithmeticCommand, *, last: bool) -> int:
    if shell.xtrace:
        await shell.trace_raw(f"(( {node.word.text.strip()} ))")
    try:
        shell.status = int(await shell.expander.arithmetic(node.word) == 0)
    except ShellError as error:
        await shell.complain("((: " + error.message)
        shell.status = 1
    await check_errexit(shell)
    return shell.status


async def _condition(shell: "Shell", node: Condition, *, last: bool) -> int:
    if shell.xtrace:
        await shell.trace_raw(f"[[ {await described(shell, node.body)} ]]")
    shell.status = await run_condition(shell, node)
    await check_errexit(shell)
    return shell.status


async def _timed(shell: "Shell", node: Timed, *, last: bool) -> int:
    """bash's time: real time by the clock; user and system time are not accounted and show as nothing."""
    started_s = shell.process.clock.now_s()
    if node.body is not None:
        await run(shell, node.body, last=False)
    real_s = shell.process.clock.now_s() - started_s
    if node.portable:
        await shell.write_error(f"real {real_s:.2f}\nuser 0.00\nsys 0.00\n")
    else:
        minutes, seconds = divmod(real_s, 60)
        await shell.write_error(f"\nreal\t{int(minutes)}m{seconds:.3f}s\nuser\t0m0.000s\nsys\t0m0.000s\n")
    return shell.status


HANDLERS: Final[dict[type, Handler]] = {
    Simple: run_simple,
    Pipeline: _pipeline,
    Not: _not,
    Timed: _timed,
    AndOr: _and_or,
    Background: _background,
    Coprocess: _coprocess,
    Sequence: _sequence,
    Subshell: _subshell,
    Group: _group,
    If: _if,
    Loop: _loop,
    For: _for,
    ArithmeticFor: _arithmetic_for,
    Case: _case,
    Function: _function,
    Redirected: _redirected,
    ArithmeticCommand: _arithmetic_command,
    Condition: _condition,
}
