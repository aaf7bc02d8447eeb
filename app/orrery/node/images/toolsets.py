"""Which programs the distributions' own images have, by the words of a Dockerfile's FROM: what is in /bin is what a learner finds there."""

from functools import lru_cache
from typing import Final

NO_SHELL: Final = "-"
"""Stands for an image with nothing but its own program."""

_COMMON: Final = """
[ arch awk base32 base64 basename cat chgrp chmod chown chroot cksum clear cmp comm cp cut date dd df diff dirname du echo egrep env expand
expr factor false fgrep find flock fold getent grep groups gunzip gzip head hostname id install ionice link ln login ls md5sum mkdir mkfifo
mknod mktemp more mount mountpoint mv nice nl nohup nproc od passwd paste printenv printf pwd readlink realpath renice reset rev rm rmdir
run-parts sed seq setsid sh sha1sum sha256sum sha512sum shuf sleep sort split stat stty su sum sync tac tail tar tee test timeout touch tr
true truncate tty umount uname unexpand uniq unlink wc which who whoami xargs yes zcat
"""
_GNU: Final = """
bash csplit dir dircolors fmt join logger logname pathchk pinky pr ptx sha224sum sha384sum shred stdbuf tsort users vdir
"""
_PROCPS: Final = " free kill pgrep pidof pkill pmap ps pwdx sysctl top uptime vmstat w watch"
_DEBIAN: Final = _COMMON + _GNU + " apt apt-cache apt-get dash dpkg perl addgroup adduser useradd groupadd ldd script pidof"
_UBUNTU: Final = _COMMON + _GNU + _PROCPS + " apt apt-cache apt-get dash dpkg perl useradd groupadd ldd script"
_ORACLE: Final = _COMMON + _GNU + " curl gpg microdnf rpm useradd groupadd ldd gawk"
_BUILD_CURL: Final = _DEBIAN + _PROCPS + " curl wget openssl gpg netstat"
_BUILD_SCM: Final = _BUILD_CURL + " git hg svn ssh scp"
_BUILD: Final = _BUILD_SCM + " gcc cc g++ make patch unzip python3 file xz bzip2 strings"
_BUSYBOX: Final = (
    _COMMON
    + " [[ addgroup adduser ar arp arping ash bc bunzip2 busybox bzcat bzip2 cal chattr chrt chvt cpio crond crontab dc dmesg dnsdomainname"
    " dos2unix ed fallocate free fsync ftpget ftpput fuser getopt hd hexdump hostid httpd ifconfig ip ipcalc kill killall last less"
    " logger logname logread lsof md5sum microcom nc netstat nmeter nslookup nsenter ntpd patch pgrep pidof ping ping6 pkill pmap ps pstree"
    " rdate resize route script sendmail setpriv sha3sum shred ssl_client strings svc sysctl syslogd telnet telnetd tftp time"
    " top traceroute traceroute6 tree ts tsort udhcpc unix2dos unxz unzip uptime users usleep uudecode uuencode vi"
    " volname w watch wget xxd xz xzcat"
)
_ALPINE: Final = (
    " ".join(
        word for word in _BUSYBOX.split() if word not in {"httpd", "telnet", "telnetd", "svc", "users", "w", "ftpget", "ftpput", "tftp"}
    )
    + " apk ldd getconf iconv fstrim"
)
_SETS: Final = {
    "scratch": NO_SHELL, "busybox": _BUSYBOX, "alpine": _ALPINE, "debian": _DEBIAN, "ubuntu": _UBUNTU, "oraclelinux": _ORACLE,
    "buildpack-deps": _BUILD, "buildpack-deps-curl": _BUILD_CURL, "buildpack-deps-scm": _BUILD_SCM,
}  # fmt: skip

_ALPINE_BIN: Final = """
arch ash base64 cat chattr chgrp chmod chown cp date dd df dmesg dnsdomainname echo egrep false fgrep fsync getopt grep gunzip gzip hostname
ionice ipcalc kill link ln login ls mkdir mknod mktemp more mount mountpoint mv netstat nice pidof ping ping6 printenv ps pwd rev rm rmdir
run-parts sed setpriv sh sleep stat stty su sync tar touch true umount uname usleep watch zcat
"""
_ALPINE_SBIN: Final = "adduser addgroup apk arp fstrim ifconfig ip logread nologin route sysctl syslogd udhcpc"
ALPINE_BIN: Final = frozenset(_ALPINE_BIN.split())
ALPINE_SBIN: Final = frozenset(_ALPINE_SBIN.split())


@lru_cache(maxsize=64)
def programs_of(base: str) -> frozenset[str]:
    """The programs of `debian:bookworm-slim`, `alpine:3.22`, `buildpack-deps:trixie-scm` …; those of Debian for what is not known."""
    name, _, tag = base.partition(":")
    ending = tag.rpartition("-")[2]
    words = _SETS.get(f"{name}-{ending}") or _SETS.get(name) or _DEBIAN
    return frozenset(words.split())
