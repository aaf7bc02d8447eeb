"""Pathname expansion: the files that a pattern matches, in order of their bytes."""

from collections.abc import Set
from typing import Final

from orrery.node.processes.program import Files
from orrery.node.shell.escapes import encode
from orrery.node.shell.patterns import is_pattern, matches, unescape

_PLAIN: Final[frozenset[str]] = frozenset()
_DEPTH_MAX: Final = 64


def expand_pathname(pattern: str, files: Files, features: Set[str] = _PLAIN) -> list[str]:
    """The names that match, sorted; empty when none does. In `pattern` a backslash protects. `features` are bash's of shopt."""
    is_absolute = pattern.startswith("/")
    components = _components(pattern)
    found = [""]
    for index, component in enumerate(components):
        is_last = index == len(components) - 1
        if index == 0 and is_absolute:
            found = ["/"]
            continue
        if not component:
            found = [name if not name or name.endswith("/") else name + "/" for name in found if not is_last or files.is_directory(name)]
            continue
        if component == "**" and "globstar" in features:
            found = _everything_below(found, files, features, is_last=is_last)
            continue
        found = _step(found, component, files, features, is_last=is_last)
        if not found:
            return []
    return sorted({name for name in found if name}, key=encode)


def _components(pattern: str) -> list[str]:
    """What stands between slashes; those inside extended patterns' parentheses separate nothing."""
    components = [""]
    depth = 0
    for char in pattern:
        depth = max(0, depth + (char == "(") - (char == ")"))
        if char == "/" and not depth:
            components.append("")
        else:
            components[-1] += char
    return components if not depth else pattern.split("/")


def _step(found: list[str], component: str, files: Files, features: Set[str], *, is_last: bool) -> list[str]:
    """One component further down."""
    result: list[str] = []
    shows_hidden = component.startswith((".", "\\."))
    for base in found:
        prefix = base if not base or base.endswith("/") else base + "/"
        if not is_pattern(component):
            path = prefix + unescape(component)
            if _is_there(path, files):
                result.append(path)
            continue
        for name in _names(prefix or ".", files):
            if name.startswith(".") and not shows_hidden and ("dotglob" not in features or name in (".", "..")):
                continue
            if _fits(component, name, features) and (is_last or files.is_directory(prefix + name)):
                result.append(prefix + name)
    return result


def _fits(component: str, name: str, features: Set[str]) -> bool:
    if "nocaseglob" in features:
        return matches(component.lower(), name.lower())
    return matches(component, name)


def _everything_below(found: list[str], files: Files, features: Set[str], *, is_last: bool) -> list[str]:
    """bash's ** under globstar: each directory itself and all below it, with their files when nothing follows."""
    result: list[str] = []
    waiting = [(base, 0) for base in reversed(found)]
    while waiting:
        base, depth = waiting.pop()
        prefix = base if not base or base.endswith("/") else base + "/"
        result.append(prefix if is_last and not depth else base)
        for name in _names(prefix or ".", files):
            if name in (".", "..") or (name.startswith(".") and "dotglob" not in features):
                continue
            if files.is_directory(prefix + name) and not _is_link(prefix + name, files) and depth < _DEPTH_MAX:
                waiting.append((prefix + name, depth + 1))
            elif is_last:
                result.append(prefix + name)
    return result


def _is_link(path: str, files: Files) -> bool:
    return files.stat(path, follow=False).mode & 0o170000 == 0o120000


def _is_there(path: str, files: Files) -> bool:
    try:
        files.stat(path, follow=False)
    except OSError:
        return False
    return True


def _names(directory: str, files: Files) -> list[str]:
    try:
        return [".", "..", *files.list(directory)]
    except OSError:
        return []
