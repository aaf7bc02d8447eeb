"""export, readonly, local, unset, set, shift, and alias tables."""

from typing import TYPE_CHECKING

from orrery.node.shell.builtins.getopt import bad_option
from orrery.node.shell.errors import CommandError, ShellError
from orrery.node.shell.escapes import encode
from orrery.node.shell.options import letters, listed
from orrery.node.shell.quoting import bash_declared, bash_value, single_quoted

if TYPE_CHECKING:
    from orrery.node.shell.shell import Shell


def bad_name(shell: "Shell", builtin: str, name: str) -> CommandError | ShellError:
    if shell.flavour.is_bash:
        return CommandError(f"`{name}': not a valid identifier", 1, builtin=builtin)
    return ShellError(f"{name.partition('=')[0]}: bad variable name", 2, builtin=builtin)


async def _refuse_name(shell: "Shell", builtin: str, name: str) -> None:
    """Tell that it is no name, and go on where the shell goes on."""
    error = bad_name(shell, builtin, name)
    if isinstance(error, ShellError):
        raise error
    await shell.report(error)


def _quoted(shell: "Shell", value: str) -> str:
    return bash_declared(value) if shell.flavour.is_bash else single_quoted(value)


async def _list(shell: "Shell", builtin: str, names: set[str]) -> int:
    lines: list[str] = []
    for name in sorted(names):
        value = shell.variables.values.get(name)
        start = f"declare -{shell.attributes(name)} {name}" if shell.flavour.is_bash else f"{builtin} {name}"
        lines.append(start if value is None else f"{start}={_quoted(shell, value)}")
    await shell.process.stdout.write(encode("".join(line + "\n" for line in lines)))
    return 0


async def export(shell: "Shell", arguments: list[str]) -> int:
    words = arguments[1:]
    remove = functions = False
    while words and len(words[0]) > 1 and words[0][0] == "-":
        if words[0] == "--":
            words = words[1:]
            break
        for letter in words[0][1:]:
            if letter not in ("pn" if not shell.flavour.is_bash else "pnf"):
                raise bad_option(shell, arguments[0], letter)
            remove = remove or letter == "n"
            functions = functions or letter == "f"
        words = words[1:]
    if not words:
        return await _list(shell, "export", shell.variables.exported)
    code = 0
    if functions:
        return await _export_functions(shell, words)
    for word in words:
        name, equals, value = word.partition("=")
        append = equals and name.endswith("+")
        name = name.rstrip("+") if append else name
        if not name.isidentifier():
            await _refuse_name(shell, arguments[0], word)
            code = 1
            continue
        if equals:
            shell.variables.set(name, (shell.variables.get(name) or "") + value if append else value)
        if remove:
            shell.variables.unexport(name)
        else:
            shell.variables.export(name)
    return code


async def _export_functions(shell: "Shell", names: list[str]) -> int:
    """bash's export -f: a function goes into the environment as its text."""
    code = 0
    for name in names:
        if name not in shell.functions:
            await shell.complain(f"{name}: not a function", "export")
            code = 1
        else:
            shell.variables.extra = {**shell.variables.extra, f"BASH_FUNC_{name}%%": f"() {shell.functions[name].text}"}
    shell.variables.forget_environment()
    return code


async def readonly(shell: "Shell", arguments: list[str]) -> int:
    words = [word for word in arguments[1:] if word not in ("-p", "--")]
    if not words:
        return await _list(shell, "readonly", shell.variables.readonly)
    code = 0
    for word in words:
        if word in ("-a", "-A", "-f"):
            continue
        name, equals, value = word.partition("=")
        if not name.isidentifier():
            await _refuse_name(shell, arguments[0], word)
            code = 1
            continue
        if equals:
            await shell.assign_text(name, value)
        shell.variables.readonly.add(name)
    return code


