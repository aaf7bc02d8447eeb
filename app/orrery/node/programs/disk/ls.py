"""ls."""

import stat
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from orrery.node.processes.program import Stat
from orrery.node.programs.call import Applet, Call, encode
from orrery.node.programs.disk.modes import mode_text
from orrery.node.programs.disk.owners import group_names, user_names
from orrery.node.programs.disk.walking import join
from orrery.node.programs.faults import Misuse
from orrery.node.programs.options import Options
from orrery.node.programs.patterns.glob import matches_glob
from orrery.node.programs.quoting import shell_escaped
from orrery.node.programs.system.moments import format_moment
from orrery.node.programs.text.sort import version_key

_LONG: Final = {"all": "a", "almost-all": "A", "directory": "d", "human-readable": "h", "inode": "i", "reverse": "r", "recursive": "R",
                "size": "s", "numeric-uid-gid": "n", "classify": "F", "color": "color::", "group-directories-first": "gdf",
                "full-time": "full-time", "no-group": "G", "file-type": "p", "format": "format:", "sort": "sort:", "time-style": "ts:",
                "si": "h", "dereference": "L", "ignore": "I", "hide": "hide:", "ignore-backups": "B", "width": "w", "indicator-style": "is:",
                "quote-name": "Q", "escape": "b", "literal": "N", "kibibytes": "k", "hide-control-chars": "q"}  # fmt: skip
_SORTS: Final = {"none": "", "time": "t", "size": "S", "extension": "X", "version": "v", "width": "width"}
_HALF_YEAR_S: Final = 15_778_476


@dataclass(slots=True)
class _Entry:
    name: str
    about: Stat
    target: str
    """Where a link points."""


async def ls(call: Call) -> int:
    options = call.options("1AaCxdLHRFplinshrSXvctukgQw:T:" if call.is_busybox else "1AaCxdLHRFplinshrSXvctugkGmQNbqUfotw:T:I:ZB", _LONG)
    _check_words(options)
    terminal = call.process.stdout.is_terminal
    listing = _Listing(call, options, terminal=terminal)
    operands = options.operands or ["."]
    files: list[_Entry] = []
    directories: list[str] = []
    for path in operands:
        try:
            about = listing.stat(path, follow=not (options.has("l", "d", "i", "F") and not options.has("L", "H")))
        except OSError as error:
            await call.complain_of(error, path, debian="cannot access '{}'", code=1 if call.is_busybox else 2)
            continue
        if stat.S_ISDIR(about.mode) and not options.has("d"):
            directories.append(path)
        else:
            files.append(_Entry(path, about, listing.target(path, about)))
    if files:
        await call.print(listing.text(listing.sort(files), total=False))
    await _list_directories(call, options, listing, directories, titled=len(operands) > 1 or options.has("R"), follows=bool(files))
    return call.failed


async def _list_directories(
    call: Call, options: Options, listing: "_Listing", directories: list[str], *, titled: bool, follows: bool
) -> None:
    if len(directories) > 1 and not options.has("f", "U"):
        directories = [entry.name for entry in listing.sort([_Entry(path, listing.stat(path), "") for path in directories])]
    pending = list(reversed(directories))
    while pending:
        path = pending.pop()
        try:
            entries = listing.entries(path)
        except OSError as error:
            words = "can't open '{}'" if call.is_busybox else "cannot open directory '{}'"
            await call.complain_of(error, path, busybox=words, debian=words, code=1 if call.is_busybox else 2)
            continue
        title = f"{path}:\n" if titled else ""
        await call.print(("\n" if follows else "") + title + listing.text(entries, total=True))
        follows = True
        if options.has("R"):
            below = [join(path, entry.name) for entry in entries if stat.S_ISDIR(entry.about.mode) and entry.name not in (".", "..")]
            pending += reversed(below)
        await call.process.tick(len(entries))


