"""Who signs service account tokens, and with which key: /.well-known/openid-configuration and /openid/v1/jwks.

Follows upstream's `pkg/serviceaccount/openidmetadata.go` and `pkg/routes`, content types included.

# DIFFERS: upstream's jwks_uri is the server's external address; ours is the one that the client used.
"""

from collections.abc import Callable
from typing import Final

import orjson
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from orrery.verbs.account_tokens import ISSUER

_HEADERS: Final = {"cache-control": "public, max-age=3600"}
_KEYS: Final = "/openid/v1/jwks"


def new_router(key_set: Callable[[], bytes]) -> APIRouter:
    """Both routes; `key_set` gives the public keys as JSON."""
    router = APIRouter(include_in_schema=False)

    @router.get("/.well-known/openid-configuration")
    async def configuration(request: Request) -> Response:
        url = request.url
        document = {
            "issuer": ISSUER,
            "jwks_uri": f"{url.scheme}://{url.netloc}{_KEYS}",
            "response_types_supported": ["id_token"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
        }
        return Response(orjson.dumps(document), headers=_HEADERS, media_type="application/json")

    @router.get(_KEYS)
    async def keys() -> Response:
        return Response(key_set(), headers=_HEADERS, media_type="application/jwk-set+json")

    return router
