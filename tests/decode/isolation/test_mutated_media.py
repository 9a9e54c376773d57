"""Mutated videos and streams: each ends with a reason or as a whole, and a camera beside them does not notice."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from benchmarks.mutated_media import run
from tests.decode.mutated_media import RECIPES, mutated, mutated_files, mutated_stream


def test_a_seed_always_makes_the_same_mutations() -> None:
    videos = {name: bytes(range(256)) * 8 for name in RECIPES}
    first, second, other = (list(mutated_files(videos, 40, seed)) for seed in (1, 1, 2))
    assert first == second
    assert first != other
    assert all(data != videos[name] for name, data in first)
    units = [bytes([0x67, 1, 2]), bytes([0x68, 3]), bytes([0x65, *range(200)]), bytes([0x61, *range(200)])]
    assert list(mutated_stream(units, 3, 1)) == list(mutated_stream(units, 3, 1)) != list(mutated_stream(units, 4, 1))


def test_mutations_can_be_applied_until_nothing_is_left() -> None:
    data, chance = b"frame" * 10, random.Random(1)
    for _ in range(200):
        data = mutated(data, chance)[:400]


def test_no_mutation_disturbs_a_camera_beside_it_or_leaves_anything(capsys: pytest.CaptureFixture[str]) -> None:
    rows = run(files=16, streams=2, segfaults=1, seed=7)
    assert rows[-1][0] == "**all**"
    assert rows[-1][1] >= 16 + 2 + 1
    assert sum(row[3] + row[4] for row in rows[:-1]) > 4, "hardly any mutation did damage"
    assert "crashed (SIGSEGV)" in capsys.readouterr().out


@pytest.mark.soak
def test_whole_videos_are_decoded_whole(tmp_path: Path) -> None:
    from pipeline.decode.settings import DecodeSettings
    from pipeline.decode.supervised_source import open_source
    from tests.decode.mutated_media import whole_videos

    for name in whole_videos(tmp_path):
        assert len(list(open_source("cam", str(tmp_path / name), settings=DecodeSettings()).frames())) == 12, name
