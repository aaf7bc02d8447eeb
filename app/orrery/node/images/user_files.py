"""Where users' images come from: YAML files, a folder in the data directory, and Python entry points of the group `orrery.images`.

See docs/images.md. A server whose users have none imports nothing for them.
"""

from collections.abc import Callable, Iterable, Sequence
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from orrery.node.images.user_images import UserImage

ENTRY_POINTS: Final = "orrery.images"
FOLDER: Final = "images"
"""Under the data directory: *.yaml files in it are read without being named."""


class ImagesUnusable(Exception):
    """A file or an entry point gives no images; the message says where and why, a line for each fault."""


def load_images(files: Sequence[Path] = (), *, data: Path | None = None, group: str = ENTRY_POINTS) -> "tuple[UserImage, ...]":
    """All images of users: of installed packages, of the data directory, of files. A later one of a name takes the place of an earlier."""
    found: dict[str, UserImage] = {}
    for image in _of_packages(group):
        found[image.repository] = image
    for path in (*sorted((data / FOLDER).glob("*.y*ml") if data is not None else ()), *files):
        of_file: dict[str, UserImage] = {}
        for image in read_images(path):
            if image.repository in of_file:
                raise ImagesUnusable(f"{path}: {image.name} is there twice")
            of_file[image.repository] = image
        found |= of_file
    return tuple(found.values())


def read_images(path: Path) -> "tuple[UserImage, ...]":
    """The images of one YAML file: a list under `images`. ImagesUnusable when it cannot be read."""
    from orrery.node.images import yaml_images

    return yaml_images.read_images(path)


def _of_packages(group: str) -> "Iterable[UserImage]":
    for point in entry_points(group=group):
        from orrery.node.images.user_images import UserImage

        try:
            give: Callable[[], Iterable[UserImage]] = point.load()
            images = tuple(give())
        except Exception as problem:  # Somebody else's code: whatever it raises is told, and by whom.
            raise ImagesUnusable(f"entry point {point.name} ({point.value}): {type(problem).__name__}: {problem}") from problem
        for image in images:
            if not isinstance(image, UserImage):
                raise ImagesUnusable(f"entry point {point.name} ({point.value}): {image!r} is no UserImage")
            yield image
