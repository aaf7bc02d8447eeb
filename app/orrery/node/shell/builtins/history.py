"""bash's history and fc: the lines that were typed at the prompt. busybox and dash have none to list."""

from typing import TYPE_CHECKING, Final

from orrery.node.shell.errors import CommandError

if TYPE_CHECKING:
    from orrery.node.shell.shell import Shell

_LINES_MAX: Final = 500


def remember(shell: "Shell", line: str) -> None:
    """A line was typed."""
    if line.strip():
        shell.typed.append(line.rstrip("\n"))
        del shell.typed[:-_LINES_MAX]


async def history(shell: "Shell", arguments: list[str]) -> int:
    words = arguments[1:]
    if words[:1] == ["-c"]:
        shell.typed.clear()
        return 0
    counts = [word for word in words if not word.startswith("-")]
    if counts and not counts[0].isdigit():
        raise CommandError(f"{counts[0]}: numeric argument required", 1, builtin=arguments[0])
    first = max(0, len(shell.typed) - int(counts[0])) if counts else 0
    lines = [f"{number + 1:5}  {line}\n" for number, line in enumerate(shell.typed) if number >= first]
    await shell.process.print("".join(lines))
    return 0
