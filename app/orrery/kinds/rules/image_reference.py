"""Names of container images: the tag a reference means. Follows `parsers.ParseImageName` and the rules of distribution/reference."""

import re
from functools import lru_cache
from typing import Final

_DOMAIN_LABEL: Final = "(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])"
_DOMAIN: Final = rf"(?:{_DOMAIN_LABEL}(?:\.{_DOMAIN_LABEL})*|\[(?:[a-fA-F0-9:]+)\])(?::[0-9]+)?"
_COMPONENT: Final = "[a-z0-9]+(?:(?:[._]|__|[-]+)[a-z0-9]+)*"
_DIGEST: Final = "[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}"
_match: Final = re.compile(
    rf"(?P<name>(?:{_DOMAIN}/)?{_COMPONENT}(?:/{_COMPONENT})*)(?::(?P<tag>[\w][\w.-]{{0,127}}))?(?:@(?P<digest>{_DIGEST}))?", re.ASCII
).fullmatch
_is_identifier: Final = re.compile("[a-f0-9]{64}").fullmatch
_DIGEST_LENGTHS: Final = {"sha256": 64, "sha384": 96, "sha512": 128}
_NAME_BYTES_MAX: Final = 255


@lru_cache(maxsize=2048)
def image_tag(image: str) -> str:
    """The tag, `latest` when neither tag nor digest is given, empty when there is only a digest or the reference is invalid.

    >>> image_tag("nginx"), image_tag("nginx:1.25"), image_tag("Nginx:latest")
    ('latest', '1.25', '')
    """
    if _is_identifier(image):
        return ""
    head, slash, _ = image.partition("/")
    has_domain = bool(slash) and ("." in head or ":" in head or head == "localhost" or head.lower() != head)
    found = _match(image if has_domain else f"docker.io/{image}")
    if found is None or len(found["name"]) > _NAME_BYTES_MAX:
        return ""
    if digest := found["digest"]:
        algorithm, _, value = digest.partition(":")
        if _DIGEST_LENGTHS.get(algorithm) != len(value) or value.lower() != value:
            return ""
        return found["tag"] or ""
    return found["tag"] or "latest"
