"""Options of list and watch: what upstream refuses, and the numbers behind resource versions and continue tokens."""

import base64
import binascii
from dataclasses import replace
from typing import Final

import orjson

from orrery.kinds.kind import Errors
from orrery.machinery.errors import BadRequest, Expired, Invalid, Timeout
from orrery.machinery.field_errors import forbidden, invalid, not_supported
from orrery.machinery.json_syntax import json_syntax_error
from orrery.machinery.objects import Object
from orrery.verbs.call import ListOptions
from orrery.verbs.create import BareServerError

NOT_OLDER_THAN: Final = "NotOlderThan"
EXACT: Final = "Exact"
_REVISION_BITS: Final = 64
_TOKEN_VERSION: Final = "meta.k8s.io/v1"

_LIST_EXPIRED: Final = "The resourceVersion for the provided list is too old."
_CONTINUE_EXPIRED: Final = (
    "The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue"
    " parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided"
    " token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was"
    " returned and now may show up in the list."
)


class ContinueExpired(Expired):
    """A page of history that is gone; the answer carries a token that goes on from the newest state."""

    def __init__(self, token: str) -> None:
        super().__init__(_CONTINUE_EXPIRED)
        self.token = token

    def status(self) -> Object:
        return {**super().status(), "metadata": {"continue": self.token}}


def list_expired() -> Expired:
    return Expired(_LIST_EXPIRED)


def too_large(wanted: int, current: int) -> Timeout:
    """The client has seen a revision that this server has not."""
    error = Timeout(f"Too large resource version: {wanted}, current: {current}", retry_after_s=1)
    causes = [{"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}]
    error.details = {"causes": causes, **(error.details or {})}
    return error


def check_list_options(options: ListOptions) -> None:
    """Upstream's ValidateListOptions for a list."""
    errors: Errors = []
    match, version = options.resource_version_match, options.resource_version or ""
    path = "resourceVersionMatch"
    if match:
        if not version:
            errors.append(forbidden(path, "resourceVersionMatch is forbidden unless resourceVersion is provided"))
        if options.continue_token:
            errors.append(forbidden(path, "resourceVersionMatch is forbidden when continue is provided"))
        if match not in (EXACT, NOT_OLDER_THAN):
            errors.append(not_supported(path, match, (EXACT, NOT_OLDER_THAN, "")))
        if match == EXACT and version == "0":
            errors.append(forbidden(path, 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"'))
    if options.send_initial_events is not None:
        errors.append(forbidden("sendInitialEvents", "sendInitialEvents is forbidden for list"))
    _refuse(errors)


def watch_options(options: ListOptions) -> ListOptions:
    """Upstream's defaults and ValidateListOptions for a watch: from nothing or "0" it starts with what is there."""
    match = options.resource_version_match
    if options.send_initial_events is None and not match and (options.resource_version or "0") == "0":
        return replace(options, send_initial_events=True, resource_version_match=NOT_OLDER_THAN)
    errors: Errors = []
    path = "resourceVersionMatch"
    if options.send_initial_events is not None and match != NOT_OLDER_THAN:
        errors.append(forbidden(path, f"sendInitialEvents requires setting resourceVersionMatch to {NOT_OLDER_THAN}"))
    if match:
        if options.send_initial_events is None:
            errors.append(forbidden(path, "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided"))
        if match != NOT_OLDER_THAN:
            errors.append(not_supported(path, match, (NOT_OLDER_THAN,)))
        if options.continue_token:
            errors.append(forbidden(path, "resourceVersionMatch is forbidden when continue is provided"))
    _refuse(errors)
    return options


def _refuse(errors: Errors) -> None:
    if errors:
        raise Invalid("ListOptions.meta.k8s.io", "", errors)


def revision_of(version: str | None) -> int:
    """A resourceVersion as a number; 0 for none and for "0". ValueError with Go's text when it is no number."""
    if not version or version == "0":
        return 0
    if not (version.isascii() and version.isdecimal()):
        raise ValueError(f'strconv.ParseUint: parsing "{version}": invalid syntax')
    revision = int(version)
    if revision >= 1 << _REVISION_BITS:
        raise ValueError(f'strconv.ParseUint: parsing "{version}": value out of range')
    return revision


def bare_revision(version: str | None) -> int:
    """The same for get and watch, where upstream answers a bare 500."""
    try:
        return revision_of(version)
    except ValueError as error:
        raise BareServerError(str(invalid("resourceVersion", version, str(error)))) from None


def list_revision(version: str | None) -> int:
    """The same for list: BadRequest."""
    try:
        return revision_of(version)
    except ValueError as error:
        raise BadRequest(f"invalid resource version: {invalid('resourceVersion', version, str(error))}") from None


def new_token(start: str, revision: int) -> str:
    """`start` is what follows the prefix of the keys, `/name` or `/namespace/name`; the page goes on right after it."""
    return encode_token(f"{start}\0", revision)


def encode_token(start: str, revision: int) -> str:
    body = orjson.dumps({"v": _TOKEN_VERSION, "rv": revision, "start": start})
    return base64.urlsafe_b64encode(body).rstrip(b"=").decode()


def parse_token(token: str) -> tuple[str, int]:
    """The start and the revision (-1: now) of a continue token; BadRequest as upstream's DecodeContinue."""
    broken = "invalid continue token: continue key is not valid"
    try:
        text = _from_base64(token)
    except (binascii.Error, ValueError) as error:
        raise BadRequest(f"{broken}: {error}") from None
    try:
        fields = orjson.loads(text)
    except ValueError as error:
        raise BadRequest(f"{broken}: {json_syntax_error(text) or error}") from None
    if not isinstance(fields, dict) or fields.get("v") != _TOKEN_VERSION:
        version = fields.get("v", "") if isinstance(fields, dict) else ""
        raise BadRequest(f"{broken}: server does not recognize this encoded version {version}")
    revision, start = fields.get("rv", 0), fields.get("start", "")
    if not isinstance(revision, int) or not revision:
        raise BadRequest(f"{broken}: incorrect encoded start resourceVersion (version {_TOKEN_VERSION})")
    if not isinstance(start, str) or not start:
        raise BadRequest(f"{broken}: encoded start key empty (version {_TOKEN_VERSION})")
    path = start if start.startswith("/") else f"/{start}"
    if any(part in ("", ".", "..") for part in path[1:].split("/")):
        raise BadRequest(f"{broken}: {start}")
    return path, revision


def _from_base64(token: str) -> bytes:
    """Raw URL base64; the error names the first byte that is none, as Go's does."""
    for index, char in enumerate(token):
        if not (char.isascii() and (char.isalnum() or char in "-_")):
            raise ValueError(f"illegal base64 data at input byte {index}")
    if len(token) % 4 == 1:
        raise ValueError(f"illegal base64 data at input byte {len(token) - 1}")
    return base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
