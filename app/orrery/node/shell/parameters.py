"""${…}: the forms of parameter expansion beyond the plain name. Works on a shell's variables and arguments through `Host`."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from orrery.node.shell import patterns
from orrery.node.shell.arithmetic import NO_SUBSCRIPT, Subscript
from orrery.node.shell.errors import ShellError
from orrery.node.shell.escapes import ansi_quoted, byte_length, decode, encode
from orrery.node.shell.expansion import Value, check_room
from orrery.node.shell.nodes import Parameter, Word
from orrery.node.shell.quoting import bash_quoted

if TYPE_CHECKING:
    from orrery.node.shell.shell import Shell

_LENGTH_MAX: Final = 16_777_216
_CHARS_PER_TICK: Final = 1000
_Change = Callable[[str], str]
_Steps = Callable[[str], "str | Iterator[str]"]
_PIECE_CHARS: Final = 65_536
_PIECES_PER_LOOK: Final = 2048


async def expand_parameter(shell: "Shell", part: Parameter, *, quoted: bool) -> Value:
    """The value of any form. ShellError for those that fail."""
    if part.bad:
        raise bad_substitution(shell, part.bad)
    if part.indirect:
        return await _indirect(shell, part, quoted=quoted)
    values, is_list = await _values(shell, part)
    if part.length:
        is_unset = part.name not in shell.variables.arrays and part.name not in shell.variables.maps
        if values == [] and shell.no_unset and part.subscript is not None and is_unset:
            raise shell.unset_error(part.name)
        return _length(shell, part, values, is_list=is_list)
    operator = part.operator
    if not operator:
        if values is None and shell.no_unset and not is_list:
            raise shell.unset_error(f"{part.name}[{part.subscript.text}]" if part.subscript is not None else part.name)
        return values if is_list else values[0] if values else None
    if operator in "-=?+":
        return await _conditional(shell, part, values, is_list=is_list)
    if values is None and shell.no_unset and not is_list:
        raise shell.unset_error(part.name)
    if operator == ":":
        return await _substring(shell, part, values, is_list=is_list)
    change = await _change(shell, part)
    if operator == "@" and is_list and part.word is not None and part.word.text == "A" and part.subscript is not None:
        from orrery.node.shell.builtins.declare import described

        return described(shell, part.name)
    changed = [await _changed(shell, value, change, is_by_character=operator in ("^^", ",,")) for value in values or ()]
    return changed if is_list else changed[0] if changed else None


async def _changed(shell: "Shell", value: str, change: "_Change | _Steps", *, is_by_character: bool) -> str:
    """A long value takes several steps, so that others can go on."""
    process = shell.process
    await process.tick(1 + len(value) // _CHARS_PER_TICK)
    if is_by_character and len(value) > _PIECE_CHARS:
        pieces = []
        for start in range(0, len(value), _PIECE_CHARS):
            pieces.append(_text(change(value[start : start + _PIECE_CHARS])))
            await process.tick(_PIECE_CHARS // _CHARS_PER_TICK)
        return "".join(pieces)
    result = change(value)
    if isinstance(result, str):
        return result
    pieces, size = [], len(value)
    for piece in result:
        pieces.append(piece)
        size += len(piece)
        if not len(pieces) % _PIECES_PER_LOOK:
            check_room(process, size)
            await process.tick(_PIECES_PER_LOOK // 4)
    check_room(process, size)
    return "".join(pieces)


def _text(result: str | Iterator[str]) -> str:
    return result if isinstance(result, str) else "".join(result)


def bad_substitution(shell: "Shell", text: str) -> ShellError:
    if shell.flavour.is_bash:
        return ShellError(f"{text}: bad substitution", 1, only_line=True)
    return ShellError("Bad substitution" if shell.flavour.is_dash else "syntax error: bad substitution", 2)


async def _values(shell: "Shell", part: Parameter) -> tuple[list[str] | None, bool]:
    """The values of a parameter (None: not set) and whether they are fields of their own."""
    if part.name in ("@", "*"):
        return list(shell.arguments), True
    if part.subscript is None:
        value = shell.variables.get(part.name)
        if value is None:
            value = shell.special(part.name)
        return (None if value is None else [value]), False
    if part.subscript.text in ("@", "*"):
        return list(shell.variables.array(part.name).values()), True
    value = await element(shell, part.name, part.subscript)
    return (None if value is None else [value]), False


async def element(shell: "Shell", name: str, subscript: Word) -> str | None:
    """One element of an array or map."""
    variables = shell.variables
    name = variables.references.get(name, name)
    if name in variables.maps:
        return variables.maps[name].get(await shell.expander.text(subscript))
    index = await shell.expander.arithmetic(subscript)
    return element_at(shell, name, index)


def element_at(shell: "Shell", name: str, index: int) -> str | None:
    items = shell.variables.arrays.get(name)
    if items is None and name in shell.variables.dynamic_arrays:
        items = dict(enumerate(shell.variables.dynamic_arrays[name]()))
    if items is None:
        return shell.variables.get(name) if index in (0, -1) else None
    if index < 0 and items:
        index += max(items) + 1
    return items.get(index)


def _length(shell: "Shell", part: Parameter, values: list[str] | None, *, is_list: bool) -> str:
    if part.name in ("@", "*") and part.subscript is None:
        if shell.flavour.is_bash or not shell.flavour.is_dash:
            return str(len(shell.arguments))
        return str(byte_length(" ".join(shell.arguments)))
    if is_list:
        return str(len(values or ()))
    if values is None and shell.no_unset:
        raise shell.unset_error(part.name)
    return str(byte_length(values[0])) if values else "0"


async def _indirect(shell: "Shell", part: Parameter, *, quoted: bool) -> Value:
    """bash's ${!name}, ${!prefix*} and ${!array[@]}."""
    if part.operator == "@" and part.word is not None and not part.word.parts:
        return [name for name in shell.variables.names() if name.startswith(part.name)]
    if part.subscript is not None and part.subscript.text in ("@", "*"):
        return [str(key) for key in shell.variables.array(part.name)]
    target = shell.variables.get(part.name) if part.name not in shell.variables.references else shell.variables.references[part.name]
    if not target:
        raise ShellError(f"{part.name}: invalid indirect expansion", 1, only_line=True)
    subscript = None
    if target.endswith("]") and "[" in target:
        target, _, inner = target[:-1].partition("[")
        subscript = shell.word_of(inner)
    if subscript is None and part.subscript is not None:
        subscript = part.subscript
    return await expand_parameter(shell, replace(part, name=target, indirect=False, subscript=subscript), quoted=quoted)


