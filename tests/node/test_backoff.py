"""Back-off doubles from 10 s to 5 min, and is forgotten after 10 quiet minutes."""

from orrery.node.backoff import Backoff


def test_the_first_failure_waits_ten_seconds_and_every_other_twice_as_long_up_to_five_minutes() -> None:
    backoff = Backoff()
    delays = []
    for now_s in range(0, 700, 100):
        backoff.grow("web", now_s, now_s)
        delays.append(backoff.delay_s("web"))

    assert delays == [10, 20, 40, 80, 160, 300, 300]


def test_waiting_counts_from_the_event() -> None:
    backoff = Backoff()
    assert not backoff.is_waiting_since("web", 0, 0)

    backoff.grow("web", 0, 0)

    assert backoff.is_waiting_since("web", 5, 14.9)
    assert not backoff.is_waiting_since("web", 5, 15)
    assert backoff.is_waiting("web", 9.9)
    assert not backoff.is_waiting("web", 10)


def test_ten_quiet_minutes_make_it_new() -> None:
    backoff = Backoff()
    for _ in range(4):
        backoff.grow("web", 0, 0)

    assert not backoff.is_waiting_since("web", 601, 601)
    backoff.grow("web", 601, 601)

    assert backoff.delay_s("web") == 10


def test_forgetting_a_key_ends_its_wait() -> None:
    backoff = Backoff()
    backoff.grow("web", 0, 0)

    backoff.forget("web")

    assert not backoff.is_waiting("web", 1)
