"""/docs: Swagger UI from the installed package swagger-ui-bundle, with a document for every API group version and one for Orrery's own API.

Nothing is fetched from elsewhere. The page needs no token, what people try from it does.
"""

from functools import cache
from pathlib import Path
from typing import Final

import orjson
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, RedirectResponse, Response

from orrery.api.openapi.library import TRYABLE, Library

_FILES: Final = frozenset({"swagger-ui.css", "swagger-ui-bundle.js", "swagger-ui-standalone-preset.js", "favicon-32x32.png"})
_OWN: Final = "orrery/v1"
_FIRST: Final = "apis/apps/v1"
_POLICY: Final = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'"
_HEADERS: Final = {"cache-control": "no-cache", "content-security-policy": _POLICY, "x-content-type-options": "nosniff"}

_PAGE: Final = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Orrery API</title>
<link rel="icon" type="image/png" href="docs/assets/favicon-32x32.png">
<link rel="stylesheet" href="docs/assets/swagger-ui.css">
<link rel="stylesheet" href="docs/page.css">
</head>
<body>
<div id="swagger-ui"></div>
<script src="docs/assets/swagger-ui-bundle.js"></script>
<script src="docs/assets/swagger-ui-standalone-preset.js"></script>
<script src="docs/page.js"></script>
</body>
</html>
"""

_STYLE: Final = """body { margin: 0; }
.swagger-ui .topbar { background: #1b2a41; padding: 8px 0; }
.swagger-ui .topbar .link > * { display: none; }
.swagger-ui .topbar .link::after { content: "Orrery"; color: #fff; font-size: 1.4em; }
.swagger-ui .topbar .download-url-wrapper .select-label select { border-color: #7c8aa5; }
.swagger-ui .info { margin: 24px 0 0; }
.swagger-ui .opblock-tag { font-size: 18px; }
"""

_SCRIPT: Final = """window.ui = SwaggerUIBundle({
  urls: %s,
  "urls.primaryName": %s,
  dom_id: "#swagger-ui",
  layout: "StandaloneLayout",
  presets: [SwaggerUIBundle.presets.apis, SwaggerUIStandalonePreset],
  docExpansion: "none",
  defaultModelsExpandDepth: -1,
  defaultModelExpandDepth: 1,
  defaultModelRendering: "example",
  displayRequestDuration: true,
  deepLinking: true,
  filter: true,
  operationsSorter: "alpha",
  validatorUrl: null,
  syntaxHighlight: { activated: true, theme: "agate" },
});
"""


def new_router(library: Library) -> APIRouter:
    """The page, its files and its documents."""
    router = APIRouter(include_in_schema=False)

    @router.get("/docs")
    async def page() -> Response:
        return HTMLResponse(_PAGE, headers=_HEADERS)

    @router.get("/docs/")
    async def page_with_slash() -> Response:
        return RedirectResponse("/docs")

    @router.get("/docs/page.css")
    async def style() -> Response:
        return Response(_STYLE, headers=_HEADERS | {"content-type": "text/css; charset=utf-8"})

    @router.get("/docs/page.js")
    async def script() -> Response:
        text = _SCRIPT % (orjson.dumps(_choices(library)).decode(), orjson.dumps(_label(_FIRST)).decode())
        return Response(text, headers=_HEADERS | {"content-type": "text/javascript; charset=utf-8"})

    @router.get("/docs/assets/{name}")
    async def asset(name: str) -> Response:
        if name not in _FILES:
            return Response(status_code=404)
        return FileResponse(_folder() / name, headers=_HEADERS)

    @router.get("/docs/documents/{name:path}")
    async def document(request: Request, name: str) -> Response:
        if name == _OWN:
            from orrery.api.openapi.own import own_document

            return _json(orjson.dumps(own_document(request.app)))
        if name not in library.group_versions():
            return Response(status_code=404)
        return _json(await library.document(TRYABLE + name))

    return router


def _json(body: bytes) -> Response:
    return Response(body, headers=_HEADERS | {"content-type": "application/json"})


def _choices(library: Library) -> list[dict[str, str]]:
    names = [*library.group_versions(), _OWN]
    return [{"url": f"/docs/documents/{name}", "name": _label(name)} for name in names]


def _label(name: str) -> str:
    return "Orrery's own API (/orrery/v1)" if name == _OWN else name.removeprefix("apis/").removeprefix("api/")


@cache
def _folder() -> Path:
    from swagger_ui_bundle import swagger_ui_path  # Only who opens the page needs it.

    return Path(str(swagger_ui_path))
