"""docs/lesson.md is what kubectl really prints."""

import pytest

from tests.clients.conftest import kubectl_program
from tools.generate_transcript import PAGE, transcript

pytestmark = pytest.mark.client


def test_the_lesson_reads_as_it_plays() -> None:
    """When it does not: look at what changed, and if it is right, run `python -m tools.generate_transcript`."""
    assert transcript(kubectl_program("1.35").parent).splitlines() == PAGE.read_text().splitlines()
