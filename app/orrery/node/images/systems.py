"""The distribution an image is built on: its family of programs and its release files, by the words of a Dockerfile's FROM."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

DEBIAN: Final = "debian:trixie-slim"
_DEBIANS: Final = {
    "wheezy": "7.11", "jessie": "8.11", "stretch": "9.13", "buster": "10.13", "bullseye": "11.11", "bookworm": "12.12", "trixie": "13.2",
    "forky": "14",
}  # fmt: skip
_UBUNTUS: Final = {
    "trusty": ("14.04", "14.04.6 LTS, Trusty Tahr"), "xenial": ("16.04", "16.04.7 LTS (Xenial Xerus)"),
    "bionic": ("18.04", "18.04.6 LTS (Bionic Beaver)"), "focal": ("20.04", "20.04.6 LTS (Focal Fossa)"),
    "jammy": ("22.04", "22.04.5 LTS (Jammy Jellyfish)"), "noble": ("24.04", "24.04.3 LTS (Noble Numbat)"),
    "oracular": ("24.10", "24.10 (Oracular Oriole)"), "plucky": ("25.04", "25.04 (Plucky Puffin)"),
    "questing": ("25.10", "25.10 (Questing Quokka)"), "resolute": ("26.04", "26.04 LTS (Resolute Raccoon)"),
}  # fmt: skip
_ALPINES: Final = {
    12: 12, 13: 12, 14: 10, 15: 11, 16: 9, 17: 10, 18: 12, 19: 9, 20: 8, 21: 5, 22: 2, 23: 0,
}  # fmt: skip
"""Alpine 3.x's newest patch."""


@dataclass(frozen=True, slots=True)
class System:
    """What /etc tells of a distribution."""

    family: str
    """Whose programs it has: `debian` (GNU's), `alpine` or `busybox`."""
    release: str = ""
    """/etc/os-release; empty: it has none."""
    marks: tuple[tuple[str, str], ...] = ()
    """Further release files: path and text."""


@lru_cache(maxsize=64)
def system_of(base: str) -> System:
    """The system of `debian:bookworm-slim`, `buildpack-deps:trixie`, `alpine:3.22`, `ubuntu:noble`, `oraclelinux:9-slim`, `busybox`."""
    name, _, tag = base.partition(":")
    if name in ("busybox", "scratch"):
        return System("busybox")
    if name == "alpine":
        return _alpine(tag)
    if name == "ubuntu":
        return _ubuntu(tag)
    if name == "oraclelinux":
        return _oracle(tag.partition("-")[0])
    return _debian(tag.partition("-")[0])


def _alpine(tag: str) -> System:
    minor = int(tag[2:].partition(".")[0]) if tag.startswith("3.") and tag[2:].partition(".")[0].isdigit() else 23
    full = tag if tag.count(".") == 2 else f"3.{minor}.{_ALPINES.get(minor, 0)}"
    release = (
        f'NAME="Alpine Linux"\nID=alpine\nVERSION_ID={full}\nPRETTY_NAME="Alpine Linux v3.{minor}"\n'
        'HOME_URL="https://alpinelinux.org/"\nBUG_REPORT_URL="https://gitlab.alpinelinux.org/alpine/aports/-/issues"\n'
    )
    return System("alpine", release, (("/etc/alpine-release", f"{full}\n"),))


def _ubuntu(tag: str) -> System:
    name = next((name for name, (number, _) in _UBUNTUS.items() if tag in (name, number)), "noble")
    number, words = _UBUNTUS[name]
    shown = words.partition(" (")[0].partition(",")[0]
    release = (
        f'PRETTY_NAME="Ubuntu {shown}"\nNAME="Ubuntu"\nVERSION_ID="{number}"\nVERSION="{words}"\nVERSION_CODENAME={name}\nID=ubuntu\n'
        'ID_LIKE=debian\nHOME_URL="https://www.ubuntu.com/"\nSUPPORT_URL="https://help.ubuntu.com/"\n'
        f'BUG_REPORT_URL="https://bugs.launchpad.net/ubuntu/"\nUBUNTU_CODENAME={name}\nLOGO=ubuntu-logo\n'
    )
    lsb = f'DISTRIB_ID=Ubuntu\nDISTRIB_RELEASE={number}\nDISTRIB_CODENAME={name}\nDISTRIB_DESCRIPTION="Ubuntu {shown}"\n'
    return System("debian", release, (("/etc/lsb-release", lsb), ("/etc/debian_version", f"{_ubuntu_debian(number)}/sid\n")))


def _ubuntu_debian(number: str) -> str:
    return next(
        (name for least, name in (("25", "forky"), ("23.10", "trixie"), ("22", "bookworm"), ("20", "bullseye")) if number >= least),
        "buster",
    )


def _oracle(number: str) -> System:
    full = {"7": "7.9", "8": "8.10", "9": "9.7", "10": "10.1"}.get(number, "9.7")
    major = full.partition(".")[0]
    release = (
        f'NAME="Oracle Linux Server"\nVERSION="{full}"\nID="ol"\nID_LIKE="fedora"\nVARIANT="Server"\nVARIANT_ID="server"\n'
        f'VERSION_ID="{full}"\n'
        f'PLATFORM_ID="platform:el{major}"\nPRETTY_NAME="Oracle Linux Server {full}"\nANSI_COLOR="0;31"\n'
        f'CPE_NAME="cpe:/o:oracle:linux:{major}:{full.partition(".")[2]}:server"\nHOME_URL="https://linux.oracle.com/"\n'
    )
    return System("debian", release, (("/etc/oracle-release", f"Oracle Linux Server release {full}\n"),))


def _debian(suite: str) -> System:
    name = next((name for name, full in _DEBIANS.items() if suite in (name, full, full.partition(".")[0])), "trixie")
    full = _DEBIANS[name]
    major = full.partition(".")[0]
    newer = f"DEBIAN_VERSION_FULL={full}\n" if int(major) >= 13 else ""
    release = (
        f'PRETTY_NAME="Debian GNU/Linux {major} ({name})"\nNAME="Debian GNU/Linux"\nVERSION_ID="{major}"\nVERSION="{major} ({name})"\n'
        f'VERSION_CODENAME={name}\n{newer}ID=debian\nHOME_URL="https://www.debian.org/"\nSUPPORT_URL="https://www.debian.org/support"\n'
        'BUG_REPORT_URL="https://bugs.debian.org/"\n'
    )
    return System("debian", release, (("/etc/debian_version", f"{full}\n"),))
