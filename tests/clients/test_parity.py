"""Held against the recorded answers of a real API server: the whole corpus of `tests/parity`, on a fresh server of its own."""

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.clients.conftest import RunningServer, start_server
from tests.clients.test_server import wait_until_ready
from tests.parity.ask import compare
from tests.parity.known import KNOWN

pytestmark = pytest.mark.client

EQUAL_MIN = 0.95
PAGE = Path(__file__).resolve().parents[2] / "docs" / "parity.md"


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[RunningServer, int, int, list[str]]]:
    running = start_server(tmp_path_factory.mktemp("parity"), "--pace", "fast")
    try:
        wait_until_ready(running.url)
        yield running, *compare(running.url)
    finally:
        running.stop()


Answers = tuple[RunningServer, int, int, list[str]]


def test_answers_equal_a_real_server_s(answers: Answers) -> None:
    _, equal, total, lines = answers

    assert equal >= EQUAL_MIN * total, f"{equal} of {total}\n" + "\n".join(lines)


def test_every_other_difference_is_known(answers: Answers) -> None:
    """Some known ones depend on how fast controllers are, so that they may not show."""
    _, _, _, lines = answers
    surprises = [line for line in lines if not any(line.startswith(f"{name}:") for name in KNOWN)]

    assert not surprises, "\n".join(surprises)


def test_the_page_tells_the_figure_and_the_groups(answers: Answers) -> None:
    _, equal, total, _ = answers
    text = PAGE.read_text()
    told = re.search(r"\*\*(\d[\d,]*) of (\d[\d,]*) answers", text)

    assert told is not None
    told_equal, told_total = (int(number.replace(",", "")) for number in told.groups())
    assert told_total == total
    assert abs(told_equal - equal) <= len(KNOWN)
    assert {why for why, _ in Counter(KNOWN.values()).items() if why not in text} == set()
