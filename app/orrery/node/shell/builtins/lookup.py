"""What a name stands for: command, type, hash, builtin."""

from typing import TYPE_CHECKING, Final

from orrery.node.shell.builtins.getopt import parse_letters
from orrery.node.shell.errors import CommandError
from orrery.node.shell.parser import RESERVED

if TYPE_CHECKING:
    from orrery.node.shell.shell import Shell

_BASH_RESERVED: Final = RESERVED | {"[[", "]]", "function", "select", "time", "coproc"}
_DEFAULT_PATH: Final = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def _is_reserved(shell: "Shell", name: str) -> bool:
    return name in (_BASH_RESERVED if shell.flavour.is_bash else RESERVED)


def _short(shell: "Shell", name: str) -> str | None:
    """What command -v prints."""
    if name in shell.aliases:
        return f"alias {name}='{shell.aliases[name]}'"
    if _is_reserved(shell, name) or name in shell.functions or name in shell.builtins:
        return name
    return shell.process.find_program(name)


async def _describe(shell: "Shell", name: str, builtin: str) -> int:
    """What type and command -V print."""
    write = shell.process.print
    if name in shell.aliases:
        value = shell.aliases[name]
        await write(f"{name} is aliased to `{value}'\n" if shell.flavour.is_bash else f"{name} is an alias for {value}\n")
    elif _is_reserved(shell, name):
        await write(f"{name} is a shell keyword\n")
    elif name in shell.functions:
        if shell.flavour.is_bash:
            await write(f"{name} is a function\n{name} () \n{shell.functions[name].text}\n")
        else:
            await write(f"{name} is a {'shell ' if shell.flavour.is_dash else ''}function\n")
    elif name in shell.builtins:
        special = shell.builtins[name].is_special and not shell.flavour.is_bash
        await write(f"{name} is a {'special ' if special else ''}shell builtin\n")
    elif (path := shell.process.find_program(name)) is not None:
        await write(f"{name} is hashed ({path})\n" if name in shell.hashed and shell.flavour.is_bash else f"{name} is {path}\n")
    elif shell.flavour.is_bash:
        await shell.complain(f"{name}: not found", builtin)
        return 1
    else:
        await write(f"{name}: not found\n")
        return 127
    return 0


async def type_of(shell: "Shell", arguments: list[str]) -> int:
    words = arguments[1:]
    letters: set[str] = set()
    if shell.flavour.is_bash:
        parsed, words = parse_letters(shell, "type", words, "afptP")
        letters = {letter for letter, _ in parsed}
    if shell.flavour.is_ash and words[:1] and words[0].startswith("-"):
        return await _print_short(shell, words[1:])
    code = 0
    for name in words:
        if "t" in letters:
            code = await _kind(shell, name) or code
        elif letters & {"p", "P"}:
            code = await _path_only(shell, name, always="P" in letters) or code
        else:
            code = await _describe(shell, name, "type") or code
    return code


async def _kind(shell: "Shell", name: str) -> int:
    if name in shell.aliases:
        word = "alias"
    elif _is_reserved(shell, name):
        word = "keyword"
    elif name in shell.functions:
        word = "function"
    elif name in shell.builtins:
        word = "builtin"
    elif shell.process.find_program(name):
        word = "file"
    else:
        return 1
    await shell.process.print(word + "\n")
    return 0


async def _path_only(shell: "Shell", name: str, *, always: bool) -> int:
    if not always and (_is_reserved(shell, name) or name in shell.functions or name in shell.builtins):
        return 0
    path = shell.process.find_program(name)
    if path:
        await shell.process.print(path + "\n")
    return int(path is None)


async def command(shell: "Shell", arguments: list[str]) -> int:
    """command NAME: not a function; -v and -V tell what it is."""
    parsed, words = parse_letters(shell, "command", arguments[1:], "pvV")
    letters = {letter for letter, _ in parsed}
    if not words:
        return 0
    if "V" in letters:
        code = 0
        for name in words:
            code = await _describe(shell, name, "command") or code
        return code
    if "v" in letters:
        return await _print_short(shell, words)
    return await _run_plain(shell, words, default_path="p" in letters)


async def _print_short(shell: "Shell", words: list[str]) -> int:
    code = 0
    shown = [_short(shell, name) for name in words]
    for found in shown:
        if found is None:
            code = 1 if shell.flavour.is_bash else 127
        else:
            await shell.process.print(found + "\n")
    return 0 if shell.flavour.is_bash and any(shown) else code


async def _run_plain(shell: "Shell", words: list[str], *, default_path: bool) -> int:
    from orrery.node.shell.commands import run_builtin, spawn
    from orrery.node.shell.errors import ShellError
    from orrery.node.shell.nodes import Simple

    builtin = shell.builtins.get(words[0])
    if builtin is not None:
        try:
            return await run_builtin(shell, builtin, words)
        except ShellError as error:
            await shell.report(error)
            return error.code
    environment = dict(shell.variables.environment())
    if default_path:
        environment["PATH"] = _DEFAULT_PATH
    return await spawn(shell, words, environment, Simple((), (), (), shell.line))


async def run_named_builtin(shell: "Shell", arguments: list[str]) -> int:
    """bash's builtin."""
    from orrery.node.shell.commands import run_builtin

    if len(arguments) < 2:
        return 0
    found = shell.builtins.get(arguments[1])
    if found is None:
        raise CommandError(f"{arguments[1]}: not a shell builtin", 1, builtin="builtin")
    return await run_builtin(shell, found, arguments[1:])


async def hash_names(shell: "Shell", arguments: list[str]) -> int:
    words = [word for word in arguments[1:] if word not in ("-r", "-t")]
    if "-r" in arguments[1:]:
        shell.hashed.clear()
    code = 0
    for name in words:
        path = shell.process.find_program(name) if "-t" not in arguments or name in shell.hashed else None
        if path is not None:
            shell.hashed[name] = path
            if "-t" in arguments:
                await shell.process.print(f"{path}\n")
        elif name not in shell.builtins or "-t" in arguments:
            await shell.complain(f"{name}: not found", "hash")
            code = 1
    if len(arguments) == 1:
        await _list_hashed(shell)
    return code


async def _list_hashed(shell: "Shell") -> None:
    if not shell.flavour.is_bash:
        await shell.process.print("".join(f"{path}\n" for path in shell.hashed.values()))
    elif not shell.hashed:
        await shell.process.print("hash: hash table empty\n")
    else:
        await shell.process.print("hits\tcommand\n" + "".join(f"{1:4}\t{path}\n" for path in shell.hashed.values()))


async def complete(shell: "Shell", arguments: list[str]) -> int:
    """bash's compgen: names of builtins, functions, variables, aliases or reserved words that begin with a text."""
    letters, words = parse_letters(shell, "compgen", arguments[1:], "abcdefgjksuvA:W:")
    start = words[0] if words else ""
    names: set[str] = set()
    for letter, value in letters:
        kind = {"builtin": "b", "function": "f", "variable": "v", "alias": "a", "keyword": "k"}.get(value, "") if letter == "A" else letter
        names.update(shell.builtins if kind in ("b", "c") else ())
        names.update(shell.functions if (letter == "A" and kind == "f") or kind == "c" else ())
        names.update(shell.aliases if kind in ("a", "c") else ())
        names.update(_BASH_RESERVED if kind in ("k", "c") else ())
        names.update(shell.variables.names() if kind == "v" else value.split() if letter == "W" else ())
    found = sorted(name for name in names if name.startswith(start))
    await shell.process.print("".join(name + "\n" for name in found))
    return int(not found)