async def _conditional(shell: "Shell", part: Parameter, values: list[str] | None, *, is_list: bool) -> Value:
    word = part.word or Word(())
    is_set = bool(values) and (not part.colon or values != [""])
    value: Value = values if is_list else values[0] if values else None
    if part.operator == "+":
        return word if is_set else None
    if is_set:
        return value
    if part.operator == "-":
        return word
    if part.operator == "=":
        text = await shell.expander.text(word)
        if not (part.name[0].isalpha() or part.name[0] == "_"):
            raise _cannot_assign(shell, part.name)
        if part.subscript is not None:
            await shell.assign_element(part.name, part.subscript, text, append=False)
        else:
            shell.variables.set(part.name, text)
        return text
    return await _complain(shell, part, word)


def _cannot_assign(shell: "Shell", name: str) -> ShellError:
    if shell.flavour.is_bash:
        return ShellError(f"${name}: cannot assign in this way", 1, only_line=True)
    return ShellError(f"{name}: bad variable name", 2)


async def _complain(shell: "Shell", part: Parameter, word: Word) -> Value:
    if word.parts:
        message = await shell.expander.text(word)
    elif shell.flavour.is_bash:
        message = "parameter null or not set" if part.colon else "parameter not set"
    else:
        message = "parameter not set or null" if part.colon else "parameter not set"
    raise ShellError(f"{part.name}: {message}", 127 if shell.flavour.is_bash else 2)


