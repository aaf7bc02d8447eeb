"""Strategic merge patches, directive by directive; every expectation was answered by a real server."""

from typing import Any

import pytest

from orrery.kinds.structs.schema import struct
from orrery.kinds.structs.strategic_merge import strategic_merge
from orrery.machinery.objects import Object
from orrery.machinery.patches import PatchError

DEPLOYMENT = struct("io.k8s.api.apps.v1.Deployment")


def deployment() -> Object:
    containers = [
        {"name": "c", "image": "i", "env": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}], "args": ["x", "y"]},
        {"name": "e", "image": "j"},
    ]
    spec = {"containers": containers, "volumes": [{"name": "v", "emptyDir": {}}], "tolerations": [{"key": "k"}]}
    metadata = {"name": "d", "labels": {"x": "y"}, "finalizers": ["a.b/c", "d.e/f"]}
    strategy = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1}}
    return {"metadata": metadata, "spec": {"strategy": strategy, "template": {"spec": spec}}}


def in_pod(**spec: Any) -> Object:
    return {"spec": {"template": {"spec": spec}}}


def patched_pod(**spec: Any) -> Any:
    return strategic_merge(DEPLOYMENT, deployment(), in_pod(**spec))["spec"]["template"]["spec"]


def names(items: list[Object]) -> list[str]:
    return [item["name"] for item in items]


def test_items_merge_by_their_key() -> None:
    containers = patched_pod(containers=[{"name": "c", "image": "new"}])["containers"]

    assert [(item["name"], item["image"]) for item in containers] == [("c", "new"), ("e", "j")]
    assert containers[0]["args"] == ["x", "y"]


def test_new_items_go_first() -> None:
    assert names(patched_pod(containers=[{"name": "n"}])["containers"]) == ["n", "c", "e"]


def test_an_order_directive_decides_where_items_go() -> None:
    order = {"$setElementOrder/containers": [{"name": "c"}, {"name": "e"}, {"name": "n"}]}

    assert names(patched_pod(containers=[{"name": "n"}], **order)["containers"]) == ["c", "e", "n"]
    assert names(patched_pod(**{"$setElementOrder/containers": [{"name": "e"}, {"name": "c"}]})["containers"]) == ["e", "c"]


def test_items_can_be_deleted_and_lists_replaced() -> None:
    assert names(patched_pod(containers=[{"name": "c", "$patch": "delete"}])["containers"]) == ["e"]
    assert names(patched_pod(containers=[{"$patch": "replace"}, {"name": "z"}])["containers"]) == ["z"]


def test_atomic_lists_are_replaced() -> None:
    pod = patched_pod(tolerations=[{"key": "z"}], containers=[{"name": "c", "args": ["z"]}])

    assert pod["tolerations"] == [{"key": "z"}]
    assert pod["containers"][0]["args"] == ["z"]


def test_retained_keys_are_all_that_remains() -> None:
    volumes = patched_pod(volumes=[{"name": "v", "$retainKeys": ["name", "hostPath"], "hostPath": {"path": "/x"}}])["volumes"]

    assert volumes == [{"name": "v", "hostPath": {"path": "/x"}}]


def test_scalars_merge_are_deleted_and_ordered() -> None:
    def finalizers(patch: Object) -> Any:
        return strategic_merge(DEPLOYMENT, deployment(), {"metadata": patch})["metadata"]["finalizers"]

    assert finalizers({"finalizers": ["g.h/i"]}) == ["g.h/i", "a.b/c", "d.e/f"]
    assert finalizers({"$deleteFromPrimitiveList/finalizers": ["a.b/c"]}) == ["d.e/f"]
    assert finalizers({"$setElementOrder/finalizers": ["d.e/f", "a.b/c"]}) == ["d.e/f", "a.b/c"]


def test_objects_can_be_replaced_emptied_and_removed() -> None:
    def labels(patch: Any) -> Any:
        return strategic_merge(DEPLOYMENT, deployment(), {"metadata": {"labels": patch}})["metadata"].get("labels")

    assert labels({"n": "1", "x": None}) == {"n": "1"}
    assert labels({"$patch": "replace", "n": "1"}) == {"n": "1"}
    assert labels({"$patch": "delete"}) == {}
    assert labels(None) is None


def test_nulls_inside_what_is_new_are_left_out() -> None:
    assert patched_pod(nodeSelector={"a": None, "b": "1"})["nodeSelector"] == {"b": "1"}


def test_the_patch_is_not_changed() -> None:
    patch = in_pod(containers=[{"name": "c", "$patch": "delete"}], **{"$setElementOrder/containers": [{"name": "e"}]})
    before = repr(patch)

    strategic_merge(DEPLOYMENT, deployment(), patch)

    assert repr(patch) == before


@pytest.mark.parametrize(
    ("patch", "code", "message"),
    [
        (in_pod(containers=[{"image": "x"}]), 500, "map: map[image:x] does not contain declared merge key: name"),
        (in_pod(containers=[{"name": "c", "$patch": "foo"}]), 500, "unknown patch type: foo in map: map[$patch:foo name:c]"),
        ({"spec": {"$patch": "merge"}}, 500, "unknown patch type: merge in map: map[$patch:merge]"),
        (in_pod(**{"$setElementOrder/containers": 3}), 500, "expected a []interface {}, but received a int64"),
        (in_pod(**{"$retainKeys": 3}), 400, "invalid patch format of retainKeys"),
        ({"spec": {"strategy": {"$retainKeys": ["type"], "rollingUpdate": {}}}}, 400, "invalid patch format of retainKeys"),
        (
            in_pod(**{"$setElementOrder/containers": [{"name": "q"}], "containers": [{"name": "c"}]}),
            500,
            "The order in patch list:\n[map[name:c]]\n doesn't match $setElementOrder list:\n[map[name:q]]\n",
        ),
    ],
)
def test_a_malformed_patch_is_refused_in_upstream_s_words(patch: Object, code: int, message: str) -> None:
    with pytest.raises(PatchError) as refused:
        strategic_merge(DEPLOYMENT, deployment(), patch)

    assert (refused.value.code, str(refused.value)) == (code, message)
