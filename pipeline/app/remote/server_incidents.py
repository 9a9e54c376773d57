"""Incidents and hits of a server: the requests of its HTTP API, with the answers of a local register and store."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar

import msgspec

from pipeline.app.alerts.incident_answers import IncidentDetails, IncidentList
from pipeline.app.hotlists.list_hits import HitsWanted, ListHit
from pipeline.app.questions import Answer, Events
from pipeline.app.remote.server_address import ServerAddress
from pipeline.app.remote.server_questions import answer_of, page_of, post
from pipeline.domain.events import AlertEvent
from pipeline.domain.incident import (
    CloseReason,
    HandOver,
    IncidentAction,
    IncidentRecord,
    IncidentRow,
    IncidentState,
    IncidentStep,
)
from pipeline.domain.incident_feedback import Closing, Feedback, Tuning
from pipeline.domain.locale import Locale
from pipeline.domain.requester import Requester

A = TypeVar("A")
_WITHOUT: Final = ("before", "after")


class ServerIncidents:
    """The incidents of a server, for the person who logged in there; its methods are those of `Incidents`.

    Args:
        address: of the server; requester: states purpose and case.
        hits: incidents of listed plates, of entries that name the person.

    Every method raises NotLoggedIn, PolicyError, StoreError and ViapublicaError as `ask_server` does.
    """

    def __init__(self, address: ServerAddress, requester: Requester, *, hits: bool = False) -> None:
        self._address = address
        self._requester = requester
        self._hits = {"hits": hits}

    def list(
        self, question: Events, *, states: Sequence[IncidentState] = (), locale: Locale | None = None
    ) -> IncidentList:
        """See `Incidents.list`."""
        wanted = {"states": [one.value for one in states], "locale": locale, **self._hits}
        return self._post("/search", page_of(question) | wanted, _incidents)

    def show(self, incident: str, locale: Locale | None = None) -> IncidentDetails:
        """See `Incidents.show`."""
        return self._post("/show", {"incident": incident, "locale": locale, **self._hits}, _details)

    def do(
        self,
        incident: str,
        action: IncidentAction,
        *,
        text: str = "",
        reason: CloseReason | None = None,
        duplicate_of: str = "",
        take_over: bool = False,
    ) -> IncidentRecord:
        """See `Incidents.do`."""
        step = {
            "incident": incident,
            "action": action.value,
            "text": text,
            "reason": reason,
            "duplicate_of": duplicate_of,
            "take_over": take_over,
        }
        return self._post("/steps", step | self._hits, lambda found: msgspec.convert(found, IncidentRecord))

    def undo_feedback(self, incident: str) -> str:
        """See `Incidents.undo_feedback`."""
        return self._post("/feedback/undo", {"incident": incident}, lambda found: str(found["incident"]))

    def feedback(self) -> Sequence[Feedback]:
        """See `Incidents.feedback`; of the cameras that the person may ask about."""
        return self._post("/feedback/search", {}, lambda found: [_feedback(one) for one in found["feedback"]])

    def hand_over(self, text: str) -> HandOver:
        """See `Incidents.hand_over`."""
        return self._post("/hand-overs", {"text": text}, _hand_over)

    def accept_hand_over(self, number: int) -> HandOver:
        """See `Incidents.accept_hand_over`."""
        return self._post("/hand-overs/accept", {"number": number}, _hand_over)

    def hand_overs(self) -> tuple[HandOver, ...]:
        """See `Incidents.hand_overs`."""
        return self._post("/hand-overs/search", {}, lambda found: tuple(map(_hand_over, found["hand_overs"])))

    def _post(self, path: str, body: dict[str, Any], value_of: Callable[[dict[str, Any]], A]) -> A:
        return post(self._address, f"/incidents{path}", body, self._requester, value_of)


def server_hits(address: ServerAddress, requester: Requester, wanted: HitsWanted) -> Answer[list[ListHit]]:
    """The hits that a server has of entries that name the person; see `list_hits`.

    Raises:
        NotLoggedIn, PolicyError, StoreError, ViapublicaError: see `ask_server`.
    """
    body = {"list": wanted.list_name, "entry": wanted.entry, "route": wanted.route}
    return post(
        address,
        "/hot-lists/hits/search",
        body | page_of(wanted),
        requester,
        lambda found: answer_of(found, msgspec.convert(found["rows"], list[ListHit])),
    )


def _incidents(content: dict[str, Any]) -> IncidentList:
    rows = msgspec.convert(content["rows"], list[IncidentRow])
    return IncidentList(answer_of(content, rows), int(content["withheld_incidents"]))


def _details(content: dict[str, Any]) -> IncidentDetails:
    return IncidentDetails(
        msgspec.convert(content["incident"], IncidentRow),
        msgspec.convert(content["alerts"], tuple[AlertEvent, ...]),
        msgspec.convert(content["steps"], tuple[IncidentStep, ...]),
    )


def _feedback(content: dict[str, Any]) -> Feedback:
    closing = {name: value for name, value in content.items() if name not in _WITHOUT}
    before, after = (msgspec.convert(content[name], dict[str, float]) for name in _WITHOUT)
    reason = CloseReason(closing.pop("reason"))
    return Feedback(Closing(**closing, reason=reason), Tuning(**before), Tuning(**after))


def _hand_over(content: dict[str, Any]) -> HandOver:
    return msgspec.convert(content, HandOver)
