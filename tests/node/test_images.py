"""References, tags and the catalogue of images."""

from typing import Any

import pytest

from orrery.node.images.catalogue import ImageCatalogue, PullFailed, entry_of
from orrery.node.images.community import COMMUNITY, LESSON
from orrery.node.images.image import image_id, size_bytes
from orrery.node.images.library import LIBRARY
from orrery.node.images.references import InvalidReference, invalid_image_message, parse_reference
from orrery.node.images.tags import expand
from tests.node.cluster import NodeCluster

DIGEST = "sha256:" + "a" * 64


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("nginx", "docker.io/library/nginx:latest"),
        ("nginx:1.25-alpine", "docker.io/library/nginx:1.25-alpine"),
        ("bitnami/redis", "docker.io/bitnami/redis:latest"),
        ("docker.io/nginx", "docker.io/library/nginx:latest"),
        ("index.docker.io/nginx", "docker.io/library/nginx:latest"),
        ("registry.k8s.io/pause:3.10", "registry.k8s.io/pause:3.10"),
        ("localhost/app", "localhost/app:latest"),
        ("localhost:5000/team/app:v1", "localhost:5000/team/app:v1"),
        (f"nginx@{DIGEST}", f"docker.io/library/nginx@{DIGEST}"),
        (f"nginx:1.25@{DIGEST}", f"docker.io/library/nginx:1.25@{DIGEST}"),
    ],
)
def test_a_reference_has_a_normal_form(text: str, normal: str) -> None:
    assert str(parse_reference(text)) == normal


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("Nginx", "invalid reference format: repository name (library/Nginx) must be lowercase"),
        ("nginx:", "invalid reference format"),
        ("nginx:a b", "invalid reference format"),
        ("nginx::1.25", "invalid reference format"),
        ("", "invalid reference format"),
        ("nginx@sha256:12", "invalid reference format"),
        ("-nginx", "invalid reference format"),
    ],
)
def test_what_is_no_reference_says_why(text: str, why: str) -> None:
    with pytest.raises(InvalidReference) as caught:
        parse_reference(text)

    assert str(caught.value) == why


def test_the_kubelets_words_for_an_invalid_image() -> None:
    with pytest.raises(InvalidReference) as caught:
        parse_reference("Nginx")

    assert invalid_image_message("Nginx", caught.value) == (
        'Failed to apply default image tag "Nginx": couldn\'t parse image name "Nginx": '
        "invalid reference format: repository name (library/Nginx) must be lowercase"
    )


def test_tag_lists_unfold() -> None:
    assert expand("latest 1.25.{0..1} | -alpine") >= {"latest", "1", "1.25", "1.25.0", "1.25.1-alpine"}
    assert "latest-alpine" not in expand("latest 1.25.{0..1} | -alpine")
    assert expand("") == frozenset()


@pytest.mark.parametrize(
    "tag",
    [
        "latest",
        "stable",
        "mainline",
        "1.7.1",
        "1.7.9",
        "1.9.1",
        "1.14.2",
        "1.16.1",
        "1.19",
        "1.20",
        "1.25",
        "1.25.3",
        "1.29",
        "1.29-alpine",
        "alpine",
    ],
)
def test_the_tags_of_nginx_that_lessons_use_exist(tag: str) -> None:
    image = ImageCatalogue().pull(parse_reference(f"nginx:{tag}"))

    assert image.ports == (80,)
    assert image.stop_signal == 3


@pytest.mark.parametrize(
    ("image", "answer"),
    [
        ("redis:8.8.0", "believed"),
        ("redis:8.4.1-alpine3.22", "believed"),
        ("redis:9", "believed"),
        ("redis:8.40.0", "refused"),
        ("postgres:19.1", "believed"),
        ("postgres:15.17", "believed"),
        ("nginx:1.31.2", "believed"),
        ("nginx:2.0", "refused"),
        ("nginx:1.25.77", "refused"),
        ("nginx:1.25-alpine3.18", "believed"),
        ("ubuntu:26.04", "believed"),
        ("ghcr.io/stefanprodan/podinfo:6.14.1", "believed"),
        ("gcr.io/google-samples/hello-app:3.0", "refused"),
        ("gcr.io/google-samples/kubernetes-bootcamp:v3", "refused"),
    ],
)
def test_versions_that_may_have_come_after_the_catalogue_are_believed(image: str, answer: str) -> None:
    entry, reference = entry_of(parse_reference(image).repository), parse_reference(image)

    assert entry is not None
    assert entry.has(reference) == (answer == "believed")


@pytest.mark.parametrize("tag", ["1.161", "1.999", "1.91", "nope"])
def test_a_tag_that_does_not_exist_is_refused_in_containerds_words(tag: str) -> None:
    with pytest.raises(PullFailed) as caught:
        ImageCatalogue().pull(parse_reference(f"nginx:{tag}"))

    name = f"docker.io/library/nginx:{tag}"
    assert str(caught.value) == (
        f'rpc error: code = NotFound desc = failed to pull and unpack image "{name}": '
        f'failed to resolve reference "{name}": {name}: not found'
    )


def test_an_unknown_repository_is_believed_unless_the_catalogue_is_strict() -> None:
    reference = parse_reference("example.com/team/app:v7")

    assert ImageCatalogue().pull(reference).is_server
    with pytest.raises(PullFailed, match="pull access denied"):
        ImageCatalogue("strict").pull(reference)


@pytest.mark.parametrize("name", ["ubuntu-sleeper", "simple-webapp-color", "log-agent", "simple-webapp"])
def test_the_lessons_own_images_exist_even_when_strict(name: str) -> None:
    assert ImageCatalogue("strict").pull(parse_reference(name)).repository.endswith(name)


def test_every_known_image_can_be_built() -> None:
    for name in [*(f"docker.io/library/{name}" for name in LIBRARY), *COMMUNITY, *LESSON]:
        entry = entry_of(name)
        assert entry is not None
        for tag in ("latest", *sorted(expand(entry.tags))[:40]):
            assert entry.at(name, tag).size_bytes > 0


def test_identity_and_size_of_an_image_are_stable() -> None:
    reference = parse_reference("nginx:1.25")
    image = ImageCatalogue().pull(reference)

    assert image_id(reference) == image_id(parse_reference("docker.io/library/nginx:1.25"))
    assert image_id(reference).startswith("docker.io/library/nginx@sha256:")
    assert size_bytes(image, reference) == size_bytes(image, parse_reference("nginx:1.25"))
    assert size_bytes(image, parse_reference("nginx:1.25-alpine")) < size_bytes(image, reference)


@pytest.mark.parametrize(
    ("started", "argv"),
    [
        ({}, "/entrypoint"),
        ({"args": ["--verbose"]}, "/entrypoint --verbose"),
        ({"args": ["serve"]}, "/entrypoint serve"),
        ({"args": ["sh", "-c", "while sleep 1; do :; done"]}, "sh -c while sleep 1; do :; done"),
        ({"args": ["/bin/server", "-v"]}, "/bin/server -v"),
        ({"command": ["python", "app.py"], "args": ["-v"]}, "python app.py -v"),
    ],
)
async def test_an_image_nobody_knows_runs_a_quiet_server(fast: NodeCluster, started: dict[str, Any], argv: str) -> None:
    await fast.run(image="example.com/team/nginx:v7", ports=[{"containerPort": 8080}], **started)
    await fast.clock.settle()
    await fast.clock.advance(60)

    assert fast.is_ready() and fast.container()["restartCount"] == 0
    (running,) = (one for one in fast.containers.containers.values() if not one.exited.done())
    assert " ".join(running.config.argv) == argv
