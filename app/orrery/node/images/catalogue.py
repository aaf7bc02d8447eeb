"""The image catalogue: which images exist, and what becomes of a pull.

Built in are `library.py` and `community.py`; users' images (`user_images.py`) come before them. What a tag means is worked out when it is
first pulled.
"""

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Final, Literal

from orrery.machinery.field_errors import go_quote
from orrery.node.images.image import Image
from orrery.node.images.references import Reference

if TYPE_CHECKING:
    from orrery.node.images.entry import Entry
    from orrery.node.images.user_images import UserImage

Openness = Literal["open", "strict"]

_LIBRARY_PREFIX: Final = "docker.io/library/"
_MIRRORS: Final = {
    "mirror.gcr.io/library/": _LIBRARY_PREFIX,
    "public.ecr.aws/docker/library/": _LIBRARY_PREFIX,
    "docker.io/amd64/": _LIBRARY_PREFIX,
    "registry-1.docker.io/": "docker.io/",
    "mirror.gcr.io/": "docker.io/",
    "k8s.gcr.io/": "registry.k8s.io/",
    "gcr.io/google_containers/": "registry.k8s.io/",
    "gcr.io/google-containers/": "registry.k8s.io/",
    "gcr.io/kubernetes-e2e-test-images/": "registry.k8s.io/e2e-test-images/",
    "gcr.io/google_samples/": "gcr.io/google-samples/",
    "registry.k8s.io/google_samples/": "gcr.io/google-samples/",
}
"""Registries that have what another one has: k8s.gcr.io, frozen since 2023, still leads to registry.k8s.io."""
_BUILT_MAX: Final = 512
_OWN_PROGRAM: Final = "/entrypoint"
"""What an image nobody knows is believed to start: a path that no simulated program has."""


class PullFailed(Exception):
    """The registry refuses; the message is containerd's."""


class ImageCatalogue:
    """Looks images up by reference.

    DIFFERS: upstream asks a registry; we believe that a repository we do not know exists and is a quiet server, unless `strict`.
    """

    def __init__(self, openness: Openness = "open", users: "Iterable[UserImage]" = ()) -> None:
        self._openness = openness
        self._users = {image.repository: image for image in users}
        self._added: dict[str, Image] = {}
        self._unknown: dict[str, Image] = {}

    def pull(self, reference: Reference) -> Image:
        """The image of that reference; PullFailed with containerd's message when there is none."""
        if (added := self._users.get(reference.repository)) is not None:
            if not added.has(reference):
                raise PullFailed(_not_found(reference))
            if reference.repository not in self._added:
                self._added[reference.repository] = added.image()
            return self._added[reference.repository]
        entry = entry_of(reference.repository)
        if entry is not None:
            if not entry.has(reference):
                raise PullFailed(_not_found(reference))
            return _built(reference.repository, reference.tag)
        if self._openness == "strict":
            raise PullFailed(_denied(reference))
        return self._believed(reference.repository)

    @property
    def users(self) -> "Iterable[UserImage]":
        """The images that users added."""
        return self._users.values()

    def _believed(self, repository: str) -> Image:
        image = self._unknown.get(repository)
        if image is None:
            image = Image(repository, command=(_OWN_PROGRAM,), workdir="", is_believed=True)
            if len(self._unknown) < _BUILT_MAX:
                self._unknown[repository] = image
        return image


def entry_of(repository: str) -> "Entry | None":
    """What is built in under that name, also by the name of a mirror."""
    from orrery.node.images.community import COMMUNITY, LESSON
    from orrery.node.images.library import LIBRARY

    for name in _names(repository):
        found = COMMUNITY.get(name) or LESSON.get(name)
        if found is None and name.startswith(_LIBRARY_PREFIX):
            found = LIBRARY.get(name.removeprefix(_LIBRARY_PREFIX))
        if found is not None:
            return found
    return None


def _names(repository: str) -> Iterator[str]:
    yield repository
    for mirror, original in _MIRRORS.items():
        if repository.startswith(mirror):
            yield original + repository.removeprefix(mirror)


@lru_cache(maxsize=_BUILT_MAX)
def _built(repository: str, tag: str) -> Image:
    entry = entry_of(repository)
    assert entry is not None
    return entry.at(repository, tag)


def _not_found(reference: Reference) -> str:
    name = str(reference)
    return (
        f"rpc error: code = NotFound desc = failed to pull and unpack image {go_quote(name)}: "
        f"failed to resolve reference {go_quote(name)}: {name}: not found"
    )


def _denied(reference: Reference) -> str:
    name = str(reference)
    return (
        f"failed to pull and unpack image {go_quote(name)}: failed to resolve reference {go_quote(name)}: pull access denied, "
        "repository does not exist or may require authorization: server message: insufficient_scope: authorization failed"
    )
