"""The servers and locations of nginx's configuration, and which of them a request is for."""

from dataclasses import dataclass, field
from typing import Final

from orrery.node.programs.call import encode
from orrery.node.programs.patterns.compile import PatternError, compile_pattern
from orrery.node.programs.servers.nginx_conf import Directive

_ROOT: Final = "/usr/share/nginx/html"


@dataclass(slots=True)
class Location:
    kind: str
    """Empty for a prefix, =, ~ or ~*."""
    path: str
    directives: list[Directive]

    def value(self, name: str) -> list[str] | None:
        return next((one.words for one in reversed(self.directives) if one.name == name), None)


@dataclass(slots=True)
class Server:
    ports: list[int] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    directives: list[Directive] = field(default_factory=list)
    locations: list[Location] = field(default_factory=list)

    def value(self, name: str) -> list[str] | None:
        return next((one.words for one in reversed(self.directives) if one.name == name), None)


def default_servers() -> list[Server]:
    return [
        Server(
            ports=[80],
            names=["localhost"],
            locations=[Location("", "/", [Directive("root", [_ROOT]), Directive("index", ["index.html", "index.htm"])])],
        )
    ]


def server_of(block: Directive) -> Server:
    server = Server(directives=block.block or [])
    for one in server.directives:
        if one.name == "listen" and one.words:
            port = one.words[0].rpartition(":")[2]
            if port.isdigit():
                server.ports.append(int(port))
        elif one.name == "server_name":
            server.names += one.words
        elif one.name == "location" and one.words:
            kind, path = (one.words[0], one.words[1]) if len(one.words) > 1 else ("", one.words[0])
            server.locations.append(Location("" if kind == "^~" else kind, path, one.block or []))
    server.ports = server.ports or [80]
    return server


def match_location(server: Server, path: str) -> Location | None:
    for location in server.locations:
        if location.kind == "=" and location.path == path:
            return location
    for location in server.locations:
        if location.kind in ("~", "~*"):
            try:
                pattern = compile_pattern(encode(location.path), extended=True, ignore_case=location.kind == "~*")
            except PatternError:
                continue
            if pattern.matches(encode(path)):
                return location
    prefixes = [location for location in server.locations if not location.kind and path.startswith(location.path)]
    return max(prefixes, key=lambda location: len(location.path), default=None)
