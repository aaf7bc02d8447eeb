"""rm, rmdir, unlink."""

import stat
from typing import Final

from orrery.node.programs.call import Applet, Call, decode
from orrery.node.programs.disk.modes import kind_text
from orrery.node.programs.disk.walking import base_name, directory_name, join
from orrery.node.programs.options import Options
from orrery.node.programs.reasons import reason

_LONG: Final = {
    "recursive": "r",
    "force": "f",
    "interactive": "i",
    "verbose": "v",
    "dir": "d",
    "no-preserve-root": "npr",
    "preserve-root": "pr",
}


async def rm(call: Call) -> int:
    options = call.options("rRfivdI", _LONG, minimum=0 if any("f" in word for word in call.arguments if word[:1] == "-") else 1)
    for path in options.operands:
        if base_name(path) in (".", "..") and (call.is_busybox or options.has("r", "R")):
            shown = path.rstrip("/")
            await call.complain(
                "can't remove '.' or '..'" if call.is_busybox else f"refusing to remove '.' or '..' directory: skipping '{shown}'"
            )
            continue
        if path.strip("/") == "" and path and not call.is_busybox and not options.has("npr"):
            await call.complain("it is dangerous to operate recursively on '/'")
            await call.complain("use --no-preserve-root to override this failsafe")
            continue
        await _remove(call, path, options)
    return call.failed


async def _remove(call: Call, path: str, options: Options) -> None:
    files = call.process.files
    await call.process.tick()
    try:
        about = files.stat(path, follow=False)
        if not stat.S_ISDIR(about.mode):
            kind = "" if call.is_busybox else kind_text(about.mode, about.size) + " "
            if options.last("if") == "i" and not await _asks(call, f"remove {kind}'{path}'? "):
                return
            files.remove(path)
            await _tell(call, options, path, is_directory=False)
            return
        if not options.has("r", "R"):
            if options.has("d"):
                files.remove_directory(path)
                return
            await call.complain(f"'{path}' is a directory" if call.is_busybox else f"cannot remove '{path}': Is a directory")
            return
        names = files.list(path)
        asks = options.last("if") == "i"
        if asks and (names or call.is_busybox) and not await _asks(call, f"descend into directory '{path}'? "):
            return
        for name in names:
            await _remove(call, join(path, name), options)
        if asks and not await _asks(call, f"remove directory '{path}'? "):
            return
        files.remove_directory(path)
        await _tell(call, options, path, is_directory=True)
    except (FileNotFoundError, NotADirectoryError) as error:
        if not options.has("f"):
            await _cannot(call, error, path)
    except OSError as error:
        await _cannot(call, error, path)


async def _cannot(call: Call, error: OSError, path: str) -> None:
    await call.complain_of(error, path, busybox="can't remove '{}'", debian="cannot remove '{}'")


async def _tell(call: Call, options: Options, path: str, *, is_directory: bool) -> None:
    if options.has("v"):
        await call.print(
            f"removed directory: '{path}'\n"
            if is_directory and call.is_busybox
            else f"removed directory '{path}'\n"
            if is_directory
            else f"removed '{path}'\n"
        )


async def _asks(call: Call, question: str) -> bool:
    await call.process.stderr.write(f"{call.name}: {question}".encode())
    return decode(await call.process.stdin.read(1024)).strip().lower().startswith("y")


async def rmdir(call: Call) -> int:
    options = call.options("pv", {"parents": "p", "verbose": "v", "ignore-fail-on-non-empty": "ignore"}, minimum=1)
    for operand in options.operands:
        path = operand
        while True:
            if options.has("v"):
                await call.print(f"rmdir: removing directory, '{path}'\n")
            try:
                call.process.files.remove_directory(path)
            except OSError as error:
                if options.has("ignore") and reason(error) == "Directory not empty":
                    break
                await call.complain_of(error, path, busybox="'{}'", debian="failed to remove '{}'")
                break
            path = directory_name(path)
            if not options.has("p") or path in (".", "/"):
                break
    return call.failed


async def unlink(call: Call) -> int:
    options = call.options("", minimum=1, maximum=1)
    path = options.operands[0]
    try:
        call.process.files.remove(path)
    except OSError as error:
        await call.complain_of(error, path, busybox="can't remove file '{}'", debian="cannot unlink '{}'")
    return call.failed


PROGRAMS: dict[str, Applet] = {"rm": rm, "rmdir": rmdir, "unlink": unlink}
