"""podFailurePolicy and successPolicy: which rule decides, and in which words."""

from typing import Any

import pytest

from orrery.controllers.job.intervals import Intervals
from orrery.controllers.job.policies import Verdict, judge_failure, judge_success
from orrery.machinery.objects import Object
from tests.controllers.job.objects import pod


def codes(action: str, operator: str, *values: int, container: str | None = None) -> Object:
    requirement: Object = {"operator": operator, "values": list(values)}
    if container is not None:
        requirement["containerName"] = container
    return {"action": action, "onExitCodes": requirement}


def on_condition(action: str, status: str = "True") -> Object:
    return {"action": action, "onPodConditions": [{"type": "DisruptionTarget", "status": status}]}


FAILS = "Container main for pod default/a failed with exit code 3 matching FailJob rule at index {}"
DISRUPTED = {"conditions": [{"type": "DisruptionTarget", "status": "True"}]}


@pytest.mark.parametrize(
    ("rules", "fields", "verdict"),
    [
        ([], {"code": 3}, Verdict()),
        ([codes("FailJob", "In", 3)], {"code": 3}, Verdict("FailJob", True, FAILS.format(0))),
        ([codes("FailJob", "In", 4)], {"code": 3}, Verdict()),
        ([codes("Count", "In", 4), codes("FailJob", "NotIn", 4)], {"code": 3}, Verdict("FailJob", True, FAILS.format(1))),
        ([codes("Ignore", "In", 3), codes("FailJob", "In", 3)], {"code": 3}, Verdict("Ignore", False)),
        ([codes("FailIndex", "In", 3)], {"code": 3}, Verdict("FailIndex", True)),
        ([codes("FailJob", "In", 3, container="other")], {"code": 3}, Verdict()),
        ([codes("FailJob", "NotIn", 3)], {"code": 0}, Verdict()),
        ([on_condition("Ignore")], {"code": 3}, Verdict()),
        ([on_condition("Ignore")], {"code": 3, **DISRUPTED}, Verdict("Ignore", False)),
        ([on_condition("Ignore", "False")], {"code": 3, **DISRUPTED}, Verdict()),
        (
            [on_condition("FailJob")],
            {"code": 3, **DISRUPTED},
            Verdict("FailJob", True, "Pod default/a has condition DisruptionTarget matching FailJob rule at index 0"),
        ),
    ],
)
def test_the_first_rule_that_matches_decides(rules: list[Object], fields: dict[str, Any], verdict: Verdict) -> None:
    assert judge_failure({"rules": rules}, pod("a", "Failed", **fields)) == verdict


@pytest.mark.parametrize(
    ("rules", "succeeded", "expected"),
    [
        ([{"succeededIndexes": "0,2"}], ((0, 0),), ""),
        ([{"succeededIndexes": "0,2"}], ((0, 2),), "Matched rules at index 0"),
        ([{"succeededCount": 3}], ((0, 1), (4, 4)), "Matched rules at index 0"),
        ([{"succeededCount": 3}], ((0, 1),), ""),
        ([{"succeededIndexes": "0-3", "succeededCount": 2}], ((2, 3), (5, 9)), "Matched rules at index 0"),
        ([{"succeededIndexes": "0-3", "succeededCount": 2}], ((3, 3), (5, 9)), ""),
        ([{"succeededIndexes": "7"}, {"succeededCount": 1}], ((1, 1),), "Matched rules at index 1"),
        ([{"succeededCount": 1}], (), ""),
    ],
)
def test_enough_indexes_meet_a_rule(rules: list[Object], succeeded: Intervals, expected: str) -> None:
    assert judge_success({"rules": rules}, 10, succeeded) == expected
