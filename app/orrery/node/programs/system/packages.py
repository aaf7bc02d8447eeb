"""apt-get, apt and apk: they install what `package_lists.py` offers, by writing its programs into the container.

DIFFERS: upstream fetches from the distribution's mirrors; the lists here are short, packages come without others that they need, and
yum and dnf find no mirror.
"""

import os
from collections.abc import Sequence
from typing import Final

from orrery.node.processes.execution import binary
from orrery.node.programs.call import Applet, Call
from orrery.node.programs.reasons import reason
from orrery.node.programs.system.package_lists import PACKAGES, Package

_LISTS: Final = "/var/lib/apt/lists"
_DEBIAN: Final = "http://deb.debian.org/debian"
_UBUNTU: Final = "http://archive.ubuntu.com/ubuntu"
_READING: Final = ("Reading package lists...", "Building dependency tree...", "Reading state information...")
_REFUSED: Final = 100
_NOTHING: Final = "0 upgraded, 0 newly installed, 0 to remove and 0 not upgraded.\n"
_SBIN: Final = frozenset({"ip", "ifconfig", "route", "arp", "sysctl", "iptables", "nginx", "tcpdump"})
_PARTS: Final = (("", " [140 kB]"), ("-updates", " [47.3 kB]"), ("-security", " [43.4 kB]"))


def _release(call: Call) -> dict[str, str]:
    try:
        text = call.process.files.read("/etc/os-release").decode()
    except OSError:
        return {}
    return {name: value.strip('"') for name, _, value in (line.partition("=") for line in text.splitlines())}


def _plant(call: Call, package: Package) -> None:
    for name in package.programs:
        path = f"/usr/{'sbin' if name in _SBIN else 'bin'}/{name}"
        if call.process.files.exists(path):  # It may be a link to all of busybox.
            call.process.files.remove(path)
        call.process.files.write(path, binary(name), mode=0o777)


def _has(call: Call, package: Package) -> bool:
    return bool(package.programs) and all(call.process.find_program(name) is not None for name in package.programs)


async def apt(call: Call) -> int:
    words = [word for word in call.arguments if not word.startswith("-")]
    command = words[0] if words else ""
    if call.name == "apt" and not call.process.stdout.is_terminal:
        await call.process.complain("\nWARNING: apt does not have a stable CLI interface. Use with caution in scripts.\n")
    if command in ("update", "install", "upgrade", "full-upgrade", "dist-upgrade", "remove", "purge", "autoremove") and call.process.uid:
        await call.process.complain(
            "E: Could not open lock file /var/lib/dpkg/lock-frontend - open (13: Permission denied)\n"
            "E: Unable to acquire the dpkg frontend lock (/var/lib/dpkg/lock-frontend), are you root?"
        )
        return _REFUSED
    try:
        if command == "update":
            return await _update(call)
        if command in ("install", "reinstall"):
            return await _install(call, words[1:])
    except OSError as error:
        await call.process.complain(f"E: List directory {_LISTS}/partial is missing. - Acquire ({error.errno}: {reason(error)})")
        return _REFUSED
    if command in ("upgrade", "full-upgrade", "dist-upgrade", "remove", "purge", "autoremove"):
        await _read_lists(call)
        await call.print(_NOTHING)
    elif command not in ("clean", "autoclean"):
        await call.print("apt 3.0.3 (amd64)\n")
    return 0


async def _read_lists(call: Call) -> None:
    end = " Done\n" if call.process.stdout.is_terminal else "\n"
    await call.print("".join(f"{line}{end}" for line in _READING))


def _mirror(call: Call) -> tuple[str, str]:
    """Where packages come from, and the suite."""
    facts = _release(call)
    return _UBUNTU if facts.get("ID") == "ubuntu" else _DEBIAN, facts.get("VERSION_CODENAME", "trixie")


async def _update(call: Call) -> int:
    mirror, suite = _mirror(call)
    is_ubuntu = mirror == _UBUNTU
    parts = [*_PARTS, ("-backports", " [126 kB]")] if is_ubuntu else list(_PARTS)
    sources = [(mirror if is_ubuntu or part != "-security" else f"{mirror}-security", f"{suite}{part}", size) for part, size in parts]
    lines = [f"{where} {name} InRelease{size}" for where, name, size in sources]
    lines += [f"{where} {name}/main amd64 Packages{size}" for where, name, size in sources]
    for folder in ("/var/lib/apt", _LISTS):
        if not call.process.files.exists(folder):
            call.process.files.make_directory(folder, 0o755)
    call.process.files.write(f"{_LISTS}/{suite}_main_binary-amd64_Packages", b"")
    await call.print("".join(f"Get:{number} {line}\n" for number, line in enumerate(lines, 1)))
    await call.print(f"Fetched 9978 kB in 1s (9113 kB/s)\n{_READING[0]}{' Done' if call.process.stdout.is_terminal else ''}\n")
    return 0


