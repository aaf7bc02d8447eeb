"""A real server on a free port, and real clients to talk to it. A client that is missing fails where CI is set, and is named elsewhere."""

import gc
import json
import os
import subprocess
import sys
import threading
import time
import urllib.request
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import pytest
import yaml

TOOLS = Path(__file__).resolve().parents[2] / ".tools"
KUBECTL_VERSIONS = ("1.35", "1.30")
WAIT_S = 120.0
"""Nobody waits this long for what comes: it is for machines that have much else to do."""
T = TypeVar("T")


def missing(what: str) -> None:
    """A test that cannot run: an error in CI, a skip that says what is missing elsewhere."""
    if os.environ.get("CI"):
        pytest.fail(f"{what} is missing", pytrace=False)
    pytest.skip(f"{what} is missing")


def until(check: Callable[[], T], what: str, timeout_s: float = WAIT_S) -> T:
    """What `check` says, once it says something; it is asked again and again until then."""
    deadline = time.monotonic() + timeout_s
    while not (found := check()):
        assert time.monotonic() < deadline, f"{what} did not come within {timeout_s} s"
        time.sleep(0.02)
    return found


@pytest.fixture(autouse=True, scope="module")
def _swept() -> Iterator[None]:
    """Client libraries leave sockets to the collector; swept here, they do not come up as a warning in some later test."""
    yield
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


@dataclass
class RunningServer:
    """A server process and where to reach it."""

    process: "subprocess.Popen[str]"
    url: str
    kubeconfig: Path
    data: Path
    output: list[str]
    """Its lines."""
    reader: threading.Thread
    """Goes on reading them, so that the server never waits for somebody who does."""

    def stop(self) -> int:
        """SIGTERM, and the exit code."""
        self.process.terminate()
        return self.ended()

    def ended(self) -> int:
        """The exit code, once it has ended."""
        code = self.process.wait(timeout=WAIT_S)
        self.reader.join(timeout=WAIT_S)
        assert self.process.stdout is not None
        self.process.stdout.close()
        if code != 0:
            print(*self.output, sep="\n")
        return code


def start_server(data: Path, *options: str, environment: Mapping[str, str] | None = None) -> RunningServer:
    """`orrery serve` on a free port, once it has said where it is."""
    command = [str(Path(sys.executable).with_name("orrery")), "serve", "--port", "0", "--data", str(data), *options]
    variables = {**os.environ, **(environment or {}), "PYTHONWARNINGS": "error"}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=variables)
    lines: list[str] = []
    assert process.stdout is not None
    for line in process.stdout:
        lines.append(line.rstrip())
        if line.startswith("Stop it"):
            break
    url = next((word.rstrip(".,)") for line in lines for word in line.split() if word.startswith("http://")), "")
    if not url:
        process.stdout.close()
        raise AssertionError(f"the server ended with {process.wait(timeout=WAIT_S)}: {lines}")
    reader = threading.Thread(target=lines.extend, args=(process.stdout,), daemon=True)
    reader.start()
    return RunningServer(process, url, data / "kubeconfig", data, lines, reader)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """One server at pace fast for all tests that do not need their own."""
    running = start_server(tmp_path_factory.mktemp("orrery"), "--pace", "fast")
    yield running
    assert running.stop() == 0


