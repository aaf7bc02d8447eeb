"""sysctl: kernel parameters out of /proc/sys, and into it where the container is privileged."""

from typing import Final

from orrery.node.programs.call import Applet, Call
from orrery.node.programs.faults import Misuse
from orrery.node.programs.reasons import reason

_ROOT: Final = "/proc/sys"
_PRIVILEGED: Final = "000001ffffffffff"


async def sysctl(call: Call) -> int:
    options = call.options("neaAqwpNb", {"all": "a", "values": "n", "names": "N", "ignore": "e", "quiet": "q", "write": "w", "load": "p"})
    words = [_name(word) for word in options.operands]
    if options.has("a", "A"):
        words = _all(call, _ROOT)
    if not words:
        raise Misuse
    for word in words:
        name, is_set, value = word.partition("=")
        name = name.strip()
        if is_set:
            await _set(call, name, value.strip(), quiet=options.has("q"), bare=options.has("n"))
            continue
        try:
            text = call.process.files.read(_path(name)).decode().rstrip("\n")
        except OSError as error:
            if not options.has("e"):
                await _unknown(call, name, error)
            continue
        await call.print(f"{name}\n" if options.has("N") else f"{text}\n" if options.has("n") else f"{name} = {text}\n")
    return call.failed


async def _set(call: Call, name: str, value: str, *, quiet: bool, bare: bool) -> None:
    """Into the Pod's own parameters: they are the node's on a real machine, where they are not namespaced."""
    process = call.process
    if not process.files.exists(_path(name)):
        await _unknown(call, name, FileNotFoundError(2, ""))
    elif f"CapEff:\t{_PRIVILEGED}\n" in process.files.read("/proc/self/status").decode():
        process.network.parameters[name] = "\t".join(value.split())
        if not quiet:
            await call.print(f"{value}\n" if bare else f"{name} = {value}\n")
    else:
        call.failed = 1
        await process.complain(
            f"sysctl: error setting key '{name}': Read-only file system"
            if call.is_busybox
            else f'sysctl: cannot set "{name}": Read-only file system'
        )


async def _unknown(call: Call, name: str, error: OSError) -> None:
    call.failed = 1
    await call.process.complain(
        f"sysctl: error: '{name}' is an unknown key" if call.is_busybox else f"sysctl: cannot stat {_path(name)}: {reason(error)}"
    )


def _name(word: str) -> str:
    key, equals, value = word.partition("=")
    return key.replace("/", ".") + equals + value


def _path(name: str) -> str:
    return f"{_ROOT}/{name.replace('.', '/')}"


def _all(call: Call, folder: str) -> list[str]:
    found: list[str] = []
    for name in sorted(call.process.files.list(folder)):
        path = f"{folder}/{name}"
        found += _all(call, path) if call.process.files.is_directory(path) else [path[len(_ROOT) + 1 :].replace("/", ".")]
    return found


PROGRAMS: dict[str, Applet] = {"sysctl": sysctl}
