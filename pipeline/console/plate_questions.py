"""Kinds of searches among plates, and the question that a form asks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import tzinfo
from enum import StrEnum
from typing import Any, Final

from pydantic import Field

from pipeline.app.questions import Clones, Convoy, Plates, RangedQuestion, Route
from pipeline.console.catalogues import source
from pipeline.console.visits import Form, checked
from pipeline.domain.operation import Operation
from pipeline.domain.plate import check_question
from pipeline.domain.route import DrivingLimits
from pipeline.errors import ViapublicaError
from pipeline.http_api.problems import InvalidRequest
from pipeline.http_api.question_messages import PagedQuestion, PlatesQuestion, RouteQuestion


class Search(StrEnum):
    """What is searched for."""

    READS = "reads"
    ROUTE = "route"
    CONVOY = "convoy"
    CLONES = "clones"
    PATTERN = "pattern"


OPERATIONS: Final = {
    Search.READS: Operation.PLATE_QUERY,
    Search.ROUTE: Operation.JOURNEY_QUERY,
    Search.CONVOY: Operation.CONVOY_QUERY,
    Search.CLONES: Operation.CLONE_QUERY,
    Search.PATTERN: Operation.PATTERN_QUERY,
}
TITLES: Final = {
    Search.READS: source("Leituras de uma placa ou de até 10"),
    Search.ROUTE: source("Trajeto de um veículo"),
    Search.CONVOY: source("Veículos que andam com este (comboio)"),
    Search.CLONES: source("Possível clone (sem placa: todas, nas últimas 24 horas)"),
    Search.PATTERN: source("Padrão de placa (* qualquer texto, ? um caractere)"),
}
FOLLOWING: Final = {
    Search.READS: source("Leituras desta placa"),
    Search.ROUTE: source("Trajeto"),
    Search.CONVOY: source("Comboio"),
    Search.CLONES: source("Possível clone"),
}
"""Those that may follow one another with the plate that is in the form."""
_LEG: Final = (
    "from_plate",
    "from_camera_id",
    "from_ts_ms",
    "to_plate",
    "to_camera_id",
    "to_ts_ms",
    "distance_m",
    "speed_km_h",
)
_READ: Final = ("plate", "camera_id", "ts_ms", "confidence", "votes", "vehicle")
COLUMNS: Final[Mapping[Search, Sequence[str]]] = {
    Search.READS: _READ,
    Search.PATTERN: _READ,
    Search.ROUTE: _LEG,
    Search.CLONES: _LEG,
    Search.CONVOY: ("plate", "meetings", "share", "cameras", "first_ts_ms", "last_ts_ms"),
}
"""Of the files for spreadsheets."""
_LIMITS: Final = DrivingLimits()


class PatternQuestion(PagedQuestion):
    """Reads of plates that fit a pattern."""

    pattern: str = Field(max_length=20)

    def checked_pattern(self) -> str:
        """The pattern.

        Raises:
            InvalidRequest: it is none.
        """
        try:
            return check_question(self.pattern, like=True)
        except ViapublicaError as error:
            raise InvalidRequest("pattern", "is not a pattern of a plate", error.fix) from None


class ConvoyQuestion(RouteQuestion):
    """Vehicles that were read shortly before or after a vehicle, again and again."""

    within_s: float = Field(default=10, ge=0.001, le=3600)
    meetings: int = Field(default=2, ge=1, le=1_000_000)


class ClonesQuestion(RouteQuestion):
    """Places at which a plate was read faster than a vehicle can drive; of all plates where none is named."""

    speed_km_h: float = Field(default=_LIMITS.speed_km_h, ge=1, le=2000)

    def checked_plate(self) -> str:
        """The plate; "" for all."""
        return super().checked_plate() if self.plate else ""


def search_of(form: Form) -> Search:
    """What a form asks for: the button that was pressed below an answer, else what is chosen."""
    wanted = form.text("then") or form.text("search")
    return next((one for one in Search if one.value == wanted), Search.READS)


def asked_question(form: Form, zone: tzinfo | None, limit: int) -> tuple[PagedQuestion, RangedQuestion[Any]]:
    """The question of a form, as a request to the API and as one to the event store.

    Args:
        form: as sent; zone: of its times; limit: rows of a page.

    Raises:
        InvalidRequest: a field cannot be used.
    """
    typed = form.lines("plates")
    body: dict[str, Any] = {
        "purpose": form.text("purpose"),
        "case": form.text("case"),
        "start": form.text("start") or None,
        "end": form.text("end") or None,
        "cameras": form.lines("cameras"),
        "limit": limit,
        "offset": form.text("offset") or 0,
    }
    search = search_of(form)
    if search is Search.READS:
        reads = checked(PlatesQuestion, body | {"plates": typed, "errors": 1 if form.text("errors") else 0})
        return reads, Plates(plates=reads.checked_plates(), errors=reads.errors, **reads.scope(zone))
    if len(typed) > 1 or (not typed and search is not Search.CLONES):
        raise InvalidRequest("plates", "are not one", "Type one plate or one pattern")
    if search is Search.PATTERN:
        pattern = checked(PatternQuestion, body | {"pattern": typed[0]})
        return pattern, Plates(plates=(pattern.checked_pattern(),), like=True, **pattern.scope(zone))
    return _of_a_journey(search, form, body | {"plate": "".join(typed)}, zone)


def _of_a_journey(
    search: Search, form: Form, body: dict[str, Any], zone: tzinfo | None
) -> tuple[PagedQuestion, RangedQuestion[Any]]:
    if search is Search.CONVOY:
        chosen = {name: form.text(name) for name in ("within_s", "meetings") if form.text(name)}
        convoy = checked(ConvoyQuestion, body | chosen)
        within_ms = round(convoy.within_s * 1000)
        scope = convoy.scope(zone)
        return convoy, Convoy(plate=convoy.checked_plate(), within_ms=within_ms, meetings=convoy.meetings, **scope)
    if search is Search.CLONES:
        chosen = {"speed_km_h": form.text("speed_km_h")} if form.text("speed_km_h") else {}
        clones = checked(ClonesQuestion, body | chosen)
        limits = DrivingLimits(speed_km_h=clones.speed_km_h)
        return clones, Clones(plate=clones.checked_plate(), limits=limits, locations={}, **clones.scope(zone))
    route = checked(RouteQuestion, body)
    return route, Route(plate=route.checked_plate(), locations={}, **route.scope(zone))
