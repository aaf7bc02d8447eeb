"""Paths that name no resource: discovery, health, version, and what is not there."""

import pytest

from orrery.auth.tokens import Authenticator, Token
from orrery.verbs.call import SYSTEM_ADMIN
from tests.api.conftest import CONFIGMAPS, NewServed, Served

AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
NOT_FOUND = '{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"the server could not find the requested resource","reason":"NotFound","details":{},"code":404}\n'  # noqa: E501
NOT_ALLOWED = '{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"the server does not allow this method on the requested resource","reason":"MethodNotAllowed","details":{},"code":405}\n'  # noqa: E501


@pytest.mark.parametrize("path", ["/nope", "/apis/foo", "/apis/foo/v1", "/apis/foo/v1/foos", "/livez/foo", "/livez/"])
async def test_what_the_outer_router_does_not_know_is_plain_text(served: Served, path: str) -> None:
    answer = await served.http.get(path)

    assert (answer.status_code, answer.text) == (404, "404 page not found\n")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("path", ["/api/v2", "/api/v1/foo", "/apis/apps/v2", "/apis/apps/v2/foos", "/apis/apps/v1/foos", "/api/v2/pods"])
async def test_what_a_group_does_not_know_is_a_status(served: Served, path: str) -> None:
    answer = await served.http.get(path)

    assert (answer.status_code, answer.text) == (404, NOT_FOUND)


@pytest.mark.parametrize("path", ["/api", "/api/v1", "/apis/apps/v1", "/version", "/api/v1/pods"])
async def test_a_wrong_method_is_a_status(served: Served, path: str) -> None:
    answer = await served.http.post(path)

    assert (answer.status_code, answer.text) == (405, NOT_ALLOWED)


async def test_legacy_and_aggregated_discovery_are_chosen_by_accept(served: Served) -> None:
    legacy = await served.http.get("/apis")
    aggregated = await served.http.get("/apis", headers={"accept": f"{AGGREGATED},application/json"})
    core = await served.http.get("/api", headers={"accept": f"{AGGREGATED},application/json"})

    assert legacy.json()["kind"] == "APIGroupList"
    assert aggregated.headers["content-type"] == AGGREGATED
    assert aggregated.headers["vary"] == "Accept"
    assert aggregated.json()["apiVersion"] == "apidiscovery.k8s.io/v2"
    assert core.json()["items"][0]["metadata"] == {}


async def test_an_older_aggregated_form_falls_back_to_the_legacy_one(served: Served) -> None:
    answer = await served.http.get("/apis", headers={"accept": f"{AGGREGATED.replace('v=v2', 'v=v2beta1')},application/json"})

    assert answer.json()["kind"] == "APIGroupList"


async def test_aggregated_discovery_that_did_not_change_is_304(served: Served) -> None:
    first = await served.http.get("/apis", headers={"accept": AGGREGATED})

    second = await served.http.get("/apis", headers={"accept": AGGREGATED, "if-none-match": first.headers["etag"]})

    assert (second.status_code, second.content) == (304, b"")
    assert second.headers["etag"] == first.headers["etag"]


async def test_the_version_is_kubernetes_with_our_suffix(served: Served) -> None:
    answer = await served.http.get("/version")

    assert answer.json()["gitVersion"] == "v1.35.4+orrery"
    assert (answer.json()["major"], answer.json()["minor"]) == ("1", "35")


async def test_health_is_short_unless_asked(served: Served) -> None:
    assert (await served.http.get("/livez")).text == "ok"
    assert (await served.http.get("/livez?verbose")).text == "[+]ping ok\n[+]log ok\nlivez check passed\n"
    assert (await served.http.get("/readyz/nodes")).text == "ok"


async def test_a_check_that_fails_is_always_told(served: Served) -> None:
    served.ready["nodes"] = False

    answer = await served.http.get("/readyz")

    assert answer.status_code == 500
    assert answer.text == "[+]ping ok\n[+]log ok\n[-]nodes failed: reason withheld\nreadyz check failed\n"
    assert (await served.http.get("/livez")).status_code == 200


async def test_checks_can_be_excluded(served: Served) -> None:
    served.ready["nodes"] = False

    answer = await served.http.get("/readyz?verbose&exclude=nodes&exclude=foo")

    assert answer.status_code == 200
    assert answer.text == (
        "[+]ping ok\n[+]log ok\n[+]nodes excluded: ok\n"
        'warn: some health checks cannot be excluded: no matches for "foo"\nreadyz check passed\n'
    )


async def test_the_root_lists_paths(served: Served) -> None:
    paths = (await served.http.get("/")).json()["paths"]

    assert paths == sorted(paths)
    assert {"/api", "/api/v1", "/apis", "/apis/apps/v1", "/healthz", "/livez/ping", "/readyz/nodes", "/version"} <= set(paths)


async def test_with_tokens_nobody_gets_in_without_one_but_probes_do(new_served: NewServed) -> None:
    served = new_served(authenticator=Authenticator([Token("secret", SYSTEM_ADMIN)]))

    refused = await served.http.get(CONFIGMAPS)
    let_in = await served.http.get(CONFIGMAPS, headers={"authorization": "Bearer secret"})

    assert refused.status_code == 401
    assert refused.json() == {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": "Unauthorized",
        "reason": "Unauthorized",
        "code": 401,
    }
    assert let_in.status_code == 200
    assert (await served.http.get("/readyz")).status_code == 200


@pytest.mark.parametrize("path", [CONFIGMAPS, "/version", "/livez", "/apis"])
async def test_a_foreign_host_or_page_is_refused_everywhere(served: Served, path: str) -> None:
    by_host = await served.http.get(path, headers={"host": "evil.example"})
    by_origin = await served.http.get(path, headers={"origin": "https://evil.example"})

    assert (by_host.status_code, by_origin.status_code) == (403, 403)
    assert by_host.json()["reason"] == "Forbidden"
    assert not any(header.startswith("access-control") for header in by_origin.headers)


async def test_a_fault_of_ours_tells_the_client_nothing_about_it(new_served: NewServed, caplog: pytest.LogCaptureFixture) -> None:
    served = new_served()
    served.verbs.list = None  # type: ignore[method-assign, assignment]

    answer = await served.http.get(CONFIGMAPS)

    assert (answer.status_code, answer.json()["reason"]) == (500, "InternalError")
    assert "NoneType" not in answer.text
    assert "NoneType" in caplog.text
