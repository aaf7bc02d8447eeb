"""Update and patch: the optimistic lock, what may not change, what is not written at all."""

import asyncio

from orrery.machinery.objects import thaw
from orrery.verbs.call import DeleteOptions
from orrery.verbs.results import PatchType
from tests.verbs.world import Api, config_map, pod, refusal


async def test_an_update_that_changes_nothing_is_not_written(api: Api) -> None:
    before = await api.create("configmaps", config_map())

    after = await api.update("configmaps", config_map())
    assert after["metadata"]["resourceVersion"] == before["metadata"]["resourceVersion"]


async def test_an_old_resource_version_conflicts(api: Api) -> None:
    old = thaw(await api.create("configmaps", config_map()))
    await api.update("configmaps", {**config_map(), "data": {"k": "v"}})

    status = await refusal(api.update("configmaps", old))
    assert status["code"] == 409
    assert status["message"] == (
        'Operation cannot be fulfilled on configmaps "a": the object has been modified; please apply your changes to the latest'
        " version and try again"
    )


async def test_a_kind_without_unconditional_update_wants_the_version(api: Api) -> None:
    lease = {"metadata": {"name": "x"}, "spec": {"holderIdentity": "me"}}
    _, created = await api.verbs.update(api.call("leases.coordination.k8s.io", "x"), thaw(lease))
    assert created

    status = await refusal(api.update("leases.coordination.k8s.io", lease))
    assert status["message"] == (
        'leases.coordination.k8s.io "x" is invalid: metadata.resourceVersion: Invalid value: 0: must be specified for an update'
    )


async def test_a_uid_in_the_body_is_a_precondition(api: Api) -> None:
    await api.create("configmaps", config_map())

    status = await refusal(api.update("configmaps", config_map(uid="nope")))
    assert status["code"] == 409
    assert "Key: /registry/configmaps/default/a, ResourceVersion: 0" in status["message"]


async def test_the_name_in_the_body_must_be_that_of_the_path(api: Api) -> None:
    status = await refusal(api.verbs.update(api.call("configmaps", "a"), config_map("b")))
    assert status["message"] == "the name of the object (b) does not match the name on the URL (a)"

    status = await refusal(api.verbs.update(api.call("configmaps", "a"), {}))
    assert status["message"] == "the name of the object (a based on URL) was undeterminable: name must be provided"


async def test_a_deletion_timestamp_cannot_be_written(api: Api) -> None:
    await api.create("configmaps", config_map())

    status = await refusal(api.update("configmaps", config_map(deletionTimestamp="2020-01-01T00:00:00Z")))
    assert status["message"].endswith('metadata.deletionTimestamp: Invalid value: "2020-01-01T00:00:00Z": field is immutable')
    assert len(status["details"]["causes"]) == 2


async def test_the_last_finalizer_ends_an_object_that_is_being_deleted(api: Api) -> None:
    await api.create("configmaps", config_map(finalizers=["a/b"]))
    await api.delete("configmaps", "a")

    status = await refusal(api.patch("configmaps", "a", {"metadata": {"finalizers": ["a/b", "c/d"]}}))
    assert 'found new finalizers []string{"c/d"}' in status["message"]

    await api.patch("configmaps", "a", {"metadata": {"finalizers": None}})
    assert api.log.find("configmaps/default/a") is None


async def test_patches_made_at_once_are_all_kept(api: Api) -> None:
    await api.create("configmaps", config_map())

    await asyncio.gather(*(api.patch("configmaps", "a", {"data": {str(number): "x"}}) for number in range(20)))
    assert len((await api.get("configmaps", "a"))["data"]) == 20


async def test_a_merge_patch_that_breaks_a_type_shows_what_it_made(api: Api) -> None:
    await api.create("configmaps", config_map())

    status = await refusal(api.patch("configmaps", "a", {"data": {"k": 1}}))
    assert status["code"] == 422
    assert status["message"].startswith(' "" is invalid: patch: Invalid value: "{\\"apiVersion\\":\\"v1\\",\\"data\\":{\\"k\\":1},')
    assert status["message"].endswith("json: cannot unmarshal number into Go struct field ConfigMap.data of type string")


async def test_a_strategic_patch_that_breaks_a_type_shows_the_patch(api: Api) -> None:
    await api.create("configmaps", config_map())

    status = await refusal(api.patch("configmaps", "a", {"data": {"k": 1}}, PatchType.STRATEGIC))
    assert status["message"] == ' "" is invalid: patch: Invalid value: "map[data:map[k:1]]": cannot convert int64 to string'


async def test_a_json_patch_that_does_not_fit_is_rejected_without_a_word(api: Api) -> None:
    await api.create("configmaps", config_map())

    status = await refusal(api.patch("configmaps", "a", [{"op": "remove", "path": "/data/z"}], PatchType.JSON))
    assert (status["code"], status["reason"]) == (422, "Invalid")
    assert status["message"] == "the server rejected our request due to an error in our request"


async def test_a_patch_of_nothing_is_not_found(api: Api) -> None:
    status = await refusal(api.patch("configmaps", "none", {}))

    assert status["message"] == 'configmaps "none" not found'


async def test_a_status_update_leaves_the_spec_alone(api: Api) -> None:
    namespace = thaw(await api.get("namespaces", "default"))
    namespace["spec"] = {}
    namespace["metadata"]["labels"]["a"] = "b"

    after = await api.update("namespaces", namespace, subresource="status")
    assert after["spec"] == {"finalizers": ["kubernetes"]}
    assert after["metadata"]["labels"]["a"] == "b"


async def test_a_dry_run_of_an_update_keeps_the_version(api: Api) -> None:
    before = await api.create("configmaps", config_map())

    after = await api.update("configmaps", {**config_map(), "data": {"k": "v"}}, dry_run=True)
    assert after["data"] == {"k": "v"}
    assert after["metadata"]["resourceVersion"] == before["metadata"]["resourceVersion"]
    assert "data" not in await api.get("configmaps", "a")
    await api.delete("configmaps", "a", DeleteOptions(), dry_run=True)
    assert api.log.find("configmaps/default/a") is not None


async def test_odd_addresses_in_a_pods_status_are_warned_of(api: Api) -> None:
    await api.create("pods", pod())
    call = api.call("pods", "web", subresource="status")

    await api.verbs.patch(call, PatchType.MERGE, {"status": {"podIPs": [{"ip": "fd00::0:1"}], "podIP": "fd00::0:1"}})

    assert call.warnings == ['status.podIPs[0].ip: IPv6 address "fd00::0:1" should be in RFC 5952 canonical format ("fd00::1")']
