"""Tag lists in short: `1.25.{0..5}` is six tags, and `| -alpine` after a list adds each version with that ending.

Every version also brings the shorter tags that point to it: 1.25.3 brings 1.25 and 1.
"""

import re
from collections.abc import Iterator
from typing import Final

_RANGE: Final = re.compile(r"\{(\d+)\.\.(\d+)\}")
_VERSION: Final = re.compile(r"(v?)(\d+)\.(\d+)(?:\.(\d+))?")


def expand(spec: str) -> frozenset[str]:
    """All tags of a spec.

    >>> sorted(expand("latest 1.25.{0..1} | -alpine"))
    ['1', '1-alpine', '1.25', '1.25-alpine', '1.25.0', '1.25.0-alpine', '1.25.1', '1.25.1-alpine', 'latest']
    """
    words, _, endings = spec.partition("|")
    plain = {short for word in words.split() for tag in _unfold(word) for short in _with_short_forms(tag)}
    return frozenset(plain | {tag + ending for tag in plain if tag.lstrip("v")[:1].isdigit() for ending in endings.split()})


def _unfold(word: str) -> Iterator[str]:
    found = _RANGE.search(word)
    if found is None:
        yield word
        return
    for number in range(int(found[1]), int(found[2]) + 1):
        yield from _unfold(f"{word[: found.start()]}{number}{word[found.end() :]}")


def _with_short_forms(tag: str) -> Iterator[str]:
    yield tag
    if found := _VERSION.fullmatch(tag):
        yield f"{found[1]}{found[2]}.{found[3]}"
        yield f"{found[1]}{found[2]}"
