"""Metrics and health of an ingester."""

from __future__ import annotations

import json
import urllib.request

from pipeline.observe.ingest_metrics import IngestMetrics, IngestSnapshot
from pipeline.observe.metrics_server import MetricsServer


def get(url: str) -> str:
    with urllib.request.urlopen(url, timeout=5) as answer:
        text: str = answer.read().decode()
    return text


def test_counters_lag_and_errors_are_exported() -> None:
    now = IngestSnapshot(stored=7, dead=2, batches=3, lag={("viapublica.tracks", 0): 5, ("viapublica.tracks", 1): 0})
    with MetricsServer(IngestMetrics(lambda: now), port=0) as server:
        page = get(f"{server.url}/metrics")
        assert "viapublica_ingest_stored_events_total 7.0" in page
        assert "viapublica_ingest_dead_letters_total 2.0" in page
        assert 'viapublica_ingest_lag{partition="0",topic="viapublica.tracks"} 5.0' in page
        assert "viapublica_ingest_up 1.0" in page
        assert json.loads(get(f"{server.url}/health"))["status"] == "ok"
        now = IngestSnapshot(error="no broker answers", retries=4)
        assert "viapublica_ingest_up 0.0" in get(f"{server.url}/metrics")
        assert json.loads(get(f"{server.url}/health")) == {
            "status": "degraded", "error": "no broker answers", "lag": 0, "stored": 0, "dead_letters": 0, "refused": {},
        }  # fmt: skip
