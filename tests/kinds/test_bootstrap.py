"""What a fresh cluster has."""

import copy

import pytest

from orrery.kinds.behaviours import BEHAVIOURS
from orrery.kinds.bootstrap import bootstrap_objects
from orrery.machinery.objects import GroupResource, Object
from orrery.settings import Settings

ROWS = bootstrap_objects(Settings(service_cidr="10.10.0.0/24"))


@pytest.mark.parametrize(("bucket", "obj"), ROWS, ids=lambda part: part if isinstance(part, str) else part["metadata"]["name"])
def test_each_object_is_valid_by_its_kinds_own_rules(bucket: GroupResource, obj: Object) -> None:
    behaviour, obj = BEHAVIOURS[bucket], copy.deepcopy(obj)
    if behaviour.default is not None:
        behaviour.default(obj)
    if behaviour.prepare_create is not None:
        behaviour.prepare_create(obj)

    assert behaviour.validate is None or behaviour.validate(obj) == []


def test_namespaces_come_before_what_lies_in_them() -> None:
    inside = ["namespace" in obj["metadata"] for _, obj in ROWS]

    assert inside == sorted(inside)


def test_the_well_known_roles_are_there() -> None:
    roles = {obj["metadata"]["name"] for bucket, obj in ROWS if bucket == "clusterroles.rbac.authorization.k8s.io"}

    assert {"cluster-admin", "admin", "edit", "view", "system:node", "system:discovery"} <= roles


def test_the_service_network_is_the_settings_own() -> None:
    by_bucket = {bucket: obj for bucket, obj in ROWS if bucket.endswith("networking.k8s.io")}

    assert by_bucket["servicecidrs.networking.k8s.io"]["spec"] == {"cidrs": ["10.10.0.0/24"]}
    assert by_bucket["ipaddresses.networking.k8s.io"]["metadata"]["name"] == "10.10.0.1"
