"""What is in an image at its tag: variables, distribution, programs, users; and what its program says and does at its start."""

import pytest

from orrery.machinery.clock import VirtualClock
from orrery.node.images.catalogue import ImageCatalogue
from orrery.node.images.listing import listed_images, tags_of
from orrery.node.images.references import parse_reference
from orrery.node.logs import LogQuery
from orrery.node.pace import Pace
from orrery.node.processes.container import SimulatedContainer
from orrery.node.processes.runtime import SimulatedRuntime
from orrery.node.processes.system import User
from orrery.node.runtime import ContainerConfig, SandboxConfig
from tests.node.processes.harness import Box


class Stage:
    """One container at a time, of any image."""

    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.runtime = SimulatedRuntime(clock=self.clock, pace=Pace(self.clock, is_real=False))

    async def start(self, name: str, *arguments: str, env: dict[str, str] | None = None, memory: int | None = None) -> SimulatedContainer:
        """As `kubectl run --image=name -- arguments` does; a first argument of `command:` stands for `--command`."""
        image = ImageCatalogue("strict").pull(parse_reference(name))
        argv = arguments[1:] if arguments[:1] == ("command:",) else image.entrypoint + (arguments or image.command)
        config = ContainerConfig(
            id="c" * 64,
            pod_namespace="default",
            pod_name="web",
            pod_uid="web",
            name="web",
            image=image,
            argv=argv,
            tag=parse_reference(name).tag,
            environment=env or {},
            workdir=image.workdir,
            memory_bytes=memory,
            sandbox=SandboxConfig(address="10.244.0.9", hostname="web", hosts="127.0.0.1\tlocalhost\n10.244.0.9\tweb\n"),
        )
        handle = await self.runtime.start(config)
        assert isinstance(handle, SimulatedContainer)
        return handle

    async def log(self) -> str:
        run = self.runtime.logs.find("web", "web")
        assert run is not None
        return b"".join([piece async for piece in run.read(LogQuery())]).decode()

    async def says(self, name: str, *arguments: str, env: dict[str, str] | None = None) -> tuple[int, str]:
        """Run to the end: the exit code and the log."""
        container = await self.start(name, *arguments, env=env)
        await self.clock.until(container.exited.done)
        return container.exited.result().code, await self.log()


@pytest.fixture
async def stage() -> Stage:
    return Stage()


@pytest.mark.parametrize(
    ("name", "variable", "value"),
    [
        ("nginx:1.25", "NGINX_VERSION", "1.25.5"),
        ("nginx:1.25.3", "PKG_RELEASE", "1~bookworm"),
        ("nginx:1.25-alpine", "PKG_RELEASE", "1"),
        ("nginx", "NGINX_VERSION", "1.29.4"),
        ("nginx:stable", "NGINX_VERSION", "1.28.1"),
        ("postgres:16", "PG_MAJOR", "16"),
        ("postgres:17", "PGDATA", "/var/lib/postgresql/data"),
        ("postgres:18", "PGDATA", "/var/lib/postgresql/18/docker"),
        ("python:3.12-slim", "PYTHON_VERSION", "3.12.12"),
        ("python:3.12-slim", "LANG", "C.UTF-8"),
        ("node:20.11.1", "NODE_VERSION", "20.11.1"),
        ("redis:7.2.4", "REDIS_VERSION", "7.2.4"),
        ("redis:8.2", "REDIS_VERSION", "8.2.3"),
        ("mysql:8.0", "MYSQL_MAJOR", "8.0"),
        ("mongo:8.2", "MONGO_MAJOR", "8.2"),
        ("httpd:2.4", "HTTPD_PREFIX", "/usr/local/apache2"),
        ("golang:1.25-alpine", "GOPATH", "/go"),
        ("mirror.gcr.io/library/nginx:1.25", "NGINX_VERSION", "1.25.5"),
    ],
)
def test_variables_follow_the_tag(name: str, variable: str, value: str) -> None:
    assert ImageCatalogue("strict").pull(parse_reference(name)).environment[variable] == value


