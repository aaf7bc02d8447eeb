"""stat, du, df, mount, umount, mountpoint."""

import re
import stat as modes
from typing import Final

from orrery.node.processes.program import Mount, Stat
from orrery.node.programs.call import Applet, Call, encode
from orrery.node.programs.disk.ls import human
from orrery.node.programs.disk.modes import kind_text, mode_text
from orrery.node.programs.disk.owners import group_names, user_names
from orrery.node.programs.disk.walking import join
from orrery.node.programs.faults import Fault, Misuse
from orrery.node.programs.options import Options
from orrery.node.programs.reasons import reason
from orrery.node.programs.system.moments import format_moment
from orrery.node.programs.text.escapes import unescape

_DIRECTIVE: Final = re.compile(r"%([-#0 +]*)(\d{0,4})([A-Za-z%])")
_DF_LONG: Final = {"human-readable": "h", "print-type": "T", "inodes": "i", "all": "a", "portability": "P", "type": "t", "total": "total",
                   "si": "H", "output": "output::"}  # fmt: skip


async def stat(call: Call) -> int:
    options = call.options("ltfLc:", {"format": "c", "printf": "printf:", "dereference": "L", "file-system": "f", "terse": "t"}, minimum=1)
    users, groups = user_names(call), group_names(call)
    for path in options.operands:
        try:
            about = call.process.files.stat(path, follow=options.has("L"))
        except OSError as error:
            words = "cannot statx '{}'"
            await call.complain_of(error, path, busybox="can't stat '{}'", debian=words)
            continue
        names = users.get(about.uid, "UNKNOWN"), groups.get(about.gid, "UNKNOWN")
        template = options.value("c")
        if template is not None:
            await call.print(_formatted(call, template, path, about, names) + "\n")
        elif (printf := options.value("printf")) is not None:
            await call.write(unescape(encode(_formatted(call, printf, path, about, names)))[0])
        else:
            await call.print(_report(call, path, about, names))
    return call.failed


def _blocks(about: Stat) -> int:
    return about.size // 4096 * 8 if modes.S_ISDIR(about.mode) else -(-about.size // 4096) * 8 if modes.S_ISREG(about.mode) else 0


def _moment(call: Call, seconds: float) -> str:
    return format_moment("%Y-%m-%d %H:%M:%S.%N +0000", seconds)


def _report(call: Call, path: str, about: Stat, names: tuple[str, str]) -> str:
    arrow = f" -> {call.process.files.read_link(path)}" if modes.S_ISLNK(about.mode) else ""
    kind = kind_text(about.mode, about.size)
    if call.is_busybox:
        name = f"'{path}'{arrow}" if arrow else path
        device = f"{about.device:x}h/{about.device}d"
    else:
        name, device = path + arrow, f"0,{about.device}"
    moment = _moment(call, about.modified_s)
    birth = "" if call.is_busybox else f" Birth: {moment}\n"
    size_line = f"  Size: {about.size:<10}\tBlocks: {_blocks(about):<10} IO Block: 4096   {kind}\n"
    return (
        f"  File: {name}\n{size_line}Device: {device}\tInode: {about.inode:<10}  Links: {about.links}\n"
        f"Access: ({about.mode & 0o7777:04o}"
        f"/{mode_text(about.mode)})  Uid: "
        f"({about.uid:5}/{names[0]:>8})   "
        f"Gid: ({about.gid:5}/{names[1]:>8})\n"
        f"Access: {moment}\nModify: {moment}\nChange: {moment}\n{birth}"
    )


