"""Watch streams over HTTP: JSON lines as they happen, formats, and every way a stream ends."""

import asyncio
import json
from typing import Any

from orrery.machinery.errors import Expired
from orrery.verbs.results import EventType, WatchEvent, unstored
from tests.api.conftest import CONFIGMAPS, PARTIAL, TABLE, Served

MESSAGE = dict[str, Any]


class Stream:
    """A request on the raw application whose answer is read while it comes."""

    def __init__(self, served: Served, path: str, *, query: str = "", accept: str = "application/json") -> None:
        self.started: MESSAGE = {}
        self.pieces: list[bytes] = []
        self.messages_ended = 0
        self._gone = asyncio.Event()
        self._sent_body = False
        scope = {
            "type": "http",
            "method": "GET",
            "path": path,
            "query_string": query.encode(),
            "headers": [(b"host", b"localhost"), (b"accept", accept.encode())],
        }
        self.task = asyncio.create_task(served.app(scope, self._receive, self._send))
        self._clock = served.clock

    async def _receive(self) -> MESSAGE:
        if not self._sent_body:
            self._sent_body = True
            return {"type": "http.request", "body": b"", "more_body": False}
        await self._gone.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            self.started = message
            return
        if message.get("body"):
            self.pieces.append(message["body"])
        self.messages_ended += not message.get("more_body", False)

    def has_ended(self) -> bool:
        return self.messages_ended == 1

    async def events(self) -> list[MESSAGE]:
        """Everything that has come by now."""
        await self._clock.idle()
        return [json.loads(line) for line in b"".join(self.pieces).splitlines()]

    async def leave(self) -> None:
        """Hang up, as a client does."""
        self._gone.set()
        await self._clock.idle()


async def test_changes_come_as_json_lines(served: Served) -> None:
    stream = Stream(served, CONFIGMAPS, query="watch=true")
    await stream.events()

    await served.create("a", data={"x": "1"})
    await served.http.put(f"{CONFIGMAPS}/a", json={"metadata": {"name": "a"}, "data": {"x": "2"}})
    await served.http.delete(f"{CONFIGMAPS}/a")
    events = await stream.events()
    await stream.leave()

    assert [event["type"] for event in events] == ["ADDED", "MODIFIED", "DELETED"]
    assert list(events[0]["object"])[:2] == ["kind", "apiVersion"]
    assert (b"content-type", b"application/json") in stream.started["headers"]


async def test_a_line_holds_the_very_bytes_of_a_get(served: Served) -> None:
    await served.create("a")
    stream = Stream(served, CONFIGMAPS, query="watch=true")
    await stream.events()
    await stream.leave()

    got = await served.http.get(f"{CONFIGMAPS}/a")

    assert b"".join(stream.pieces) == b'{"type":"ADDED","object":' + got.content.strip() + b"}\n"


async def test_events_of_one_batch_leave_in_one_piece(served: Served) -> None:
    for name in "abc":
        await served.create(name)

    stream = Stream(served, CONFIGMAPS, query="watch=true")
    events = await stream.events()
    await stream.leave()

    assert (len(events), len(stream.pieces)) == (3, 1)


async def test_the_old_watch_path_means_the_same(served: Served) -> None:
    await served.create("a")
    await served.create("b")

    all_of_them = Stream(served, "/api/v1/watch/configmaps")
    one = Stream(served, "/api/v1/watch/namespaces/default/configmaps/b")

    assert [event["object"]["metadata"]["name"] for event in await all_of_them.events()] == ["a", "b"]
    assert [event["object"]["metadata"]["name"] for event in await one.events()] == ["b"]
    await all_of_them.leave()
    await one.leave()


async def test_a_watched_table_brings_its_columns_once(served: Served) -> None:
    stream = Stream(served, CONFIGMAPS, query="watch=true", accept=f"{TABLE},application/json")
    await served.create("a")
    await served.create("b")
    events = await stream.events()
    await stream.leave()

    assert [event["object"]["kind"] for event in events] == ["Table", "Table"]
    assert [bool(event["object"]["columnDefinitions"]) for event in events] == [True, False]
    assert [event["object"]["rows"][0]["cells"][0] for event in events] == ["a", "b"]


async def test_watched_metadata_is_partial(served: Served) -> None:
    await served.create("a", data={"x": "1"})
    stream = Stream(served, CONFIGMAPS, query="watch=true", accept=PARTIAL)
    events = await stream.events()
    await stream.leave()

    assert list(events[0]["object"]) == ["kind", "apiVersion", "metadata"]


async def test_a_client_that_leaves_frees_its_watcher_at_once(served: Served) -> None:
    stream = Stream(served, CONFIGMAPS, query="watch=true")
    await stream.events()
    assert len(served.app.streams) == 1

    await stream.leave()

    assert len(served.app.streams) == 0
    assert stream.task.done()


async def test_a_stream_ends_when_its_time_is_over(served: Served) -> None:
    stream = Stream(served, CONFIGMAPS, query="watch=true&timeoutSeconds=5")
    await stream.events()

    await served.clock.advance(4)
    assert not stream.has_ended()
    await served.clock.advance(2)

    assert stream.has_ended()
    assert len(served.app.streams) == 0


async def test_a_stopping_server_ends_its_streams_cleanly(served: Served) -> None:
    stream = Stream(served, CONFIGMAPS, query="watch=true")
    await stream.events()

    served.app.end_watches()
    await served.clock.idle()

    assert stream.has_ended()
    late = Stream(served, CONFIGMAPS, query="watch=true")
    await served.clock.idle()
    assert late.has_ended()


async def test_initial_events_end_with_a_bookmark(served: Served) -> None:
    await served.create("a")
    query = "watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true"

    stream = Stream(served, CONFIGMAPS, query=query)
    events = await stream.events()
    await stream.leave()

    assert [event["type"] for event in events] == ["ADDED", "BOOKMARK"]
    assert events[1]["object"]["metadata"]["annotations"] == {"k8s.io/initial-events-end": "true"}


async def test_options_that_are_wrong_are_refused_before_the_stream_begins(served: Served) -> None:
    answer = await served.http.get(CONFIGMAPS, params={"watch": "true", "labelSelector": "a b"})

    assert answer.status_code == 400
    assert answer.json()["message"] == "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt"


async def test_yaml_cannot_be_watched(served: Served) -> None:
    answer = await served.http.get(CONFIGMAPS, params={"watch": "true"}, headers={"accept": "application/yaml"})

    assert answer.status_code == 406
    assert answer.headers["content-type"] == "application/yaml"


async def test_an_error_after_the_start_is_an_error_event(served: Served) -> None:
    class Failing:
        def __init__(self) -> None:
            self.closed = False

        async def __aiter__(self) -> Any:
            yield (WatchEvent(EventType.BOOKMARK, unstored({"kind": "ConfigMap"})),)
            raise Expired("too old resource version: 1 (2)")

        def close(self) -> None:
            self.closed = True

    watch, sent = Failing(), []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        await asyncio.Event().wait()

    await served.app.streams.write(watch, receive, send, None)

    lines = [json.loads(message["body"]) for message in sent if message.get("body")]
    assert [line["type"] for line in lines] == ["BOOKMARK", "ERROR"]
    assert (lines[1]["object"]["kind"], lines[1]["object"]["code"]) == ("Status", 410)
    assert watch.closed
