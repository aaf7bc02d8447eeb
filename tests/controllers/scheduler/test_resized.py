"""What a Pod counts for while it is resized."""

from typing import Any

import pytest

from orrery.controllers.scheduler.resized import version_of
from orrery.controllers.scheduler.wishes import shape_of


def pod(asked: str, has: str, granted: str, *conditions: dict[str, str], generation: int = 2) -> dict[str, Any]:
    container = {"name": "c", "resources": {"requests": {"cpu": asked}}}
    entry = {"name": "c", "resources": {"requests": {"cpu": has}}, "allocatedResources": {"cpu": granted}}
    return {
        "metadata": {"name": "p", "namespace": "default", "uid": "u", "generation": generation},
        "spec": {"nodeName": "n", "containers": [container]},
        "status": {"containerStatuses": [entry], "conditions": list(conditions)},
    }


DEFERRED = {"type": "PodResizePending", "reason": "Deferred"}
INFEASIBLE = {"type": "PodResizePending", "reason": "Infeasible"}


@pytest.mark.parametrize(
    ("resized", "milli"),
    [
        (pod("2", "1", "1"), 2000),
        (pod("2", "1", "1", DEFERRED), 2000),
        (pod("50", "1", "1", INFEASIBLE), 1000),
        (pod("1", "2", "1"), 2000),
        (pod("1", "1", "3"), 3000),
        (pod("1", "3", "3", generation=1), 1000),
    ],
)
def test_a_resize_counts_for_the_most_that_it_may_come_to(resized: dict[str, Any], milli: int) -> None:
    assert shape_of(resized).requests["cpu"] == milli


def test_a_version_changes_with_the_state_of_a_resize() -> None:
    states = [pod("2", "1", "1"), pod("2", "1", "1", DEFERRED), pod("2", "1", "1", INFEASIBLE), pod("2", "1", "1", generation=3)]

    assert len({version_of(one) for one in states}) == 4
