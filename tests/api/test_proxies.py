"""pods/proxy and services/proxy: requests that go on to a port in the cluster, and what is said when they cannot."""

import pytest

from orrery.verbs.call import User
from tests.api.fake_containers import FakeTunnel, Server, echo
from tests.api.reach import PODS, Reach, read_answer

SERVICES = "/api/v1/namespaces/default/services"


async def _request(tunnel: FakeTunnel) -> bytes:
    """Head and body of a request."""
    raw = b""
    while b"\r\n\r\n" not in raw:
        raw += await tunnel.read()
    head, _, body = raw.partition(b"\r\n\r\n")
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length: "):
            while len(body) < int(line.partition(b": ")[2]):
                body += await tunnel.read()
        if line == b"transfer-encoding: chunked":
            while not body.endswith(b"0\r\n\r\n"):
                body += await tunnel.read()
    return head + b"\r\n\r\n" + body


async def mirror(tunnel: FakeTunnel) -> None:
    """An HTTP server that answers with what it was asked."""
    raw = await _request(tunnel)
    head = b"HTTP/1.1 201 Created\r\nContent-Type: text/plain\r\nX-Own: 1\r\nConnection: X-Secret\r\nX-Secret: 2\r\n"
    await tunnel.write(head + b"Access-Control-Allow-Origin: *\r\nTransfer-Encoding: chunked\r\n\r\n")
    await tunnel.write(b"%x\r\n%s\r\n0\r\n\r\n" % (len(raw), raw))


def answering(raw: bytes) -> Server:
    async def server(tunnel: FakeTunnel) -> None:
        await _request(tunnel)
        await tunnel.write(raw)
        await tunnel.close_writing()

    return server


async def test_method_path_query_headers_and_body_go_through_as_they_are(reached: Reach) -> None:
    reached.containers.servers[8080] = mirror

    answer = await reached.served.http.request(
        "PATCH", f"{PODS}/p/proxy/a%20b//c?x=1&y=%2F", content=b"body", headers={"x-mine": "yes", "authorization": "Bearer secret"}
    )

    assert answer.status_code == 201
    head, _, body = answer.text.partition("\r\n\r\n")
    lines = head.split("\r\n")
    assert lines[0] == "PATCH /a%20b//c?x=1&y=%2F HTTP/1.1"
    assert body == "body"
    assert {"Host: localhost", "X-Mine: yes", "Content-Length: 4", f"X-Forwarded-Uri: {PODS}/p/proxy/a%20b//c"} <= set(lines)
    assert "secret" not in answer.text
    assert answer.headers["x-own"] == "1"
    assert not {"x-secret", "access-control-allow-origin", "transfer-encoding"} & set(answer.headers)


async def test_a_body_of_unknown_length_is_streamed_in_chunks(reached: Reach) -> None:
    reached.containers.servers[8080] = mirror
    reader, writer = await reached.connect()
    writer.write(f"POST {PODS}/p:8080/proxy/up HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n".encode())
    writer.write(b"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n")

    answer = await read_answer(reader)
    body = await reader.readuntil(b"\r\n0\r\n\r\n")

    assert answer.status == 201
    assert b"abc" in body and b"de" in body and b"Transfer-Encoding: chunked" in body
    writer.close()


