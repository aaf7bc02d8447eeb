"""Programs that images have and that Orrery does not play: each says so, in its own words where it has some.

DIFFERS: upstream runs them; we end with a message on standard error and exit code 126 (yum and dnf find no mirror).
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
            await _cannot_page(call, path, error)
            continue
        await call.pump(stream, call.process.stdout)
        stream.close()
    return call.failed


async def _cannot_page(call: Call, path: str, error: OSError) -> None:
    """Without a terminal, Debian's less tells it where the text would be, and neither it nor more counts it as a failure."""
    if call.is_busybox:
        await call.complain(f"can't open '{path}': {reason(error)}")
    elif call.name == "less":
        await call.print(f"{path}: {reason(error)}\n")
    else:
        await call.process.complain(f"more: cannot open {path}: {reason(error)}")


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
    "yum": dnf,
    "dnf": dnf,
}