@pytest.mark.parametrize(
    ("name", "release"),
    [
        ("nginx:1.25", "Debian GNU/Linux 12 (bookworm)"),
        ("nginx:1.25-alpine", "Alpine Linux v3.19"),
        ("python:3.12-slim-bookworm", "Debian GNU/Linux 12 (bookworm)"),
        ("ubuntu:22.04", "Ubuntu 22.04.5 LTS"),
        ("debian:bullseye-slim", "Debian GNU/Linux 11 (bullseye)"),
        ("alpine:3.18", "Alpine Linux v3.18"),
        ("mysql:8.4", "Oracle Linux Server 9.7"),
        ("mongo:7.0", "Ubuntu 22.04.5 LTS"),
    ],
)
async def test_the_distribution_follows_the_tag(stage: Stage, name: str, release: str) -> None:
    code, text = await stage.says(name, "command:", "grep", "PRETTY_NAME", "/etc/os-release")

    assert (code, text) == (0, f'PRETTY_NAME="{release}"\n')


@pytest.mark.parametrize(
    ("name", "program", "is_there"),
    [
        ("nginx", "curl", True),
        ("nginx", "ps", False),
        ("nginx", "bash", True),
        ("nginx:alpine", "bash", False),
        ("nginx:alpine", "ps", True),
        ("redis", "wget", False),
        ("python:3.12", "git", True),
        ("python:3.12-slim", "curl", False),
        ("ubuntu", "ps", True),
        ("debian", "ps", False),
        ("mysql", "microdnf", True),
        ("postgres", "psql", True),
    ],
)
def test_programs_are_those_of_the_distribution_and_the_image(name: str, program: str, *, is_there: bool) -> None:
    assert (program in ImageCatalogue().pull(parse_reference(name)).programs) is is_there


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("postgres:16", "Error: Database is uninitialized and superuser password is not specified."),
        ("mysql:8.0", "[ERROR] [Entrypoint]: Database is uninitialized and password option is not specified"),
        ("mariadb", "[ERROR] [Entrypoint]: Database is uninitialized and password option is not specified"),
    ],
)
async def test_a_database_without_a_password_says_so_and_ends_with_1(stage: Stage, name: str, why: str) -> None:
    code, text = await stage.says(name)

    assert code == 1
    assert why in text


@pytest.mark.parametrize(
    ("name", "env", "lines"),
    [
        ("nginx:1.25", {}, ["Configuration complete; ready for start up", "nginx/1.25.5", "start worker process"]),
        ("redis:7.0", {}, ["# oO0OoO0OoO0Oo Redis is starting", "Redis version=7.0.15", "* Ready to accept connections"]),
        ("redis:7.2", {}, ["* oO0OoO0OoO0Oo Redis is starting", "* Ready to accept connections tcp"]),
        (
            "postgres:16",
            {"POSTGRES_PASSWORD": "x", "POSTGRES_DB": "shop"},
            [
                "Data page checksums are disabled.",
                "CREATE DATABASE",
                "PostgreSQL init process complete; ready for start up.",
                "starting PostgreSQL 16.11 (Debian 16.11-1.pgdg13+1) on x86_64-pc-linux-gnu",
                "database system is ready to accept connections",
            ],
        ),
        (
            "mysql:8.0",
            {"MYSQL_ROOT_PASSWORD": "x"},
            ["script for MySQL Server 8.0.44-1.el9 started.", "for connections. Version: '8.0.44'"],
        ),
        ("mongo:7.0", {}, ['"version":"7.0.25"', "Waiting for connections"]),
        ("httpd:2.4.58", {}, ["Apache/2.4.58 (Unix) configured -- resuming normal operations"]),
    ],
)
async def test_servers_say_what_the_real_ones_say(stage: Stage, name: str, env: dict[str, str], lines: list[str]) -> None:
    container = await stage.start(name, env=env)
    await stage.clock.advance(10)
    text = await stage.log()

    assert not container.exited.done(), text
    for line in lines:
        assert line in text


