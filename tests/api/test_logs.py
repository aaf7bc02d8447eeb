"""pods/log: what the query may say, what is refused and how, and the log as a stream."""

import asyncio

import pytest

from orrery.verbs.containers import LogOptions, NodeRefusal
from tests.api.reach import PODS, Reach

LOG = f"{PODS}/p/log"


async def test_a_log_is_plain_text_in_chunks(reached: Reach) -> None:
    answer = await reached.served.http.get(LOG)

    assert (answer.status_code, answer.text) == (200, "one\ntwo\n")
    assert answer.headers["content-type"] == "text/plain"
    assert "content-length" not in answer.headers


async def test_the_query_reaches_the_node(reached: Reach) -> None:
    query = "container=web&previous=true&timestamps=1&tailLines=3&limitBytes=9&sinceTime=2026-01-02T03:04:05.5%2B01:00&pretty=1"

    await reached.served.http.get(f"{LOG}?{query}")

    assert reached.containers.log_options == [
        LogOptions(container="web", previous=True, timestamps=True, tail_lines=3, limit_bytes=9, since_time_s=1767319445.5)
    ]


@pytest.mark.parametrize(
    ("query", "code", "message"),
    [
        (
            "tailLines=-1&limitBytes=0&sinceSeconds=0&stream=Stdout",
            422,
            'PodLogOptions "p" is invalid: [tailLines: Invalid value: -1: must be greater than or equal to 0, limitBytes: Invalid value: '
            "0: must be greater than 0, sinceSeconds: Invalid value: 0: must be greater than 0, stream: Forbidden: may not be specified]",
        ),
        (
            "sinceSeconds=1&sinceTime=2026-01-01T00:00:00Z",
            422,
            'PodLogOptions "p" is invalid: []: Forbidden: at most one of `sinceTime` or `sinceSeconds` may be specified',
        ),
        ("tailLines=x", 400, 'strconv.ParseInt: parsing "x": invalid syntax'),
        ("sinceTime=foo", 400, 'parsing time "foo" as "2006-01-02T15:04:05Z07:00": cannot parse "foo" as "2006"'),
        ("container=nope", 400, "container nope is not valid for pod p"),
    ],
)
async def test_a_query_that_makes_no_sense_is_refused_in_upstreams_words(reached: Reach, query: str, code: int, message: str) -> None:
    answer = await reached.served.http.get(f"{LOG}?{query}")

    assert (answer.status_code, answer.json()["message"]) == (code, message)


async def test_a_pod_without_a_node_has_an_empty_log(reached: Reach) -> None:
    answer = await reached.served.http.get(f"{PODS}/unbound/log")

    assert (answer.status_code, answer.content) == (204, b"")


@pytest.mark.parametrize(
    ("refusal", "code", "message"),
    [
        (NodeRefusal('container "web" in pod "p" is waiting to start: ContainerCreating', 400), 400, None),
        (NodeRefusal('previous terminated container "web" in pod "p" not found', 400), 400, None),
        (NodeRefusal("the disk is gone", 500), 500, "Internal error occurred: the disk is gone"),
    ],
)
async def test_what_the_node_refuses_is_a_status(reached: Reach, refusal: NodeRefusal, code: int, message: str | None) -> None:
    reached.containers.refusal = refusal

    answer = await reached.served.http.get(LOG)

    assert (answer.status_code, answer.json()["message"]) == (code, message or refusal.text)


async def test_a_client_that_stops_following_frees_the_log(reached: Reach) -> None:
    reader, writer = await reached.connect()
    writer.write(f"GET {LOG}?follow=true HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    await reader.readuntil(b"two\n\r\n")
    assert reached.containers.following == 1

    writer.close()
    while reached.state.tasks:
        await asyncio.wait(reached.state.tasks)

    assert reached.containers.following == 0
