"""Images of users: the example of docs/images.md really runs, and what is wrong with a file is told where it is."""

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from orrery.machinery.clock import VirtualClock
from orrery.node.files.opened import null
from orrery.node.images.catalogue import ImageCatalogue, PullFailed
from orrery.node.images.references import parse_reference
from orrery.node.images.user_files import ImagesUnusable, load_images, read_images
from orrery.node.images.user_images import UserImage
from orrery.node.logs import LogQuery
from orrery.node.pace import Pace
from orrery.node.processes.container import SimulatedContainer
from orrery.node.processes.pipes import new_pipe
from orrery.node.processes.runtime import SimulatedRuntime
from orrery.node.runtime import ContainerConfig, Exit, SandboxConfig

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "images.md").read_text()


def block(language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    assert found is not None
    return found[1]


class Stage:
    """A runtime whose catalogue has images of users."""

    def __init__(self, images: tuple[UserImage, ...]) -> None:
        self.clock = VirtualClock()
        self.catalogue = ImageCatalogue("strict", images)
        self.runtime = SimulatedRuntime(clock=self.clock, pace=Pace(self.clock, is_real=False))

    async def start(self, name: str, *argv: str, pod: str = "web", attempt: int = 0, **more: Any) -> SimulatedContainer:
        image = self.catalogue.pull(parse_reference(f"example.com/shop/{name}"))
        config = ContainerConfig(
            id="c" * 64,
            pod_namespace="default",
            pod_name=pod,
            pod_uid=pod,
            name="web",
            image=image,
            argv=argv or image.entrypoint + image.command,
            attempt=attempt,
            workdir=image.workdir,
            sandbox=SandboxConfig(address="10.244.0.9", hostname=pod, hosts=f"10.244.0.9\t{pod}\n"),
            **more,
        )
        handle = await self.runtime.start(config)
        assert isinstance(handle, SimulatedContainer)
        return handle

    async def end(self, container: SimulatedContainer) -> Exit:
        await self.clock.until(container.exited.done)
        return container.exited.result()

    async def log(self, pod: str = "web") -> str:
        run = self.runtime.logs.find(pod, "web")
        assert run is not None
        return b"".join([piece async for piece in run.read(LogQuery())]).decode()

    async def inside(self, container: SimulatedContainer, *argv: str) -> tuple[int, str]:
        reader, writer = new_pipe()
        process = container.execute(argv, {0: null(self.clock), 1: writer, 2: writer.share()})
        await self.clock.until(lambda: process.exit_code is not None)
        text = await reader.read()
        assert process.exit_code is not None
        return process.exit_code, text.decode()


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    path = tmp_path / "images.yaml"
    path.write_text(block("yaml"))
    made = Stage(read_images(path))
    yield made
    await made.runtime.stop()


async def test_a_script_logs_answers_and_stops_as_it_was_told(stage: Stage) -> None:
    web = await stage.start("web")
    await stage.clock.advance(2)
    early = await stage.inside(web, "wget", "-qO-", "http://localhost:8080/healthz")
    await stage.clock.advance(5)

    assert early == (1, "wget: server returned error: HTTP/1.1 503 Service Unavailable\n")
    assert await stage.inside(web, "wget", "-qO-", "http://localhost:8080/healthz") == (0, "ok")
    assert await stage.inside(web, "wget", "-qO-", "http://localhost:8080/") == (0, "hello from web in blue, answer 2\n")
    posted = await stage.inside(web, "wget", "-qO-", "--post-data=x", "http://localhost:8080/orders/7")
    assert posted == (0, '{"path": "/orders/7"}')
    assert await stage.inside(web, "nc", "-z", "localhost", "9090") == (0, "")
    assert await stage.inside(web, "sh", "-c", "tell; id -u; pwd; cat settings.ini; test -e /tmp/ready && echo ready") == (
        0,
        "blue\n1000\n/app\ncolor = blue\nready\n",
    )
    await stage.clock.advance(60)
    web.stop(30)
    assert await stage.end(web) == Exit(0, "Completed")
    assert (await stage.log()).splitlines() == ["starting", "listening on 8080", "still here, 1", "still here, 2", "bye"]


async def test_an_image_that_fails_counts_the_restarts_of_its_container(stage: Stage) -> None:
    ends = [await stage.end(await stage.start("flaky", attempt=attempt)) for attempt in range(2)]
    third = await stage.start("flaky", attempt=2)
    await stage.clock.advance(5)

    assert ends == [Exit(3, "Error")] * 2
    assert not third.exited.done()


async def test_an_image_that_fails_once_in_a_namespace_succeeds_in_the_next_pod(stage: Stage) -> None:
    first = await stage.end(await stage.start("import", pod="a"))
    second = await stage.end(await stage.start("import", pod="b"))

    assert (first.code, second.code) == (1, 0)
    assert await stage.log("b") == "importing\ndone\n"


async def test_an_image_that_is_deaf_is_killed(stage: Stage) -> None:
    stubborn = await stage.start("stubborn")
    await stage.clock.advance(1)
    stubborn.stop(30)
    await stage.clock.advance(29)

    assert not stubborn.exited.done()
    assert await stage.end(stubborn) == Exit(137, "Error")


async def test_an_image_without_a_script_runs_its_entrypoint(stage: Stage) -> None:
    assert await stage.end(await stage.start("script")) == Exit(0, "Completed")
    assert await stage.log() == "hello, world\n"


async def test_a_script_that_takes_too_much_memory_is_killed_for_it(stage: Stage) -> None:
    assert await stage.end(await stage.start("web", memory_bytes=10 << 20)) == Exit(137, "OOMKilled")


async def test_a_script_uses_the_processor_time_it_was_told_to(stage: Stage) -> None:
    """20m all the time, and 20 ms for each of the answers: a hundred in a window of 15 seconds."""
    web = await stage.start("web")
    await stage.clock.advance(45)
    idle = web.system.account.meter.cores(stage.clock.busy_s())
    await stage.clock.advance(15 - stage.clock.busy_s() % 15)  # To the beginning of a window.
    command = "i=0; while [ $i -lt 100 ]; do wget -qO- http://localhost:8080/; i=$((i+1)); done"
    await stage.inside(web, "sh", "-c", command)
    await stage.clock.advance(16)

    assert idle == pytest.approx(0.02, abs=0.001)
    assert web.system.account.meter.cores(stage.clock.busy_s()) == pytest.approx(0.02 + 100 * 0.02 / 15, abs=0.02)


async def test_tags_of_users_images_exist_or_do_not(stage: Stage) -> None:
    for tag in ("latest", "1", "1.2"):
        stage.catalogue.pull(parse_reference(f"example.com/shop/web:{tag}"))
    stage.catalogue.pull(parse_reference("example.com/shop/flaky:anything"))
    with pytest.raises(PullFailed, match="not found"):
        stage.catalogue.pull(parse_reference("example.com/shop/web:1.9"))


async def test_the_program_of_the_documentation_runs() -> None:
    names: dict[str, Any] = {}
    exec(compile(block("python"), "docs/images.md", "exec"), names)
    stage = Stage(tuple(names["images"]()))
    counter = await stage.start("counter")
    await stage.clock.advance(1)

    answers = [await stage.inside(counter, "nc", "localhost", "7000") for _ in range(2)]
    counter.stop(30)

    assert answers == [(0, "1\n"), (0, "2\n")]
    assert await stage.end(counter) == Exit(0, "Completed")
    assert await stage.log() == "counting for you\nbye\n"


A: str = "images:\n- name: a\n"


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("images:\n- name: a:v1\n  run: {}\n", "2: images[0].name: a name has no tag; list it under tags"),
        (f"{A}  colour: red\n  run: {{}}\n", "3: images[0].colour: there is no such field"),
        (
            f"{A}  run:\n    exit: {{after: soon}}\n",
            "4: images[0].run.exit.after: 'soon' is no duration: write 10s, 500ms, 2m or a number of seconds",
        ),
        (
            f"{A}  run:\n    http:\n    - {{path: /}}\n    - {{status: 900}}\n",
            "6: images[0].run.http[1].status: input should be less than or equal to 599",
        ),
        (A, "2: images[0]: an image needs run, entrypoint or command"),
        (
            f"{A}  entrypoint: [sh]\n  run: {{}}\n",
            "2: images[0]: run tells what the image's own program does, and 'sh' is a shell: leave entrypoint out, or run",
        ),
        (f"{A}  files: {{x: y}}\n  run: {{}}\n", "3: images[0].files: 'x' is no absolute path of a file"),
        (
            f"{A}  base: windows\n  run: {{}}\n",
            "3: images[0].base: 'windows' is none of alpine, busybox, buildpack-deps, debian, oraclelinux, scratch, ubuntu, "
            "with a version behind a colon",
        ),
        ("pods: []\n", "1: pods: the file holds a list under images, and nothing else"),
        ("- a\n", "1: the file holds a list under images"),
        ("images: [\n", "2: expected the node content, but found '<stream end>'"),
    ],
)
def test_what_is_wrong_in_a_file_is_told_with_line_and_field(tmp_path: Path, text: str, fault: str) -> None:
    path = tmp_path / "images.yaml"
    path.write_text(text)

    with pytest.raises(ImagesUnusable) as caught:
        read_images(path)

    assert str(caught.value) == f"{path}:{fault}"


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ImagesUnusable, match=r"nope\.yaml: no such file or directory"):
        read_images(tmp_path / "nope.yaml")


def test_files_of_the_data_directory_come_before_those_that_are_named(tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "a.yaml").write_text("images:\n- {name: a, run: {}}\n- {name: b, run: {}}\n")
    (tmp_path / "more.yaml").write_text("images:\n- {name: a, run: {}, size: 1Mi}\n")

    images = {image.name: image for image in load_images((tmp_path / "more.yaml",), data=tmp_path, group="orrery.nobody")}

    assert set(images) == {"a", "b"}
    assert images["a"].size == 1 << 20


def test_an_entry_point_brings_images(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A package is a folder with metadata on the path."""
    info = tmp_path / "shop_images-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: shop-images\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[orrery.test-images]\nshop = shop_images:images\nbroken = shop_images:nothing\n")
    (tmp_path / "shop_images.py").write_text(block("python"))
    monkeypatch.syspath_prepend(tmp_path)

    with pytest.raises(ImagesUnusable, match=r"entry point broken \(shop_images:nothing\): AttributeError"):
        load_images(group="orrery.test-images")
    (info / "entry_points.txt").write_text("[orrery.test-images]\nshop = shop_images:images\n")
    assert [image.name for image in load_images(group="orrery.test-images")] == ["example.com/shop/counter"]
