"""Questions to the event store of a server: the requests of its HTTP API, and their answers as of a local store."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeVar, cast

import msgspec

from pipeline.app.hotlists.list_hits import HitsWanted
from pipeline.app.questions import (
    SURE,
    Answer,
    Cameras,
    CameraSummary,
    Events,
    Note,
    NoteCode,
    Plates,
    Question,
    Route,
    RouteAnswer,
)
from pipeline.app.remote.server_address import ServerAddress
from pipeline.app.remote.server_connection import ask_server
from pipeline.app.remote.server_log_in import session_at
from pipeline.domain.events import Event, PlateReadEvent
from pipeline.domain.plural import counted
from pipeline.domain.requester import Requester
from pipeline.domain.times import format_utc, parse_time
from pipeline.errors import PolicyError, StoreError, ViapublicaError

A = TypeVar("A")
_NOT_SERVED: Final = "Leave --server out, and ask where the data are"


def ask_store_of(address: ServerAddress, question: Question[A], requester: Requester) -> Answer[A]:
    """The answer of a server to a question of the person who logged in there.

    Args:
        address: of the server; question: plates, route, events or cameras; requester: states purpose and case.

    Raises:
        NotLoggedIn, PolicyError, StoreError: see `ask_server`.
        ViapublicaError: the question is not served, or the server does not take it.
    """
    path, body, value_of = _request(question)
    return cast("Answer[A]", post(address, path, body, requester, lambda found: answer_of(found, value_of(found))))


def post(
    address: ServerAddress,
    path: str,
    body: dict[str, Any],
    requester: Requester,
    value_of: Callable[[dict[str, Any]], A],
) -> A:
    """What a server answers to a request of the person who logged in there.

    Args:
        address: of the server; path, body: of the request; requester: states purpose and case.
        value_of: reads the body of the answer.

    Raises:
        NotLoggedIn, PolicyError, StoreError, ViapublicaError: see `ask_server`.
    """
    if not requester.purpose:
        raise PolicyError(
            "purpose", "is not stated, and the server answers none without", "Give --purpose, and --case where it needs"
        )
    stated = body | {"purpose": requester.purpose, "case": requester.case}
    content = ask_server(address, "POST", path, stated, session_at(address)).content
    try:
        return value_of(content)
    except (KeyError, TypeError, ValueError, msgspec.ValidationError):
        raise StoreError(
            f"server {address}", "gives an answer that this program does not know", "Install the same version on both"
        ) from None


def answer_of(content: dict[str, Any], value: A) -> Answer[A]:
    """An answer with the notes of the server; that cameras are left out is one, so that an empty one is no "no"."""
    found = msgspec.convert(content.get("notes", []), tuple[Note, ...])
    left_out = int(content["left_out_cameras"])
    if not left_out:
        return Answer(value, found)
    text = f"{counted(left_out, 'camera')} left out: no rule permits you to ask about them for this purpose"
    return Answer(value, (*found, Note(code=NoteCode.LEFT_OUT, text=text, limits=True)))


def page_of(question: Plates | Route | Events | HitsWanted) -> dict[str, Any]:
    """Time, cameras and page of a question, as the server expects them."""
    times = {"start": question.start_ms, "end": question.end_ms}
    return {
        "cameras": list(question.camera_ids),
        "limit": question.limit,
        "offset": question.offset,
        **{name: format_utc(at_ms) for name, at_ms in times.items() if at_ms is not None},
    }


_Request = tuple[str, dict[str, Any], Callable[[dict[str, Any]], Any]]


def _request(question: Question[Any]) -> _Request:
    """Path and body of a request, and what reads the value of its answer."""
    if isinstance(question, Plates) and not question.like:
        body = {"plates": list(question.plates), "errors": question.errors, "min_confidence": question.min_confidence}
        return "/queries/plates", body | page_of(question), lambda found: _rows(found, list[PlateReadEvent])
    if isinstance(question, Route):
        body = {"plate": question.plate, "min_confidence": question.min_confidence}
        return "/queries/route", body | page_of(question), _route
    if isinstance(question, Events):
        if question.kind is None:
            raise ViapublicaError("events", "of all kinds are not served", "Give --kind")
        if question.min_confidence != SURE:
            raise ViapublicaError("--min-confidence", "is not served for events", _NOT_SERVED)
        return (
            "/queries/events",
            {"kind": question.kind.value} | page_of(question),
            lambda found: _rows(found, list[Event]),
        )
    if isinstance(question, Cameras):
        return "/queries/cameras", {}, _cameras
    raise ViapublicaError("search", "by pattern, for convoys and for clones is not served", _NOT_SERVED)


def _rows(content: dict[str, Any], kind: Any) -> Any:
    return msgspec.convert(content["rows"], kind)


def _route(content: dict[str, Any]) -> RouteAnswer:
    return msgspec.convert(
        {"legs": content["rows"], "only_read": content["only_read"], "unlocated": content["unlocated"]}, RouteAnswer
    )


def _cameras(content: dict[str, Any]) -> list[CameraSummary]:
    """Those that sent an event; the others have no row in a local answer either."""
    return [
        CameraSummary(
            camera_id=row["camera_id"],
            last_seen_ms=parse_time(row["last_event"]),
            events=msgspec.convert(row["events"], dict),
            state=row["state"],
            state_since_ms=None if row["state_since"] is None else parse_time(row["state_since"]),
        )
        for row in content["cameras"]
        if row["last_event"] is not None
    ]
