"""Ingesters of tests that read what is there and end do so without a long pause."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def _short_quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    """A topic is read when its lag is nothing and nothing more comes, here for a fifth of the time."""
    monkeypatch.setattr("pipeline.sink.ingest.ingester._QUIET_S", 0.2)