async def test_postgres_stops_fast_at_its_images_signal(stage: Stage) -> None:
    container = await stage.start("postgres:16", env={"POSTGRES_PASSWORD": "x"})
    await stage.clock.advance(10)
    container.stop(30)
    await stage.clock.until(container.exited.done)

    assert container.exited.result().code == 0
    assert "received fast shutdown request" in await stage.log()


async def test_the_jobs_example_prints_pi(stage: Stage) -> None:
    code, text = await stage.says("perl:5.34.0", "command:", "perl", "-Mbignum=bpi", "-wle", "print bpi(2000)")

    assert code == 0
    assert text.startswith("3.14159265358979323846264338327950288419716939937510")
    assert len(text) == 2002


async def test_stress_over_its_limit_is_killed_for_memory(stage: Stage) -> None:
    words = ("command:", "stress", "--vm", "1", "--vm-bytes", "250M", "--vm-hang", "1")
    container = await stage.start("polinux/stress", *words, memory=100 << 20)
    await stage.clock.until(container.exited.done)

    assert container.exited.result()[:2] == (137, "OOMKilled")


async def test_an_interpreter_without_input_ends(stage: Stage) -> None:
    assert await stage.says("python:3.12") == (0, "")


def test_the_list_names_every_kind() -> None:
    rows = {row.repository: row for row in listed_images()}

    assert (rows["nginx"].kind, rows["nginx"].ports, rows["nginx"].newest) == ("server", (80,), "1.29.4")
    assert rows["busybox"].kind == "shell"
    assert rows["python"].kind == "tool"
    assert rows["traefik"].kind == "quiet server"
    assert rows["hello-world"].kind == "program"
    assert rows["log-agent"].source == "lesson"
    assert (tags_of("nginx") or [])[-1] != ""
    assert tags_of("example.com/nobody") is None


@pytest.mark.parametrize(
    ("name", "folder", "entries"),
    [
        ("busybox", "/", "bin dev etc home lib lib64 proc root sys tmp usr var"),
        ("busybox:1.28", "/", "bin dev etc home proc root sys tmp usr var"),
        ("alpine", "/", "bin dev etc home lib media mnt opt proc root run sbin srv sys tmp usr var"),
        ("debian", "/", "bin boot dev etc home lib lib64 media mnt opt proc root run sbin srv sys tmp usr var"),
        ("httpd", ".", "bin build cgi-bin conf error htdocs icons include logs modules"),
        ("nginx", "/etc/nginx", "conf.d fastcgi_params mime.types modules nginx.conf scgi_params uwsgi_params"),
    ],
)
async def test_folders_are_those_of_the_real_image(stage: Stage, name: str, folder: str, entries: str) -> None:
    code, text = await stage.says(name, "command:", "ls", folder)

    assert (code, text.split()) == (0, entries.split())


@pytest.mark.parametrize(("name", "size"), [("nginx", 615), ("nginx:1.14.2", 612), ("nginx:1.25-alpine", 615)])
async def test_the_page_of_nginx_is_as_long_as_the_real_one(stage: Stage, name: str, size: int) -> None:
    _, text = await stage.says(name, "command:", "wc", "-c", "/usr/share/nginx/html/index.html")

    assert text == f"{size} /usr/share/nginx/html/index.html\n"


async def test_alpine_is_the_newest_one(stage: Stage) -> None:
    _, text = await stage.says("alpine", "command:", "cat", "/etc/alpine-release", "/etc/apk/repositories")

    assert text.splitlines() == ["3.23.0"] + [f"https://dl-cdn.alpinelinux.org/alpine/v3.23/{part}" for part in ("main", "community")]


