"""Where users' images come from: YAML files, a folder in the data directory, and Python entry points of the group `orrery.images`.

What is wrong with one is told with its file, line and field; see docs/images.md.
"""

from collections.abc import Callable, Iterable, Sequence
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, Final

import yaml
from pydantic import ValidationError

from orrery.node.images.user_images import UserImage

ENTRY_POINTS: Final = "orrery.images"
FOLDER: Final = "images"
"""Under the data directory: *.yaml files in it are read without being named."""
_FILE_BYTES_MAX: Final = 8 << 20


class ImagesUnusable(Exception):
    """A file or an entry point gives no images; the message says where and why, a line for each fault."""


def load_images(files: Sequence[Path] = (), *, data: Path | None = None, group: str = ENTRY_POINTS) -> tuple[UserImage, ...]:
    """All images of users: of installed packages, of the data directory, of files. A later one of a name takes the place of an earlier."""
    found: dict[str, UserImage] = {}
    for image in _of_packages(group):
        found[image.repository] = image
    folder = sorted((data / FOLDER).glob("*.y*ml")) if data is not None else []
    for path in (*folder, *files):
        of_file: dict[str, UserImage] = {}
        for image in read_images(path):
            if image.repository in of_file:
                raise ImagesUnusable(f"{path}: {image.name} is there twice")
            of_file[image.repository] = image
        found |= of_file
    return tuple(found.values())


def read_images(path: Path) -> tuple[UserImage, ...]:
    """The images of one YAML file: a list under `images`. ImagesUnusable when it cannot be read."""
    try:
        if path.stat().st_size > _FILE_BYTES_MAX:
            raise ImagesUnusable(f"{path}: larger than {_FILE_BYTES_MAX >> 20} MiB")
        node = yaml.compose(path.read_text(), Loader=yaml.SafeLoader)
    except OSError as problem:
        raise ImagesUnusable(f"{path}: {(problem.strerror or str(problem)).lower()}") from None
    except UnicodeDecodeError:
        raise ImagesUnusable(f"{path}: not UTF-8") from None
    except yaml.MarkedYAMLError as problem:
        line = problem.problem_mark.line + 1 if problem.problem_mark else 1
        raise ImagesUnusable(f"{path}:{line}: {problem.problem}") from None
    except yaml.YAMLError as problem:
        raise ImagesUnusable(f"{path}: {problem}") from None
    listed = _listed(path, node)
    images, faults = [], []
    for number, one in enumerate(listed):
        try:
            images.append(UserImage.model_validate(_plain(one)))
        except ValidationError as error:
            faults += [_fault(path, one, number, fault) for fault in error.errors()]
    if faults:
        raise ImagesUnusable("\n".join(faults))
    return tuple(images)


def _listed(path: Path, node: yaml.Node | None) -> list[yaml.Node]:
    if node is None:
        return []
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == "images" and isinstance(value, yaml.SequenceNode) and len(node.value) == 1:
                return list(value.value)
            if key.value != "images":
                raise ImagesUnusable(f"{path}:{key.start_mark.line + 1}: {key.value}: the file holds a list under images, and nothing else")
    raise ImagesUnusable(f"{path}:{node.start_mark.line + 1}: the file holds a list under images")


def _plain(node: yaml.Node) -> Any:
    loader = yaml.SafeLoader("")
    try:
        return loader.construct_document(node)
    finally:
        loader.dispose()


def _fault(path: Path, node: yaml.Node, number: int, fault: Any) -> str:
    place = [part for part in fault["loc"] if part != "function-before"]
    where = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in place)
    text = str(fault["msg"]).removeprefix("Value error, ")
    text = "there is no such field" if fault["type"] == "extra_forbidden" else f"{text[:1].lower()}{text[1:]}"
    return f"{path}:{_line(node, place)}: images[{number}]{where}: {text}"


def _line(node: yaml.Node, place: Iterable[str | int]) -> int:
    """The line of the field, or of the nearest thing around it that is there."""
    line = node.start_mark.line
    for part in place:
        inner: yaml.Node | None = None
        if isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                if key.value == str(part):
                    line, inner = key.start_mark.line, value
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            inner = node.value[part]
            line = inner.start_mark.line
        if inner is None:
            break
        node = inner
    return line + 1


def _of_packages(group: str) -> Iterable[UserImage]:
    for point in entry_points(group=group):
        try:
            give: Callable[[], Iterable[UserImage]] = point.load()
            images = tuple(give())
        except Exception as problem:  # Somebody else's code: whatever it raises is told, and by whom.
            raise ImagesUnusable(f"entry point {point.name} ({point.value}): {type(problem).__name__}: {problem}") from problem
        for image in images:
            if not isinstance(image, UserImage):
                raise ImagesUnusable(f"entry point {point.name} ({point.value}): {image!r} is no UserImage")
            yield image
