"""What many lost nodes at once mean, how fast nodes are evicted, how long Pods tolerate it: the pure parts, by tables."""

from typing import Any

import pytest

from orrery.controllers.nodes.health import NOT_READY, UNREACHABLE, plan_evicting, plan_unknown
from orrery.controllers.nodes.taints import plan_labels
from orrery.controllers.nodes.tolerations import toleration_s
from orrery.controllers.nodes.zones import Limiter, Verdict, ZoneState, eviction_rate, plan_disruption, zone_of, zone_state

NORMAL, PARTIAL, FULL, INITIAL = ZoneState.NORMAL, ZoneState.PARTIAL, ZoneState.FULL, ZoneState.INITIAL
TAINT = {"key": UNREACHABLE, "effect": "NoExecute"}


@pytest.mark.parametrize(
    ("ready", "lost", "state"),
    [(3, 0, NORMAL), (0, 0, NORMAL), (0, 1, FULL), (1, 2, NORMAL), (2, 3, PARTIAL), (3, 3, NORMAL), (45, 55, PARTIAL), (46, 54, NORMAL)],
)
def test_a_zone_is_disrupted_when_most_of_it_is_lost(ready: int, lost: int, state: ZoneState) -> None:
    assert zone_state(ready, lost) is state


@pytest.mark.parametrize(("state", "size", "rate"), [(NORMAL, 3, 0.1), (FULL, 3, 0.1), (PARTIAL, 50, 0.0), (PARTIAL, 51, 0.01)])
def test_disrupted_zones_are_evicted_slowly_or_not_at_all(state: ZoneState, size: int, rate: float) -> None:
    assert eviction_rate(state, size) == rate


@pytest.mark.parametrize(
    ("before", "after", "verdict"),
    [
        ([NORMAL, FULL], [NORMAL, FULL], Verdict.USUAL),
        ([NORMAL, FULL], [FULL, FULL], Verdict.LOST),
        ([FULL, FULL], [FULL, FULL], Verdict.NOTHING),
        ([FULL, FULL], [FULL, NORMAL], Verdict.FOUND),
        ([INITIAL], [FULL], Verdict.LOST),
        ([], [], Verdict.NOTHING),
    ],
)
def test_when_all_zones_are_lost_it_is_the_control_plane(before: list[ZoneState], after: list[ZoneState], verdict: Verdict) -> None:
    assert plan_disruption(before, {str(index): state for index, state in enumerate(after)}) is verdict


def test_one_node_goes_at_once_and_the_next_ten_seconds_later() -> None:
    limiter = Limiter()

    assert [limiter.take(now_s) for now_s in (100, 100, 109, 110)] == [True, False, False, True]


def test_after_a_stop_the_next_has_to_wait() -> None:
    limiter = Limiter()
    limiter.swap(0.0, 100)
    assert (limiter.take(200), limiter.due_s()) == (False, None)

    limiter.swap(0.1, 200)

    assert [limiter.take(now_s) for now_s in (200, 210)] == [False, True]


@pytest.mark.parametrize(
    ("labels", "same"),
    [
        ({"topology.kubernetes.io/zone": "a"}, {"failure-domain.beta.kubernetes.io/zone": "a"}),
        ({}, {"other": "a"}),
    ],
)
def test_a_zone_has_an_old_name_too(labels: dict[str, str], same: dict[str, str]) -> None:
    assert zone_of({"metadata": {"labels": labels}}) == zone_of({"metadata": {"labels": same}})


def tolerating(seconds: int | None = None, **fields: Any) -> dict[str, Any]:
    return {"key": UNREACHABLE, "operator": "Exists", **fields, **({"tolerationSeconds": seconds} if seconds is not None else {})}


@pytest.mark.parametrize(
    ("tolerations", "seconds"),
    [
        ([], 0.0),
        ([tolerating(effect="NoSchedule")], 0.0),
        ([tolerating()], None),
        ([tolerating(300)], 300.0),
        ([tolerating(-5)], 0.0),
        ([tolerating(300), tolerating()], 300.0),
        ([{"operator": "Exists"}], None),
        ([{"key": UNREACHABLE, "operator": "Equal", "value": "other"}], 0.0),
    ],
)
def test_a_pod_tolerates_for_some_time(tolerations: list[Any], seconds: float | None) -> None:
    assert toleration_s([TAINT], tolerations) == seconds


def test_the_shortest_of_all_tolerations_that_are_needed_counts() -> None:
    other = {"key": "other", "effect": "NoExecute"}

    assert toleration_s([TAINT, other], [tolerating(300), {"key": "other", "operator": "Exists", "tolerationSeconds": 60}]) == 60


def test_conditions_that_were_never_told_are_added() -> None:
    node = {
        "metadata": {"name": "n", "creationTimestamp": "then"},
        "status": {"conditions": [{"type": "Ready", "status": "True", "lastHeartbeatTime": "x", "lastTransitionTime": "y"}]},
    }

    planned = plan_unknown(node, "now")

    assert planned is not None
    assert [(one["type"], one["reason"], one["lastHeartbeatTime"], one["lastTransitionTime"]) for one in planned[:2]] == [
        ("Ready", "NodeStatusUnknown", "x", "now"),
        ("MemoryPressure", "NodeStatusNeverUpdated", "then", "now"),
    ]
    assert plan_unknown({**node, "status": {"conditions": planned}}, "later") is None


@pytest.mark.parametrize(
    ("present", "wanted", "keys"),
    [
        ([], UNREACHABLE, [UNREACHABLE]),
        ([UNREACHABLE], UNREACHABLE, None),
        ([NOT_READY], UNREACHABLE, [UNREACHABLE]),
        ([NOT_READY], "", []),
    ],
)
def test_only_one_of_the_taints_that_evict(present: list[str], wanted: str, keys: list[str] | None) -> None:
    own = {"key": "own", "effect": "NoExecute"}
    node = {"spec": {"taints": [own, *({"key": key, "effect": "NoExecute"} for key in present)]}}

    planned = plan_evicting(node, wanted, "now")

    assert (None if planned is None else [one["key"] for one in planned]) == (None if keys is None else ["own", *keys])


def test_old_names_of_labels_follow_the_new_ones() -> None:
    labels = {"kubernetes.io/os": "linux", "kubernetes.io/arch": "arm64", "beta.kubernetes.io/arch": "amd64"}

    assert plan_labels({"metadata": {"labels": labels}}) == {"beta.kubernetes.io/os": "linux", "beta.kubernetes.io/arch": "arm64"}
