"""The alerting rules for Prometheus name metrics and labels that the program has."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families
from ruamel.yaml import YAML

from pipeline.domain.ports import SourceState
from tests.observe.test_metrics import metrics

__all__ = ["metrics"]

RULES: list[dict[str, Any]] = YAML(typ="safe").load(
    (Path(__file__).parents[2] / "configs" / "prometheus" / "alerts.yml").read_text()
)["groups"][0]["rules"]
_FOREIGN = {"viapublica_ingest_lag"}
"""Of the ingester, which has metrics of its own."""


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: str(rule["alert"]))
def test_a_rule_is_about_metrics_and_labels_that_exist(rule: dict[str, Any], metrics: Any) -> None:
    samples = [
        sample
        for family in text_string_to_metric_families(generate_latest(metrics.registry).decode())
        for sample in family.samples
    ]
    labels: dict[str, set[str]] = {}
    for sample in samples:
        labels.setdefault(sample.name, {"instance", "job"}).update(sample.labels)
    named = re.findall(r"(viapublica_\w+)(?:\{([^}]*)\})?", rule["expr"])
    assert named or rule["expr"].startswith("up{")
    for name, selectors in named:
        if name in _FOREIGN:
            continue
        assert name in labels, name
        chosen = dict(re.findall(r'(\w+)(?:=|=~|!~|!=)"([^"]*)"', selectors))
        assert set(chosen) <= labels[name]
        assert chosen.get("state", "streaming") in {state.value for state in SourceState}
        used = set(re.findall(r"\$labels\.(\w+)", rule["annotations"]["summary"]))
        assert used <= labels[name]
    assert rule["labels"]["severity"] in {"warning", "critical"}
    assert rule["annotations"]["description"].endswith(".")
