"""The arithmetic of disruption budgets."""

from typing import Any

import pytest

from orrery.controllers.disruption.plan import DELETION_S, desired_healthy, needs_scale, new_status, still_disrupted
from orrery.machinery.clock import timestamp
from orrery.machinery.objects import Object


@pytest.mark.parametrize(
    ("spec", "expected", "healthy"),
    [
        ({"minAvailable": 3}, 5, 3),
        ({"minAvailable": "50%"}, 5, 3),
        ({"maxUnavailable": 1}, 5, 4),
        ({"maxUnavailable": "25%"}, 5, 3),
        ({"maxUnavailable": 9}, 5, 0),
        ({"maxUnavailable": 0}, 5, 5),
        ({}, 5, 0),
    ],
)
def test_how_many_must_stay(spec: Object, expected: int, healthy: int) -> None:
    assert desired_healthy(spec, expected) == healthy


@pytest.mark.parametrize(("spec", "needs"), [({"minAvailable": 3}, False), ({"minAvailable": "50%"}, True), ({"maxUnavailable": 1}, True)])
def test_shares_ask_the_controllers(spec: Object, *, needs: bool) -> None:
    assert needs_scale(spec) is needs


def _pod(name: str, *, ready: bool = True, **meta: Any) -> Object:
    conditions = [{"type": "Ready", "status": "True" if ready else "False"}]
    return {"metadata": {"name": name, "namespace": "default", **meta}, "status": {"conditions": conditions}}


def test_who_is_on_the_way_out_is_not_counted_as_healthy() -> None:
    budget = {"metadata": {"generation": 2}, "spec": {"minAvailable": 1}}
    pods = [_pod("a"), _pod("b"), _pod("c", ready=False), _pod("d", deletionTimestamp="2026-01-01T00:00:00Z")]
    status = new_status(budget, pods, 4, {"b": "2026-01-01T00:00:00Z"}, now="2026-01-01T00:00:01Z")
    condition = {
        "type": "DisruptionAllowed",
        "status": "False",
        "observedGeneration": 2,
        "lastTransitionTime": "2026-01-01T00:00:01Z",
        "reason": "InsufficientPods",
        "message": "",
    }
    assert status == {
        "observedGeneration": 2,
        "disruptedPods": {"b": "2026-01-01T00:00:00Z"},
        "disruptionsAllowed": 0,
        "currentHealthy": 1,
        "desiredHealthy": 1,
        "expectedPods": 4,
        "conditions": [condition],
    }


def test_an_eviction_is_believed_in_for_two_minutes() -> None:
    now_s = 1000.0
    noted = {"old": timestamp(now_s - DELETION_S - 1), "new": timestamp(now_s - 20), "gone": timestamp(now_s)}
    waiting, overdue, again_s = still_disrupted({"status": {"disruptedPods": noted}}, [_pod("old"), _pod("new")], now_s)
    assert (list(waiting), [pod["metadata"]["name"] for pod in overdue], again_s) == (["new"], ["old"], now_s + 100)