@dataclass
class Spaces:
    """Namespaces for tests, each used once."""

    url: str
    made: list[str] = field(default_factory=list)

    def new(self, prefix: str) -> str:
        """Create one, ready for Pods; the server makes up the rest of its name."""
        name: str = self._post("/api/v1/namespaces", {"metadata": {"generateName": f"{prefix}-"}})["metadata"]["name"]
        self.made.append(name)
        for kind in ("serviceaccounts", "configmaps"):  # `default`, and `kube-root-ca.crt`.
            until(partial(self._items, f"/api/v1/namespaces/{name}/{kind}"), f"the first of {kind} in {name}")
        return name

    def remove(self) -> None:
        for name in self.made:
            with urllib.request.urlopen(urllib.request.Request(f"{self.url}/api/v1/namespaces/{name}", method="DELETE"), timeout=WAIT_S):
                pass

    def _items(self, path: str) -> Any:
        with urllib.request.urlopen(self.url + path, timeout=WAIT_S) as answer:
            return json.load(answer)["items"]

    def _post(self, path: str, body: object) -> Any:
        request = urllib.request.Request(self.url + path, json.dumps(body).encode(), {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=WAIT_S) as answer:
            return json.load(answer)


@pytest.fixture
def spaces(server: RunningServer) -> Iterator[Spaces]:
    """Namespaces that go with the test."""
    made = Spaces(server.url)
    yield made
    made.remove()


@dataclass(frozen=True)
class KubectlRunner:
    """Calls one kubectl; `__call__` returns its output and fails with its words, `run` leaves judging to the test."""

    program: Path
    kubeconfig: Path
    """Names the namespace, so that commands are what a user types."""
    folder: Path
    """Where the files are that commands name."""
    namespace: str
    home: Path
    """One for all calls to one server: kubectl keeps there what it has discovered."""

    def run(self, *arguments: str, stdin: str = "", timeout_s: float = 2 * WAIT_S, editor: str = "") -> "subprocess.CompletedProcess[str]":
        patience = (f"--timeout={WAIT_S:.0f}s",) if arguments[0] == "wait" and not any("--timeout" in word for word in arguments) else ()
        return subprocess.run(
            [str(self.program), *arguments, *patience],
            input=stdin,
            capture_output=True,
            text=True,
            timeout=timeout_s,
            check=False,
            cwd=self.folder,
            env=self._environment(editor),
        )

    def start(self, *arguments: str) -> "subprocess.Popen[str]":
        """A command in the background; it is the caller's to end."""
        return subprocess.Popen(
            [str(self.program), *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=self.folder,
            env=self._environment(""),
        )

    @contextmanager
    def watching(self, *arguments: str) -> Iterator[Callable[[], list[str]]]:
        """A command that tells one row after the other; yields what reads its next row, in words. It is stopped in the end."""
        process = self.start(*arguments)
        assert process.stdout is not None
        output = process.stdout
        limit = threading.Timer(2 * WAIT_S, process.terminate)
        limit.start()

        def next_row() -> list[str]:
            line = output.readline()
            assert line, f"kubectl {' '.join(arguments)} ended"
            return line.split()

        try:
            yield next_row
        finally:
            limit.cancel()
            process.terminate()
            process.wait()
            output.close()

    def _environment(self, editor: str) -> dict[str, str]:
        """Whatever the time zone and the language are here."""
        fixed = {"TZ": "UTC", "LC_ALL": "C.UTF-8", "KUBE_EDITOR": editor}
        return {**os.environ, **fixed, "HOME": str(self.home), "KUBECONFIG": str(self.kubeconfig)}

    def __call__(self, *arguments: str, stdin: str = "", timeout_s: float = 2 * WAIT_S, editor: str = "") -> str:
        done = self.run(*arguments, stdin=stdin, timeout_s=timeout_s, editor=editor)
        assert done.returncode == 0, f"kubectl {' '.join(arguments)}\n{done.stdout}{done.stderr}"
        return done.stdout

    def error(self, *arguments: str, stdin: str = "", editor: str = "") -> str:
        """What kubectl says on standard error when a command fails with exit code 1."""
        done = self.run(*arguments, stdin=stdin, editor=editor)
        assert done.returncode == 1, f"kubectl {' '.join(arguments)}\n{done.stdout}{done.stderr}"
        return done.stderr

    def file(self, name: str, text: str) -> str:
        """Write a file for commands to name; returns its name."""
        (self.folder / name).write_text(text)
        return name

    def value(self, what: str, path: str) -> str:
        """One field of an object, by JSONPath without the braces."""
        return self("get", *what.split(), "--output", f"jsonpath={{{path}}}")

    @property
    def is_new(self) -> bool:
        """Whether this is the newest kubectl: since 1.33 it names the namespace in what it deletes."""
        return "1.35" in self.program.parent.name

    def deleted(self, what: str, how: str = "deleted") -> str:
        place = f" from {self.namespace} namespace" if self.is_new else ""
        return f"{what} {how}{place}\n"


def kubectl_program(version: str) -> Path:
    program = TOOLS / f"kubectl-{version}" / "kubectl"
    if not program.exists():
        missing(f"kubectl {version} (python tools/fetch_kubectl.py {version})")
    return program


@pytest.fixture(params=KUBECTL_VERSIONS)
def kubectl(request: pytest.FixtureRequest, server: RunningServer, spaces: Spaces, tmp_path: Path) -> KubectlRunner:
    """kubectl, oldest and newest, in a namespace of the test's own."""
    namespace = spaces.new("kubectl")
    return new_kubectl(request.param, server, tmp_path, namespace)


def new_kubectl(version: str, server: RunningServer, folder: Path, namespace: str) -> KubectlRunner:
    """A kubectl of that version, whose files are in `folder`."""
    config = yaml.safe_load(server.kubeconfig.read_text())
    config["contexts"][0]["context"]["namespace"] = namespace
    kubeconfig = folder / ".kubeconfig"
    kubeconfig.write_text(yaml.safe_dump(config))
    return KubectlRunner(kubectl_program(version), kubeconfig, folder, namespace, server.data)
