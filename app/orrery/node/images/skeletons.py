"""The folders, links and small files of /etc that a distribution's own image has, beside its programs and accounts."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from orrery.node.images.facts import numbers
from orrery.node.images.image import Image

_GLIBC_SINCE: Final = (1, 36)
"""From here on busybox's plain tags are built with the GNU C library, which lies in /lib."""


@dataclass(frozen=True, slots=True)
class Skeleton:
    """Paths are absolute; a folder's parents come with it."""

    folders: tuple[str, ...]
    links: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)


def _paths(root: str, names: str) -> tuple[str, ...]:
    return tuple(f"{root}/{name}" for name in names.split())


_BASHRC: Final = "# What every bash at a terminal runs, unless it is a login shell.\n"
_PROFILE: Final = "# What every login shell runs that begins like Bourne's.\n"
_LOGINS: Final = "MAIL_DIR\t/var/mail\nUMASK\t\t022\nUID_MIN\t\t\t 1000\nUID_MAX\t\t\t60000\nENCRYPT_METHOD YESCRYPT\n"
_DEBIAN: Final = Skeleton(
    folders=(
        *_paths("", "boot home media mnt opt srv run run/lock"),
        *_paths("/usr", "bin games include lib lib64 libexec local sbin share src"),
        *_paths("/usr/local", "bin etc games include lib sbin share src"),
        *_paths("/var", "backups cache cache/apt lib lib/apt lib/dpkg local log log/apt mail opt spool"),
        *_paths("/etc", "alternatives cron.daily default dpkg init.d kernel ld.so.conf.d logrotate.d opt pam.d profile.d security"),
        *_paths("/etc", "skel systemd terminfo apt/apt.conf.d apt/keyrings apt/preferences.d apt/sources.list.d apt/trusted.gpg.d"),
    ),
    links={"/lib64": "usr/lib64", "/etc/localtime": "/usr/share/zoneinfo/Etc/UTC", "/var/spool/mail": "../mail"},
    files={
        "/etc/bash.bashrc": "# What every user's bash at a terminal runs first.\n", "/etc/environment": "",
        "/etc/fstab": "# Nothing is mounted at the start.\n", "/etc/host.conf": "multi on\n",
        "/etc/ld.so.conf": "include /etc/ld.so.conf.d/*.conf\n",
        "/etc/login.defs": _LOGINS, "/etc/machine-id": "", "/etc/motd": "", "/etc/subgid": "", "/etc/subuid": "",
        "/etc/timezone": "Etc/UTC\n",
        "/root/.bashrc": _BASHRC, "/root/.profile": _PROFILE, "/etc/skel/.bashrc": _BASHRC, "/etc/skel/.profile": _PROFILE,
        "/usr/share/zoneinfo/Etc/UTC": "TZif2\n",
    },
)  # fmt: skip
_ALPINE: Final = Skeleton(
    folders=(
        *_paths("", "home media/cdrom media/floppy media/usb mnt opt run srv lib/apk"),
        *_paths("/usr", "bin lib local/bin local/lib local/share sbin share"),
        *_paths("/var", "cache/apk cache/misc empty lib/apk local lock/subsys log mail opt spool/cron"),
        *_paths("/etc", "apk/keys apk/protected_paths.d crontabs init.d logrotate.d modprobe.d modules-load.d network opt"),
        *_paths("/etc/periodic", "15min daily hourly monthly weekly"), *_paths("/etc", "profile.d ssl/certs sysctl.d udhcpc"),
    ),
    files={
        "/etc/apk/arch": "x86_64\n", "/etc/fstab": "/dev/cdrom\t/media/cdrom\tiso9660\tnoauto,ro 0 0\n", "/etc/inittab": "# /etc/inittab\n",
        "/etc/issue": "Welcome to Alpine Linux\nKernel \\r on an \\m (\\l)\n\n", "/etc/modules": "af_packet\nipv6\n",
        "/etc/motd": "Welcome to Alpine!\n", "/etc/protocols": "icmp\t1\tICMP\ntcp\t6\tTCP\nudp\t17\tUDP\n", "/etc/securetty": "console\n",
        "/etc/services": "domain\t\t53/tcp\ndomain\t\t53/udp\nhttp\t\t80/tcp\nhttps\t\t443/tcp\n", "/etc/sysctl.conf": "",
    },
)  # fmt: skip
_BUSYBOX: Final = Skeleton(folders=("/home", "/usr/sbin", "/var/spool/mail", "/var/www", "/etc/network"))
_BUSYBOX_GLIBC: Final = Skeleton(folders=(*_BUSYBOX.folders, "/lib", "/usr/bin"), links={"/lib64": "lib", "/usr/bin/env": "../../bin/env"})


def skeleton_of(image: Image, family: str) -> Skeleton:
    """`family`: whose programs it has, as `System.family` says."""
    if family == "debian":
        return _DEBIAN
    if family == "busybox":
        return _BUSYBOX_GLIBC if numbers(image.version) >= _GLIBC_SINCE else _BUSYBOX
    release = image.base.partition(":")[2]
    branch = f"v{'.'.join(release.split('.')[:2])}" if release[:1].isdigit() else release if release == "edge" else "v3.23"
    mirrors = "".join(f"https://dl-cdn.alpinelinux.org/alpine/{branch}/{part}\n" for part in ("main", "community"))
    return Skeleton(_ALPINE.folders, _ALPINE.links, {**_ALPINE.files, "/etc/apk/repositories": mirrors})
