"""Users and groups of the distributions' images."""

from collections.abc import Mapping
from typing import Final

_DEBIAN_PASSWD: Final = """root:x:0:0:root:/root:/bin/bash
daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin
bin:x:2:2:bin:/bin:/usr/sbin/nologin
sys:x:3:3:sys:/dev:/usr/sbin/nologin
sync:x:4:65534:sync:/bin:/bin/sync
games:x:5:60:games:/usr/games:/usr/sbin/nologin
man:x:6:12:man:/var/cache/man:/usr/sbin/nologin
lp:x:7:7:lp:/var/spool/lpd:/usr/sbin/nologin
mail:x:8:8:mail:/var/mail:/usr/sbin/nologin
news:x:9:9:news:/var/spool/news:/usr/sbin/nologin
uucp:x:10:10:uucp:/var/spool/uucp:/usr/sbin/nologin
proxy:x:13:13:proxy:/bin:/usr/sbin/nologin
www-data:x:33:33:www-data:/var/www:/usr/sbin/nologin
backup:x:34:34:backup:/var/backups:/usr/sbin/nologin
list:x:38:38:Mailing List Manager:/var/list:/usr/sbin/nologin
irc:x:39:39:ircd:/run/ircd:/usr/sbin/nologin
_apt:x:42:65534::/nonexistent:/usr/sbin/nologin
nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin
"""
_DEBIAN_GROUPS: Final = (
    "root:0 daemon:1 bin:2 sys:3 adm:4 tty:5 disk:6 lp:7 mail:8 news:9 uucp:10 man:12 proxy:13 kmem:15 dialout:20 fax:21 voice:22 "
    "cdrom:24 floppy:25 tape:26 sudo:27 audio:29 dip:30 www-data:33 backup:34 operator:37 list:38 irc:39 src:40 shadow:42 utmp:43 "
    "video:44 sasl:45 plugdev:46 staff:50 games:60 users:100 nogroup:65534"
)
_BUSYBOX_PASSWD: Final = """root:x:0:0:root:/root:/bin/sh
daemon:x:1:1:daemon:/usr/sbin:/bin/false
bin:x:2:2:bin:/bin:/bin/false
sys:x:3:3:sys:/dev:/bin/false
sync:x:4:100:sync:/bin:/bin/sync
mail:x:8:8:mail:/var/spool/mail:/bin/false
www-data:x:33:33:www-data:/var/www:/bin/false
operator:x:37:37:Operator:/var:/bin/false
nobody:x:65534:65534:nobody:/home:/bin/false
"""
_BUSYBOX_GROUPS: Final = (
    "root:0 daemon:1 bin:2 sys:3 adm:4 tty:5 disk:6 lp:7 mail:8 kmem:9 wheel:10 cdrom:11 dialout:18 floppy:19 video:28 audio:29 tape:32 "
    "www-data:33 operator:37 utmp:43 plugdev:46 staff:50 lock:54 netdev:82 users:100 nobody:65534"
)
_ALPINE_PASSWD: Final = """root:x:0:0:root:/root:/bin/sh
bin:x:1:1:bin:/bin:/sbin/nologin
daemon:x:2:2:daemon:/sbin:/sbin/nologin
lp:x:4:7:lp:/var/spool/lpd:/sbin/nologin
sync:x:5:0:sync:/sbin:/bin/sync
shutdown:x:6:0:shutdown:/sbin:/sbin/shutdown
halt:x:7:0:halt:/sbin:/sbin/halt
mail:x:8:12:mail:/var/mail:/sbin/nologin
news:x:9:13:news:/usr/lib/news:/sbin/nologin
uucp:x:10:14:uucp:/var/spool/uucppublic:/sbin/nologin
cron:x:16:16:cron:/var/spool/cron:/sbin/nologin
ftp:x:21:21::/var/lib/ftp:/sbin/nologin
sshd:x:22:22:sshd:/dev/null:/sbin/nologin
games:x:35:35:games:/usr/games:/sbin/nologin
ntp:x:123:123:NTP:/var/empty:/sbin/nologin
guest:x:405:100:guest:/dev/null:/sbin/nologin
nobody:x:65534:65534:nobody:/:/sbin/nologin
"""
_ALPINE_GROUPS: Final = (
    "root:0 bin:1 daemon:2 sys:3 adm:4 tty:5 disk:6 lp:7 kmem:9 wheel:10 floppy:11 mail:12 news:13 uucp:14 cron:16 audio:18 cdrom:19 "
    "dialout:20 ftp:21 sshd:22 input:23 tape:26 video:27 netdev:28 kvm:34 games:35 shadow:42 www-data:82 users:100 ntp:123 utmp:406 "
    "ping:999 nogroup:65533 nobody:65534"
)

