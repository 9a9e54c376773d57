"""The console on an application of the HTTP API."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Final

from fastapi import FastAPI
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from pipeline.console import (
    audit_pages,
    directory_pages,
    health_pages,
    live_pages,
    people_pages,
    plate_pages,
    release_file_pages,
    release_pages,
    rights_pages,
    session_pages,
    situation_pages,
)
from pipeline.console.pages import static_address

PAGES: Final = (
    session_pages.router,
    directory_pages.router,
    situation_pages.router,
    live_pages.router,
    plate_pages.router,
    release_pages.router,
    release_file_pages.router,
    rights_pages.router,
    people_pages.router,
    audit_pages.router,
    health_pages.router,
)


class _Stored(StaticFiles):
    """Files that browsers store for ever, as their address changes with them."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """See `StaticFiles`."""
        answer = await super().get_response(path, scope)
        answer.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return answer


def add_console(app: FastAPI) -> FastAPI:
    """Add the pages of the console to an application, below ``/console/``; ``/`` leads to them.

    Args:
        app: of the HTTP API, whose guard, sessions and decisions the pages use.
    """
    for router in PAGES:
        app.include_router(router)
    app.mount(static_address(), _Stored(directory=Path(str(files("pipeline.console") / "static"))), name="static")
    return app
