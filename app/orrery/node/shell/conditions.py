"""bash's [[ … ]]: words are neither split nor matched against files, == takes a pattern, =~ a regular expression."""

from typing import TYPE_CHECKING

from orrery.node.programs.patterns.compile import PatternError, compile_pattern
from orrery.node.shell.builtins.tests import compare_files, compare_numbers, unary_test
from orrery.node.shell.errors import CommandError, ShellError
from orrery.node.shell.escapes import decode, encode
from orrery.node.shell.nodes import (
    Condition,
    ConditionBinary,
    ConditionJoin,
    ConditionNode,
    ConditionNot,
    ConditionUnary,
    DoubleQuoted,
    Quoted,
    Word,
)
from orrery.node.shell.patterns import matches
from orrery.node.shell.quoting import traced

if TYPE_CHECKING:
    from orrery.node.shell.shell import Shell


async def run_condition(shell: "Shell", node: Condition) -> int:
    """0 when it holds, 1 when not, 2 for a bad expression."""
    if node.line:
        shell.line = node.line
    try:
        return int(not await _holds(shell, node.body))
    except CommandError as error:
        await shell.complain(error.message, "[[")
        return error.code
    except PatternError:
        return 2


async def described(shell: "Shell", node: ConditionNode) -> str:
    """The condition as set -x shows it."""
    if isinstance(node, ConditionNot):
        return f"! {await described(shell, node.body)}"
    if isinstance(node, ConditionJoin):
        return f"{await described(shell, node.left)} {node.operator} {await described(shell, node.right)}"
    if isinstance(node, ConditionUnary):
        return f"{node.operator} {traced(await shell.expander.text(node.operand), shell.flavour)}"
    left = traced(await shell.expander.text(node.left), shell.flavour)
    if node.operator in ("=", "==", "!=", "=~"):
        return f"{left} {node.operator} {await shell.expander.pattern(node.right) or chr(39) * 2}"
    return f"{left} {node.operator} {traced(await shell.expander.text(node.right), shell.flavour)}"


async def _holds(shell: "Shell", node: ConditionNode) -> bool:
    if isinstance(node, ConditionNot):
        return not await _holds(shell, node.body)
    if isinstance(node, ConditionJoin):
        left = await _holds(shell, node.left)
        if left == (node.operator == "||"):
            return left
        return await _holds(shell, node.right)
    if isinstance(node, ConditionUnary):
        return unary_test(shell, node.operator, await shell.expander.text(node.operand))
    return await _binary(shell, node)


async def _binary(shell: "Shell", node: ConditionBinary) -> bool:
    left = await shell.expander.text(node.left)
    operator = node.operator
    if operator in ("=", "==", "!="):
        pattern = await shell.expander.pattern(node.right)
        if "nocasematch" in shell.features:
            left, pattern = left.lower(), pattern.lower()
        return matches(pattern, left) == (operator != "!=")
    if operator == "=~":
        return await _matches_expression(shell, left, node.right)
    right = await shell.expander.text(node.right)
    if operator in ("<", ">"):
        return encode(left) < encode(right) if operator == "<" else encode(left) > encode(right)
    if operator in ("-nt", "-ot", "-ef"):
        return compare_files(shell, operator, left, right)
    return compare_numbers(operator, await _number(shell, left), await _number(shell, right))


async def _number(shell: "Shell", text: str) -> int:
    try:
        return shell.evaluate(text)
    except ShellError as error:
        raise CommandError(error.message, 1) from None


async def _matches_expression(shell: "Shell", text: str, word: Word) -> bool:
    pieces: list[str] = []
    for part in word.parts:
        piece = await shell.expander.text(Word((part,)))
        is_quoted = isinstance(part, Quoted | DoubleQuoted)
        pieces.append("".join("\\" + char if char in ".[]{}()*+?^$|\\" else char for char in piece) if is_quoted else piece)
    data = encode(text)
    found = compile_pattern(encode("".join(pieces)), extended=True).search(data)
    if found is None:
        shell.variables.arrays["BASH_REMATCH"] = {}
        return False
    groups = [decode(data[start:end]) if start >= 0 else "" for start, end in found]
    shell.variables.arrays["BASH_REMATCH"] = dict(enumerate(groups))
    return True
