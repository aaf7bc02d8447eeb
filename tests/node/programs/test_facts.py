"""Programs against what the real ones answered. `known` says which answers differ, and why."""

import json
from pathlib import Path
from typing import Final

import pytest

from orrery.node.programs.registry import HOMES
from tests.node.processes.harness import Box
from tests.node.programs.cases import CASES, FILES, parse_case
from tests.node.programs.help_pages import fact_of
from tests.node.programs.known import KNOWN

_FACTS: Final = Path(__file__).parent / "facts"
_TABLES: Final = {family: json.loads((_FACTS / f"{family}.json").read_text()) for family in ("busybox", "debian")}


_UNORDERED: Final = ("find ", "rm -r", "cp -r", "grep -r", "grep -R", "chmod -R", "du ")
"""Commands that tell names as the file system has them, which is no order of ours."""


def differs(case: str, expected: list[int | str], got: tuple[int, str, str]) -> bool:
    output, ours = str(expected[1]), fact_of(got[1])
    if case.startswith(_UNORDERED):
        output, ours = "".join(sorted(output)), "".join(sorted(ours))
    return expected[0] != got[0] or output != ours or expected[2] != fact_of(got[2])


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


@pytest.mark.parametrize("family", ["busybox", "debian"])
@pytest.mark.parametrize("program", list(CASES))
async def test_programs_answer_as_the_real_ones(family: str, program: str) -> None:
    table = _TABLES[family]
    cases = [case for case in CASES[program] if case in table and parse_case(case)[0][0] in HOMES]

    found = await answers(family, cases)

    wrong = {case: (table[case], found[case]) for case in cases if differs(case, table[case], found[case]) and case not in KNOWN[family]}
    assert wrong == {}


@pytest.mark.parametrize("family", ["busybox", "debian"])
async def test_what_is_known_to_differ_still_does(family: str) -> None:
    found = await answers(family, list(KNOWN[family]))

    assert [case for case in found if not differs(case, _TABLES[family][case], found[case])] == []


async def test_help_of_busybox_programs_has_their_synopsis_and_options() -> None:
    table = _TABLES["busybox"]
    cases = [case for case in table if case.endswith(" --help") and str(table[case][2]).startswith("BusyBox")]
    found = await answers("busybox", cases)

    wrong = [case for case in cases if fact_of(found[case][2]) != table[case][2]]
    assert cases
    assert wrong == []


@pytest.mark.parametrize("family", ["busybox", "debian"])
def test_recorded_answers_hold_facts_only(family: str) -> None:
    assert [case for case, (_, out, err) in _TABLES[family].items() if (fact_of(out), fact_of(err)) != (out, err)] == []
