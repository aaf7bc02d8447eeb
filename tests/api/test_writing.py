"""Creates, updates, patches and deletes over HTTP: status codes, warnings, and what is refused before a verb is asked."""

from collections.abc import AsyncIterator

import pytest

from orrery.settings import Settings
from tests.api.conftest import CONFIGMAPS, TABLE, NewServed, Served

UPSTREAM = "application/json, application/yaml, application/vnd.kubernetes.protobuf"


async def test_a_create_answers_201_with_the_stored_object(served: Served) -> None:
    answer = await served.create("a", data={"x": "1"})

    assert answer.status_code == 201
    assert answer.json() == (await served.http.get(f"{CONFIGMAPS}/a")).json()


async def test_yaml_is_as_good_as_json(served: Served) -> None:
    answer = await served.http.post(
        CONFIGMAPS, content="metadata:\n  name: a\ndata:\n  x: '1'\n", headers={"content-type": "application/yaml"}
    )

    assert (answer.status_code, answer.json()["data"]) == (201, {"x": "1"})


async def test_long_yaml_is_read_too(served: Served) -> None:
    text = "metadata:\n  name: a\ndata:\n" + "".join(f"  key{number}: value\n" for number in range(2000))

    answer = await served.http.post(CONFIGMAPS, content=text, headers={"content-type": "application/yaml"})

    assert (answer.status_code, len(answer.json()["data"])) == (201, 2000)


async def test_a_dry_run_stores_nothing(served: Served) -> None:
    answer = await served.http.post(CONFIGMAPS, params={"dryRun": "All"}, json={"metadata": {"name": "a"}})

    assert answer.status_code == 201
    assert (await served.http.get(f"{CONFIGMAPS}/a")).status_code == 404


async def test_unknown_and_duplicate_fields_are_warned_about(served: Served) -> None:
    answer = await served.http.post(CONFIGMAPS, content=b'{"metadata":{"name":"a"},"foo":1,"data":{"x":"1","x":"2"}}')

    assert answer.status_code == 201
    assert set(answer.headers.get_list("warning")) == {'299 - "unknown field \\"foo\\""', '299 - "duplicate field \\"data.x\\""'}


async def test_warnings_come_with_errors_too(served: Served) -> None:
    answer = await served.http.post(CONFIGMAPS, content=b'{"foo":1}')

    assert answer.status_code == 422
    assert answer.headers["warning"] == '299 - "unknown field \\"foo\\""'


async def test_a_put_replaces(served: Served) -> None:
    await served.create("a", data={"x": "1"})

    answer = await served.http.put(f"{CONFIGMAPS}/a", json={"metadata": {"name": "a"}, "data": {"y": "2"}})

    assert (answer.status_code, answer.json()["data"]) == (200, {"y": "2"})


@pytest.mark.parametrize(
    ("content_type", "patch"),
    [
        ("application/merge-patch+json", b'{"data":{"y":"2"}}'),
        ("application/strategic-merge-patch+json", b'{"data":{"y":"2"}}'),
        ("application/json-patch+json", b'[{"op":"add","path":"/data/y","value":"2"}]'),
    ],
)
async def test_the_three_kinds_of_patches_change_an_object(served: Served, content_type: str, patch: bytes) -> None:
    await served.create("a", data={"x": "1"})

    answer = await served.http.patch(f"{CONFIGMAPS}/a", content=patch, headers={"content-type": content_type})

    assert (answer.status_code, answer.json()["data"]) == (200, {"x": "1", "y": "2"})


@pytest.mark.parametrize(
    ("content_type", "patch", "message"),
    [
        ("merge-patch", b"{", "error decoding patch: unexpected end of JSON input"),
        ("merge-patch", b"[]", "error decoding patch: json: cannot unmarshal array into Go value of type map[string]interface {}"),
        ("merge-patch", b"null", "Invalid JSON Patch"),
        ("strategic-merge-patch", b"", "unexpected end of JSON input"),
        ("strategic-merge-patch", b"3", "json: cannot unmarshal number into Go value of type map[string]interface {}"),
        ("json-patch", b"a: b", "error decoding patch: invalid character 'a' looking for beginning of value"),
        ("json-patch", b"{}", "error decoding patch: json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp"),
    ],
)
async def test_a_patch_that_is_none_is_refused_in_gos_words(served: Served, content_type: str, patch: bytes, message: str) -> None:
    await served.create("a")

    answer = await served.http.patch(f"{CONFIGMAPS}/a", content=patch, headers={"content-type": f"application/{content_type}+json"})

    assert (answer.status_code, answer.json()["message"]) == (400, message)


async def test_a_bad_patch_of_nothing_is_not_found(served: Served) -> None:
    answer = await served.http.patch(f"{CONFIGMAPS}/a", content=b"{", headers={"content-type": "application/merge-patch+json"})

    assert answer.status_code == 404


