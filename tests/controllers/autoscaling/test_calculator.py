"""How many replicas usage asks for: upstream's cases, as a table."""

from collections.abc import Sequence
from typing import Any

import pytest

from orrery.controllers.autoscaling.calculator import (
    Count,
    NoCount,
    Sample,
    Tolerances,
    count_by_average,
    count_by_utilization,
    grouped,
    requests_of,
)
from orrery.machinery.clock import timestamp
from orrery.machinery.objects import Object

NOW_S = 1_767_323_045.0
LONG_AGO_S = NOW_S - 3600


def pod(
    number: int,
    *,
    phase: str = "Running",
    ready: bool = True,
    started_s: float = LONG_AGO_S,
    changed_s: float = LONG_AGO_S,
    deleting: bool = False,
    request: str = "1",
) -> Object:
    meta: Object = {"name": f"pod-{number}", "namespace": "default"}
    if deleting:
        meta["deletionTimestamp"] = timestamp(NOW_S)
    condition = {"type": "Ready", "status": "True" if ready else "False", "lastTransitionTime": timestamp(changed_s)}
    container = {"name": "web", "resources": {"requests": {"cpu": request, "memory": "1Gi"}}}
    status = {"phase": phase, "conditions": [condition], "startTime": timestamp(started_s)}
    return {"metadata": meta, "spec": {"containers": [container]}, "status": status}


def samples(values: Sequence[int | None]) -> dict[str, Sample]:
    """Thousandths of a core by Pod; None: nothing is known of it."""
    return {f"pod-{number}": Sample(value, NOW_S - 5, 15) for number, value in enumerate(values) if value is not None}


def count(current: int, target: int, values: Sequence[int | None], **changes: dict[str, Any]) -> Count:
    pods = [pod(number, **changes.get(f"pod_{number}", {})) for number in range(len(values))]
    return count_by_utilization(current, pods, samples(values), target=target, resource="cpu", tolerances=Tolerances(), now_s=NOW_S)


@pytest.mark.parametrize(
    ("current", "target", "values", "wanted"),
    [
        pytest.param(3, 30, (300, 500, 700), 5, id="half used, three tenths wanted"),
        pytest.param(3, 50, (100, 100, 100), 1, id="little used"),
        pytest.param(3, 100, (1090, 1090, 1090), 3, id="just inside the tolerance"),
        pytest.param(3, 100, (1110, 1110, 1110), 4, id="just outside"),
        pytest.param(3, 100, (900, 900, 910), 3, id="just inside, below"),
        pytest.param(4, 100, (400, 500, 700, None), 3, id="a missing one counts as fully used when there is too little"),
        pytest.param(3, 100, (1000, None, None), 3, id="missing ones do not matter when usage is on target"),
        pytest.param(2, 100, (3000, None), 3, id="a missing one counts as idle when there is too much"),
        pytest.param(3, 100, (1100, None, None), 3, id="missing ones never turn the direction round"),
        pytest.param(1, 50, (0,), 0, id="nothing used"),
    ],
)
def test_replicas_follow_the_share_of_requests_that_is_used(current: int, target: int, values: Sequence[int | None], wanted: int) -> None:
    assert count(current, target, values).replicas == wanted


def test_usage_is_told_as_percentage_and_on_average() -> None:
    assert count(3, 30, (300, 500, 700)) == Count(5, 500, 50)


def test_pods_that_start_dampen_growth() -> None:
    """Two of three start: they count as idle, so 300 % of one becomes 100 % of three."""
    starting = {"ready": False, "started_s": NOW_S - 20, "changed_s": NOW_S - 20}

    assert count(3, 100, (3000, 4000, 4000), pod_1=starting, pod_2=starting).replicas == 3
    assert count(3, 100, (6000, 4000, 4000), pod_1=starting, pod_2=starting).replicas == 6


