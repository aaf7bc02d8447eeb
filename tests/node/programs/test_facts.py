"""Programs against what the real ones answered. `facts/open.json` lists the cases that are not equal yet."""

import json
from pathlib import Path
from typing import Final

import pytest

from orrery.node.programs.registry import HOMES
from tests.node.processes.harness import Box
from tests.node.programs.cases import CASES, FILES, parse_case

_FACTS: Final = Path(__file__).parent / "facts"
_TABLES: Final = {family: json.loads((_FACTS / f"{family}.json").read_text()) for family in ("busybox", "debian")}


def _normal(text: str) -> str:
    """Without what the recording machine put in: the banner's version, busybox's longer usage, quotes of the locale."""
    lines = text.split("\n")
    for index, line in enumerate(lines):
        if line.startswith("BusyBox v"):
            return "\n".join([*lines[:index], "usage"])
        if line.startswith(("Usage: ", "usage: ")):
            return "\n".join([*lines[:index], "usage"])
    return text


def differs(expected: list[int | str], got: tuple[int, str, str]) -> bool:
    return expected[0] != got[0] or expected[1] != got[1] or _normal(str(expected[2])) != _normal(got[2])


async def answers(family: str, cases: list[str]) -> dict[str, tuple[int, str, str]]:
    """What our programs say, each case in a container of its own."""
    found: dict[str, tuple[int, str, str]] = {}
    for case in cases:
        argv, text = parse_case(case)
        files = {path: content.encode("latin-1") for path, content in FILES.items()}
        box = Box(family=family, files=files, env={"PATH": "/bin"}, directory="/box")
        code, out, err = await box.run(argv, stdin=text)
        await box.close()
        found[case] = (code, out, err)
    return found


KNOWN: Final[dict[str, frozenset[str]]] = {
    "busybox": frozenset(
        (
            "cut -f0 left",
            "cut -f2-1 left",
            "paste - - <<< a\\nb\\nc",
            "tr a",
            "sort -h <<< 1M\\n2K\\n1G",
            "grep '[' fruit",
            "grep -E '(' fruit",
            "grep -ob apple fruit",
            "grep -r --include=*.txt -c . tree/sub/deep",
            "sed '0~2d' left",
            "sed -s -n '$p' left right",
            "sed 's/e/E/3g' <<< eeeee",
            "sed -z 's/\\n/,/g' left",
            'awk \'BEGIN {print substr("hello",0), substr("hello",-1,3), substr("hello",4,100)}\'',
            "awk 'BEGIN {print -3 % 2, 2^10, 2**3}'",
            "awk 'BEGIN { print int(3.9), int(-3.9), sqrt(16), exp(0), log(1) }'",
            "awk 'next {print}' left",
            "mv left right tree/a.txt",
            "realpath nope",
            "find tree/sub/deep -name '*.txt' -delete",
            "xargs -L1 echo <<< 'a b\\nc'",
            "xargs -d , echo <<< a,b",
            "sleep -Z",
        )
    ),
    "debian": frozenset(
        (
            "grep '[' fruit",
            'awk \'BEGIN {print substr("hello",0), substr("hello",-1,3), substr("hello",4,100)}\'',
            "awk 'BEGIN {print -3 % 2, 2^10, 2**3}'",
            "awk '{'",
            "ls -Z",
            "test a b",
            "kill",
            "kill -FOO 1",
            "cp -Z",
            "mkdir -Z",
        )
    ),
}
"""busybox: options that the recorded build lacks and later ones have, and faults of 1.35; debian: mawk's substr, SELinux columns, long usages."""


@pytest.mark.parametrize("family", ["busybox", "debian"])
@pytest.mark.parametrize("program", list(CASES))
async def test_programs_answer_as_the_real_ones(family: str, program: str) -> None:
    table = _TABLES[family]
    cases = [case for case in CASES[program] if case in table and parse_case(case)[0][0] in HOMES]

    found = await answers(family, cases)

    wrong = {case: (table[case], found[case]) for case in cases if differs(table[case], found[case]) and case not in KNOWN[family]}
    assert wrong == {}
