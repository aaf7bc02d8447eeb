"""Story 4: what a container finds in its environment, and how a Pod waits for what it refers to."""

from typing import Any

import pytest

from orrery.machinery.objects import Object
from orrery.settings import Settings
from orrery.testing import Simulation
from orrery.testing.simulation import pod
from tests.scenarios.lesson import configmap, container, ended, secret, service

NAME = "simple-webapp-color"
OF_KUBERNETES = {
    "KUBERNETES_SERVICE_HOST": "10.96.0.1",
    "KUBERNETES_SERVICE_PORT": "443",
    "KUBERNETES_SERVICE_PORT_HTTPS": "443",
    "KUBERNETES_PORT": "tcp://10.96.0.1:443",
    "KUBERNETES_PORT_443_TCP": "tcp://10.96.0.1:443",
    "KUBERNETES_PORT_443_TCP_PROTO": "tcp",
    "KUBERNETES_PORT_443_TCP_PORT": "443",
    "KUBERNETES_PORT_443_TCP_ADDR": "10.96.0.1",
}


def color(*env: Object, **fields: Any) -> Object:
    made = pod(NAME, containers=[container(NAME, NAME, env=list(env), **fields)])
    made["metadata"]["labels"] = {"app": "webapp"}
    return made


def of(name: str, kind: str, /, **reference: str) -> Object:
    return {"name": name, "valueFrom": {kind: reference}}


async def environment(cluster: Simulation) -> dict[str, str]:
    """What `kubectl exec POD -- env` shows."""
    shown = await cluster.exec(NAME, ["env"])
    assert (shown.code, shown.stderr) == (0, "")
    return dict(line.split("=", 1) for line in shown.stdout.splitlines())


async def run(cluster: Simulation, made: Object) -> dict[str, str]:
    await cluster.apply(made)
    await cluster.settle()
    return await environment(cluster)


async def test_a_value_reaches_the_container_and_what_it_prints(fast: Simulation) -> None:
    found = await run(fast, color({"name": "APP_COLOR", "value": "pink"}))

    assert found["APP_COLOR"] == "pink"
    assert (await fast.logs(NAME)).startswith("No Command line argument. Color from environment variable =pink\n")
    assert (await fast.exec(NAME, ["sh", "-c", "echo $APP_COLOR"])).stdout == "pink\n"


async def test_the_environment_begins_with_the_images_and_ends_with_that_of_services_and_home(fast: Simulation) -> None:
    found = await run(fast, color({"name": "A", "value": "1"}))

    names = list(found)
    assert names[:3] == ["PATH", "HOSTNAME", "A"]
    assert names[-1] == "HOME"
    assert (found["HOSTNAME"], found["HOME"]) == (NAME, "/root")
    assert {name: found[name] for name in names[-9:-1]} == OF_KUBERNETES


async def test_keys_of_configmaps_and_secrets_become_variables(fast: Simulation) -> None:
    await fast.apply(configmap("app-config", APP_MODE="prod"))
    await fast.apply(secret("app-secret", DB_Password="paswrd"))

    found = await run(
        fast,
        color(
            of("MODE", "configMapKeyRef", name="app-config", key="APP_MODE"),
            of("PASSWORD", "secretKeyRef", name="app-secret", key="DB_Password"),
        ),
    )

    assert (found["MODE"], found["PASSWORD"]) == ("prod", "paswrd")


async def test_env_from_takes_every_key_with_its_prefix_and_env_wins(fast: Simulation) -> None:
    await fast.apply(configmap("app-config", APP_COLOR="blue", APP_MODE="prod"))
    await fast.apply(secret("app-secret", DB_Host="mysql", DB_User="root", DB_Password="paswrd"))
    sources = [{"configMapRef": {"name": "app-config"}}, {"prefix": "SECRET_", "secretRef": {"name": "app-secret"}}]

    found = await run(fast, color({"name": "APP_COLOR", "value": "pink"}, envFrom=sources))

    assert (found["APP_COLOR"], found["APP_MODE"]) == ("pink", "prod")
    assert {name: value for name, value in found.items() if name.startswith(("SECRET_", "DB_"))} == {
        "SECRET_DB_Host": "mysql",
        "SECRET_DB_User": "root",
        "SECRET_DB_Password": "paswrd",
    }


