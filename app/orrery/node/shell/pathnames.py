"""Pathname expansion: the files that a pattern matches, in order of their bytes."""

from orrery.node.processes.program import Files
from orrery.node.shell.escapes import encode
from orrery.node.shell.patterns import is_pattern, matches, unescape


def expand_pathname(pattern: str, files: Files) -> list[str]:
    """The names that match, sorted; empty when none does. In `pattern` a backslash protects."""
    is_absolute = pattern.startswith("/")
    components = pattern.split("/")
    found = [""]
    for index, component in enumerate(components):
        is_last = index == len(components) - 1
        if index == 0 and is_absolute:
            found = ["/"]
            continue
        if not component:
            found = [name if name.endswith("/") else name + "/" for name in found if not is_last or files.is_directory(name)]
            continue
        found = _step(found, component, files, is_last=is_last)
        if not found:
            return []
    return sorted(found, key=encode)


def _step(found: list[str], component: str, files: Files, *, is_last: bool) -> list[str]:
    """One component further down."""
    result: list[str] = []
    for base in found:
        prefix = base if not base or base.endswith("/") else base + "/"
        if not is_pattern(component):
            path = prefix + unescape(component)
            if _is_there(path, files):
                result.append(path)
            continue
        for name in _names(prefix or ".", files):
            if name.startswith(".") and not component.startswith((".", "\\.")):
                continue
            if matches(component, name) and (is_last or files.is_directory(prefix + name)):
                result.append(prefix + name)
    return result


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
