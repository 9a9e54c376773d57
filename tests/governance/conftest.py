"""A register on a real SQLite file."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from pipeline.governance import login_secrets
from pipeline.governance.register import Register
from pipeline.governance.registry import Registry
from tests.governance.entries import SAO_PAULO, StoppedClock
from tests.governance.people import Changes, person, set_up


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


@pytest.fixture
def changes() -> Changes:
    return Changes()


@pytest.fixture(scope="session")
def registry_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path, clock = tmp_path_factory.mktemp("registry") / "register.db", StoppedClock()
    with Registry(path, Changes(), clock, create=True) as opened:
        assert not opened.is_set_up
        set_up(opened)
        opened.register([person(clock, "ana")], "root")
    return path


@pytest.fixture
def registry(
    registry_file: Path, path: Path, clock: StoppedClock, changes: Changes, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Registry]:
    """A registry with two institutions and a registered person, ana."""
    quick = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr(login_secrets, "_hasher", lambda: quick)
    path.parent.mkdir()
    shutil.copy(registry_file, path)
    with Registry(path, changes, clock) as opened:
        yield opened
