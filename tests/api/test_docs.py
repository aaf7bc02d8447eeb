"""The documentation page: its files, its documents, and that every example in them works."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from orrery.api.docs import new_router
from orrery.api.openapi.examples import example
from orrery.api.openapi.library import Library
from orrery.auth.tokens import Authenticator, Token
from orrery.kinds.builtin import builtin
from orrery.kinds.kind import Kind
from orrery.verbs.call import User
from tests.api.conftest import NewServed, Served

CREATED = [kind for kind in builtin() if "create" in kind.verbs and kind.kind != "Binding"]
"""A Binding needs a Pod that waits for one."""


@pytest.fixture
async def documented(new_served: NewServed) -> AsyncIterator[Served]:
    found = new_served(routers=lambda: (new_router(Library(builtin())),))
    for kind, path in (("Namespace", "/api/v1/namespaces"), ("ServiceAccount", "/api/v1/namespaces/default/serviceaccounts")):
        answer = await found.http.post(path, json={"kind": kind, "apiVersion": "v1", "metadata": {"name": "default"}})
        assert answer.status_code == 201
    yield found


async def document(served: Served, name: str) -> dict[str, Any]:
    answer = await served.http.get(f"/docs/documents/{name}")
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json()
    return found


async def test_the_page_loads_only_what_the_server_itself_has(documented: Served) -> None:
    page = await documented.http.get("/docs")

    assert page.headers["content-type"].startswith("text/html")
    assert "default-src 'self'" in page.headers["content-security-policy"]
    assert "//" not in page.text.replace("<!DOCTYPE html>", "")
    for name in ("swagger-ui.css", "swagger-ui-bundle.js", "swagger-ui-standalone-preset.js", "favicon-32x32.png"):
        assert f"docs/assets/{name}" in page.text
        assert (await documented.http.get(f"/docs/assets/{name}")).status_code == 200
    assert (await documented.http.get("/docs/assets/../__init__.py")).status_code == 404


async def test_the_page_offers_a_document_for_every_group_version_and_orrerys_own(documented: Served) -> None:
    script = (await documented.http.get("/docs/page.js")).text

    for name in ("api/v1", "apis/apps/v1", "apis/batch/v1", "orrery/v1"):
        assert f'"/docs/documents/{name}"' in script
    assert 'docExpansion: "none"' in script


async def test_operations_are_grouped_by_resource_and_leave_out_what_a_page_cannot_do(documented: Served) -> None:
    core = await document(documented, "api/v1")

    assert core["paths"]["/api/v1/namespaces/{namespace}/pods/{name}/log"]["get"]["tags"] == ["pods"]
    assert core["paths"]["/api/v1/namespaces/{name}"]["get"]["tags"] == ["namespaces"]
    assert not [path for path in core["paths"] if "/watch/" in path or path.endswith(("/exec", "/proxy", "/portforward"))]
    assert all(not method.get("requestBody") for item in core["paths"].values() for name, method in item.items() if name == "delete")


async def test_parameters_that_must_be_filled_in_come_first_and_have_values(documented: Served) -> None:
    apps = await document(documented, "apis/apps/v1")

    put = apps["paths"]["/apis/apps/v1/namespaces/{namespace}/deployments/{name}"]["put"]
    assert [(each["name"], each["example"]) for each in put["parameters"][:2]] == [("namespace", "default"), ("name", "web")]


async def test_orrerys_own_document_is_of_a_version_that_the_page_can_show(documented: Served) -> None:
    own = await document(documented, "orrery/v1")

    assert own["openapi"] == "3.0.3"
    assert "BearerToken" in own["components"]["securitySchemes"]


async def test_the_page_needs_no_token_but_the_api_does(new_served: NewServed) -> None:
    served = new_served(
        routers=lambda: (new_router(Library(builtin())),),
        authenticator=Authenticator((Token("secret", User("jane", ("system:masters",))),)),
    )

    assert (await served.http.get("/docs")).status_code == 200
    assert (await served.http.get("/docs/documents/api/v1")).status_code == 200
    assert (await served.http.get("/api/v1/namespaces")).status_code == 401


@pytest.mark.parametrize("kind", CREATED, ids=lambda kind: f"{kind.resource} {kind.api_version}")
async def test_the_example_of_a_kind_can_be_created(documented: Served, kind: Kind) -> None:
    body = example(kind.api_version, kind.kind)
    root = f"/apis/{kind.api_version}" if kind.group else f"/api/{kind.api_version}"
    place = "/namespaces/default" if kind.namespaced else ""

    answer = await documented.http.post(f"{root}{place}/{kind.resource}?dryRun=All", json=body)

    assert answer.status_code == 201, answer.text


async def test_the_examples_of_put_and_patch_work_on_the_created_object(documented: Served) -> None:
    apps = await document(documented, "apis/apps/v1")
    path = "/apis/apps/v1/namespaces/default/deployments"
    body = example("apps/v1", "Deployment")
    assert (await documented.http.post(path, json=body)).status_code == 201
    shown = apps["paths"]["/apis/apps/v1/namespaces/{namespace}/deployments/{name}"]

    put = await documented.http.put(f"{path}/web", json=shown["put"]["requestBody"]["content"]["application/json"]["example"])
    assert put.status_code == 200, put.text
    for media, content in shown["patch"]["requestBody"]["content"].items():
        answer = await documented.http.request("PATCH", f"{path}/web", json=content["example"], headers={"content-type": media})
        assert answer.status_code == 200, answer.text
