"""Reading one YAML file of users' images, and saying what is wrong with it: file, line, field."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import yaml
from pydantic import ValidationError

from orrery.node.images.user_files import ImagesUnusable
from orrery.node.images.user_images import UserImage

_FILE_BYTES_MAX: Final = 8 << 20


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
