"""The list of images, as `orrery images` and docs/image-catalogue.md show it: what each one does, on which ports, at which tags."""

from collections.abc import Iterable
from typing import Final, NamedTuple

from orrery.node.images.entry import Entry, expand_cached
from orrery.node.images.facts import numbers
from orrery.node.images.references import parse_reference
from orrery.node.images.user_images import UserImage
from orrery.node.programs.registry import HOMES, REFUSALS

_HUB: Final = "docker.io/"
_LIBRARY: Final = "docker.io/library/"
_SHELLS: Final = frozenset({"sh", "bash", "ash", "dash", "zsh"})


class Listed(NamedTuple):
    """One line of the list."""

    repository: str
    """As people write it: `nginx`, `hashicorp/http-echo`."""
    kind: str
    ports: tuple[int, ...]
    tags: str
    """In short; empty when every tag exists."""
    newest: str
    """What `latest` means, where tags are versions."""
    source: str
    """`built in`, `lesson` or `user`."""


def listed_images(users: Iterable[UserImage] = ()) -> list[Listed]:
    """All images by name; a user's image hides the built-in one of its name."""
    from orrery.node.images.community import COMMUNITY, LESSON
    from orrery.node.images.library import LIBRARY

    rows = {_LIBRARY + name: _row(_LIBRARY + name, entry, "built in") for name, entry in LIBRARY.items()}
    rows |= {name: _row(name, entry, "built in") for name, entry in COMMUNITY.items()}
    rows |= {name: _row(name, entry, "lesson") for name, entry in LESSON.items()}
    for image in users:
        tags = " ".join(image.tags)
        rows[image.repository] = Listed(short_name(image.repository), _user_kind(image), image.all_ports(), tags, "", "user")
    return sorted(rows.values(), key=lambda row: ("/" in row.repository, row.repository))


def short_name(repository: str) -> str:
    """Without what is understood: docker.io/library/."""
    return repository.removeprefix(_LIBRARY).removeprefix(_HUB)


def tags_of(repository: str, users: Iterable[UserImage] = ()) -> list[str] | None:
    """The tags of an image, versions in order; None when nobody knows it, and empty when every tag exists."""
    from orrery.node.images.catalogue import entry_of

    normal = parse_reference(repository).repository
    added = next((image for image in users if image.repository == normal), None)
    entry = entry_of(normal)
    if added is None and entry is None:
        return None
    tags = added.tag_set() if added is not None else expand_cached(entry.tags) if entry is not None else frozenset()
    return sorted(tags, key=lambda tag: (numbers(tag.partition("-")[0]), tag))


def _row(repository: str, entry: Entry, source: str) -> Listed:
    newest = entry.version_of("latest") if entry.tags else ""
    return Listed(short_name(repository), _kind(repository, entry), entry.ports, entry.tags, newest, source)


def _kind(repository: str, entry: Entry) -> str:
    """`server`, `quiet server` (nobody has written it), `shell`, `tool`, or `program` (runs to its end)."""
    words = [*entry.entrypoint, *entry.command]
    first = next((word for word in words if not word.endswith("entrypoint.sh")), "").rpartition("/")[2]
    if first in _SHELLS and "-c" not in words:
        return "shell"
    home = HOMES.get(first, "")
    is_played = (home and home != REFUSALS) or is_played_by_image(repository, words)
    if entry.is_server:
        return "server" if is_played else "quiet server"
    return "program" if is_played else "tool"


def is_played_by_image(repository: str, words: Iterable[str]) -> bool:
    """Whether the image has a program of its own under one of these names."""
    from orrery.node.programs.registry import own_programs_of

    names = {part.rpartition("/")[2] for word in words for part in word.split()}
    return bool(names & {*own_programs_of(repository.rpartition("/")[2]), "run.sh"})


def _user_kind(image: UserImage) -> str:
    if image.programs:
        return "Python"
    if image.run is None:
        return "program"
    return "script" if image.run.exit is None else "script that ends"