async def _install(call: Call, names: Sequence[str]) -> int:
    await _read_lists(call)
    is_updated = call.process.files.exists(_LISTS) and any(name.endswith("_Packages") for name in call.process.files.list(_LISTS))
    plain = [name.partition("=")[0] for name in names]
    found = [package for name in plain if (package := PACKAGES.get(name)) is not None]
    missing = [name for name in plain if name not in PACKAGES or (not is_updated and not _has(call, PACKAGES[name]))]
    if missing:
        await call.process.complain("\n".join(f"E: Unable to locate package {name}" for name in missing))
        return _REFUSED
    new = [package for package in found if not _has(call, package)]
    for package in found:
        if package not in new:
            await call.print(f"{package.name} is already the newest version ({package.version}).\n")
    if not new:
        await call.print(_NOTHING)
        return 0
    size = sum(package.kilobytes for package in new)
    await call.print(f"The following NEW packages will be installed:\n  {' '.join(package.name for package in new)}\n")
    await call.print(f"0 upgraded, {len(new)} newly installed, 0 to remove and 0 not upgraded.\nNeed to get {size} kB of archives.\n")
    await call.print(f"After this operation, {size * 2} kB of additional disk space will be used.\n")
    await _unpack(call, new, size)
    return 0


async def _unpack(call: Call, new: Sequence[Package], size: int) -> None:
    where = f"{' '.join(_mirror(call))}/main amd64"
    text = "".join(f"Get:{number} {where} {one.name} amd64 {one.version} [{one.kilobytes} kB]\n" for number, one in enumerate(new, 1))
    await call.print(text)
    await call.process.complain("debconf: delaying package configuration, since apt-utils is not installed")
    await call.print(f"Fetched {size} kB in 0s ({size * 8} kB/s)\n")
    for number, one in enumerate(new):
        count = "(Reading database ... 4939 files and directories currently installed.)\n" if number == 0 else ""
        await call.print(
            f"Selecting previously unselected package {one.name}.\n{count}Preparing to unpack .../{one.name}_{one.version}_amd64.deb ...\n"
            f"Unpacking {one.name} ({one.version}) ...\n"
        )
        _plant(call, one)
    await call.print("".join(f"Setting up {one.name} ({one.version}) ...\n" for one in new))


async def apk(call: Call) -> int:
    words = [word for word in call.arguments if not word.startswith("-")]
    command = words[0] if words else ""
    if command not in ("update", "add", "upgrade", "del", "info", "version", "stats"):
        await call.print("apk-tools 2.14.9, compiled for x86_64.\n")
        return 1
    if command in ("info", "version", "stats"):
        return 0
    if not call.process.files.access("/etc/apk", os.W_OK):
        why = "Permission denied" if call.process.uid else "Read-only file system"
        await call.process.complain(f"ERROR: Unable to lock database: {why}\nERROR: Failed to open apk database: {why}")
        return 99
    branch = ".".join(_release(call).get("VERSION_ID", "3.23").split(".")[:2])
    index = f"https://dl-cdn.alpinelinux.org/alpine/v{branch}"
    if command != "del" and not {"-q", "--quiet"} & set(call.arguments):
        await call.print("".join(f"fetch {index}/{part}/x86_64/APKINDEX.tar.gz\n" for part in ("main", "community")))
    if command == "update":
        await call.print(f"v{branch}.0 [{index}/main]\nv{branch}.0 [{index}/community]\nOK: 25394 distinct packages available\n")
        return 0
    return await _add(call, [word.partition("=")[0] for word in words[1:]]) if command == "add" else await _finish(call)


async def _add(call: Call, names: Sequence[str]) -> int:
    missing = [name for name in names if name not in PACKAGES]
    if missing:
        lines = "".join(f"  {name} (no such package):\n    required by: world[{name}]\n" for name in missing)
        await call.process.stderr.write(f"ERROR: unable to select packages:\n{lines}".encode())
        return len(missing)
    new = [PACKAGES[name] for name in names if not _has(call, PACKAGES[name])]
    for number, one in enumerate(new, 1):
        version = one.version.rpartition(":")[2].partition("-")[0].partition("+")[0]
        await call.print(f"({number}/{len(new)}) Installing {one.name} ({version}-r0)\n")
        _plant(call, one)
    if new:
        await call.print("Executing busybox-1.37.0-r30.trigger\n")
    return await _finish(call, len(new))


async def _finish(call: Call, more: int = 0) -> int:
    await call.print(f"OK: {8 + 2 * more} MiB in {16 + more} packages\n")
    return 0


PROGRAMS: dict[str, Applet] = {"apt": apt, "apt-get": apt, "apk": apk}