async def _substring(shell: "Shell", part: Parameter, values: list[str] | None, *, is_list: bool) -> Value:
    assert part.word is not None
    offset = await shell.expander.arithmetic(part.word)
    length = None if part.second is None else await shell.expander.arithmetic(part.second)
    if is_list:
        fields = list(values or ())
        if part.name in ("@", "*") and part.subscript is None:
            fields = [shell.name, *fields]
            if offset < 0:
                offset += len(fields)
                if offset < 1:
                    return []
            elif offset == 0 and length is not None:
                return fields[:length]
        start = offset if offset >= 0 else max(len(fields) + offset, 0)
        return fields[start:] if length is None else fields[start : start + length]
    data = encode(values[0]) if values else b""
    start = offset if offset >= 0 else len(data) + offset
    if start < 0 or start > len(data):
        return ""
    end = len(data) if length is None else start + length if length >= 0 else len(data) + length
    if end < start:
        if shell.flavour.is_bash:
            raise ShellError(f"{part.second.text if part.second else ''}: substring expression < 0", 1, only_line=True)
        return ""
    return decode(data[start:end])


async def _change(shell: "Shell", part: Parameter) -> "_Change | _Steps":
    """What the operator does to each value."""
    word = part.word or Word(())
    operator = part.operator
    if operator == "@":
        return _transformation(shell, part, word.text)
    pattern = await shell.expander.pattern(word)
    longest = len(operator) == 2
    if operator[0] == "#":
        return lambda value: patterns.without_prefix(value, pattern, longest=longest)
    if operator[0] == "%":
        return lambda value: patterns.without_suffix(value, pattern, longest=longest)
    if operator[0] == "/":
        replacement = "" if part.second is None else await shell.expander.text(part.second)
        return lambda value: _replaced(value, pattern, replacement, operator)
    return _case_changed(operator, pattern)


def _replaced(value: str, pattern: str, replacement: str, operator: str) -> str | Iterator[str]:
    """The text, or its pieces one after the other."""
    if not pattern:
        return replacement + value if operator == "/#" else value + replacement if operator == "/%" else value
    if operator == "/#":
        rest = patterns.without_prefix(value, pattern, longest=True)
        return replacement + rest if len(rest) < len(value) else value
    if operator == "/%":
        rest = patterns.without_suffix(value, pattern, longest=True)
        return rest + replacement if len(rest) < len(value) else value
    if len(value) > _LENGTH_MAX:
        return value
    return _replacing(value, pattern, replacement, is_every=operator == "//")


def _replacing(value: str, pattern: str, replacement: str, *, is_every: bool) -> Iterator[str]:
    copied = 0
    for start, end in patterns.each(pattern, value):
        yield value[copied:start]
        yield replacement
        copied = end
        if not is_every:
            break
    yield value[copied:]


def _case_changed(operator: str, pattern: str) -> _Change:
    change: _Change = str.upper if operator[0] == "^" else str.lower

    def one(char: str) -> str:
        return change(char) if not pattern or patterns.matches(pattern, char) else char

    if len(operator) == 2:
        return lambda value: value.translate({ord(char): one(char) for char in set(value)})
    return lambda value: one(value[0]) + value[1:] if value else value


def _transformation(shell: "Shell", part: Parameter, letter: str) -> _Change:
    """bash's ${x@Q} and its like."""
    changes: dict[str, _Change] = {
        "Q": bash_quoted,
        "U": str.upper,
        "L": str.lower,
        "u": lambda value: value[:1].upper() + value[1:],
        "E": ansi_quoted,
        "A": lambda value: f"{part.name}={bash_quoted(value)}",
        "P": lambda value: value,
        "a": lambda value: shell.attributes(part.name),
    }
    if letter not in changes:
        raise bad_substitution(shell, f"${{{part.name}@{letter}}}")
    return changes[letter]


def number_of(shell: "Shell", name: str, subscript: Subscript) -> str | None:
    """The text of a variable or element, for arithmetic."""
    if subscript == NO_SUBSCRIPT:
        return shell.variables.get(name)
    name = shell.variables.references.get(name, name)
    if isinstance(subscript, str):
        return shell.variables.maps[name].get(subscript)
    return element_at(shell, name, subscript)
