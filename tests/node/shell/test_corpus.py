"""The corpus of small scripts, section by section of the POSIX grammar: Orrery's shells say what dash, busybox ash and bash say."""

import json
import os

import pytest

from tests.node.shell.playing import outcome
from tools.record_shell_corpus import CORPUS, RECORDED, missing_shells, run_real, scripts, shells_for

_FILES = sorted(CORPUS.glob("*.sh"))
_CASES = [(path, shell) for path in _FILES for shell in shells_for(path)]
_IDS = [f"{path.stem}-{shell}" for path, shell in _CASES]

DIFFERENCES = {
    # busybox 1.35 divides although || has decided already, and does not nest ?: ; later versions do as we do.
    ("ash", "echo $((1?2:3)) $((0?2:3)) $((1?0?4:5:6))"),
    ("ash", "echo $((1 || 1/0)) $((0 && 1/0))"),
}

Recorded = dict[str, dict[str, list[object]]]


@pytest.fixture(scope="module")
def recorded() -> Recorded:
    found: Recorded = json.loads(RECORDED.read_text())
    return found


def test_the_corpus_has_several_hundred_scripts() -> None:
    assert sum(len(scripts(path)) for path in _FILES) > 500


@pytest.mark.parametrize(("path", "shell"), _CASES, ids=_IDS)
async def test_a_shell_does_as_the_real_one_did(path: object, shell: str, recorded: Recorded) -> None:
    differing: list[str] = []
    for script in scripts(CORPUS / str(path)):
        if (shell, script) in DIFFERENCES:
            continue
        wanted, found = recorded[script][shell], list(await outcome(shell, script))
        if found != wanted:
            differing.append(f"{script}\n  real: {wanted}\n  ours: {found}")
    assert not differing, "\n".join(differing)


@pytest.mark.parametrize(("path", "shell"), _CASES, ids=_IDS)
def test_the_recording_is_what_the_real_shell_does(path: object, shell: str, recorded: Recorded) -> None:
    """Where the shells are installed. In CI they have to be."""
    if missing := missing_shells():
        if os.environ.get("CI"):
            pytest.fail(f"{', '.join(missing)} not installed", pytrace=False)
        pytest.skip(f"{', '.join(missing)} not installed")
    differing = [script for script in scripts(CORPUS / str(path)) if list(run_real(shell, script)) != recorded[script][shell]]
    assert not differing, f"run tools/record_shell_corpus.py: {differing}"
