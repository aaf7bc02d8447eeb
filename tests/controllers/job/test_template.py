"""What a Job's Pods are made of."""

import pytest

from orrery.controllers.job.plan import look
from orrery.controllers.job.template import new_indexed_pod, new_job_pod, reference_to_job
from orrery.machinery.objects import Object, annotations_of
from tests.controllers.job.objects import job, pod


def indexed(made: Object, index: int, *pods: Object) -> Object:
    return new_indexed_pod(look(made, pods), reference_to_job(made), index)


def test_a_pod_is_tracked_and_keeps_the_finalizers_of_its_template() -> None:
    made = job()
    made["spec"]["template"]["metadata"]["finalizers"] = ["example.com/mine"]

    assert new_job_pod(made, {})["metadata"]["finalizers"] == ["example.com/mine", "batch.kubernetes.io/job-tracking"]


def test_every_container_learns_the_index_unless_it_says_itself() -> None:
    made = job(indexed=3)
    own = {"name": "JOB_COMPLETION_INDEX", "value": "mine"}
    made["spec"]["template"]["spec"]["containers"].append({"name": "own", "env": [own]})
    made["spec"]["template"]["spec"]["initContainers"] = [{"name": "init"}]

    spec = indexed(made, 2)["spec"]

    source = {"fieldRef": {"fieldPath": "metadata.labels['batch.kubernetes.io/job-completion-index']"}}
    assert spec["containers"][0]["env"] == spec["initContainers"][0]["env"] == [{"name": "JOB_COMPLETION_INDEX", "valueFrom": source}]
    assert spec["containers"][1]["env"] == [own]
    assert spec["hostname"] == "pi-2"
    assert "env" not in made["spec"]["template"]["spec"]["containers"][0]


@pytest.mark.parametrize(
    ("name", "index", "prefix"), [("pi", 3, "pi-3-"), ("a" * 54, 10, "a" * 54 + "-10-"), ("a" * 63, 10, "a" * 54 + "-10-")]
)
def test_a_long_name_is_cut_before_the_index(name: str, index: int, prefix: str) -> None:
    made = job(indexed=20)
    made["metadata"]["name"] = name

    assert indexed(made, index)["metadata"]["generateName"] == prefix


def test_a_replacement_inherits_the_failures_of_its_index() -> None:
    rule = {"action": "Ignore", "onExitCodes": {"operator": "In", "values": [3]}}
    made = job(indexed=2, backoffLimitPerIndex=5, podFailurePolicy={"rules": [rule]})
    prefix = "batch.kubernetes.io/job-index-"

    first = annotations_of(indexed(made, 0))
    counted = annotations_of(indexed(made, 0, pod("a", "Failed", index=0, failures=1)))
    ignored = annotations_of(indexed(made, 0, pod("a", "Failed", index=0, failures=1, code=3)))

    assert first[f"{prefix}failure-count"] == "0"
    assert counted[f"{prefix}failure-count"] == "2"
    assert (ignored[f"{prefix}failure-count"], ignored[f"{prefix}ignored-failure-count"]) == ("1", "1")
