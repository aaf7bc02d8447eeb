"""Gets and lists over HTTP: bytes, formats and headers as the real server's."""

import asyncio
import json

import httpx
import pytest
import yaml

from orrery.kinds.builtin import builtin
from orrery.verbs.call import Call
from tests.api.conftest import CONFIGMAPS, PARTIAL, PARTIAL_LIST, TABLE, Served


async def test_a_get_is_compact_json_with_a_final_newline(served: Served) -> None:
    await served.create("a", data={"x": "1"})

    answer = await served.http.get(f"{CONFIGMAPS}/a")

    assert answer.status_code == 200
    assert answer.content.startswith(b'{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"a","namespace":"default","uid":"')
    assert answer.content.endswith(b'"data":{"x":"1"}}\n')
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "no-cache, private"


@pytest.mark.parametrize(
    ("query", "agent", "indented"),
    [
        ("", "tests", False),
        ("", "curl/8.5.0", True),
        ("", "Wget/1.21", True),
        ("", "Mozilla/5.0 (X11)", True),
        ("?pretty=true", "tests", True),
        ("?pretty=1", "tests", True),
        ("?pretty=foo", "tests", False),
        ("?pretty=0", "curl/8.5.0", False),
        ("?pretty=", "curl/8.5.0", True),
    ],
)
async def test_json_is_indented_for_people(served: Served, query: str, agent: str, indented: bool) -> None:  # noqa: FBT001
    answer = await served.http.get(f"/api/v1/namespaces/default{query}", headers={"user-agent": agent})

    assert answer.text.startswith('{\n  "kind": "Namespace",\n  "apiVersion": "v1",') == indented
    assert answer.text.endswith("}\n") != indented


async def test_a_list_joins_its_items_without_their_kind(served: Served) -> None:
    await served.create("a")
    await served.create("b")

    answer = await served.http.get(CONFIGMAPS)

    document = answer.json()
    assert answer.text.startswith('{"kind":"ConfigMapList","apiVersion":"v1","metadata":{"resourceVersion":"')
    assert [next(iter(item)) for item in document["items"]] == ["metadata", "metadata"]
    assert [item["metadata"]["name"] for item in document["items"]] == ["a", "b"]


async def test_an_empty_list_has_empty_items(served: Served) -> None:
    answer = await served.http.get("/apis/apps/v1/deployments")

    assert answer.text.startswith('{"kind":"DeploymentList","apiVersion":"apps/v1","metadata":{"resourceVersion":"')
    assert answer.text.endswith('"},"items":[]}\n')


async def test_an_indented_list_is_the_same_document(served: Served) -> None:
    await served.create("a")

    plain = await served.http.get(CONFIGMAPS)
    indented = await served.http.get(CONFIGMAPS, params={"pretty": "true"})

    assert indented.text == json.dumps(plain.json(), indent=2)


async def test_pages_carry_a_token_and_what_remains(served: Served) -> None:
    for name in "abc":
        await served.create(name)

    first = (await served.http.get(CONFIGMAPS, params={"limit": "2"})).json()
    second = (await served.http.get(CONFIGMAPS, params={"limit": "2", "continue": first["metadata"]["continue"]})).json()

    assert first["metadata"]["remainingItemCount"] == 1
    assert [item["metadata"]["name"] for item in first["items"] + second["items"]] == ["a", "b", "c"]
    assert "continue" not in second["metadata"]


async def test_yaml_is_written_as_upstream_writes_it(served: Served) -> None:
    await served.create("a", data={"number": "1", "flag": "true", "text": "two\nlines\n", "plain": "word", "n": "y"})

    answer = await served.http.get(f"{CONFIGMAPS}/a", headers={"accept": "application/yaml"})

    assert answer.headers["content-type"] == "application/yaml"
    assert answer.text.startswith(
        'apiVersion: v1\ndata:\n  flag: "true"\n  "n": "y"\n  number: "1"\n  plain: word\n  text: |\n    two\n    lines\nkind: ConfigMap\n'
    )
    assert yaml.safe_load(answer.text)["metadata"]["name"] == "a"


async def test_a_table_has_the_kinds_columns_and_partial_objects(served: Served) -> None:
    await served.create("a", data={"x": "1"})
    await served.clock.advance(120)

    table = (await served.http.get(CONFIGMAPS, headers={"accept": f"{TABLE},application/json"})).json()

    assert (table["kind"], table["apiVersion"]) == ("Table", "meta.k8s.io/v1")
    assert [column["name"] for column in table["columnDefinitions"]] == ["Name", "Data", "Age"]
    assert table["rows"][0]["cells"] == ["a", 1, "2m"]
    assert table["rows"][0]["object"]["kind"] == "PartialObjectMetadata"
    assert table["rows"][0]["object"]["metadata"]["name"] == "a"
    assert set(table["metadata"]) == {"resourceVersion"}


