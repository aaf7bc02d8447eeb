"""What is in an image's file system: the distribution's files, the image's programs, its own. Built once, shared by all containers."""

from functools import lru_cache
from typing import Final

from orrery.node.files.filesystem import FileSystem, new_filesystem
from orrery.node.files.plant import plant, plant_directory, plant_file, plant_link
from orrery.node.images.accounts import MEMBERS, USERS, own_groups, own_user
from orrery.node.images.image import Image
from orrery.node.images.own_files import own_files, own_folders, own_links, own_scripts
from orrery.node.images.skeletons import Skeleton, skeleton_of
from orrery.node.images.systems import system_of
from orrery.node.images.toolsets import ALPINE_BIN, ALPINE_SBIN, NO_SHELL
from orrery.node.processes.execution import binary

_MERGED: Final = ("bin", "sbin", "lib")
_SBIN: Final = frozenset(
    {"addgroup", "adduser", "arp", "chroot", "gosu", "groupadd", "haproxy", "ifconfig", "ip", "mariadbd", "mysqld", "nginx"}
    | {"nginx-debug", "nologin", "route", "sysctl", "useradd"}
)
"""Those of Debian's programs, and of images' own, that lie under sbin."""
_PACKAGED: Final = frozenset(
    {"curl", "dig", "envsubst", "git", "host", "ip", "nc", "ncat", "nslookup", "openssl", "perl", "socat", "ss", "tcpdump", "vim"}
)
"""What images that have it take from their distribution's packages."""

_NSSWITCH: Final = (
    b"passwd:         files\ngroup:          files\nshadow:         files\n\nhosts:          files dns\nnetworks:       files\n"
)
_PROFILE: Final = b'export PATH="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"\n'
_SHELLS: Final = b"/bin/sh\n/bin/bash\n/usr/bin/bash\n"


def family_of(image: Image) -> str:
    """Whose userland it is, and the image's short name: `debian:nginx`, as programs are asked for."""
    return f"{system_of(image.base).family}:{image.repository.rpartition('/')[2]}"


@lru_cache(maxsize=256)
def layer_of(image: Image, everything: frozenset[str] = frozenset()) -> FileSystem:
    """The image's tree, which nobody changes. `everything`: the programs of an image whose programs nobody knows."""
    layer = new_filesystem(type_="overlay")
    family = family_of(image).partition(":")[0]
    plant_directory(layer, "/tmp", 0o1777)
    for folder in ("/dev", "/proc", "/sys/fs/cgroup", "/etc"):
        plant_directory(layer, folder)
    if NO_SHELL not in image.programs:
        _plant_distribution(layer, image, family)
        _plant_programs(layer, image, image.programs or everything, family)
    _plant_own(layer, image)
    return layer


def _plant_distribution(layer: FileSystem, image: Image, family: str) -> None:
    if family == "debian":
        for folder in _MERGED:
            plant_directory(layer, f"/usr/{folder}")
            plant_link(layer, f"/{folder}", f"usr/{folder}")
    plant_directory(layer, "/root", 0o700)
    if family != "busybox":
        plant_directory(layer, "/var/tmp", 0o1777)
    _plant_skeleton(layer, skeleton_of(image, family))
    passwd, groups = USERS[family]
    members = [(name, gid, MEMBERS[family].get(name, "")) for name, gid in (entry.split(":") for entry in groups.split())]
    title = image.repository.rpartition("/")[2]
    own = own_user(title, image.uid, image.gid)
    if own:
        name, _, _, gid = own.split(":")[:4]
        members.append((name, gid, ""))
        if (home := own.split(":")[5]) != "/nonexistent":
            plant_directory(layer, home, uid=int(own.split(":")[2]), gid=int(gid))
    plant_file(layer, "/etc/passwd", (passwd + own).encode())
    plant_file(layer, "/etc/group", "".join(f"{name}:x:{gid}:{users}\n" for name, gid, users in [*members, *own_groups(title)]).encode())
    plant_file(layer, "/etc/shadow", b"root:*:20423:0:99999:7:::\n", 0o640, gid=42)
    plant_file(layer, "/etc/nsswitch.conf", _NSSWITCH)
    plant_file(layer, "/etc/shells", _SHELLS)
    plant_link(layer, "/etc/mtab", "/proc/mounts")
    for name in ("hosts", "hostname", "resolv.conf"):
        plant_file(layer, f"/etc/{name}", b"")
    system = system_of(image.base)
    if system.release:
        plant_file(layer, "/usr/lib/os-release", system.release.encode())
        plant_link(layer, "/etc/os-release", "../usr/lib/os-release")
        plant_file(layer, "/etc/profile", _PROFILE)
    for path, text in system.marks:
        plant_file(layer, path, text.encode())


