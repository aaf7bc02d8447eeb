"""Deployments, and the ReplicaSets they make: scale, generation, status."""

from typing import Any

from orrery.kinds.workloads.deployment import BEHAVIOUR
from orrery.kinds.workloads.replicaset import BEHAVIOUR as REPLICASET
from orrery.machinery.objects import Object


def deployment(**spec: Any) -> Object:
    template = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "c", "image": "nginx"}]}}
    obj: Object = {
        "metadata": {"name": "web", "generation": 1},
        "spec": {"selector": {"matchLabels": {"app": "web"}}, "template": template},
    }
    obj["spec"] |= spec
    assert BEHAVIOUR.default is not None
    BEHAVIOUR.default(obj)
    return obj


def _status_causes(status: Object, old: Object) -> list[str]:
    assert BEHAVIOUR.validate_status is not None
    return [str(error) for error in BEHAVIOUR.validate_status({**deployment(), "status": status}, {**deployment(), "status": old})]


def test_a_new_change_cause_is_a_new_generation() -> None:
    old, obj = deployment(), deployment()
    obj["metadata"]["annotations"] = {"kubernetes.io/change-cause": "image 1.26"}

    assert BEHAVIOUR.prepare_update is not None
    BEHAVIOUR.prepare_update(obj, old)

    assert obj["metadata"]["generation"] == 2


def test_scale_reads_and_sets_replicas_and_prints_the_selector() -> None:
    obj = deployment(replicas=3, selector={"matchLabels": {"b": "2", "a": "1"}, "matchExpressions": [{"key": "c", "operator": "Exists"}]})
    assert BEHAVIOUR.scale is not None

    BEHAVIOUR.scale.set_replicas(obj, 5)

    assert BEHAVIOUR.scale.replicas(obj) == 5
    assert BEHAVIOUR.scale.status_replicas(obj) == 0
    assert BEHAVIOUR.scale.selector(obj) == "a=1,b=2,c"


def test_a_status_update_leaves_labels_alone() -> None:
    old, obj = deployment(), deployment()
    old["metadata"]["labels"] = {"a": "1"}
    obj["metadata"]["labels"] = {"a": "2"}

    assert BEHAVIOUR.prepare_status is not None
    BEHAVIOUR.prepare_status(obj, old)

    assert obj["metadata"]["labels"] == {"a": "1"}


def test_a_status_counts_no_more_than_there_are_and_never_forgets_collisions() -> None:
    assert _status_causes({"replicas": 1, "readyReplicas": 2, "availableReplicas": 3}, {"collisionCount": 1}) == [
        "status.readyReplicas: Invalid value: 2: cannot be greater than status.replicas",
        "status.availableReplicas: Invalid value: 3: cannot be greater than status.replicas",
        "status.availableReplicas: Invalid value: 3: cannot be greater than readyReplicas",
        "status.collisionCount: Invalid value: 0: cannot be decremented",
    ]


def test_replicasets_are_selected_by_their_replicas() -> None:
    assert REPLICASET.selectable is not None
    assert REPLICASET.selectable({"status": {"replicas": 3}}) == {"status.replicas": "3"}