async def local(shell: "Shell", arguments: list[str]) -> int:
    """In dash and ash; bash's takes the options of declare."""
    if not shell.variables.in_function:
        raise ShellError("not in a function", 2, builtin="local")
    for word in arguments[1:]:
        name, equals, value = word.partition("=")
        if name == "-":
            continue
        if not name.isidentifier():
            raise bad_name(shell, "local", word)
        shell.variables.make_local(name)
        if equals:
            shell.variables.set(name, value)
        elif shell.flavour.is_ash:
            shell.variables.values.pop(name, None)
    return 0


async def unset(shell: "Shell", arguments: list[str]) -> int:
    words = arguments[1:]
    functions = variables = False
    while words and len(words[0]) > 1 and words[0][0] == "-":
        word, words = words[0], words[1:]
        if word == "--":
            break
        for letter in word[1:]:
            if letter not in ("fv" if not shell.flavour.is_bash else "fvn"):
                raise bad_option(shell, "unset", letter)
        functions, variables = "f" in word, "v" in word
    code = 0
    for name in words:
        if functions:
            shell.functions.pop(name, None)
            continue
        try:
            if not await _unset_one(shell, name, only_variable=variables):
                code = 1
        except ShellError as error:
            if not shell.flavour.is_bash:
                raise
            await shell.complain(f"{name}: cannot unset: readonly variable", "unset")
            code = error.code
    return code


async def _unset_one(shell: "Shell", name: str, *, only_variable: bool) -> bool:
    if shell.flavour.is_bash and name.endswith("]") and "[" in name:
        base, _, key = name[:-1].partition("[")
        await shell.unset_element(base, key)
        return True
    if not name.isidentifier():
        if shell.flavour.is_bash:
            shell.functions.pop(name, None)
            return True
        raise bad_name(shell, "unset", name)
    known = name in shell.variables.values or name in shell.variables.arrays or name in shell.variables.maps
    if shell.flavour.is_bash and not known and not only_variable and name in shell.functions:
        del shell.functions[name]
        return True
    shell.variables.unset(name)
    return True


async def shift(shell: "Shell", arguments: list[str]) -> int:
    text = arguments[1] if len(arguments) > 1 else "1"
    if not text.isdigit():
        if shell.flavour.is_bash:
            raise CommandError(f"{text}: numeric argument required", 1, builtin="shift")
        raise ShellError(f"Illegal number: {text}", 2, builtin="shift")
    count = int(text)
    if count > len(shell.arguments):
        if shell.flavour.is_dash:
            raise ShellError("can't shift that many", 2, builtin="shift")
        return 1
    del shell.arguments[:count]
    return 0


# --- set -------------------------------------------------------------------------------------------------------------------------


async def set_options(shell: "Shell", arguments: list[str]) -> int:
    words = arguments[1:]
    if not words:
        return await _list_variables(shell)
    while words and words[0] and words[0][0] in "+-" and len(words[0]) > 1 and words[0] != "--":
        word, words = words[0], words[1:]
        for letter in word[1:]:
            if letter != "o":
                set_letter(shell, letter, on=word[0] == "-")
            elif words:
                code = await _set_name(shell, words[0], on=word[0] == "-")
                if code:
                    return code
                words = words[1:]
            else:
                await _list_options(shell, as_commands=word[0] == "+")
    if words[:1] == ["--"]:
        shell.arguments = words[1:]
    elif words[:1] == ["-"]:
        set_option(shell, "xtrace", on=False)
        set_option(shell, "verbose", on=False)
        if len(words) > 1:
            shell.arguments = words[1:]
    elif words:
        shell.arguments = words
    return 0


def set_letter(shell: "Shell", letter: str, *, on: bool) -> None:
    known = letters(shell.flavour.name)
    if letter not in known:
        if shell.flavour.is_bash:
            raise CommandError(
                f"-{letter}: invalid option\nset: usage: set [-abefhkmnptuvxBCEHPT] [-o option-name] [--] [-] [arg ...]", 2, builtin="set"
            )
        word = "Illegal" if shell.flavour.is_dash else "illegal"
        raise ShellError(f"{word} option {'-' if on else '+'}{letter}", 2, builtin="set")
    set_option(shell, known[letter], on=on)


