"""Assignments: plain, appended, to elements and whole arrays, and as arguments of export and its like."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from orrery.node.shell.errors import ShellError
from orrery.node.shell.expansion import check_room
from orrery.node.shell.nodes import Assignment, Literal, Part, Word
from orrery.node.shell.quoting import traced

if TYPE_CHECKING:
    from orrery.node.shell.shell import Shell


async def expand_value(shell: "Shell", assignment: Assignment) -> str:
    """The text that is assigned, with what was there before when it is appended."""
    text = await shell.expander.text(assignment.value, in_assignment=True)
    if assignment.append:
        if assignment.name in shell.variables.integers:
            return str(shell.number(assignment.name, -(1 << 70)) + shell.evaluate(text))
        before = shell.variables.get(assignment.name) or ""
        check_room(shell.process, len(before) + len(text))
        return before + text
    return text


async def assign(shell: "Shell", assignment: Assignment) -> None:
    """Carry one assignment out."""
    if assignment.items is not None:
        await assign_array(shell, assignment.name, assignment.items, append=assignment.append)
        return
    if assignment.subscript is not None:
        text = await shell.expander.text(assignment.value, in_assignment=True)
        if assignment.name in shell.variables.integers:
            text = str(shell.evaluate(text))
        await shell.assign_element(assignment.name, assignment.subscript, text, append=assignment.append)
        return
    value = await expand_value(shell, assignment)
    if assignment.name in shell.variables.integers:
        value = str(shell.evaluate(value))
    shell.variables.set(assignment.name, value)


async def assign_array(shell: "Shell", name: str, items: Sequence[tuple[Word | None, Word]], *, append: bool) -> None:
    """name=(…): words in order, or [key]=value."""
    variables = shell.variables
    name = variables.references.get(name, name)
    variables.check_writable(name)
    if name in variables.maps:
        await _assign_map(shell, name, items, append=append)
        return
    values: dict[int, str] = dict(variables.make_array(name)) if append else {}
    index = max(values, default=-1) + 1
    for key, word in items:
        await shell.process.tick()
        if key is not None:
            index = await shell.expander.arithmetic(key)
            values[index] = await shell.expander.text(word)
            index += 1
            continue
        for field in await shell.expander.words((word,)):
            values[index] = field
            index += 1
    variables.values.pop(name, None)
    variables.set_array(name, values)


async def _assign_map(shell: "Shell", name: str, items: Sequence[tuple[Word | None, Word]], *, append: bool) -> None:
    values = dict(shell.variables.maps[name]) if append else {}
    for key, word in items:
        if key is None:
            raise ShellError(f"{name}: {word.text}: must use subscript when assigning associative array", 1, only_line=True)
        values[await shell.expander.text(key)] = await shell.expander.text(word)
    shell.variables.maps[name] = values


async def trace_assignments(shell: "Shell", assignments: tuple[Assignment, ...]) -> None:
    """Assign, and show it: bash one by one, the others in one line."""
    shown: list[str] = []
    for assignment in assignments:
        if assignment.name == "PS4" and shell.flavour.is_bash:
            await shell.trace_raw(f"PS4={traced(await shell.expander.text(assignment.value), shell.flavour)}")
            await assign(shell, assignment)
            continue
        await assign(shell, assignment)
        if assignment.items is not None:
            await shell.trace_raw(f"{assignment.name}=({' '.join(word.text for _, word in assignment.items)})")
            continue
        value = shell.variables.get(assignment.name) or ""
        sign = "+=" if assignment.append and shell.flavour.is_bash else "="
        shown.append(f"{assignment.name}{sign}{traced(value, shell.flavour) if value else ''}")
        if shell.flavour.is_bash:
            await shell.trace_raw(shown.pop())
    if shown:
        await shell.trace_raw(" ".join(shown))


async def assignment_words(shell: "Shell", words: Sequence[Word]) -> list[str]:
    """The words of export, readonly, local and declare: name=value is expanded as an assignment."""
    result: list[str] = []
    for word in words:
        split = _split_assignment(word)
        if split is None:
            result += await shell.expander.words((word,))
        else:
            start, value = split
            result.append(start + await shell.expander.text(value, in_assignment=True))
    return result


def _split_assignment(word: Word) -> tuple[str, Word] | None:
    first = word.parts[0] if word.parts else None
    if not isinstance(first, Literal) or "=" not in first.text:
        return None
    name, _, rest = first.text.partition("=")
    if not name.rstrip("+").isidentifier():
        return None
    parts: tuple[Part, ...] = ((Literal(rest),) if rest else ()) + word.parts[1:]
    return name + "=", Word(parts, word.text)