async def test_a_later_source_wins_over_an_earlier_one(fast: Simulation) -> None:
    await fast.apply(configmap("one", A="1", B="1"))
    await fast.apply(configmap("two", B="2"))

    found = await run(fast, color(envFrom=[{"configMapRef": {"name": "one"}}, {"configMapRef": {"name": "two"}}]))

    assert (found["A"], found["B"]) == ("1", "2")


async def test_references_to_variables_are_replaced_where_they_are_known(fast: Simulation) -> None:
    await fast.apply(configmap("app-config", FROM="far"))
    greeting = "a $(APP_COLOR) page from $(FROM), $$(APP_COLOR), $(NOBODY), $(LATER)"

    found = await run(
        fast,
        color(
            {"name": "APP_COLOR", "value": "pink"},
            {"name": "GREETING", "value": greeting},
            {"name": "LATER", "value": "x"},
            {"name": "API", "value": "https://$(KUBERNETES_SERVICE_HOST)"},
            envFrom=[{"configMapRef": {"name": "app-config"}}],
        ),
    )

    assert found["GREETING"] == "a pink page from far, $(APP_COLOR), $(NOBODY), $(LATER)"
    assert found["API"] == "https://10.96.0.1"


async def test_commands_and_arguments_use_the_same_references(fast: Simulation) -> None:
    fields: Object = {"command": ["echo"], "args": ["$(WHO)", "$$(WHO)", "$WHO"], "env": [{"name": "WHO", "value": "you"}]}
    await fast.apply(pod("echo", containers=[container("echo", **fields)], restartPolicy="Never"))
    await fast.settle()

    assert await fast.logs("echo") == "you $(WHO) $WHO\n"


async def test_a_pod_tells_its_containers_about_itself(fast: Simulation) -> None:
    paths = {
        "POD": "metadata.name",
        "NAMESPACE": "metadata.namespace",
        "UID": "metadata.uid",
        "APP": "metadata.labels['app']",
        "NODE": "spec.nodeName",
        "ACCOUNT": "spec.serviceAccountName",
        "IP": "status.podIP",
        "HOST": "status.hostIP",
    }

    found = await run(fast, color(*(of(name, "fieldRef", fieldPath=path) for name, path in paths.items())))

    made = fast.get("pods", NAME)
    assert {name: found[name] for name in paths} == {
        "POD": NAME,
        "NAMESPACE": "default",
        "UID": made["metadata"]["uid"],
        "APP": "webapp",
        "NODE": made["spec"]["nodeName"],
        "ACCOUNT": "default",
        "IP": made["status"]["podIP"],
        "HOST": made["status"]["hostIP"],
    }


async def test_resources_are_told_in_units_of_the_divisor_and_those_of_the_node_where_there_is_no_limit(fast: Simulation) -> None:
    wanted = {
        "CPU": {"resource": "limits.cpu"},
        "MILLICPU": {"resource": "requests.cpu", "divisor": "1m"},
        "MEMORY": {"resource": "limits.memory"},
        "MEMORY_MB": {"resource": "limits.memory", "divisor": "1Mi"},
    }
    resources = {"requests": {"cpu": "250m"}, "limits": {"memory": "128Mi"}}

    found = await run(fast, color(*(of(name, "resourceFieldRef", **one) for name, one in wanted.items()), resources=resources))

    assert [found[name] for name in wanted] == [Settings().node_cpu, "250", str(128 * 1024 * 1024), "128"]


async def test_services_are_told_to_pods_that_come_after_them(fast: Simulation) -> None:
    await fast.apply(pod("early"))
    await fast.settle()
    await fast.apply(service("my-db", port=3306))
    address = fast.get("services", "my-db")["spec"]["clusterIP"]

    found = await run(fast, color())

    assert {name: value for name, value in found.items() if name.startswith("MY_DB")} == {
        "MY_DB_SERVICE_HOST": address,
        "MY_DB_SERVICE_PORT": "3306",
        "MY_DB_PORT": f"tcp://{address}:3306",
        "MY_DB_PORT_3306_TCP": f"tcp://{address}:3306",
        "MY_DB_PORT_3306_TCP_PROTO": "tcp",
        "MY_DB_PORT_3306_TCP_PORT": "3306",
        "MY_DB_PORT_3306_TCP_ADDR": address,
    }
    assert "MY_DB" not in (await fast.exec("early", ["env"])).stdout


