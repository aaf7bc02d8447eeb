"""Subresources and kinds that nobody stores."""

from orrery.kinds.kind import Kind
from orrery.machinery.objects import Object
from orrery.verbs.call import Call, ListOptions
from tests.verbs.world import KINDS, Api, pod, refusal

RS = "replicasets.apps"


def replica_set() -> Object:
    template = {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [{"name": "c", "image": "nginx"}]}}
    return {"metadata": {"name": "d"}, "spec": {"replicas": 2, "selector": {"matchLabels": {"a": "b"}}, "template": template}}


async def test_a_scale_shows_and_sets_replicas(api: Api) -> None:
    await api.create(RS, replica_set())

    scale = await api.get(RS, "d", subresource="scale")
    assert (scale["kind"], scale["apiVersion"]) == ("Scale", "autoscaling/v1")
    assert (scale["spec"], scale["status"]) == ({"replicas": 2}, {"replicas": 0, "selector": "a=b"})
    await api.patch(RS, "d", {"spec": {"replicas": 5}}, subresource="scale")
    after = await api.get(RS, "d")
    assert (after["spec"]["replicas"], after["metadata"]["generation"]) == (5, 2)
    status = await refusal(api.patch(RS, "d", {"spec": {"replicas": -1}}, subresource="scale"))
    assert status["message"] == ('Scale.autoscaling "d" is invalid: spec.replicas: Invalid value: -1: must be greater than or equal to 0')


async def test_a_binding_assigns_a_pod_once(api: Api) -> None:
    await api.create("nodes", {"metadata": {"name": "n", "labels": {"topology.kubernetes.io/zone": "z"}}})
    await api.create("pods", pod())
    binding = {"metadata": {"name": "web"}, "target": {"kind": "Node", "name": "n"}}

    answer = await api.verbs.create(api.call("pods", "web", subresource="binding"), dict(binding))
    assert answer.object == {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201}
    bound = await api.get("pods", "web")
    assert bound["spec"]["nodeName"] == "n"
    assert bound["metadata"]["labels"] == {"topology.kubernetes.io/zone": "z"}
    assert bound["status"]["conditions"][0]["type"] == "PodScheduled"
    status = await refusal(api.verbs.create(api.call("pods", "web", subresource="binding"), dict(binding)))
    assert status["message"] == ('Operation cannot be fulfilled on pods/binding "web": pod web is already assigned to node "n"')


async def test_an_eviction_deletes(api: Api) -> None:
    await api.create("pods", pod())

    await api.verbs.create(api.call("pods", "web", subresource="eviction"), {"metadata": {"name": "web"}})
    assert api.log.find("pods/default/web") is None


async def test_what_is_not_emulated_yet_says_so_but_knows_what_is_missing(api: Api) -> None:
    status = await refusal(api.verbs.get(api.call("pods", "web", subresource="log")))
    assert status["code"] == 404
    await api.create("pods", pod())
    status = await refusal(api.verbs.get(api.call("pods", "web", subresource="log")))
    assert status["code"] == 501


def _kind(group: str, resource: str) -> Kind:
    found = KINDS.find(group, "v1", resource)
    assert found is not None
    return found


async def test_everybody_may_do_everything_and_is_told_who_they_are(api: Api) -> None:
    review = {"spec": {"resourceAttributes": {"verb": "get", "resource": "pods"}}}
    answer = await api.verbs.create(Call(_kind("authorization.k8s.io", "selfsubjectaccessreviews")), review)
    assert answer.object["status"] == {"allowed": True}

    status = await refusal(api.verbs.create(Call(_kind("authorization.k8s.io", "selfsubjectaccessreviews")), {"spec": {}}))
    assert status["message"].startswith('.authorization.k8s.io "" is invalid: spec.resourceAttributes: Invalid value: null:')

    who = await api.verbs.create(Call(_kind("authentication.k8s.io", "selfsubjectreviews")), {})
    assert who.object["status"]["userInfo"]["username"] == "system:admin"


