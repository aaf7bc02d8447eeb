"""git clone from a few simulated repositories, and what one does after a clone: log, status, rev-parse, ls-remote.

DIFFERS: upstream fetches from anywhere; here a few well-known repositories exist, each with a little content of our own.
"""

import hashlib
from typing import Final

from orrery.node.programs.call import Applet, Call
from orrery.node.programs.disk.walking import parents
from orrery.node.programs.net.http import parse_url
from orrery.node.programs.reasons import reason

_REPOSITORIES: Final[dict[str, dict[str, str]]] = {
    "github.com/kubernetes/examples": {"README.md": "# Kubernetes Examples\n\nApplications to try in a cluster.\n", "guestbook/README.md": "# Guestbook\n"},
    "github.com/kubernetes/kubernetes": {"README.md": "# Kubernetes (K8s)\n\nRuns containers on many machines as on one.\n", "LICENSE": "Apache License 2.0\n"},
    "github.com/kubernetes/git-sync": {"README.md": "# git-sync\n"},
    "github.com/octocat/hello-world": {"README": "Hello World!\n"},
    "github.com/octocat/spoon-knife": {"README.md": "### Well hello there!\n", "index.html": "<h1>Fork me</h1>\n", "styles.css": "* { margin: 0 }\n"},
    "github.com/dockersamples/example-voting-app": {"README.md": "# Example Voting App\n", "vote/app.py": "print('vote')\n"},
    "github.com/nginxinc/docker-nginx": {"README.md": "# Docker Official Image for nginx\n"},
    "github.com/kodekloudhub/webapp-color": {"README.md": "# webapp-color\n", "app.py": "# See simple-webapp-color.\n", "Dockerfile": "FROM python:3.6\n"},
    "github.com/docker-library/hello-world": {"README.md": "# hello-world\n", "hello.c": "int main(void) { return 0; }\n"},
}  # fmt: skip


def _commit(name: str) -> str:
    return hashlib.sha1(name.encode(), usedforsecurity=False).hexdigest()


async def git(call: Call) -> int:
    words = list(call.arguments)
    directory = ""
    while words[:1] and words[0].startswith("-"):
        word = words.pop(0)
        if word == "--version":
            await call.print("git version 2.47.3\n")
            return 0
        if word in ("-C", "-c") and words:
            value = words.pop(0)
            directory = value if word == "-C" else directory
    if not words:
        await call.print("usage: git [-v | --version] [-h | --help] [-C <path>] [-c <name>=<value>]\n           <command> [<args>]\n")
        return 1
    if directory:
        call.process.change_directory(directory)
    command = words.pop(0)
    if command == "clone":
        return await _clone(call, words)
    if command == "ls-remote":
        return await _ls_remote(call, words)
    if command == "config" or command == "init":
        return 0
    return await _inside(call, command, words)


async def _find(call: Call, address: str) -> tuple[str, dict[str, str]] | None:
    """The repository; None after saying why there is none."""
    url = parse_url(address)
    if url is None:
        await call.process.complain(f"fatal: repository '{address}' does not exist")
        return None
    name = f"{url.host}{url.target.removesuffix('/').removesuffix('.git')}".lower()
    if name in _REPOSITORIES:
        return name, _REPOSITORIES[name]
    if any(known.startswith(url.host.lower() + "/") for known in _REPOSITORIES):
        await call.process.complain(f"remote: Repository not found.\nfatal: repository '{address.rstrip('/')}/' not found")
        return None
    found = await call.process.network.resolve(url.host)
    why = (
        f"Could not resolve host: {url.host}"
        if not found
        else f"Failed to connect to {url.host} port {url.port}: Couldn't connect to server"
    )
    await call.process.complain(f"fatal: unable to access '{address.rstrip('/')}/': {why}")
    return None


async def _clone(call: Call, words: list[str]) -> int:
    operands: list[str] = []
    quiet = False
    while words:
        word = words.pop(0)
        if word in ("-b", "--branch", "--depth", "-o", "--origin", "-c", "--config", "-j", "--filter") and words:
            words.pop(0)
        elif word in ("-q", "--quiet"):
            quiet = True
        elif not word.startswith("-"):
            operands.append(word)
    if not operands:
        await call.process.complain("fatal: You must specify a repository to clone.")
        return 129
    address = operands[0]
    target = operands[1] if len(operands) > 1 else address.rstrip("/").rpartition("/")[2].removesuffix(".git")
    files = call.process.files
    if files.exists(target) and (not files.is_directory(target) or files.list(target)):
        await call.process.complain(f"fatal: destination path '{target}' already exists and is not an empty directory.")
        return 128
    if not quiet:
        await call.process.complain(f"Cloning into '{target}'...")
    repository = await _find(call, address)
    if repository is None:
        return 128
    name, content = repository
    await call.process.sleep(0.3)
    try:
        _write(call, target, name, content)
    except OSError as error:
        await call.process.complain(f"fatal: could not create work tree dir '{target}': {reason(error)}")
        return 128
    return 0


def _write(call: Call, target: str, name: str, content: dict[str, str]) -> None:
    files = call.process.files
    commit = _commit(name)
    inside = {".git/HEAD": "ref: refs/heads/master\n", ".git/refs/heads/master": commit + "\n", ".git/description": name + "\n",
              ".git/config": f'[remote "origin"]\n\turl = https://{name}\n'}  # fmt: skip
    for path, text in {**inside, **content}.items():
        full = f"{target}/{path}"
        for folder in list(parents(full))[:-1]:
            if not files.exists(folder):
                files.make_directory(folder)
        files.write(full, text.encode())


async def _ls_remote(call: Call, words: list[str]) -> int:
    operands = [word for word in words if not word.startswith("-")]
    if not operands:
        await call.process.complain("fatal: No remote configured to list refs from.")
        return 128
    repository = await _find(call, operands[0])
    if repository is None:
        return 128
    commit = _commit(repository[0])
    await call.print(f"{commit}\tHEAD\n{commit}\trefs/heads/master\n")
    return 0


async def _inside(call: Call, command: str, words: list[str]) -> int:
    try:
        name = call.process.files.read(".git/description").decode().strip()
    except OSError:
        await call.process.complain("fatal: not a git repository (or any of the parent directories): .git")
        return 128
    commit = _commit(name)
    if command == "rev-parse":
        await call.print((commit[:7] if "--short" in words else commit) + "\n")
    elif command == "log":
        if "--oneline" in words:
            await call.print(f"{commit[:7]} Initial commit\n")
        else:
            await call.print(
                f"commit {commit}\nAuthor: Orrery <orrery@example.com>\nDate:   Thu Jan 1 00:00:00 2026 +0000\n\n    Initial commit\n"
            )
    elif command == "status":
        await call.print("On branch master\nYour branch is up to date with 'origin/master'.\n\nnothing to commit, working tree clean\n")
    elif command == "branch":
        await call.print("* master\n")
    elif command in ("pull", "fetch"):
        await call.print("Already up to date.\n" if command == "pull" else "")
    elif command == "remote":
        await call.print(f"origin\thttps://{name} (fetch)\norigin\thttps://{name} (push)\n" if "-v" in words else "origin\n")
    else:
        await call.process.complain(f"git: '{command}' is not simulated by Orrery")
        return 126
    return 0


PROGRAMS: dict[str, Applet] = {"git": git}