def _formatted(call: Call, template: str, path: str, about: Stat, names: tuple[str, str]) -> str:
    quoted = path if call.is_busybox else f"'{path}'"
    if modes.S_ISLNK(about.mode):
        quoted = f"'{path}' -> '{call.process.files.read_link(path)}'"
    moment = _moment(call, about.modified_s)
    values = {
        "a": f"{about.mode & 0o7777:o}", "A": mode_text(about.mode), "b": str(_blocks(about)), "B": "512", "d": str(about.device),
        "f": f"{about.mode:x}", "F": kind_text(about.mode, about.size), "g": str(about.gid), "G": names[1], "h": str(about.links),
        "i": str(about.inode), "n": path, "N": quoted, "o": "4096", "s": str(about.size), "u": str(about.uid), "U": names[0],
        "x": moment, "X": str(int(about.modified_s)), "y": moment, "Y": str(int(about.modified_s)), "z": moment,
        "Z": str(int(about.modified_s)), "w": "-", "W": "0", "t": f"{about.special[0]:x}", "T": f"{about.special[1]:x}", "%": "%", "m": "/",
    }  # fmt: skip
    unknown = "{}" if call.is_busybox else "?"

    def filled(match: re.Match[str]) -> str:
        flags, width, letter = match.groups()
        text = values.get(letter, unknown.format(letter))
        if not width:
            return text
        return text.ljust(int(width)) if "-" in flags else text.rjust(int(width), "0" if "0" in flags and text.isdigit() else " ")

    return _DIRECTIVE.sub(filled, template)


async def du(call: Call) -> int:
    long = {"human-readable": "h", "summarize": "s", "all": "a", "total": "c", "max-depth": "d", "bytes": "b", "apparent-size": "A",
            "one-file-system": "x"}  # fmt: skip
    options = call.options("aHLd:clsxhmkbA", long)
    depth = options.value("d")
    if depth is not None and not depth.isdigit():
        raise Fault(f"invalid number '{depth}'") if call.is_busybox else Misuse(f"invalid maximum depth '{depth}'")
    limit = 0 if options.has("s") else int(depth) if depth and depth.isdigit() else 1 << 30
    total = 0
    for path in options.operands or ["."]:
        try:
            total += await _usage(call, path, options, 0, limit)
        except OSError as error:
            await call.complain_of(error, path, debian="cannot access '{}'")
    if options.has("c"):
        await call.print(f"{_amount(call, total, options)}\ttotal\n")
    return call.failed