async def test_a_pod_that_wants_no_services_still_knows_the_api(fast: Simulation) -> None:
    await fast.apply(service("my-db"))
    made = color()
    made["spec"]["enableServiceLinks"] = False

    found = await run(fast, made)

    assert not [name for name in found if name.startswith("MY_DB")]
    assert found["KUBERNETES_SERVICE_HOST"] == "10.96.0.1"


@pytest.mark.parametrize(
    ("fields", "missing", "words"),
    [
        ({"envFrom": [{"configMapRef": {"name": "app-config"}}]}, configmap("app-config", A="1"), 'configmap "app-config" not found'),
        ({"envFrom": [{"secretRef": {"name": "app-secret"}}]}, secret("app-secret", A="1"), 'secret "app-secret" not found'),
        (
            {"env": [of("A", "configMapKeyRef", name="app-config", key="A")]},
            configmap("app-config", A="1"),
            'configmap "app-config" not found',
        ),
        ({"env": [of("A", "secretKeyRef", name="app-secret", key="A")]}, secret("app-secret", A="1"), 'secret "app-secret" not found'),
    ],
)
async def test_what_is_missing_is_told_and_the_pod_starts_by_itself_once_it_is_there(
    fast: Simulation, fields: Object, missing: Object, words: str
) -> None:
    shown = fast.watch_shown(NAME)
    await fast.apply(pod(NAME, containers=[container(NAME, NAME, **fields)]))
    await fast.settle()

    assert fast.shown(NAME) == "0/1 CreateContainerConfigError"
    assert fast.get("pods", NAME)["status"]["phase"] == "Pending"
    assert fast.container(NAME)["state"]["waiting"] == {"reason": "CreateContainerConfigError", "message": words}
    assert f"Failed: Error: {words}" in fast.events(NAME)

    await fast.apply(missing)
    await fast.until(lambda: fast.shown(NAME) == "1/1 Running", within_s=15)

    assert (await environment(fast))["A"] == "1"
    assert fast.container(NAME)["restartCount"] == 0
    assert shown[:3] == ["0/1 Pending", "0/1 ContainerCreating", "0/1 CreateContainerConfigError"]


async def test_a_missing_key_is_told_with_its_object(fast: Simulation) -> None:
    await fast.apply(configmap("app-config", APP_MODES="prod"))
    await fast.apply(color(of("MODE", "configMapKeyRef", name="app-config", key="APP_MODE")))
    await fast.settle()

    words = "couldn't find key APP_MODE in ConfigMap default/app-config"
    assert fast.container(NAME)["state"]["waiting"]["message"] == words
    assert f"Failed: Error: {words}" in fast.events(NAME)

    await fast.apply(configmap("app-config", APP_MODE="prod"))
    await fast.until(lambda: fast.shown(NAME) == "1/1 Running", within_s=15)

    assert (await environment(fast))["MODE"] == "prod"


async def test_what_is_optional_may_be_missing(fast: Simulation) -> None:
    sources = [{"configMapRef": {"name": "not-there", "optional": True}}, {"secretRef": {"name": "not-there", "optional": True}}]
    key: Object = {"name": "A", "valueFrom": {"configMapKeyRef": {"name": "not-there", "key": "A", "optional": True}}}

    found = await run(fast, color(key, {"name": "B", "value": "$(A)"}, envFrom=sources))

    assert "A" not in found
    assert found["B"] == "$(A)"


async def test_a_change_reaches_the_environment_only_with_a_new_run(fast: Simulation) -> None:
    await fast.apply(configmap("app-config", APP_COLOR="blue"))
    script = "echo $APP_COLOR; sleep 100; exit 1"
    fields: Object = {"envFrom": [{"configMapRef": {"name": "app-config"}}]}
    await fast.apply(pod(NAME, containers=[container(NAME, script=script, **fields)]))
    await fast.settle()

    await fast.apply(configmap("app-config", APP_COLOR="green"))
    await fast.advance(99)
    assert (await environment(fast))["APP_COLOR"] == "blue"
    await fast.advance(5)

    assert ended(fast, NAME)["exitCode"] == 1
    assert (await fast.logs(NAME, previous=True), await fast.logs(NAME)) == ("blue\n", "green\n")
