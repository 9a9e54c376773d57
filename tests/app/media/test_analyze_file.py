"""Plates of a video are read the way a camera's are."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.app.media import analyze_file
from pipeline.app.media.analyze_file import FileDecoding, PlateFiles
from pipeline.decode.media_files import MediaFile
from pipeline.domain.labels import Label
from pipeline.lpr.settings import LprSettings
from tests.decode.clips import Recipe, encode
from tests.engine.networks import AlwaysA, PersonWithFace, SpyTracker


def test_a_face_is_never_tracked_when_plates_of_a_video_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tracker = SpyTracker()
    monkeypatch.setattr(analyze_file, "build_tracker", lambda *_: tracker)
    video = MediaFile(encode(tmp_path / "a.mp4", Recipe(frames=10)), is_clip=True)
    settings = LprSettings(min_sharpness=0, min_confidence=0, min_characters=1)
    rows = list(PlateFiles(PersonWithFace(), AlwaysA(), settings, FileDecoding()).voted(video))
    assert [row.plate for row in rows] == ["A1"]
    assert tracker.labels == {Label.PERSON, Label.PLATE}
