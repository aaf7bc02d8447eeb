"""One repository of the catalogue, as data, and what a tag of it means: which version, on which distribution, with which ENV."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from orrery.node.images.facts import facts_at, full_version, is_recorded, numbers
from orrery.node.images.image import Image
from orrery.node.images.references import Reference
from orrery.node.images.systems import DEBIAN
from orrery.node.images.tags import expand
from orrery.node.images.toolsets import NO_SHELL, programs_of

_SUITE: Final = re.compile(r"(?:^|-)(wheezy|jessie|stretch|buster|bullseye|bookworm|trixie|focal|jammy|noble)(?:$|-)")
_ALPINE: Final = re.compile(r"alpine(3\.\d+)")
_MANY: Final = 9
_MAJORS_THAT_MOVE: Final = 4
_AHEAD: Final = 10
_UBUNTU_SUITES: Final = frozenset({"focal", "jammy", "noble"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What is known of a repository."""

    tags: str = ""
    """The tags that exist, in short (`tags.py`); empty means that all do."""
    facts: str = ""
    """The name of its file under facts/."""
    newest: str = ""
    """The version `latest` means, where it is not the highest."""
    aliases: Mapping[str, str] = field(default_factory=dict)
    """Tags in words to the version they mean."""
    base: str = DEBIAN
    """What it is built on where no fact says it; `{}` takes the tag."""
    entrypoint: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    is_server: bool = True
    ports: tuple[int, ...] = ()
    uid: int = 0
    gid: int = 0
    workdir: str = "/"
    size_mb: float = 30
    own: str = ""
    """The programs it brings, beside its distribution's."""
    environment: Mapping[str, str] = field(default_factory=dict)
    stop_signal: int = 15

    def has(self, reference: Reference) -> bool:
        """Whether the registry has that tag. A digest is believed."""
        tag = reference.tag
        if reference.digest or not self.tags or tag in expand_cached(self.tags):
            return True
        version, _, ending = tag.partition("-")
        endings = self.tags.partition("|")[2].replace(" -", " ").split()
        is_variant = not ending or ending in endings or bool(_ALPINE.fullmatch(ending) or _SUITE.fullmatch(ending))
        is_known = is_recorded(self.facts, version) if self.facts else False
        return is_variant and (is_known or is_a_little_newer(version, self.tags) or version in expand_cached(self.tags))

    def at(self, repository: str, tag: str) -> Image:
        """The image of a tag; the newest one for a digest."""
        version = self.version_of(tag)
        variant = "alpine-slim" if "alpine-slim" in tag else "alpine" if "alpine" in tag else "slim" if "slim" in tag else ""
        facts = facts_at(self.facts, version, variant) if self.facts and version else None
        base = _with_suite(facts.base if facts is not None else self._base(tag, variant), tag)
        environment = {**(facts.environment if facts is not None else {}), **self.environment}
        if base == "scratch":
            own, programs = frozenset[str](), frozenset({NO_SHELL})
        else:
            own = frozenset(self.own.split())
            programs = programs_of(base) | own
        return Image(
            repository,
            version=version,
            base=base,
            entrypoint=self.entrypoint,
            command=self.command,
            is_server=self.is_server,
            ports=self.ports,
            uid=self.uid,
            gid=self.gid,
            workdir=self.workdir,
            size_bytes=int(self.size_mb * 1_000_000),
            programs=programs,
            own=own,
            environment={name: value.replace("{}", version or tag) for name, value in environment.items()},
            stop_signal=self.stop_signal,
        )

    def version_of(self, tag: str) -> str:
        """The full version: 1.25.5 for 1.25-alpine; empty where the tags are no versions."""
        word = tag.removeprefix("v").partition("-")[0]
        if not numbers(word):
            word = next((version for alias, version in self.aliases.items() if tag.startswith(alias)), self.newest)
        full = [one for one in expand_cached(self.tags) if numbers(one) and (not word or f"{one}.".startswith(f"{word}."))]
        version = max(full, key=numbers, default=word)
        return full_version(self.facts, version) if self.facts and version else version

    def _base(self, tag: str, variant: str) -> str:
        if "{}" in self.base:
            return self.base.format(tag)
        return "alpine:3.22" if variant.startswith("alpine") else self.base


@lru_cache(maxsize=256)
def is_a_little_newer(version: str, tags: str) -> bool:
    """Whether a version may have come after this list of tags was written: up to ten minor versions or patches on, or the next major one.

    Short lists are those of samples, which get no new versions.
    """
    known, wanted = {found for one in expand_cached(tags) if (found := numbers(one))}, numbers(version)
    if not wanted or len(known) < _MANY:
        return False
    majors = {one[0] for one in known}
    major, minor = wanted[0], wanted[1] if len(wanted) > 1 else 0
    if major not in majors:
        return major == max(majors) + 1 and len(majors) > _MAJORS_THAT_MOVE and minor <= _AHEAD
    minors = {one[1] for one in known if one[0] == major and len(one) > 1}
    if minor not in minors:
        return major == max(majors) and max(minors, default=0) < minor <= max(minors, default=0) + _AHEAD
    patches = [one[2] for one in known if one[:2] == (major, minor) and len(one) > 2]
    return len(wanted) == 3 and bool(patches) and max(patches) < wanted[2] <= max(patches) + _AHEAD


def _with_suite(base: str, tag: str) -> str:
    """A tag may name the distribution itself: python:3.12-bookworm, nginx:1.25-alpine3.18."""
    name, _, rest = base.partition(":")
    if found := _ALPINE.search(tag):
        return f"alpine:{found[1]}"
    if found := _SUITE.search(tag):
        name = "ubuntu" if found[1] in _UBUNTU_SUITES else name if name != "ubuntu" else "debian"
        return f"{name}:{found[1]}{'-' + rest.partition('-')[2] if '-' in rest else ''}"
    return base


@lru_cache(maxsize=256)
def expand_cached(spec: str) -> frozenset[str]:
    return expand(spec)
