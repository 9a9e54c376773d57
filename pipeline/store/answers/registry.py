"""The list of all questions: the function that answers each, and the name it has on the local endpoint."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from pipeline.store.answers import (
    checksums,
    convoy,
    coverage,
    events,
    frozen_parts,
    journeys,
    plates,
    traffic,
    traffic_figures,
    vehicle_reads,
)
from pipeline.store.coverage_questions import (
    ActiveCameras,
    CorruptParts,
    CoverageOf,
    FrozenParts,
    LossAlertsOf,
    LostDataOf,
    PlatesNotSeen,
    UncertainReads,
)
from pipeline.store.questions import (
    Cameras,
    Clones,
    Convoy,
    Count,
    Events,
    ListedPlateAlerts,
    Plates,
    Question,
    ReadsByVehicle,
    Route,
    Withheld,
)
from pipeline.store.traffic_questions import LineFigures, Speeds, Traffic, ZoneFigures

ANSWERS: Final[Mapping[type[Question[Any]], Callable[..., Any]]] = {
    Plates: plates.plates,
    Events: events.events,
    ListedPlateAlerts: events.listed_plate_alerts,
    Cameras: events.cameras,
    Count: events.count,
    Convoy: convoy.convoy,
    Route: journeys.route,
    Clones: journeys.clones,
    ReadsByVehicle: vehicle_reads.reads_by_vehicle,
    Traffic: traffic.traffic,
    Speeds: traffic.speeds,
    LineFigures: traffic_figures.line_figures,
    ZoneFigures: traffic_figures.zone_figures,
    CoverageOf: coverage.coverage,
    LossAlertsOf: coverage.loss_alerts,
    LostDataOf: coverage.lost_data,
    ActiveCameras: coverage.active_cameras,
    UncertainReads: coverage.uncertain_reads,
    PlatesNotSeen: coverage.plates_not_seen,
    CorruptParts: checksums.corrupt_parts,
    FrozenParts: frozen_parts.frozen_parts,
}
"""Called with a function that runs SQL, and the question."""
WITHOUT_ROWS: Final = frozenset({CorruptParts, FrozenParts})
"""Questions whose statements return nothing of any row, so that there is nothing to guard."""


def name_of(question: type[Question[Any]]) -> str:
    """The question's name in JSON: ``reads_by_vehicle`` for `ReadsByVehicle`."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", question.__name__).lower()


QUESTIONS: Final[Mapping[str, type[Question[Any]]]] = {
    **{name_of(question): question for question in ANSWERS},
    name_of(Withheld): Withheld,
}
"""All questions, by name; `Withheld` is answered by the guard of queries."""
