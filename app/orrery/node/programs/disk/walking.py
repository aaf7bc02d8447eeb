"""Going through directories, and names of paths."""

from collections.abc import Iterator

from orrery.node.programs.call import Call


def join(directory: str, name: str) -> str:
    return f"{directory}{name}" if directory.endswith("/") else f"{directory}/{name}"


def base_name(path: str) -> str:
    """The last part without slashes; `/` for the root."""
    stripped = path.rstrip("/")
    return stripped.rpartition("/")[2] if stripped else path[:1]


def directory_name(path: str) -> str:
    stripped = path.rstrip("/")
    if not stripped:
        return "/" if path else "."
    head, slash, _ = stripped.rpartition("/")
    return (head.rstrip("/") or "/") if slash else "."


def target_in(call: Call, source: str, target: str) -> str:
    """Where `source` goes: into `target` when that is a directory."""
    return join(target, base_name(source)) if call.process.files.is_directory(target) else target


def parents(path: str) -> Iterator[str]:
    """Each directory on the way to `path`, `path` itself last."""
    position = 0
    stripped = path.rstrip("/") or path
    while (position := stripped.find("/", position + 1)) > 0:
        yield stripped[:position]
    yield stripped
