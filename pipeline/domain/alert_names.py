"""Names of alert rules and severities for people, and the rules whose alerts are about one vehicle."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from pipeline.domain.events import AlertRule, Severity
from pipeline.domain.locale import Locale

ABOUT_PLATES: Final = frozenset(
    {AlertRule.LISTED_PLATE.value, AlertRule.POSSIBLE_CLONE.value, AlertRule.WATCHED_CONVOY.value}
)
"""Their alerts leave by channels with `plates` only, and are read by people who may review alerts of plates."""

PORTUGUESE_RULES: Final[Mapping[str, str]] = {
    "camera-lost": "câmera perdida",
    "events-lost": "eventos perdidos",
    "events-refused": "eventos recusados",
    "events-refused-by-policy": "eventos recusados pela política",
    "overloaded": "sobrecarga",
    "overload-ended": "fim da sobrecarga",
    "stored-data-lost": "dados armazenados perdidos",
    "clock-wrong": "relógio errado",
    "clock-drifts": "relógio com desvio crescente",
    "clock-steady": "relógio estável",
    "disposal-held": "descarte suspenso",
    "image-unusable": "imagem inútil",
    "image-restored": "imagem restabelecida",
    "scene-conflict": "conflito de cena",
    "scene-conflict-ended": "fim do conflito de cena",
    "camera-not-permitted": "câmera sem autorização",
    "low-rate": "taxa baixa",
    "camera-moved": "câmera movida",
    "view-confirmed": "vista confirmada",
    "view-unchecked": "vista não verificável",
    "view-checked": "vista novamente verificável",
    "hot-lists-not-checked": "listas de placas não verificadas",
    "hot-lists-checked": "listas de placas verificadas",
    "areas-not-used": "áreas não utilizadas",
    "calibration-implausible": "calibração implausível",
    "stopped-vehicle": "veículo parado",
    "slow-vehicle": "veículo lento",
    "swerving-vehicle": "veículo em zigue-zague",
    "wrong-way": "contramão",
    "person-on-roadway": "pedestre na pista",
    "vehicle-off-roadway": "veículo fora da pista",
    "zone-entered": "entrada em área restrita",
    "congestion": "congestionamento",
    "crowd": "aglomeração",
    "sudden-emptiness": "esvaziamento súbito",
    "possible-clone": "possível clone",
    "watched-convoy": "comboio com placa procurada",
    "listed-plate": "placa procurada",
    "test": "teste",
}
PORTUGUESE_SEVERITIES: Final[Mapping[str, str]] = {
    Severity.INFO.value: "informação",
    Severity.WARNING.value: "aviso",
    Severity.CRITICAL.value: "crítica",
}


def rule_name(rule: str, locale: Locale | None) -> str:
    """What the alerts of a rule are about in two or three words."""
    english = rule.replace("-", " ")
    return PORTUGUESE_RULES.get(rule, english) if locale is Locale.PT_BR else english


def severity_name(severity: Severity, locale: Locale | None) -> str:
    """A severity in the language of a reader."""
    return PORTUGUESE_SEVERITIES[severity.value] if locale is Locale.PT_BR else severity.value
