"""Failed Pods are replaced at once, and then later and later."""

from orrery.controllers.daemonset.backoff import FailedPods


def test_the_wait_doubles_until_it_is_a_quarter_of_an_hour() -> None:
    failed, now_s, waits = FailedPods(), 0.0, []
    assert failed.wait_s("a", now_s) == 0

    for _ in range(12):
        waits.append(failed.wait_s("a", now_s))
        now_s += waits[-1]
        assert failed.wait_s("a", now_s) == 0

    assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900]


def test_nodes_wait_each_for_itself_and_long_ago_is_forgotten() -> None:
    failed = FailedPods()
    failed.wait_s("a", 0)

    assert failed.wait_s("a", 0.5) == 1
    assert failed.wait_s("b", 0.5) == 0
    assert failed.wait_s("a", 5000) == 0
    assert failed.wait_s("a", 5000.5) == 1