async def test_head_and_options_are_methods_too(reached: Reach) -> None:
    reached.containers.servers[8080] = answering(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nAllow: GET\r\n\r\n")

    head = await reached.served.http.head(f"{PODS}/p/proxy/")
    reached.containers.servers[8080] = answering(b"HTTP/1.1 204 No Content\r\nAllow: GET\r\n\r\n")
    options = await reached.served.http.options(f"{PODS}/p/proxy/")

    assert (head.status_code, head.headers["content-length"]) == (200, "5")
    assert (options.status_code, options.headers["allow"]) == (204, "GET")


async def test_the_root_without_a_slash_is_a_redirection(reached: Reach) -> None:
    answer = await reached.served.http.get(f"{PODS}/p/proxy?x=1")

    assert (answer.status_code, answer.headers["location"]) == (301, f"{PODS}/p/proxy/?x=1")


@pytest.mark.parametrize(
    ("location", "shown"),
    [
        ("/login?x=1", f"{PODS}/p/proxy/login?x=1"),
        ("http://10.244.0.5:8080/login", f"{PODS}/p/proxy/login"),
        ("http://elsewhere.example/", "http://elsewhere.example/"),
        ("next", "next"),
    ],
)
async def test_redirections_of_the_server_lead_through_the_proxy(reached: Reach, location: str, shown: str) -> None:
    reached.containers.servers[8080] = answering(b"HTTP/1.1 302 Found\r\nLocation: %s\r\nContent-Length: 0\r\n\r\n" % location.encode())

    answer = await reached.served.http.get(f"{PODS}/p/proxy/")

    assert (answer.status_code, answer.headers["location"]) == (302, shown)


async def test_links_of_a_page_lead_through_the_proxy(reached: Reach) -> None:
    page = b'<a href="/next">next</a>'
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: %d\r\n\r\n" % len(page)
    reached.containers.servers[8080] = answering(head + page)

    answer = await reached.served.http.get(f"{PODS}/p/proxy/")

    assert answer.text == f'<a href="{PODS}/p/proxy/next">next</a>'


@pytest.mark.parametrize(
    ("target", "code", "message"),
    [
        (f"{PODS}/p:81/proxy/", 503, "error trying to reach service: dial tcp 10.244.0.5:81: connect: connection refused"),
        (f"{PODS}/p:99999/proxy/", 503, "error trying to reach service: dial tcp: address 99999: invalid port"),
        (f"{PODS}/p:{'9' * 5000}/proxy/", 503, f"error trying to reach service: dial tcp: address {'9' * 5000}: invalid port"),
        (f"{PODS}/unbound/proxy/", 400, "address not allowed"),
        (f"{PODS}/ftp:p:80/proxy/", 400, 'invalid pod request "ftp:p:80"'),
        (f"{PODS}/none/proxy/x", 404, 'pods "none" not found'),
        (f"{SERVICES}/none/proxy/", 404, 'services "none" not found'),
        (f"{SERVICES}/web:81/proxy/", 503, 'no service port 81 found for service "web"'),
        (f"{SERVICES}/web:http/proxy/", 503, 'no endpoints available for service "web:http"'),
        (f"{SERVICES}/idle/proxy/", 503, 'no endpoints available for service "idle"'),
        ("/api/v1/nodes/none/proxy/", 404, 'nodes "none" not found'),
        (f"{PODS}/https:p:80/proxy/", 501, "Orrery does not proxy to https: targets, because the simulated network carries no TLS"),
    ],
)
async def test_what_cannot_be_reached_is_told_in_upstreams_words(reached: Reach, target: str, code: int, message: str) -> None:
    await _make_services(reached)

    answer = await reached.served.http.get(target)

    assert (answer.status_code, answer.json()["message"]) == (code, message)


@pytest.mark.parametrize("name", ["web", "web:80", "http:web:80", "web:"])
async def test_a_service_leads_to_a_ready_endpoint(reached: Reach, name: str) -> None:
    await _make_services(reached)
    reached.containers.servers[8080] = mirror

    answer = await reached.served.http.get(f"{SERVICES}/{name}/proxy/")

    assert answer.text.startswith("GET / HTTP/1.1\r\n")


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b"", "error trying to reach service: EOF"),
        (b"220 mail.example ESMTP\r\n", "error trying to reach service: malformed HTTP response: "),
    ],
)
async def test_a_server_that_speaks_no_http_is_no_service(reached: Reach, raw: bytes, message: str) -> None:
    reached.containers.servers[8080] = answering(raw)

    answer = await reached.served.http.get(f"{PODS}/p/proxy/")

    assert answer.status_code == 503
    assert answer.json()["message"].startswith(message)