async def test_a_delete_answers_a_status(served: Served) -> None:
    uid = (await served.create("a")).json()["metadata"]["uid"]

    answer = await served.http.delete(f"{CONFIGMAPS}/a", headers={"accept": f"{TABLE},application/json"})

    assert answer.json() == {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Success",
        "details": {"name": "a", "kind": "configmaps", "uid": uid},
    }


async def test_delete_options_come_in_the_body_or_in_the_query(served: Served) -> None:
    await served.create("a")

    by_body = await served.http.request("DELETE", f"{CONFIGMAPS}/a", json={"preconditions": {"uid": "other"}})
    by_query = await served.http.delete(f"{CONFIGMAPS}/a", params={"dryRun": "All"})

    assert (by_body.status_code, by_query.status_code) == (409, 200)
    assert (await served.http.get(f"{CONFIGMAPS}/a")).status_code == 200


async def test_a_collection_is_deleted_by_its_labels(served: Served) -> None:
    await served.http.post(CONFIGMAPS, json={"metadata": {"name": "a", "labels": {"app": "web"}}})
    await served.create("b")

    answer = await served.http.delete(CONFIGMAPS, params={"labelSelector": "app=web"})

    assert [item["metadata"]["name"] for item in answer.json()["items"]] == ["a"]
    assert [item["metadata"]["name"] for item in (await served.http.get(CONFIGMAPS)).json()["items"]] == ["b"]


@pytest.mark.parametrize("content_type", ["text/plain", "garbage", "text/yaml", "application/cbor"])
async def test_a_body_of_an_unknown_type_is_415(served: Served, content_type: str) -> None:
    answer = await served.http.post(CONFIGMAPS, content=b"{}", headers={"content-type": content_type})

    assert answer.status_code == 415
    assert answer.json() == {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": f"the body of the request was in an unknown format - accepted media types include: {UPSTREAM}",
        "reason": "UnsupportedMediaType",
        "code": 415,
    }


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        (b"", "couldn't get version/kind; json parse error: unexpected end of JSON input (<empty>)"),
        (b"{", "couldn't get version/kind; json parse error: unexpected end of JSON input ({)"),
        (b"a: b", "couldn't get version/kind; json parse error: invalid character 'a' looking for beginning of value (613a2062)"),
        (
            b"{" + b"a" * 40,
            "couldn't get version/kind; json parse error: invalid character 'a' looking for beginning of object key string "
            "({aaaaaaaaaaaaaaaaaaaaaaaaaaaaa ...)",
        ),
        (
            b'{"kind":3}',
            "couldn't get version/kind; json parse error: json: cannot unmarshal number into Go struct field .kind of type string "
            '({"kind":3})',
        ),
        (
            b"[]",
            "couldn't get version/kind; json parse error: json: cannot unmarshal array into Go value of type struct "
            '{ APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" } (5b5d)',
        ),
    ],
)
async def test_a_malformed_body_is_refused_in_upstreams_words(served: Served, body: bytes, shown: str) -> None:
    answer = await served.http.post(CONFIGMAPS, content=body)

    assert answer.status_code == 400
    assert answer.json()["message"] == f"the object provided is unrecognized (must be of type ConfigMap): {shown}"


async def test_malformed_yaml_is_refused_in_upstreams_words(served: Served) -> None:
    answer = await served.http.post(CONFIGMAPS, content=b"a: b: c", headers={"content-type": "application/yaml"})

    assert answer.json()["message"] == (
        "the object provided is unrecognized (must be of type ConfigMap): "
        "yaml: mapping values are not allowed in this context (613a20623a2063)"
    )


@pytest.mark.parametrize("chunked", [False, True])
async def test_a_body_over_the_limit_is_413(new_served: NewServed, chunked: bool) -> None:  # noqa: FBT001
    served = new_served(settings=Settings(body_bytes_max=100))

    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(3):
            yield b"x" * 50

    answer = await served.http.post(CONFIGMAPS, content=pieces() if chunked else b"x" * 150)

    assert answer.status_code == 413
    assert answer.json() == {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": "Request entity too large: limit is 100",
        "reason": "RequestEntityTooLarge",
        "code": 413,
    }


@pytest.mark.parametrize("subresource", ["exec", "attach", "portforward"])
async def test_conversations_with_containers_are_refused_by_name_where_there_are_none(served: Served, subresource: str) -> None:
    pods = "/api/v1/namespaces/default/pods"
    missing = await served.http.post(f"{pods}/web/{subresource}")
    assert (missing.status_code, missing.json()["message"]) == (404, 'pods "web" not found')

    await served.http.post("/api/v1/namespaces/default/serviceaccounts", json={"metadata": {"name": "default"}})
    await served.http.post(pods, json={"metadata": {"name": "web"}, "spec": {"containers": [{"name": "c", "image": "nginx"}]}})
    refused = await served.http.post(f"{pods}/web/{subresource}")

    assert (refused.status_code, refused.json()["message"]) == (501, f"pods/{subresource} is not emulated here")