def set_option(shell: "Shell", name: str, *, on: bool) -> None:
    """Set an option by its name, where the shell looks for it."""
    if on:
        shell.options.add(name)
    else:
        shell.options.discard(name)
    if name == "errexit":
        shell.errexit = on
    elif name == "nounset":
        shell.no_unset = on
    elif name == "xtrace":
        shell.xtrace = on
    elif name == "noglob":
        shell.no_glob = on
    elif name == "noexec":
        shell.no_exec = shell.is_halted = on and not shell.is_interactive
    elif name == "allexport":
        shell.variables.export_all = on


async def _set_name(shell: "Shell", name: str, *, on: bool) -> int:
    if name in listed(shell.flavour.name) or (name == "pipefail" and not shell.flavour.is_dash):
        set_option(shell, name, on=on)
        return 0
    if shell.flavour.is_bash:
        raise CommandError(f"{name}: invalid option name", 2, builtin="set")
    sign = "-" if on else "+"
    if shell.flavour.is_dash:
        raise ShellError(f"Illegal option {sign}o {name}", 2, builtin="set")
    await shell.complain(f"illegal option {sign}o {name}", "set")
    return 1


async def _list_options(shell: "Shell", *, as_commands: bool) -> None:
    lines: list[str] = [] if shell.flavour.is_bash or as_commands else ["Current option settings"]
    for name in listed(shell.flavour.name):
        on = name in shell.options
        if as_commands:
            lines.append(f"set {'-' if on else '+'}o {name}")
        elif shell.flavour.is_bash:
            lines.append(f"{name:<15}\t{'on' if on else 'off'}")
        else:
            lines.append(f"{name:<16}{'on' if on else 'off'}")
    await shell.process.stdout.write(encode("\n".join(lines) + "\n"))


async def _list_variables(shell: "Shell") -> int:
    lines: list[str] = []
    for name in shell.variables.names():
        if name in shell.variables.values:
            value = shell.variables.values[name]
            lines.append(f"{name}={bash_value(value) if shell.flavour.is_bash else single_quoted(value)}\n")
        elif name in shell.variables.arrays:
            items = " ".join(f"[{key}]={bash_declared(value)}" for key, value in shell.variables.array(name).items())
            lines.append(f"{name}=({items})\n")
    await shell.process.stdout.write(encode("".join(lines)))
    return 0


# --- aliases ---------------------------------------------------------------------------------------------------------------------


async def alias(shell: "Shell", arguments: list[str]) -> int:
    code = 0
    start = "alias " if shell.flavour.is_bash else ""
    if len(arguments) == 1:
        for name, value in sorted(shell.aliases.items()):
            await shell.process.print(f"{start}{name}={single_quoted(value)}\n")
    for word in arguments[1:]:
        name, equals, value = word.partition("=")
        if equals:
            shell.aliases[name] = value
        elif name in shell.aliases:
            await shell.process.print(f"{start}{name}={single_quoted(shell.aliases[name])}\n")
        else:
            code = 1
            await _no_alias(shell, "alias", name)
    return code


async def unalias(shell: "Shell", arguments: list[str]) -> int:
    code = 0
    for name in arguments[1:]:
        if name == "-a":
            shell.aliases.clear()
        elif shell.aliases.pop(name, None) is None:
            code = 1
            await _no_alias(shell, "unalias", name)
    return code


async def _no_alias(shell: "Shell", builtin: str, name: str) -> None:
    if shell.flavour.is_bash:
        await shell.complain(f"{name}: not found", builtin)
    else:
        await shell.write_error(f"{builtin}: {name} not found\n")
