"""A file that cannot be used never costs the rows of the others."""

from __future__ import annotations

import csv
import os
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest
from structlog.testing import capture_logs

from pipeline.app.media import tables
from pipeline.app.media.analyze_file import FileDecoding, detect_file
from pipeline.app.media.tables import MediaRequest, object_rows, plate_rows
from pipeline.decode.media_files import find_media
from pipeline.domain.camera import Scope
from pipeline.domain.detections import Detections
from pipeline.domain.frame import Image
from pipeline.errors import ViapublicaError
from tests.decode.clips import Recipe, encode
from tests.engine.networks import PersonWithFace
from tests.project.places import ROOT


class Progress:
    """Notes what it receives."""

    def __init__(self) -> None:
        self.files = 0
        self.done = 0
        self.errors: list[ViapublicaError] = []
        self.left_out: dict[str, list[str]] = {}
        self.notes: list[str] = []
        self.shares: list[float] = []

    def start(self, files: int) -> None:
        self.files = files

    def file_started(self, path: Path) -> None: ...

    def file_at(self, share: float) -> None:
        self.shares.append(share)

    def file_failed(self, error: ViapublicaError) -> None:
        self.errors.append(error)

    def not_read(self, path: Path, parts: Sequence[str]) -> None:
        self.left_out[path.name] = list(parts)

    def note(self, path: Path, text: str) -> None:
        self.notes.append(f"{path.name}: {text}")

    def file_done(self) -> None:
        self.done += 1


class FailsOnSmallImages(PersonWithFace):
    def detect(self, images: Sequence[Image]) -> list[Detections]:
        if images[0].width < 100:
            raise ZeroDivisionError("division by zero")
        return super().detect(images)


@pytest.mark.parametrize("position", [0, 1])
@pytest.mark.parametrize("kind", ["missing", "empty", "text", "unknown suffix", "empty folder", "pipe", "fails"])
def test_all_other_files_are_analyzed_and_the_bad_one_is_named(
    kind: str, position: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = encode(tmp_path / "good.mp4", Recipe(frames=5))
    bad = tmp_path / ("bad.txt" if kind == "unknown suffix" else "bad.mp4")
    if kind == "empty":
        bad.touch()
    elif kind in {"text", "unknown suffix"}:
        bad.write_text("hello " * 1000)
    elif kind == "empty folder":
        bad.mkdir()
    elif kind == "pipe":
        os.mkfifo(bad)
    elif kind == "fails":
        encode(bad, Recipe(size=(64, 48), frames=5))
    monkeypatch.setattr(tables, "build_detector", lambda *_: FailsOnSmallImages())
    paths = [good, good]
    paths.insert(position, bad)
    progress = Progress()
    rows = list(object_rows(MediaRequest(paths), progress))
    assert [row.frame for row in rows if row.label == "plate"] == [0, 1, 2, 3, 4] * 2
    (error,) = progress.errors
    assert bad.name in error.subject
    assert (progress.files, progress.done) == (3, 3)


def test_a_video_is_closed_when_its_analysis_fails(tmp_path: Path) -> None:
    (media,) = find_media([encode(tmp_path / "small.mp4", Recipe(size=(64, 48), frames=5))], lambda _: None)
    with capture_logs() as logs, pytest.raises(ZeroDivisionError) as failed:
        list(detect_file(media, FailsOnSmallImages(), FileDecoding()))
    assert failed.tb, "the traceback holds the frames of all functions, and with them the video, until it is dropped"
    assert [entry["state"] for entry in logs if entry["event"] == "source_state"][-1] == "ended"


def test_without_any_usable_file_no_network_is_loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "build_detector", lambda *_: pytest.fail("loaded"))
    progress = Progress()
    assert list(object_rows(MediaRequest([tmp_path / "a.mp4", tmp_path / "b.mp4"]), progress)) == []
    assert len(progress.errors) == 2


@pytest.mark.parametrize("turn", [cv2.ROTATE_180, None])
def test_a_plate_is_read_in_an_image_that_hangs_upside_down_and_in_one_that_does_not(
    turn: int | None, data_dir: Path, tmp_path: Path
) -> None:
    with (data_dir / "openalpr-br" / "plates.csv").open(newline="") as file:
        row = next(csv.DictReader(file))
    image = cv2.imread(str(data_dir / "openalpr-br" / row["file"]))
    assert image is not None
    path = tmp_path / "hanging.png"
    cv2.imwrite(str(path), image if turn is None else cv2.rotate(image, turn))
    progress = Progress()
    plates = [found.plate for found in plate_rows(MediaRequest([path]), progress, scope=Scope.PUBLIC_ROAD)]
    assert row["plate_text"] in plates
    assert [note for note in progress.notes if "turned" in note] == []


def test_a_caption_gives_no_row_and_a_note(tmp_path: Path) -> None:
    path = tmp_path / "caption.mp4"
    plate = cv2.imread(str(ROOT / "models" / "known-answers" / "plate-abc1234.png"))
    assert plate is not None
    caption = cv2.resize(plate, (230, round(230 * plate.shape[0] / plate.shape[1])), interpolation=cv2.INTER_AREA)
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), 10, (1280, 720))
    for number in range(25):
        image = np.full((720, 1280, 3), 90 + number % 3, np.uint8)
        image[24 : 24 + len(caption), 30:260] = caption
        writer.write(image)
    writer.release()
    progress = Progress()
    assert list(plate_rows(MediaRequest([path]), progress, scope=Scope.PUBLIC_ROAD)) == []
    assert progress.notes == ["caption.mp4: 1 text with no vehicle around, not taken for plates"]


def test_the_share_of_a_long_video_is_reported_while_it_is_analyzed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clip = encode(tmp_path / "long.mp4", Recipe(frames=40))
    monkeypatch.setattr(tables, "build_detector", lambda *_: FailsOnSmallImages())
    progress = Progress()
    list(object_rows(MediaRequest([clip]), progress))
    assert progress.shares == sorted(progress.shares)
    assert progress.shares[0] == 0
    assert 0.7 < progress.shares[-1] <= 1