async def test_an_answer_that_is_cut_off_is_cut_off_for_the_client(reached: Reach) -> None:
    reached.containers.servers[8080] = answering(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
    reader, writer = await reached.connect()
    writer.write(f"GET {PODS}/p/proxy/ HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())

    assert (await reader.read()).endswith(b"\r\n\r\nhalf")
    writer.close()


async def test_an_upgrade_goes_through_to_the_server(reached: Reach) -> None:
    async def upgrading(tunnel: FakeTunnel) -> None:
        raw = await _request(tunnel)
        assert b"upgrade: own" in raw.lower()
        await tunnel.write(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: own\r\nConnection: Upgrade\r\n\r\nhello ")
        await echo(tunnel)

    reached.containers.servers[8080] = upgrading
    answer, reader, writer = await reached.upgrade(f"{PODS}/p/proxy/", "own")
    writer.write(b"there")

    assert answer.status == 101
    assert await reader.readexactly(11) == b"hello there"
    writer.close()


async def test_a_refused_upgrade_is_answered_as_the_server_did(reached: Reach) -> None:
    reached.containers.servers[8080] = answering(b"HTTP/1.1 403 Forbidden\r\nX-Own: 1\r\nContent-Length: 2\r\n\r\nno")
    answer, _, writer = await reached.upgrade(f"{PODS}/p/proxy/", "own")

    assert (answer.status, answer.headers["x-own"], answer.body) == (403, "1", b"no")
    writer.close()


async def test_what_says_who_the_caller_is_stays_with_the_api_server(reached: Reach) -> None:
    reached.containers.servers[8080] = mirror
    bearer = "base64url.bearer.authorization.k8s.io.c2VjcmV0"
    headers = {"authorization": "Bearer secret", "impersonate-user": "jane", "impersonate-group": "system:masters"}
    headers |= {"sec-websocket-protocol": f"chat, {bearer}"}

    answer = await reached.served.http.get(f"{PODS}/p/proxy/", headers=headers)

    assert not any(word in answer.text.lower() for word in ("secret", "c2vjcmv0", "impersonate", "jane"))
    assert "Sec-Websocket-Protocol: chat\r\n" in answer.text


async def test_a_websocket_goes_through_without_the_token_among_its_protocols(reached: Reach) -> None:
    heard: list[bytes] = []

    async def upgrading(tunnel: FakeTunnel) -> None:
        heard.append(await _request(tunnel))
        await tunnel.write(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: own\r\nConnection: Upgrade\r\n\r\n")

    reached.containers.servers[8080] = upgrading
    protocols = {"Sec_WebSocket_Protocol": "chat, base64url.bearer.authorization.k8s.io.c2VjcmV0"}
    _, _, writer = await reached.upgrade(f"{PODS}/p/proxy/", "own", **protocols)

    assert b"chat" in heard[0] and b"c2VjcmV0" not in heard[0]
    writer.close()


async def _make_services(reached: Reach) -> None:
    client = reached.served.verbs.client(User("system:tests", ("system:masters",)), "tests")
    for name in ("web", "idle"):
        spec = {"ports": [{"port": 80, "targetPort": 8080}]}
        await client.create(
            "services", {"kind": "Service", "apiVersion": "v1", "metadata": {"name": name, "namespace": "default"}, "spec": spec}
        )
    target = {"kind": "Pod", "name": "p", "namespace": "default"}
    subset = {"addresses": [{"ip": "10.244.0.5", "targetRef": target}], "ports": [{"port": 8080}]}
    for name, subsets in (("web", [subset]), ("idle", [])):
        metadata = {"name": name, "namespace": "default"}
        await client.create("endpoints", {"kind": "Endpoints", "apiVersion": "v1", "metadata": metadata, "subsets": subsets})
