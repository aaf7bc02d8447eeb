"""Options of builtins, and the getopts builtin itself."""

from typing import TYPE_CHECKING

from orrery.node.shell.builtins.usages import USAGES
from orrery.node.shell.errors import CommandError

if TYPE_CHECKING:
    from orrery.node.shell.shell import Shell


def parse_letters(shell: "Shell", name: str, words: list[str], letters: str) -> tuple[list[tuple[str, str]], list[str]]:
    """Options by letters (a colon: with a value) and the operands; CommandError for one that is unknown."""
    found: list[tuple[str, str]] = []
    index = 0
    while index < len(words) and len(words[index]) > 1 and words[index][0] == "-":
        word = words[index]
        index += 1
        if word == "--":
            break
        position = 1
        while position < len(word):
            letter = word[position]
            position += 1
            place = letters.find(letter)
            if place < 0 or letter == ":":
                raise bad_option(shell, name, letter)
            if letters[place + 1 : place + 2] != ":":
                found.append((letter, ""))
                continue
            if position < len(word):
                found.append((letter, word[position:]))
            elif index < len(words):
                found.append((letter, words[index]))
                index += 1
            else:
                raise missing_value(shell, name, letter)
            break
    return found, words[index:]


def _usage_line(name: str) -> str:
    return f"\n{name}: usage: {USAGES[name]}" if name in USAGES else ""


def bad_option(shell: "Shell", name: str, letter: str) -> CommandError:
    if shell.flavour.is_bash:
        return CommandError(f"-{letter}: invalid option{_usage_line(name)}", 2, builtin=name)
    return CommandError(f"{'Illegal' if shell.flavour.is_dash else 'illegal'} option -{letter}", 2, builtin=name)


def missing_value(shell: "Shell", name: str, letter: str) -> CommandError:
    if shell.flavour.is_bash:
        return CommandError(f"-{letter}: option requires an argument{_usage_line(name)}", 2, builtin=name)
    return CommandError(f"{'No' if shell.flavour.is_dash else 'no'} arg for -{letter} option", 2, builtin=name)


async def getopts(shell: "Shell", arguments: list[str]) -> int:
    """One option of the positional parameters (or of the words given) per call."""
    if len(arguments) < 3:
        raise _usage(shell)
    spec, name = arguments[1], arguments[2]
    words = arguments[3:] if len(arguments) > 3 else shell.arguments
    silent = spec.startswith(":")
    text = shell.variables.get("OPTIND") or "1"
    index = int(text) if text.isdigit() and int(text) > 0 else 1
    if text != shell.getopts_index:
        shell.getopts_offset = 0
    elif shell.getopts_offset and not shell.flavour.is_bash:
        index -= 1  # dash and ash already tell the next word's number while they are inside this one.
    variables = shell.variables
    if not shell.getopts_offset:
        word = words[index - 1] if index <= len(words) else ""
        if len(word) < 2 or word[0] != "-" or word == "--":
            if word == "--":
                index += 1
            return _end(shell, name, index)
        shell.getopts_offset = 1
    word = words[index - 1]
    letter = word[shell.getopts_offset]
    shell.getopts_offset += 1
    at_end = shell.getopts_offset >= len(word)
    place = spec.find(letter)
    value, result = None, letter
    if place < 0 or letter == ":":
        result = "?"
        if silent:
            value = letter
        elif variables.get("OPTERR") != "0":
            await _complain(shell, f"Illegal option -{letter}", f"illegal option -- {letter}")
    elif spec[place + 1 : place + 2] == ":":
        if not at_end:
            value = word[shell.getopts_offset :]
        elif index < len(words):
            index += 1
            value = words[index - 1]
        elif silent:
            result, value = ":", letter
        else:
            result = "?"
            if variables.get("OPTERR") != "0":
                await _complain(shell, f"No arg for -{letter} option", f"option requires an argument -- {letter}")
        at_end = True
    if at_end:
        index += 1
        shell.getopts_offset = 0
    _set_index(shell, index if at_end or shell.flavour.is_bash else index + 1)
    if value is None:
        variables.unset("OPTARG")
    else:
        variables.set("OPTARG", value)
    variables.set(name, result)
    return 0


def _set_index(shell: "Shell", index: int) -> None:
    shell.getopts_index = str(index)
    shell.variables.set("OPTIND", str(index))


def _end(shell: "Shell", name: str, index: int) -> int:
    _set_index(shell, index)
    shell.getopts_offset = 0
    shell.variables.unset("OPTARG")
    shell.variables.set(name, "?")
    return 1


async def _complain(shell: "Shell", plain: str, bash: str) -> None:
    await shell.write_error(f"{shell.script or shell.name}: {bash}\n" if shell.flavour.is_bash else f"{plain}\n")


def _usage(shell: "Shell") -> CommandError:
    if shell.flavour.is_bash:
        return CommandError("usage: getopts optstring name [arg ...]", 2, builtin="getopts")
    text = "Usage: getopts optstring var [arg...]" if shell.flavour.is_dash else "usage: getopts optstring var [arg]"
    return CommandError(text, 2, builtin="getopts")
