"""The pages: the built front end; every address of its router is the same document."""

import asyncio
import mimetypes
from pathlib import Path

from fastapi import APIRouter, HTTPException, Request
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from console.api.context import Console

NOT_BUILT = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Ducha 督察</title>
<h1>督察 Ducha</h1>
<p>前端尚未构建。接口在 <a href="/api/v1/openapi.json">/api/v1</a>。</p>
<p>The pages are not built. In <code>console/web</code> run <code>npm ci &amp;&amp; npm run build</code>.
The API is at <a href="/api/v1/openapi.json">/api/v1</a>.</p></html>
"""

# What the machine's own tables say of these differs; a module is not run under another type.
mimetypes.add_type("text/javascript", ".js")
mimetypes.add_type("text/javascript", ".mjs")

router = APIRouter(include_in_schema=False)
nowhere = APIRouter(include_in_schema=False)  # the last of all routes


class Assets(StaticFiles):
    """Files whose names hold their digest: they never change."""

    def __init__(self, folder: Path) -> None:
        super().__init__(directory=folder, check_dir=False)

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers["cache-control"] = "public, max-age=31536000, immutable"
        return response


@router.get("/")
@router.get("/wall")
@router.get("/desk")
@router.get("/desk/{rest:path}")
async def page(console: Console) -> Response:
    """The front end, which finds the screen by the address."""
    return await _document(console)


async def _document(console: Console, status: int = 200) -> Response:
    index = console.static / "index.html" if console.static else None
    if index is None or not await asyncio.to_thread(index.is_file):
        return HTMLResponse(NOT_BUILT, 503)
    return FileResponse(index, status, headers={"cache-control": "no-cache"})


@router.get("/favicon.svg")
async def favicon(console: Console) -> Response:
    """The icon."""
    icon = console.static / "favicon.svg" if console.static else None
    if icon is None or not await asyncio.to_thread(icon.is_file):
        return Response(status_code=404)
    return FileResponse(icon)


@nowhere.api_route("/{rest:path}", methods=["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
async def unknown(console: Console, request: Request, rest: str) -> Response:
    """The front end too, which says that there is no such page; a program is told in its own way."""
    is_page = request.method == "GET" and "text/html" in request.headers.get("accept", "")
    if rest.startswith(("api/", "assets/")) or not is_page:
        raise HTTPException(404)
    return await _document(console, 404)
