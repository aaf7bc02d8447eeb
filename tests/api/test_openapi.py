"""The documents of OpenAPI as clients get them: shapes, names, caching, and what kubectl reads in them."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from orrery.api.openapi import descriptions, gnostic, swagger
from orrery.api.openapi.descriptions import NoDescriptions
from orrery.api.openapi.library import Library
from orrery.api.openapi.routes import new_router
from orrery.api.openapi.schemas import references
from orrery.api.openapi.specs import Specs
from orrery.kinds.builtin import builtin
from orrery.machinery.clock import VirtualClock
from tests.api.conftest import NewServed, Served

DEPLOYMENTS = "/apis/apps/v1/namespaces/{namespace}/deployments"
CORE = "io.k8s.api.core.v1."


@pytest.fixture(scope="module")
def specs() -> Specs:
    return Specs(builtin())


@pytest.fixture(scope="module")
def apps(specs: Specs) -> dict[str, Any]:
    return specs.make("apis/apps/v1", NoDescriptions())


@pytest.fixture(scope="module")
def core(specs: Specs) -> dict[str, Any]:
    return specs.make("api/v1", NoDescriptions())


@pytest.fixture
async def documented(new_served: NewServed) -> AsyncIterator[Served]:
    yield new_served(routers=lambda: (new_router(Library(builtin()), VirtualClock()),))


def schema(document: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = document["components"]["schemas"][name]
    return found


def test_there_is_a_document_for_every_group_and_version(specs: Specs) -> None:
    names = specs.names()

    assert {"api", "api/v1", "apis", "apis/apps", "apis/apps/v1", "apis/rbac.authorization.k8s.io/v1", "version"} <= set(names)
    assert names == sorted(names)


def test_every_reference_of_every_document_leads_somewhere(specs: Specs) -> None:
    for name in specs.names():
        document = specs.make(name, NoDescriptions())
        assert set(references(document)) <= document["components"]["schemas"].keys(), name


def test_operations_have_upstreams_names(apps: dict[str, Any], core: dict[str, Any]) -> None:
    def ids(document: dict[str, Any], path: str) -> dict[str, str]:
        return {method: each["operationId"] for method, each in document["paths"][path].items() if method != "parameters"}

    assert ids(apps, DEPLOYMENTS) == {
        "get": "listAppsV1NamespacedDeployment",
        "post": "createAppsV1NamespacedDeployment",
        "delete": "deleteAppsV1CollectionNamespacedDeployment",
    }
    assert ids(apps, "/apis/apps/v1/deployments") == {"get": "listAppsV1DeploymentForAllNamespaces"}
    assert ids(apps, DEPLOYMENTS + "/{name}/scale")["patch"] == "patchAppsV1NamespacedDeploymentScale"
    assert ids(core, "/api/v1/namespaces/{name}/finalize") == {"put": "replaceCoreV1NamespaceFinalize"}
    assert ids(core, "/api/v1/nodes/{name}/proxy/{path}")["get"] == "connectCoreV1GetNodeProxyWithPath"


def test_parameters_that_all_operations_of_a_path_share_belong_to_the_path(apps: dict[str, Any]) -> None:
    item = apps["paths"][DEPLOYMENTS + "/{name}"]

    assert [each["name"] for each in item["parameters"]] == ["name", "namespace", "pretty"]
    assert [each["name"] for each in item["patch"]["parameters"]] == ["dryRun", "fieldManager", "fieldValidation", "force"]
    assert "parameters" not in item["get"]


def test_kubectl_finds_field_validation_by_the_kind_of_a_patch(apps: dict[str, Any]) -> None:
    patch = apps["paths"][DEPLOYMENTS + "/{name}"]["patch"]

    assert patch["x-kubernetes-action"] == "patch"
    assert patch["x-kubernetes-group-version-kind"] == {"group": "apps", "version": "v1", "kind": "Deployment"}
    assert "application/strategic-merge-patch+json" in patch["requestBody"]["content"]


def test_lists_say_how_they_merge(core: dict[str, Any]) -> None:
    ports = schema(core, CORE + "Container")["properties"]["ports"]

    assert ports["x-kubernetes-list-type"] == "map"
    assert ports["x-kubernetes-list-map-keys"] == ["containerPort", "protocol"]
    assert ports["x-kubernetes-patch-merge-key"] == "containerPort"
    assert ports["x-kubernetes-patch-strategy"] == "merge"


@pytest.mark.parametrize(
    ("struct", "field", "wanted"),
    [
        ("ContainerPort", "protocol", {"type": "string", "default": "TCP", "enum": ["SCTP", "TCP", "UDP"]}),
        ("ContainerPort", "containerPort", {"type": "integer", "format": "int32", "default": 0}),
        ("ContainerPort", "hostPort", {"type": "integer", "format": "int32"}),
        ("Secret", "data", {"type": "object", "additionalProperties": {"type": "string", "format": "byte"}}),
        ("Pod", "spec", {"default": {}, "allOf": [{"$ref": f"#/components/schemas/{CORE}PodSpec"}]}),
        ("PodSpec", "affinity", {"$ref": f"#/components/schemas/{CORE}Affinity"}),
    ],
)
def test_fields_have_upstreams_types_and_defaults(core: dict[str, Any], struct: str, field: str, wanted: dict[str, Any]) -> None:
    assert schema(core, CORE + struct)["properties"][field] == wanted


def test_a_described_reference_is_wrapped_so_that_both_count() -> None:
    class Described:
        def of(self, name: str) -> descriptions.Text:
            return ("A Pod's spec.", {"affinity": "Where it likes to run."})

    document = Specs(builtin()).make("api/v1", Described())

    affinity = schema(document, CORE + "PodSpec")["properties"]["affinity"]
    assert affinity == {"description": "Where it likes to run.", "allOf": [{"$ref": f"#/components/schemas/{CORE}Affinity"}]}


@pytest.mark.parametrize("package", ["kubex-k8s-1-35", ""])
def test_words_come_from_an_installed_package(package: str) -> None:
    text, fields = descriptions.load(package).of("io.k8s.api.apps.v1.DeploymentSpec")

    assert text.startswith("DeploymentSpec is")
    assert fields["replicas"].startswith("Number of desired pods")


def test_the_types_of_metadata_are_explained_even_when_the_package_does_not() -> None:
    text, fields = descriptions.load("kubex-k8s-1-35").of("io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta")

    assert text
    assert all(fields[name] for name in ("name", "labels", "annotations", "ownerReferences", "resourceVersion"))


def test_version_2_has_plain_references_no_defaults_and_shared_parameters(apps: dict[str, Any]) -> None:
    merged = swagger.merge([apps])

    spec = merged["definitions"]["io.k8s.api.apps.v1.Deployment"]["properties"]["spec"]
    assert spec == {"$ref": "#/definitions/io.k8s.api.apps.v1.DeploymentSpec"}
    assert merged["definitions"]["io.k8s.apimachinery.pkg.api.resource.Quantity"] == {"type": "string"}
    assert "default" not in merged["definitions"][CORE + "ContainerPort"]["properties"]["protocol"]
    post = merged["paths"][DEPLOYMENTS]["post"]
    assert [each.get("name", each.get("$ref", "").split("/")[-1].partition("-")[0]) for each in post["parameters"]] == [
        "body",
        "dryRun",
        "fieldManager",
        "fieldValidation",
    ]
    assert all(each["$ref"].removeprefix("#/parameters/") in merged["parameters"] for each in post["parameters"] if "$ref" in each)


def test_protobuf_of_version_2_nests_messages_with_their_lengths() -> None:
    document = {
        "swagger": "2.0",
        "info": {"title": "T", "version": "1"},
        "paths": {},
        "definitions": {"A": {"type": "object", "x-y": [1]}},
        "parameters": {},
        "security": [],
        "securityDefinitions": {},
    }

    encoded = gnostic.encode(document)

    assert encoded.startswith(b"\x0a\x032.0" + b"\x12\x06\x0a\x01T\x12\x011")
    assert b"\xb2\x01\x08\x0a\x06object" in encoded
    assert b"\xfa\x01\x0d\x0a\x03x-y\x12\x06\x12\x04[1]\n" in encoded


async def test_the_index_leads_to_immutable_documents(documented: Served) -> None:
    index = (await documented.http.get("/openapi/v3")).json()["paths"]
    answer = await documented.http.get(index["apis/apps/v1"]["serverRelativeURL"])

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "public, immutable"
    assert answer.headers["expires"] == "Sat, 02 Jan 2027 03:04:05 UTC"
    assert answer.headers["etag"].strip('"') == index["apis/apps/v1"]["serverRelativeURL"].partition("=")[2]
    assert answer.json()["info"] == {"title": "Kubernetes", "version": "1.35"}


async def test_an_old_hash_is_redirected_to_the_new_one(documented: Served) -> None:
    answer = await documented.http.get("/openapi/v3/api/v1?hash=OLD")

    assert answer.status_code == 301
    assert answer.headers["location"].startswith("/openapi/v3/api/v1?hash=")


async def test_a_known_document_is_not_sent_again(documented: Served) -> None:
    etag = (await documented.http.get("/openapi/v3/version")).headers["etag"]

    assert (await documented.http.get("/openapi/v3/version", headers={"if-none-match": etag})).status_code == 304


@pytest.mark.parametrize(
    ("path", "accept", "status", "content_type"),
    [
        ("/openapi/v3/version", "application/json", 200, "application/json"),
        ("/openapi/v3/version", "application/com.github.proto-openapi.spec.v3@v1.0+protobuf, application/json", 200, "application/json"),
        ("/openapi/v3/version", "application/yaml", 406, None),
        ("/openapi/v3/apis/none/v1", "*/*", 404, None),
        ("/openapi/v3/", "*/*", 404, None),
        ("/openapi/v2", "*/*", 200, "application/json"),
        (
            "/openapi/v2",
            "application/com.github.proto-openapi.spec.v2@v1.0+protobuf",
            200,
            "application/com.github.proto-openapi.spec.v2.v1.0+protobuf",
        ),
        ("/openapi/v2", "application/yaml", 406, None),
    ],
)
async def test_documents_are_negotiated(documented: Served, path: str, accept: str, status: int, content_type: str | None) -> None:
    answer = await documented.http.get(path, headers={"accept": accept})

    assert answer.status_code == status
    if content_type:
        assert answer.headers["content-type"] == content_type


async def test_documents_are_kept_in_the_data_directory_and_old_ones_go(tmp_path: Path) -> None:
    old = tmp_path / "openapi-cache" / "version-OLD"
    old.parent.mkdir()
    old.write_text("{}")

    first = await Library(builtin(), tmp_path).document("version")
    kept = list(old.parent.iterdir())
    kept[0].write_bytes(b"from the file")
    second = await Library(builtin(), tmp_path).document("version")

    assert len(kept) == 1 and first.startswith(b"{")
    assert second == b"from the file"


async def test_a_directory_that_cannot_be_written_does_no_harm(tmp_path: Path) -> None:
    (tmp_path / "openapi-cache").write_text("in the way")

    assert (await Library(builtin(), tmp_path).document("version")).startswith(b"{")


def test_nothing_is_made_for_the_index() -> None:
    library = Library(builtin())

    assert all(len(library.hash(name)) == 128 for name in library.names())
    assert library._kept == {}