def test_pods_that_start_do_not_count_when_there_is_too_much() -> None:
    starting = {"ready": False, "started_s": NOW_S - 20, "changed_s": NOW_S - 20}

    assert count(3, 100, (400, 400, 4000), pod_2=starting).replicas == 1


@pytest.mark.parametrize(
    ("changes", "group"),
    [
        ({"deleting": True}, "ignored"),
        ({"phase": "Failed"}, "ignored"),
        ({"phase": "Pending"}, "unready"),
        ({"ready": False, "started_s": NOW_S - 60, "changed_s": NOW_S - 30}, "unready"),
        ({"started_s": NOW_S - 60, "changed_s": NOW_S - 10}, "unready"),  # No whole window since it is ready.
        ({"started_s": NOW_S - 60, "changed_s": NOW_S - 40}, "ready"),
        ({"ready": False, "started_s": NOW_S - 600, "changed_s": NOW_S - 590}, "unready"),  # It never was ready.
        ({"ready": False, "started_s": NOW_S - 600, "changed_s": NOW_S - 30}, "ready"),  # It was, and counts.
    ],
)
def test_each_pod_counts_in_its_own_way(changes: dict[str, Any], group: str) -> None:
    groups = grouped([pod(0, **changes)], samples((100,)), "cpu", NOW_S)

    assert {"ready": groups.ready == 1, "unready": bool(groups.unready), "ignored": bool(groups.ignored)}[group]


def test_readiness_matters_for_cpu_only() -> None:
    groups = grouped([pod(0, ready=False, started_s=NOW_S - 60)], samples((100,)), "memory", NOW_S)

    assert groups.ready == 1


def test_average_values_need_no_requests() -> None:
    pods = [pod(0), pod(1)]
    found = count_by_average(2, pods, samples((600, 200)), target=100, resource="cpu", tolerances=Tolerances(), now_s=NOW_S)

    assert found == Count(8, 400)


def test_tolerances_may_be_wider_on_one_side() -> None:
    def at(value: int) -> int:
        wide = Tolerances(down=0.5, up=0.0)
        return count_by_utilization(1, [pod(0)], samples((value,)), target=100, resource="cpu", tolerances=wide, now_s=NOW_S).replicas

    assert [at(510), at(490), at(1010)] == [1, 1, 2]
    assert at(400) == 1  # A single Pod at less than half of its target is still rounded up to one.


@pytest.mark.parametrize(
    ("pods", "values", "message"),
    [
        ([], (), "no pods returned by selector while calculating replica count"),
        ([pod(0, phase="Pending")], (100,), "did not receive metrics for targeted pods (pods might be unready)"),
    ],
)
def test_what_cannot_be_counted_is_told(pods: list[Object], values: Sequence[int], message: str) -> None:
    with pytest.raises(NoCount) as caught:
        count_by_utilization(1, pods, samples(values), target=50, resource="cpu", tolerances=Tolerances(), now_s=NOW_S)

    assert str(caught.value) == message


def test_requests_are_those_of_containers_and_sidecars_or_of_the_whole_pod() -> None:
    one = pod(0, request="250m")
    one["spec"]["initContainers"] = [
        {"name": "proxy", "restartPolicy": "Always", "resources": {"requests": {"cpu": "50m"}}},
        {"name": "setup", "resources": {"requests": {"cpu": "8"}}},
    ]
    whole = pod(1)
    whole["spec"]["resources"] = {"requests": {"cpu": "3"}}

    assert requests_of([one, whole], "", "cpu") == {"pod-0": 300, "pod-1": 3000}
    assert requests_of([one], "web", "cpu") == {"pod-0": 250}


def test_a_container_without_a_request_is_named() -> None:
    one = pod(0)
    del one["spec"]["containers"][0]["resources"]["requests"]["cpu"]

    with pytest.raises(NoCount, match=r"^missing request for cpu in container web of Pod pod-0$"):
        requests_of([one], "", "cpu")
    with pytest.raises(NoCount, match=r"^container other not found in Pod pod-0$"):
        requests_of([one], "other", "cpu")
