"""Numbers and percentages of something."""

import pytest

from orrery.machinery.int_or_percent import scaled


@pytest.mark.parametrize(
    ("value", "total", "lower", "upper"),
    [(2, 10, 2, 2), (0, 10, 0, 0), ("25%", 3, 0, 1), ("50%", 4, 2, 2), ("0%", 4, 0, 0), ("100%", 7, 7, 7), ("1%", 0, 0, 0)],
)
def test_a_number_stays_and_a_percentage_is_rounded(value: int | str, total: int, lower: int, upper: int) -> None:
    assert (scaled(value, total, up=False), scaled(value, total, up=True)) == (lower, upper)
