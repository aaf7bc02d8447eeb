"""Command line options in the way of getopt_long: clusters, values, abbreviations, `--`, operands between options."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Final

from orrery.node.programs.faults import Misuse

NO_LONG: Final[Mapping[str, str]] = {}


class Options:
    """What was given, in order. A key is a letter or the name of an option that has no letter."""

    __slots__ = ("given", "operands")

    def __init__(self, given: list[tuple[str, str]], operands: list[str]) -> None:
        self.given = given
        self.operands = operands

    def has(self, *keys: str) -> bool:
        return any(key in keys for key, _ in self.given)

    def count(self, key: str) -> int:
        return sum(1 for given, _ in self.given if given == key)

    def value(self, key: str) -> str | None:
        """The last value given."""
        return next((value for given, value in reversed(self.given) if given == key), None)

    def values(self, key: str) -> list[str]:
        return [value for given, value in self.given if given == key]

    def last(self, keys: str) -> str:
        """Which of these letters came last; empty when none was given."""
        return next((given for given, _ in reversed(self.given) if given in keys), "")


@lru_cache(maxsize=1024)
def _letters(spec: str) -> dict[str, str]:
    """The letters of a getopt string, each with the colons that follow it."""
    letters: dict[str, str] = {}
    last = ""
    for char in spec.lstrip("+"):
        if char == ":":
            letters[last] += ":"
        else:
            last = char
            letters[char] = ""
    return letters


def parse_options(arguments: Sequence[str], spec: str, long: Mapping[str, str] = NO_LONG, *, is_musl: bool = False) -> Options:
    """Split arguments by a getopt string (a leading + stops at the first operand).

    `long` maps a long name to its letter, or to `name` (no value), `name:` (a value) or `name::` (a value behind =).
    """
    letters = _letters(spec)
    given: list[tuple[str, str]] = []
    operands: list[str] = []
    rest = list(arguments)
    rest.reverse()
    while rest:
        argument = rest.pop()
        if argument == "--":
            operands += reversed(rest)
            break
        if argument.startswith("--"):
            given.append(_long_option(argument, rest, letters, long, is_musl=is_musl))
        elif argument.startswith("-") and argument != "-":
            _cluster(argument[1:], rest, letters, given, is_musl=is_musl)
        else:
            operands.append(argument)
            if spec.startswith("+"):
                operands += reversed(rest)
                break
    return Options(given, operands)


def _cluster(cluster: str, rest: list[str], letters: dict[str, str], given: list[tuple[str, str]], *, is_musl: bool) -> None:
    position = 0
    while position < len(cluster):
        letter = cluster[position]
        position += 1
        if letter not in letters or letter == ":":
            raise Misuse(f"unrecognized option: {letter}" if is_musl else f"invalid option -- '{letter}'")
        kind = letters[letter]
        if not kind:
            given.append((letter, ""))
            continue
        value = cluster[position:]
        if not value and kind == ":":
            if not rest:
                raise Misuse(f"option requires an argument: {letter}" if is_musl else f"option requires an argument -- '{letter}'")
            value = rest.pop()
        given.append((letter, value))
        return


def _long_option(argument: str, rest: list[str], letters: dict[str, str], long: Mapping[str, str], *, is_musl: bool) -> tuple[str, str]:
    name, equals, value = argument[2:].partition("=")
    matches = [name] if name in long else [known for known in long if known.startswith(name)]
    if not matches:
        raise Misuse(f"unrecognized option: {argument[2:]}" if is_musl else f"unrecognized option '{argument}'")
    if len({long[match] for match in matches}) > 1:
        possible = " ".join(f"'--{match}'" for match in matches)
        raise Misuse(f"option '--{name}' is ambiguous; possibilities: {possible}")
    key = long[matches[0]]
    kind = key[len(key.rstrip(":")) :] or letters.get(key, "")
    key = key.rstrip(":")
    if equals and not kind:
        raise Misuse(f"option '--{matches[0]}' doesn't allow an argument")
    if kind == ":" and not equals:
        if not rest:
            raise Misuse(f"option '--{matches[0]}' requires an argument")
        value = rest.pop()
    return key, value
