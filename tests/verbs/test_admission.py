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


CLAIM = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}


async def test_what_can_be_in_use_is_born_with_a_finalizer(api: Api) -> None:
    made = await api.create("persistentvolumeclaims", {"metadata": {"name": "data", "finalizers": ["example.test/mine"]}, "spec": CLAIM})

    assert made["metadata"]["finalizers"] == ["example.test/mine", "kubernetes.io/pvc-protection"]


async def test_a_claim_without_a_class_gets_the_newest_default(api: Api) -> None:
    for name in ("older", "newer"):
        annotations = {"storageclass.kubernetes.io/is-default-class": "true"}
        await api.create("storageclasses.storage.k8s.io", {**config_map(name, annotations=annotations), "provisioner": "x.test/y"})
        await api.clock.advance(1)

    unnamed = await api.create("persistentvolumeclaims", {**config_map("a"), "spec": CLAIM})
    empty = await api.create("persistentvolumeclaims", {**config_map("b"), "spec": {**CLAIM, "storageClassName": ""}})

    assert unnamed["spec"]["storageClassName"] == "newer"
    assert empty["spec"]["storageClassName"] == ""


async def test_an_ingress_without_a_class_gets_the_default(api: Api) -> None:
    annotations = {"ingressclass.kubernetes.io/is-default-class": "true"}
    await api.create("ingressclasses.networking.k8s.io", {**config_map("x", annotations=annotations), "spec": {"controller": "x.test/y"}})

    spec = {"defaultBackend": {"service": {"name": "web", "port": {"number": 80}}}}
    made = await api.create("ingresses.networking.k8s.io", {**config_map("web"), "spec": spec})

    assert made["spec"]["ingressClassName"] == "x"


async def test_a_new_node_takes_no_pods_yet(api: Api) -> None:
    made = await api.create("nodes", config_map("n"))

    assert made["spec"]["taints"] == [{"key": "node.kubernetes.io/not-ready", "effect": "NoSchedule"}]
