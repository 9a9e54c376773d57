"""The alerting rules for Prometheus name metrics and labels that the program has."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests.observe.published import check_expression, published
from tests.observe.test_metrics import metrics

__all__ = ["metrics"]

RULES: list[dict[str, Any]] = YAML(typ="safe").load(
    (Path(__file__).parents[2] / "configs" / "prometheus" / "alerts.yml").read_text()
)["groups"][0]["rules"]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: str(rule["alert"]))
def test_a_rule_is_about_metrics_and_labels_that_exist(rule: dict[str, Any], metrics: Any) -> None:
    labels = published(metrics.registry)
    named = check_expression(rule["expr"], labels)
    assert named or rule["expr"].startswith("up{")
    for name in named:
        used = set(re.findall(r"\$labels\.(\w+)", rule["annotations"]["summary"]))
        assert used <= labels[name]
    assert rule["labels"]["severity"] in {"warning", "critical"}
    assert rule["annotations"]["description"].endswith(".")