async def test_apt_installs_what_there_is_once_it_has_been_updated(stage: Stage) -> None:
    script = "apt-get install -y curl; apt-get update >/dev/null && apt-get install -y curl nosuch; apt-get install -y curl && which curl"
    code, text = await stage.says(
        "debian", "command:", "bash", "-c", f"exec 2>&1; {script}; apt-get install -y curl; dig; ls -l /usr/bin/curl"
    )

    lines = text.splitlines()
    assert lines[3] == "E: Unable to locate package curl"
    assert lines[7] == "E: Unable to locate package nosuch"
    assert "Setting up curl (8.14.1-2+deb13u2) ..." in lines
    assert lines[lines.index("/usr/bin/curl") + 4] == "curl is already the newest version (8.14.1-2+deb13u2)."
    assert "bash: line 1: dig: command not found" in lines
    assert lines[-1].startswith("-rwxr-xr-x 1 root root ")
    assert code == 0


async def test_apk_adds_what_there_is(stage: Stage) -> None:
    script = "apk add --no-cache curl bind-tools; apk add nosuch; echo $?; curl --version | head -c 5; which nslookup dig"
    _, text = await stage.says("alpine:3.22", "command:", "sh", "-c", f"exec 2>&1; {script}")

    lines = text.splitlines()
    assert lines[0] == "fetch https://dl-cdn.alpinelinux.org/alpine/v3.22/main/x86_64/APKINDEX.tar.gz"
    assert lines[2:4] == ["(1/2) Installing curl (8.14.1-r0)", "(2/2) Installing bind-tools (9.20.15-r0)"]
    assert lines[8:12] == ["ERROR: unable to select packages:", "  nosuch (no such package):", "    required by: world[nosuch]", "1"]
    assert lines[12:14] == ["curl /usr/bin/nslookup", "/usr/bin/dig"]


async def test_nobody_but_root_installs(stage: Stage) -> None:
    box = Box(family="debian", user=User(1000, 1000))

    assert (await box.run("apt-get update")).code == 100


@pytest.mark.parametrize(
    ("name", "port", "path", "said"),
    [
        ("gcr.io/google-samples/kubernetes-bootcamp:v1", 8080, "/", "Hello Kubernetes bootcamp! | Running on: web | v=1\n"),
        ("jocatalin/kubernetes-bootcamp:v2", 8080, "/", "Hello Kubernetes bootcamp! | Running on: web | v=2\n"),
        ("gcr.io/google-samples/hello-app:1.0", 8080, "/", "Hello, world!\nVersion: 1.0.0\nHostname: web\n"),
        ("gcr.io/google-samples/hello-app:2.0", 8080, "/", "Hello, world!\nVersion: 2.0.0\nHostname: web\n"),
        ("gcr.io/google-samples/hello-go-gke:1.0", 80, "/", '{"message":"Hello"}\n'),
        ("luksa/kubia", 8080, "/", "You've hit web\n"),
        ("luksa/kubia:v2", 8080, "/", "This is v2 running in pod web\n"),
        ("gcr.io/kuar-demo/kuard-amd64:blue", 8080, "/healthy", "ok"),
        ("quay.io/openshiftlabs/simpleservice:0.5.0", 9876, "/health", '{"healthy": true}'),
    ],
)
async def test_servers_of_tutorials_answer_as_their_tag_does(stage: Stage, name: str, port: int, path: str, said: str) -> None:
    container = await stage.start(name)
    await stage.clock.advance(1)

    connection = await container.system.network.connect("localhost", port)
    await connection.write(f"GET {path} HTTP/1.0\r\nHost: web\r\n\r\n".encode())
    received = b""
    while piece := await connection.read():
        received += piece

    assert received.decode().partition("\r\n\r\n")[2] == said


async def test_the_image_of_git_clones(stage: Stage) -> None:
    code, text = await stage.says("alpine/git", "clone", "https://github.com/kubernetes/examples", "/tmp/e")

    assert (code, text.splitlines()[0]) == (0, "Cloning into '/tmp/e'...")
