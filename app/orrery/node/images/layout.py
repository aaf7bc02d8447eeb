"""What is in an image's file system: the distribution's files, the image's programs, its own. Built once, shared by all containers."""

from functools import lru_cache
from typing import Final

from orrery.node.files.filesystem import FileSystem, new_filesystem
from orrery.node.files.plant import plant, plant_directory, plant_file, plant_link
from orrery.node.images.image import Image
from orrery.node.images.own_files import own_files, own_links
from orrery.node.processes.execution import binary

_NO_SHELL: Final = "-"
_MERGED: Final = ("bin", "sbin", "lib")
_SBIN: Final = frozenset({"adduser", "useradd", "groupadd", "chroot", "ifconfig", "route", "arp", "ip", "su-exec", "nologin"})

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
_RELEASES: Final = {
    "debian": 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nNAME="Debian GNU/Linux"\nVERSION_ID="12"\nVERSION="12 (bookworm)"\n'
    "VERSION_CODENAME=bookworm\nID=debian\n",
    "ubuntu": 'PRETTY_NAME="Ubuntu 24.04.3 LTS"\nNAME="Ubuntu"\nVERSION_ID="24.04"\nVERSION="24.04.3 LTS (Noble Numbat)"\n'
    "VERSION_CODENAME=noble\nID=ubuntu\nID_LIKE=debian\n",
    "alpine": 'NAME="Alpine Linux"\nID=alpine\nVERSION_ID=3.22.2\nPRETTY_NAME="Alpine Linux v3.22"\n',
}
_NSSWITCH: Final = (
    b"passwd:         files\ngroup:          files\nshadow:         files\n\nhosts:          files dns\nnetworks:       files\n"
)
_PROFILE: Final = b'export PATH="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"\n'
_SHELLS: Final = b"/bin/sh\n/bin/bash\n/usr/bin/bash\n"


def family_of(image: Image) -> str:
    """Whose userland it is, and the image's short name: `debian:nginx`, as programs are asked for."""
    kind = "alpine" if {"apk", "busybox"} <= image.programs else "busybox" if "busybox" in image.programs else "debian"
    return f"{kind}:{image.repository.rpartition('/')[2]}"


@lru_cache(maxsize=256)
def layer_of(image: Image, everything: frozenset[str] = frozenset()) -> FileSystem:
    """The image's tree, which nobody changes. `everything`: the programs of an image whose programs nobody knows."""
    layer = new_filesystem(type_="overlay")
    family = family_of(image).partition(":")[0]
    plant_directory(layer, "/tmp", 0o1777)
    for folder in ("/dev", "/proc", "/sys", "/etc"):
        plant_directory(layer, folder)
    if _NO_SHELL not in image.programs:
        _plant_distribution(layer, image, family)
        _plant_programs(layer, image.programs or everything, family)
    _plant_own(layer, image)
    return layer


def _plant_distribution(layer: FileSystem, image: Image, family: str) -> None:
    for folder in ("/home", "/root", "/var/log", "/var/spool", "/run", "/mnt", "/opt", "/srv", "/media", "/usr/local/bin", "/usr/sbin"):
        plant_directory(layer, folder, 0o700 if folder == "/root" else 0o755)
    plant_directory(layer, "/var/tmp", 0o1777)
    passwd, groups = {
        "debian": (_DEBIAN_PASSWD, _DEBIAN_GROUPS),
        "busybox": (_BUSYBOX_PASSWD, _BUSYBOX_GROUPS),
        "alpine": (_ALPINE_PASSWD, _ALPINE_GROUPS),
    }[family]
    members = [entry.split(":") for entry in groups.split()]
    plant_file(layer, "/etc/passwd", (passwd + _own_user(image, passwd)).encode())
    plant_file(layer, "/etc/group", "".join(f"{name}:x:{gid}:\n" for name, gid in members).encode())
    plant_file(layer, "/etc/shadow", b"root:*:20423:0:99999:7:::\n", 0o640, gid=42)
    plant_file(layer, "/etc/nsswitch.conf", _NSSWITCH)
    plant_file(layer, "/etc/shells", _SHELLS)
    plant_link(layer, "/etc/mtab", "/proc/mounts")
    for name in ("hosts", "hostname", "resolv.conf"):
        plant_file(layer, f"/etc/{name}", b"")
    distribution = "ubuntu" if image.repository.rpartition("/")[2].startswith("ubuntu") else family
    if release := _RELEASES.get(distribution):
        plant_file(layer, "/etc/os-release", release.encode())
        plant_file(layer, "/etc/profile", _PROFILE)
    if distribution == "debian":
        plant_file(layer, "/etc/debian_version", b"12.12\n")
    if distribution == "alpine":
        plant_file(layer, "/etc/alpine-release", b"3.22.2\n")


def _own_user(image: Image, passwd: str) -> str:
    """The user an image's programs run as has a line of its own."""
    name = image.repository.rpartition("/")[2].partition("-")[0]
    if not image.uid or f":{image.uid}:" in passwd:
        return ""
    return f"{name}:x:{image.uid}:{image.gid}::/home/{name}:/bin/sh\n"


def _plant_programs(layer: FileSystem, names: frozenset[str], family: str) -> None:
    """Debian: files under /usr/bin with /bin pointing there. busybox: one file under many names. Alpine: links to it."""
    if family == "debian":
        for folder in _MERGED:
            plant_directory(layer, f"/usr/{folder}")
            plant_link(layer, f"/{folder}", f"usr/{folder}")
        for name in names:
            plant_file(layer, f"/usr/{'sbin' if name in _SBIN else 'bin'}/{name}", binary(name), 0o755)
        if "dash" in names or "bash" in names:
            plant_link(layer, "/usr/bin/sh", "dash" if "dash" in names else "bash")
        return
    one = plant_file(layer, "/bin/busybox", binary("busybox"), 0o755)
    for name in names - {"busybox"}:
        if family == "alpine":
            plant_link(layer, f"/bin/{name}", "/bin/busybox")
        else:
            one.links += 1
            plant(layer, f"/bin/{name}", one)
    if family == "alpine":
        plant_directory(layer, "/sbin")
        plant_directory(layer, "/lib")


def _plant_own(layer: FileSystem, image: Image) -> None:
    """The files of its entrypoint and command, where they are started from, and what its server shows."""
    for path, text in own_files(image.repository).items():
        plant_file(layer, path, text.encode())
    for path, target in own_links(image.repository).items():
        plant_link(layer, path, target)
    for path in own_programs(image):
        if "/" in path:
            plant_file(layer, path, binary(path.rpartition("/")[2]), 0o755)
        elif path not in image.programs:
            plant_file(layer, f"/usr/local/bin/{path}", binary(path), 0o755)


def own_programs(image: Image) -> list[str]:
    """What the image's entrypoint and command start: first words that are not options, and not shells by path."""
    words = [one[0] for one in (image.entrypoint, image.command) if one and not one[0].startswith("-")]
    return [word for word in words if not word.startswith(("/bin/", "/usr/bin/"))]
