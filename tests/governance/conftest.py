"""A register on a real SQLite file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.governance.register import Register
from tests.governance.entries import SAO_PAULO, StoppedClock


@pytest.fixture
def clock() -> StoppedClock:
    return StoppedClock()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "office" / "register.db"


@pytest.fixture
def register(path: Path, clock: StoppedClock) -> Iterator[Register]:
    with Register(path, clock, zone=SAO_PAULO) as opened:
        yield opened