def _amount(call: Call, size: int, options: Options) -> str:
    if options.has("h"):
        return human(size, busybox=call.is_busybox)
    if options.has("b"):
        return str(size)
    return str(-(-size // (1 << 20)) if options.has("m") else -(-size // 1024))


async def _usage(call: Call, path: str, options: Options, depth: int, limit: int) -> int:
    files = call.process.files
    about = files.stat(path, follow=False)
    size = about.size if options.has("b", "A") else _blocks(about) * 512
    is_directory = modes.S_ISDIR(about.mode)
    await call.process.tick()
    if is_directory:
        try:
            for name in files.list(path):
                size += await _usage(call, join(path, name), options, depth + 1, limit)
        except PermissionError as error:
            await call.complain_of(error, path, debian="cannot read directory '{}'")
    if depth <= limit and (is_directory or options.has("a") or depth == 0):
        await call.print(f"{_amount(call, size, options)}\t{path}\n")
    return size


async def df(call: Call) -> int:
    options = call.options("PkmhTai t:HlB:", _DF_LONG)
    mounts = list(call.process.files.mounts())
    if options.operands:
        chosen: list[Mount] = []
        for path in options.operands:
            try:
                chosen.append(_mount_of(mounts, call.process.files.real_path(path)))
            except OSError as error:
                await call.complain(f"{path}: can't find mount point" if call.is_busybox else f"{path}: {reason(error)}")
        mounts = chosen
    else:
        mounts = [mount for mount in mounts if mount.size or options.has("a")]
    rows = [_df_row(call, options, mount) for mount in mounts]
    await call.print(_busybox_table(options, rows) if call.is_busybox else _debian_table(options, rows))
    return call.failed


def _mount_of(mounts: list[Mount], path: str) -> Mount:
    fitting = [mount for mount in mounts if path == mount.path or path.startswith(mount.path.rstrip("/") + "/")]
    return max(fitting, key=lambda mount: len(mount.path))


def _df_row(call: Call, options: Options, mount: Mount) -> list[str]:
    """Source, type, size, used, free, percent and path."""
    free = max(mount.size - mount.used, 0)
    if options.has("h", "H"):
        sizes = [human(value, busybox=call.is_busybox) for value in (mount.size, mount.used, free)]
    else:
        unit = 1 << 20 if options.has("m") else 1024
        sizes = [str(-(-value // unit)) for value in (mount.size, mount.used, free)]
    percent = f"{-(-mount.used * 100 // mount.size)}%" if mount.size else "0%" if call.is_busybox else "-"
    return [mount.source, mount.type, *sizes, percent, mount.path]


def _blocks_title(options: Options) -> str:
    return "1M-blocks" if options.has("m") else "1024-blocks" if options.has("P") else "1K-blocks"


def _busybox_table(options: Options, rows: list[list[str]]) -> str:
    """Columns of fixed widths; what is too long gets a line of its own."""
    size = "     Size" if options.has("h", "H") else _blocks_title(options)
    use = "Capacity" if options.has("P") else "Use%"
    lines = [f"Filesystem           {'Type       ' if options.has('T') else ''}{size:<15}Used Available {use} Mounted on"]
    for source, kind, total, used, free, percent, path in rows:
        start = f"{source:<20}" + ("" if len(source) <= 20 or options.has("P") else f"\n{'':20}")
        if options.has("T"):
            start += f" {kind:<10}" + ("" if len(kind) <= 10 or options.has("P") else f"\n{'':30}")
        lines.append(f"{start} {total:>9} {used:>9} {free:>9} {percent:>4} {path}")
    return "\n".join(lines) + "\n"


def _debian_table(options: Options, rows: list[list[str]]) -> str:
    """Columns as wide as they must be; no table when there is nothing to show."""
    if not rows:
        return ""
    is_human = options.has("h", "H")
    titles = ["Filesystem", "Type", "Size" if is_human else _blocks_title(options), "Used", "Avail" if is_human else "Available",
              "Capacity" if options.has("P") else "Use%", "Mounted on"]  # fmt: skip
    table = [titles, *rows]
    least = [14, 4, 5, 5, 5, 4, 0]
    widths = [max(smallest, *(len(row[column]) for row in table)) for column, smallest in enumerate(least)]
    lines = []
    for row in table:
        cells = [row[0].ljust(widths[0])] + ([row[1].ljust(widths[1])] if options.has("T") else [])
        cells += [row[column].rjust(widths[column]) for column in (2, 3, 4, 5)]
        lines.append(" ".join([*cells, row[6]]) + "\n")
    return "".join(lines)


async def mount(call: Call) -> int:
    options = call.options("arwvnt:o:O:lfi", {"types": "t", "options": "o", "bind": "bind"})
    if not options.operands:
        for one in call.process.files.mounts():
            access = "ro" if one.is_read_only else "rw"
            await call.print(f"{one.source} on {one.path} type {one.type} ({access},relatime)\n")
        return 0
    target = options.operands[-1]
    if call.process.uid or call.is_busybox:
        await call.complain("permission denied (are you root?)" if call.is_busybox else f"{target}: must be superuser to use mount.")
        return 1 if call.is_busybox else 32
    await call.complain(f"{target}: permission denied.")
    return 32


async def umount(call: Call) -> int:
    options = call.options("alrfnd:t:iv", {"all": "a", "lazy": "l", "force": "f"})
    if not options.operands and not options.has("a"):
        raise Misuse
    for path in options.operands:
        known = any(one.path == path.rstrip("/") for one in call.process.files.mounts())
        if call.is_busybox:
            await call.complain(f"can't unmount {path}: {'Operation not permitted' if known else 'Invalid argument'}")
        else:
            await call.complain(f"{path}: {'must be superuser to unmount.' if known else 'not mounted.'}", 32)
    return call.failed


async def mountpoint(call: Call) -> int:
    options = call.options("qdxn", {"quiet": "q"}, maximum=1)
    if not options.operands:
        raise Misuse("" if call.is_busybox else "bad usage")
    path = options.operands[0]
    try:
        real = call.process.files.real_path(path)
    except OSError as error:
        if not options.has("q"):
            await call.complain_of(error, path)
        return 1
    if call.is_busybox and not call.process.files.is_directory(path):
        if not options.has("q"):
            await call.complain(f"{path}: Not a directory")
        return 1
    found = any(one.path == real for one in call.process.files.mounts())
    if not options.has("q"):
        await call.print(f"{path} is {'' if found else 'not '}a mountpoint\n")
    return 0 if found else 1 if call.is_busybox else 32


PROGRAMS: dict[str, Applet] = {"stat": stat, "du": du, "df": df, "mount": mount, "umount": umount, "mountpoint": mountpoint}