async def test_component_statuses_are_well_and_deprecated(api: Api) -> None:
    call = Call(_kind("", "componentstatuses"))
    listing = await api.verbs.list(call, ListOptions())

    assert len(listing.records) == 3
    assert call.warnings == ["v1 ComponentStatus is deprecated in v1.19+"]


async def test_an_event_is_one_object_in_two_groups(api: Api) -> None:
    event = {
        "metadata": {"name": "e"},
        "involvedObject": {"kind": "Pod", "name": "x", "namespace": "default"},
        "reason": "R",
        "message": "m",
    }
    await api.create("events", {**event, "type": "Normal"})

    newer = Call(_kind("events.k8s.io", "events"), "default", "e")
    seen = (await api.verbs.get(newer)).object
    assert (seen["apiVersion"], seen["note"], seen["regarding"]["name"]) == ("events.k8s.io/v1", "m", "x")
    newer.name = ""
    assert len((await api.verbs.list(newer, ListOptions(field_selector="regarding.name=x"))).records) == 1


CSR = "certificatesigningrequests.certificates.k8s.io"
REQUEST = "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURSBSRVFVRVNULS0tLS0KYQotLS0tLUVORCBDRVJUSUZJQ0FURSBSRVFVRVNULS0tLS0K"


async def test_a_certificate_request_says_who_asks_and_is_approved_or_denied(api: Api) -> None:
    spec = {"request": REQUEST, "signerName": "example.test/signer", "usages": ["client auth"], "username": "somebody else"}
    made = await api.create(CSR, {"metadata": {"name": "r"}, "spec": spec})
    assert (made["spec"]["username"], made["spec"]["groups"]) == ("system:admin", ["system:masters", "system:authenticated"])

    approved = {"type": "Approved", "status": "True", "reason": "Fine"}
    after = await api.patch(CSR, "r", {"status": {"conditions": [approved]}}, subresource="approval")
    assert after["status"]["conditions"][0]["lastTransitionTime"]
    denied = {**approved, "type": "Denied"}
    status = await refusal(api.patch(CSR, "r", {"status": {"conditions": [denied]}}, subresource="approval"))
    assert 'updates may not remove a condition of type "Approved"' in status["message"]


async def test_ephemeral_containers_are_checked_like_others(api: Api) -> None:
    await api.create("pods", pod())
    debug = {"name": "debug", "image": "busybox"}

    status = await refusal(api.patch("pods", "web", {"spec": {"ephemeralContainers": [debug, debug]}}, subresource="ephemeralcontainers"))
    assert status["message"] == 'Pod "web" is invalid: spec.ephemeralContainers[1].name: Duplicate value: "debug"'
    await api.patch("pods", "web", {"spec": {"ephemeralContainers": [debug]}}, subresource="ephemeralcontainers")
    changed = {**debug, "image": "alpine"}
    status = await refusal(api.patch("pods", "web", {"spec": {"ephemeralContainers": [changed]}}, subresource="ephemeralcontainers"))
    assert '- "Image": "busybox",\n+ "Image": "alpine",' in status["message"]


async def test_a_resize_keeps_the_quality_of_service_and_changes_nothing_else(api: Api) -> None:
    resources = {"requests": {"cpu": "1"}}
    await api.create("pods", pod(containers=[{"name": "c", "image": "nginx", "resources": resources}]))

    def with_container(**fields: object) -> Object:
        return {"spec": {"containers": [{"name": "c", "image": "nginx", **fields}]}}

    grown = await api.patch("pods", "web", with_container(resources={"requests": {"cpu": "2"}}), subresource="resize")
    assert grown["spec"]["containers"][0]["resources"] == {"requests": {"cpu": "2"}}
    status = await refusal(api.patch("pods", "web", with_container(resources={"requests": {}}), subresource="resize"))
    assert '"Burstable": Pod QOS Class may not change' in status["message"]
    status = await refusal(
        api.patch("pods", "web", with_container(resources={"requests": {"cpu": "2", "ephemeral-storage": "1Gi"}}), subresource="resize")
    )
    assert status["message"] == 'Pod "web" is invalid: spec: Forbidden: only cpu and memory resources are mutable'
