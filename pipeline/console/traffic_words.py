"""Questions about traffic, with their words on pages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from pipeline.console.catalogues import source
from pipeline.console.traffic_figures import Row, Value
from pipeline.domain.purpose import Purpose

KM_H: Final = 3.6
PURPOSES: Final = (
    Purpose.MOBILITY,
    Purpose.CITY_SERVICES,
    Purpose.EVENTS,
    Purpose.CRISIS,
    Purpose.VIOLENCE_PREVENTION,
    Purpose.MUNICIPAL_PROPERTY,
    Purpose.POLICING,
    Purpose.PUBLIC_INTEREST,
    Purpose.RESEARCH,
    Purpose.PUBLIC_HEALTH,
    Purpose.OVERSIGHT,
)
"""Those for which traffic is counted; the first one is usual. A test compares them with the access rules."""


class Figure(StrEnum):
    """What is shown."""

    LINES = "lines"
    LINE_SPEEDS = "line-speeds"
    ZONES = "zones"
    TRACKS = "tracks"
    SPEEDS = "speeds"


class View(StrEnum):
    """How it is shown."""

    TABLE = "table"
    WEEK = "week"
    COMPARISON = "comparison"


FIGURES: Final = {
    Figure.LINES: source("Contagem em linhas"),
    Figure.LINE_SPEEDS: source("Velocidade em linhas (percentil 85)"),
    Figure.ZONES: source("Ocupação e nível de serviço de zonas"),
    Figure.TRACKS: source("Trajetórias por câmera"),
    Figure.SPEEDS: source("Velocidade por câmera (percentil 85)"),
}
VIEWS: Final = {
    View.TABLE: source("Tabela e gráfico"),
    View.WEEK: source("Semana típica (mapa de calor)"),
    View.COMPARISON: source("Comparação de dois períodos"),
}
INTERVALS: Final = {
    "15m": source("15 minutos"),
    "1h": source("1 hora"),
    "6h": source("6 horas"),
    "1d": source("1 dia"),
}
DAYS: Final = (
    source("segunda"),
    source("terça"),
    source("quarta"),
    source("quinta"),
    source("sexta"),
    source("sábado"),
    source("domingo"),
)
CLASSES: Final = {
    "person": source("pessoa"),
    "bicycle": source("bicicleta"),
    "car": source("automóvel"),
    "motorcycle": source("motocicleta"),
    "bus": source("ônibus"),
    "truck": source("caminhão"),
    "": source("todas"),
}


@dataclass(frozen=True, slots=True)
class Drawn:
    """How the figures of a kind are drawn.

    Attributes:
        value: of a row; title: of the value; unit: of it, "" for a number of road users.
        add: whether the figures of several places add up, or their mean is taken.
        places: fields that name a place.
    """

    value: Value
    title: str
    unit: str
    add: bool
    places: tuple[str, ...]

    def place(self, row: Row) -> tuple[str, ...]:
        """Names of the place of a row."""
        return tuple(str(row[name]) for name in self.places)


def _km_h(name: str) -> Value:
    def value(row: Mapping[str, Any]) -> float | None:
        found = row[name]
        return None if found is None else float(found) * KM_H

    return value


def _calibrated(row: Mapping[str, Any]) -> float | None:
    return float(row["p85"]) * KM_H if row["unit"] == "m/s" else None


DRAWN: Final = {
    Figure.LINES: Drawn(
        lambda row: row["count"], source("Passagens"), "", add=True, places=("camera_id", "line", "direction", "label")
    ),
    Figure.LINE_SPEEDS: Drawn(
        _km_h("p85_m_s"),
        source("Velocidade, percentil 85"),
        "km/h",
        add=False,
        places=("camera_id", "line", "direction", "label"),
    ),
    Figure.ZONES: Drawn(
        lambda row: row["occupancy"], source("Ocupação média"), "", add=False, places=("camera_id", "zone", "label")
    ),
    Figure.TRACKS: Drawn(lambda row: row["count"], source("Trajetórias"), "", add=True, places=("camera_id", "label")),
    Figure.SPEEDS: Drawn(
        _calibrated, source("Velocidade, percentil 85"), "km/h", add=False, places=("camera_id", "label")
    ),
}
