"""Failures that only HTTP knows: a path without that method, a media type nobody serves, a refused host.

Their texts are upstream's, from its router (go-restful) and its generic filters. Everything else is raised by the rooms below
and rendered in `responses`.
"""

from typing import Final

from orrery.machinery.errors import ApiError, NotAcceptable

MEDIA_TYPES: Final = ("application/json", "application/yaml", "application/vnd.kubernetes.protobuf")
"""What upstream's messages list. Bodies may be protobuf; answers never are, which `protobuf_unwritable` says."""

SERVED_TYPES: Final = MEDIA_TYPES[:2]
STREAM_TYPES: Final = tuple(f"{name};stream=watch" for name in ("application/json", "application/vnd.kubernetes.protobuf"))


class WrongMethod(ApiError):
    """The path exists, but not with this method."""

    code, reason = 405, "MethodNotAllowed"

    def __init__(self) -> None:
        super().__init__("the server does not allow this method on the requested resource", details={})


class NoRepresentation(ApiError):
    """The router found no media type in common, before the handler was asked."""

    code, reason = 406, "NotAcceptable"

    def __init__(self, *, streams: bool) -> None:
        offered = ", ".join(MEDIA_TYPES + STREAM_TYPES if streams else MEDIA_TYPES)
        super().__init__(f"406: Not Acceptable\n\nAvailable representations: {offered}", details={})


class NotThatShape(ApiError):
    """A Table or PartialObjectMetadata of something that cannot be one."""

    code, reason = 406, "NotAcceptable"


class UnknownPatchType(ApiError):
    code, reason = 415, "UnsupportedMediaType"

    def __init__(self) -> None:
        super().__init__("415: Unsupported Media Type", details={})


class HostRefused(ApiError):
    """The request came under a name, or from a web page, that this server does not answer to."""

    code, reason = 403, "Forbidden"


def protobuf_unwritable() -> ApiError:
    # DIFFERS: upstream writes protobuf; we answer 406 to a client that accepts nothing else.
    return NotAcceptable(SERVED_TYPES)
