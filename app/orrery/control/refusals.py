"""What is wrong with a request on Orrery's own API, as a `Status` like every other refusal: FastAPI's own shape is never shown.

As in Kubernetes, a body that cannot be read is a bad request (400), one that says something impossible is invalid (422).
"""

from collections.abc import Callable, Coroutine, Mapping
from typing import Any, Final

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.types import Message, Receive

from orrery.machinery.errors import ApiError, BadRequest, Invalid, RequestTooLarge
from orrery.machinery.field_errors import go_quote, invalid

_BODY_BYTES_MAX: Final = 64 * 1024
"""Nothing that this API is told is longer than a few words."""


class StatusRoute(APIRoute):
    """A route whose refusals are ApiErrors, and whose bodies are short."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def answer(request: Request) -> Response:
            try:
                return await handle(Request(request.scope, _limited(request.receive)))
            except RequestValidationError as error:
                raise _refusal(error.errors()[0], _kind_of(request.url.path), _name_in(error.body)) from None
            except HTTPException as error:
                if isinstance(error.__cause__, ApiError):
                    raise error.__cause__ from None
                raise BadRequest(f"the body of the request could not be read: {error.detail}") from None

        return answer


def _limited(receive: Receive) -> Receive:
    read = 0

    async def limited() -> Message:
        nonlocal read
        message = await receive()
        read += len(message.get("body", b""))
        if read > _BODY_BYTES_MAX:
            raise RequestTooLarge(f"limit is {_BODY_BYTES_MAX}")
        return message

    return limited


def _kind_of(path: str) -> str:
    """What the body of a request to that path describes."""
    if path.startswith("/orrery/v1/nodes"):
        return "Node"
    return "Usage" if path.endswith("/usage") else "Rollback"


def _name_in(body: object) -> str:
    """Whom the body is about, if it says so."""
    name = body.get("name") if isinstance(body, dict) else None
    return name if isinstance(name, str) else ""


def _refusal(problem: Mapping[str, Any], about: str, name: str) -> ApiError:
    """The first problem that pydantic found, in Kubernetes' words."""
    kind = problem["type"]
    field = ".".join(str(part) for part in problem["loc"][1:])
    if kind == "json_invalid":
        return BadRequest(f"the body of the request is not JSON: {problem['ctx']['error']} at {problem['loc'][-1]}")
    if kind == "extra_forbidden":
        return BadRequest(f"strict decoding error: unknown field {go_quote(field)}")
    if kind in ("model_attributes_type", "model_type", "dict_type") and not field:
        return BadRequest("the body of the request is not a JSON object")
    return Invalid(about, name, [invalid(field, problem["input"], _text(problem))])


def _text(problem: Mapping[str, Any]) -> str:
    if problem["type"] == "greater_than_equal":
        return f"must be greater than or equal to {problem['ctx']['ge']}"
    if problem["type"] == "value_error":
        return str(problem["ctx"]["error"])
    text: str = problem["msg"]
    return text[:1].lower() + text[1:]
