"""The image catalogue: which images exist, and what becomes of a pull.

An entry is built from `known.py` the first time it is asked for, so that starting up costs nothing.
"""

from typing import Any, Final, Literal

from orrery.machinery.field_errors import go_quote
from orrery.node.images.image import Image
from orrery.node.images.known import KUBERNETES, LESSON, LIBRARY
from orrery.node.images.references import Reference
from orrery.node.images.tags import expand

Openness = Literal["open", "strict"]

_LIBRARY_PREFIX: Final = "docker.io/library/"


class PullFailed(Exception):
    """The registry refuses; the message is containerd's."""


class ImageCatalogue:
    """Looks images up by reference.

    DIFFERS: upstream asks a registry; we believe that a repository we do not know exists and is a quiet server, unless `strict`.
    """

    def __init__(self, openness: Openness = "open") -> None:
        self._openness = openness
        self._built: dict[str, Image] = {}

    def pull(self, reference: Reference) -> Image:
        """The image of that reference; PullFailed with containerd's message when there is none."""
        image = self._find(reference.repository)
        if image is None and self._openness == "strict":
            raise PullFailed(_denied(reference))
        if image is not None and not image.has(reference):
            raise PullFailed(_not_found(reference))
        return image or Image(reference.repository, workdir="")

    def _find(self, repository: str) -> Image | None:
        if (image := self._built.get(repository)) is not None:
            return image
        entry = LESSON.get(repository) or KUBERNETES.get(repository)
        if entry is None and repository.startswith(_LIBRARY_PREFIX):
            entry = LIBRARY.get(repository.removeprefix(_LIBRARY_PREFIX))
        if entry is None:
            return None
        self._built[repository] = image = _build(repository, entry)
        return image


def _build(repository: str, entry: dict[str, Any]) -> Image:
    facts: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in entry.items()}
    facts["tags"] = expand(entry.get("tags", ""))
    facts["programs"] = frozenset(entry.get("programs", "").split())
    return Image(repository, **facts)


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
