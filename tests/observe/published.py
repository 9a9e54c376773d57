"""The metrics of the program and of its ingester, with their labels."""

from __future__ import annotations

import re

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from pipeline.domain.ports import SourceState
from pipeline.observe.ingest_metrics import IngestMetrics, IngestSnapshot

_NAMED = re.compile(r"(viapublica_\w+)(?:\{([^}]*)\})?")
_SELECTOR = re.compile(r'(\w+)(=~|!~|!=|=)"([^"]*)"')


def published(*registries: CollectorRegistry) -> dict[str, set[str]]:
    """Labels of each series, those of Prometheus itself included; the ingester's too."""
    ingest = IngestMetrics(lambda: IngestSnapshot(lag={("viapublica.tracks", 0): 5}, refused={"scope": 1}))
    labels: dict[str, set[str]] = {}
    for registry in (*registries, ingest.registry):
        for family in text_string_to_metric_families(generate_latest(registry).decode()):
            for sample in family.samples:
                labels.setdefault(sample.name, {"instance", "job"}).update(sample.labels)
    return labels


def check_expression(expression: str, labels: dict[str, set[str]]) -> list[str]:
    """Require that an expression of PromQL names series and labels that exist; returns the series."""
    named = _NAMED.findall(expression)
    for name, selectors in named:
        assert name in labels, name
        chosen = _SELECTOR.findall(selectors)
        assert {label for label, _, _ in chosen} <= labels[name], selectors
        for label, _, value in chosen:
            if label == "state":
                assert set(value.split("|")) <= {state.value for state in SourceState}, value
    return [name for name, _ in named]
