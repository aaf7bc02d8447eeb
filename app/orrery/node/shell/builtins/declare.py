"""bash's declare, typeset, local with options, let and shopt."""

from typing import TYPE_CHECKING, Final

from orrery.node.shell.arithmetic import ArithmeticFault, evaluate
from orrery.node.shell.assignments import assign_array
from orrery.node.shell.builtins.getopt import bad_option
from orrery.node.shell.errors import CommandError
from orrery.node.shell.escapes import encode
from orrery.node.shell.options import FEATURES, listed
from orrery.node.shell.parser import Parser
from orrery.node.shell.quoting import bash_declared

if TYPE_CHECKING:
    from orrery.node.shell.shell import Shell

_LETTERS: Final = "aAfFgiIlnprtux"


async def declare(shell: "Shell", arguments: list[str]) -> int:
    builtin = arguments[0]
    letters: set[str] = set()
    removed: set[str] = set()
    words = arguments[1:]
    while words and len(words[0]) > 1 and words[0][0] in "+-" and words[0] != "--":
        for letter in words[0][1:]:
            if letter not in _LETTERS:
                raise bad_option(shell, builtin, letter)
            (letters if words[0][0] == "-" else removed).add(letter)
        words = words[1:]
    if words[:1] == ["--"]:
        words = words[1:]
    is_local = builtin == "local" or (shell.variables.in_function and "g" not in letters)
    if builtin == "local" and not shell.variables.in_function:
        raise CommandError("can only be used in a function", 1, builtin="local")
    if letters & {"f", "F"}:
        return await _functions(shell, words, only_names="F" in letters)
    if "p" in letters or not words:
        return await _print(shell, words, builtin, letters)
    code = 0
    for word in words:
        code = await _declare_one(shell, word, letters, removed, is_local=is_local, builtin=builtin) or code
    return code


async def _declare_one(shell: "Shell", word: str, letters: set[str], removed: set[str], *, is_local: bool, builtin: str) -> int:
    name, equals, value = word.partition("=")
    append = bool(equals) and name.endswith("+")
    name = name.rstrip("+") if append else name
    name, bracket, _ = name.partition("[")
    if not name.isidentifier():
        raise CommandError(f"`{word}': not a valid identifier", 1, builtin=builtin)
    variables = shell.variables
    if is_local:
        variables.make_local(name)
    if "n" in letters and equals:
        variables.references[name] = value
        return 0
    if "A" in letters:
        variables.maps.setdefault(name, {})
        variables.values.pop(name, None)
    elif "a" in letters or bracket:
        variables.make_array(name)
    _attributes(shell, name, letters, removed)
    if equals and value.startswith("(") and value.endswith(")"):
        await _assign_items(shell, name, value, append=append)
    elif equals:
        if name in variables.integers:
            value = str(shell.evaluate(value))
        variables.set(name, (variables.get(name) or "") + value if append else value)
    if "r" in letters or builtin == "readonly":
        variables.readonly.add(name)
    return 0


def _attributes(shell: "Shell", name: str, letters: set[str], removed: set[str]) -> None:
    variables = shell.variables
    if "i" in letters:
        variables.integers.add(name)
    if "i" in removed:
        variables.integers.discard(name)
    if "x" in letters:
        variables.export(name)
    if "x" in removed:
        variables.unexport(name)
    for letter in "ul":
        if letter in letters:
            variables.cases[name] = letter
    if removed & {"u", "l"}:
        variables.cases.pop(name, None)
    if "n" in removed:
        variables.references.pop(name, None)


async def _assign_items(shell: "Shell", name: str, value: str, *, append: bool) -> None:
    """name=(…) that came as one word."""
    ended, node = Parser.of(f"{name}={value}", shell.flavour, shell.line).next_command()
    del ended
    from orrery.node.shell.nodes import Simple

    if isinstance(node, Simple) and node.assignments and node.assignments[0].items is not None:
        await assign_array(shell, name, node.assignments[0].items, append=append)


async def _functions(shell: "Shell", names: list[str], *, only_names: bool) -> int:
    code = 0
    for name in names or sorted(shell.functions):
        function = shell.functions.get(name)
        if function is None:
            code = 1
        elif only_names:
            await shell.process.print(f"{name}\n" if names else f"declare -f {name}\n")
        else:
            await shell.process.print(f"{name} () \n{function.text}\n")
    return code


async def _print(shell: "Shell", names: list[str], builtin: str, letters: set[str]) -> int:
    code = 0
    wanted = letters - {"p", "g"}
    for name in names or shell.variables.names():
        text = described(shell, name)
        if text is None:
            await shell.complain(f"{name}: not found", builtin)
            code = 1
        elif names or wanted <= set(shell.attributes(name)):
            await shell.process.stdout.write(encode(text + "\n"))
    return code


def described(shell: "Shell", name: str) -> str | None:
    """declare -p's line; None for a variable that is not there."""
    variables = shell.variables
    letters = shell.attributes(name) or "-"
    if name in variables.references:
        return f'declare -{letters} {name}="{variables.references[name]}"'
    if name in variables.arrays or name in variables.maps:
        end = " " if variables.maps.get(name) else ""
        items = " ".join(f"[{_key(key)}]={bash_declared(value)}" for key, value in variables.array(name).items())
        return f"declare -{letters} {name}=({items}{end})"
    value = variables.get(name)
    if value is None:
        return f"declare -{letters} {name}" if letters != "-" else None
    return f"declare -{letters} {name}={bash_declared(value)}"


def _key(key: int | str) -> str:
    text = str(key)
    return text if text.replace("_", "").replace("-", "").replace(".", "").isalnum() else bash_declared(text)


async def let(shell: "Shell", arguments: list[str]) -> int:
    result = 0
    if len(arguments) < 2:
        raise CommandError("expression expected", 1, builtin="let")
    for word in arguments[1:]:
        try:
            result = evaluate(word.strip(), shell)
        except ArithmeticFault as fault:
            raise CommandError(str(fault), 1, builtin="let") from None
    return int(result == 0)


async def shopt(shell: "Shell", arguments: list[str]) -> int:
    from orrery.node.shell.builtins.variables import set_option

    words = arguments[1:]
    letters = ""
    while words and words[0].startswith("-"):
        letters += words[0][1:]
        words = words[1:]
    code = 0
    names = listed("bash") if "o" in letters else list(FEATURES)
    for name in words or names:
        known = name in names
        if not known:
            await shell.complain(f"{name}: invalid {'' if 'o' in letters else 'shell '}option name", "shopt")
            code = 1
        elif "o" in letters and letters.strip("opq"):
            set_option(shell, name, on="s" in letters)
        elif letters.strip("opq") and words:
            (shell.features.add if "s" in letters else shell.features.discard)(name)
        else:
            on = name in (shell.options if "o" in letters else shell.features)
            code = code or int(not on and bool(words))
            await _show_feature(shell, name, letters, on=on)
    return code


async def _show_feature(shell: "Shell", name: str, letters: str, *, on: bool) -> None:
    if "q" in letters:
        return
    if "p" in letters:
        command = f"set {'-' if on else '+'}o" if "o" in letters else f"shopt {'-s' if on else '-u'}"
        await shell.process.print(f"{command} {name}\n")
    else:
        await shell.process.print(f"{name:<15}\t{'on' if on else 'off'}\n")
