"""`read --crops`: images that are plates already, as ANPR cameras deliver them."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import cv2
import numpy as np
import pytest

from models.training.known_answers.images import slanted_plate
from pipeline.demo.plate_image import render_plate
from pipeline.demo.plate_scene import render
from tests.cli.commands import viapublica_here


@pytest.fixture
def plate(tmp_path: Path) -> Path:
    path = tmp_path / "plate.png"
    cv2.imwrite(str(path), cv2.resize(render_plate("BRA2E19"), (200, 65), interpolation=cv2.INTER_AREA))
    return path


def test_the_whole_image_is_the_plate(plate: Path, tmp_path: Path) -> None:
    slanted = tmp_path / "slanted.png"
    cv2.imwrite(str(slanted), slanted_plate("upside-down")[0])
    result = viapublica_here("read", "--crops", plate, slanted, "--csv", tmp_path / "plates.csv")
    assert result.returncode == 0, result.stderr
    rows = list(csv.DictReader(io.StringIO((tmp_path / "plates.csv").read_text())))
    assert [(row["file"], row["plate"]) for row in rows] == [(str(plate), "BRA2E19"), (str(slanted), "BRA2E19")]
    assert [rows[0][key] for key in ("frame", "x1", "y1", "x2", "y2")] == ["0", "0.0", "0.0", "200.0", "65.0"]
    assert "1 of" not in result.stderr
    assert "under the responsibility of the caller" in result.stderr


def test_an_image_without_a_plate_is_named_and_no_empty_answer(plate: Path, tmp_path: Path) -> None:
    nothing = tmp_path / "nothing.png"
    cv2.imwrite(str(nothing), np.full((60, 180, 3), 128, np.uint8))
    result = viapublica_here("read", "--crops", nothing, plate)
    assert result.returncode == 0, result.stderr
    assert "nothing.png: no plate read" in result.stderr.replace("\n", " ")
    assert len(result.stdout.splitlines()) == 2


def test_a_video_is_no_image_of_a_plate(plate: Path, tmp_path: Path) -> None:
    clip = render(tmp_path / "scene.mp4", plates=["ABC1D23"], seconds=1, fps=4, size=(320, 180))
    result = viapublica_here("read", "--crops", clip, plate)
    assert result.returncode == 1
    assert "scene.mp4" in result.stderr
    assert "is a video, not an image of a plate" in result.stderr
    assert "BRA2E19" in result.stdout


def test_plates_are_not_read_where_they_may_not_be(plate: Path) -> None:
    result = viapublica_here("read", "--crops", plate, "--scope", "public-square")
    assert result.returncode == 1
    assert "art. 9" in result.stderr
    assert result.stdout == ""


@pytest.mark.parametrize(
    "option", [["--model", "viapublica_traffic"], ["--fps", "5"], ["--per-frame"], ["--track", "1"]]
)
def test_options_of_detection_and_video_are_refused(plate: Path, option: list[str]) -> None:
    result = viapublica_here("read", "--crops", plate, *option)
    assert result.returncode == 1
    assert f"{option[0]} with --crops" in result.stderr