@pytest.mark.parametrize(("include", "shown"), [("None", None), ("Object", "ConfigMap"), ("Metadata", "PartialObjectMetadata")])
async def test_a_tables_rows_carry_what_was_asked_for(served: Served, include: str, shown: str | None) -> None:
    await served.create("a")

    table = (await served.http.get(f"{CONFIGMAPS}/a", params={"includeObject": include}, headers={"accept": TABLE})).json()

    shown_object = table["rows"][0]["object"]
    assert (shown_object and shown_object["kind"]) == shown


async def test_an_unknown_includeobject_is_refused(served: Served) -> None:
    answer = await served.http.get(CONFIGMAPS, params={"includeObject": "Foo"}, headers={"accept": TABLE})

    assert answer.status_code == 400
    assert answer.json()["message"] == (
        "Unable to convert to Table as requested: includeObject: Invalid value: \"Foo\": must be 'Metadata', 'Object', 'None', or empty"
    )


async def test_a_kind_without_a_printer_gets_upstreams_default_table(served: Served) -> None:
    table = (await served.http.get("/api/v1/limitranges", headers={"accept": TABLE})).json()

    assert [(column["name"], column["type"]) for column in table["columnDefinitions"]] == [("Name", "string"), ("Created At", "date")]
    assert table["rows"] is None


async def test_metadata_alone_can_be_had(served: Served) -> None:
    await served.create("a", data={"x": "1"})

    one = (await served.http.get(f"{CONFIGMAPS}/a", headers={"accept": PARTIAL})).json()
    many = (await served.http.get(CONFIGMAPS, headers={"accept": PARTIAL_LIST})).json()

    assert list(one) == ["kind", "apiVersion", "metadata"]
    assert (many["kind"], many["items"][0]["kind"]) == ("PartialObjectMetadataList", "PartialObjectMetadata")


@pytest.mark.parametrize(
    ("path", "accept", "message"),
    [
        (CONFIGMAPS, PARTIAL, "you requested PartialObjectMetadata, but the requested object is a list (*core.ConfigMapList)"),
        (
            f"{CONFIGMAPS}/a",
            PARTIAL_LIST,
            "you requested PartialObjectMetadataList, but the requested object is not a list (*core.ConfigMap)",
        ),
    ],
)
async def test_a_shape_that_does_not_fit_is_not_acceptable(served: Served, path: str, accept: str, message: str) -> None:
    await served.create("a")

    answer = await served.http.get(path, headers={"accept": accept})

    assert (answer.status_code, answer.json()["message"]) == (406, message)


async def test_a_very_long_list_is_sent_in_pieces(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orrery.api.lists.RECORDS_AT_ONCE_MAX", 2)
    for number in range(5):
        await served.create(f"c{number}")

    answer = await served.http.get(CONFIGMAPS)

    assert "content-length" not in answer.headers
    assert [item["metadata"]["name"] for item in answer.json()["items"]] == [f"c{number}" for number in range(5)]


async def test_another_version_of_a_stored_kind_is_listed_in_its_own_form(served: Served) -> None:
    kind = builtin().find("autoscaling", "v2", "horizontalpodautoscalers")
    assert kind is not None
    spec = {"scaleTargetRef": {"kind": "Deployment", "name": "web", "apiVersion": "apps/v1"}, "maxReplicas": 3}
    await served.verbs.create(
        Call(kind, namespace="default"), {"kind": kind.kind, "apiVersion": kind.api_version, "metadata": {"name": "web"}, "spec": spec}
    )

    answer: httpx.Response = await served.http.get("/apis/autoscaling/v1/namespaces/default/horizontalpodautoscalers")

    assert answer.json()["apiVersion"] == "autoscaling/v1"
    assert answer.json()["items"][0]["spec"]["maxReplicas"] == 3


@pytest.mark.parametrize("query", ["", "?watch=true&timeoutSeconds=1", "?pretty=true"])
async def test_a_deprecated_kind_warns_in_every_answer(served: Served, query: str) -> None:
    request = asyncio.create_task(served.http.get(f"/api/v1/endpoints{query}"))
    await served.clock.advance(2)

    answer = await request

    assert answer.headers["warning"] == '299 - "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice"'


@pytest.mark.parametrize(
    ("path", "resource"),
    [("/api/v1/componentstatuses", "componentstatuses"), ("/apis/metrics.k8s.io/v1beta1/pods", "pods.metrics.k8s.io")],
)
async def test_what_cannot_be_watched_says_so(served: Served, path: str, resource: str) -> None:
    answer = await served.http.get(f"{path}?watch=true")

    assert (answer.status_code, answer.json()["message"]) == (405, f'watch is not supported on resources of kind "{resource}"')
    assert (await served.http.get(f"{path}?watch=false")).status_code == 200
