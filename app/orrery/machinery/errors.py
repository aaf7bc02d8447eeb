"""The family of API errors. Raised as facts where they are known; rendered once, as a `Status`, by `ApiError.status`.

    ApiError
    ├── BadRequest 400            ├── Conflict 409              ├── Invalid 422
    ├── Unauthorized 401          │   ├── AlreadyExists         ├── TooManyRequests 429
    ├── Forbidden 403             │   └── (reason Conflict)     ├── InternalError 500
    ├── NotFound 404              ├── Gone 410 (Expired)        ├── NotImplementedYet 501
    ├── MethodNotAllowed 405      ├── RequestTooLarge 413       ├── ServiceUnavailable 503
    ├── NotAcceptable 406         └── UnsupportedMediaType 415  └── Timeout 504

Messages, reasons and details follow apimachinery's `api/errors` to the byte.
"""

from collections.abc import Sequence
from typing import Any, ClassVar

from orrery.machinery.field_errors import FieldError, aggregate, go_quote
from orrery.machinery.objects import GroupResource, Object


def split_group(resource: GroupResource) -> tuple[str, str]:
    """`deployments.apps` is (`deployments`, `apps`); `pods` is (`pods`, empty)."""
    plural, _, group = resource.partition(".")
    return plural, group


class ApiError(Exception):
    """A failure that a client is told about: an HTTP code, a reason, a message and details."""

    code: ClassVar[int] = 500
    reason: ClassVar[str] = "InternalError"

    def __init__(self, message: str, *, details: Object | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.details = details

    def status(self) -> Object:
        """The `Status` object a client receives."""
        body: Object = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "message": self.message}
        if self.reason:
            body["reason"] = self.reason
        if self.details is not None:
            body["details"] = self.details
        body["code"] = self.code
        return body


def _about(resource: GroupResource, name: str) -> Object:
    plural, group = split_group(resource)
    details: Object = {"name": name} if name else {}
    if group:
        details["group"] = group
    if plural:
        details["kind"] = plural
    return details


class BadRequest(ApiError):
    code, reason = 400, "BadRequest"


class Unauthorized(ApiError):
    code, reason = 401, "Unauthorized"

    def __init__(self, message: str = "Unauthorized") -> None:
        super().__init__(message)


class Forbidden(ApiError):
    """The request was understood, and refused by admission or by the authorizer."""

    code, reason = 403, "Forbidden"

    def __init__(self, resource: GroupResource, name: str, why: str) -> None:
        subject = f"{resource} {go_quote(name)}" if name else resource
        super().__init__(f"{subject} is forbidden: {why}", details=_about(resource, name))


class NotFound(ApiError):
    code, reason = 404, "NotFound"

    def __init__(self, resource: GroupResource, name: str) -> None:
        super().__init__(f"{resource} {go_quote(name)} not found", details=_about(resource, name))


class PathNotFound(ApiError):
    """No such path or resource at all: upstream's answer to a discovery miss."""

    code, reason = 404, "NotFound"

    def __init__(self) -> None:
        super().__init__("the server could not find the requested resource", details={})


class MethodNotAllowed(ApiError):
    code, reason = 405, "MethodNotAllowed"

    def __init__(self, resource: GroupResource, action: str) -> None:
        super().__init__(f"{action} is not supported on resources of kind {go_quote(resource)}", details=_about(resource, ""))


class NotAcceptable(ApiError):
    code, reason = 406, "NotAcceptable"

    def __init__(self, accepted: Sequence[str]) -> None:
        super().__init__("only the following media types are accepted: " + ", ".join(accepted))


class Conflict(ApiError):
    """The write lost a race: the object is not what the client believes it is."""

    code, reason = 409, "Conflict"

    MODIFIED: ClassVar[str] = "the object has been modified; please apply your changes to the latest version and try again"

    def __init__(self, resource: GroupResource, name: str, why: str = MODIFIED) -> None:
        super().__init__(f"Operation cannot be fulfilled on {resource} {go_quote(name)}: {why}", details=_about(resource, name))


class AlreadyExists(ApiError):
    code, reason = 409, "AlreadyExists"

    def __init__(self, resource: GroupResource, name: str) -> None:
        super().__init__(f"{resource} {go_quote(name)} already exists", details=_about(resource, name))


class GenerateNameConflict(ApiError):
    code, reason = 409, "AlreadyExists"

    def __init__(self, resource: GroupResource, name: str) -> None:
        super().__init__(
            f"{resource} {go_quote(name)} already exists, the server was not able to generate a unique name for the object",
            details={**_about(resource, name), "retryAfterSeconds": 1},
        )


class Expired(ApiError):
    """The history asked for has been compacted away."""

    code, reason = 410, "Expired"


class RequestTooLarge(ApiError):
    code, reason = 413, "RequestEntityTooLarge"

    def __init__(self, why: str) -> None:
        super().__init__(f"Request entity too large: {why}")


class UnsupportedMediaType(ApiError):
    code, reason = 415, "UnsupportedMediaType"

    def __init__(self, accepted: Sequence[str]) -> None:
        super().__init__("the body of the request was in an unknown format - accepted media types include: " + ", ".join(accepted))


class Invalid(ApiError):
    """The object does not pass validation; `qualified_kind` is `Deployment.apps` or `Pod`."""

    code, reason = 422, "Invalid"

    def __init__(self, qualified_kind: str, name: str, errors: Sequence[FieldError]) -> None:
        self.errors = tuple(errors)
        message = f"{qualified_kind} {go_quote(name)} is invalid"
        details = _about(qualified_kind, name)
        if errors:
            message = f"{message}: {aggregate(errors)}"
            details["causes"] = [_cause(error) for error in errors]
        super().__init__(message, details=details)


def _cause(error: FieldError) -> Object:
    cause: Object = {"reason": error.type, "message": error.body}
    if error.field:
        cause["field"] = error.field
    return cause


class TooManyRequests(ApiError):
    code, reason = 429, "TooManyRequests"

    def __init__(self, message: str, *, retry_after_s: int = 1, causes: Sequence[dict[str, Any]] = ()) -> None:
        details: Object = {"causes": list(causes)} if causes else {}
        if retry_after_s:
            details["retryAfterSeconds"] = retry_after_s
        super().__init__(message, details=details)


class InternalError(ApiError):
    def __init__(self, why: str) -> None:
        super().__init__(f"Internal error occurred: {why}", details={"causes": [{"message": why}]})


class NotStored(InternalError):
    """The log could not keep the write (disk full, database gone, shutting down), and says so itself; a later try may do better."""


class NotImplementedYet(ApiError):
    """Orrery does not do this yet; the message says what is missing, docs/differences.md lists it."""

    code, reason = 501, "NotImplemented"


class ServiceUnavailable(ApiError):
    code, reason = 503, "ServiceUnavailable"


class Timeout(ApiError):
    code, reason = 504, "Timeout"

    def __init__(self, why: str, *, retry_after_s: int = 0) -> None:
        super().__init__(f"Timeout: {why}", details={"retryAfterSeconds": retry_after_s} if retry_after_s else {})
