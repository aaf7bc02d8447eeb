"""Image references: parsing, normal form, and the errors the kubelet prints for those that are none.

Follows distribution's `reference` grammar and `pkg/util/parsers`: `nginx` is `docker.io/library/nginx:latest`.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from orrery.machinery.field_errors import go_quote

DEFAULT_DOMAIN: Final = "docker.io"
DEFAULT_TAG: Final = "latest"

_COMPONENT: Final = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_PATH: Final = re.compile(rf"{_COMPONENT}(?:/{_COMPONENT})*")
_DOMAIN_PART: Final = r"(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])"
_DOMAIN: Final = re.compile(rf"(?:{_DOMAIN_PART}(?:\.{_DOMAIN_PART})*|\[[a-fA-F0-9:]+\])(?::[0-9]+)?")
_TAG: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
_DIGEST: Final = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}")
_IDENTIFIER: Final = re.compile(r"[a-f0-9]{64}")
_REPOSITORY_LENGTH_MAX: Final = 255


class InvalidReference(ValueError):
    """The text is no image reference; the message is the parser's."""


@dataclass(frozen=True, slots=True)
class Reference:
    """An image by name. `repository` has its domain: `docker.io/library/nginx`. Either tag or digest may be empty, not both."""

    repository: str
    tag: str
    digest: str

    def __str__(self) -> str:
        """The normal form: `docker.io/library/nginx:1.25`, `docker.io/library/nginx@sha256:…`."""
        tag = f":{self.tag}" if self.tag else ""
        return f"{self.repository}{tag}@{self.digest}" if self.digest else f"{self.repository}{tag}"


@lru_cache(maxsize=4096)
def parse_reference(text: str) -> Reference:
    """The reference in normal form; InvalidReference says why it is none.

    >>> str(parse_reference("nginx")), str(parse_reference("registry.k8s.io/pause:3.10"))
    ('docker.io/library/nginx:latest', 'registry.k8s.io/pause:3.10')
    """
    if _IDENTIFIER.fullmatch(text):
        raise InvalidReference(f"invalid repository name ({text}), cannot specify 64-byte hexadecimal strings")
    rest, _, digest = text.partition("@")
    if "@" in text and not _DIGEST.fullmatch(digest):
        raise InvalidReference("invalid reference format")
    name, tag = _split_tag(rest)
    domain, path = _split_domain(name)
    if path.lower() != path:
        raise InvalidReference(f"invalid reference format: repository name ({path}) must be lowercase")
    if not _PATH.fullmatch(path) or not _DOMAIN.fullmatch(domain):
        raise InvalidReference("invalid reference format")
    if ":" in rest[len(name) :] and not _TAG.fullmatch(tag):
        raise InvalidReference("invalid reference format")
    if len(f"{domain}/{path}") > _REPOSITORY_LENGTH_MAX:
        raise InvalidReference(f"repository name must not be more than {_REPOSITORY_LENGTH_MAX} characters")
    return Reference(f"{domain}/{path}", tag or ("" if digest else DEFAULT_TAG), digest)


def _split_tag(text: str) -> tuple[str, str]:
    slash, colon = text.rfind("/"), text.rfind(":")
    return (text[:colon], text[colon + 1 :]) if colon > slash else (text, "")


def _split_domain(name: str) -> tuple[str, str]:
    first, slash, rest = name.partition("/")
    if slash and ("." in first or ":" in first or first == "localhost" or first.lower() != first):
        domain, path = first, rest
    else:
        domain, path = DEFAULT_DOMAIN, name
    if domain == "index.docker.io":
        domain = DEFAULT_DOMAIN
    if domain == DEFAULT_DOMAIN and "/" not in path:
        path = f"library/{path}"
    return domain, path


def invalid_image_message(text: str, error: InvalidReference) -> str:
    """What the kubelet says about an image that is no reference."""
    return f"Failed to apply default image tag {go_quote(text)}: couldn't parse image name {go_quote(text)}: {error}"