def _plant_skeleton(layer: FileSystem, skeleton: Skeleton) -> None:
    for folder in skeleton.folders:
        plant_directory(layer, folder)
    for path, text in skeleton.files.items():
        plant_file(layer, path, text.encode())
    for path, target in skeleton.links.items():
        plant_link(layer, path, target)


def _plant_programs(layer: FileSystem, image: Image, names: frozenset[str], family: str) -> None:
    """Debian: files under /usr/bin with /bin pointing there. busybox: one file under many names. Alpine: links to it."""
    for name in sorted(image.own):
        folder = "/usr/bin" if name in _PACKAGED else "/usr/sbin" if name in _SBIN and family == "debian" else "/usr/local/bin"
        plant_file(layer, f"{folder}/{name}", binary(name), 0o755)
    names -= image.own
    if family == "debian":
        for name in names:
            plant_file(layer, f"/usr/{'sbin' if name in _SBIN else 'bin'}/{name}", binary(name), 0o755)
        if "dash" in names or "bash" in names:
            plant_link(layer, "/usr/bin/sh", "dash" if "dash" in names else "bash")
        return
    one = plant_file(layer, "/bin/busybox", binary("busybox"), 0o755)
    for name in names - {"busybox"}:
        if family == "alpine":
            folder = "/bin" if name in ALPINE_BIN else "/sbin" if name in ALPINE_SBIN else "/usr/bin"
            plant_link(layer, f"{folder}/{name}", "/bin/busybox")
        else:
            one.links += 1
            plant(layer, f"/bin/{name}", one)


def _plant_own(layer: FileSystem, image: Image) -> None:
    """The files of its entrypoint and command, where they are started from, and what its server shows."""
    for path in own_folders(image.repository):
        plant_directory(layer, path)
    for path, text in own_files(image).items():
        plant_file(layer, path, text.encode())
    for path, text in own_scripts(image).items():
        plant_file(layer, path, text.encode(), 0o755)
    for path, target in own_links(image.repository).items():
        plant_link(layer, path, target)
    for path in own_programs(image):
        place = path if path.startswith("/") else f"{image.workdir.rstrip('/')}/{path.removeprefix('./')}" if "/" in path else ""
        if place:
            plant_file(layer, place, binary(path.rpartition("/")[2]), 0o755)
        elif path not in image.programs:
            plant_file(layer, f"/usr/local/bin/{path}", binary(path), 0o755)
    if image.brought is not None:
        for name in image.brought.programs:
            plant_file(layer, name if name.startswith("/") else f"/usr/local/bin/{name}", binary(name.rpartition("/")[2]), 0o755)
        for file in image.brought.files:
            plant_file(layer, file.path, file.data, file.mode, uid=file.uid, gid=file.gid)


def own_programs(image: Image) -> list[str]:
    """What the image's entrypoint and command start: first words that are no options nor words for an entrypoint, and no shells by path."""
    words = [image.entrypoint[0]] if image.entrypoint else []
    if image.command and (not words or words[0].endswith("entrypoint.sh")) and not image.command[0].startswith("-"):
        words.append(image.command[0])
    return [word for word in words if not word.startswith(("/bin/sh", "/bin/bash", "/usr/bin/"))]
