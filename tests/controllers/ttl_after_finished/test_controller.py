"""When the time of a finished Job is over."""

import pytest

from orrery.controllers.ttl_after_finished.controller import expires_s
from orrery.machinery.clock import parse_timestamp
from orrery.machinery.objects import Object

END = {"type": "Complete", "status": "True", "lastTransitionTime": "2026-01-02T03:04:05Z"}


def job(limit_s: int | None, *conditions: Object, **meta: str) -> Object:
    spec = {} if limit_s is None else {"ttlSecondsAfterFinished": limit_s}
    return {"metadata": {"name": "a", **meta}, "spec": spec, "status": {"conditions": list(conditions)}}


@pytest.mark.parametrize(
    ("made", "after_s"),
    [
        (job(100, END), 100),
        (job(0, END), 0),
        (job(7, {**END, "type": "Failed"}), 7),
        (job(100, {**END, "type": "FailureTarget"}), None),
        (job(100, {**END, "status": "False"}), None),
        (job(None, END), None),
        (job(100, END, deletionTimestamp="2026-01-02T03:05:00Z"), None),
    ],
)
def test_only_a_finished_job_with_a_limit_expires(made: Object, after_s: int | None) -> None:
    expected = None if after_s is None else parse_timestamp("2026-01-02T03:04:05Z") + after_s

    assert expires_s(made) == expected
