"""The Kubernetes clients for Go, Java (two of them) and JavaScript, each through one and the same story.

The programs under go/, java/ and javascript/ play it once, in a namespace of their own, and print what each step saw; the tests here say
what that must be. client-go speaks WebSockets and SPDY, fabric8's client watches by WebSocket, the other two speak v5 and v4.
"""

import json
import os
import subprocess
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from tests.clients.conftest import RunningServer, Spaces, missing
from tools.build_clients import MissingTool, build

PLAY_S = 3000.0
PROGRAMS: Mapping[str, tuple[str, ...]] = {
    "client-go": ("go",),
    "client-java": ("java", "Official"),
    "fabric8": ("java", "Fabric8"),
    "client-node": ("javascript",),
}

pytestmark = pytest.mark.client


@cache
def told_by(client: str, url: str, kubeconfig: Path) -> Mapping[str, Any]:
    """What each step of the client's story saw; it is played once."""
    language, *arguments = PROGRAMS[client]
    try:
        command = build(language)
    except MissingTool as tool:
        missing(str(tool))
        raise
    spaces = Spaces(url)
    environment = {**os.environ, "KUBECONFIG": str(kubeconfig), "NAMESPACE": spaces.new("story")}
    try:
        done = subprocess.run([*command, *arguments], env=environment, capture_output=True, text=True, timeout=PLAY_S, check=False)
    finally:
        spaces.remove()
    assert done.returncode == 0, done.stdout + done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    for name, step in told.items():
        if isinstance(step, dict) and "failed" in step:
            print(f"{client}: {name}: {step['failed']}\n{done.stderr}")
    return told


@pytest.fixture(params=[pytest.param(name, marks=pytest.mark.xdist_group(f"story-{PROGRAMS[name][0]}")) for name in PROGRAMS])
def client(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
def told(client: str, server: RunningServer) -> Mapping[str, Any]:
    return told_by(client, server.url, server.kubeconfig)


def test_the_server_says_what_it_is(told: Mapping[str, Any]) -> None:
    assert told["discovery"] == {"minor": "35", "has_deployments": True}


def test_pods_are_made_and_watched_until_they_are_ready(told: Mapping[str, Any]) -> None:
    assert told["pods"] == {"box": "Running", "five": "Running", "ticker": "Running", "parrot": "Running"}


def test_three_kinds_of_patches_are_applied(told: Mapping[str, Any]) -> None:
    assert told["patch"] == {"data": {"key": "json", "merge": "yes"}, "labels": {"size": "big"}}


def test_a_late_update_and_a_missing_object_are_refused(told: Mapping[str, Any]) -> None:
    assert told["conflict"] == {"conflict": True, "not_found": True}


def test_a_watch_tells_what_happens(told: Mapping[str, Any]) -> None:
    assert told["watch"] == ["ADDED", "MODIFIED", "DELETED"]


def test_an_informer_keeps_what_it_has_seen(told: Mapping[str, Any]) -> None:
    assert told["informer"] == {"key": "value"}


def test_objects_without_a_type_of_their_own_go_both_ways(told: Mapping[str, Any]) -> None:
    assert told["generic"] == {"key": "value"}


def test_a_leader_is_elected(client: str, told: Mapping[str, Any]) -> None:
    if client in ("client-go", "fabric8"):  # The others have no election in their main package.
        assert told["election"] == "one"
    else:
        assert "election" not in told


def test_logs_are_read_whole_and_in_part(told: Mapping[str, Any]) -> None:
    assert told["logs"] == {"whole": "1\n2\n3\n4\n5\n", "tail": "4\n5\n", "limit": "1\n2"}


def test_logs_are_followed(told: Mapping[str, Any]) -> None:
    assert told["follow"] == ["tick", "tick", "tick"]


def test_a_command_gives_output_errors_and_its_exit_code(told: Mapping[str, Any]) -> None:
    assert told["exec"] == {"stdout": "out\n", "stderr": "err\n", "code": 3}


def test_a_command_reads_a_megabyte_of_stdin(told: Mapping[str, Any]) -> None:
    assert told["exec_stdin"] == ["got", "typed", "1000000"]


def test_a_shell_on_a_terminal_knows_its_size_and_ends(told: Mapping[str, Any]) -> None:
    assert told["exec_tty"] == {"size": True, "code": 7}


def test_a_command_that_is_not_there_is_refused(client: str, told: Mapping[str, Any]) -> None:
    if client == "client-java":
        assert told["exec_missing"] == -1  # It keeps the message to itself.
    else:
        assert 'exec: "no-such-command": executable file not found in $PATH' in told["exec_missing"]


def test_process_1_hears_and_is_heard(told: Mapping[str, Any]) -> None:
    assert told["attach"] == "you said hello\n"


def test_files_are_copied_both_ways(told: Mapping[str, Any]) -> None:
    assert told["copy"] == {"name": "copied", "same": True}


def test_a_port_is_forwarded_four_times_at_once(told: Mapping[str, Any]) -> None:
    assert told["forward"] == [True] * 4


def test_where_nothing_listens_a_forwarded_connection_ends(told: Mapping[str, Any]) -> None:
    assert told["forward_refused"] is True


def test_the_proxy_path_leads_to_the_server(told: Mapping[str, Any]) -> None:
    assert told["proxy"] is True


def test_client_go_speaks_spdy_and_sends_protobuf(client: str, told: Mapping[str, Any]) -> None:
    if client == "client-go":
        assert told["exec_spdy"] == {"stdout": "out\n", "stderr": "err\n", "code": 3}
        assert told["forward_spdy"] == [True] * 4
        assert told["protobuf"] == {"key": "value"}


def test_the_versions_in_the_documentation_are_those_that_were_run() -> None:
    here = Path(__file__).parent
    page = (here.parents[1] / "docs" / "clients.md").read_text()
    package = json.loads((here / "javascript" / "package.json").read_text())

    assert package["dependencies"]["@kubernetes/client-node"] in page
    for line in (here / "go" / "go.mod").read_text().splitlines():
        assert "k8s.io/client-go" not in line or line.split()[-1].removeprefix("v") in page
    for version in _java_versions(here / "java" / "pom.xml"):
        assert version in page


def _java_versions(pom: Path) -> list[str]:
    names = {"pom": "http://maven.apache.org/POM/4.0.0"}
    found = ElementTree.parse(pom).findall(".//pom:dependency", names)
    return [str(one.findtext("pom:version", "", names)) for one in found if "slf4j" not in str(one.findtext("pom:artifactId", "", names))]
