#!/usr/bin/env python3
"""Writes app/orrery/node/images/facts/: what the official images' Dockerfiles have said, version by version: FROM and ENV.

Reads clones of the repositories they are kept in, with their history: `record_image_facts.py FOLDER`, where FOLDER holds a git
directory per name of `_SOURCES`. Only names and values are kept. A line of a fact file is one version:
`"1.25.5": {"": ["debian:bookworm-slim", {ENV}], "alpine": […]}`; the keys inside are variants of the image.
"""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

OUTPUT: Final = Path(__file__).resolve().parent.parent / "app" / "orrery" / "node" / "images" / "facts"
_SOURCES: Final = {
    "nginx": ("nginx+docker-nginx", "NGINX_VERSION", "1.7"),
    "httpd": ("docker-library+httpd", "HTTPD_VERSION", "2.4"),
    "redis": ("docker-library+redis", "REDIS_VERSION", "3.2"),
    "memcached": ("docker-library+memcached", "MEMCACHED_VERSION", "1.5"),
    "mysql": ("docker-library+mysql", "MYSQL_VERSION", "5.6"),
    "mariadb": ("MariaDB+mariadb-docker", "MARIADB_VERSION", "10.3"),
    "postgres": ("docker-library+postgres", "PG_VERSION", "9.6"),
    "mongo": ("docker-library+mongo", "MONGO_VERSION", "4.0"),
    "rabbitmq": ("docker-library+rabbitmq", "RABBITMQ_VERSION", "3.8"),
    "python": ("docker-library+python", "PYTHON_VERSION", "2.7"),
    "node": ("nodejs+docker-node", "NODE_VERSION", "12.0"),
    "golang": ("docker-library+golang", "GOLANG_VERSION", "1.12"),
}
"""Name to the clone, the variable that holds the version, and the oldest version worth keeping."""
_PREFERRED: Final = {"node": "bookworm", "mysql": "oraclelinux"}
"""The suite of a plain tag where it is not the newest one."""
_SUITES: Final = ("wheezy", "jessie", "stretch", "buster", "bullseye", "bookworm", "trixie")
_DEFAULT_PATH: Final = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_VERSION: Final = re.compile(r"^(?:1:)?(\d+\.\d+(?:\.\d+)?)(?![\w.-]*(?:rc|beta|alpha|b\d|a\d))")
_SKIPPED: Final = re.compile(
    r"windows|nanoserver|onbuild|perl|otel|management|ubi|32bit|chakra|fpm|cross|arm|i386|tip|modules|template|wheezy/slim"
)
_PAIR: Final = re.compile(r"""([A-Za-z_]\w*)=("(?:[^"\\]|\\.)*"|'[^']*'|[^\s]*)""")


@dataclass
class Stage:
    """What one Dockerfile's last stage leaves."""

    base: str = ""
    environment: dict[str, str] = field(default_factory=lambda: {"PATH": _DEFAULT_PATH})
    arguments: dict[str, str] = field(default_factory=dict)


def read_dockerfile(text: str) -> Stage:
    """FROM and ENV of the last stage, variables put in."""
    stage = Stage()
    joined = re.sub(r"\\\n(?:\s*#[^\n]*\n)*", "", text)
    for line in joined.splitlines():
        word, _, rest = line.strip().partition(" ")
        rest = rest.strip()
        if word == "FROM":
            stage = Stage(base=rest.split()[0])
        elif word in ("ENV", "ARG"):
            _set(stage, word, rest)
    return stage


def _set(stage: Stage, word: str, rest: str) -> None:
    first = rest.split(None, 1)[0]
    pairs = _PAIR.findall(rest) if "=" in first else [tuple([*rest.split(None, 1), ""][:2])] if word == "ENV" else []
    for name, value in pairs:
        known = {**stage.arguments, **stage.environment}
        plain = re.sub(r"\$\{?(\w+)\}?", lambda found, known=known: known.get(found[1], ""), value.strip("\"'"))
        (stage.environment if word == "ENV" else stage.arguments)[name] = plain


def variant_of(path: str) -> str | None:
    """The variant by the folder's name; None for those nobody asks for."""
    if _SKIPPED.search(path):
        return None
    if "alpine-slim" in path:
        return "alpine-slim"
    if "alpine" in path:
        return "alpine"
    return "slim" if "slim" in path else ""


