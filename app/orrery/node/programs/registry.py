"""Which programs there are. The kernel asks `find(name, family)`; a program's module is imported when it is first asked for.

`family` is `busybox`, `alpine` or `debian`, with the image's short name behind a colon where a program differs by image
(`debian:nginx`: docker-entrypoint.sh and the like). A module under this folder lists its programs in `PROGRAMS`.
"""

import importlib
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Final

from orrery.node.processes.program import Program
from orrery.node.programs.call import Applet, as_program
from orrery.node.programs.flavours import Flavour, parse_family

_MODULES: Final[Mapping[str, str]] = {
    "disk.change": "chmod chown chgrp sync",
    "disk.compress": "gzip gunzip zcat",
    "disk.copy": "cp mv install",
    "disk.dd": "dd",
    "disk.digests": "md5sum sha1sum sha224sum sha256sum sha384sum sha512sum cksum base64 base32",
    "disk.find": "find",
    "disk.ls": "ls dir vdir",
    "disk.make": "mkdir touch ln link mktemp mkfifo truncate",
    "disk.paths": "basename dirname readlink realpath pwd",
    "disk.remove": "rm rmdir unlink",
    "disk.stat": "stat du df mount umount mountpoint",
    "disk.tar": "tar",
    "disk.tree": "tree",
    "net.curl": "curl",
    "net.interfaces": "ip ifconfig route netstat ss traceroute arp",
    "net.dig": "dig host",
    "net.names": "nslookup ping ping6",
    "net.netcat": "nc telnet ncat netcat",
    "net.socat": "socat",
    "net.wget": "wget",
    "servers.apache": "httpd httpd-foreground apache2-foreground",
    "servers.agnhost": "agnhost",
    "servers.books": "kuard hello-go-gke",
    "servers.databases": "mysqld mariadbd mongod mysql mariadb mysqladmin psql pg_isready mongosh mongo",
    "servers.entrypoints": "docker-entrypoint.sh entrypoint.sh run.sh",
    "servers.echoes": "echo-server echoserver gunicorn go-httpbin podinfo podcli hello-kubernetes perl perl5",
    "servers.guestbook": "guestbook",
    "servers.memcached": "memcached",
    "servers.nginx": "nginx",
    "servers.postgres": "postgres",
    "servers.redis": "redis-server",
    "servers.redis_cli": "redis-cli",
    "servers.samples": "http-echo hello hello-app pause webapp.py log-agent kubernetes-bootcamp node-hello",
    "servers.stress": "stress vish-stress",
    "system.environment": "env printenv which hostname dnsdomainname uname arch nproc tty stty getent logger users who id whoami groups",
    "system.packages": "apt apt-get apk",
    "system.parameters": "sysctl",
    "net.git": "git",
    "system.refusals": (
        "python python2 python3 node npm npx yarn go gofmt java javac ruby php gcc cc g++ make cmake pip pip3 idle"
        " pydoc corepack yarnpkg dotnet cargo rustc sqlite3 openssl ssh scp ssh-keygen rsync docker crictl systemctl"
        " service journalctl su sudo adduser useradd groupadd addgroup passwd chroot crond sendmail dpkg apt-cache"
        " haproxy rabbitmq-server traefik catalina.sh flask kubectl helm redis-benchmark redis-sentinel mysqldump"
        " pg_dump gosu iperf strace gdb tcpdump ldd vi vim nano emacs ed less more yum dnf"
    ),
    "system.run": "xargs test [ busybox",
    "system.table": "ps kill killall pidof pgrep pkill free uptime top",
    "system.timing": "time",
    "system.wait": "sleep usleep timeout watch nohup nice ionice setsid stdbuf date",
    "shells": "sh ash dash bash",
    "text.awk.main": "awk mawk gawk",
    "text.bc": "bc",
    "text.cat": "cat tac rev nl tee",
    "text.compare": "diff cmp",
    "text.cut": "cut paste",
    "text.dump": "od hexdump hd xxd strings",
    "text.echo": "echo printf yes true false clear reset :",
    "text.grep": "grep egrep fgrep",
    "text.head": "head tail",
    "text.sed.run": "sed",
    "text.sequence": "seq expr factor",
    "text.shape": "fold expand unexpand split",
    "text.sort": "sort uniq comm shuf",
    "text.translate": "tr wc",
}
"""Module under this folder to the names of its programs."""

REFUSALS: Final = "system.refusals"
"""The home of programs that only say that they are not simulated."""
HOMES: Final[Mapping[str, str]] = {name: module for module, names in _MODULES.items() for name in names.split()}


_OF_IMAGE: Final[Mapping[str, Mapping[str, str]]] = {
    "whoami": {"whoami": "servers.samples:whoami"},
    "echoserver": {"run.sh": "servers.echoes:echoserver"},
    "echo-server": {"node": "servers.echoes:echo-server"},
    "hello-kubernetes": {"npm": "servers.echoes:hello-kubernetes", "node": "servers.echoes:hello-kubernetes"},
    "serve_hostname": {"serve_hostname": "servers.agnhost:serve_hostname"},
    "liveness": {"server": "servers.agnhost:liveness"},
    "gb-frontend": {"apache2-foreground": "servers.guestbook:guestbook"},
    "kubia": {"node": "servers.books:kubia"},
    "simpleservice": {"python": "servers.books:simple-service"},
    "kubernetes-bootcamp": {"node": "servers.samples:kubernetes-bootcamp"},
    "node-hello": {"node": "servers.samples:node-hello"},
    "simple-webapp": {"python": "servers.samples:webapp.py", "python3": "servers.samples:webapp.py"},
    "webapp-color": {"python": "servers.samples:webapp.py", "python3": "servers.samples:webapp.py"},
}
"""Images whose own program has the name of another one. A longer image name counts as the entry it begins with."""


_GNU_IN: Final[Mapping[str, frozenset[str]]] = {
    "agnhost": frozenset({"nslookup", "nc", "ip", "ss"}),
    "netshoot": frozenset({"nslookup", "nc", "ip", "ss", "ping", "traceroute", "netstat"}),
}
"""Alpine images that bring the full programs of these names in busybox's place."""


def own_programs_of(image: str) -> Mapping[str, str]:
    """The programs an image has in place of others of their names."""
    return {name: home for known, programs in _OF_IMAGE.items() if image.startswith(known) for name, home in programs.items()}


def _own(name: str, image: str) -> str | None:
    for known, programs in _OF_IMAGE.items():
        if image.startswith(known) and name in programs:
            return programs[name]
    return None


@lru_cache(maxsize=4096)
def find(name: str, family: str = "debian") -> Program | None:
    """The program of that name (without directories) in images of that family."""
    parsed = parse_family(family)
    own = _own(name, parsed.image)
    applet = find_applet(name) if own is None else _load(*own.split(":"))
    if name in _GNU_IN.get(parsed.image, ()):
        parsed = replace(parsed, flavour=Flavour.DEBIAN)
    return None if applet is None else as_program(applet, parsed, name)


def find_applet(name: str) -> Applet | None:
    """The same without a family: for programs that call one another in the same process."""
    home = HOMES.get(name)
    return None if home is None else _load(home, name)


def _load(home: str, name: str) -> Applet:
    programs: Mapping[str, Applet] = importlib.import_module(f"orrery.node.programs.{home}").PROGRAMS
    return programs[name]
