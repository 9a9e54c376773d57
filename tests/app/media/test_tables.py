"""A file that cannot be used never costs the rows of the others."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from pipeline.app.media import tables
from pipeline.app.media.tables import MediaRequest, object_rows
from pipeline.domain.detections import Detections
from pipeline.domain.frame import Image
from pipeline.errors import ViapublicaError
from tests.decode.clips import Recipe, encode
from tests.engine.networks import PersonWithFace


class Progress:
    """Notes what it receives."""

    def __init__(self) -> None:
        self.files = 0
        self.done = 0
        self.errors: list[ViapublicaError] = []
        self.left_out: dict[str, list[str]] = {}

    def start(self, files: int) -> None:
        self.files = files

    def file_started(self, path: Path) -> None: ...

    def file_failed(self, error: ViapublicaError) -> None:
        self.errors.append(error)

    def not_read(self, path: Path, parts: Sequence[str]) -> None:
        self.left_out[path.name] = list(parts)

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


def test_without_any_usable_file_no_network_is_loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "build_detector", lambda *_: pytest.fail("loaded"))
    progress = Progress()
    assert list(object_rows(MediaRequest([tmp_path / "a.mp4", tmp_path / "b.mp4"]), progress)) == []
    assert len(progress.errors) == 2
