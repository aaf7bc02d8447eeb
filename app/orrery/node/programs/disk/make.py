"""mkdir, touch, ln, mktemp, mkfifo, truncate."""

import errno
import os
import stat
from typing import Final

from orrery.node.programs.call import Applet, Call
from orrery.node.programs.disk.modes import change_mode
from orrery.node.programs.disk.walking import base_name, join, parents
from orrery.node.programs.faults import Fault, Misuse
from orrery.node.programs.reasons import reason
from orrery.node.programs.system.moments import parse_moment
from orrery.node.programs.text.numbers import size_of

_LETTERS: Final = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"


async def mkdir(call: Call) -> int:
    options = call.options("m:pv" + "Z" * (not call.is_busybox), {"mode": "m", "parents": "p", "verbose": "v"}, minimum=1)
    mode: int | None = None
    if (text := options.value("m")) is not None:
        mode = change_mode(text, stat.S_IFDIR | 0o777, call.process.umask)
        if mode is None:
            raise Fault(f"invalid mode '{text}'")
    for path in options.operands:
        try:
            await _make(call, path, with_parents=options.has("p"), verbose=options.has("v"))
            if mode is not None:
                call.process.files.change_mode(path, mode)
        except OSError as error:
            shown = error.filename if options.has("p") and isinstance(error.filename, str) else path
            await call.complain_of(error, shown, busybox="can't create directory '{}'", debian="cannot create directory '{}'")
    return call.failed


async def _make(call: Call, path: str, *, with_parents: bool, verbose: bool) -> None:
    files = call.process.files
    for step in parents(path) if with_parents else [path]:
        if with_parents and files.exists(step):
            if files.is_directory(step):
                continue
            if step != path.rstrip("/"):
                raise NotADirectoryError(errno.ENOTDIR, "", step + "/" * call.is_busybox)
        files.make_directory(step)
        if verbose:
            shown = step + "/" * (step != path.rstrip("/"))
            await call.print(f"created directory: '{shown}'\n" if call.is_busybox else f"mkdir: created directory '{step}'\n")


async def touch(call: Call) -> int:
    long = {"no-create": "c", "date": "d", "reference": "r", "no-dereference": "h", "time": "time:"}
    options = call.options("camd:t:r:h", long)
    if not options.operands:
        raise Misuse("" if call.is_busybox else "missing file operand")
    files = call.process.files
    moment = call.process.clock.now_s()
    if (text := options.value("d")) is not None:
        parsed = parse_moment(text, moment)
        if parsed is None:
            raise Fault(f"invalid date '{text}'" if call.is_busybox else f"invalid date format '{text}'")
        moment = parsed
    if (text := options.value("t")) is not None:
        parsed = parse_moment(text, moment)
        if parsed is None:
            raise Fault(f"invalid date '{text}'" if call.is_busybox else f"invalid date format '{text}'")
        moment = parsed
    if (reference := options.value("r")) is not None:
        try:
            moment = files.stat(reference).modified_s
        except OSError as error:
            await call.complain_of(error, reference, busybox="can't stat '{}'", debian="failed to get attributes of '{}'")
            return 1
    for path in options.operands:
        try:
            if not files.exists(path):
                if options.has("c"):
                    continue
                files.open(path, os.O_WRONLY | os.O_CREAT).close()
            files.set_modified(path, moment)
        except OSError as error:
            await call.complain_of(error, path, debian="cannot touch '{}'")
    return call.failed


async def ln(call: Call) -> int:
    long = {"symbolic": "s", "force": "f", "no-dereference": "n", "verbose": "v", "relative": "r", "target-directory": "t",
            "no-target-directory": "T", "backup": "b"}  # fmt: skip
    options = call.options("sfnbvTS:" if call.is_busybox else "sfnbt:vrTS:", long)
    operands = options.operands
    if (folder := options.value("t")) is not None:
        operands = [*operands, folder]
    if not operands:
        raise Misuse("" if call.is_busybox else "missing file operand")
    if len(operands) == 1:
        operands = [operands[0], base_name(operands[0]) if call.is_busybox else "."]
    target = operands[-1]
    files = call.process.files
    stays = options.has("n", "T") and _is_link(call, target)
    into = files.is_directory(target) and not stays and not options.has("T")
    if len(operands) > 2 and not into and not call.is_busybox:
        why = "No such file or directory" if not files.exists(target) else "Not a directory"
        raise Fault(f"target '{target}': {why}")
    if call.is_busybox and options.has("T") and files.is_directory(target) and not stays:
        raise Fault(f"'{target}' is a directory")
    for source in operands[:-1]:
        path = join(target, base_name(source)) if into else target
        if options.has("b") and files.exists(path) and not files.is_directory(path):
            files.rename(path, path + (options.value("S") or "~"))
        await _link(call, source, path, symbolic=options.has("s"), force=options.has("f"), verbose=options.has("v"))
    return call.failed


