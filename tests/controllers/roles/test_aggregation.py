"""Roles made of others follow them."""

from orrery.controllers.roles import RoleAggregationController
from orrery.controllers.roles.aggregation import CLUSTER_ROLES
from orrery.machinery.objects import Object
from tests.controllers.world import World

LABEL = {"to-view": "yes"}


def role(name: str, resource: str, **more: Object) -> Object:
    return {"metadata": {"name": name, "labels": LABEL}, "rules": [{"apiGroups": [""], "resources": [resource], "verbs": ["get"]}], **more}


async def test_a_role_gets_the_rules_of_those_it_selects_and_loses_them_again(world: World) -> None:
    world.runner.add(RoleAggregationController(world.client), world.client)
    world.runner.start()
    whole = {"metadata": {"name": "view"}, "rules": [], "aggregationRule": {"clusterRoleSelectors": [{"matchLabels": LABEL}]}}
    await world.create(CLUSTER_ROLES, whole)
    await world.create(CLUSTER_ROLES, role("b", "pods"))
    await world.create(CLUSTER_ROLES, role("a", "secrets"))
    await world.create(CLUSTER_ROLES, role("c", "pods"))
    await world.settle()
    assert resources(world) == ["secrets", "pods"]

    await world.client.delete(CLUSTER_ROLES, "", "a")
    await world.settle()
    assert resources(world) == ["pods"]


def resources(world: World) -> list[str]:
    found = world.client.get(CLUSTER_ROLES, "", "view")
    assert found is not None
    return [rule["resources"][0] for rule in found["rules"]]
