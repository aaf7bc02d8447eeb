"""Where nginx's words go and whom it passes requests on to: log files, the container's own log, groups of upstream servers."""

import os
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from orrery.node.processes.program import Network, OpenFile, Process
from orrery.node.programs.net.http import parse_url
from orrery.node.programs.servers.nginx_conf import ConfError, Directive

ACCESS_LOG: Final = "/var/log/nginx/access.log"
ERROR_LOG: Final = "/var/log/nginx/error.log"
_HTTP_PORT: Final = 80


@dataclass(slots=True)
class Outlets:
    """The logs of one nginx, by path. In an image the usual paths are links to the container's standard output and error."""

    process: Process
    _files: dict[str, OpenFile] = field(default_factory=dict)
    """Opened once, as nginx does: what is moved away is still written to."""

    def forget(self) -> None:
        """Open all of them anew."""
        for file in self._files.values():
            file.close()
        self._files.clear()

    def make(self, path: str) -> None:
        """Let the file be there from the start, as nginx opens its logs when it starts."""
        if path.startswith("/") and not path.startswith("/dev/"):
            with suppress(OSError):
                self._open(path)

    async def write(self, path: str, line: bytes) -> None:
        """Add a line. Without a folder for it the line goes where the image's links lead, as if they were there."""
        if path in ("stderr", "/dev/stderr"):
            await self.process.stderr.write(line)
            return
        try:
            file = self._open(path)
        except FileNotFoundError:
            await (self.process.stdout if path == ACCESS_LOG else self.process.stderr).write(line)
            return
        except OSError:
            return
        with suppress(OSError):
            await file.write(line)

    def _open(self, path: str) -> OpenFile:
        file = self._files.get(path)
        if file is None:
            file = self._files[path] = self.process.files.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        return file


@dataclass(slots=True)
class Upstreams:
    """Named groups of servers, asked in turn."""

    network: Network
    groups: dict[str, list[str]] = field(default_factory=dict)
    turns: dict[str, int] = field(default_factory=dict)

    def read(self, http: list[Directive]) -> None:
        blocks = [one for one in http if one.name == "upstream" and one.words]
        self.groups = {
            one.words[0]: [server.words[0] for server in one.block or [] if server.name == "server" and server.words] for one in blocks
        }

    async def check(self, directives: list[Directive]) -> None:
        """ConfError for a `proxy_pass` to a name that does not exist, as nginx finds when it starts."""
        for one in directives:
            url = parse_url(one.words[0]) if one.name == "proxy_pass" and one.words and "$" not in one.words[0] else None
            if url is None or url.host in self.groups:
                continue
            if not await self.network.resolve(url.host):
                raise ConfError(f'host not found in upstream "{url.host}" in {one.place}')

    def pick(self, host: str, port: int) -> tuple[str, int]:
        """Host and port to connect to: the next of the group of that name, else these."""
        servers = self.groups.get(host)
        if not servers:
            return host, port
        turn = self.turns[host] = self.turns.get(host, -1) + 1
        name, _, number = servers[turn % len(servers)].partition(":")
        return name, int(number) if number.isdigit() else _HTTP_PORT
