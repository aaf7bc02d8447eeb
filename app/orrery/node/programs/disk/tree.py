"""tree: folders and files as a drawing."""

import stat as modes
from typing import Final

from orrery.node.programs.call import Applet, Call

_BRANCH: Final = "├── "
_LAST: Final = "└── "
_BAR: Final = "│   "
_BLANK: Final = "    "


async def tree(call: Call) -> int:
    options = call.options("adfL:ip:shl", {"noreport": "noreport", "dirsfirst": "dirsfirst"})
    depth = options.value("L") or ""
    if depth and not (depth.isdigit() and int(depth)):
        await call.process.complain("tree: Invalid level, must be greater than 0.")
        return 1
    counts = [0, 0]
    for path in options.operands or ["."]:
        try:
            call.process.files.list(path)
        except OSError:
            await call.print(f"{path}  [error opening dir]\n")
            call.failed = 0 if call.is_busybox else 2
            continue
        counts[0] += not call.is_busybox
        await call.print(f"{path}\n")
        await _draw(call, path, "", int(depth or 1 << 30), counts, hidden=options.has("a"), only_folders=options.has("d"))
    if not options.has("noreport"):
        folders, files = counts
        is_plural = call.is_busybox
        words = f"{folders} director{'y' if folders == 1 and not is_plural else 'ies'}"
        words += "" if options.has("d") else f", {files} file{'' if files == 1 and not is_plural else 's'}"
        await call.print(f"\n{words}\n")
    return call.failed


async def _draw(call: Call, path: str, indent: str, depth: int, counts: list[int], *, hidden: bool, only_folders: bool) -> None:
    files = call.process.files
    try:
        names = sorted(name for name in files.list(path) if hidden or not name.startswith("."))
    except OSError:
        return
    entries = [(name, f"{path.rstrip('/')}/{name}") for name in names]
    shown = [(name, full) for name, full in entries if not only_folders or files.is_directory(full)]
    for number, (name, full) in enumerate(shown):
        is_last, mode = number == len(shown) - 1, files.stat(full, follow=False).mode
        target = f" -> {files.read_link(full)}" if modes.S_ISLNK(mode) else ""
        await call.print(f"{indent}{_LAST if is_last else _BRANCH}{name}{target}\n")
        counts[0 if files.is_directory(full) else 1] += 1
        if modes.S_ISDIR(mode) and depth > 1:
            further = indent + (_BLANK if is_last else _BAR)
            await _draw(call, full, further, depth - 1, counts, hidden=hidden, only_folders=only_folders)


PROGRAMS: dict[str, Applet] = {"tree": tree}
