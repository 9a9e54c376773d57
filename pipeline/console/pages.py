"""Pages: templates with the person's language, navigation and token, and the headers that each page has."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from http import HTTPStatus
from importlib.resources import files
from typing import Any, Final

from fastapi import Request
from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.responses import HTMLResponse, RedirectResponse, Response

from pipeline import __version__
from pipeline.app.people.own_account import own_notices
from pipeline.console.catalogues import Tongue, translations
from pipeline.console.reader import Reader, Theme
from pipeline.console.sections import SECTIONS
from pipeline.console.visits import Visit
from pipeline.domain.operation import Operation

CONTENT_SECURITY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""Scripts and styles are files of the package alone: what gets into a page as text can run nothing."""
STATIC: Final = "/console/static"
ACCOUNT: Final = "/console/account"
"""The page of the own account."""


@cache
def _environment(tongue: Tongue) -> Environment:
    made = Environment(
        loader=PackageLoader("pipeline.console"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    made.install_gettext_translations(translations(tongue), newstyle=True)  # type: ignore[attr-defined]
    return made


@cache
def static_address() -> str:
    """The folder of scripts, styles and fonts, whose name changes with them: browsers may store them for ever."""
    digest = sha256()
    for file in sorted((files("pipeline.console") / "static").iterdir(), key=lambda one: one.name):
        if file.is_file():
            digest.update(file.name.encode() + file.read_bytes())
    return f"{STATIC}/{digest.hexdigest()[:16]}"


def is_htmx(request: Request) -> bool:
    """Whether a script of the page sent a request, and replaces a part of the page by the answer."""
    return request.headers.get("hx-request") == "true"


def render(template: str, reader: Reader, **values: Any) -> str:
    """A template as text.

    Args:
        template: its name; reader: of the page; values: that it shows, all of them escaped.
    """
    environment = _environment(reader.tongue)
    common = {"reader": reader, "static": static_address(), "version": __version__, "Theme": Theme, "Tongue": Tongue}
    return environment.get_template(template).render(**common, **values)


def page(
    template: str,
    reader: Reader,
    *,
    status: int = HTTPStatus.OK,
    headers: Mapping[str, str] | None = None,
    **values: Any,
) -> HTMLResponse:
    """A page, whose address cannot be framed, and which runs no script but those of the package.

    Args:
        template, reader, values: see `render`; status, headers: of the answer.
    """
    text = render(template, reader, **values)
    return HTMLResponse(text, int(status), {"Content-Security-Policy": CONTENT_SECURITY} | dict(headers or {}))


def section_page(template: str, visit: Visit, section: str, *, status: int = HTTPStatus.OK, **values: Any) -> Response:
    """A page of a section, for a person who is logged in.

    Args:
        template: its name; visit: of the person; section: name of it, "" for none.
        status: of the answer; values: that it shows.
    """
    return page(template, visit.reader, status=status, **section_values(visit, section), **values)


def section_values(visit: Visit, section: str) -> dict[str, Any]:
    """What the frame around a section's page needs."""
    return {
        "person": visit.caller.person,
        "sections": [one for one in SECTIONS if one.is_open_to(visit.operations)],
        "section": section,
        "operations": visit.operations,
        "Operation": Operation,
        "csrf": visit.csrf,
        "path": visit.request.url.path,
        "now_ms": visit.service.now_ms,
        "unseen": sum(one.seen_ms is None for one in own_notices(visit.caller.registry)),
        "institution": visit.service.stores.institution.name,
    }


def seen(address: str) -> RedirectResponse:
    """Sends the browser to a page after a form, so that reloading it does not send the form again."""
    return RedirectResponse(address, int(HTTPStatus.SEE_OTHER))


def gone_to(request: Request, address: str) -> Response:
    """The same after a form that a script may have sent, which leaves the page then."""
    return Response(headers={"HX-Redirect": address}) if is_htmx(request) else seen(address)
