"""An installation with two active administrators, made once and copied."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from pipeline.governance import login_secrets
from tests.app.people.installations import Office, office
from tests.governance.entries import StoppedClock


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Office:
    return office(tmp_path_factory.mktemp("office"))


@pytest.fixture
def city(installed: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Office:
    """A city with the administrators ana and bia, both general administrators."""
    quick = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr(login_secrets, "_hasher", lambda: quick)
    folder = tmp_path / "city"
    shutil.copytree(installed.folder, folder)
    return Office(folder, StoppedClock(installed.clock.now_ms))
