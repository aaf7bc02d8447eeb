"""When probes are made."""

import pytest

from orrery.node.probing import next_tick_s


@pytest.mark.parametrize(
    ("probe", "now_s", "due_s"),
    [
        ({}, 100, 100),
        ({"periodSeconds": 10}, 101, 110),
        ({"periodSeconds": 10, "initialDelaySeconds": 5}, 100, 110),
        ({"periodSeconds": 5, "initialDelaySeconds": 20}, 100, 120),
        ({"periodSeconds": 3, "initialDelaySeconds": 10}, 100, 112),
    ],
)
def test_the_first_probe_comes_on_a_tick_after_the_delay(probe: dict[str, int], now_s: float, due_s: float) -> None:
    assert next_tick_s(probe, began_s=100, started_s=100, now_s=now_s) == due_s
