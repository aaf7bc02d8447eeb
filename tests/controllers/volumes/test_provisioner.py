"""What the provisioner makes of a claim, and when it is its turn."""

from typing import Any

import pytest

from orrery.controllers.volumes.provisioner import CannotProvision, is_to_delete, is_to_provision, plan_volume
from orrery.machinery.objects import Object

PROVISIONER = "rancher.io/local-path"


def storage_class(**fields: Any) -> Object:
    return {"metadata": {"name": "standard"}, "provisioner": PROVISIONER, "reclaimPolicy": "Delete", **fields}


def claim(annotations: dict[str, str] | None = None, **spec: Any) -> Object:
    meta = {"name": "data", "namespace": "default", "uid": "u1", "resourceVersion": "7", "annotations": annotations or {}}
    return {"metadata": meta, "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}, **spec}}


def test_a_volume_is_made_for_its_claim_only() -> None:
    assert plan_volume(claim(), storage_class()) == {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": "pvc-u1", "annotations": {"pv.kubernetes.io/provisioned-by": PROVISIONER}},
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "capacity": {"storage": "1Gi"},
            "claimRef": {
                "apiVersion": "v1",
                "kind": "PersistentVolumeClaim",
                "name": "data",
                "namespace": "default",
                "resourceVersion": "7",
                "uid": "u1",
            },
            "hostPath": {"path": "/var/local-path-provisioner/pvc-u1_default_data", "type": "DirectoryOrCreate"},
            "persistentVolumeReclaimPolicy": "Delete",
            "storageClassName": "standard",
            "volumeMode": "Filesystem",
        },
    }


@pytest.mark.parametrize(
    ("spec", "why"),
    [
        ({"volumeMode": "Block"}, "rancher.io/local-path does not support block volume provisioning"),
        ({"selector": {}}, 'failed to provision volume with StorageClass "standard": claim.Spec.Selector is not supported'),
        (
            {"volumeAttributesClassName": "gold"},
            'failed to provision volume with StorageClass "standard": VolumeAttributesClass gold is not supported',
        ),
        (
            {"dataSource": {"kind": "PersistentVolumeClaim", "name": "other"}},
            'failed to provision volume with StorageClass "standard": claim.Spec.DataSource is not supported',
        ),
    ],
)
def test_what_the_provisioner_cannot_do_it_says(spec: Object, why: str) -> None:
    with pytest.raises(CannotProvision) as refused:
        plan_volume(claim(**spec), storage_class())

    assert str(refused.value) == why


ASKED = {"volume.kubernetes.io/storage-provisioner": PROVISIONER}
CHOSEN = {**ASKED, "volume.kubernetes.io/selected-node": "node-1"}
WAITS = {"volumeBindingMode": "WaitForFirstConsumer"}


@pytest.mark.parametrize(
    ("annotations", "fields", "is_its_turn"),
    [
        ({}, {}, False),
        (ASKED, {}, True),
        (ASKED, WAITS, False),
        (CHOSEN, WAITS, True),
        (CHOSEN, {"provisioner": "example.com/other"}, False),
    ],
)
def test_it_waits_until_it_is_asked_and_has_a_node_where_one_is_needed(
    annotations: dict[str, str], fields: Object, *, is_its_turn: bool
) -> None:
    assert is_to_provision(claim(annotations), storage_class(**fields)) is is_its_turn
    assert not is_to_provision(claim(annotations, volumeName="pvc-u1"), storage_class(**fields))


@pytest.mark.parametrize(
    ("phase", "policy", "maker", "goes"),
    [
        ("Released", "Delete", PROVISIONER, True),
        ("Bound", "Delete", PROVISIONER, False),
        ("Released", "Retain", PROVISIONER, False),
        ("Released", "Delete", "example.com/other", False),
    ],
)
def test_it_deletes_what_it_made_once_that_is_released(phase: str, policy: str, maker: str, *, goes: bool) -> None:
    meta = {"name": "pvc-u1", "annotations": {"pv.kubernetes.io/provisioned-by": maker}}
    volume = {"metadata": meta, "spec": {"persistentVolumeReclaimPolicy": policy}, "status": {"phase": phase}}

    assert is_to_delete(volume) is goes
