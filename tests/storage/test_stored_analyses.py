"""An analysis that is weaker than the one of before is refused in words, unless a person asks for it."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from pipeline.errors import SourceError
from pipeline.storage.stored_analyses import Analysis, StoredAnalyses

BEFORE = Analysis("traffic", "plates", "reader", (960, 544), 10.0)


def begin(folder: Path, analysis: Analysis, *, replace: bool = False) -> None:
    StoredAnalyses(folder, replace).begin("gate", "0a1b", analysis)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"frames_per_s": 9.5}, "analyzed frames per second are 9.5 instead of 10"),
        ({"adaptive": True}, "frames are skipped"),
        ({"detector": "nano"}, "detector nano at 960×544 instead of traffic at 960×544"),
        ({"input_size": (320, 192)}, "detector traffic at 320×192 instead of traffic at 960×544"),
        ({"input_size": None}, "detector traffic instead of traffic at 960×544"),
        ({"plate_detector": ""}, "plate detector none instead of plates"),
        ({"reader": ""}, "plates are not read"),
        ({"reader": "other"}, "plate reader other instead of reader"),
    ],
)
def test_every_weakness_is_refused_in_words_until_it_is_asked_for(
    tmp_path: Path, change: dict[str, object], words: str
) -> None:
    weaker = msgspec.structs.replace(BEFORE, **change)
    begin(tmp_path, BEFORE)
    with pytest.raises(SourceError, match=f"analyzed better before.*: {words}.*--replace"):
        begin(tmp_path, weaker)
    begin(tmp_path, BEFORE)
    begin(tmp_path, weaker, replace=True)
    begin(tmp_path, weaker)


def test_more_frames_or_plates_are_better_and_become_the_measure(tmp_path: Path) -> None:
    begin(tmp_path, Analysis("traffic", frames_per_s=5.0))
    better = Analysis("traffic", reader="reader")
    begin(tmp_path, better)
    with pytest.raises(SourceError, match="per second are 25 instead of every frame"):
        begin(tmp_path, msgspec.structs.replace(better, frames_per_s=25.0))


def test_another_video_or_camera_has_its_own_measure(tmp_path: Path) -> None:
    begin(tmp_path, BEFORE)
    weaker = Analysis("nano", frames_per_s=1.0)
    StoredAnalyses(tmp_path).begin("gate", "ffff", weaker)
    StoredAnalyses(tmp_path).begin("square", "0a1b", weaker)


def test_what_cannot_be_read_is_no_permission(tmp_path: Path) -> None:
    begin(tmp_path, BEFORE)
    (path,) = tmp_path.rglob("*.json")
    path.write_bytes(b'{"detector":')
    with pytest.raises(
        SourceError, match=r"not known how this video was analyzed before: .*0a1b\.json.*Delete that file"
    ):
        begin(tmp_path, BEFORE)
