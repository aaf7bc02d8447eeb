"""Record what the real programs answer to the commands of tests/node/programs/cases.py: `python -m tools.record_program_facts`, as root.

Each family gets a jail (chroot) with the real binaries and the libraries they need, and every command a fresh copy of the files.
Debian's programs are those of the machine (Debian 12). The images' busybox is not Debian's: `--busybox FILE` names one that was built
from its sources (1.37, `make defconfig` without TC, UTMP and WTMP, as the official image is). The answers go to
tests/node/programs/facts/<family>.json, pages of help as far as they are facts (tests/node/programs/help_pages.py). Commands that have
an answer already keep it, unless `--again` is given.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

from tests.node.programs.cases import CASES, FILES, parse_case
from tests.node.programs.help_pages import fact_of

FACTS: Final = Path(__file__).parents[1] / "tests/node/programs/facts"
PASSWD: Final = (
    "root:x:0:0:root:/root:/bin/sh\ndaemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin\nnobody:x:65534:65534:nobody:/:/usr/sbin/nologin\n"
)
GROUP: Final = "root:x:0:\ndaemon:x:1:\nnogroup:x:65534:\n"
ENVIRONMENT: Final = {"PATH": "/bin", "HOME": "/root", "HOSTNAME": "box"}
MOMENT: Final = 1_764_547_200


def libraries(binary: Path) -> set[Path]:
    """What the binary is linked to."""
    listed = subprocess.run(["ldd", str(binary)], capture_output=True, text=True, check=False).stdout
    return {Path(path) for path in re.findall(r"(/\S+) \(0x", listed)}


def add_binary(jail: Path, source: Path, name: str) -> None:
    target = jail / "bin" / name
    shutil.copy2(source, target)
    for library in libraries(source):
        place = jail / str(library).lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        if not place.exists():
            shutil.copy2(library, place)


def make_jail(family: str, busybox: str) -> Path:
    jail = Path(tempfile.mkdtemp(prefix=f"facts-{family}-"))
    for folder in ("bin", "etc", "root", "tmp", "dev"):
        (jail / folder).mkdir()
    (jail / "etc/passwd").write_text(PASSWD)
    (jail / "etc/group").write_text(GROUP)
    os.mknod(jail / "dev/null", 0o20666, os.makedev(1, 3))
    (jail / "dev/stderr").symlink_to("/proc/self/fd/2")
    if family == "busybox":
        add_binary(jail, Path(shutil.which(busybox) or busybox), "busybox")
        applets = subprocess.run([jail / "bin/busybox", "--list"], capture_output=True, text=True, check=True).stdout.split()
        for applet in applets:
            if applet != "busybox":
                os.link(jail / "bin/busybox", jail / "bin" / applet)
        return jail
    words = {parse_case(case)[0][0] for cases in CASES.values() for case in cases} | {"sh", "sort", "echo", "cat", "true", "false"}
    for word in sorted(words):
        found = shutil.which(word, path="/usr/bin:/bin:/usr/sbin:/sbin")
        if found and Path(found).resolve().name != "busybox":
            add_binary(jail, Path(found).resolve(), word)
    return jail


def fill(jail: Path) -> None:
    box = jail / "box"
    shutil.rmtree(box, ignore_errors=True)
    for path, text in FILES.items():
        place = jail / path.lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(text.encode("latin-1"))
        os.utime(place, (MOMENT, MOMENT))


def answer(jail: Path, case: str) -> list[int | str] | None:
    """Exit code, output, errors; None when the family has no such program."""
    argv, text = parse_case(case)
    if not (jail / "bin" / argv[0]).exists():
        return None
    fill(jail)

    def enter() -> None:
        os.chroot(jail)
        os.chdir("/box")

    try:
        done = subprocess.run(
            argv,
            input=text.encode(),
            capture_output=True,
            env=ENVIRONMENT,
            preexec_fn=enter,
            timeout=5,
            check=False,
            executable="/bin/" + argv[0],
        )
    except subprocess.TimeoutExpired:
        sys.stderr.write(f"does not end: {case}\n")
        return None
    return [done.returncode, *(fact_of(stream.decode("utf-8", "replace")) for stream in (done.stdout, done.stderr))]


def record(family: str, busybox: str, known: dict[str, list[int | str]]) -> dict[str, list[int | str]]:
    """The answers to all cases; those that are `known` are not asked for again."""
    jail = make_jail(family, busybox)
    facts: dict[str, list[int | str]] = {}
    for case in dict.fromkeys(case for cases in CASES.values() for case in cases):
        found = known[case] if case in known else answer(jail, case)
        if found is not None:
            facts[case] = found
    shutil.rmtree(jail)
    return facts


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--busybox", default="busybox", help="the busybox to ask")
    parser.add_argument("--again", action="store_true", help="ask for every command, not only for those without an answer")
    options = parser.parse_args()
    for family in ("busybox", "debian"):
        target = FACTS / f"{family}.json"
        facts = record(family, options.busybox, {} if options.again else json.loads(target.read_text()))
        rows = ",\n".join(f"{json.dumps(case, ensure_ascii=False)}: {json.dumps(fact, ensure_ascii=False)}" for case, fact in facts.items())
        target.write_text("{\n" + rows + "\n}\n")
        sys.stdout.write(f"{family}: {len(facts)} facts\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