def dockerfiles(clone: Path) -> Iterator[tuple[str, str]]:
    """Path and text of every Dockerfile there ever was, the newest first."""
    log = _git(clone, "log", "--format=@%H", "--name-only", "--diff-filter=AM")
    wanted: list[tuple[str, str]] = []
    commit = ""
    for line in log.splitlines():
        if line.startswith("@"):
            commit = line[1:]
        elif re.search(r"\d.*/Dockerfile|Dockerfile\.(debian|oracle)$|(mainline|stable|innovation)/.*Dockerfile$", line):
            wanted.append((commit, line))
    asked = "\n".join(f"{commit}:{path}" for commit, path in wanted)
    out = subprocess.run(["git", "-C", str(clone), "cat-file", "--batch"], input=asked.encode(), capture_output=True, check=True).stdout
    position = 0
    for _, path in wanted:
        end = out.index(b"\n", position)
        head = out[position:end].split()
        if head[-1] == b"missing":
            position = end + 1
            continue
        size = int(head[2])
        yield path, out[end + 1 : end + 1 + size].decode(errors="replace")
        position = end + 2 + size


def _git(clone: Path, *words: str) -> str:
    return subprocess.run(["git", "-C", str(clone), *words], capture_output=True, check=True, text=True).stdout


def facts_of(clone: Path, variable: str, preferred: str = "") -> dict[str, dict[str, Stage]]:
    """Version to variant to its newest stage; of several Debian suites, the newest."""
    found: dict[str, dict[str, Stage]] = {}
    for path, text in dockerfiles(clone):
        variant = variant_of(path)
        if variant is None:
            continue
        stage = read_dockerfile(text)
        version = _VERSION.match(stage.environment.get(variable, ""))
        if version is None and variant == "alpine" and (own := re.search(r":(\d+\.\d+\.\d+)-alpine-slim", stage.base)):
            version = own  # An image on top of its own slim variant.
        if version is None:
            continue
        kept = found.setdefault(version[1], {}).setdefault(variant, stage)
        if _rank(stage.base, preferred) > _rank(kept.base, preferred):
            found[version[1]][variant] = stage
    for variants in found.values():
        _inherit(variants)
    return found


def _rank(base: str, preferred: str) -> tuple[bool, int, int]:
    """Which of two bases a tag without a suite means."""
    alpine = re.search(r"alpine:3\.(\d+)", base)
    suite = max((number for number, suite in enumerate(_SUITES) if suite in base), default=-1)
    return bool(preferred) and preferred in base, suite, int(alpine[1]) if alpine else -1


def _inherit(variants: dict[str, Stage]) -> None:
    lower, upper = variants.get("alpine-slim"), variants.get("alpine")
    if lower is not None and upper is not None and "alpine-slim" in upper.base:
        variants["alpine"] = Stage(lower.base, {**lower.environment, **upper.environment})


def _numbers(version: str) -> list[int]:
    return [int(part) for part in version.split(".")]


def page(facts: dict[str, dict[str, Stage]]) -> str:
    lines = []
    for version in sorted(facts, key=_numbers):
        variants: dict[str, list[object]] = {}
        plain = facts[version].get("")
        for variant, stage in sorted(facts[version].items()):
            environment = {
                name: value for name, value in stage.environment.items() if (name, value) != ("PATH", _DEFAULT_PATH) and len(value) < 400
            }
            is_same = variant and plain is not None and stage.environment == plain.environment
            variants[variant] = [stage.base] if is_same else [stage.base, environment]
        lines.append(f"{json.dumps(version)}: {json.dumps(variants, separators=(',', ':'))}")
    return "{\n" + ",\n".join(lines) + "\n}\n"


def main() -> int:
    clones = Path(sys.argv[1])
    OUTPUT.mkdir(exist_ok=True)
    for name, (source, variable, least) in _SOURCES.items():
        clone = next(path for path in (clones / source / "repo", clones / source) if path.exists())
        facts = facts_of(clone, variable, _PREFERRED.get(name, ""))
        text = page({version: variants for version, variants in facts.items() if _numbers(version) >= _numbers(least)})
        (OUTPUT / f"{name}.json").write_text(text)
        print(name, text.count("\n") - 2, "versions,", len(text), "bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
