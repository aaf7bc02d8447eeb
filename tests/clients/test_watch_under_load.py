"""Many writers and many watchers over the socket: whoever starts at a revision sees every later event once, in order.

Raw connections instead of a client library, so that neither resuming nor buffering of a library hides a loss.
"""

import http.client
import json
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.clients.conftest import RunningServer, Spaces

pytestmark = pytest.mark.client

WRITERS = 8
OBJECTS = 4
"""Objects that each writer creates, changes twice and deletes."""
EVENTS = WRITERS * OBJECTS * 4
WATCHERS = 16


@dataclass
class Connection:
    """One kept-alive HTTP connection."""

    server: RunningServer
    connection: http.client.HTTPConnection = field(init=False)

    def __post_init__(self) -> None:
        address = urlsplit(self.server.url)
        self.connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=300)

    def __enter__(self) -> "Connection":
        return self

    def __exit__(self, *_: object) -> None:
        self.connection.close()

    def ask(self, method: str, path: str, body: object = None) -> Any:
        headers = {"Content-Type": "application/merge-patch+json" if method == "PATCH" else "application/json"}
        self.connection.request(method, path, None if body is None else json.dumps(body), headers)
        with self.connection.getresponse() as answer:
            text = answer.read()
        assert answer.status < 300, text
        return json.loads(text)

    def follow(self, path: str, count: int) -> list[tuple[str, str, int]]:
        """Type, name and version of the next `count` events of a watch."""
        self.connection.request("GET", path)
        seen: list[tuple[str, str, int]] = []
        with self.connection.getresponse() as stream:
            assert stream.status == 200
            while len(seen) < count and (line := stream.readline()):
                event = json.loads(line)
                meta = event["object"]["metadata"]
                seen.append((event["type"], meta["name"], int(meta["resourceVersion"])))
        return seen


def write(server: RunningServer, path: str, writer: int) -> list[int]:
    """What one writer does; the versions its writes were answered with (a deletion is answered with none)."""
    versions = []
    with Connection(server) as connection:
        for number in range(OBJECTS):
            name = f"of-{writer}-{number}"
            created = connection.ask("POST", path, {"metadata": {"name": name}})
            versions.append(int(created["metadata"]["resourceVersion"]))
            for change in range(2):
                changed = connection.ask("PATCH", f"{path}/{name}", {"stringData": {"at": str(change)}})
                versions.append(int(changed["metadata"]["resourceVersion"]))
            connection.ask("DELETE", f"{path}/{name}")
    return versions


def test_no_event_is_lost_or_doubled_wherever_a_watch_starts(server: RunningServer, spaces: Spaces) -> None:
    path = f"/api/v1/namespaces/{spaces.new('load')}/secrets"
    with Connection(server) as connection:
        start = int(connection.ask("GET", path)["metadata"]["resourceVersion"])

    with ThreadPoolExecutor(WRITERS + WATCHERS) as pool:
        # Some watchers wait from the start, together with the writers; afterwards one resumes at each revision.
        early = [pool.submit(watch, server, path, start, EVENTS) for _ in range(WATCHERS)]
        writers = [pool.submit(write, server, path, number) for number in range(WRITERS)]
        answered = sorted(version for done in writers for version in done.result())
        seen = early[0].result()
        assert [one.result() for one in early] == [seen] * len(early)

        check_history(seen)
        assert [version for kind, _, version in seen if kind != "DELETED"] == answered
        late = {version: pool.submit(watch, server, path, version, EVENTS - 1 - at) for at, (_, _, version) in enumerate(seen[:-1])}
        for at, (_, _, version) in enumerate(seen[:-1]):
            assert late[version].result() == seen[at + 1 :], f"resumed at {version}"


def watch(server: RunningServer, path: str, version: int, count: int) -> list[tuple[str, str, int]]:
    with Connection(server) as connection:
        return connection.follow(f"{path}?watch=true&resourceVersion={version}&timeoutSeconds=300", count)


def check_history(seen: list[tuple[str, str, int]]) -> None:
    """Every object has its life in order, and versions only grow."""
    assert len(seen) == EVENTS
    versions = [version for _, _, version in seen]
    assert versions == sorted(set(versions))
    lives: dict[str, list[str]] = {}
    for kind, name, _ in seen:
        lives.setdefault(name, []).append(kind)
    assert Counter(map(tuple, lives.values())) == {("ADDED", "MODIFIED", "MODIFIED", "DELETED"): WRITERS * OBJECTS}


def test_watches_that_start_during_the_writes_join_without_a_gap(server: RunningServer, spaces: Spaces) -> None:
    path = f"/api/v1/namespaces/{spaces.new('load')}/secrets"
    with Connection(server) as connection:
        start = int(connection.ask("GET", path)["metadata"]["resourceVersion"])
    over = threading.Event()

    with ThreadPoolExecutor(WRITERS + WATCHERS + 1) as pool:
        everything = pool.submit(watch, server, path, start, EVENTS)
        joining = [pool.submit(join, server, path, over) for _ in range(WATCHERS)]
        try:
            for done in [pool.submit(write, server, path, number) for number in range(WRITERS)]:
                done.result()
        finally:
            over.set()
        seen = everything.result()

        for one in joining:
            for listed, followed in one.result():
                later = [event for event in seen if event[2] > listed]
                assert followed == later[: len(followed)]


def join(server: RunningServer, path: str, over: threading.Event) -> list[tuple[int, list[tuple[str, str, int]]]]:
    """List and watch, again and again while others write: the version of each list and the few events that came after it."""
    joined = []
    with Connection(server) as connection:
        while not over.is_set():
            version = int(connection.ask("GET", path)["metadata"]["resourceVersion"])
            with Connection(server) as watching:
                joined.append((version, watching.follow(f"{path}?watch=true&resourceVersion={version}&timeoutSeconds=1", 5)))
    return joined
