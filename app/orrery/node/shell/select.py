"""bash's select: a menu on standard error, answers from standard input."""

from typing import TYPE_CHECKING

from orrery.node.shell.builtins.reading import read
from orrery.node.shell.errors import Break, Continue
from orrery.node.shell.nodes import For

if TYPE_CHECKING:
    from orrery.node.shell.shell import Shell


async def run_select(shell: "Shell", node: For, words: list[str]) -> int:
    """Ask and run the body until break or the end of input."""
    if not words:
        return 0
    shell.loops += 1
    shows = True
    try:
        while True:
            if shows:
                await shell.write_error("".join(f"{index}) {word}\n" for index, word in enumerate(words, 1)))
            prompt = shell.variables.get("PS3")
            await shell.write_error("#? " if prompt is None else prompt)
            if await read(shell, ["read", "REPLY"]):
                await shell.process.print("\n")
                shell.status = 1
                return 1
            answer = (shell.variables.get("REPLY") or "").strip()
            shows = not answer
            if shows:
                continue
            chosen = int(answer) if answer.isdigit() else 0
            shell.variables.set(node.name, words[chosen - 1] if 0 < chosen <= len(words) else "")
            try:
                await shell.run(node.body)
            except Continue as jump:
                if jump.count > 1:
                    raise Continue(jump.count - 1) from None
    except Break as jump:
        if jump.count > 1:
            raise Break(jump.count - 1) from None
    finally:
        shell.loops -= 1
    shell.status = 0
    return 0
