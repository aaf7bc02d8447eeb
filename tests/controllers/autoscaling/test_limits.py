"""How far and how fast: upstream's rules for scaling with and without a behavior."""

from typing import Any

import pytest

from orrery.controllers.autoscaling.history import History
from orrery.controllers.autoscaling.limits import Rates, limited
from orrery.machinery.objects import Object


def policy(kind: str, value: int, period_s: int = 60) -> Object:
    return {"type": kind, "value": value, "periodSeconds": period_s}


def behavior(*, up: Object | None = None, down: Object | None = None) -> dict[str, Any]:
    usual_up = {"stabilizationWindowSeconds": 0, "selectPolicy": "Max", "policies": [policy("Pods", 4, 15), policy("Percent", 100, 15)]}
    usual_down = {"selectPolicy": "Max", "policies": [policy("Percent", 100, 15)]}
    return {"scaleUp": usual_up | (up or {}), "scaleDown": usual_down | (down or {})}


@pytest.mark.parametrize(
    ("current", "wanted", "replicas", "reason"),
    [
        (1, 3, 3, "DesiredWithinRange"),
        (1, 9, 4, "ScaleUpLimit"),
        (5, 30, 10, "ScaleUpLimit"),
        (8, 30, 12, "TooManyReplicas"),
        (5, 1, 2, "TooFewReplicas"),
        (5, 5, 5, "DesiredWithinRange"),
    ],
)
def test_without_a_behavior_replicas_at_most_double(current: int, wanted: int, replicas: int, reason: str) -> None:
    found = limited(current, wanted, least=2, most=12)

    assert (found.replicas, found.why[0]) == (replicas, reason)


@pytest.mark.parametrize(
    ("rules", "current", "wanted", "replicas", "reason"),
    [
        (behavior(), 1, 9, 5, "ScaleUpLimit"),
        (behavior(), 10, 30, 20, "ScaleUpLimit"),
        (behavior(), 10, 1, 2, "TooFewReplicas"),
        (behavior(up={"selectPolicy": "Disabled"}), 3, 9, 3, "ScaleUpLimit"),
        (behavior(down={"selectPolicy": "Disabled"}), 9, 3, 9, "ScaleDownLimit"),
        (behavior(up={"selectPolicy": "Min"}), 10, 30, 14, "ScaleUpLimit"),
        (behavior(down={"policies": [policy("Pods", 1), policy("Percent", 50)]}), 10, 2, 5, "ScaleDownLimit"),
        (behavior(down={"policies": [policy("Pods", 1), policy("Percent", 50)], "selectPolicy": "Min"}), 10, 2, 9, "ScaleDownLimit"),
        (behavior(up={"policies": [policy("Percent", 10)]}), 3, 9, 4, "ScaleUpLimit"),
        (behavior(), 60, 200, 100, "TooManyReplicas"),
        (behavior(), 4, 4, 4, "DesiredWithinRange"),
    ],
)
def test_a_behavior_sets_the_pace(rules: dict[str, Any], current: int, wanted: int, replicas: int, reason: str) -> None:
    found = Rates(rules, History(), 1000.0).limited(current, wanted, least=2, most=100)

    assert (found.replicas, found.why[0]) == (replicas, reason)


def test_what_was_scaled_within_the_period_counts() -> None:
    """Two Pods a minute: after one there is room for one more, and for two again when the minute is over."""
    rules = behavior(up={"policies": [policy("Pods", 2)]})
    history = History()
    history.scaled(rules, before=4, after=5, now_s=1000.0)

    assert Rates(rules, history, 1010.0).limited(5, 50, least=1, most=100).replicas == 6
    assert Rates(rules, history, 1061.0).limited(5, 50, least=1, most=100).replicas == 7


def test_downwards_the_highest_of_five_minutes_holds() -> None:
    history = History()
    history.begin(3, 0.0)
    seen = [history.stabilize(wanted, now_s) for wanted, now_s in ((7, 15.0), (2, 30.0), (2, 315.0), (2, 316.0))]

    assert [one.replicas for one in seen] == [7, 7, 7, 2]
    assert [one.why[0] for one in seen] == ["ReadyForNewScale", "ScaleDownStabilized", "ScaleDownStabilized", "ReadyForNewScale"]


def test_upwards_the_lowest_of_the_window_holds() -> None:
    history, rules = History(), behavior(up={"stabilizationWindowSeconds": 60})
    history.begin(2, 0.0)
    seen = [history.stabilize_by(rules, current=2, wanted=wanted, now_s=now_s) for wanted, now_s in ((6, 15.0), (5, 45.0), (6, 61.0))]

    assert [(one.replicas, one.why[0]) for one in seen] == [(2, "ScaleUpStabilized"), (2, "ScaleUpStabilized"), (5, "ScaleUpStabilized")]


def test_a_window_of_zero_scales_down_at_once() -> None:
    history, rules = History(), behavior(down={"stabilizationWindowSeconds": 0})
    history.begin(9, 0.0)

    assert history.stabilize_by(rules, current=9, wanted=1, now_s=15.0).replicas == 1


def test_the_past_does_not_grow() -> None:
    history = History()
    for step in range(1000):
        history.stabilize(step % 7, step * 15.0)

    assert len(history.recommendations) <= 22
