"""`orrery images`: the list, the tags of one image, users' images, and what is wrong with a file."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from orrery.cli.main import main
from orrery.cli.options import ImagesOptions, ServeOptions, parse

FILE = "images:\n- {name: example.com/shop/web, tags: [v1], ports: [8080], run: {http: [{path: /}]}}\n"


@pytest.fixture
def words(tmp_path: Path) -> list[str]:
    """The command line with a user's file and a data directory of its own."""
    (tmp_path / "mine.yaml").write_text(FILE)
    return ["images", "--data", str(tmp_path), "--images-file", str(tmp_path / "mine.yaml")]


def test_the_list_has_built_in_images_and_those_of_the_user(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words) == 0

    lines = {line.split()[0]: line.split() for line in capsys.readouterr().out.splitlines()}
    assert lines["REPOSITORY"] == ["REPOSITORY", "KIND", "PORTS", "LATEST", "SOURCE", "TAGS"]
    assert lines["nginx"][:4] == ["nginx", "server", "80", "1.29.4"]
    assert lines["example.com/shop/web"] == ["example.com/shop/web", "script", "8080", "<none>", "user", "v1"]


def test_the_list_as_json(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*words, "-o", "json"]) == 0

    rows = {row["repository"]: row for row in json.loads(capsys.readouterr().out)}
    assert rows["example.com/shop/web"] == {
        "repository": "example.com/shop/web",
        "kind": "script",
        "ports": [8080],
        "tags": ["v1"],
        "latest": None,
        "source": "user",
    }
    assert "1.25.3-alpine" in rows["nginx"]["tags"]


def test_the_tags_of_one_image(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*words, "nginx"]) == 0
    assert "1.25.3\n" in capsys.readouterr().out
    assert main([*words, "example.com/nobody"]) == 1
    assert capsys.readouterr().err == "orrery: example.com/nobody is not in the catalogue\n"


def test_a_wrong_file_ends_with_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "bad.yaml").write_text("images:\n- name: a\n")

    assert main(["images", "--data", str(tmp_path), "--images-file", str(tmp_path / "bad.yaml")]) == 1
    assert capsys.readouterr().err == f"orrery: {tmp_path}/bad.yaml:2: images[0]: an image needs run, entrypoint or command\n"


def test_serve_takes_images_from_options_and_variables() -> None:
    asked = parse(["serve", "--images", "strict", "--images-file", "a.yaml", "--images-file", "b.yaml"], {"HOME": "/"})
    told = parse(["serve"], {"ORRERY_IMAGES": "strict", "ORRERY_IMAGES_FILE": "a.yaml,b.yaml"})

    for options in (asked, told):
        assert isinstance(options, ServeOptions)
        assert options.images == "strict"
        assert options.images_files == (Path("a.yaml"), Path("b.yaml"))
    assert isinstance(parse(["images"], {}), ImagesOptions)


def test_another_word_for_images_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parse(["serve", "--images", "loose"], {})

    assert "'loose' is not open or strict" in capsys.readouterr().err


def test_a_reader_who_has_seen_enough_is_no_error() -> None:
    command = subprocess.Popen([sys.executable, "-m", "orrery.cli.main", "images"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert command.stdout is not None and command.stderr is not None
    command.stdout.close()
    with command.stderr:
        assert command.stderr.read() == b""
    assert command.wait() == 128 + signal.SIGPIPE