class _Listing:
    """How entries are chosen, sorted and shown."""

    def __init__(self, call: Call, options: Options, *, terminal: bool) -> None:
        self._call = call
        self._options = options
        self._is_long = options.has("l", "n", "g", "o", "full-time") and options.last("l1nCxgo") not in ("C", "x")
        self._is_busybox = call.is_busybox
        columns = options.last("1Cxm") or ("C" if terminal else "1")
        self._columns = "1" if self._is_long else columns
        self._is_colored = False
        control = call.process.terminal() if terminal else None
        width = options.value("w")
        self._width = int(width) if width and width.isdigit() else control.size[0] if control else 80
        self._users = user_names(call) if self._is_long and not options.has("n") else {}
        self._groups = group_names(call) if self._is_long and not options.has("n") else {}
        self._colors = self._shows_colors(terminal=terminal)
        self._quotes = _quoting(call, options, terminal=terminal)
        self._hidden = [
            *options.values("I"),
            *(() if options.has("a", "A") else options.values("hide")),
            *(["*~"] if options.has("B") else []),
        ]

    def _shows_colors(self, *, terminal: bool) -> bool:
        """busybox has colours at a terminal unless told otherwise; GNU's has none without a terminal's name."""
        environment = self._call.process.environment
        color = self._options.value("color")
        if self._is_busybox:
            if color is None:
                return terminal and environment.get("TERM") != "dumb" and environment.get("LS_COLORS", "x") not in ("", "none")
            return color in ("always", "") or (color in ("auto", "tty", "if-tty") and terminal)
        wanted = color in ("always", "yes", "force", "") or (color in ("auto", "tty", "if-tty") and terminal)
        return wanted and ("LS_COLORS" in environment or environment.get("TERM", "dumb") != "dumb")

    def stat(self, path: str, *, follow: bool = False) -> Stat:
        files = self._call.process.files
        if follow or self._options.has("L"):
            try:
                return files.stat(path)
            except FileNotFoundError:
                return files.stat(path, follow=False)
        return files.stat(path, follow=False)

    def target(self, path: str, about: Stat) -> str:
        return self._call.process.files.read_link(path) if self._is_long and stat.S_ISLNK(about.mode) else ""

    def entries(self, path: str) -> list[_Entry]:
        names = list(self._call.process.files.list(path))
        options = self._options
        if not options.has("a", "A", "f"):
            names = [name for name in names if not name.startswith(".")]
        if self._hidden:
            names = [name for name in names if not any(matches_glob(pattern, name) for pattern in self._hidden)]
        if options.has("a", "f") and not (options.has("A") and options.last("aA") == "A"):
            names = [".", "..", *names]
        entries: list[_Entry] = []
        for name in names:
            full = join(path, name)
            try:
                about = self.stat(full)
                entries.append(_Entry(name, about, self.target(full, about)))
            except OSError:
                continue
        return self.sort(entries)

    def sort(self, entries: list[_Entry]) -> list[_Entry]:
        options = self._options
        if options.has("f", "U") or options.value("sort") == "none":
            return entries
        entries.sort(key=lambda entry: entry.name.encode("utf-8", "surrogateescape"))
        kind = options.last("tSXv") or _SORTS.get(options.value("sort") or "", "")
        if kind == "t":
            entries.sort(key=lambda entry: -entry.about.modified_s)
        elif kind == "S":
            entries.sort(key=lambda entry: -entry.about.size)
        elif kind == "X":
            entries.sort(key=lambda entry: entry.name.rpartition(".")[2] if "." in entry.name else "")
        elif kind == "v":
            entries.sort(key=lambda entry: version_key(encode(entry.name)))
        elif kind == "width":
            entries.sort(key=lambda entry: len(entry.name))
        if options.has("r"):
            entries.reverse()
        if options.has("gdf"):
            entries.sort(key=lambda entry: not stat.S_ISDIR(entry.about.mode))
        return entries

    def text(self, entries: list[_Entry], *, total: bool) -> str:
        if self._is_long:
            return self._long(entries, total=total)
        header = (
            f"total {self._size(sum(_blocks(entry.about) for entry in entries) * 1024, blocks=True)}\n"
            if total and self._options.has("s")
            else ""
        )
        names = [self._prefix(entry) + self._shown(entry) for entry in entries]
        if self._columns == "m":
            return header + ", ".join(names) + "\n"
        if self._columns == "1":
            return header + "".join(name + "\n" for name in names)
        widths = [len(self._prefix(entry)) + len(self._quotes(entry.name)) + len(self._mark(entry)) for entry in entries]
        return header + (self._in_equal_columns(names, widths) if self._is_busybox else self._in_columns(names, widths))

    def _in_equal_columns(self, names: list[str], widths: list[int]) -> str:
        """busybox's columns are as wide as the widest name."""
        width = max(widths, default=0) + 2
        columns = max(self._width // width, 1)
        rows = -(-len(names) // columns)
        lines: list[str] = []
        for row in range(rows):
            picked = range(row * columns, min((row + 1) * columns, len(names))) if self._columns == "x" else range(row, len(names), rows)
            cells = [names[index] + " " * (width - widths[index]) for index in picked[:-1]]
            lines.append("".join(cells) + names[picked[-1]] + "\n")
        return "".join(lines)

    def _in_columns(self, names: list[str], widths: list[int]) -> str:
        if not names:
            return ""
        rows = 1
        while True:
            columns = -(-len(names) // rows)
            spans = [max(widths[index] for index in range(column * rows, min((column + 1) * rows, len(names)))) for column in range(columns)
                     if column * rows < len(names)]  # fmt: skip
            if sum(spans) + 2 * (len(spans) - 1) < self._width or rows >= len(names):
                break
            rows += 1
        lines: list[str] = []
        for row in range(rows):
            cells: list[str] = []
            picked = list(range(row, len(names), rows))
            for place, index in enumerate(picked):
                last = place == len(picked) - 1
                cells.append(names[index] + ("" if last else " " * (spans[place] + 2 - widths[index])))
            lines.append("".join(cells) + "\n")
        return "".join(lines)

    def _prefix(self, entry: _Entry) -> str:
        inode = f"{entry.about.inode:7} " if self._is_busybox else f"{entry.about.inode} "
        blocks = f"{self._size(_blocks(entry.about) * 1024, blocks=True):>{6 if self._is_busybox else 4}} "
        return (
            (inode if self._options.has("i") else "")
            + (blocks if self._options.has("s") else "")
            + ("? " if self._options.has("Z") else "")
        )

    def _mark(self, entry: _Entry) -> str:
        style = self._options.value("is")
        classifies = self._options.has("F") or style == "classify"
        if not classifies and not self._options.has("p") and style not in ("slash", "file-type"):
            return ""
        mode = entry.about.mode
        if stat.S_ISDIR(mode):
            return "/"
        if not classifies and style != "file-type":
            return ""
        if stat.S_ISLNK(mode):
            return "" if self._is_long else "@"
        return "|" if stat.S_ISFIFO(mode) else "=" if stat.S_ISSOCK(mode) else "*" if mode & 0o111 and classifies else ""

    def _shown(self, entry: _Entry) -> str:
        name = self._quotes(entry.name)
        if not self._colors:
            return name + self._mark(entry)
        if self._is_busybox:
            return _busybox_colored(name, entry.about.mode) + self._mark(entry)
        code = _color(entry.about.mode)
        if not code:
            return name + self._mark(entry)
        first, self._is_colored = "" if self._is_colored else "\x1b[0m", True
        return f"{first}\x1b[{code}m{name}\x1b[0m" + self._mark(entry)

    def _size(self, size: int, *, blocks: bool = False) -> str:
        if self._options.has("h"):
            return human(size, busybox=self._is_busybox)
        return str(size // 1024 if blocks else size)

    def _long(self, entries: list[_Entry], *, total: bool) -> str:
        rows = [self._row(entry) for entry in entries]
        header = f"total {self._size(sum(_blocks(entry.about) for entry in entries) * 1024, blocks=True)}\n" if total else ""
        if self._is_busybox:
            lines = [f"{r[0]}{r[1]} {r[2]:>4} {r[3]:<8} {r[4]:<8} {r[5]:>9} {r[6]} {r[7]}\n" for r in rows]
            return header + "".join(lines)
        widths = [max((len(row[column]) for row in rows), default=0) for column in range(6)]
        hides_group, hides_owner = self._options.has("o", "G"), self._options.has("g")
        lines = []
        for r in rows:
            owner = "" if hides_owner else f"{r[3]:<{widths[3]}} "
            group = "" if hides_group else f"{r[4]:<{widths[4]}} "
            lines.append(f"{r[0]}{r[1]} {r[2]:>{widths[2]}} {owner}{group}{r[5]:>{widths[5]}} {r[6]} {r[7]}\n")
        return header + "".join(lines)

    def _row(self, entry: _Entry) -> list[str]:
        about = entry.about
        is_device = stat.S_ISCHR(about.mode) or stat.S_ISBLK(about.mode)
        size = f"{about.special[0]}, {about.special[1]:>3}" if is_device else self._size(about.size)
        arrow = f" -> {entry.target}" if entry.target else ""
        return [
            self._prefix(entry),
            mode_text(about.mode),
            str(about.links),
            self._users.get(about.uid, str(about.uid)),
            self._groups.get(about.gid, str(about.gid)),
            size,
            self._time(about.modified_s),
            self._shown(entry) + arrow,
        ]

    def _time(self, seconds: float) -> str:
        if self._options.has("full-time"):
            return format_moment("%Y-%m-%d %H:%M:%S +0000" if self._is_busybox else "%Y-%m-%d %H:%M:%S.%N +0000", seconds)
        if self._options.value("ts") == "long-iso":
            return format_moment("%Y-%m-%d %H:%M", seconds)
        is_recent = 0 <= self._call.process.clock.now_s() + 60 - seconds < _HALF_YEAR_S
        return format_moment("%b %e %H:%M" if is_recent else "%b %e  %Y", seconds)


def _blocks(about: Stat) -> int:
    """Kilobytes on the disk, in blocks of 4. A directory in memory has none."""
    if stat.S_ISDIR(about.mode):
        return about.size // 4096 * 4
    return 0 if not stat.S_ISREG(about.mode) else -(-about.size // 4096) * 4


def human(size: int, *, busybox: bool) -> str:
    """`1.5K`, `12M`: coreutils round up, busybox rounds to the nearest."""
    if size < 1024:
        return str(size)
    value = float(size)
    for unit in "KMGTP":
        value /= 1024
        if value < 1024 or unit == "P":
            break
    if value < 10 and busybox:
        return f"{value:.1f}{unit}"
    if busybox:
        return f"{value:.1f}{unit}"
    tenths = -int(-value * 10 // 1)
    return f"{tenths / 10:.1f}{unit}" if tenths < 100 else f"{-int(-value // 1)}{unit}"


_BUSYBOX_COLORS: Final = {stat.S_IFDIR: "1;34", stat.S_IFLNK: "1;36", stat.S_IFIFO: "0;35", stat.S_IFCHR: "1;35", stat.S_IFBLK: "1;35",
                          stat.S_IFSOCK: "1;35"}  # fmt: skip
_COLORS: Final = {stat.S_IFLNK: "01;36", stat.S_IFIFO: "33", stat.S_IFCHR: "01", stat.S_IFBLK: "01", stat.S_IFSOCK: "01;35"}


def _busybox_colored(name: str, mode: int) -> str:
    code = _BUSYBOX_COLORS.get(stat.S_IFMT(mode)) or ("1;32" if mode & 0o111 else "0;0")
    return f"\x1b[{code}m{name}\x1b[m"


def _color(mode: int) -> str:
    """GNU's colours without LS_COLORS; empty for a plain file."""
    if stat.S_ISDIR(mode):
        shared, sticky = mode & 0o002, mode & 0o1000
        return "30;42" if shared and sticky else "34;42" if shared else "37;44" if sticky else "01;34"
    if stat.S_ISREG(mode):
        return "37;41" if mode & 0o4000 else "30;43" if mode & 0o2000 else "01;32" if mode & 0o111 else ""
    return _COLORS.get(stat.S_IFMT(mode), "")


def _quoting(call: Call, options: Options, *, terminal: bool) -> Callable[[str], str]:
    """How names are shown: in C's quotes, with its escapes, or, by GNU's ls at a terminal, so that a shell reads them."""
    style = options.last("QbNq")
    if style == "Q":
        return lambda name: '"' + _escaped(name).replace('"', '\\"') + '"'
    if style == "b":
        return lambda name: _escaped(name).replace(" ", "\\ ")
    if call.is_busybox or style or not terminal:
        return lambda name: name
    return shell_escaped


def _escaped(name: str) -> str:
    named = {"\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}
    return "".join(named.get(char) or (char if char.isprintable() else f"\\{ord(char):03o}") for char in name)


def _check_words(options: Options) -> None:
    sort = options.value("sort")
    if sort is not None and sort not in _SORTS:
        shown = "".join(f"\n  - '{word}'" for word in ("none", "time", "size", "extension", "version", "width"))
        raise Misuse(f"invalid argument '{sort}' for '--sort'\nValid arguments are:{shown}", 1)


PROGRAMS: dict[str, Applet] = {"ls": ls, "dir": ls, "vdir": ls}
