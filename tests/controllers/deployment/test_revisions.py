"""Templates compared and hashed, revisions numbered, history kept and cut."""

import pytest

from orrery.controllers.deployment.replicasets import Revisions, plan_clean_up
from orrery.controllers.deployment.revisions import REVISION, REVISION_HISTORY, plan_annotations, plan_revision
from orrery.controllers.deployment.template import is_same_template, new_replicaset, replicaset_name, template_hash
from orrery.machinery.objects import Object


def template(image: str = "nginx:1.25", **labels: str) -> Object:
    return {"metadata": {"labels": {"app": "web", **labels}}, "spec": {"containers": [{"name": "c", "image": image}]}}


def replicaset(
    name: str, revision: int | str | None = None, *, replicas: int = 0, created: str = "t0", image: str = "nginx:1.25"
) -> Object:
    annotations = {} if revision is None else {REVISION: str(revision)}
    metadata = {"name": name, "uid": name, "annotations": annotations, "creationTimestamp": created, "generation": 1}
    return {
        "metadata": metadata,
        "spec": {"replicas": replicas, "template": template(image)},
        "status": {"replicas": replicas, "observedGeneration": 1},
    }


def test_templates_are_the_same_whatever_their_hash() -> None:
    hashed = template()
    hashed["metadata"]["labels"]["pod-template-hash"] = "abc"

    assert is_same_template(hashed, template())
    assert not is_same_template(template("nginx:1.26"), template())
    assert not is_same_template(template(tier="front"), template())


def test_absent_and_empty_are_the_same_but_an_empty_object_says_something() -> None:
    spelled_out = template()
    spelled_out["metadata"]["annotations"] = {}
    spelled_out["metadata"]["creationTimestamp"] = None
    spelled_out["spec"]["containers"][0]["env"] = []
    assert is_same_template(spelled_out, template())

    with_volume = template()
    with_volume["spec"]["volumes"] = [{"name": "v", "emptyDir": {}}]
    without_source = template()
    without_source["spec"]["volumes"] = [{"name": "v"}]
    assert not is_same_template(with_volume, without_source)


def test_a_hash_is_stable_blind_to_itself_and_moved_by_collisions() -> None:
    hashed = template()
    hashed["metadata"]["labels"]["pod-template-hash"] = "abc"

    assert template_hash(hashed, None) == template_hash(template(), None)
    assert len({template_hash(template(), None), template_hash(template(), 1), template_hash(template("nginx:1.26"), None)}) == 3
    assert set(template_hash(template(), None)) <= set("bcdfghjklmnpqrstvwxz2456789")


def test_a_long_name_loses_its_end_and_not_its_hash() -> None:
    assert replicaset_name("web", "5d59d67564") == "web-5d59d67564"
    assert len(replicaset_name("w" * 253, "5d59d67564")) == 253
    assert replicaset_name("w" * 253, "5d59d67564").endswith("w-5d59d67564")


def test_a_new_replicaset_carries_the_hash_wherever_it_counts() -> None:
    deployment: Object = {
        "metadata": {"name": "web", "namespace": "default", "uid": "u"},
        "spec": {"selector": {"matchLabels": {"app": "web"}}, "template": template(), "minReadySeconds": 5},
    }

    made = new_replicaset(deployment, {"a": "b"}, replicas=2)

    hashed = template_hash(template(), None)
    labels = {"app": "web", "pod-template-hash": hashed}
    assert made["metadata"]["name"] == f"web-{hashed}"
    assert made["metadata"]["labels"] == made["spec"]["template"]["metadata"]["labels"] == made["spec"]["selector"]["matchLabels"] == labels
    assert made["spec"]["replicas"] == 2
    assert made["spec"]["minReadySeconds"] == 5
    assert made["metadata"]["ownerReferences"][0]["blockOwnerDeletion"] is True
    assert "pod-template-hash" not in deployment["spec"]["template"]["metadata"]["labels"]


def test_the_oldest_replicaset_with_the_template_is_the_new_one() -> None:
    deployment: Object = {"metadata": {}, "spec": {"template": template()}}
    sets = [replicaset("young", created="t2"), replicaset("other", created="t1", image="x"), replicaset("old", created="t0")]

    revisions = Revisions.of(deployment, sets)

    assert revisions.new is sets[2]
    assert [one["metadata"]["name"] for one in revisions.old] == ["other", "young"]


def test_the_next_revision_is_above_every_old_one() -> None:
    assert plan_revision([]) == 1
    assert plan_revision([replicaset("a", 3), replicaset("b", 7), replicaset("c"), replicaset("d", "seven")]) == 8


@pytest.mark.parametrize(
    ("current", "revision", "number", "history"),
    [
        ({}, 1, "1", None),
        ({REVISION: "1"}, 3, "3", "1"),
        ({REVISION: "3", REVISION_HISTORY: "1"}, 5, "5", "1,3"),
        ({REVISION: "5"}, 4, "5", None),
        ({REVISION: "five"}, 6, "five", None),
    ],
)
def test_a_replicaset_that_comes_back_remembers_its_revisions(
    current: dict[str, str], revision: int, number: str, history: str | None
) -> None:
    wanted = plan_annotations({"metadata": {}}, current, revision)

    assert wanted[REVISION] == number
    assert wanted.get(REVISION_HISTORY) == history


def test_history_is_cut_at_its_old_end() -> None:
    long = ",".join(str(number) for number in range(1000, 1400))  # 1999 letters.

    history = plan_annotations({"metadata": {}}, {REVISION: "1400", REVISION_HISTORY: long}, 1401)[REVISION_HISTORY]

    assert len(history) <= 2000
    assert history.startswith("1001,")
    assert history.endswith(",1399,1400")


def test_annotations_of_the_deployment_are_copied_but_for_bookkeeping() -> None:
    deployment: Object = {
        "metadata": {
            "annotations": {
                "kubernetes.io/change-cause": "new image",
                "kubectl.kubernetes.io/last-applied-configuration": "{}",
                REVISION: "9",
                "deployment.kubernetes.io/max-replicas": "4",
            }
        }
    }

    wanted = plan_annotations(deployment, {"mine": "kept", "kubernetes.io/change-cause": "old"}, 1)

    assert wanted == {"mine": "kept", "kubernetes.io/change-cause": "new image", REVISION: "1"}


def test_history_beyond_the_limit_goes_lowest_revision_first_but_never_with_pods() -> None:
    old = [replicaset("d", 4), replicaset("a", 1), replicaset("c", 3), replicaset("b", 2, replicas=1)]

    def names(limit: int) -> list[str]:
        return [one["metadata"]["name"] for one in plan_clean_up(old, limit)]

    assert names(10) == []
    assert names(2) == ["a"]
    assert names(0) == ["a", "c", "d"]


def test_a_replicaset_whose_scaling_was_not_seen_yet_is_kept() -> None:
    unseen = replicaset("a", 1)
    unseen["metadata"]["generation"] = 2

    assert plan_clean_up([unseen], 0) == []
