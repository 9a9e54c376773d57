"""The city that the tests of queries ask about."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.query.city import Ask, asking, city_of


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return city_of(tmp_path_factory.mktemp("city"))


@pytest.fixture
def ask(city: Path) -> Ask:
    return asking(city)
