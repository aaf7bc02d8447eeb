"""Create, as a real API server answers it."""

from orrery.verbs.results import PatchType
from tests.verbs.world import Api, config_map, pod, record_of, refusal


async def test_the_server_owns_uid_and_times(api: Api) -> None:
    obj = await api.create("configmaps", config_map(uid="mine", creationTimestamp="2020-01-01T00:00:00Z", deletionGracePeriodSeconds=3))

    meta = obj["metadata"]
    assert meta["uid"] != "mine"
    assert meta["creationTimestamp"] == "2026-01-02T03:04:05Z"
    assert "deletionGracePeriodSeconds" not in meta
    assert meta["namespace"] == "default"


async def test_the_body_begins_with_kind_version_and_metadata_in_upstreams_order(api: Api) -> None:
    await api.create("configmaps", {"data": {"k": "v"}, **config_map(labels={"a": "b"}, annotations={})})

    body = record_of(api, "configmaps/default/a").body
    assert body.startswith(b'{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"a","namespace":"default","uid":"')
    assert body.endswith(b'"labels":{"a":"b"}},"data":{"k":"v"}}')


async def test_a_name_is_taken_once(api: Api) -> None:
    await api.create("configmaps", config_map())

    status = await refusal(api.create("configmaps", config_map()))
    assert (status["code"], status["reason"], status["message"]) == (409, "AlreadyExists", 'configmaps "a" already exists')


async def test_a_name_that_is_still_being_deleted_is_said_to_be(api: Api) -> None:
    await api.create("configmaps", config_map(finalizers=["a/b"]))
    await api.delete("configmaps", "a")

    status = await refusal(api.create("configmaps", config_map()))
    assert status["message"] == 'object is being deleted: configmaps "a" already exists'


async def test_a_generated_name_gets_five_letters(api: Api) -> None:
    obj = await api.create("configmaps", {"metadata": {"generateName": "gen-"}})

    assert obj["metadata"]["name"].startswith("gen-")
    assert len(obj["metadata"]["name"]) == len("gen-") + 5


async def test_a_missing_name_is_required(api: Api) -> None:
    status = await refusal(api.create("configmaps", {}))

    assert status["message"] == 'ConfigMap "" is invalid: metadata.name: Required value: name or generateName is required'
    assert status["details"] == {
        "kind": "ConfigMap",
        "causes": [
            {
                "reason": "FieldValueRequired",
                "message": "Required value: name or generateName is required",
                "field": "metadata.name",
            }
        ],
    }


async def test_the_namespace_must_be_that_of_the_request(api: Api) -> None:
    status = await refusal(api.create("configmaps", config_map(namespace="other")))

    assert status["code"] == 400
    assert status["message"] == "the namespace of the provided object does not match the namespace sent on the request"


async def test_a_new_object_has_no_resource_version(api: Api) -> None:
    status = await refusal(api.create("configmaps", config_map(resourceVersion="5")))

    assert status["code"] == 500
    assert status["message"] == "resourceVersion should not be set on objects to be created"
    assert "reason" not in status


async def test_a_namespace_must_exist(api: Api) -> None:
    status = await refusal(api.create("configmaps", config_map(), namespace="nope"))

    assert (status["code"], status["message"]) == (404, 'namespaces "nope" not found')


async def test_unknown_fields_are_refused_warned_of_or_ignored(api: Api) -> None:
    status = await refusal(api.create("configmaps", {**config_map(), "foo": 1}))
    assert status["message"] == ('ConfigMap in version "v1" cannot be handled as a ConfigMap: strict decoding error: unknown field "foo"')

    call = api.call("configmaps", field_validation="Warn")
    await api.verbs.create(call, {**config_map(), "foo": 1})
    assert call.warnings == ['unknown field "foo"']

    call = api.call("configmaps", field_validation="Ignore")
    await api.verbs.create(call, {**config_map("b"), "foo": 1})
    assert call.warnings == []


async def test_a_dry_run_changes_nothing_and_has_no_resource_version(api: Api) -> None:
    revision = api.log.revision
    obj = await api.create("configmaps", config_map(), dry_run=True)

    assert "resourceVersion" not in obj["metadata"]
    assert api.log.revision == revision


async def test_owner_references_given_twice_are_dropped_with_a_warning(api: Api) -> None:
    owner = {"kind": "A", "apiVersion": "v1", "name": "e", "uid": "1"}
    call = api.call("configmaps")
    record = await api.verbs.create(call, config_map(ownerReferences=[owner, dict(owner)]))

    assert record.object["metadata"]["ownerReferences"] == [owner]
    assert call.warnings[0].endswith("please fix your requests; duplicate UID(s) observed: 1")
    assert record.index.owners == ("1",)


async def test_a_client_cannot_give_a_new_object_a_status(api: Api) -> None:
    obj = await api.create("pods", {**pod(), "status": {"phase": "Running"}})

    assert obj["status"]["phase"] == "Pending"


async def test_apply_patches_are_not_served_yet(api: Api) -> None:
    await api.create("configmaps", config_map())

    status = await refusal(api.patch("configmaps", "a", {}, PatchType.APPLY))
    assert status["code"] == 415


async def test_a_jobs_name_that_is_too_long_for_a_label_is_told_of_the_template(api: Api) -> None:
    template = {"spec": {"restartPolicy": "Never", "containers": [{"name": "a", "image": "busybox"}]}}
    job = {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "a" * 64, "namespace": "default"}, "spec": {"template": template}}

    status = await refusal(api.create("jobs.batch", job))
    assert {cause["field"] for cause in status["details"]["causes"]} == {"spec.template.labels"}


async def test_an_autoscaler_may_not_do_without_any_policy(api: Api) -> None:
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}
    spec = {"maxReplicas": 3, "scaleTargetRef": target, "behavior": {"scaleDown": {"policies": []}}}
    scaler = {"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": {"name": "web", "namespace": "default"}}

    status = await refusal(api.create("horizontalpodautoscalers.autoscaling", {**scaler, "spec": spec}))
    assert [cause["field"] for cause in status["details"]["causes"]] == ["spec.behavior.scaleDown.policies"]
    spec["behavior"] = {"scaleDown": {}}
    made = await api.create("horizontalpodautoscalers.autoscaling", {**scaler, "spec": spec})
    assert made["spec"]["behavior"]["scaleDown"]["policies"] == [{"type": "Percent", "value": 100, "periodSeconds": 15}]
