"""After the dust settles, every event that the engine accepted is in the store exactly once.

Under 500 events a second: `kill -9` of engine, ingester, broker (which keeps its topics in memory and loses them) and
database, SIGSTOP of each, a full disk, torn spool segments. The long form (`make soak`) has 200 faults per store under
2,000 events a second.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chaos.city import City

_SEED = int(os.environ.get("CHAOS_SEED", "7"))


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path | None]:
    """A small disk of its own, where we may mount one."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1500m", "viapublica-chaos", str(folder)], capture_output=True, check=False
    )
    if mounted.returncode:
        print("full disks are left out: this user may not mount one")
        yield None
        return
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def survive(city: City, faults: int, patience_s: float, *, least: int) -> None:
    try:
        city.start()
        for _ in range(faults):
            city.suffer()
        city.calm(patience_s)
        city.ingester.stop()
        expected, missing = city.expected(), city.missing()
        print(f"{expected} events accepted, {len(missing)} missing after {dict(city.faults)}")
        assert expected > least * faults
        assert not missing, (
            f"{len(missing)} of {expected} are missing, {missing[:5]} to {missing[-1]}; logs in {city.folder}; the "
            f"engine's words on it:\n{city.engine_log('resending', 'lost', 'retry')}"
        )
    finally:
        city.stop()


@pytest.mark.timeout(400)
@pytest.mark.parametrize("store", ["clickhouse", "chdb"])
def test_a_few_faults_lose_nothing(store: str, tmp_path: Path, disk: Path | None) -> None:
    city = City(tmp_path, store, _SEED, disk, rate=500)
    survive(city, faults=int(os.environ.get("CHAOS_FAULTS", "6")), patience_s=120, least=250)


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("store", ["clickhouse", "chdb"])
def test_two_hundred_faults_lose_nothing(store: str, tmp_path: Path, disk: Path | None) -> None:
    survive(City(tmp_path, store, _SEED + 1, disk, rate=2000), faults=200, patience_s=900, least=1000)
