"""Programs that images have and that Orrery does not play: each says so, in its own words where it has some.

DIFFERS: upstream runs them; we end with a message on standard error and exit code 126 (100 and more for package managers, as those do).
"""

from typing import Final

from orrery.node.programs.call import Applet, Call
from orrery.node.programs.reasons import reason
from orrery.node.programs.servers.folder import serve_folder
from orrery.node.programs.servers.versions import version_of

_INTERPRETERS: Final = frozenset({"python", "python3", "node", "ruby", "php"})
_IMAGES: Final = {"python": ("python", "3.14.2"), "python3": ("python", "3.14.2"), "node": ("node", "25.2.1"), "go": ("golang", "1.25.4")}
_VERSIONS: Final = {
    "python": "Python {}", "python3": "Python {}", "node": "v{}", "go": "go version go{} linux/amd64",
    "java": "openjdk 21.0.9 2025-10-21", "npm": "11.6.2", "pip": "pip 25.3 from /usr/local/lib/python3.13/site-packages/pip (python 3.13)",
    "ruby": "ruby 3.4.7", "php": "PHP 8.4.14 (cli)",
}  # fmt: skip


async def not_simulated(call: Call) -> int:
    words = call.arguments
    if call.name in _VERSIONS and words and words[0] in ("--version", "-V", "-v", "version", "-version"):
        image, newest = _IMAGES.get(call.name, ("", ""))
        await call.print(_VERSIONS[call.name].format(version_of(call, image, newest)) + "\n")
        return 0
    if call.name in _INTERPRETERS and not words and not call.process.stdin.is_terminal and not await call.process.stdin.read():
        return 0  # Nothing to do: it ends at the end of its input.
    if call.name in ("python", "python3") and words[:2] == ["-m", "http.server"]:
        return await serve_folder(call, words[2:])
    await call.process.complain(f"{call.name}: not simulated by Orrery")
    return 126


async def editor(call: Call) -> int:
    hint = "use `cat > FILE <<EOF`, sed -i, or kubectl cp"
    await call.process.complain(f"{call.name}: full-screen editors are not simulated by Orrery; {hint}")
    return 126


async def pager(call: Call) -> int:
    """less and more, which show everything when their output is no terminal."""
    for path in [word for word in call.arguments if not word.startswith("-")] or ["-"]:
        try:
            stream = call.open(path)
        except OSError as error:
            await call.process.complain(
                f"{path}: {reason(error)}" if not call.is_busybox else f"{call.name}: can't open '{path}': {reason(error)}"
            )
            call.failed = 1
            continue
        await call.pump(stream, call.process.stdout)
        stream.close()
    return call.failed


async def apt(call: Call) -> int:
    words = [word for word in call.arguments if not word.startswith("-")]
    command = words[0] if words else ""
    if command == "update":
        release = "trixie"
        for suite in (release, f"{release}-updates", f"{release}-security"):
            await call.print(f"Ign:1 http://deb.debian.org/debian {suite} InRelease\n")
            await call.print(f"Err:1 http://deb.debian.org/debian {suite} InRelease\n  Temporary failure resolving 'deb.debian.org'\n")
        await call.print("Reading package lists...\n")
        await call.process.complain(
            "W: Failed to fetch http://deb.debian.org/debian/dists/trixie/InRelease  Temporary failure resolving 'deb.debian.org'\n"
            "W: Some index files failed to download. They have been ignored, or old ones used instead."
        )
        return 0
    if command in ("install", "upgrade", "full-upgrade", "dist-upgrade", "remove", "purge", "autoremove"):
        if call.process.uid:
            await call.process.complain(
                "E: Could not open lock file /var/lib/dpkg/lock-frontend - open (13: Permission denied)\n"
                "E: Unable to acquire the dpkg frontend lock (/var/lib/dpkg/lock-frontend), are you root?"
            )
            return 100
        await call.print("Reading package lists...\nBuilding dependency tree...\nReading state information...\n")
        if command != "install":
            await call.print("0 upgraded, 0 newly installed, 0 to remove and 0 not upgraded.\n")
            return 0
        for name in words[1:]:
            await call.process.complain(f"E: Unable to locate package {name}")
        return 100 if words[1:] else 0
    await call.print("apt 3.0.3 (amd64)\n")
    return 0


async def apk(call: Call) -> int:
    words = [word for word in call.arguments if not word.startswith("-")]
    command = words[0] if words else ""
    index = "https://dl-cdn.alpinelinux.org/alpine/v3.22"
    if command in ("update", "add", "upgrade", "fetch", "search"):
        failed = 0
        for repository in ("main", "community"):
            await call.print(f"fetch {index}/{repository}/x86_64/APKINDEX.tar.gz\n")
            await call.process.complain(f"WARNING: fetching {index}/{repository}: temporary error (try again later)")
            failed += 1
        if command == "add" and words[1:]:
            lines = "".join(f"  {name} (no such package):\n    required by: world[{name}]\n" for name in words[1:])
            await call.process.stderr.write(f"ERROR: unable to select packages:\n{lines}".encode())
            return len(words) - 1
        await call.print(f"{failed} unavailable, 0 stale; 14 distinct packages available\n")
        return failed
    await call.print("apk-tools 2.14.9, compiled for x86_64.\n")
    return 0 if command in ("info", "version", "stats") else 1


async def dnf(call: Call) -> int:
    await call.process.complain(
        "Error: Failed to download metadata for repo 'baseos': Cannot prepare "
        "internal mirrorlist: Curl error (6): Could not resolve hostname"
    )
    return 1


_NAMES: Final = (
    "python python2 python3 node npm npx yarn go gofmt java javac ruby php gcc cc g++ make cmake pip pip3 idle pydoc corepack yarnpkg"
    " dotnet cargo rustc sqlite3 openssl "
    "ssh scp ssh-keygen rsync docker "
    "crictl systemctl service journalctl "
    "su sudo adduser useradd groupadd"
    " addgroup passwd chroot crond sendmail dpkg apt-cache haproxy rabbitmq-server traefik catalina.sh flask kubectl helm redis-benchmark"
    " redis-sentinel mysqldump pg_dump gosu iperf strace gdb tcpdump ldd"
)

PROGRAMS: dict[str, Applet] = {
    **dict.fromkeys(_NAMES.split(), not_simulated),
    **dict.fromkeys(("vi", "vim", "nano", "emacs", "ed"), editor),
    **dict.fromkeys(("less", "more"), pager),
    "apt": apt,
    "apt-get": apt,
    "apk": apk,
    "yum": dnf,
    "dnf": dnf,
}
