"""How processor time is counted in windows and held back at a limit."""

import pytest

from orrery.node.processes.cpu_meter import WINDOW_S, CpuMeter


def test_the_last_whole_window_is_told() -> None:
    meter = CpuMeter()
    meter.add(1.0, 0.6)
    meter.add(14.0, 0.9)

    assert meter.cores(14.9) == 0
    assert meter.cores(15.1) == pytest.approx(0.1)
    assert meter.cores(29.0) == pytest.approx(0.1)
    assert meter.cores(30.0) == 0


def test_a_load_that_lasts_counts_without_anybody_looking() -> None:
    meter = CpuMeter()
    meter.hold(7.5, 2)

    assert meter.cores(15.0) == pytest.approx(1.0)
    assert meter.cores(1000.0) == pytest.approx(2.0)

    meter.hold(1012.5, -2)
    assert meter.cores(1012.5) == pytest.approx(2.0)
    assert meter.cores(1005.0 + WINDOW_S) == pytest.approx(1.0)
    assert meter.cores(1005.0 + 2 * WINDOW_S) == 0


def test_nobody_uses_more_than_the_limit() -> None:
    meter = CpuMeter()
    meter.limit = 0.5
    meter.hold(0.0, 4)

    assert meter.cores(15.0) == 0.5


def test_work_beyond_the_quota_takes_longer() -> None:
    meter = CpuMeter()
    meter.limit = 0.5
    alone = meter.work(0.0, 0.05)
    for _ in range(20):
        crowd = meter.work(0.0, 0.05)

    assert alone == pytest.approx(0.05)
    assert crowd == pytest.approx(2.0)


def test_work_without_a_limit_never_waits() -> None:
    meter = CpuMeter()

    assert [meter.work(0.0, 0.05) for _ in range(50)] == [pytest.approx(0.05)] * 50
