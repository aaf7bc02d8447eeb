"""What admission fills in and refuses."""

import asyncio

from tests.verbs.world import Api, config_map, pod, refusal

MOUNT = "/var/run/secrets/kubernetes.io/serviceaccount"


async def test_a_pod_gets_its_account_token_tolerations_and_priority(api: Api) -> None:
    spec = (await api.create("pods", pod()))["spec"]

    assert (spec["serviceAccountName"], spec["serviceAccount"]) == ("default", "default")
    name = spec["volumes"][0]["name"]
    assert name.startswith("kube-api-access-")
    assert spec["containers"][0]["volumeMounts"] == [{"name": name, "readOnly": True, "mountPath": MOUNT}]
    assert spec["volumes"][0]["projected"]["sources"][0] == {"serviceAccountToken": {"expirationSeconds": 3607, "path": "token"}}
    assert [toleration["key"] for toleration in spec["tolerations"]] == ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"]
    assert (spec["priority"], spec["preemptionPolicy"]) == (0, "PreemptLowerPriority")


async def test_a_pod_may_decline_the_token(api: Api) -> None:
    spec = (await api.create("pods", pod(automountServiceAccountToken=False)))["spec"]

    assert "volumes" not in spec


async def test_pods_name_accounts_classes_and_runtimes_that_exist(api: Api) -> None:
    for field, why in (
        ({"serviceAccountName": "x"}, 'error looking up service account default/x: serviceaccount "x" not found'),
        ({"priorityClassName": "x"}, "no PriorityClass with name x was found"),
        ({"runtimeClassName": "x"}, 'pod rejected: RuntimeClass "x" not found'),
    ):
        status = await refusal(api.create("pods", pod(**field)))
        assert status["message"] == f'pods "web" is forbidden: {why}'


async def test_a_name_that_is_still_to_be_made_is_told_by_its_prefix(api: Api) -> None:
    obj = {**pod(serviceAccountName="x"), "metadata": {"generateName": "web-"}}

    status = await refusal(api.create("pods", obj))
    assert status["message"].startswith('pods "web-" is forbidden:')


async def test_a_pod_in_a_new_namespace_waits_a_little_for_the_default_account(api: Api) -> None:
    await api.create("namespaces", {"metadata": {"name": "x"}})
    creation = asyncio.ensure_future(api.create("pods", pod(), namespace="x"))
    await api.clock.idle()
    assert not creation.done()

    await api.create("serviceaccounts", config_map("default"), namespace="x")
    await api.clock.advance(1)
    assert (await creation)["spec"]["serviceAccountName"] == "default"


async def test_the_account_that_never_comes_is_missed_after_two_seconds(api: Api) -> None:
    await api.create("namespaces", {"metadata": {"name": "x"}})
    creation = asyncio.ensure_future(refusal(api.create("pods", pod(), namespace="x")))

    await api.clock.advance(2)
    assert 'serviceaccount "default" not found' in (await creation)["message"]


async def test_a_priority_class_gives_its_value(api: Api) -> None:
    await api.create("priorityclasses.scheduling.k8s.io", {**config_map("high"), "value": 7, "globalDefault": True})

    spec = (await api.create("pods", pod()))["spec"]
    assert (spec["priorityClassName"], spec["priority"]) == ("high", 7)
    status = await refusal(api.create("pods", pod("b", priority=5)))
    assert "the integer value of priority (5) must not be provided in pod spec" in status["message"]
    status = await refusal(api.create("priorityclasses.scheduling.k8s.io", {**config_map("b"), "value": 1, "globalDefault": True}))
    assert status["message"].endswith("PriorityClass high is already marked as default. Only one default can exist")
