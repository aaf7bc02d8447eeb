"""bash's select: a menu on standard error, answers from standard input."""

from typing import TYPE_CHECKING

from orrery.node.shell.builtins.reading import read
from orrery.node.shell.nodes import For

if TYPE_CHECKING:
    from orrery.node.shell.shell import Shell


async def select_turns(shell: "Shell", node: For, words: list[str]) -> int:
    """Ask and run the body until the end of input; the loop around it knows of break."""
    from orrery.node.shell.interpreter import one_turn

    shows = True
    while words:
        if shows:
            await shell.write_error("".join(f"{index}) {word}\n" for index, word in enumerate(words, 1)))
        prompt = shell.variables.get("PS3")
        await shell.write_error("#? " if prompt is None else prompt)
        if await read(shell, ["read", "REPLY"]):
            await shell.process.print("\n")
            return 1
        answer = (shell.variables.get("REPLY") or "").strip()
        shows = not answer
        if shows:
            continue
        chosen = int(answer) if answer.isdigit() else 0
        shell.variables.set(node.name, words[chosen - 1] if 0 < chosen <= len(words) else "")
        await one_turn(shell, node.body)
    return 0