def _is_link(call: Call, path: str) -> bool:
    try:
        return stat.S_ISLNK(call.process.files.stat(path, follow=False).mode)
    except OSError:
        return False


async def _link(call: Call, source: str, path: str, *, symbolic: bool, force: bool, verbose: bool) -> None:
    files = call.process.files
    try:
        if force and (files.exists(path) or _is_link(call, path)):
            files.remove(path)
        if symbolic:
            files.symlink(source, path)
        else:
            if files.is_directory(source) and not call.is_busybox:
                await call.complain(f"{source}: hard link not allowed for directory")
                return
            files.link(source, path)
    except OSError as error:
        if call.is_busybox:
            await call.complain_of(error, source if error.errno == errno.ENOENT and not symbolic else path)
        elif symbolic:
            await call.complain(f"failed to create symbolic link '{path}': {reason(error)}")
        elif error.errno == errno.ENOENT and not files.exists(source):
            await call.complain(f"failed to access '{source}': {reason(error)}")
        else:
            shown = f"'{path}'" if error.errno == errno.EEXIST else f"'{path}' => '{source}'"
            await call.complain(f"failed to create hard link {shown}: {reason(error)}")
        return
    if verbose:
        arrow = "->" if symbolic or call.is_busybox else "=>"
        await call.print(f"'{path}' {arrow} '{source}'\n")


async def link(call: Call) -> int:
    options = call.options("", minimum=2, maximum=2)
    source, path = options.operands
    try:
        call.process.files.link(source, path)
    except OSError as error:
        await call.complain(
            f"can't create hardlink '{path}' to '{source}': {reason(error)}"
            if call.is_busybox
            else f"cannot create link '{path}' to '{source}': {reason(error)}"
        )
    return call.failed


async def mktemp(call: Call) -> int:
    options = call.options("dqut:p:", {"directory": "d", "tmpdir": "p::", "dry-run": "u", "quiet": "q", "suffix": "suffix:"}, maximum=1)
    folder = options.value("p") or call.process.environment.get("TMPDIR") or "/tmp"
    template = options.operands[0] if options.operands else options.value("t") or "tmp.XXXXXX" + ("" if call.is_busybox else "XXXX")
    if not options.operands or options.has("p", "t"):
        template = join(folder, template)
    stem = template.rstrip("X")
    count = len(template) - len(stem)
    if count < 3 or (call.is_busybox and count < 6):
        raise Fault(": Invalid argument" if call.is_busybox else f"too few X's in template '{base_name(template)}'")
    random = call.process.clock.random
    for _ in range(100):
        path = stem + "".join(random.choices(_LETTERS, k=count)) + (options.value("suffix") or "")
        try:
            if options.has("u"):
                pass
            elif options.has("d"):
                call.process.files.make_directory(path, 0o700)
            else:
                call.process.files.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600).close()
        except FileExistsError:
            continue
        except OSError as error:
            what = "directory" if options.has("d") else "file"
            if options.has("q"):
                return 1
            raise Fault(
                f": {reason(error)}" if call.is_busybox else f"failed to create {what} via template '{template}': {reason(error)}"
            ) from None
        await call.print(path + "\n")
        return 0
    raise Fault("File exists")


async def mkfifo(call: Call) -> int:
    options = call.options("m:", {"mode": "m"}, minimum=1)
    mode = change_mode(options.value("m") or "666", 0o666, call.process.umask)
    if mode is None:
        raise Fault("invalid mode")
    for path in options.operands:
        try:
            call.process.files.make_fifo(path, mode)
        except OSError as error:
            await call.complain_of(error, path, debian="cannot create fifo '{}'")
    return call.failed


async def truncate(call: Call) -> int:
    options = call.options("cs:o", {"size": "s", "no-create": "c"})
    text = options.value("s")
    if text is None or not options.operands:
        raise Misuse(
            "" if call.is_busybox else "you must specify either '--size' or '--reference'" if text is None else "missing file operand"
        )
    size = size_of(text if call.is_busybox else text.lstrip("+-"))
    if size is None:
        raise Fault(f"invalid number '{text}'" if call.is_busybox else f"Invalid number: '{text}'")
    for path in options.operands:
        try:
            file = call.process.files.open(path, os.O_WRONLY | (0 if options.has("c") else os.O_CREAT))
        except OSError as error:
            if not (options.has("c") and isinstance(error, FileNotFoundError)):
                await call.complain_of(error, path, busybox="{}: open", debian="cannot open '{}' for writing")
            continue
        old = call.process.files.stat(path).size
        try:
            file.truncate(old + size if text[:1] == "+" else max(old - size, 0) if text[:1] == "-" else size)
        finally:
            file.close()
    return call.failed


PROGRAMS: dict[str, Applet] = {
    "mkdir": mkdir,
    "touch": touch,
    "ln": ln,
    "link": link,
    "mktemp": mktemp,
    "mkfifo": mkfifo,
    "truncate": truncate,
}
