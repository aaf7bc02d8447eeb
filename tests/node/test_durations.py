"""Durations as Go prints them."""

import pytest

from orrery.node.durations import go_duration


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0s"), (0.0004, "0s"), (0.25, "250ms"), (1, "1s"), (1.234, "1.234s"), (10, "10s"), (80, "1m20s"), (160, "2m40s"), (300, "5m0s")],
)
def test_go_prints_it_so(seconds: float, text: str) -> None:
    assert go_duration(seconds) == text
