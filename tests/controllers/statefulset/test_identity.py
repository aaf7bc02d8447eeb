"""Names, host names, labels and volumes of a StatefulSet's Pods."""

import pytest

from orrery.controllers.statefulset.identity import has_storage, new_claims, new_stateful_pod, parent_and_ordinal
from orrery.machinery.objects import Object
from tests.controllers.statefulset.rows import pod, revision, statefulset

DATA: Object = {
    "metadata": {"name": "data", "labels": {"kept": "yes"}},
    "spec": {"accessModes": ["ReadWriteOnce"]},
    "status": {"phase": "Pending"},
}


@pytest.mark.parametrize(
    ("name", "parent", "ordinal"),
    [
        ("web-0", "web", 0),
        ("web-1-12", "web-1", 12),
        ("web", "", -1),
        ("web-", "", -1),
        ("web-a", "", -1),
        ("-3", "", 3),
        ("web-007", "web", 7),
        ("web-2147483648", "web", -1),
    ],
)
def test_an_ordinal_is_the_number_at_the_end_of_the_name(name: str, parent: str, ordinal: int) -> None:
    assert parent_and_ordinal(name) == (parent, ordinal)


def test_a_pod_carries_its_identity() -> None:
    owner = statefulset(volumeClaimTemplates=[DATA])

    made = new_stateful_pod(owner, revision("web-abc"), 2)

    assert made["metadata"]["name"] == "web-2"
    assert made["metadata"]["generateName"] == "web-"
    assert made["metadata"]["labels"] == {
        "app": "web",
        "apps.kubernetes.io/pod-index": "2",
        "controller-revision-hash": "web-abc",
        "statefulset.kubernetes.io/pod-name": "web-2",
    }
    assert (made["spec"]["hostname"], made["spec"]["subdomain"]) == ("web-2", "web")
    assert made["spec"]["volumes"] == [{"name": "data", "persistentVolumeClaim": {"claimName": "data-web-2"}}]


def test_a_volume_of_a_claims_name_gives_way() -> None:
    owner = statefulset(volumeClaimTemplates=[DATA])
    template = revision("new")
    template["data"]["spec"]["template"]["spec"]["volumes"] = [{"name": "tmp", "emptyDir": {}}, {"name": "data", "emptyDir": {}}]

    volumes = new_stateful_pod(owner, template, 0)["spec"]["volumes"]

    assert [volume["name"] for volume in volumes] == ["data", "tmp"]
    assert volumes[0]["persistentVolumeClaim"] == {"claimName": "data-web-0"}


def test_claims_get_the_labels_the_selector_asks_for() -> None:
    (claim,) = new_claims(statefulset(volumeClaimTemplates=[DATA]), 1)

    assert claim["metadata"] == {"name": "data-web-1", "namespace": "default", "labels": {"kept": "yes", "app": "web"}}
    assert DATA["metadata"]["name"] == "data"


@pytest.mark.parametrize(
    ("volumes", "matches"),
    [
        ([], False),
        ([{"name": "data", "persistentVolumeClaim": {"claimName": "data-web-0"}}], True),
        ([{"name": "data", "persistentVolumeClaim": {"claimName": "data-web-1"}}], False),
        ([{"name": "data", "emptyDir": {}}], False),
    ],
)
def test_storage_matches_when_every_claim_is_mounted(volumes: list[Object], *, matches: bool) -> None:
    member = {**pod(0), "spec": {"volumes": volumes}}

    assert has_storage(statefulset(volumeClaimTemplates=[DATA]), member) is matches
