from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.record.bit_rates import recorded_bit_rates
from pipeline.record.recording_archive import RecordingArchive
from tests.record.packets import clip, record


def test_a_bit_rate_is_that_of_the_recorded_files(tmp_path: Path) -> None:
    record(tmp_path / "video", clip(tmp_path), camera="a")
    size = sum(segment.size for segment in RecordingArchive(tmp_path / "video").segments("a"))
    assert recorded_bit_rates(tmp_path / "video", least_ms=1000) == [pytest.approx(size * 8 / 4e6, rel=0.01)]
    assert recorded_bit_rates(tmp_path / "video") == []


def test_a_folder_that_was_never_recorded_into_has_no_bit_rates(tmp_path: Path) -> None:
    assert recorded_bit_rates(tmp_path / "none") == []
