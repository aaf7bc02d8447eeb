"""bash's brace expansion: {a,b} and {1..5}, before all other expansions, on the parts of a word."""

import itertools
import re
from collections.abc import Iterable
from typing import Final

from orrery.node.shell.nodes import Literal, Part, Word

_SEQUENCE: Final = re.compile(r"(-?\d+)\.\.(-?\d+)(?:\.\.(-?\d+))?\Z|([A-Za-z])\.\.([A-Za-z])(?:\.\.(-?\d+))?\Z")
_COUNT_MAX: Final = 1_000_000

_Item = str | Part
"""A character that is not quoted, or a part that is none."""


class TooManyWords(Exception):
    """A sequence has more elements than anybody has memory for."""

    def __init__(self, count: int) -> None:
        super().__init__(count)
        self.count = count


def expand_braces(word: Word) -> Iterable[Word]:
    """The words that `word` stands for; itself when it has no braces."""
    if not any(isinstance(part, Literal) and "{" in part.text for part in word.parts):
        return [word]
    items: list[_Item] = []
    for part in word.parts:
        items += list(part.text) if isinstance(part, Literal) else [part]
    return map(_word, _expand(items))


def _word(items: list[_Item]) -> Word:
    parts: list[Part] = []
    text: list[str] = []
    for item in items:
        if isinstance(item, str):
            text.append(item)
            continue
        if text:
            parts.append(Literal("".join(text)))
            text = []
        parts.append(item)
    if text:
        parts.append(Literal("".join(text)))
    return Word(tuple(parts), "".join([item for item in items if isinstance(item, str)]))


def _expand(items: list[_Item]) -> list[list[_Item]]:
    for start, item in enumerate(items):
        if item != "{":
            continue
        found = _closing(items, start)
        if found is None:
            continue
        end, commas = found
        middles = _alternatives(items, start, end, commas) if commas else _sequence(items[start + 1 : end])
        if middles is None:
            continue
        tails = _expand(items[end + 1 :])
        return [items[:start] + middle + tail for middle in middles for tail in tails][:_COUNT_MAX]
    return [items]


def _closing(items: list[_Item], start: int) -> tuple[int, list[int]] | None:
    depth = 0
    commas: list[int] = []
    for index in range(start + 1, len(items)):
        item = items[index]
        if item == "{":
            depth += 1
        elif item == "}" and depth:
            depth -= 1
        elif item == "}":
            return index, commas
        elif item == "," and not depth:
            commas.append(index)
    return None


def _alternatives(items: list[_Item], start: int, end: int, commas: list[int]) -> list[list[_Item]]:
    bounds = [start, *commas, end]
    result: list[list[_Item]] = []
    for low, high in itertools.pairwise(bounds):
        result += _expand(items[low + 1 : high])
    return result


def _sequence(items: list[_Item]) -> list[list[_Item]] | None:
    if not all(isinstance(item, str) for item in items):
        return None
    match = _SEQUENCE.match("".join([item for item in items if isinstance(item, str)]))
    if match is None:
        return None
    if match[1] is not None:
        low, high, step = int(match[1]), int(match[2]), abs(int(match[3] or 1)) or 1
        is_padded = any(text.lstrip("-").startswith("0") and len(text.lstrip("-")) > 1 for text in (match[1], match[2]))
        width = max(len(match[1]), len(match[2])) if is_padded else 0
        return [[str(number).zfill(width)] for number in _range(low, high, step)]
    low, high, step = ord(match[4]), ord(match[5]), abs(int(match[6] or 1)) or 1
    return [[chr(number)] for number in _range(low, high, step)]


def _range(low: int, high: int, step: int) -> range:
    wanted = range(low, high + 1, step) if low <= high else range(low, high - 1, -step)
    if len(wanted) > _COUNT_MAX:
        raise TooManyWords(len(wanted))
    return wanted