USERS: Final = {
    "debian": (_DEBIAN_PASSWD, _DEBIAN_GROUPS),
    "busybox": (_BUSYBOX_PASSWD, _BUSYBOX_GROUPS),
    "alpine": (_ALPINE_PASSWD, _ALPINE_GROUPS),
}
"""By family: /etc/passwd, and the names and numbers of the groups."""

_SERVICES: Final = {
    "nginx": "nginx:x:101:101:nginx user:/nonexistent:/bin/false",
    "nginx-unprivileged": "nginx:x:101:101:nginx user:/nonexistent:/bin/false",
    "redis": "redis:x:999:999::/home/redis:/bin/sh",
    "postgres": "postgres:x:999:999::/var/lib/postgresql:/bin/bash",
    "mysql": "mysql:x:999:999::/var/lib/mysql:/bin/bash",
    "mariadb": "mysql:x:999:999::/home/mysql:/bin/sh",
    "mongo": "mongodb:x:999:999::/data/db:/bin/sh",
    "rabbitmq": "rabbitmq:x:999:999::/var/lib/rabbitmq:/bin/sh",
    "memcached": "memcache:x:11211:11211::/nonexistent:/bin/sh",
    "node": "node:x:1000:1000::/home/node:/bin/bash",
    "haproxy": "haproxy:x:99:99::/var/lib/haproxy:/bin/sh",
    "ubuntu": "ubuntu:x:1000:1000:Ubuntu:/home/ubuntu:/bin/bash",
    "curl": "curl_user:x:100:101:Linux User,,,:/home/curl_user:/bin/sh",
    "podinfo": "app:x:100:101:Linux User,,,:/home/app:/bin/sh",
    "agnhost": "user-defined-in-image:x:1000:1000:Linux User,,,:/home/user-defined-in-image:/bin/sh",
    "elasticsearch": "elasticsearch:x:1000:1000::/usr/share/elasticsearch:/bin/bash",
}
"""By an image's short name: the line of /etc/passwd its own user has."""


_OWN_MEMBERS: Final = ("lp", "mail", "news", "uucp", "cron")
MEMBERS: Final[Mapping[str, Mapping[str, str]]] = {
    "debian": {},
    "busybox": {"wheel": "root"},
    "alpine": {
        **dict.fromkeys(("root", "disk", "wheel", "floppy", "dialout", "tape", "video"), "root"),
        "bin": "root,bin,daemon",
        "daemon": "root,bin,daemon",
        "sys": "root,bin",
        "adm": "root,daemon",
        **dict(zip(_OWN_MEMBERS, _OWN_MEMBERS, strict=True)),
    },
}
"""Who is in a group besides those whose own it is: what `id` shows."""


_GROUPS: Final = {"agnhost": (("group-defined-in-image", "50000", "user-defined-in-image"),)}


def own_groups(name: str) -> tuple[tuple[str, str, str], ...]:
    """Name, number and members of groups that an image of that short name brings besides its user's own."""
    return _GROUPS.get(name, ())


def own_user(name: str, uid: int, gid: int) -> str:
    """The line of the user an image brings; empty when it brings none. Root's own name is not made twice."""
    line = _SERVICES.get(name, "")
    if not line and uid:
        line = f"{name.partition('-')[0]}:x:{uid}:{gid}::/home/{name.partition('-')[0]}:/bin/sh"
    return line + "\n" if line else ""
