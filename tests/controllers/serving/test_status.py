"""What the API server says of its own configuration."""

from orrery.controllers.serving import ApiServiceController, DefinitionController, FlowSchemaController
from orrery.controllers.serving.apiservices import API_SERVICES, plan_availability
from orrery.controllers.serving.definitions import DEFINITIONS
from orrery.controllers.serving.flow_schemas import LEVELS, SCHEMAS
from orrery.machinery.objects import FrozenObject, Object, is_deleting
from tests.controllers.world import NAMESPACE, World


def api_service(service: Object | None = None) -> Object:
    spec: Object = {"group": "x.test", "version": "v1", "groupPriorityMinimum": 1, "versionPriority": 1}
    return {"metadata": {"name": "v1.x.test"}, "spec": {**spec, "service": service} if service else spec}


def test_an_api_of_our_own_is_always_available() -> None:
    assert plan_availability(api_service(), None)["reason"] == "Local"


def test_an_api_behind_a_service_needs_it_and_its_port() -> None:
    remote = api_service({"namespace": "a", "name": "b", "port": 443})

    assert plan_availability(remote, None)["message"] == 'service/b in "a" is not present'
    other_port = {"spec": {"ports": [{"port": 80}]}}
    assert plan_availability(remote, other_port)["reason"] == "ServicePortError"


def test_metrics_are_available_behind_any_service() -> None:
    """Tutorials install metrics-server, and wait for its APIService."""
    remote = api_service({"namespace": "kube-system", "name": "metrics-server", "port": 443})
    remote["spec"]["group"] = "metrics.k8s.io"
    https = {"spec": {"ports": [{"port": 443}]}}

    assert plan_availability(remote, None)["reason"] == "ServiceNotFound"
    assert plan_availability(remote, https) == {"type": "Available", "status": "True", "reason": "Passed", "message": "all checks passed"}


def condition(world: World, bucket: str, name: str) -> FrozenObject:
    found = world.client.get(bucket, "", name)
    assert found is not None
    told: FrozenObject = found["status"]["conditions"][0]
    return told


async def test_an_api_service_follows_its_service(world: World) -> None:
    world.runner.add(ApiServiceController(world.client), world.client)
    world.runner.start()
    await world.create("namespaces", {"metadata": {"name": NAMESPACE}})
    await world.create(API_SERVICES, api_service({"namespace": NAMESPACE, "name": "b", "port": 443}))
    await world.settle()
    assert condition(world, API_SERVICES, "v1.x.test")["reason"] == "ServiceNotFound"

    await world.create("services", {"metadata": {"name": "b", "namespace": NAMESPACE}, "spec": {"ports": [{"port": 80}]}})
    await world.settle()
    assert condition(world, API_SERVICES, "v1.x.test")["reason"] == "ServicePortError"


async def test_a_flow_without_its_level_dangles(world: World) -> None:
    world.runner.add(FlowSchemaController(world.client), world.client)
    world.runner.start()
    await world.create(SCHEMAS, {"metadata": {"name": "s"}, "spec": {"priorityLevelConfiguration": {"name": "l"}, "matchingPrecedence": 9}})
    await world.settle()
    assert condition(world, SCHEMAS, "s")["status"] == "True"

    await world.create(LEVELS, {"metadata": {"name": "l"}, "spec": {"type": "Limited", "limited": {"limitResponse": {"type": "Reject"}}}})
    await world.settle()
    assert condition(world, SCHEMAS, "s")["status"] == "False"


async def test_a_definition_is_terminating_before_it_goes(world: World) -> None:
    version = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": {"type": "object"}}}
    names = {"plural": "things", "kind": "Thing"}
    spec = {"group": "x.test", "scope": "Cluster", "names": names, "versions": [version]}
    await world.create(DEFINITIONS, {"metadata": {"name": "things.x.test"}, "spec": spec})
    await world.client.delete(DEFINITIONS, "", "things.x.test")
    marked = world.client.get(DEFINITIONS, "", "things.x.test")
    assert marked is not None
    assert is_deleting(marked)

    world.runner.add(DefinitionController(world.client), world.client)
    world.runner.start()
    await world.settle()

    assert world.client.get(DEFINITIONS, "", "things.x.test") is None
